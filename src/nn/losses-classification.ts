/** Losses of classifiers: cross-entropies and the focal loss. */
import {
  add,
  exp,
  less,
  log,
  logSoftmax,
  maximum,
  mul,
  neg,
  oneHot,
  softplus,
  sub,
  sum,
  type Tensor,
  where,
} from "../tensor/index.ts";
import { type Loss, weightedMean } from "./loss.ts";

/** Binary cross-entropy from logits z: w·(log(1 + eᶻ) − y·z); its slope in z is w·(σ(z) − y), never lost to rounding. */
export const binaryCrossEntropy: Loss = {
  name: "binaryCrossEntropy",
  takes: "logits",
  of: (z, y, w) => weightedMean(sub(softplus(z), mul(y, z)), w),
};

/**
 * Binary cross-entropy from probabilities p: −w·(y·log p + (1 − y)·log(1 − p)), logarithms not below −100 as in
 * torch's `BCELoss`. The slope is 0 where a logarithm is cut; `binaryCrossEntropy` keeps it and is to be preferred
 * where logits are at hand.
 */
export const binaryCrossEntropyOfProbabilities: Loss = {
  name: "binaryCrossEntropyOfProbabilities",
  takes: "prediction",
  of: (p, y, w) => weightedMean(neg(add(mul(y, cutLog(p)), mul(sub(1, y), cutLog(sub(1, p))))), w),
};

/** log p, and −100 below the smallest normal number of single precision. */
function cutLog(p: Tensor): Tensor {
  const tiny = less(p, 1.2e-38);
  return where(tiny, -100, log(where(tiny, 1, p)));
}

/** Cross-entropy of class codes from logits: −w·log softmax(z)[y]. */
export const crossEntropy: Loss = {
  name: "crossEntropy",
  takes: "logits",
  of: (z, y, w) => weightedMean(neg(chosenLog(z, y)), w),
};

/** log softmax(z)[y] of each event, [events, 1]. */
function chosenLog(z: Tensor, y: Tensor): Tensor {
  const chosen = mul(logSoftmax(z), oneHot(y, z.shape[1] as number));
  return sum(chosen, { axes: 1, keepDimensions: true });
}

/** Options of `focal`. */
export interface FocalOptions {
  /** Power of 1 − p(true class) that damps events which are classified well already; 0: cross-entropy. Default 2. */
  readonly gamma?: number;
  /** Factor α for class 1 of a binary task and 1 − α for class 0. Default: none. */
  readonly alpha?: number;
}

/**
 * Focal loss from logits: −w·(1 − p)^γ·log p with p of the true class; binary for one output, else softmax.
 *
 * Lin et al., "Focal Loss for Dense Object Detection", arXiv 1708.02002. Without `alpha` both classes count alike:
 * event weights already balance them.
 *
 * @example
 * focal({ gamma: 2 }).name // "focal"
 */
export function focal({ gamma = 2, alpha }: FocalOptions = {}): Loss {
  // −(1 − p)^γ log p for p = σ(z): 1 − p = e^(−softplus(z)), −log p = softplus(−z).
  const ofLogit = (z: Tensor): Tensor => mul(exp(mul(softplus(z), -gamma)), softplus(neg(z)));
  return {
    name: "focal",
    takes: "logits",
    of: (z, y, w) => {
      if (z.shape[1] === 1) {
        const [one, zero] = [mul(y, ofLogit(z)), mul(sub(1, y), ofLogit(neg(z)))];
        return weightedMean(
          alpha === undefined ? add(one, zero) : add(mul(one, alpha), mul(zero, 1 - alpha)),
          w,
        );
      }
      const logP = chosenLog(z, y);
      // The floor keeps the power's slope finite for γ < 1.
      const damping = exp(mul(log(maximum(sub(1, exp(logP)), 1e-12)), gamma));
      return weightedMean(neg(mul(damping, logP)), w);
    },
  };
}
