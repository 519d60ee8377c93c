/** Permutation importance: how much worse a model does when the values of a feature are dealt to other events. */
import { weightedMoments } from "../array/index.ts";
import { expandNames } from "../data/expand-names.ts";
import { Ensemble } from "../ensemble/index.ts";
import { ConfigurationError } from "../errors/index.ts";
import { type Measurement, type Metric, makeMetric, type NamedMetric } from "../metrics/index.ts";
import { compiledFile, runJobs } from "../train/index.ts";
import { type ImportancePayload, predictorOf, type SavedEnsemble } from "./importance-task.ts";
import { asFolds, type LabelledArrays, type LabelledFolds } from "./labelled-folds.ts";
import { type ColumnSet, type FoldImportance, type FoldSettings, permuteFold } from "./permuted-fold.ts";
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
  /** Worker processes, each with some of the folds; 0 works in this one. The numbers are the same. Default 0. */
  readonly workers?: number;
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
 * @param model a model, or one for each fold: `(fold) => ensemble.outOfFold(fold)` for the folds that it trained on; or
 * the folder of an ensemble, `{ directory, outOfFold: true }`, which worker processes can load.
 * @param data folds as a `FoldYielder` gives them, or arrays.
 * @throws UnknownNameError for an unknown feature or metric; ShapeError for events that the model cannot take;
 * ConfigurationError for options out of range; DataError where the metric is undefined; InterruptedError.
 * @example
 * const { importances } = await featureImportance(ensemble, folds, { metric: "rocAuc" });
 * importances[0]; // { name: "DER_mass_MMC", value: 0.094, uncertainty: 0.002, … }
 */
export async function featureImportance(
  model: FeaturePredictor | ((fold: number) => FeaturePredictor) | SavedEnsemble,
  data: LabelledFolds | LabelledArrays,
  options: FeatureImportanceOptions,
): Promise<FeatureImportances> {
  const { repeatCount = 1, unit = "metric", foldCount = 10, seed = 0 } = options;
  if (!(Number.isInteger(repeatCount) && repeatCount >= 1)) {
    throw new ConfigurationError(
      `featureImportance: repeatCount is ${repeatCount}; give a whole number, at least 1.`,
    );
  }
  const metric = makeMetric(options.metric);
  const folds = asFolds(data, foldCount, seed, "featureImportance");
  const sets = columnSets(folds.features, options);
  const settings = Array.from({ length: folds.foldCount }, (_, fold) => ({ fold, sets, repeatCount, seed }));
  const found =
    "directory" in model
      ? await permuteInWorkers(model, folds, settings, options)
      : await permuteHere(model, folds, settings, metric, options);
  const scaleOf = ({ nominal }: FoldImportance): number => (unit === "relative" ? 1 / Math.abs(nominal) : 1);
  const importances = sets
    .map(({ name, features }, i) => {
      const changes = found.map((fold) => fold.changes[i]! * scaleOf(fold));
      return { name, features, ...overFolds(changes), folds: changes };
    })
    .sort((a, b) => b.value - a.value);
  return {
    metric: metric.name,
    unit,
    nominal: overFolds(found.map(({ nominal }) => nominal)),
    importances,
  };
}

async function permuteHere(
  model: FeaturePredictor | ((fold: number) => FeaturePredictor),
  folds: LabelledFolds,
  settings: readonly FoldSettings[],
  metric: Metric,
  { signal, onProgress, workers = 0 }: FeatureImportanceOptions,
): Promise<FoldImportance[]> {
  if (workers > 0) {
    throw new ConfigurationError(
      "featureImportance: worker processes load the ensemble from a folder; give { directory }, or workers: 0.",
    );
  }
  const found: FoldImportance[] = [];
  for (const each of settings) {
    found.push(
      await permuteFold(
        typeof model === "function" ? model(each.fold) : model,
        folds.getFold(each.fold),
        metric,
        each,
        { signal, onProgress: (share) => onProgress?.((each.fold + share) / settings.length) },
      ),
    );
  }
  return found;
}

async function permuteInWorkers(
  saved: SavedEnsemble,
  folds: LabelledFolds,
  settings: readonly FoldSettings[],
  options: FeatureImportanceOptions,
): Promise<FoldImportance[]> {
  const { workers = 0, metric, signal, onProgress } = options;
  if (workers === 0) {
    const ensemble = await Ensemble.load(saved.directory);
    try {
      const model = (fold: number) => predictorOf(ensemble, saved, fold);
      return await permuteHere(model, folds, settings, makeMetric(metric), options);
    } finally {
      await ensemble.release();
    }
  }
  const module = compiledFile("importance-task", import.meta.url).href;
  const shares = settings.map(() => 0);
  const jobs = settings.map((each) => {
    const { eventCount, inputs, targets, weights } = folds.getFold(each.fold);
    const payload: ImportancePayload = {
      ...each,
      saved,
      metric,
      events: { eventCount, inputs, targets, weights },
    };
    return { module, name: "importanceTask", payload };
  });
  return runJobs<number, FoldImportance>(jobs, {
    workers,
    signal,
    nameOf: (job) => `the importance on fold ${job}`,
    onMessage: (job, share) => {
      shares[job] = share;
      onProgress?.(shares.reduce((sum, each) => sum + each, 0) / shares.length);
    },
  });
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

/** Mean of independent values and its standard error. */
function overFolds(values: readonly number[]): Measurement {
  const { mean, variance } = weightedMoments(values);
  const count = values.length;
  return { value: mean, uncertainty: count < 2 ? Number.NaN : Math.sqrt(variance / (count - 1)) };
}
