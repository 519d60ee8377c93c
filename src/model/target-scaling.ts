/** Scaling of a regression's targets, fitted on training events. */
import { DataError } from "../errors/index.ts";
import type { TargetScaling } from "../nn/index.ts";

/** Folds whose targets are looked at; a `FoldYielder` is one. */
export interface TargetFolds {
  readonly foldCount: number;
  /** A fold: targets [events, targets] and weights. */
  getFold(index: number): {
    readonly eventCount: number;
    readonly targetCount: number;
    readonly targets: Float32Array;
    readonly weights: Float32Array | undefined;
  };
}

/**
 * Weighted mean Σwy/Σw and standard deviation √(Σw(y − mean)²/Σw) of each target over all folds, in two passes.
 * Weights may be negative.
 *
 * @throws DataError for a target without spread, or weights whose sums are not positive.
 */
export function fitTargetScaling(folds: TargetFolds): TargetScaling {
  const means = weightedMeans(folds, (y) => y);
  const variances = weightedMeans(folds, (y, target) => (y - means[target]!) ** 2);
  const deviations = variances.map((variance, target) => {
    if (variance > 0 && Number.isFinite(variance)) return Math.sqrt(variance);
    throw new DataError(
      `fitTargetScaling: target ${target} has the weighted variance ${variance}; it must be positive. ` +
        "Check that the target is not constant, and the weights.",
    );
  });
  return { means, deviations };
}

/** Σ w·value(y)/Σw for each target. */
function weightedMeans(folds: TargetFolds, value: (y: number, target: number) => number): number[] {
  let sums: number[] = [];
  let weightSum = 0;
  for (let fold = 0; fold < folds.foldCount; fold++) {
    const { eventCount, targetCount, targets, weights } = folds.getFold(fold);
    if (fold === 0) sums = new Array<number>(targetCount).fill(0);
    for (let i = 0; i < eventCount; i++) {
      const w = weights?.[i] ?? 1;
      weightSum += w;
      for (let t = 0; t < targetCount; t++) sums[t]! += w * value(targets[i * targetCount + t]!, t);
    }
  }
  if (!(weightSum > 0)) {
    throw new DataError(`fitTargetScaling: the weights sum to ${weightSum}; the sum must be positive.`);
  }
  return sums.map((sum) => sum / weightSum);
}
