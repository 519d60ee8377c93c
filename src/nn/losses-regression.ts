/** Losses of regressions. */
import { abs, div, square, sub } from "../tensor/index.ts";
import { type Loss, weightedMean } from "./loss.ts";

/** Mean squared error: w·(p − y)². */
export const meanSquaredError: Loss = {
  name: "meanSquaredError",
  isScaled: true,
  takes: "prediction",
  of: (p, y, w) => weightedMean(square(sub(p, y)), w),
};

/** Mean absolute error: w·|p − y|. */
export const meanAbsoluteError: Loss = {
  name: "meanAbsoluteError",
  isScaled: true,
  takes: "prediction",
  of: (p, y, w) => weightedMean(abs(sub(p, y)), w),
};

/**
 * Squared error relative to the target: w·(p − y)²/|y|. Infinite for targets of 0.
 *
 * LUMIN divides by y itself, which rewards errors of negative targets.
 */
export const fractionalMeanSquaredError: Loss = {
  name: "fractionalMeanSquaredError",
  takes: "prediction",
  of: (p, y, w) => weightedMean(div(square(sub(p, y)), abs(y)), w),
};
