/** How much two quantities of weighted events tell of each other. */
import { argsort, type Numbers } from "../array/index.ts";
import { DataError } from "../errors/index.ts";

/** Options of `mutualInformation`. */
export interface MutualInformationOptions {
  /** Bins of each quantity, of about equally many events. Default 10. */
  readonly bins?: number;
}

/**
 * Mutual information I(x; y) = Σ p(x, y) log(p(x, y) / (p(x) p(y))) in nats, in bins of about equally many events
 * (equal values share a bin). What independent quantities would give on average for so many events,
 * (B_x − 1)(B_y − 1) / (2·N) with N = (Σw)²/Σw², is subtracted (Miller 1955): independence gives 0 on average, and
 * may give a little less. Events of weight 0 are left out. A bin whose weights sum to less than zero counts as empty.
 *
 * @throws DataError for arrays of different lengths, no events, NaN, or weights that do not sum to more than 0.
 *
 * @example
 * const x = Float64Array.from({ length: 1000 }, (_, i) => i);
 * mutualInformation(x, x, undefined, { bins: 2 }) // 0.692647180559945
 */
export function mutualInformation(
  x: Numbers,
  y: Numbers,
  weights?: Numbers,
  { bins = 10 }: MutualInformationOptions = {},
): number {
  if (x.length === 0 || x.length !== y.length || (weights && weights.length !== x.length)) {
    throw new DataError(
      `mutualInformation: ${x.length} and ${y.length} values and ${weights?.length ?? "no"} weights came; give as many of each, at least 1.`,
    );
  }
  if (!(Number.isInteger(bins) && bins >= 2)) {
    throw new DataError(`mutualInformation: bins is ${bins}; give a whole number of at least 2.`);
  }
  const [inX, inY] = [binsOf(x, weights, bins), binsOf(y, weights, bins)];
  const joint = new Float64Array(bins * bins);
  let [sum, squares] = [0, 0];
  for (let i = 0; i < x.length; i++) {
    const weight = weights ? weights[i]! : 1;
    joint[inX[i]! * bins + inY[i]!]! += weight;
    sum += weight;
    squares += weight * weight;
  }
  if (!(sum > 0))
    throw new DataError(`mutualInformation: the weights sum to ${sum}; the sum must be positive.`);
  return informationOf(
    joint.map((value) => Math.max(0, value)),
    bins,
    (sum * sum) / squares,
  );
}

/** The bin of each value with a weight: ranks cut into equal parts, equal values together. */
function binsOf(values: Numbers, weights: Numbers | undefined, bins: number): Int32Array {
  const order = argsort(values).filter((i) => weights?.[i] !== 0);
  const result = new Int32Array(values.length);
  for (let start = 0; start < order.length; ) {
    const value = values[order[start]!]!;
    if (Number.isNaN(value)) throw new DataError("mutualInformation: NaN is among the values.");
    let end = start + 1;
    while (end < order.length && values[order[end]!] === value) end += 1;
    const middle = (start + end - 1) / 2;
    for (let i = start; i < end; i++) result[order[i]!] = Math.floor((middle * bins) / order.length);
    start = end;
  }
  return result;
}

function informationOf(joint: Float64Array, bins: number, effectiveCount: number): number {
  const total = joint.reduce((a, b) => a + b, 0);
  const [ofX, ofY] = [new Float64Array(bins), new Float64Array(bins)];
  for (const [at, value] of joint.entries()) {
    ofX[Math.floor(at / bins)]! += value / total;
    ofY[at % bins]! += value / total;
  }
  let information = 0;
  for (const [at, value] of joint.entries()) {
    const p = value / total;
    if (p > 0) information += p * Math.log(p / (ofX[Math.floor(at / bins)]! * ofY[at % bins]!));
  }
  const filled = (parts: Float64Array): number => parts.filter((part) => part > 0).length - 1;
  return information - (filled(ofX) * filled(ofY)) / (2 * effectiveCount);
}
