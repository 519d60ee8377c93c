/** The losses that boosting minimises: first and second derivatives, first score, mean loss. */
import { CompensatedSum, type Numbers } from "../array/index.ts";
import { DataError } from "../errors/index.ts";

/** What is learnt: class 0 or 1, one of several classes, a number. */
export type TreeTask = "binary" | "multiclass" | "regression";

/** A loss of scores `[events, outputs]`. */
export interface Objective {
  readonly outputs: number;
  /** Score of every event before the first tree, one an output. */
  readonly base: Float64Array;
  /** w · ∂loss/∂score and w · ∂²loss/∂score² of one output, at 2 i and 2 i + 1 for event i. */
  derivatives(scores: Float64Array, output: number, pairs: Float64Array): void;
  /** Σ w · loss / Σ w of other events. */
  loss(scores: Float64Array, targets: Numbers, weights?: Numbers): number;
}

/** Curvature of a class probability is never taken below this. */
const leastCurvature = 1e-16;

/**
 * The objective of a task: cross-entropy of the logistic or softmax function, or half the squared error. The softmax
 * takes 2 p (1 − p) for the curvature, as XGBoost does: its K scores have one degree of freedom too many.
 */
export function objectiveOf(
  task: TreeTask,
  targets: Numbers,
  weights: Numbers | undefined,
  classCount: number,
): Objective {
  switch (task) {
    case "binary":
      return logistic(targets, weights);
    case "multiclass":
      return softmaxObjective(targets, weights, classCount);
    case "regression":
      return squared(targets, weights);
  }
}

/** 1 / (1 + e^−x). */
export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** Softmax of `count` scores from `start` on, in place. */
export function softmaxInPlace(scores: Float64Array, start: number, count: number): void {
  let highest = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < count; k++) highest = Math.max(highest, scores[start + k]!);
  let total = 0;
  for (let k = 0; k < count; k++) total += scores[start + k] = Math.exp(scores[start + k]! - highest);
  for (let k = 0; k < count; k++) scores[start + k]! /= total;
}

function logistic(targets: Numbers, weights: Numbers | undefined): Objective {
  const mean = Math.min(1 - 1e-6, Math.max(1e-6, weightedMean("trees", targets, weights)));
  return {
    outputs: 1,
    base: Float64Array.of(Math.log(mean / (1 - mean))),
    derivatives: (scores, _, pairs) => {
      for (let i = 0; i < targets.length; i++) {
        const p = 1 / (1 + Math.exp(-scores[i]!));
        const w = weights ? weights[i]! : 1;
        pairs[2 * i] = w * (p - targets[i]!);
        pairs[2 * i + 1] = w * Math.max(p * (1 - p), leastCurvature);
      }
    },
    loss: (scores, y, w) => {
      let top = 0;
      let bottom = 0;
      for (let i = 0; i < y.length; i++) {
        const weight = w ? w[i]! : 1;
        // log(1 + e^±s), without overflow.
        const s = y[i]! > 0.5 ? -scores[i]! : scores[i]!;
        if (weight === 0) continue;
        top += weight * (Math.max(s, 0) + Math.log(1 + Math.exp(-Math.abs(s))));
        bottom += weight;
      }
      return bottom > 0 ? top / bottom : Number.NaN;
    },
  };
}

function softmaxObjective(targets: Numbers, weights: Numbers | undefined, classCount: number): Objective {
  const base = Float64Array.from({ length: classCount }, (_, k) => {
    const share = weightedMean(
      "trees",
      Array.from(targets, (y) => Number(y === k)),
      weights,
    );
    return Math.log(Math.max(1e-6, share));
  });
  const row = new Float64Array(classCount);
  return {
    outputs: classCount,
    base,
    derivatives: (scores, output, pairs) => {
      for (let i = 0; i < targets.length; i++) {
        for (let k = 0; k < classCount; k++) row[k] = scores[i * classCount + k]!;
        softmaxInPlace(row, 0, classCount);
        const p = row[output]!;
        const w = weights ? weights[i]! : 1;
        pairs[2 * i] = w * (p - (targets[i] === output ? 1 : 0));
        pairs[2 * i + 1] = w * Math.max(2 * p * (1 - p), leastCurvature);
      }
    },
    loss: (scores, y, w) =>
      meanOf(y, w, (i) => {
        let highest = Number.NEGATIVE_INFINITY;
        for (let k = 0; k < classCount; k++) highest = Math.max(highest, scores[i * classCount + k]!);
        let total = 0;
        for (let k = 0; k < classCount; k++) total += Math.exp(scores[i * classCount + k]! - highest);
        return highest + Math.log(total) - scores[i * classCount + y[i]!]!;
      }),
  };
}

function squared(targets: Numbers, weights: Numbers | undefined): Objective {
  return {
    outputs: 1,
    base: Float64Array.of(weightedMean("trees", targets, weights)),
    derivatives: (scores, _, pairs) => {
      for (let i = 0; i < targets.length; i++) {
        const w = weights ? weights[i]! : 1;
        pairs[2 * i] = w * (scores[i]! - targets[i]!);
        pairs[2 * i + 1] = w;
      }
    },
    loss: (scores, y, w) => meanOf(y, w, (i) => (scores[i]! - y[i]!) ** 2),
  };
}

/** Σ w y / Σ w. */
function weightedMean(where: string, values: Numbers, weights: Numbers | undefined): number {
  const mean = meanOf(values, weights, (i) => values[i]!);
  if (Number.isFinite(mean)) return mean;
  throw new DataError(
    `${where}: the weights of the training events sum to a number that is not positive, or a target is missing. Trees need a positive sum of weights.`,
  );
}

function meanOf(like: Numbers, weights: Numbers | undefined, of: (i: number) => number): number {
  const top = new CompensatedSum();
  const bottom = new CompensatedSum();
  for (let i = 0; i < like.length; i++) {
    const w = weights ? weights[i]! : 1;
    if (w === 0) continue;
    top.add(w * of(i));
    bottom.add(w);
  }
  return bottom.value > 0 ? top.value / bottom.value : Number.NaN;
}
