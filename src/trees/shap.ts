/** Exact SHAP values of trees (path-dependent TreeSHAP). */
import { DataError } from "../errors/index.ts";
import { type Columns, goesLeftSpecially, type Tree } from "./tree.ts";
import { fillBlock, type TreeEnsemble } from "./tree-ensemble.ts";

/** How much each feature moves each event's score from the mean score. */
export interface ShapValues {
  /** `[events, features, outputs]`, in units of the scores: log-odds of boosted classifiers, shares of forests. */
  readonly values: Float64Array;
  /** Score expected over the training events, one an output; values and it add up to the score. */
  readonly expected: Float64Array;
}

/**
 * Shapley values of every event and feature, exact for the trees' own conditional expectation: a feature that is not
 * known is averaged over both children by their cover (Lundberg, Erion and Lee, arXiv 1802.03888, algorithm 2).
 * Σ over features + expected = score to rounding.
 */
export function shapValues(model: TreeEnsemble, columns: Columns): ShapValues {
  const { featureCount, outputs, trees, treeOutput, base } = model;
  if (columns.length !== featureCount) {
    throw new DataError(
      `shapValues: ${columns.length} columns came, but the model has ${featureCount} features.`,
    );
  }
  const eventCount = columns[0]?.length ?? 0;
  const rows = new Float64Array(eventCount * featureCount);
  fillBlock(columns, 0, eventCount, rows);
  const values = new Float64Array(eventCount * featureCount * outputs);
  const expected = base.slice();
  for (const [t, tree] of trees.entries()) {
    const output = treeOutput[t]!;
    const width = output < 0 ? outputs : 1;
    const first = Math.max(output, 0);
    const walk = new ShapWalk(tree, width, outputs, first);
    for (let k = 0; k < width; k++) expected[first + k]! += meanValue(tree, 0, width, k);
    for (let event = 0; event < eventCount; event++) {
      const start = event * featureCount;
      walk.run(rows, start, values, start * outputs);
    }
  }
  return { values, expected };
}

/** Share of a split's events that go to its left child; kept off 0 and 1, where a weight could not be undone. */
function leftShare(tree: Tree, node: number): number {
  const left = tree.cover[node + 1]!;
  const total = left + tree.cover[tree.right[node]!]!;
  return total > 0 ? Math.min(1 - 1e-9, Math.max(1e-9, left / total)) : 0.5;
}

function meanValue(tree: Tree, node: number, width: number, k: number): number {
  if (tree.feature[node]! < 0) return tree.value[node * width + k]!;
  const share = leftShare(tree, node);
  return (
    share * meanValue(tree, node + 1, width, k) + (1 - share) * meanValue(tree, tree.right[node]!, width, k)
  );
}

/** Walks all paths of a tree at once; `path` arrays hold one stretch for each level of the recursion. */
class ShapWalk {
  readonly #tree: Tree;
  readonly #width: number;
  readonly #stride: number;
  readonly #first: number;
  readonly #features: Int32Array;
  /** Shares of events and of the event at hand (0 or 1) that pass when the feature is not, or is, known. */
  readonly #zero: Float64Array;
  readonly #one: Float64Array;
  readonly #weight: Float64Array;
  #rows: Float64Array = new Float64Array(0);
  #start = 0;
  #values: Float64Array = new Float64Array(0);
  #offset = 0;

  constructor(tree: Tree, width: number, stride: number, first: number) {
    const depth = depthOf(tree, 0) + 2;
    const length = (depth * (depth + 1)) / 2 + depth;
    this.#tree = tree;
    this.#width = width;
    this.#stride = stride;
    this.#first = first;
    this.#features = new Int32Array(length);
    this.#zero = new Float64Array(length);
    this.#one = new Float64Array(length);
    this.#weight = new Float64Array(length);
  }

  run(rows: Float64Array, start: number, values: Float64Array, offset: number): void {
    this.#rows = rows;
    this.#start = start;
    this.#values = values;
    this.#offset = offset;
    this.#visit(0, 0, 0, 0, 1, 1, -1);
  }

