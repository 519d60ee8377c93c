/** The best cut of one feature in a node of a forest. */
import { type NodeSums, weightOf, worthOf } from "./impurity.ts";

/** The occupied bins of a feature with their sums, in the order in which they may be cut. */
export interface OccupiedBins {
  /** Number of bins. */
  count: number;
  /** `[bins][stride]`. */
  readonly sums: Float64Array;
}

/**
 * Looks for the cut after one of the first `last` bins that is worth most, and more than `gain`.
 *
 * The result lies in the fields, which are overwritten by the next scan.
 */
export class ForestScan {
  /** The sums of both children's worth less the parent's, of the best cut. */
  gain = 0;
  /** The cut is behind this place. */
  place = 0;
  /** Sums of the left child. */
  readonly left: Float64Array;
  readonly #sums: NodeSums;
  readonly #running: Float64Array;
  readonly #right: Float64Array;

  constructor(sums: NodeSums) {
    this.#sums = sums;
    this.left = new Float64Array(sums.stride);
    this.#running = new Float64Array(sums.stride);
    this.#right = new Float64Array(sums.stride);
  }

  /**
   * @param begin sums that are left of all bins (missing values), or undefined.
   * @param only the one place that may be cut, or −1.
   */
  run(
    bins: OccupiedBins,
    last: number,
    begin: Float64Array | undefined,
    node: Float64Array,
    least: number,
    only: number,
    gain: number,
  ): boolean {
    return this.#sums.stride === 2
      ? this.#runPairs(bins.sums, last, begin, node, least, only, gain)
      : this.#runClasses(bins.sums, last, begin, node, least, only, gain);
  }

  /** Two numbers a bin, kept in variables. */
  #runPairs(
    sums: Float64Array,
    last: number,
    begin: Float64Array | undefined,
    node: Float64Array,
    least: number,
    only: number,
    gain: number,
  ): boolean {
    const { isRegression } = this.#sums;
    const node0 = node[0]!;
    const node1 = node[1]!;
    const parent = worthOf(this.#sums, node, 0);
    let left0 = begin ? begin[0]! : 0;
    let left1 = begin ? begin[1]! : 0;
    let best = gain + parent;
    let found = false;
    for (let place = 0; place < last; place++) {
      left0 += sums[2 * place]!;
      left1 += sums[2 * place + 1]!;
      if (only >= 0 && place !== only) continue;
      const right0 = node0 - left0;
      const right1 = node1 - left1;
      let worth: number;
      if (isRegression) {
        if (left1 < least || right1 < least) continue;
        worth = (left0 * left0) / left1 + (right0 * right0) / right1;
      } else {
        if (left0 + left1 < least || right0 + right1 < least) continue;
        worth = giniWorth(left0, left1) + giniWorth(right0, right1);
      }
      if (worth > best) {
        best = worth;
        found = true;
        this.place = place;
        this.left[0] = left0;
        this.left[1] = left1;
      }
    }
    this.gain = best - parent;
    return found;
  }

  #runClasses(
    sums: Float64Array,
    last: number,
    begin: Float64Array | undefined,
    node: Float64Array,
    least: number,
    only: number,
    gain: number,
  ): boolean {
    const kind = this.#sums;
    const { stride } = kind;
    const running = this.#running;
    const right = this.#right;
    if (begin) running.set(begin);
    else running.fill(0);
    const parent = worthOf(kind, node, 0);
    let best = gain + parent;
    let found = false;
    for (let place = 0; place < last; place++) {
      for (let k = 0; k < stride; k++) running[k]! += sums[place * stride + k]!;
      if (only >= 0 && place !== only) continue;
      for (let k = 0; k < stride; k++) right[k] = node[k]! - running[k]!;
      if (weightOf(kind, running, 0) < least || weightOf(kind, right, 0) < least) continue;
      const worth = worthOf(kind, running, 0) + worthOf(kind, right, 0);
      if (worth > best) {
        best = worth;
        found = true;
        this.place = place;
        this.left.set(running);
      }
    }
    this.gain = best - parent;
    return found;
  }
}

/** (a² + b²) / (a + b) of the positive parts. */
function giniWorth(a: number, b: number): number {
  const x = Math.max(a, 0);
  const y = Math.max(b, 0);
  return (x * x + y * y) / (x + y);
}
