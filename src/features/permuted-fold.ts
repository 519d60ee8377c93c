/** One fold of a permutation importance: the metric as it is, and with columns dealt to other events. */
import { Stream } from "../array/index.ts";
import { counted, InterruptedError, ShapeError } from "../errors/index.ts";
import { costOf, type Metric } from "../metrics/index.ts";
import type { LabelledFold } from "./labelled-folds.ts";
import type { FeaturePredictor } from "./predictor.ts";

/** Columns that are permuted together. */
export interface ColumnSet {
  readonly kind: "feature" | "group";
  readonly name: string;
  readonly features: readonly string[];
  readonly columns: readonly number[];
}

/** What is found on one fold. */
export interface FoldImportance {
  /** The metric on untouched events. */
  readonly nominal: number;
  /** Cost after − cost before, of each column set, averaged over the repeats. */
  readonly changes: readonly number[];
}

/** What is done with a fold. */
export interface FoldSettings {
  readonly fold: number;
  readonly sets: readonly ColumnSet[];
  readonly repeatCount: number;
  readonly seed: number;
}

/**
 * Permutes each column set of a fold. Which events change places depends on seed, fold and name alone, so that folds may
 * be worked on anywhere and in any order.
 */
export async function permuteFold(
  predictor: FeaturePredictor,
  events: LabelledFold,
  metric: Metric,
  { fold, sets, repeatCount, seed }: FoldSettings,
  {
    signal,
    onProgress,
  }: { readonly signal?: AbortSignal | undefined; onProgress?(share: number): void } = {},
): Promise<FoldImportance> {
  checkColumns(predictor, events);
  const scorer = new FoldScorer(predictor, events, metric);
  const nominal = await scorer.value();
  const changes: number[] = [];
  for (const set of sets) {
    let sum = 0;
    for (let repeat = 0; repeat < repeatCount; repeat++) {
      if (signal?.aborted) throw new InterruptedError("featureImportance: interrupted.");
      const stream = new Stream(seed, "importance", fold, set.kind, set.name, repeat);
      const after = await scorer.value(set.columns, stream.permutation(events.eventCount));
      sum += costOf(metric, after) - costOf(metric, nominal);
    }
    changes.push(sum / repeatCount);
    onProgress?.(changes.length / sets.length);
  }
  return { nominal, changes };
}

/** One fold, whose columns are permuted in place and put back. */
class FoldScorer {
  readonly #predictor: FeaturePredictor;
  readonly #events: LabelledFold;
  readonly #metric: Metric;
  readonly #inputs: Float32Array;

  constructor(predictor: FeaturePredictor, events: LabelledFold, metric: Metric) {
    this.#predictor = predictor;
    this.#events = events;
    this.#metric = metric;
    this.#inputs = events.inputs.slice();
  }

  /** The metric where event i has the values of event `order[i]` in these columns. */
  async value(columns: readonly number[] = [], order: Int32Array = new Int32Array(0)): Promise<number> {
    const { eventCount, inputs, targets, weights } = this.#events;
    const { featureCount, outputCount } = this.#predictor;
    for (const column of columns) {
      for (let i = 0; i < eventCount; i++) {
        this.#inputs[i * featureCount + column] = inputs[order[i]! * featureCount + column]!;
      }
    }
    const predictions = await this.#predictor.predict(this.#inputs, eventCount);
    for (const column of columns) {
      for (let i = column; i < inputs.length; i += featureCount) this.#inputs[i] = inputs[i]!;
    }
    return this.#metric.of({ predictions, outputCount, targets, weights });
  }
}

function checkColumns({ featureCount }: FeaturePredictor, { inputs, eventCount }: LabelledFold): void {
  if (inputs.length === eventCount * featureCount) return;
  throw new ShapeError(
    `featureImportance: the model takes ${counted(featureCount, "feature")}, but the events have ${inputs.length / eventCount}. Give the events that it was trained on, or others with the same pre-processing.`,
  );
}
