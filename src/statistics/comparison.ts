/** Whether two samples have one distribution, and whether of two models one is better on the same events. */
import { argsort, type BootstrapOptions, type Numbers, Stream } from "../array/index.ts";
import { ConfigurationError, DataError } from "../errors/index.ts";
import { type Measurement, measure } from "../metrics/index.ts";
import { normalTail } from "./normal.ts";

/** Values with their weights. */
export interface WeightedValues {
  readonly values: Numbers;
  readonly weights?: Numbers | undefined;
}

/** The result of a permutation test. */
export interface DistributionDifference {
  /** The largest distance of the two weighted distribution functions, in [0, 1] for positive weights. */
  readonly distance: number;
  /** (1 + permutations with at least this distance) / (1 + permutations). */
  readonly pValue: number;
}

/**
 * The Kolmogorov–Smirnov distance of two weighted samples, such as a model's response on training events (out of fold)
 * and on test events, with the p-value of random relabelling: exact for any weights, ties and sizes.
 *
 * Negative weights are legal; the distribution functions then need not rise. Weight 0 is no event.
 *
 * @throws {DataError} for NaN values, lengths that differ, a sample whose weights do not sum to a positive number.
 */
export function distributionDifference(
  first: WeightedValues,
  second: WeightedValues,
  { permutationCount = 1000, seed = 0 }: { readonly permutationCount?: number; readonly seed?: number } = {},
): DistributionDifference {
  if (!(Number.isInteger(permutationCount) && permutationCount >= 1)) {
    throw new ConfigurationError(
      `distributionDifference: permutationCount is ${permutationCount}; it must be a whole number from 1.`,
    );
  }
  const values: number[] = [];
  const weights: number[] = [];
  for (const [place, sample] of [first, second].entries()) {
    let total = 0;
    if (sample.weights && sample.weights.length !== sample.values.length) {
      throw new DataError(
        `distributionDifference: sample ${place + 1} has ${sample.values.length} values, but ${sample.weights.length} weights.`,
      );
    }
    for (let i = 0; i < sample.values.length; i++) {
      const weight = sample.weights ? sample.weights[i]! : 1;
      if (weight === 0) continue;
      if (Number.isNaN(sample.values[i]) || !Number.isFinite(weight)) {
        throw new DataError(
          `distributionDifference: value ${i} of sample ${place + 1} is ${sample.values[i]} with weight ${weight}; both must be numbers.`,
        );
      }
      values.push(sample.values[i]!);
      weights.push(weight);
      total += weight;
    }
    if (!(total > 0)) {
      throw new DataError(
        `distributionDifference: the weights of sample ${place + 1} sum to ${total}; the sum must be positive.`,
      );
    }
  }
  const firstCount = values.length - countOf(second);
  const order = argsort(values);
  const belongs = Uint8Array.from(values, (_, i) => (i < firstCount ? 1 : 0));
  const distance = largestDistance(values, weights, order, belongs);
  let atLeast = 0;
  for (let k = 0; k < permutationCount; k++) {
    const permuted = new Stream(seed, "relabelling", k).shuffle(belongs.slice());
    if (!(largestDistance(values, weights, order, permuted) < distance)) atLeast++;
  }
  return { distance, pValue: (1 + atLeast) / (1 + permutationCount) };
}

function countOf({ values, weights }: WeightedValues): number {
  let count = 0;
  for (let i = 0; i < values.length; i++) if (weights?.[i] !== 0) count++;
  return count;
}

function largestDistance(
  values: readonly number[],
  weights: readonly number[],
  order: Int32Array,
  belongs: Uint8Array,
): number {
  const totals = [0, 0];
  for (let i = 0; i < values.length; i++) totals[belongs[i]!]! += weights[i]!;
  const sums = [0, 0];
  let largest = 0;
  for (let k = 0; k < order.length; k++) {
    const event = order[k]!;
    sums[belongs[event]!]! += weights[event]!;
    const tied = k + 1 < order.length && values[order[k + 1]!] === values[event];
    if (!tied) largest = Math.max(largest, Math.abs(sums[0]! / totals[0]! - sums[1]! / totals[1]!));
  }
  return largest;
}

/** How much a metric of two models differs on the same events. */
export interface PairedDifference extends Measurement {
  /** Of the hypothesis that it does not differ, two-sided, with the uncertainty taken as Gaussian. */
  readonly pValue: number;
}

/**
 * The metric of the first predictions minus that of the second, with the uncertainty of the difference from a bootstrap
 * that draws the same events for both: what both models find easy cancels.
 *
 * @param metric of predictions and weights, e.g. `(p, w) => rocAuc(p, targets, w)`; NaN where undefined.
 * @throws {DataError} for lengths that differ, or as `measure`.
 */
export function pairedDifference(
  first: Numbers,
  second: Numbers,
  metric: (predictions: Numbers, weights: Float64Array) => number,
  weights?: Numbers,
  bootstrap: BootstrapOptions = {},
): PairedDifference {
  if (first.length !== second.length) {
    throw new DataError(
      `pairedDifference: ${first.length} predictions of the first model, but ${second.length} of the second. Both must be of the same events.`,
    );
  }
  const difference = (w: Float64Array): number => metric(first, w) - metric(second, w);
  const { value, uncertainty } = measure(first.length, difference, weights, bootstrap);
  const pValue =
    uncertainty > 0
      ? Math.min(1, 2 * normalTail(Math.abs(value) / uncertainty))
      : value === 0
        ? 1
        : Number.NaN;
  return { value, uncertainty, pValue };
}
