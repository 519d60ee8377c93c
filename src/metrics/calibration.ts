/** How far predicted probabilities are from the fractions that are found. */
import type { Numbers } from "../array/index.ts";
import { ConfigurationError, DataError } from "../errors/index.ts";
import { checkEvents } from "./scored-events.ts";
import { checkedWeights } from "./weighted-events.ts";

/** One bin of a reliability diagram. */
export interface CalibrationBin {
  readonly from: number;
  readonly to: number;
  /** Weighted mean prediction; NaN for a bin whose weights do not sum to a positive number. */
  readonly predicted: number;
  /** Weighted fraction of signal. */
  readonly observed: number;
  /** Σ w. */
  readonly weight: number;
}

/**
 * Mean prediction and fraction of signal in equal bins of the prediction: [from, to), the last one with its end.
 *
 * @throws {DataError} for different lengths, predictions outside [0, 1], all weights zero.
 * @example
 * calibrationBins([0.1, 0.3, 0.9], [0, 1, 1], undefined, { binCount: 2 })[0].observed // 0.5
 */
export function calibrationBins(
  predictions: Numbers,
  targets: Numbers,
  weights?: Numbers,
  { binCount = 10 }: { readonly binCount?: number } = {},
): CalibrationBin[] {
  checkEvents("calibrationBins", { predictions, targets, weights });
  if (!(Number.isInteger(binCount) && binCount >= 1)) {
    throw new ConfigurationError(`calibrationBins: binCount must be 1 or more, but is ${binCount}.`);
  }
  const w = checkedWeights("calibrationBins", targets.length, weights);
  const wrong = predictions.findIndex((p) => !(p >= 0 && p <= 1));
  if (wrong >= 0) {
    throw new DataError(
      `calibrationBins: the prediction of event ${wrong} is ${predictions[wrong]}; it must be a probability in [0, 1].`,
    );
  }
  return filledBins(predictions, targets, w, binCount);
}

/** The bins of probabilities that were checked. */
export function filledBins(
  predictions: Numbers,
  targets: Numbers,
  w: Float64Array,
  binCount = 10,
): CalibrationBin[] {
  const sums = Array.from({ length: binCount }, () => ({ weight: 0, predicted: 0, signal: 0 }));
  for (let i = 0; i < w.length; i++) {
    const p = predictions[i]!;
    const bin = sums[Math.min(binCount - 1, Math.floor(p * binCount))]!;
    bin.weight += w[i]!;
    bin.predicted += w[i]! * p;
    bin.signal += w[i]! * targets[i]!;
  }
  return sums.map(({ weight, predicted, signal }, i) => ({
    from: i / binCount,
    to: (i + 1) / binCount,
    predicted: weight > 0 ? predicted / weight : Number.NaN,
    observed: weight > 0 ? signal / weight : Number.NaN,
    weight,
  }));
}

/**
 * Expected calibration error: Σ over bins of W_bin · |mean prediction − fraction of signal| / Σ W.
 *
 * Bins whose weights do not sum to a positive number are left out. It grows with the number of bins, and is never 0 for
 * a finite sample: compare it with its bootstrap uncertainty.
 *
 * Naeini, Cooper, Hauskrecht, AAAI 2015.
 *
 * @throws {DataError} as `calibrationBins`.
 * @example
 * calibrationError([0.25, 0.25, 0.25, 0.25], [1, 0, 0, 0]) // 0
 */
export function calibrationError(
  predictions: Numbers,
  targets: Numbers,
  weights?: Numbers,
  options: { readonly binCount?: number } = {},
): number {
  return errorOfBins(calibrationBins(predictions, targets, weights, options));
}

/** The calibration error of bins; NaN where none has a positive weight. */
export function errorOfBins(all: readonly CalibrationBin[]): number {
  const bins = all.filter(({ weight }) => weight > 0);
  const total = bins.reduce((sum, { weight }) => sum + weight, 0);
  return bins.reduce((sum, b) => sum + b.weight * Math.abs(b.predicted - b.observed), 0) / total;
}
