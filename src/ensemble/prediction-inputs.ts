/** What an ensemble predicts for: events as they are, or the variants of them that augmentation makes. */
import { augmentFixed, restorePredictions } from "../data/augmentation/augment.ts";
import type { AugmentationPlan } from "../data/augmentation/plan.ts";

/** Variants of the same events, over which a prediction is averaged; `augmentedInputs` makes them. */
export interface AugmentedInputs {
  readonly augmentationCount: number;
  /** Inputs `[end − start, features]` of one variant. */
  getInputs(augmentation: number, start: number, end: number): Float32Array;
  /** Turns predictions `[events, outputs]` of vectors for a variant back, in place; absent: nothing turns. */
  restore?(predictions: Float32Array | Float64Array, outputCount: number, augmentation: number): void;
}

/**
 * The fixed set of variants of events in memory, made piece by piece.
 *
 * @param inputs `[events, features]`; missing values may be NaN.
 */
export function augmentedInputs(inputs: Float32Array, plan: AugmentationPlan): AugmentedInputs {
  const { featureCount, count } = plan;
  return {
    augmentationCount: count,
    getInputs: (augmentation, start, end) => {
      const piece = inputs.subarray(start * featureCount, end * featureCount);
      return augmentFixed(piece, end - start, plan, augmentation);
    },
    restore: (predictions, outputCount, augmentation) =>
      restorePredictions(predictions, outputCount, plan, augmentation),
  };
}

/** The part of a `FoldYielder` that prediction uses. */
export interface PredictionFolds {
  readonly foldCount: number;
  readonly foldSizes: readonly number[];
  readonly augmentationCount: number;
  /** As stored. */
  getFold(index: number): { readonly inputs: Float32Array };
  /** One of a fixed set of variants. */
  getPredictionFold(index: number, augmentation: number): { readonly inputs: Float32Array };
  /** Turns predictions `[events, outputs]` of vectors for a variant back, in place; absent: nothing turns. */
  restorePredictions?(
    predictions: Float32Array | Float64Array,
    outputCount: number,
    augmentation: number,
  ): void;
}

/** The inputs as they are. */
export function unchanged(inputs: Float32Array, featureCount: number): AugmentedInputs {
  return {
    augmentationCount: 1,
    getInputs: (_, start, end) => inputs.subarray(start * featureCount, end * featureCount),
  };
}

/** The variants of a fold, one in memory at a time. */
export function variantsOfFold(folds: PredictionFolds, fold: number, featureCount: number): AugmentedInputs {
  let current = -1;
  let inputs: Float32Array = new Float32Array(0);
  return {
    augmentationCount: folds.augmentationCount,
    getInputs: (augmentation, start, end) => {
      if (augmentation !== current) inputs = folds.getPredictionFold(fold, augmentation).inputs;
      current = augmentation;
      return inputs.subarray(start * featureCount, end * featureCount);
    },
    restore: (predictions, outputCount, augmentation) =>
      folds.restorePredictions?.(predictions, outputCount, augmentation),
  };
}
