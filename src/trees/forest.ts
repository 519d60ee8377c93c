/** Random forests and extremely randomised trees. */
import { type Numbers, Stream } from "../array/index.ts";
import { DataError } from "../errors/index.ts";
import { type BinnedFeatures, binFeatures } from "./bins.ts";
import { ForestTreeGrower } from "./grow-forest-tree.ts";
import { nodeSumsOf } from "./impurity.ts";
import { LeafFinder, packTree } from "./leaf-finder.ts";
import {
  checkedOption,
  checkTrainingData,
  type TreeData,
  type TreeTrainingOptions,
  weightedEvents,
} from "./training-data.ts";
import type { Tree } from "./tree.ts";
import { TreeEnsemble } from "./tree-ensemble.ts";

/** Options of a forest; defaults of scikit-learn, names in full words. */
export interface ForestOptions extends TreeTrainingOptions {
  /** Default 100. */
  readonly trees?: number;
  /** `random`: best cuts of bootstrapped events (Breiman 2001). `extra`: random cuts of all events (Geurts 2006). */
  readonly kind?: "random" | "extra";
  /**
   * Features tried a split, with those that do not vary in the node: a number, a part of them, or `sqrt`. Default `sqrt`;
   * all for a regression.
   */
  readonly maxFeatures?: number | "sqrt" | { readonly part: number };
  /** Default: no limit. */
  readonly maxDepth?: number;
  /** Least Σ of weights of a leaf (for events without weights: their number). Default 1; scale it as the weights. */
  readonly minLeafWeight?: number;
  /** Draw the events of each tree with replacement. Default true for `random`, false for `extra`. */
  readonly bootstrap?: boolean;
  /** Also predict each training event by the trees that did not see it. Default false. */
  readonly outOfBag?: boolean;
}

/** A trained forest. */
export interface ForestResult {
  readonly model: TreeEnsemble;
  /** `[events, outputs]`, NaN where every tree saw the event or its weight is 0; with `outOfBag` only. */
  readonly outOfBag?: Float64Array;
}

/** What every tree of a forest is grown with; the same for all of them. */
export interface ForestPlan {
  readonly binned: BinnedFeatures;
  readonly targets: Numbers;
  readonly weights: Numbers | undefined;
  readonly usable: Int32Array;
  readonly task: TreeTrainingOptions["task"];
  readonly classCount: number;
  readonly treeCount: number;
  readonly maxFeatures: number;
  readonly maxDepth: number;
  readonly minLeafWeight: number;
  readonly randomCuts: boolean;
  readonly bootstrap: boolean;
  readonly seed: number;
}

/**
 * Trains a forest: trees grown until their leaves are pure, on bootstrapped events, with a few features tried at
 * each split; the prediction is the mean over the trees of the class shares (or means) in the leaves.
 *
 * The default of `minLeafWeight` is 1 without weights and otherwise 0. Negative weights enter with their sign; a leaf
 * needs a positive sum, and class sums below zero count as zero. With some negative weights the default of
 * `minLeafWeight` is three times the mean |w|, since leaves of single events could not cancel anything.
 *
 * @throws {DataError} for unusable events, {ConfigurationError} for options out of range.
 * @example
 * const { model } = trainForest({ columns: [[1, 2, 3, 4]], targets: [0, 0, 1, 1] }, { task: "binary", bootstrap: false });
 * Array.from(model.predict([[1, 4]]), Math.round) // [0, 1]
 */
export function trainForest(data: TreeData, options: ForestOptions): ForestResult {
  const plan = planForest(data, options);
  const numbers = Array.from({ length: plan.treeCount }, (_, i) => i);
  const trees = growForestTrees(plan, numbers);
  return finishForest(plan, data, options, trees);
}

/** Checks and bins the events. */
export function planForest(data: TreeData, options: ForestOptions): ForestPlan {
  const classCount = checkTrainingData("trainForest", data, options);
  const { columns, targets, weights } = data;
  const { task, kind = "random", seed = 1337, bootstrap = kind === "random", maxFeatures } = options;
  const usable = weightedEvents(data);
  let sum = 0;
  let size = 0;
  for (const event of usable) {
    sum += weights ? weights[event]! : 1;
    size += Math.abs(weights ? weights[event]! : 1);
  }
  if (!(sum > 0)) {
    throw new DataError(`trainForest: the weights sum to ${sum}. Trees need a positive sum of weights.`);
  }
  const hasNegative = size > sum * (1 + 1e-12);
  return {
    binned: binFeatures(columns, {
      weights,
      categorical: options.categorical ?? [],
      maxBins: checkedOption("maxBins", options.maxBins ?? 255, 2, 255, true),
    }),
    targets,
    weights,
    usable,
    task,
    classCount,
    treeCount: checkedOption("trees", options.trees ?? 100, 1, 1e6, true),
    maxFeatures: featuresPerSplit(
      maxFeatures ?? (task === "regression" ? columns.length : "sqrt"),
      columns.length,
    ),
    maxDepth: checkedOption("maxDepth", options.maxDepth ?? Infinity, 1, Infinity, true),
    minLeafWeight: checkedOption(
      "minLeafWeight",
      options.minLeafWeight ?? (hasNegative ? (3 * size) / usable.length : 0),
      0,
      Infinity,
    ),
    randomCuts: kind === "extra",
    bootstrap,
    seed,
  };
}

