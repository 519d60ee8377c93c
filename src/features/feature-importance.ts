/** Permutation importance: how much worse a model does when the values of a feature are dealt to other events. */
import { Stream, weightedMoments } from "../array/index.ts";
import { expandNames } from "../data/expand-names.ts";
import { ConfigurationError, counted, InterruptedError, ShapeError } from "../errors/index.ts";
import { costOf, type Measurement, type Metric, makeMetric, type NamedMetric } from "../metrics/index.ts";
import { asFolds, type LabelledArrays, type LabelledFold, type LabelledFolds } from "./labelled-folds.ts";
import type { FeaturePredictor } from "./predictor.ts";

/** What is asked for. */
export interface FeatureImportanceOptions {
  /** What "worse" means: a metric of `makeMetric`, "rocAuc", or one with options. */
  readonly metric: string | NamedMetric;
  /** Single features to look at, with `*`, `?` and `!`. Default: all. */
  readonly features?: readonly string[];
  /** Sets of features, by a name for each, that are dealt together besides: what they know jointly. */
  readonly groups?: Readonly<Record<string, readonly string[]>>;
  /** Permutations of each feature in each fold. Default 1: the folds repeat already. */
  readonly repeatCount?: number;
  /** In units of the metric, or over the magnitude of its nominal value. Default "metric". */
  readonly unit?: "metric" | "relative";
  /** How many folds arrays are dealt into. Default 10. */
  readonly foldCount?: number;
  /** Default 0; the same seed gives the same numbers, whichever other features are looked at. */
  readonly seed?: number;
  readonly signal?: AbortSignal;
  /** Called with the share that is done. */
  onProgress?(share: number): void;
}

/** The importance of a feature or group: value and standard error over the folds. */
export interface FeatureImportance extends Measurement {
  readonly name: string;
  /** The columns that were permuted: one, or those of the group. */
  readonly features: readonly string[];
  /** One value a fold. */
  readonly folds: readonly number[];
}

/** The importances, the highest first, and the metric as it is without permutation. */
export interface FeatureImportances {
  readonly metric: string;
  readonly unit: "metric" | "relative";
  /** The metric on untouched events, over the folds. */
  readonly nominal: Measurement;
  readonly importances: readonly FeatureImportance[];
}

/**
 * How much worse the metric gets when the values of a feature are dealt to other events of the same fold (Breiman,
 * Machine Learning 45, 5, 2001; Fisher, Rudin and Dominici, arXiv 1801.01489).
 *
 * In every fold, importance = cost after − cost before, positive where the model needs the feature; the metric takes the
 * event weights as they are. The result is the mean over the folds with its standard error s/√folds, NaN for one fold.
 * It shows what this model uses: of two features that know the same, each may look unimportant. Group them.
 *
 * Values are dealt without regard to weights, and missing ones are dealt as the 0 that the model sees. Members of an
 * ensemble count by their weights, unlike in LUMIN.
 *
 * @param model a model, or one for each fold: `(fold) => ensemble.outOfFold(fold)` for the folds that it trained on.
 * @param data folds as a `FoldYielder` gives them, or arrays.
 * @throws UnknownNameError for an unknown feature or metric; ShapeError for events that the model cannot take;
 * ConfigurationError for options out of range; DataError where the metric is undefined; InterruptedError.
 * @example
 * const { importances } = await featureImportance(ensemble, folds, { metric: "rocAuc" });
 * importances[0]; // { name: "DER_mass_MMC", value: 0.094, uncertainty: 0.002, … }
 */
export async function featureImportance(
  model: FeaturePredictor | ((fold: number) => FeaturePredictor),
  data: LabelledFolds | LabelledArrays,
  options: FeatureImportanceOptions,
): Promise<FeatureImportances> {
  const { repeatCount = 1, unit = "metric", foldCount = 10, seed = 0, signal, onProgress } = options;
  if (!(Number.isInteger(repeatCount) && repeatCount >= 1)) {
    throw new ConfigurationError(
      `featureImportance: repeatCount is ${repeatCount}; give a whole number, at least 1.`,
    );
  }
  const metric = makeMetric(options.metric);
  const folds = asFolds(data, foldCount, seed, "featureImportance");
  const sets = columnSets(folds.features, options);
  const nominal: number[] = [];
  const changes = sets.map((): number[] => []);
  for (let fold = 0; fold < folds.foldCount; fold++) {
    const predictor = typeof model === "function" ? model(fold) : model;
    const events = folds.getFold(fold);
    checkColumns(predictor, folds.features, events);
    const scorer = new FoldScorer(predictor, events, metric);
    const before = await scorer.value();
    nominal.push(before);
    const scale = unit === "relative" ? 1 / Math.abs(before) : 1;
    for (const [place, set] of sets.entries()) {
      let sum = 0;
      for (let repeat = 0; repeat < repeatCount; repeat++) {
        if (signal?.aborted) throw new InterruptedError("featureImportance: interrupted.");
        const stream = new Stream(seed, "importance", fold, set.kind, set.name, repeat);
        const after = await scorer.value(set.columns, stream.permutation(events.eventCount));
        sum += costOf(metric, after) - costOf(metric, before);
      }
      changes[place]!.push((sum / repeatCount) * scale);
      onProgress?.((fold + (place + 1) / sets.length) / folds.foldCount);
    }
  }
  const importances = sets
    .map(({ name, features }, i) => ({ name, features, ...overFolds(changes[i]!), folds: changes[i]! }))
    .sort((a, b) => b.value - a.value);
  return { metric: metric.name, unit, nominal: overFolds(nominal), importances };
}

/** Columns that are permuted together. */
interface ColumnSet {
  readonly kind: "feature" | "group";
  readonly name: string;
  readonly features: readonly string[];
  readonly columns: readonly number[];
}

function columnSets(
  known: readonly string[],
  { features = ["*"], groups = {} }: FeatureImportanceOptions,
): ColumnSet[] {
  const set = (kind: ColumnSet["kind"], name: string, members: readonly string[]): ColumnSet => {
    return { kind, name, features: members, columns: members.map((each) => known.indexOf(each)) };
  };
  return [
    ...expandNames(features, known, "feature").map((name) => set("feature", name, [name])),
    ...Object.entries(groups).map(([name, patterns]) => {
      const members = expandNames(patterns, known, "feature");
      if (members.length > 0) return set("group", name, members);
      throw new ConfigurationError(`featureImportance: group "${name}" has no features.`);
    }),
  ];
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

function checkColumns(
  { featureCount }: FeaturePredictor,
  features: readonly string[],
  { inputs, eventCount }: LabelledFold,
): void {
  if (featureCount === features.length && inputs.length === eventCount * featureCount) return;
  throw new ShapeError(
    `featureImportance: the model takes ${counted(featureCount, "feature")}, but the events have ${features.length}. Give the events that it was trained on, or others with the same pre-processing.`,
  );
}

/** Mean of independent values and its standard error. */
function overFolds(values: readonly number[]): Measurement {
  const { mean, variance } = weightedMoments(values);
  const count = values.length;
  return { value: mean, uncertainty: count < 2 ? Number.NaN : Math.sqrt(variance / (count - 1)) };
}
