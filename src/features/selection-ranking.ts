/** Features in order of importance: by repeated forests, and by forests on bootstrapped events. */
import { type Numbers, Stream } from "../array/index.ts";
import { permutationImportance } from "../trees/index.ts";
import {
  defaultSelectionForest,
  type FeatureEvents,
  growSelectionForest,
  type RepeatedScore,
  repeatedScore,
  type SelectionEvents,
  type SelectionForest,
  scoreFeatures,
  selectionScore,
  splitFeatureEvents,
  withEvents,
} from "./selection-forest.ts";

/** How features are ranked. */
export interface RankingOptions {
  readonly forest?: SelectionForest;
  /** Forests, each of another seed and another division of the events. Default 5. */
  readonly forestCount?: number;
  /** Least importance that is kept. Default 0. */
  readonly cut?: number;
  /** Standard errors that the importance of a kept feature is above the cut. Default 1. */
  readonly significance?: number;
  readonly seed?: number;
  /** Called with the share that is done, from 0 to 1. */
  readonly onProgress?: ((share: number) => void) | undefined;
}

/** A feature with what the score loses when its values are shuffled. */
export interface RankedFeature {
  readonly name: string;
  /** Mean over the forests. */
  readonly importance: number;
  /** Of that mean; NaN for one forest. */
  readonly standardError: number;
  readonly isKept: boolean;
}

/** All features, the most important first, and what keeping the important ones costs. */
export interface FeatureRanking {
  readonly features: readonly RankedFeature[];
  readonly score: RepeatedScore;
  /** Of forests on the kept features alone; absent where all or none are kept. */
  readonly keptScore?: RepeatedScore;
}

/**
 * Ranks features by the permutation importance (Breiman 2001) in repeated forests, on events that the forest has not
 * seen; LUMIN shuffles the training events. The first forest learns and is scored on the events as they are given, each
 * further one on another division of all of them into parts of the same sizes: what one division has by chance does
 * not decide. A feature is kept if its importance is above the cut by `significance` standard errors. Forests on the kept
 * features are scored for comparison, on the same divisions.
 *
 * The standard error is s √(1/n + held/training) of the n forests (Nadeau and Bengio, Machine Learning 52, 239, 2003):
 * divisions share events, so that s/√n would be too small.
 */
export function rankFeatures(
  events: SelectionEvents,
  { onProgress, ...options }: RankingOptions = {},
): FeatureRanking {
  const { forest = defaultSelectionForest, forestCount = 5, seed = 1337 } = options;
  const divisions = divisionsOf(events, forestCount, seed);
  const runs = divisions.map((division, r) => {
    const run = importances(division, forest, seed + r);
    onProgress?.((r + 1) / forestCount);
    return run;
  });
  const overlap = events.held.targets.length / events.training.targets.length;
  const features = ranked(
    events.training.names,
    runs.map((run) => run.importance),
    options,
    Math.sqrt(1 + forestCount * overlap),
  );
  const kept = features.filter(({ isKept }) => isKept).map(({ name }) => name);
  const score = repeatedScore(runs.map((run) => run.score));
  if (kept.length === 0 || kept.length === features.length) return { features, score };
  const names = events.training.names.filter((name) => kept.includes(name));
  const keptScores = divisions.map((division, r) => scoreFeatures(division, names, forest, 1, seed + r).mean);
  return { features, score, keptScore: repeatedScore(keptScores) };
}

/** The events as they are, and divided anew at random. */
function divisionsOf(events: SelectionEvents, count: number, seed: number): SelectionEvents[] {
  const { task, training, held } = events;
  const all = togetherEvents(training, held);
  const share = held.targets.length / all.targets.length;
  return Array.from({ length: count }, (_, r) =>
    r === 0 ? events : splitFeatureEvents(task, all, share, new Stream(seed, "ranking division", r)),
  );
}

/** The events of both, which have the same features. */
function togetherEvents(first: FeatureEvents, second: FeatureEvents): FeatureEvents {
  const join = (a: Numbers, b: Numbers): Float64Array => {
    const all = new Float64Array(a.length + b.length);
    all.set(a);
    all.set(b, a.length);
    return all;
  };
  return {
    ...first,
    columns: first.columns.map((column, f) => join(column, second.columns[f]!)),
    targets: join(first.targets, second.targets),
    weights: first.weights && second.weights && join(first.weights, second.weights),
  };
}

/** How often a feature was kept. */
export interface BootstrappedFeature {
  readonly name: string;
  /** Of the repetitions. */
  readonly keptFraction: number;
  /** Mean and spread (standard deviation) over the repetitions. */
  readonly importance: number;
  readonly spread: number;
}

/**
 * Ranks features again and again on bootstrapped training and held events: what is important only by chance is
 * not kept often. The most often kept come first.
 */
export function rankOnBootstraps(
  events: SelectionEvents,
  {
    repetitions = 10,
    forestCount = 1,
    onProgress,
    ...options
  }: RankingOptions & { readonly repetitions?: number } = {},
): readonly BootstrappedFeature[] {
  const { forest = defaultSelectionForest, seed = 1337 } = options;
  const { names } = events.training;
  const kept = new Float64Array(names.length);
  const values = names.map(() => new Float64Array(repetitions));
  for (let r = 0; r < repetitions; r++) {
    const stream = new Stream(seed, "ranking bootstrap", r);
    const drawn = (count: number): Int32Array =>
      Int32Array.from({ length: count }, () => stream.integer(count));
    const replica: SelectionEvents = {
      ...events,
      training: withEvents(events.training, drawn(events.training.targets.length)),
      held: withEvents(events.held, drawn(events.held.targets.length)),
    };
    const runs = Array.from(
      { length: forestCount },
      (_, k) => importances(replica, forest, seed + 1000 * (r + 1) + k).importance,
    );
    for (const feature of ranked(names, runs, options)) {
      const place = names.indexOf(feature.name);
      if (feature.isKept) kept[place]! += 1;
      values[place]![r] = feature.importance;
    }
    onProgress?.((r + 1) / repetitions);
  }
  return names
    .map((name, f) => {
      const { mean, standardError } = repeatedScore(values[f]!);
      const spread = standardError * Math.sqrt(repetitions);
      return { name, keptFraction: kept[f]! / repetitions, importance: mean, spread };
    })
    .sort((a, b) => b.keptFraction - a.keptFraction || b.importance - a.importance);
}

/** One forest: the importance of every feature, and the score. */
function importances(
  { task, training, held }: SelectionEvents,
  forest: SelectionForest,
  seed: number,
): { readonly importance: Float64Array; readonly score: number } {
  const model = growSelectionForest(training, task, forest, seed);
  const score = (predictions: Float64Array): number =>
    selectionScore(task, predictions, held.targets, held.weights);
  const { importance } = permutationImportance(model, held.columns, score, { repeats: 1, seed });
  return { importance, score: score(model.predict(held.columns)) };
}

/** @param inflation of the standard errors, for runs on events that they share. */
function ranked(
  names: readonly string[],
  runs: readonly Float64Array[],
  { cut = 0, significance = 1 }: RankingOptions,
  inflation = 1,
): RankedFeature[] {
  return names
    .map((name, f): RankedFeature => {
      const { mean, standardError: apart } = repeatedScore(runs.map((run) => run[f]!));
      const standardError = inflation * apart;
      const margin = Number.isNaN(standardError) ? 0 : significance * standardError;
      return { name, importance: mean, standardError, isKept: mean - margin > cut };
    })
    .sort((a, b) => b.importance - a.importance);
}
