/** Metrics of a regression: bias, errors, pulls and resolutions, with bootstrap uncertainties. */
import {
  type BootstrapOptions,
  bootstrapDeviations,
  type Numbers,
  weightedMoments,
  weightedQuantiles,
} from "../array/index.ts";
import { ConfigurationError, counted, DataError } from "../errors/index.ts";
import type { Measurement } from "./measurement.ts";
import { checkedWeights, meanOf } from "./weighted-events.ts";

/** How differences are formed. */
export interface PullOptions {
  /**
   * "none": prediction − truth; "truth": the same over |truth| (NaN, and left out, where the truth is 0); or one number
   * an event by which the difference is divided, as its expected uncertainty. Default "none".
   */
  readonly over?: "none" | "truth" | Numbers;
}

/**
 * Differences of prediction and truth of each event, absolute or relative.
 *
 * LUMIN's pull divides by the truth with its sign; here the sign is that of prediction − truth.
 *
 * @throws {DataError} for different lengths.
 * @example
 * pulls([11, 18], [10, 20], { over: "truth" }) // Float64Array [0.1, -0.1]
 */
export function pulls(
  predictions: Numbers,
  targets: Numbers,
  { over = "none" }: PullOptions = {},
): Float64Array {
  if (predictions.length !== targets.length) {
    throw new DataError(
      `pulls: ${counted(predictions.length, "prediction")}, but ${counted(targets.length, "target")}.`,
    );
  }
  if (typeof over === "object" && over.length !== targets.length) {
    throw new DataError(`pulls: ${counted(targets.length, "target")}, but ${over.length} uncertainties.`);
  }
  return Float64Array.from(targets, (truth, i) => {
    const difference = predictions[i]! - truth;
    if (over === "none") return difference;
    const scale = over === "truth" ? Math.abs(truth) : over[i]!;
    return scale === 0 ? Number.NaN : difference / scale;
  });
}

/** What `regressionResolution` gives: each number with its uncertainty over bootstrap replicas. */
export interface RegressionResolution {
  /** Events with a weight and a difference. */
  readonly eventCount: number;
  /** Weighted mean of the differences. */
  readonly bias: Measurement;
  /** Weighted standard deviation of the differences around their mean. */
  readonly deviation: Measurement;
  /** Root of the weighted mean squared difference. */
  readonly rootMeanSquare: Measurement;
  /** Weighted mean absolute difference. */
  readonly meanAbsolute: Measurement;
  readonly median: Measurement;
  /**
   * Half the length of the interval between the weighted quantiles 0.16 and 0.84 (for a Gaussian its σ): insensitive to
   * tails. NaN where weights are negative, since there are no quantiles then.
   */
  readonly halfWidth68: Measurement;
}

/**
 * Bias and resolution of a regression from its differences (`pulls`), weighted; NaN differences are left out.
 *
 * LUMIN's `RegPull` gives the mean or the standard deviation (Bessel-corrected; here of the weights' distribution), and
 * with `use_bootstrap` the mean over replicas; here the value is that of the events and the replicas give its
 * uncertainty.
 *
 * With several outputs the differences are [events, outputs]; all of an event have its weight, and replicas draw events.
 *
 * @throws {DataError} for different lengths, infinite differences, all weights zero.
 * @example
 * regressionResolution(pulls([11, 18, 33], [10, 20, 30])).bias.value // 0.6666…
 */
export function regressionResolution(
  differences: Numbers,
  weights?: Numbers,
  { outputCount = 1, ...bootstrap }: BootstrapOptions & { readonly outputCount?: number } = {},
): RegressionResolution {
  const eventCount = differences.length / outputCount;
  if (!Number.isInteger(eventCount)) {
    throw new DataError(
      `regressionResolution: ${counted(differences.length, "difference")} are no multiple of ${counted(outputCount, "output")}.`,
    );
  }
  const w = checkedWeights("regressionResolution", eventCount, weights);
  const eventOf = Int32Array.from({ length: differences.length }, (_, i) => Math.floor(i / outputCount));
  for (let i = 0; i < differences.length; i++) {
    if (Math.abs(differences[i]!) === Number.POSITIVE_INFINITY) {
      throw new DataError(`regressionResolution: the difference of event ${eventOf[i]} is infinite.`);
    }
  }
  const known = Float64Array.from(eventOf, (event, i) => (Number.isNaN(differences[i]!) ? 0 : w[event]!));
  const values = Float64Array.from(differences, (x) => (Number.isNaN(x) ? 0 : x));
  const squares = values.map((x) => x * x);
  const sizes = values.map(Math.abs);
  const hasQuantiles = known.every((x) => x >= 0);
  const statistics = (replica: Float64Array): number[] => {
    const { variance } = weightedMoments(values, replica);
    const [low, middle, high] = hasQuantiles
      ? weightedQuantiles(values, [0.16, 0.5, 0.84], replica)
      : [Number.NaN, Number.NaN, Number.NaN];
    return [
      meanOf(values, replica),
      Math.sqrt(variance),
      Math.sqrt(meanOf(squares, replica)),
      meanOf(sizes, replica),
      middle!,
      (high! - low!) / 2,
    ];
  };
  const found = statistics(known);
  const deviations = bootstrapDeviations(
    eventCount,
    (counts) => statistics(known.map((x, i) => x * counts[eventOf[i]!]!)),
    bootstrap,
  );
  const at = (i: number): Measurement => ({ value: found[i]!, uncertainty: deviations[i] ?? Number.NaN });
  const seen = new Set(eventOf.filter((_, i) => known[i] !== 0));
  return {
    eventCount: seen.size,
    bias: at(0),
    deviation: at(1),
    rootMeanSquare: at(2),
    meanAbsolute: at(3),
    median: at(4),
    halfWidth68: at(5),
  };
}

/** `regressionResolution` in bins [edge i, edge i + 1) of any quantity: how the resolution depends on it. */
export function resolutionInBins(
  differences: Numbers,
  quantity: Numbers,
  edges: readonly number[],
  weights?: Numbers,
  bootstrap: BootstrapOptions = {},
): (RegressionResolution | undefined)[] {
  if (edges.length < 2 || edges.some((edge, i) => i > 0 && !(edge > edges[i - 1]!))) {
    throw new ConfigurationError(
      `resolutionInBins: edges must be two or more rising numbers, but are [${edges.join(", ")}].`,
    );
  }
  if (quantity.length !== differences.length) {
    throw new DataError(
      `resolutionInBins: ${counted(differences.length, "difference")}, but ${counted(quantity.length, "value")} of the quantity.`,
    );
  }
  const w = checkedWeights("resolutionInBins", differences.length, weights);
  return edges.slice(1).map((high, bin) => {
    const inside = [...w.keys()].filter(
      (i) => quantity[i]! >= edges[bin]! && quantity[i]! < high && w[i] !== 0,
    );
    if (inside.length === 0) return undefined;
    return regressionResolution(
      inside.map((i) => differences[i]!),
      inside.map((i) => w[i]!),
      bootstrap,
    );
  });
}
