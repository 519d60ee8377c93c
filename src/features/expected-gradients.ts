/** Expected gradients: SHAP values of networks and ensembles, measured from the events of a background. */
import { type Numbers, Stream } from "../array/index.ts";
import { grad } from "../autodiff/index.ts";
import { type EngineOptions, functionModel, Session } from "../engine/index.ts";
import { Ensemble } from "../ensemble/index.ts";
import { networkOf } from "../ensemble/member.ts";
import { ConfigurationError, counted, DataError, InterruptedError, ShapeError } from "../errors/index.ts";
import type { Model, ModelBuilder } from "../model/index.ts";
import { traceNetwork } from "../nn/index.ts";
import { add, input, mul, slice, sub, sum, type Tensor } from "../tensor/index.ts";
import { type Attributions, combineAttributions } from "./attributions.ts";
import { gaussLegendre } from "./gauss-legendre.ts";
import { takeRows } from "./labelled-folds.ts";
import { checkOutput } from "./predictor.ts";
import { checkPathPoints, type PathPoints, refinedAttributions } from "./refined-attributions.ts";

/** Events that attributions are counted from. */
export interface BackgroundEvents {
  /** Pre-processed inputs [events, features]. */
  readonly inputs: Float32Array;
  /** [events], of any sign; absent: all 1. */
  readonly weights?: Numbers | undefined;
}

/** How the expectation and the integral are taken. */
export interface ExpectedGradientsOptions {
  /** Background events, drawn at random, that the mean is over. Default 50, or all if fewer. */
  readonly backgroundCount?: number;
  /** Gauss–Legendre points along each path, at first. Default 8: enough for smooth activations. */
  readonly stepCount?: number;
  /**
   * How far base + Σ values may be from an event's prediction, times max(1, |prediction − base|); where it is further
   * (kinks of ReLU), the paths get more points. Default 5e-4.
   */
  readonly tolerance?: number;
  /** Which output of the network, from 0. Default 0. */
  readonly output?: number;
  /** Default 0. */
  readonly seed?: number;
  readonly engine?: EngineOptions;
  readonly signal?: AbortSignal;
  /** Called with the share that is done. */
  onProgress?(share: number): void;
}

/** Pairs of event and background event in one run of the engine. */
const pairsPerRun = 512;

/**
 * SHAP values by expected gradients (Erion et al., Nature Machine Intelligence 3, 620, 2021; arXiv 1906.10670): the
 * weighted mean over background events x′ of the integrated gradients (x − x′) · ∫₀¹ ∂f/∂x(x′ + t (x − x′)) dt of the
 * prediction f. They and the background's mean prediction add up to the prediction; the paper draws x′ and t at random,
 * here each integral is taken to the end, so that this holds for every event.
 *
 * The path runs through what leaves the head: a categorical feature goes from one embedding vector to the other and has
 * the sum over its columns, objects of a matrix count as one feature. An endcap sees the event's own inputs on the whole
 * path. Attributions of an ensemble are Σ wᵢ times those of its networks.
 *
 * @param inputs pre-processed, [events, features].
 * @throws ShapeError for arrays that do not fit; DataError for background weights that do not sum to a positive number;
 * ConfigurationError for options out of range, or a member that is no network; InterruptedError.
 * @example
 * const { inputs } = folds.getFold(0);
 * const { features, values } = await expectedGradients(ensemble, inputs, folds.getFold(1), { backgroundCount: 100 });
 */
