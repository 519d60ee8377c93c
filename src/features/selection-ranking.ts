/** Features in order of importance: by repeated forests, and by forests on bootstrapped events. */
import { type BootstrapOptions, Stream } from "../array/index.ts";
import { permutationImportance } from "../trees/index.ts";
import {
  defaultSelectionForest,
  growSelectionForest,
  type RepeatedScore,
  repeatedScore,
  type SelectionEvents,
  type SelectionForest,
  scoreFeatures,
  selectionScore,
  spreadOfMean,
  timesDrawn,
  withEvents,
} from "./selection-forest.ts";

/** How features are ranked. */
export interface RankingOptions {
  readonly forest?: SelectionForest;
  /** Forests of other seeds. Default 5. */
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
  /** Of that mean: from forest to forest, and what other held events would change; NaN for one forest. */
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
 * Ranks features by the permutation importance (Breiman 2001) in repeated forests, on events that the forests have not
 * seen; LUMIN shuffles the training events. A feature is kept if its importance is above the cut by
 * `significance` standard errors. These contain what the held events do by chance, which is the same in every forest
 * (from bootstrap replicas of them): from the spread of the forests alone, noise would often look significant. Forests
 * on the kept features are scored for comparison.
 */
export function rankFeatures(
  events: SelectionEvents,
  { onProgress, ...options }: RankingOptions = {},
): FeatureRanking {
  const { forest = defaultSelectionForest, forestCount = 5, seed = 1337 } = options;
  const runs = Array.from({ length: forestCount }, (_, r) => {
    const run = importances(events, forest, seed + r, { replicaCount: 20, seed });
    onProgress?.((r + 1) / forestCount);
    return run;
  });
  const features = ranked(
    events.training.names,
    runs.map((run) => run.importance),
    options,
    runs.map((run) => run.replicas),
  );
  const kept = features.filter(({ isKept }) => isKept).map(({ name }) => name);
  const score = repeatedScore(runs.map((run) => run.score));
  if (kept.length === 0 || kept.length === features.length) return { features, score };
  const names = events.training.names.filter((name) => kept.includes(name));
  return { features, score, keptScore: scoreFeatures(events, names, forest, forestCount, seed) };
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

/** One forest: the importance of every feature, also on replicas of the held events, and the score. */
function importances(
  { task, training, held }: SelectionEvents,
  forest: SelectionForest,
  seed: number,
  bootstrap?: BootstrapOptions,
): {
  readonly importance: Float64Array;
  readonly replicas: readonly Float64Array[];
  readonly score: number;
} {
  const model = growSelectionForest(training, task, forest, seed);
  const score = (predictions: Float64Array, counts?: Uint8Array): number =>
    selectionScore(task, predictions, held.targets, timesDrawn(held.weights, counts));
  const options = { repeats: 1, seed, ...(bootstrap && { bootstrap }) };
  const found = permutationImportance(model, held.columns, score, options);
  return { ...found, score: score(model.predict(held.columns)) };
}

/** @param replicas of each forest, of each feature: the importance on replicas of the events, the same for all forests. */
function ranked(
  names: readonly string[],
  runs: readonly Float64Array[],
  { cut = 0, significance = 1 }: RankingOptions,
  replicas: readonly (readonly Float64Array[])[] = [],
): RankedFeature[] {
  return names
    .map((name, f): RankedFeature => {
      const { mean, standardError: ofForests } = repeatedScore(runs.map((run) => run[f]!));
      const standardError = Math.hypot(ofForests, spreadOfMean(replicas.map((forest) => forest[f]!)));
      const margin = Number.isNaN(standardError) ? 0 : significance * standardError;
      return { name, importance: mean, standardError, isKept: mean - margin > cut };
    })
    .sort((a, b) => b.importance - a.importance);
}
