/** Metrics of a regression, as JSON. */
import { type BootstrapOptions, weightedMoments } from "../array/index.ts";
import { DataError } from "../errors/index.ts";
import { pulls, type ReportedMeasurement, regressionResolution } from "../metrics/index.ts";
import { eventCount, type ScoredSet } from "./evaluation.ts";
import { measured } from "./multiclass-metrics.ts";

/** How well one target is predicted. */
export interface TargetMetrics {
  /** Weighted mean of prediction − truth. */
  readonly bias: ReportedMeasurement;
  /** Root of the weighted mean squared difference. */
  readonly rootMeanSquare: ReportedMeasurement;
  /** Weighted mean absolute difference. */
  readonly meanAbsolute: ReportedMeasurement;
  /** Half the interval between the weighted quantiles 0.16 and 0.84 of the difference; null with negative weights. */
  readonly halfWidth68: ReportedMeasurement;
  /** Weighted standard deviation of the truth: the root mean square of the best constant. */
  readonly spread: number;
}

export interface RegressionMetrics {
  readonly eventCount: number;
  /** By the column of the target. */
  readonly targets: Readonly<Record<string, TargetMetrics>>;
}

/** Bias, errors and resolution of each target with bootstrap uncertainties. */
export function regressionMetrics(
  set: ScoredSet,
  names: readonly string[],
  bootstrap: BootstrapOptions,
): RegressionMetrics {
  if (set.outputCount !== set.targetCount) {
    throw new DataError(`there are ${set.targetCount} targets, but ${set.outputCount} predictions an event.`);
  }
  const targets = names.map((name, place): [string, TargetMetrics] => {
    const { predictions, truth } = ofTarget(set, place);
    const found = regressionResolution(pulls(predictions, truth), set.weights, bootstrap);
    return [
      name,
      {
        bias: measured(found.bias),
        rootMeanSquare: measured(found.rootMeanSquare),
        meanAbsolute: measured(found.meanAbsolute),
        halfWidth68: measured(found.halfWidth68),
        spread: Math.sqrt(weightedMoments(truth, set.weights).variance),
      },
    ];
  });
  return { eventCount: eventCount(set), targets: Object.fromEntries(targets) };
}

/** Predictions and true values of one target. */
export function ofTarget(
  { predictions, targets, outputCount }: ScoredSet,
  place: number,
): { readonly predictions: Float64Array; readonly truth: Float64Array } {
  return {
    predictions: predictions.filter((_, i) => i % outputCount === place),
    truth: Float64Array.from(targets.filter((_, i) => i % outputCount === place)),
  };
}
