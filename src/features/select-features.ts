/** `selectFeatures`: from all features to few, in one go. */
import { Stream } from "../array/index.ts";
import { ConfigurationError } from "../errors/index.ts";
import type { TreeTask } from "../trees/index.ts";
import { rankCorrelation } from "./correlation.ts";
import { type CorrelationClusters, correlationClusters } from "./correlation-clusters.ts";
import type { MutualDependence } from "./dependence.ts";
import { filterByCorrelation, filterByDependence } from "./selection-filters.ts";
import {
  defaultSelectionForest,
  type FeatureEvents,
  type RepeatedScore,
  type SelectionForest,
  scoreFeatures,
  splitFeatureEvents,
} from "./selection-forest.ts";
import {
  type BootstrappedFeature,
  type FeatureRanking,
  rankFeatures,
  rankOnBootstraps,
} from "./selection-ranking.ts";
import type { RemovalTrial } from "./selection-removal.ts";
import { scanForest } from "./selection-scan.ts";

/** How features are selected. */
export interface SelectFeaturesOptions {
  readonly task: TreeTask;
  /** Features that stay at most. Default: no limit. */
  readonly maximum?: number;
  /** How much score the selection may cost on the held events, in each filter and in the ranking. Default 0.001. */
  readonly maximumLoss?: number;
  /** Trees a forest. Default 40. */
  readonly trees?: number;
  /** Forests of the ranking; three fifths of them in every score of a guarded removal. Default 5. */
  readonly forestCount?: number;
  /** Rankings on bootstrapped events. Default 10. */
  readonly bootstraps?: number;
  /** Part of the bootstraps that must keep a feature. Default 0.8. */
  readonly minimumFraction?: number;
  /** |ρ| of clusters. Default 0.8. */
  readonly correlationThreshold?: number;
  /** R² of predictable features. Default 0.8. */
  readonly dependenceThreshold?: number;
  /** Part of the events that scores forests. Default 0.3. */
  readonly heldShare?: number;
  readonly seed?: number;
  /** Called before each step, and with the part of it that is done. */
  onProgress?(step: SelectionStep, share: number): void;
}

/** The steps, in their order. */
export type SelectionStep = "forest" | "ranking" | "bootstraps" | "choice" | "correlation" | "dependence";

/** What was selected, and why. */
export interface FeatureSelection {
  readonly selected: readonly string[];
  /** What was taken away at which step, in order. */
  readonly removed: readonly { readonly name: string; readonly step: SelectionStep }[];
  readonly forest: SelectionForest;
  readonly ranking: FeatureRanking;
  readonly bootstraps: readonly BootstrappedFeature[];
  /** Of all features: |ρ| and clusters. */
  readonly correlation: {
    readonly names: readonly string[];
    /** `[features, features]`. */
    readonly matrix: Float64Array;
    readonly clusters: CorrelationClusters;
    readonly trials: readonly RemovalTrial[];
  };
  /** Of the features that were left then. */
  readonly dependence: MutualDependence & { readonly trials: readonly RemovalTrial[] };
  /** On the held events of the selection: with all features, and with the selected ones. */
  readonly scores: { readonly all: RepeatedScore; readonly selected: RepeatedScore };
}

/**
 * Selects features: optimises a forest quickly, ranks by repeated forests and on bootstraps, keeps what is important
 * in most bootstraps, and takes away what repeats others (monotone correlation, mutual dependence) unless retrained forests score
 * worse. The score is that of `selectionScore`. The same seed gives the same selection.
 *
 * The scores in the result have chosen the features: judge the selection on other events.
 *
 * @throws {ConfigurationError} for fewer than two features.
 */
export function selectFeatures(events: FeatureEvents, options: SelectFeaturesOptions): FeatureSelection {
  const {
    task,
    maximum = Number.POSITIVE_INFINITY,
    maximumLoss = 0.001,
    seed = 1337,
    heldShare = 0.3,
  } = options;
  const { trees = defaultSelectionForest.trees, forestCount = 5, minimumFraction = 0.8 } = options;
  if (events.names.length < 2) {
    throw new ConfigurationError(
      `selectFeatures: at least two features are needed, but there are ${events.names.length}.`,
    );
  }
  const progress = (step: SelectionStep) => (share: number) => options.onProgress?.(step, share);
  const begin = (step: SelectionStep): { readonly onProgress: (share: number) => void } => {
    options.onProgress?.(step, 0);
    return { onProgress: progress(step) };
  };
  const split = splitFeatureEvents(task, events, heldShare, new Stream(seed, "feature selection"));
  const { forest } = scanForest(split, { trees, seed, ...begin("forest") });
  const ranking = rankFeatures(split, { forest, forestCount, seed, ...begin("ranking") });
  const order = ranking.features.map(({ name }) => name);
  const bootstraps = rankOnBootstraps(split, {
    forest,
    repetitions: options.bootstraps ?? 10,
    seed,
    ...begin("bootstraps"),
  });
  const retraining = { forest, forestCount: Math.max(1, Math.round(0.6 * forestCount)), seed, maximumLoss };
  const score = (names: readonly string[]): RepeatedScore =>
    scoreFeatures(split, names, forest, retraining.forestCount, seed);

  const { onProgress: choosing } = begin("choice");
  const all = score(events.names);
  const chosen = choose(bootstraps, order, minimumFraction, maximum);
  // What the choice lost by too few bootstraps comes back, the most important first.
  const others = order.filter((name) => !chosen.includes(name));
  while (others.length > 0 && chosen.length < maximum && score(chosen).mean < all.mean - maximumLoss) {
    chosen.push(others.shift()!);
    choosing(chosen.length / order.length);
  }
  const afterChoice = events.names.filter((name) => chosen.includes(name));

  const filtering = { ...retraining, ranking: order, reference: all.mean };
  const byCorrelation = filterByCorrelation(split, afterChoice, {
    ...filtering,
    threshold: options.correlationThreshold ?? 0.8,
    ...begin("correlation"),
  });
  const byDependence = filterByDependence(split, byCorrelation.kept, {
    ...filtering,
    threshold: options.dependenceThreshold ?? 0.8,
    dependence: { seed },
    ...begin("dependence"),
  });
  const matrix = rankCorrelation(split.training.columns, split.training.weights);
  const gone = (names: readonly string[], left: readonly string[], step: SelectionStep) =>
    names.filter((name) => !left.includes(name)).map((name) => ({ name, step }));
  return {
    selected: byDependence.kept,
    removed: [
      ...gone(events.names, afterChoice, "choice"),
      ...gone(afterChoice, byCorrelation.kept, "correlation"),
      ...gone(byCorrelation.kept, byDependence.kept, "dependence"),
    ],
    forest,
    ranking,
    bootstraps,
    correlation: {
      names: events.names,
      matrix,
      clusters: correlationClusters(matrix, events.names.length, options.correlationThreshold),
      trials: byCorrelation.trials,
    },
    dependence: { ...byDependence.dependence, trials: byDependence.trials },
    scores: { all, selected: score(byDependence.kept) },
  };
}

/** The features that enough bootstraps kept, at most so many; at least the most important one. */
function choose(
  bootstraps: readonly BootstrappedFeature[],
  order: readonly string[],
  minimumFraction: number,
  maximum: number,
): string[] {
  const often = bootstraps
    .filter(({ keptFraction }) => keptFraction >= minimumFraction)
    .map(({ name }) => name);
  const chosen = order.filter((name) => often.includes(name)).slice(0, maximum);
  return chosen.length > 0 ? chosen : order.slice(0, 1);
}
