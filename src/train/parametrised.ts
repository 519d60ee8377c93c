/** Parametrised networks: a theory's parameters as inputs, drawn for background in training, chosen in prediction. */
import type { Stream } from "../array/index.ts";
import { ConfigurationError, DataError, unknownName } from "../errors/index.ts";
import type { Callback } from "./callback.ts";
import type { FoldArrays } from "./programs.ts";

/**
 * A copy of the inputs [events, features] in which the named features have one value for all events: the
 * prediction of a network that was trained with a theory's parameter as an input (Baldi et al., arXiv
 * 1601.07913) for a chosen value of it. Values are as the network sees them, after pre-processing.
 *
 * @example
 * model.predict(parametrised(fold.inputs, folds.continuousFeatures, { mass: (500 - mean) / deviation }), fold.eventCount)
 */
export function parametrised(
  inputs: Float32Array,
  features: readonly string[],
  values: Readonly<Record<string, number>>,
): Float32Array {
  const copy = inputs.slice();
  for (const [name, value] of Object.entries(values)) {
    const column = features.indexOf(name);
    if (column < 0) throw unknownName("feature", name, features);
    for (let at = column; at < copy.length; at += features.length) copy[at] = value;
  }
  return copy;
}

/** The part of a `FoldYielder` that prediction uses. */
export interface FoldsToPredict {
  readonly foldCount: number;
  readonly foldSizes: readonly number[];
  readonly features: readonly string[];
  readonly augmentationCount: number;
  /** As stored. */
  getFold(index: number): { readonly inputs: Float32Array };
  /** One of a fixed set of variants. */
  getPredictionFold(index: number, augmentation: number): { readonly inputs: Float32Array };
  /** Turns predictions of vectors for a variant back, in place; absent: nothing turns. */
  restorePredictions?(
    predictions: Float32Array | Float64Array,
    outputCount: number,
    augmentation: number,
  ): void;
}

/**
 * The folds as `parametrised` makes them, for the prediction of an ensemble.
 *
 * @example
 * ensemble.predict(parametrisedFolds(folds, { mass: 0.5 }))
 */
export function parametrisedFolds(
  folds: FoldsToPredict,
  values: Readonly<Record<string, number>>,
): FoldsToPredict {
  const { foldCount, foldSizes, features, augmentationCount } = folds;
  const set = ({ inputs }: { readonly inputs: Float32Array }) => ({
    inputs: parametrised(inputs, features, values),
  });
  return {
    ...{ foldCount, foldSizes, features, augmentationCount },
    getFold: (index) => set(folds.getFold(index)),
    getPredictionFold: (index, augmentation) => set(folds.getPredictionFold(index, augmentation)),
    restorePredictions: (...predicted) => folds.restorePredictions?.(...predicted),
  };
}

/** Options of `ParametrisedTraining`. */
export interface ParametrisedTrainingOptions {
  /** The inputs that hold the parameters. */
  readonly features: readonly string[];
  /** Target of the events that have no parameters of their own: the background. Default 0. */
  readonly class?: number;
}

/**
 * Gives the events of one class, which have no true parameters, those of events of the other classes of the same fold,
 * drawn by their weights (negative ones count as 0) and all parameters of an event together: so that the network
 * cannot tell the classes by the parameters (Baldi et al., arXiv 1601.07913). Training draws anew in every epoch,
 * validation has one draw.
 */
export function parametrisedTrainingCallback({
  features,
  class: own = 0,
}: ParametrisedTrainingOptions): Callback {
  if (!(Array.isArray(features) && features.length > 0)) {
    throw new ConfigurationError(
      'ParametrisedTraining: give the parameters as a list of features, such as features: ["mass"].',
    );
  }
  return {
    name: "ParametrisedTraining",
    events: (events, { purpose, folds, fold, epoch, stream }) => {
      if (purpose === "normalisation") return events;
      const names = folds.features;
      if (!names) {
        throw new DataError(
          "ParametrisedTraining: the folds do not name their features; use those of a fold file.",
        );
      }
      const columns = features.map((name: string) => {
        const column = names.indexOf(name);
        if (column < 0) throw unknownName("feature", name, names);
        return column;
      });
      const random = purpose === "training" ? stream(fold, epoch) : stream(fold, "validation");
      return { ...events, inputs: withDrawnValues(events, columns, own, random, fold) };
    },
  };
}

function withDrawnValues(
  { eventCount, featureCount, targetCount, targets, weights, inputs }: FoldArrays,
  columns: readonly number[],
  own: number,
  random: Stream,
  fold: number,
): Float32Array {
  const rows = Array.from({ length: eventCount }, (_, row) => row);
  const isOwn = (row: number): boolean => targets[row * targetCount] === own;
  const sources = rows.filter((row) => !isOwn(row));
  let sum = 0;
  const sums = Float64Array.from(sources, (row) => {
    sum += Math.max(0, weights?.[row] ?? 1);
    return sum;
  });
  if (!(sum > 0)) {
    throw new DataError(
      `ParametrisedTraining: fold ${fold} has no events of positive weight outside class ${own} to draw parameters from.`,
    );
  }
  const changed = inputs.slice();
  for (const row of rows.filter(isOwn)) {
    const source = sources[firstAbove(sums, random.uniform() * sum)]!;
    for (const column of columns)
      changed[row * featureCount + column] = inputs[source * featureCount + column]!;
  }
  return changed;
}

/** Index of the first value of a rising list that is above x. */
function firstAbove(values: Float64Array, x: number): number {
  let [low, high] = [0, values.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle]! > x) high = middle;
    else low = middle + 1;
  }
  return low;
}
