/** `TreeEnsemble`: a forest or boosted trees that predict. */
import { DataError } from "../errors/index.ts";
import { LeafFinder, type PackedTree, packTree } from "./leaf-finder.ts";
import { sigmoid, softmaxInPlace, type TreeTask } from "./objective.ts";
import type { Columns, Tree } from "./tree.ts";

/** What turns scores into predictions. */
export type Link = "identity" | "logistic" | "softmax";

/** What makes a tree model. */
export interface TreeEnsembleParts {
  readonly task: TreeTask;
  readonly featureCount: number;
  readonly featureNames?: readonly string[] | undefined;
  /** Numbers of a prediction: 1, or the number of classes. */
  readonly outputs: number;
  /** Score before the first tree, one an output. */
  readonly base: Float64Array;
  readonly link: Link;
  readonly trees: readonly Tree[];
  /** Output that a tree adds to; −1: its leaves hold all outputs. */
  readonly treeOutput: Int32Array;
}

/**
 * Trees whose leaf values add up to scores; forest or boosting, trained here or imported.
 *
 * Predictions are link(base + Σ trees): the probability of class 1, those of all classes, or the number.
 */
export class TreeEnsemble implements TreeEnsembleParts {
  readonly task: TreeTask;
  readonly featureCount: number;
  readonly featureNames: readonly string[] | undefined;
  readonly outputs: number;
  readonly base: Float64Array;
  readonly link: Link;
  readonly trees: readonly Tree[];
  readonly treeOutput: Int32Array;
  #packed: readonly PackedTree[] | undefined;

  constructor(parts: TreeEnsembleParts) {
    this.task = parts.task;
    this.featureCount = parts.featureCount;
    this.featureNames = parts.featureNames;
    this.outputs = parts.outputs;
    this.base = parts.base;
    this.link = parts.link;
    this.trees = parts.trees;
    this.treeOutput = parts.treeOutput;
  }

  /** Predictions `[events, outputs]`. */
  predict(columns: Columns): Float64Array {
    const scores = this.scores(columns);
    applyLink(this.link, scores, this.outputs);
    return scores;
  }

  /** Scores `[events, outputs]` before the link: log-odds of boosted classifiers. */
  scores(columns: Columns): Float64Array {
    const { featureCount, outputs, base } = this;
    if (columns.length !== featureCount) {
      throw new DataError(
        `TreeEnsemble.predict: ${columns.length} columns came, but the model was trained on ${featureCount}.`,
      );
    }
    const eventCount = columns[0]?.length ?? 0;
    const scores = new Float64Array(eventCount * outputs);
    for (let i = 0; i < scores.length; i++) scores[i] = base[i % outputs]!;
    this.#packed ??= this.trees.map(packTree);
    addTrees(this.#packed, columns, scores, outputs, this.treeOutput);
    return scores;
  }
}

/** Predictions from scores, in place. */
export function applyLink(link: Link, scores: Float64Array, outputs: number): void {
  if (link === "logistic") for (let i = 0; i < scores.length; i++) scores[i] = sigmoid(scores[i]!);
  if (link === "softmax") for (let i = 0; i < scores.length; i += outputs) softmaxInPlace(scores, i, outputs);
}

/** The link of boosted trees of a task. */
export function linkOf(task: TreeTask): Link {
  return task === "binary" ? "logistic" : task === "multiclass" ? "softmax" : "identity";
}

/**
 * Adds the trees' values to `scores[events, stride]`, those of tree t at the output `treeOutput[t]`, or all of them where
 * that is −1.
 */
export function addTrees(
  trees: readonly PackedTree[],
  columns: Columns,
  scores: Float64Array,
  stride: number,
  treeOutput: ArrayLike<number>,
): void {
  const eventCount = columns[0]?.length ?? 0;
  const nodeCount = trees.reduce((most, { tree }) => Math.max(most, tree.feature.length), 0);
  if (eventCount === 0 || nodeCount === 0) return;
  const finder = new LeafFinder(columns.length, nodeCount, eventCount);
  for (let start = 0; start < eventCount; start += finder.capacity) {
    const count = Math.min(finder.capacity, eventCount - start);
    finder.setEvents(columns, start, count);
    for (const [t, packed] of trees.entries()) {
      const leaves = finder.find(packed, count);
      const { value } = packed.tree;
      const output = treeOutput[t]!;
      if (output >= 0) {
        for (let i = 0; i < count; i++) scores[(start + i) * stride + output]! += value[leaves[i]!]!;
      } else if (stride === 1) {
        for (let i = 0; i < count; i++) scores[start + i]! += value[leaves[i]!]!;
      } else {
        for (let i = 0; i < count; i++) {
          for (let k = 0; k < stride; k++)
            scores[(start + i) * stride + k]! += value[leaves[i]! * stride + k]!;
        }
      }
    }
  }
}

/** Rows `[count, features]` of the columns. */
export function fillBlock(columns: Columns, start: number, count: number, block: Float64Array): void {
  const width = columns.length;
  for (let f = 0; f < width; f++) {
    const column = columns[f]!;
    for (let i = 0; i < count; i++) block[i * width + f] = column[start + i]!;
  }
}
