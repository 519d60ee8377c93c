/** Scoring raw events with a trained ensemble: the whole saved pipeline, and never a network on its own training events. */
import {
  type AugmentationPlan,
  applyPipeline,
  augmentFixed,
  type FoldYielder,
  type Pipeline,
  type PreparedEvents,
  restorePredictions,
  type Table,
} from "../data/index.ts";
import {
  augmentedInputs,
  type Ensemble,
  type MemberPredictions,
  type PredictionFolds,
  type PredictionOptions,
} from "../ensemble/index.ts";
import { InterruptedError } from "../errors/index.ts";

/** What scoring needs of a run. */
export interface Scorer {
  readonly ensemble: Ensemble;
  readonly pipeline: Pipeline;
  /** Absent: events are predicted as they are. */
  readonly plan?: AugmentationPlan | undefined;
  /** What paths of user modules are relative to. */
  readonly directory: string;
}

export interface ScoreOptions {
  readonly signal?: AbortSignal | undefined;
  onProgress?(share: number): void;
}

/** `[events, outputs]` for raw events, by all members. */
export async function scoreEvents(
  scorer: Scorer,
  table: Table,
  options: ScoreOptions = {},
): Promise<Float64Array> {
  const prepared = await applyPipeline(scorer.pipeline, table, { directory: scorer.directory });
  return scorePrepared(scorer, prepared, options);
}

async function scorePrepared(
  { ensemble, plan }: Scorer,
  prepared: PreparedEvents,
  options: ScoreOptions,
): Promise<Float64Array> {
  const { features, eventCount } = prepared;
  const settings = settingsOf(options);
  if (plan === undefined) return ensemble.predict(prepared.inputs, eventCount, settings);
  return ensemble.predict(augmentedInputs(features, plan), eventCount, settings);
}

function settingsOf({ signal, onProgress }: ScoreOptions): PredictionOptions {
  return { ...(signal ? { signal } : {}), ...(onProgress ? { onProgress } : {}) };
}

/** As `scoreEvents`, with what each member alone predicts. */
export async function scoreMembers(
  scorer: Scorer,
  table: Table,
  options: ScoreOptions = {},
): Promise<MemberPredictions> {
  const { ensemble, pipeline, directory, plan } = scorer;
  const { inputs, features, eventCount } = await applyPipeline(pipeline, table, { directory });
  const variants = plan === undefined ? inputs : augmentedInputs(features, plan);
  return ensemble.predictMembers(variants, eventCount, settingsOf(options));
}

/** Scores that no network gave for an event it was trained on. */
export interface FairScores {
  /** `[events, outputs]`; NaN for training events that every member was trained on. */
  readonly predictions: Float64Array;
  /** How many of the events are training events of the run; they are scored out of fold. */
  readonly trainingCount: number;
  /** How many of those no member could score. */
  readonly unscoredCount: number;
}

/**
 * Scores events of which some may be training events of the run: those are recognised by their features and scored
 * only by the members that did not train on them, all others by the whole ensemble.
 */
export async function scoreFairly(
  scorer: Scorer,
  trainingFolds: FoldYielder,
  table: Table,
  options: ScoreOptions = {},
): Promise<FairScores> {
  const { ensemble } = scorer;
  const prepared = await applyPipeline(scorer.pipeline, table, { directory: scorer.directory });
  const foldOf = await recognise(prepared, trainingFolds, options.signal);
  const outputs = ensemble.outputCount;
  const predictions = new Float64Array(prepared.eventCount * outputs);
  const rowsOf = (fold: number): Int32Array => Int32Array.from(indicesOf(foldOf, fold));
  const place = (rows: Int32Array, scores: Float64Array): void => {
    for (let i = 0; i < rows.length * outputs; i++) {
      predictions[rows[Math.floor(i / outputs)]! * outputs + (i % outputs)] = scores[i]!;
    }
  };
  const fresh = rowsOf(-1);
  place(fresh, await scorePrepared(scorer, pick(prepared, fresh), options));
  const trainingCount = prepared.eventCount - fresh.length;
  if (trainingCount > 0) {
    const parts = Array.from({ length: trainingFolds.foldCount }, (_, fold) => rowsOf(fold));
    const picked = parts.map((rows) => pick(prepared, rows));
    const scores = await ensemble.predictOutOfFold(
      inMemoryFolds(picked, scorer.plan),
      options.signal ? { signal: options.signal } : {},
    );
    for (const [fold, rows] of parts.entries()) place(rows, scores[fold]!);
  }
  let unscoredCount = 0;
  for (let i = 0; i < prepared.eventCount; i++) if (Number.isNaN(predictions[i * outputs]!)) unscoredCount++;
  return { predictions, trainingCount, unscoredCount };
}

/** For each event the fold in which an event with the same features is, or −1. */
async function recognise(
  prepared: PreparedEvents,
  folds: FoldYielder,
  signal: AbortSignal | undefined,
): Promise<Int32Array> {
  const known = new Map<string, number>();
  for (let fold = 0; fold < folds.foldCount; fold++) {
    const { inputs, eventCount } = folds.getFold(fold);
    for (let i = 0; i < eventCount; i++) known.set(rowKey(inputs, i, folds.featureCount), fold);
    await new Promise((resolve) => setImmediate(resolve));
    if (signal?.aborted === true) throw new InterruptedError("interrupted.");
  }
  const { inputs, eventCount, featureCount } = prepared;
  return Int32Array.from({ length: eventCount }, (_, i) => known.get(rowKey(inputs, i, featureCount)) ?? -1);
}

/** A text that only equal rows share: the bits of the numbers. */
function rowKey(inputs: Float32Array, row: number, width: number): string {
  // A copy, for the start of a row need not lie on an even byte for a view of another type.
  const bits = new Uint16Array(inputs.slice(row * width, (row + 1) * width).buffer);
  return String.fromCharCode(...bits);
}

function indicesOf(values: Int32Array, wanted: number): number[] {
  const found: number[] = [];
  for (let i = 0; i < values.length; i++) if (values[i] === wanted) found.push(i);
  return found;
}

/** Some of the prepared events. */
function pick(prepared: PreparedEvents, rows: Int32Array): PreparedEvents {
  const { featureCount } = prepared;
  const gather = (from: Float32Array): Float32Array => {
    const result = new Float32Array(rows.length * featureCount);
    for (let i = 0; i < rows.length; i++) {
      const start = rows[i]! * featureCount;
      result.set(from.subarray(start, start + featureCount), i * featureCount);
    }
    return result;
  };
  return {
    ...prepared,
    eventCount: rows.length,
    features: gather(prepared.features),
    inputs: gather(prepared.inputs),
  };
}

function inMemoryFolds(
  folds: readonly PreparedEvents[],
  plan: AugmentationPlan | undefined,
): PredictionFolds {
  return {
    foldCount: folds.length,
    foldSizes: folds.map((fold) => fold.eventCount),
    augmentationCount: plan?.count ?? 1,
    getFold: (index) => folds[index]!,
    getPredictionFold: (index, variant) => {
      const { features, eventCount, inputs } = folds[index]!;
      return { inputs: plan === undefined ? inputs : augmentFixed(features, eventCount, plan, variant) };
    },
    restorePredictions: (predictions, outputCount, variant) => {
      if (plan !== undefined) restorePredictions(predictions, outputCount, plan, variant);
    },
  };
}
