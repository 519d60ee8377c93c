/** A sample of weighted values in numbers and as a smooth curve, with bootstrap uncertainties. */
import {
  type BootstrapOptions,
  bootstrapDeviations,
  type Numbers,
  weightedMoments,
  weightedQuantiles,
} from "../array/index.ts";
import { DataError } from "../errors/index.ts";
import { type Measurement, measure } from "../metrics/index.ts";

/** Where values lie and how far they spread. */
export interface DistributionSummary {
  readonly mean: Measurement;
  /** √(Σ w (x − mean)² / Σ w). */
  readonly deviation: Measurement;
  readonly median: Measurement;
  /** Half the distance of the quantiles at 15.865 % and 84.135 %. */
  readonly halfWidth68: Measurement;
  /** The quantiles at 15.865 % and 84.135 %. */
  readonly interval68: readonly [Measurement, Measurement];
}

/**
 * Moments and quantiles with bootstrap uncertainties. With a negative weight there are no quantiles: they are NaN.
 *
 * @throws {DataError} for no events, weights that are not finite or all zero, lengths that differ.
 */
export function summariseDistribution(
  values: Numbers,
  weights?: Numbers,
  bootstrap: BootstrapOptions = {},
): DistributionSummary {
  const of = (statistic: (w: Float64Array) => number): Measurement =>
    measure(values.length, statistic, weights, bootstrap);
  const hasQuantiles = !weights?.some((w: number) => w < 0);
  const quantile = (fraction: number, w: Float64Array): number =>
    hasQuantiles ? weightedQuantiles(values, [fraction], w)[0]! : Number.NaN;
  const [low, high] = [0.15865525393145707, 0.8413447460685429];
  return {
    mean: of((w) => weightedMoments(values, w).mean),
    deviation: of((w) => Math.sqrt(weightedMoments(values, w).variance)),
    median: of((w) => quantile(0.5, w)),
    halfWidth68: of((w) => (quantile(high, w) - quantile(low, w)) / 2),
    interval68: [of((w) => quantile(low, w)), of((w) => quantile(high, w))],
  };
}

/** A density at points, with its uncertainty. */
export interface KernelDensity {
  readonly points: Float64Array;
  readonly density: Float64Array;
  /** Standard deviation over bootstrap replicas. */
  readonly uncertainty: Float64Array;
  /** Standard deviation of the Gaussian kernel. */
  readonly bandwidth: number;
}

/**
 * The density of weighted values as a sum of Gaussians, Σ w N(x; value, bandwidth) / Σ w, with a bootstrap band.
 *
 * The bandwidth is Scott's, deviation · n^(−1/5) with n = (Σw)² / Σw², the same for all replicas. Negative weights are
 * legal: the density may then be negative somewhere.
 *
 * @param points where the density is wanted.
 * @throws {DataError} for lengths that differ, weights that do not sum to a positive number, values all equal.
 */
export function kernelDensity(
  values: Numbers,
  points: Numbers,
  weights?: Numbers,
  { bandwidth, ...bootstrap }: BootstrapOptions & { readonly bandwidth?: number } = {},
): KernelDensity {
  const { variance, weightSum } = weightedMoments(values, weights);
  if (!(weightSum > 0)) {
    throw new DataError(`kernelDensity: the weights sum to ${weightSum}; the sum must be positive.`);
  }
  let squares = 0;
  for (let i = 0; i < values.length; i++)
    squares += Number.isNaN(values[i]) ? 0 : weights ? weights[i]! ** 2 : 1;
  const width = bandwidth ?? Math.sqrt(variance) * (weightSum ** 2 / squares) ** -0.2;
  if (!(width > 0)) {
    throw new DataError(
      `kernelDensity: the bandwidth is ${width}; it must be positive. Are all values equal?`,
    );
  }
  // The kernels once, [points, values]: replicas only weigh them anew.
  const scale = 1 / (width * Math.sqrt(2 * Math.PI));
  const kernels = Array.from(points, (point) =>
    Float64Array.from(values, (x) =>
      Number.isNaN(x) ? 0 : scale * Math.exp(-(((point - x) / width) ** 2) / 2),
    ),
  );
  const densityOf = (weight: (i: number) => number): number[] => {
    let total = 0;
    for (let i = 0; i < values.length; i++) if (!Number.isNaN(values[i])) total += weight(i);
    if (!(total > 0)) return kernels.map(() => Number.NaN);
    return kernels.map((kernel) => {
      let sum = 0;
      for (let i = 0; i < kernel.length; i++) sum += weight(i) * kernel[i]!;
      return sum / total;
    });
  };
  const own = (i: number): number => (weights ? weights[i]! : 1);
  return {
    points: Float64Array.from(points),
    density: Float64Array.from(densityOf(own)),
    uncertainty: Float64Array.from(
      bootstrapDeviations(values.length, (counts) => densityOf((i) => counts[i]! * own(i)), bootstrap),
    ),
    bandwidth: width,
  };
}
