/** `fit`: one network, on folds or on arrays in memory. */
import { Stream } from "../array/index.ts";
import { chooseDevice, type Device } from "../engine/index.ts";
import { ConfigurationError, counted, ShapeError } from "../errors/index.ts";
import { type LabelledInputs, Model, type ModelBuilder, type ModelWeights } from "../model/index.ts";
import { targetCount } from "../nn/index.ts";
import type { Callback } from "./callback.ts";
import { type CallbackSpec, makeCallbacks } from "./callback-specs.ts";
import type { HistoryRow } from "./history.ts";
import type { MemberSurroundings } from "./member-settings.ts";
import type { FoldArrays, TrainingFolds } from "./programs.ts";
import { trainMember } from "./train-member.ts";

/** Options of `fit`. */
export interface FitOptions {
  /** Passes over the training folds, at most. */
  readonly epochs: number;
  readonly batchSize: number;
  /** Default 0. */
  readonly seed?: number;
  /** The fold that is not trained on. Default 0. */
  readonly validationFold?: number;
  /** How many folds arrays are dealt into; one of them validates. Default 10. */
  readonly foldCount?: number;
  readonly callbacks?: readonly (CallbackSpec | Callback)[];
  /** End with the weights of the epoch with the lowest validation loss. Default true. */
  readonly keepBest?: boolean;
  /** What trains it and predicts, or several devices: the first that works here. Default "cpu". */
  readonly device?: Device | readonly Device[];
  readonly signal?: AbortSignal;
  /** Called as the training goes on. */
  readonly onProgress?: MemberSurroundings["onProgress"];
}

/** A trained network, and how it went. */
export interface Fitted {
  readonly model: Model;
  readonly history: readonly HistoryRow[];
  /** Weighted mean loss of the validation fold. */
  readonly validationLoss: number;
  /** The epoch that the weights are of. */
  readonly bestEpoch: number;
}

/**
 * Trains one network in this process; ensembles in many processes are trained by `foldTrainEnsemble`. A model, in place
 * of a builder, is trained on from its weights.
 *
 * @param data folds, of which one validates, or arrays, which are dealt into folds at random.
 * @throws ShapeError for arrays that do not fit; DataError, TrainingError and InterruptedError as `trainMember`.
 */
export async function fit(
  network: ModelBuilder | Model,
  data: TrainingFolds | LabelledInputs,
  options: FitOptions,
): Promise<Fitted> {
  const { epochs, batchSize, seed = 0, foldCount = 10, keepBest = true, signal, onProgress } = options;
  const builder = network instanceof Model ? network.builder : network;
  const folds = "inputs" in data ? foldsOfArrays(builder, data, foldCount, seed) : data;
  const { validationFold = 0 } = options;
  if (!(Number.isInteger(validationFold) && validationFold >= 0 && validationFold < folds.foldCount)) {
    throw new ConfigurationError(
      `fit: there are ${counted(folds.foldCount, "fold")}, counted from 0, but the validation fold is ${validationFold}.`,
    );
  }
  const device = await chooseDevice({ device: options.device ?? "cpu" });
  const callbacks = await makeCallbacks(options.callbacks ?? []);
  if (network instanceof Model) callbacks.unshift(continuedFrom(network));
  const settings = { member: validationFold, seed, epochs, batchSize, keepBest, device };
  const trained = await trainMember(folds, builder, callbacks, settings, {
    signal,
    ...(onProgress === undefined ? {} : { onProgress }),
  });
  const { history, validationLoss, bestEpoch } = trained;
  return { model: new Model(builder, trained, { device }), history, validationLoss, bestEpoch };
}

function continuedFrom({ parameters, buffers }: ModelWeights): Callback {
  return { name: "Continue", initialWeights: () => ({ parameters, buffers }) };
}

/** Events in memory, dealt into folds of almost equal size at random. */
export function foldsOfArrays(
  builder: Pick<ModelBuilder, "featureCount" | "task">,
  { inputs, targets, weights }: LabelledInputs,
  foldCount: number,
  seed: number,
): TrainingFolds {
  const { featureCount } = builder;
  const targetColumns = targetCount(builder.task);
  const eventCount = inputs.length / featureCount;
  if (targets.length !== eventCount * targetColumns || (weights && weights.length !== eventCount)) {
    throw new ShapeError(
      `fit: ${counted(inputs.length, "input")} are ${counted(eventCount, "event")} of ${counted(featureCount, "feature")}, which need ` +
        `${counted(eventCount * targetColumns, "target")} and ${counted(eventCount, "weight")}, but ${targets.length} and ` +
        `${weights?.length ?? "no"} came.`,
    );
  }
  const order = new Stream(seed, "folds of arrays").permutation(eventCount);
  const edges = Array.from({ length: foldCount + 1 }, (_, i) => Math.floor((i * eventCount) / foldCount));
  const folds = edges.slice(1).map((end, i): FoldArrays => {
    const rows = order.subarray(edges[i]!, end);
    return {
      eventCount: rows.length,
      featureCount,
      inputs: rowsOf(inputs, rows, featureCount),
      targetCount: targetColumns,
      targets: rowsOf(targets, rows, targetColumns),
      weights: weights && rowsOf(weights, rows, 1),
    };
  });
  const copy = ({ inputs: x, targets: y, weights: w, ...rest }: FoldArrays): FoldArrays => {
    return { ...rest, inputs: x.slice(), targets: y.slice(), weights: w?.slice() };
  };
  return {
    foldCount,
    foldSizes: folds.map((fold) => fold.eventCount),
    getFold: (index) => copy(folds[index]!),
    getTrainingFold: (index) => copy(folds[index]!),
  };
}

function rowsOf(values: Float32Array, rows: Int32Array, width: number): Float32Array {
  const result = new Float32Array(rows.length * width);
  for (let i = 0; i < rows.length; i++) {
    result.set(values.subarray(rows[i]! * width, (rows[i]! + 1) * width), i * width);
  }
  return result;
}