  #visit(
    node: number,
    depth: number,
    from: number,
    at: number,
    parentZero: number,
    parentOne: number,
    parentFeature: number,
  ): void {
    for (let i = 0; i < depth; i++) {
      this.#features[at + i] = this.#features[from + i]!;
      this.#zero[at + i] = this.#zero[from + i]!;
      this.#one[at + i] = this.#one[from + i]!;
      this.#weight[at + i] = this.#weight[from + i]!;
    }
    this.#extend(at, depth, parentZero, parentOne, parentFeature);
    const tree = this.#tree;
    const feature = tree.feature[node]!;
    if (feature < 0) {
      this.#addLeaf(node, at, depth);
      return;
    }
    const x = this.#rows[this.#start + feature]!;
    const threshold = tree.threshold[node]!;
    const goesLeft = x <= threshold || (!(x > threshold) && goesLeftSpecially(tree, node, x));
    const share = leftShare(tree, node);
    const hot = goesLeft ? node + 1 : tree.right[node]!;
    const cold = goesLeft ? tree.right[node]! : node + 1;
    const hotShare = goesLeft ? share : 1 - share;
    let zero = 1;
    let one = 1;
    let last = depth;
    for (let i = 1; i <= depth; i++) {
      if (this.#features[at + i] !== feature) continue;
      zero = this.#zero[at + i]!;
      one = this.#one[at + i]!;
      this.#unwind(at, depth, i);
      last = depth - 1;
      break;
    }
    const next = at + last + 1;
    this.#visit(hot, last + 1, at, next, hotShare * zero, one, feature);
    this.#visit(cold, last + 1, at, next, (1 - hotShare) * zero, 0, feature);
  }

  #addLeaf(node: number, at: number, depth: number): void {
    for (let i = 1; i <= depth; i++) {
      const factor = this.#unwoundSum(at, depth, i) * (this.#one[at + i]! - this.#zero[at + i]!);
      const into = this.#offset + this.#features[at + i]! * this.#stride + this.#first;
      for (let k = 0; k < this.#width; k++) {
        this.#values[into + k]! += factor * this.#tree.value[node * this.#width + k]!;
      }
    }
  }

  #extend(at: number, depth: number, zero: number, one: number, feature: number): void {
    const weight = this.#weight;
    this.#features[at + depth] = feature;
    this.#zero[at + depth] = zero;
    this.#one[at + depth] = one;
    weight[at + depth] = depth === 0 ? 1 : 0;
    for (let i = depth - 1; i >= 0; i--) {
      weight[at + i + 1]! += (one * weight[at + i]! * (i + 1)) / (depth + 1);
      weight[at + i] = (zero * weight[at + i]! * (depth - i)) / (depth + 1);
    }
  }

  #unwind(at: number, depth: number, index: number): void {
    const weight = this.#weight;
    const one = this.#one[at + index]!;
    const zero = this.#zero[at + index]!;
    let next = weight[at + depth]!;
    for (let i = depth - 1; i >= 0; i--) {
      if (one !== 0) {
        const before = weight[at + i]!;
        weight[at + i] = (next * (depth + 1)) / ((i + 1) * one);
        next = before - (weight[at + i]! * zero * (depth - i)) / (depth + 1);
      } else {
        weight[at + i] = (weight[at + i]! * (depth + 1)) / (zero * (depth - i));
      }
    }
    for (let i = index; i < depth; i++) {
      this.#features[at + i] = this.#features[at + i + 1]!;
      this.#zero[at + i] = this.#zero[at + i + 1]!;
      this.#one[at + i] = this.#one[at + i + 1]!;
    }
  }

  #unwoundSum(at: number, depth: number, index: number): number {
    const one = this.#one[at + index]!;
    const zero = this.#zero[at + index]!;
    let next = this.#weight[at + depth]!;
    let total = 0;
    for (let i = depth - 1; i >= 0; i--) {
      if (one !== 0) {
        const part = (next * (depth + 1)) / ((i + 1) * one);
        total += part;
        next = this.#weight[at + i]! - (part * zero * (depth - i)) / (depth + 1);
      } else {
        total += (this.#weight[at + i]! * (depth + 1)) / (zero * (depth - i));
      }
    }
    return total;
  }
}

function depthOf(tree: Tree, node: number): number {
  if (tree.feature[node]! < 0) return 0;
  return 1 + Math.max(depthOf(tree, node + 1), depthOf(tree, tree.right[node]!));
}