export async function expectedGradients(
  model: Model | Ensemble,
  inputs: Float32Array,
  background: BackgroundEvents,
  options: ExpectedGradientsOptions = {},
): Promise<Attributions> {
  const { backgroundCount = 50, stepCount = 8, tolerance = 5e-4, output = 0, seed = 0 } = options;
  const where = "expectedGradients";
  if (!(Number.isInteger(backgroundCount) && backgroundCount >= 1)) {
    throw new ConfigurationError(
      `${where}: backgroundCount is ${backgroundCount}; give a whole number, at least 1.`,
    );
  }
  checkPathPoints(where, { stepCount, tolerance });
  checkOutput(where, output, model.outputCount);
  const width = model.featureCount;
  const [eventCount, available] = [inputs.length / width, background.inputs.length / width];
  if (!Number.isInteger(eventCount) || !Number.isInteger(available) || available === 0) {
    throw new ShapeError(
      `${where}: the network takes ${counted(width, "feature")}, but ${counted(inputs.length, "input")} and a background of ${background.inputs.length} came.`,
    );
  }
  const rows = new Stream(seed, "background").permutation(available).subarray(0, backgroundCount);
  const job: PathJob = {
    ...{ inputs, output, points: { stepCount, tolerance } },
    references: takeRows(background.inputs, rows, width),
    shares: sharesOf(background.weights, rows, available),
    engine: options.engine ?? {},
    signal: options.signal,
  };
  if (!(model instanceof Ensemble)) {
    return attributionsOf(model, job, (share) => options.onProgress?.(share));
  }
  const parts: { share: number; attributions: Attributions }[] = [];
  for (const member of model.members) {
    const attributions = await attributionsOf(networkOf(member, where), job, (share) =>
      options.onProgress?.((parts.length + share) / model.members.length),
    );
    parts.push({ share: member.weight, attributions });
  }
  return combineAttributions(parts);
}

/** What is to be done for one network. */
interface PathJob {
  readonly inputs: Float32Array;
  /** [background, features]. */
  readonly references: Float32Array;
  /** Of each background event in the mean; they sum to 1. */
  readonly shares: Float64Array;
  readonly output: number;
  readonly points: PathPoints;
  readonly engine: EngineOptions;
  readonly signal: AbortSignal | undefined;
}

function sharesOf(weights: Numbers | undefined, rows: Int32Array, available: number): Float64Array {
  if (weights !== undefined && weights.length !== available) {
    throw new ShapeError(
      `expectedGradients: ${counted(available, "background event")}, but ${counted(weights.length, "weight")}.`,
    );
  }
  const drawn = Float64Array.from(rows, (row) => weights?.[row] ?? 1);
  const total = drawn.reduce((all, weight) => all + weight, 0);
  if (total > 0) return drawn.map((weight) => weight / total);
  throw new DataError(
    `expectedGradients: the weights of the ${counted(rows.length, "background event")} drawn sum to ${total}; the sum must be positive.`,
  );
}

async function attributionsOf(
  model: Model,
  job: PathJob,
  onProgress: (share: number) => void,
): Promise<Attributions> {
  const program = await PathProgram.create(model, job);
  try {
    let isFirst = true;
    return await refinedAttributions(job.inputs, model.featureCount, job.points, (inputs, stepCount) => {
      const report = isFirst ? onProgress : () => {};
      isFirst = false;
      return alongPaths(model, program, { ...job, inputs }, stepCount, report);
    });
  } finally {
    await program.release();
  }
}

async function alongPaths(
  model: Model,
  program: PathProgram,
  { inputs, references, shares, output, signal }: PathJob,
  stepCount: number,
  onProgress: (share: number) => void,
): Promise<Attributions> {
  const columns = model.builder.headColumns;
  const width = model.featureCount;
  const eventCount = inputs.length / width;
  const [pairCount, count] = [eventCount * shares.length, shares.length];
  const { nodes, weights } = gaussLegendre(stepCount);
  const values = new Float64Array(eventCount * columns.length);
  const base = new Float64Array(eventCount);
  for (let start = 0; start < pairCount; start += pairsPerRun) {
    if (signal?.aborted) throw new InterruptedError("expectedGradients: interrupted.");
    const pairs = Math.min(pairsPerRun, pairCount - start);
    const [ends, starts] = [new Float32Array(pairsPerRun * width), new Float32Array(pairsPerRun * width)];
    for (let k = 0; k < pairs; k++) {
      const [event, reference] = [Math.floor((start + k) / count), (start + k) % count];
      ends.set(inputs.subarray(event * width, (event + 1) * width), k * width);
      starts.set(references.subarray(reference * width, (reference + 1) * width), k * width);
    }
    const { prediction } = await program.run(starts, ends, 0);
    for (let k = 0; k < pairs; k++) {
      base[Math.floor((start + k) / count)]! += shares[(start + k) % count]! * prediction[k]!;
    }
    for (const [step, node] of nodes.entries()) {
      const { contribution, headWidth } = await program.run(starts, ends, node);
      for (let k = 0; k < pairs; k++) {
        const factor = weights[step]! * shares[(start + k) % count]!;
        const row = Math.floor((start + k) / count) * columns.length;
        for (const [feature, { start: first, end }] of columns.entries()) {
          for (let j = first; j < end; j++) {
            values[row + feature]! += factor * contribution[k * headWidth + j]!;
          }
        }
      }
    }
    onProgress((start + pairs) / pairCount);
    await new Promise((resolve) => setImmediate(resolve));
  }
  const predictions = await model.predict(inputs, eventCount);
  const prediction = Float64Array.from(base, (_, event) => predictions[event * model.outputCount + output]!);
  return { features: columns.map(({ name }) => name), values, base, prediction };
}