/** Grows the trees of the given numbers; each depends on the plan and its number alone. */
export function growForestTrees(plan: ForestPlan, numbers: readonly number[]): Tree[] {
  const { binned, task, classCount, targets, seed, treeCount } = plan;
  const grower = new ForestTreeGrower(binned, nodeSumsOf(task, classCount), plan);
  return numbers.map((number) =>
    grower.grow(treeWeights(plan, number), targets, new Stream(seed, "forest", number)).build(treeCount),
  );
}

/** The weight of each event in one tree: its own, times how often the bootstrap drew it. */
function treeWeights(plan: ForestPlan, number: number): Float64Array {
  const result = Float64Array.from(bagOf(plan, number));
  const { weights } = plan;
  if (weights) for (let i = 0; i < result.length; i++) result[i]! *= weights[i]!;
  return result;
}

/** How often each event of weight other than 0 is in one tree's sample. */
function bagOf({ usable, targets, bootstrap, seed }: ForestPlan, number: number): Uint16Array {
  const result = new Uint16Array(targets.length);
  if (bootstrap) {
    const stream = new Stream(seed, "bootstrap", number);
    for (let i = 0; i < usable.length; i++) result[usable[stream.integer(usable.length)]!]! += 1;
  } else {
    for (const event of usable) result[event] = 1;
  }
  return result;
}

/** The model of the trees, in their order. */
export function finishForest(
  plan: ForestPlan,
  data: TreeData,
  { featureNames, outOfBag }: ForestOptions,
  trees: readonly Tree[],
): ForestResult {
  const { outputs } = nodeSumsOf(plan.task, plan.classCount);
  const model = new TreeEnsemble({
    task: plan.task,
    featureCount: data.columns.length,
    featureNames,
    outputs,
    base: new Float64Array(outputs),
    link: "identity",
    trees,
    treeOutput: new Int32Array(trees.length).fill(-1),
  });
  return outOfBag ? { model, outOfBag: outOfBagPredictions(plan, data, trees, outputs) } : { model };
}

function outOfBagPredictions(
  plan: ForestPlan,
  { columns }: TreeData,
  trees: readonly Tree[],
  outputs: number,
): Float64Array {
  const { usable, targets, treeCount } = plan;
  const predictions = new Float64Array(targets.length * outputs);
  const counts = new Int32Array(targets.length);
  const nodeCount = trees.reduce((most, { feature }) => Math.max(most, feature.length), 0);
  const finder = new LeafFinder(columns.length, nodeCount, targets.length);
  const packed = trees.map(packTree);
  const unseen = trees.map((_, number) => unseenBits(bagOf(plan, number), usable));
  for (let start = 0; start < targets.length; start += finder.capacity) {
    const inBlock = Math.min(finder.capacity, targets.length - start);
    finder.setEvents(columns, start, inBlock);
    for (const [number, tree] of packed.entries()) {
      const leaves = finder.find(tree, inBlock);
      for (let i = 0; i < inBlock; i++) {
        const event = start + i;
        if (((unseen[number]![event >> 3]! >> (event & 7)) & 1) === 0) continue;
        counts[event]! += 1;
        for (let k = 0; k < outputs; k++) {
          predictions[event * outputs + k]! += treeCount * tree.tree.value[leaves[i]! * outputs + k]!;
        }
      }
    }
  }
  for (let i = 0; i < predictions.length; i++) {
    const count = counts[Math.floor(i / outputs)]!;
    predictions[i] = count > 0 ? predictions[i]! / count : Number.NaN;
  }
  return predictions;
}

/** A bit for each event, set for those that the tree could have seen but did not. */
function unseenBits(bag: Uint16Array, usable: Int32Array): Uint8Array {
  const bits = new Uint8Array(Math.ceil(bag.length / 8));
  for (const event of usable) if (bag[event] === 0) bits[event >> 3]! |= 1 << (event & 7);
  return bits;
}

function featuresPerSplit(wanted: number | "sqrt" | { readonly part: number }, count: number): number {
  if (wanted === "sqrt") return Math.max(1, Math.floor(Math.sqrt(count)));
  if (typeof wanted === "number")
    return checkedOption("maxFeatures", Math.min(wanted, count), 1, count, true);
  return Math.max(1, Math.round(checkedOption("maxFeatures.part", wanted.part, 0, 1) * count));
}
