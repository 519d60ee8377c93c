/** Which features a tree model uses, and which it needs. */
import { type Numbers, Stream } from "../array/index.ts";
import type { Columns } from "./tree.ts";
import type { TreeEnsemble } from "./tree-ensemble.ts";

/** Part of all gain that each feature's splits bring (they sum to 1; all 0 without splits), and their number. */
export function gainImportance(model: TreeEnsemble): {
  readonly gain: Float64Array;
  readonly splits: Int32Array;
} {
  const gain = new Float64Array(model.featureCount);
  const splits = new Int32Array(model.featureCount);
  let total = 0;
  for (const tree of model.trees) {
    for (let node = 0; node < tree.feature.length; node++) {
      const feature = tree.feature[node]!;
      if (feature < 0) continue;
      gain[feature]! += tree.gain[node]!;
      splits[feature]! += 1;
      total += tree.gain[node]!;
    }
  }
  if (total > 0) for (let f = 0; f < gain.length; f++) gain[f]! /= total;
  return { gain, splits };
}

/** How much worse a score gets when a column is shuffled. */
export interface PermutationImportance {
  /** Mean over the repetitions of score − score with the column shuffled, one a feature. */
  readonly importance: Float64Array;
  /** Standard error of that mean; NaN for a single repetition. */
  readonly standardError: Float64Array;
}

/**
 * Permutation importance (Breiman 2001) on events that the model was not trained on. `score` is better the larger it
 * is, for example the weighted AUC. Events keep their weights, only the column's values change places.
 */
export function permutationImportance(
  model: TreeEnsemble,
  columns: Columns,
  score: (predictions: Float64Array) => number,
  { repeats = 5, seed = 1337 }: { readonly repeats?: number; readonly seed?: number } = {},
): PermutationImportance {
  const best = score(model.predict(columns));
  const importance = new Float64Array(columns.length);
  const standardError = new Float64Array(columns.length);
  for (const [f, column] of columns.entries()) {
    const losses = Array.from({ length: repeats }, (_, repeat) => {
      const order = new Stream(seed, "permutation", f, repeat).permutation(column.length);
      const shuffled: Numbers = Float64Array.from(order, (event) => column[event]!);
      return best - score(model.predict(columns.map((other, g) => (g === f ? shuffled : other))));
    });
    const mean = losses.reduce((sum, loss) => sum + loss, 0) / repeats;
    const squares = losses.reduce((sum, loss) => sum + (loss - mean) ** 2, 0);
    importance[f] = mean;
    standardError[f] = Math.sqrt(squares / (repeats - 1) / repeats);
  }
  return { importance, standardError };
}