/** The network at a point of the straight paths between pairs of events, in what leaves its head. */
class PathProgram {
  readonly #session: Session;
  readonly #model: Model;

  private constructor(session: Session, model: Model) {
    this.#session = session;
    this.#model = model;
  }

  static async create(model: Model, { output, engine }: PathJob): Promise<PathProgram> {
    const { builder } = model;
    const { parameterCount, bufferCount } = builder.layout;
    const shape = [pairsPerRun, builder.featureCount];
    const [ends, starts] = [input("ends", shape), input("starts", shape)];
    const place = input("place", []);
    const parameters = input("parameters", [parameterCount]);
    const buffers = input("buffers", [bufferCount]);
    const { path, step, logits } = tracePath(builder, { ends, starts, place, parameters, buffers });
    const predicted = builder.predictionOf(logits, ends, await builder.resolveEndcap());
    const prediction = sum(slice(predicted, 1, output, output + 1), { axes: [1] });
    // Events do not see each other in prediction: the gradient of the sum has each one's own.
    const [gradient] = grad(sum(prediction), [path], { unreached: "zero" });
    const bytes = functionModel({
      inputs: [parameters, ...(bufferCount > 0 ? [buffers] : []), ends, starts, place],
      outputs: { prediction, contribution: mul(gradient!, step) },
      batch: pairsPerRun,
    });
    return new PathProgram(await Session.create(bytes, engine), model);
  }

  async run(
    starts: Float32Array,
    ends: Float32Array,
    place: number,
  ): Promise<{ prediction: Float32Array; contribution: Float32Array; headWidth: number }> {
    const { builder, parameters, buffers } = this.#model;
    const shape = [pairsPerRun, builder.featureCount];
    const found = await this.#session.run({
      parameters: { data: parameters, shape: [parameters.length] },
      ...(buffers.length > 0 ? { buffers: { data: buffers, shape: [buffers.length] } } : {}),
      ends: { data: ends, shape },
      starts: { data: starts, shape },
      place: { data: Float32Array.of(place), shape: [] },
    });
    const contribution = found.contribution!.data as Float32Array;
    return {
      prediction: found.prediction!.data as Float32Array,
      contribution,
      headWidth: contribution.length / pairsPerRun,
    };
  }

  release(): Promise<void> {
    return this.#session.release();
  }
}

function tracePath(
  builder: ModelBuilder,
  { ends, starts, place, parameters, buffers }: Readonly<Record<string, Tensor>>,
): { readonly path: Tensor; readonly step: Tensor; readonly logits: Tensor } {
  let [path, step] = [ends!, ends!];
  const network = traceNetwork(
    (scope, inputs) => {
      const end = builder.headOutput(scope, inputs);
      const start = builder.headOutput(scope, starts!).values;
      step = sub(end.values, start);
      path = add(start, mul(step, place!));
      return builder.afterHead(scope, { ...end, values: path });
    },
    ends!,
    { parameters: parameters!, buffers: buffers! },
    false,
  );
  return { path, step, logits: network.output };
}
