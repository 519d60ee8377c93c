/** Weighted rank correlation (Spearman) of features. */
import { argsort, type Numbers } from "../array/index.ts";
import { counted, DataError } from "../errors/index.ts";

/**
 * Spearman's rank correlation of every pair of features, `[features, features]` row by row.
 *
 * ρ is the weighted Pearson correlation of weighted ranks; the rank of x is Σw of the smaller values and half the Σw of
 * the equal ones, so weight 2 is the event twice. Events where one of a pair is missing (NaN) are left out of that
 * pair and its ranks. Negative weights enter with their sign, and the result is kept in [−1, 1]. NaN where a feature
 * has one value only, or the weights leave no positive variance.
 *
 * @throws {DataError} for columns or weights of different lengths, weights that are not finite.
 * @example
 * Array.from(rankCorrelation([[1, 2, 3], [1, 8, 27], [3, 2, 1]])).slice(0, 3) // [1, 1, -1]
 */
export function rankCorrelation(columns: readonly Numbers[], weights?: Numbers): Float64Array {
  const count = columns.length;
  const eventCount = columns[0]?.length ?? 0;
  for (const [f, column] of columns.entries()) {
    if (column.length === eventCount) continue;
    throw new DataError(
      `rankCorrelation: column ${f} has ${counted(column.length, "event")}, but column 0 has ${eventCount}.`,
    );
  }
  if (weights && weights.length !== eventCount) {
    throw new DataError(
      `rankCorrelation: ${counted(eventCount, "event")}, but ${counted(weights.length, "weight")}.`,
    );
  }
  const w = weights ? Float64Array.from(weights) : new Float64Array(eventCount).fill(1);
  const wrong = w.findIndex((weight) => !Number.isFinite(weight));
  if (wrong >= 0) {
    throw new DataError(`rankCorrelation: event ${wrong} has the weight ${w[wrong]}; it must be finite.`);
  }
  const sorted = columns.map((column) => presentOrder(column));
  const all = columns.map((column, f) => ranks(column, sorted[f]!, w, undefined));
  const result = new Float64Array(count * count).fill(Number.NaN);
  for (let i = 0; i < count; i++) {
    for (let j = i; j < count; j++) {
      const isWhole = sorted[i]!.length === eventCount && sorted[j]!.length === eventCount;
      const first = isWhole ? all[i]! : ranks(columns[i]!, sorted[i]!, w, columns[j]!);
      const second = isWhole ? all[j]! : ranks(columns[j]!, sorted[j]!, w, columns[i]!);
      const rho = pearson(first, second, w);
      result[i * count + j] = rho;
      result[j * count + i] = rho;
    }
  }
  return result;
}

/** Events in order of rising value, those without one left out. */
function presentOrder(column: Numbers): Int32Array {
  const order = argsort(column);
  let count = order.length;
  while (count > 0 && Number.isNaN(column[order[count - 1]!]!)) count--;
  return order.subarray(0, count);
}

/** Weighted mid-ranks among the events that `other` has too; NaN for the rest. */
function ranks(
  column: Numbers,
  order: Int32Array,
  weights: Float64Array,
  other: Numbers | undefined,
): Float64Array {
  const result = new Float64Array(weights.length).fill(Number.NaN);
  const isPresent = (event: number): boolean => other === undefined || !Number.isNaN(other[event]!);
  let below = 0;
  for (let start = 0; start < order.length; ) {
    const value = column[order[start]!]!;
    let end = start;
    let equal = 0;
    for (; end < order.length && column[order[end]!]! === value; end++) {
      if (isPresent(order[end]!)) equal += weights[order[end]!]!;
    }
    for (let i = start; i < end; i++) {
      if (isPresent(order[i]!)) result[order[i]!] = below + equal / 2;
    }
    below += equal;
    start = end;
  }
  return result;
}

function pearson(x: Float64Array, y: Float64Array, w: Float64Array): number {
  let sum = 0;
  let sumX = 0;
  let sumY = 0;
  for (let i = 0; i < w.length; i++) {
    if (Number.isNaN(x[i]!) || Number.isNaN(y[i]!)) continue;
    sum += w[i]!;
    sumX += w[i]! * x[i]!;
    sumY += w[i]! * y[i]!;
  }
  const [meanX, meanY] = [sumX / sum, sumY / sum];
  let xx = 0;
  let yy = 0;
  let xy = 0;
  for (let i = 0; i < w.length; i++) {
    if (Number.isNaN(x[i]!) || Number.isNaN(y[i]!)) continue;
    const [a, b] = [x[i]! - meanX, y[i]! - meanY];
    xx += w[i]! * a * a;
    yy += w[i]! * b * b;
    xy += w[i]! * a * b;
  }
  if (!(xx > 0 && yy > 0)) return Number.NaN;
  return Math.min(1, Math.max(-1, xy / Math.sqrt(xx * yy)));
}
