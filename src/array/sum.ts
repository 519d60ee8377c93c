/** Compensated sums, weighted means and variances. */
import { counted, DataError } from "../errors/index.ts";
import type { Numbers } from "./numbers.ts";

/**
 * A running sum whose rounding error does not grow with the number of terms (Neumaier, ZAMM 54, 39, 1974).
 *
 * @example
 * const sum = new CompensatedSum();
 * for (const x of [1, 1e100, 1, -1e100]) sum.add(x);
 * sum.value // 2
 */
export class CompensatedSum {
  #sum = 0;
  #lost = 0;

  /** Adds a finite number. */
  add(x: number): void {
    const next = this.#sum + x;
    this.#lost += Math.abs(this.#sum) >= Math.abs(x) ? this.#sum - next + x : x - next + this.#sum;
    this.#sum = next;
  }

  /** The sum so far. */
  get value(): number {
    return this.#sum + this.#lost;
  }
}

/** Σ x, compensated; 0 for no values. */
export function sum(values: Numbers): number {
  const total = new CompensatedSum();
  for (let i = 0; i < values.length; i++) total.add(values[i]!);
  return total.value;
}

/** Mean and variance of weighted values. */
export interface Moments {
  /** Σ w x / Σ w. */
  readonly mean: number;
  /** Σ w (x − mean)² / Σ w: of the population, without Bessel's correction. */
  readonly variance: number;
  /** Σ w over the values that are not NaN. */
  readonly weightSum: number;
}

/**
 * Weighted mean and variance in two passes; NaN values are left out, as the data folders use NaN for "missing".
 *
 * Without weights every value counts once. Negative weights are legal; mean and variance are NaN when the
 * weights sum to zero (no value at all is one case of it).
 *
 * @throws {DataError} when the lengths differ.
 * @example
 * weightedMoments([1, 3, Number.NaN], [3, 1, 5]) // { mean: 1.5, variance: 0.75, weightSum: 4 }
 */
export function weightedMoments(values: Numbers, weights?: Numbers): Moments {
  if (weights && weights.length !== values.length) {
    throw new DataError(
      `weightedMoments: ${counted(values.length, "value")}, but ${counted(weights.length, "weight")}.`,
    );
  }
  const weightSum = new CompensatedSum();
  const first = new CompensatedSum();
  for (let i = 0; i < values.length; i++) {
    const x = values[i]!;
    if (Number.isNaN(x)) continue;
    const w = weights ? weights[i]! : 1;
    weightSum.add(w);
    first.add(w * x);
  }
  const total = weightSum.value;
  if (total === 0) return { mean: Number.NaN, variance: Number.NaN, weightSum: 0 };
  const mean = first.value / total;
  const second = new CompensatedSum();
  for (let i = 0; i < values.length; i++) {
    const distance = values[i]! - mean;
    if (!Number.isNaN(distance)) second.add((weights ? weights[i]! : 1) * distance * distance);
  }
  return { mean, variance: second.value / total, weightSum: total };
}
