/** Scaling of continuous features, ignoring missing values. */
import { weightedQuantiles } from "../array/quantile.ts";
import { DataError } from "../errors/index.ts";

/** Means and standard deviations of the continuous features, in their order: stored = (physical − mean) / deviation. */
export interface Scaler {
  readonly means: readonly number[];
  readonly standardDeviations: readonly number[];
}

/**
 * Mean and population standard deviation of the numbers that are not missing, at the given rows, with weights if
 * given. A constant feature gets deviation 1, as in scikit-learn.
 *
 * @throws DataError for a column without any number, or whose weights do not sum to something positive.
 */
export function meanAndDeviation(
  name: string,
  values: Float32Array | Float64Array,
  rows?: ArrayLike<number>,
  weights?: Float32Array | Float64Array,
): { mean: number; deviation: number } {
  const moments = new Moments(name, weights !== undefined);
  moments.addToMean(values, rows, weights);
  moments.addToDeviation(values, rows, weights);
  return moments.result();
}

/**
 * The sums behind {@link meanAndDeviation}, for columns that come in pieces: all pieces to the mean, then all of them
 * again to the deviation. Every value is added in its turn, so the result does not depend on the pieces.
 */
export class Moments {
  readonly #name: string;
  readonly #isWeighted: boolean;
  #total = 0;
  #sum = 0;
  #mean: number | undefined;
  #squares = 0;
  #rest = 0;

  constructor(name: string, isWeighted: boolean) {
    this.#name = name;
    this.#isWeighted = isWeighted;
  }

  addToMean(
    values: Float32Array | Float64Array,
    rows?: ArrayLike<number>,
    weights?: Float32Array | Float64Array,
  ): void {
    const count = rows?.length ?? values.length;
    let total = this.#total;
    let sum = this.#sum;
    if (rows === undefined && weights === undefined) {
      // The same without weights of 1: in half the time.
      let missing = 0;
      for (let i = 0; i < count; i++) {
        const value = values[i]!;
        if (value - value === 0) sum += value;
        else missing++;
      }
      total += count - missing;
    } else {
      for (let i = 0; i < count; i++) {
        const row = rows ? rows[i]! : i;
        const value = values[row]!;
        if (value - value !== 0) continue;
        const weight = weights ? weights[row]! : 1;
        total += weight;
        sum += weight * value;
      }
    }
    this.#total = total;
    this.#sum = sum;
  }

  addToDeviation(
    values: Float32Array | Float64Array,
    rows?: ArrayLike<number>,
    weights?: Float32Array | Float64Array,
  ): void {
    const mean = this.#meanOfAll();
    const count = rows?.length ?? values.length;
    let squares = this.#squares;
    let rest = this.#rest;
    for (let i = 0; i < count; i++) {
      const row = rows ? rows[i]! : i;
      const value = values[row]!;
      if (value - value !== 0) continue;
      const difference = value - mean;
      const weight = weights ? weights[row]! : 1;
      squares += weight * (difference * difference);
      rest += weight * difference;
    }
    this.#squares = squares;
    this.#rest = rest;
  }

  result(): { mean: number; deviation: number } {
    const mean = this.#meanOfAll();
    const total = this.#total;
    // The mean's own rounding error, taken out of the second pass.
    const deviation = Math.sqrt(Math.max(0, this.#squares / total - (this.#rest / total) ** 2));
    const constant = !(deviation > 1e-12 * Math.abs(mean));
    return { mean, deviation: constant ? 1 : deviation };
  }

  #meanOfAll(): number {
    if (!(this.#total > 0)) {
      throw new DataError(
        `feature "${this.#name}": it cannot be standardised, ${this.#isWeighted ? "the weights of its values sum to zero or less" : "all of its values are missing"}. Leave it out.`,
      );
    }
    this.#mean ??= this.#sum / this.#total;
    return this.#mean;
  }
}

/** How continuous features are scaled: mean and deviation, median and quartiles, or not at all. */
export type Scaling = "standard" | "robust" | "none";

/**
 * Median, and the distance of the quartiles divided by 1.349, which is the deviation where the values are Gaussian:
 * outliers count no more than any other event. Where the quartiles are the same, the standard deviation is taken.
 *
 * @throws DataError as {@link meanAndDeviation}, and for negative weights.
 */
export function medianAndSpread(
  name: string,
  values: Float32Array | Float64Array,
  rows?: ArrayLike<number>,
  weights?: Float32Array | Float64Array,
): { mean: number; deviation: number } {
  const [low, median, high] = quantilesOf(name, values, [0.25, 0.5, 0.75], rows, weights) as [
    number,
    number,
    number,
  ];
  const spread = (high - low) / 1.3489795003921634;
  const isFlat = !(spread > 1e-12 * Math.abs(median));
  return {
    mean: median,
    deviation: isFlat ? meanAndDeviation(name, values, rows, weights).deviation : spread,
  };
}

/**
 * Weighted quantiles of the numbers that are not missing, at the given rows; see `weightedQuantiles`.
 *
 * @throws DataError for a column without any number, and for negative weights.
 */
export function quantilesOf(
  name: string,
  values: Float32Array | Float64Array,
  fractions: readonly number[],
  rows?: ArrayLike<number>,
  weights?: Float32Array | Float64Array,
): readonly number[] {
  const count = rows?.length ?? values.length;
  const kept: number[] = [];
  const keptWeights: number[] = [];
  for (let i = 0; i < count; i++) {
    const row = rows ? rows[i]! : i;
    const value = values[row]!;
    const weight = weights ? weights[row]! : 1;
    if (value - value !== 0 || weight === 0) continue;
    if (weight < 0) {
      throw new DataError(
        `feature "${name}": the weight of row ${row + 1} is ${weight}, but quantiles need weights that are not negative. Fit them without weights.`,
      );
    }
    kept.push(value);
    keptWeights.push(weight);
  }
  if (kept.length === 0) {
    throw new DataError(
      `feature "${name}": all of its values are missing, so it has no quantiles. Leave it out.`,
    );
  }
  return [...weightedQuantiles(kept, fractions, keptWeights)];
}
