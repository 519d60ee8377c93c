/** `TreeEnsemble`: a forest or boosted trees that predict. */
import { DataError } from "../errors/index.ts";
import { sigmoid, softmaxInPlace, type TreeTask } from "./objective.ts";
import { type Columns, leafOf, type PackedTree, packTree, type Tree } from "./tree.ts";

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

/** Events that walk through one tree after the other, while their features stay near the processor. */
const blockSize = 256;

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
    const block = new Float64Array(blockSize * featureCount);
    for (let start = 0; start < eventCount; start += blockSize) {
      const count = Math.min(blockSize, eventCount - start);
      fillBlock(columns, start, count, block);
      for (const [t, tree] of this.#packed.entries()) {
        addToBlock(tree, block, featureCount, count, scores, start, outputs, this.treeOutput[t]!);
      }
    }
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

/** Adds a tree's values to `scores[events × stride]`. */
export function addTree(
  tree: Tree,
  columns: Columns,
  scores: Float64Array,
  stride: number,
  output: number,
): void {
  const eventCount = columns[0]!.length;
  const packed = packTree(tree);
  const block = new Float64Array(blockSize * columns.length);
  for (let start = 0; start < eventCount; start += blockSize) {
    const count = Math.min(blockSize, eventCount - start);
    fillBlock(columns, start, count, block);
    addToBlock(packed, block, columns.length, count, scores, start, stride, output);
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

function addToBlock(
  packed: PackedTree,
  block: Float64Array,
  width: number,
  count: number,
  scores: Float64Array,
  start: number,
  stride: number,
  output: number,
): void {
  const { value } = packed.tree;
  for (let i = 0; i < count; i++) {
    const leaf = leafOf(packed, block, i * width);
    if (output >= 0) scores[(start + i) * stride + output]! += value[leaf]!;
    else for (let k = 0; k < stride; k++) scores[(start + i) * stride + k]! += value[leaf * stride + k]!;
  }
}
