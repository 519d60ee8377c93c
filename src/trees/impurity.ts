/** Sums of a forest's nodes and what a node is worth: weighted Gini impurity, or squared error. */
import type { TreeTask } from "./objective.ts";

/**
 * How events are summed: Σ w of each class, or Σ w y and Σ w.
 *
 * The worth of a node is Σ_k c_k² / Σ_k c_k, or (Σ w y)² / Σ w; the sum over both children less the parent's is the
 * decrease of weighted Gini impurity, or of the squared error. Class sums below zero, which negative weights can
 * give, count as zero: a node is never worth more than its weight.
 */
export interface NodeSums {
  /** Numbers of a node: of classes, or 2. */
  readonly stride: number;
  /** Values of a leaf. */
  readonly outputs: number;
  readonly isRegression: boolean;
}

/** The sums of a task. */
export function nodeSumsOf(task: TreeTask, classCount: number): NodeSums {
  if (task === "regression") return { stride: 2, outputs: 1, isRegression: true };
  return { stride: classCount, outputs: task === "binary" ? 1 : classCount, isRegression: false };
}

/** Σ of weights. */
export function weightOf({ stride, isRegression }: NodeSums, sums: Float64Array, at: number): number {
  if (isRegression) return sums[at + 1]!;
  let total = 0;
  for (let k = 0; k < stride; k++) total += sums[at + k]!;
  return total;
}

/** The worth of a node. */
export function worthOf({ stride, isRegression }: NodeSums, sums: Float64Array, at: number): number {
  if (isRegression) return (sums[at]! * sums[at]!) / sums[at + 1]!;
  let squares = 0;
  let total = 0;
  for (let k = 0; k < stride; k++) {
    const positive = Math.max(sums[at + k]!, 0);
    squares += positive * positive;
    total += positive;
  }
  return total > 0 ? squares / total : 0;
}

/** Whether no split can gain: all weight in one class. */
export function isPure({ stride, isRegression }: NodeSums, sums: Float64Array): boolean {
  if (isRegression) return false;
  let classes = 0;
  for (let k = 0; k < stride; k++) if (sums[k]! > 0) classes += 1;
  return classes <= 1;
}

/** Output k of a leaf: the class's share, or the mean. */
export function leafValue(node: NodeSums, sums: Float64Array, output: number): number {
  if (node.isRegression) return sums[1]! > 0 ? sums[0]! / sums[1]! : 0;
  let total = 0;
  for (let k = 0; k < node.stride; k++) total += Math.max(sums[k]!, 0);
  const own = Math.max(sums[node.outputs === 1 ? 1 : output]!, 0);
  return total > 0 ? own / total : 1 / node.stride;
}
