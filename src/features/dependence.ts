/** How well each feature can be predicted from the others. */
import { Stream } from "../array/index.ts";
import { permutationImportance } from "../trees/index.ts";
import {
  explainedShare,
  type FeatureEvents,
  growSelectionForest,
  type SelectionForest,
  splitFeatureEvents,
} from "./selection-forest.ts";

/** Predictability of features, and from which others. */
export interface MutualDependence {
  readonly names: readonly string[];
  /** R² of a forest that predicts the feature from all others, on events that it has not seen; NaN for a constant. */
  readonly dependence: readonly number[];
  /** `[feature][predictor]`: what that R² loses when the predictor's values are shuffled; 0 on the diagonal. */
  readonly predictors: readonly (readonly number[])[];
}

/** How dependence is measured. */
export interface MutualDependenceOptions {
  /** Default: 20 trees, 5 events a leaf, half of the features tried a split. */
  readonly forest?: SelectionForest;
  /** Events drawn at most, without replacement; a third of them are for the score. Default 4500. */
  readonly events?: number;
  readonly seed?: number;
  /** Called with the share that is done, from 0 to 1. */
  readonly onProgress?: ((share: number) => void) | undefined;
}

/**
 * Regresses every feature on the others, with weighted forests. Events that lack the feature are left out of its
 * regression. Of a categorical feature the classes are predicted, and R² is that of the class indicators (the Brier skill score).
 * The targets of the events are not used.
 */
export function mutualDependence(
  events: FeatureEvents,
  {
    forest = { trees: 20, minLeafEvents: 5, maxFeatures: { part: 0.5 } },
    events: limit = 4500,
    seed = 1337,
    onProgress,
  }: MutualDependenceOptions = {},
): MutualDependence {
  const { names, columns, categorical = [], weights } = events;
  const rows = new Stream(seed, "dependence").permutation(events.targets.length).subarray(0, limit);
  const results = names.map((name, f) => {
    onProgress?.(f / names.length);
    const own = columns[f]!;
    const present = rows.filter((row) => !Number.isNaN(own[row]!) && weights?.[row] !== 0);
    const others = names.map((_, g) => g).filter((g) => g !== f);
    const task = categorical.includes(name) ? "multiclass" : "regression";
    const pick = (values: ArrayLike<number>): Float64Array =>
      Float64Array.from(present, (row) => values[row]!);
    const values = pick(own);
    const predictors = new Array<number>(names.length).fill(0);
    if (others.length === 0 || values.length < 10 || values.every((value) => value === values[0])) {
      return { score: Number.NaN, predictors };
    }
    const { training, held } = splitFeatureEvents(
      "regression",
      {
        names: others.map((g) => names[g]!),
        columns: others.map((g) => pick(columns[g]!)),
        categorical: categorical.filter((other) => other !== name),
        targets: values,
        weights: weights && pick(weights),
      },
      1 / 3,
      new Stream(seed, "dependence", f),
    );
    const model = growSelectionForest(training, task, forest, seed + f);
    const score = (predictions: Float64Array): number =>
      explainedShare(predictions, held.targets, held.weights);
    const { importance } = permutationImportance(model, held.columns, score, { repeats: 1, seed });
    for (const [place, g] of others.entries()) predictors[g] = importance[place]!;
    return { score: score(model.predict(held.columns)), predictors };
  });
  onProgress?.(1);
  return {
    names,
    dependence: results.map(({ score }) => score),
    predictors: results.map(({ predictors }) => predictors),
  };
}
