/** Which features a tree model uses, and which it needs. */
import { type BootstrapOptions, type Numbers, poissonCounts, Stream } from "../array/index.ts";
import { DataError } from "../errors/index.ts";
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
  /** Standard error of that mean over the repetitions; NaN for a single one. */
  readonly standardError: Float64Array;
  /** The importance on each bootstrap replica of the events, one array a feature; NaN where a replica has no score. */
  readonly replicas: readonly Float64Array[];
}

/** How columns are shuffled, and events drawn. */
export interface PermutationOptions {
  /** Default 5. */
  readonly repeats?: number;
  readonly seed?: number;
  /** Replicas of the events. Default: none. */
  readonly bootstrap?: BootstrapOptions;
}

/**
 * Permutation importance (Breiman 2001) on events that the model was not trained on. Events keep their weights, only the
 * column's values change places. Repetitions shuffle the same events: what these show by chance is in each of them, and
 * only the spread of the replicas tells how much it is.
 *
 * @param score better the larger it is, for example the weighted AUC; `counts`, where given, says how often each event
 * was drawn, by which its weight is to be multiplied.
 */
export function permutationImportance(
  model: TreeEnsemble,
  columns: Columns,
  score: (predictions: Float64Array, counts?: Uint8Array) => number,
  { repeats = 5, seed = 1337, bootstrap }: PermutationOptions = {},
): PermutationImportance {
  const predictions = model.predict(columns);
  const best = score(predictions);
  const drawn = replicasOf(columns[0]?.length ?? 0, bootstrap).map((counts) => ({
    counts,
    best: scoreOf(score, predictions, counts),
  }));
  const importance = new Float64Array(columns.length);
  const standardError = new Float64Array(columns.length);
  const replicas = columns.map(() => new Float64Array(drawn.length));
  for (const [f, column] of columns.entries()) {
    const losses = Array.from({ length: repeats }, (_, repeat) => {
      const order = new Stream(seed, "permutation", f, repeat).permutation(column.length);
      const values: Numbers = Float64Array.from(order, (event) => column[event]!);
      const shuffled = model.predict(columns.map((other, g) => (g === f ? values : other)));
      for (const [r, { counts, best: whole }] of drawn.entries()) {
        replicas[f]![r]! += (whole - scoreOf(score, shuffled, counts)) / repeats;
      }
      return best - score(shuffled);
    });
    const mean = losses.reduce((sum, loss) => sum + loss, 0) / repeats;
    const squares = losses.reduce((sum, loss) => sum + (loss - mean) ** 2, 0);
    importance[f] = mean;
    standardError[f] = Math.sqrt(squares / (repeats - 1) / repeats);
  }
  return { importance, standardError, replicas };
}

function replicasOf(eventCount: number, bootstrap: BootstrapOptions | undefined): Uint8Array[] {
  if (bootstrap === undefined) return [];
  const { replicaCount = 100, seed = 0 } = bootstrap;
  return Array.from({ length: replicaCount }, (_, r) =>
    poissonCounts(eventCount, new Stream(seed, "bootstrap", r)),
  );
}

/** The score of a replica; NaN where it has none, because a class was not drawn. */
function scoreOf(
  score: (predictions: Float64Array, counts: Uint8Array) => number,
  predictions: Float64Array,
  counts: Uint8Array,
): number {
  try {
    return score(predictions, counts);
  } catch (error) {
    if (error instanceof DataError) return Number.NaN;
    throw error;
  }
}
