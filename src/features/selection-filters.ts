/** Filters that take away features which say the same as others. */
import { rankCorrelation } from "./correlation.ts";
import { type CorrelationClusters, correlationClusters } from "./correlation-clusters.ts";
import { type MutualDependence, type MutualDependenceOptions, mutualDependence } from "./dependence.ts";
import { type SelectionEvents, withFeatures } from "./selection-forest.ts";
import { type GuardedRemoval, type RemovalOptions, removeGuarded } from "./selection-removal.ts";

/** Options of both filters. */
export interface FilterOptions extends RemovalOptions {
  /** |ρ|, or R², from which on a feature is a candidate. Default 0.8. */
  readonly threshold?: number;
  /** The score that must not be lost, where it is higher than that of the features given. */
  readonly reference?: number;
  /** Features in order of importance, the most important first: the least important are tried first. */
  readonly ranking?: readonly string[];
  /** Called with the share that is done, from 0 to 1. */
  readonly onProgress?: ((share: number) => void) | undefined;
}

/** Correlations, clusters and removals. */
export interface CorrelationFilter extends GuardedRemoval {
  readonly names: readonly string[];
  /** `[features, features]`. */
  readonly correlation: Float64Array;
  readonly clusters: CorrelationClusters;
}

/**
 * Finds clusters of features that are nearly monotone functions of each other (`correlationClusters` of the training events), and
 * leaves out all but one of each as far as the score allows.
 */
export function filterByCorrelation(
  events: SelectionEvents,
  names: readonly string[] = events.training.names,
  { threshold = 0.8, ranking = names, ...options }: FilterOptions = {},
): CorrelationFilter {
  const { columns, weights } = withFeatures(events.training, names);
  const correlation = rankCorrelation(columns, weights);
  const clusters = correlationClusters(correlation, names.length, threshold);
  const groups = clusters.clusters.map(({ features }) => features.map((f) => names[f]!));
  const removal = removeGuarded(events, names, leastFirst(groups.flat(), ranking), {
    ...options,
    // One of each cluster stays.
    isCandidate: (name, { kept }) =>
      groups.some((group) => group.includes(name) && group.filter((one) => kept.includes(one)).length > 1),
  });
  return { ...removal, names, correlation, clusters };
}

/** Dependences and removals. */
export interface DependenceFilter extends GuardedRemoval {
  /** Of the features given, before anything was removed. */
  readonly dependence: MutualDependence;
}

/**
 * Finds features that a forest can predict from the others with R² ≥ threshold, and leaves them out as far as the
 * score allows. A feature on which an already removed one leans (its shuffling costs R² 0.05 or more) stays. Repeated with what
 * is left until nothing goes.
 */
export function filterByDependence(
  events: SelectionEvents,
  names: readonly string[] = events.training.names,
  {
    threshold = 0.8,
    ranking = names,
    dependence: measuring = {},
    onProgress,
    ...options
  }: FilterOptions & { readonly dependence?: MutualDependenceOptions } = {},
): DependenceFilter {
  const leastPredictor = 0.05;
  const trials: GuardedRemoval["trials"][number][] = [];
  let first: MutualDependence | undefined;
  let score: GuardedRemoval["score"] | undefined;
  let reference = options.reference;
  let kept = names;
  for (;;) {
    const found = mutualDependence(withFeatures(events.training, kept), { ...measuring, onProgress });
    first ??= found;
    const place = (name: string): number => found.names.indexOf(name);
    const predictable = found.names.filter((_, f) => found.dependence[f]! >= threshold);
    const tried = trials.map(({ name }) => name);
    const candidates = leastFirst(
      predictable.filter((name) => !tried.includes(name)),
      ranking,
    );
    const removal = removeGuarded(events, kept, candidates, {
      ...options,
      ...(reference === undefined ? {} : { reference }),
      isCandidate: (name, { removed }) =>
        !removed.some((gone) => found.predictors[place(gone)]![place(name)]! >= leastPredictor),
    });
    score ??= removal.score;
    reference = Math.max(reference ?? removal.score.mean, removal.score.mean);
    trials.push(...removal.trials);
    const isDone = removal.kept.length === kept.length;
    kept = removal.kept;
    if (isDone || kept.length < 2) return { kept, score, trials, dependence: first };
  }
}

function leastFirst(names: readonly string[], ranking: readonly string[]): string[] {
  const rank = (name: string): number => {
    const place = ranking.indexOf(name);
    return place < 0 ? ranking.length : place;
  };
  return [...names].sort((a, b) => rank(b) - rank(a));
}
