/** What a selection costs: forests with all features and with the selected ones, on the same events. */
import { measure } from "../metrics/index.ts";
import {
  defaultSelectionForest,
  growSelectionForest,
  type SelectionEvents,
  type SelectionForest,
  selectionScore,
  withFeatures,
} from "./selection-forest.ts";

/** Scores of two lists of features on the same events. */
export interface FeatureComparison {
  readonly all: number;
  readonly selected: number;
  /** all − selected: above 0 where the selection is worse. */
  readonly cost: number;
  /** Of the cost: bootstrap of the held events, paired. */
  readonly uncertainty: number;
}

/**
 * Scores the held events by the mean prediction of `forestCount` forests, grown with all features and with the
 * selected ones alone. Give held events that took no part in the selection.
 */
export function compareFeatures(
  events: SelectionEvents,
  selected: readonly string[],
  {
    forest = defaultSelectionForest,
    forestCount = 5,
    seed = 1337,
    replicaCount = 100,
  }: {
    readonly forest?: SelectionForest;
    readonly forestCount?: number;
    readonly seed?: number;
    readonly replicaCount?: number;
  } = {},
): FeatureComparison {
  const { task, training, held } = events;
  const [all, few] = [training.names, selected].map((names) => {
    const [own, others] = [withFeatures(training, names), withFeatures(held, names)];
    let sum: Float64Array | undefined;
    for (let r = 0; r < forestCount; r++) {
      const part = growSelectionForest(own, task, forest, seed + r).predict(others.columns);
      sum = sum ? sum.map((total, i) => total + part[i]!) : part;
    }
    return sum!.map((total) => total / forestCount);
  }) as [Float64Array, Float64Array];
  const score = (predictions: Float64Array, weights: Float64Array): number =>
    selectionScore(task, predictions, held.targets, weights);
  const { value, uncertainty } = measure(
    held.targets.length,
    (weights) => score(all, weights) - score(few, weights),
    held.weights,
    { replicaCount, seed },
  );
  const weights = Float64Array.from(held.weights ?? new Float64Array(held.targets.length).fill(1));
  return { all: score(all, weights), selected: score(few, weights), cost: value, uncertainty };
}
