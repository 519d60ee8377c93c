/** Weighted quantiles. */
import { counted, DataError } from "../errors/index.ts";
import type { Numbers } from "./numbers.ts";
import { argsort } from "./sort.ts";
import { CompensatedSum } from "./sum.ts";

/**
 * The values below which the given fractions of the weight lie: the inverse of the weighted distribution function.
 *
 * Where a step of the distribution function ends exactly at the fraction, the mean of the two neighbours is
 * taken (so the median of 1 and 2 is 1.5); no other interpolation, so that weight 2 is the same as the value
 * twice. NaN values and values of weight zero are left out; NaN when none is left.
 *
 * @throws {DataError} for a negative weight (the distribution function would not rise), a fraction outside
 * [0, 1], or lengths that differ.
 * @example
 * weightedQuantiles([1, 2, 3, 4], [0, 0.5, 1]) // Float64Array [1, 2.5, 4]
 */
export function weightedQuantiles(
  values: Numbers,
  fractions: readonly number[],
  weights?: Numbers,
): Float64Array {
  if (weights && weights.length !== values.length) {
    throw new DataError(
      `weightedQuantiles: ${counted(values.length, "value")}, but ${counted(weights.length, "weight")}.`,
    );
  }
  const kept: number[] = [];
  const cumulative: number[] = [];
  const total = new CompensatedSum();
  for (const i of argsort(values)) {
    const w = weights ? weights[i]! : 1;
    if (!(w >= 0))
      throw new DataError(`weightedQuantiles: the weight of value ${i} is ${w}; none may be negative.`);
    if (w === 0 || Number.isNaN(values[i]!)) continue;
    total.add(w);
    kept.push(values[i]!);
    cumulative.push(total.value);
  }
  return Float64Array.from(fractions, (fraction) => {
    if (!(fraction >= 0 && fraction <= 1)) {
      throw new DataError(`weightedQuantiles: the fraction ${fraction} is not in [0, 1].`);
    }
    if (kept.length === 0) return Number.NaN;
    const wanted = fraction * total.value;
    // Sums of decimal weights miss their exact value by some units in the last place.
    const tolerance = 1e-12 * total.value;
    let below = 0;
    let above = cumulative.length - 1;
    while (below < above) {
      const middle = (below + above) >> 1;
      if (cumulative[middle]! >= wanted - tolerance) above = middle;
      else below = middle + 1;
    }
    const atStep = fraction > 0 && Math.abs(cumulative[below]! - wanted) <= tolerance;
    return atStep && below + 1 < kept.length ? (kept[below]! + kept[below + 1]!) / 2 : kept[below]!;
  });
}
