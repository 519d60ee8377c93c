/** Expected significance of a binned discriminant, and the bins or cuts for which it is highest. */
import type { Numbers } from "../array/index.ts";
import { ConfigurationError, DataError } from "../errors/index.ts";
import { type AmsOptions, checkAmsOptions, significance } from "./ams.ts";
import { checkEvents, scoredEvents } from "./scored-events.ts";

/** What is uncertain about the background of a bin. */
export interface BinAmsOptions extends AmsOptions {
  /**
   * "weights" adds √Σw², the statistical uncertainty of the bin's simulated background, in quadrature to
   * `backgroundUncertainty`. Default "none".
   */
  readonly statisticalUncertainty?: "none" | "weights";
}

/** The expected significance of a binned discriminant. */
export interface BinnedSignificance {
  /** √(Σ AMS²) over the bins in which it is defined; a deficit counts with its sign. */
  readonly significance: number;
  /** Of each bin; NaN where the background is not positive. */
  readonly bins: Float64Array;
  /** Expected signal and background of each bin. */
  readonly signal: Float64Array;
  readonly background: Float64Array;
}

/**
 * The significance of all bins together, as of independent counting experiments: their AMS added in squares.
 *
 * Uncertainties are taken as independent from bin to bin. Where one moves several bins or processes together, make a
 * workspace of the templates and ask for its `expectedSignificance`, which profiles them.
 *
 * @param edges ascending; events outside are in no bin, the last bin includes its upper edge.
 * @throws {DataError} as for `amsScan`.
 */
export function binnedSignificance(
  predictions: Numbers,
  targets: Numbers,
  weights: Numbers | undefined,
  edges: Numbers,
  options: BinAmsOptions = {},
): BinnedSignificance {
  checkAmsOptions("binnedSignificance", options);
  const { signal, background, squares: variances } = yieldsInBins(predictions, targets, weights, edges);
  const bins = signal.map((s, bin) => amsOfBin(s, background[bin]!, variances[bin]!, options));
  const squares = bins.reduce((sum, value) => (Number.isNaN(value) ? sum : sum + value * Math.abs(value)), 0);
  return { significance: Math.sign(squares) * Math.sqrt(Math.abs(squares)), bins, signal, background };
}

function yieldsInBins(
  predictions: Numbers,
  targets: Numbers,
  weights: Numbers | undefined,
  edges: Numbers,
): { signal: Float64Array; background: Float64Array; squares: Float64Array } {
  checkEvents("binnedSignificance", { predictions, targets, weights });
  for (let i = 1; i < edges.length; i++) {
    if (!(edges[i]! > edges[i - 1]!)) {
      throw new ConfigurationError(`binnedSignificance: the edges must ascend, got ${Array.from(edges)}.`);
    }
  }
  if (edges.length < 2) throw new ConfigurationError("binnedSignificance: expected at least two edges.");
  const count = edges.length - 1;
  const signal = new Float64Array(count);
  const background = new Float64Array(count);
  const squares = new Float64Array(count);
  for (let i = 0; i < predictions.length; i++) {
    const value = predictions[i]!;
    if (value < edges[0]! || value > edges[count]!) continue;
    let [low, high] = [0, count];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (value >= edges[middle]!) low = middle;
      else high = middle;
    }
    const weight = weights ? weights[i]! : 1;
    if (targets[i] === 1) signal[low]! += weight;
    else {
      background[low]! += weight;
      squares[low]! += weight * weight;
    }
  }
  return { signal, background, squares };
}

/** The AMS of a bin with Σw² of its background. */
function amsOfBin(
  s: number,
  b: number,
  squares: number,
  { regularisation = 0, backgroundUncertainty = 0, statisticalUncertainty = "none" }: BinAmsOptions,
): number {
  const regularised = b + regularisation;
  const statistical = statisticalUncertainty === "weights" ? squares : 0;
  return significance(s, regularised, (backgroundUncertainty * regularised) ** 2 + statistical);
}

/** How bins for significance are sought. */
export interface SignificanceBinning extends BinAmsOptions {
  /** Number of bins at most. Default 10. */
  readonly maximumBins?: number;
  /** Edges are sought among this many equally populated slices. Default 200. */
  readonly slices?: number;
  /** A bin needs at least this many background events (default 10), so that its background is known. */
  readonly minimumBackgroundCount?: number;
}

/**
 * The bin edges with the highest binned significance, by dynamic programming over all choices among `slices` edges.
 * The more bins the higher, up to `maximumBins`, as long as each holds `minimumBackgroundCount` background events. The
 * choice is made on these events: quote the significance on others.
 *
 * @returns ascending edges from the lowest to the highest prediction.
 * @throws {DataError} as for `amsScan`; {ConfigurationError} for options that make no sense.
 */
export function binsBySignificance(
  predictions: Numbers,
  targets: Numbers,
  weights?: Numbers,
  options: SignificanceBinning = {},
): Float64Array {
  const { maximumBins = 10 } = options;
  checkCounts("binsBySignificance", { maximumBins, slices: options.slices });
  const slices = slicesOf("binsBySignificance", predictions, targets, weights, options);
  return bestEdges("binsBySignificance", slices, [0], 1, maximumBins);
}

/** How several cuts are sought. */
export interface CutsOptions extends Omit<SignificanceBinning, "maximumBins"> {
  /** Number of cuts, and so of categories. Default 2. */
  readonly cutCount?: number;
}

/** Cuts that divide the selected events into categories. */
export interface AmsCuts {
  /** Rising; category i holds cuts[i] ≤ prediction < cuts[i + 1], the last one all above. */
  readonly cuts: Float64Array;
  /** Of each category, and together: what an optimist would quote, for it is of the events that chose the cuts. */
  readonly significance: BinnedSignificance;
}

/**
 * Several cuts at once: the categories whose AMS, added in squares, is highest. Events below the lowest cut are dropped.
 * One cut is the maximum of `amsScan` among the edges of `slices`.
 *
 * @throws {DataError} as for `amsScan`, and when no such categories hold `minimumBackgroundCount` background events
 * each; {ConfigurationError} for options that make no sense.
 * @example
 * const { cuts, significance } = cutsByAms(predictions, targets, weights, { cutCount: 3, regularisation: 10 });
 */
export function cutsByAms(
  predictions: Numbers,
  targets: Numbers,
  weights?: Numbers,
  options: CutsOptions = {},
): AmsCuts {
  const { cutCount = 2 } = options;
  checkCounts("cutsByAms", { cutCount, slices: options.slices });
  const slices = slicesOf("cutsByAms", predictions, targets, weights, options);
  const everywhere = Array.from({ length: slices.edges.length - 1 }, (_, begin) => begin);
  const edges = bestEdges("cutsByAms", slices, everywhere, cutCount, cutCount);
  return {
    cuts: edges.slice(0, -1),
    significance: binnedSignificance(predictions, targets, weights, edges, options),
  };
}

/** Thin slices of the predictions, and what any run of them is worth as one bin. */
interface Slices {
  readonly edges: Float64Array;
  readonly minimumBackgroundCount: number;
  /** AMS², with its sign, of slices from ≤ i < to; −∞ where it is no bin. */
  gain(from: number, to: number): number;
}

function slicesOf(
  where: string,
  predictions: Numbers,
  targets: Numbers,
  weights: Numbers | undefined,
  options: SignificanceBinning,
): Slices {
  const { slices = 200, minimumBackgroundCount = 10 } = options;
  checkAmsOptions(where, options);
  const edges = sliceEdges(where, predictions, targets, weights, slices);
  const found = yieldsInBins(predictions, targets, weights, edges);
  const { background: counts } = yieldsInBins(
    predictions,
    targets,
    Float64Array.from(predictions, (_, i) => (weights && weights[i] === 0 ? 0 : 1)),
    edges,
  );
  const [s, b, v, n] = [found.signal, found.background, found.squares, counts].map(cumulated) as [
    ...[Float64Array, Float64Array, Float64Array, Float64Array],
  ];
  const gain = (from: number, to: number): number => {
    if (n[to]! - n[from]! < minimumBackgroundCount) return Number.NEGATIVE_INFINITY;
    const value = amsOfBin(s[to]! - s[from]!, b[to]! - b[from]!, v[to]! - v[from]!, options);
    return Number.isNaN(value) ? Number.NEGATIVE_INFINITY : value * Math.abs(value);
  };
  return { edges, minimumBackgroundCount, gain };
}

/** The edges of the best bins from one of the slices `begins` to the last, at least and at most so many bins. */
function bestEdges(
  where: string,
  { edges, minimumBackgroundCount, gain }: Slices,
  begins: readonly number[],
  least: number,
  most: number,
): Float64Array {
  const count = edges.length - 1;
  // best[k][to]: of k bins that end at edge `to`; from[k][to]: where the last of them begins.
  const best: Float64Array[] = [new Float64Array(count + 1).fill(Number.NEGATIVE_INFINITY)];
  for (const begin of begins) best[0]![begin] = 0;
  const from: Int32Array[] = [new Int32Array(count + 1)];
  for (let k = 1; k <= Math.min(most, count); k++) {
    best[k] = new Float64Array(count + 1).fill(Number.NEGATIVE_INFINITY);
    from[k] = new Int32Array(count + 1);
    for (let to = k; to <= count; to++) {
      for (let begin = k - 1; begin < to; begin++) {
        if (best[k - 1]![begin] === Number.NEGATIVE_INFINITY) continue;
        const value = best[k - 1]![begin]! + gain(begin, to);
        if (value > best[k]![to]!) {
          best[k]![to] = value;
          from[k]![to] = begin;
        }
      }
    }
  }
  let bins = 0;
  let highest = Number.NEGATIVE_INFINITY;
  for (let k = least; k < best.length; k++) {
    if (best[k]![count]! > highest) {
      highest = best[k]![count]!;
      bins = k;
    }
  }
  if (bins === 0) {
    throw new DataError(
      `${where}: not even ${least === 1 ? "one bin holds" : `${least} bins hold`} ${minimumBackgroundCount} background events with a positive sum of weights.`,
    );
  }
  const chosen = [edges[count]!];
  for (let to = count; bins > 0; bins--) {
    to = from[bins]![to]!;
    chosen.push(edges[to]!);
  }
  return Float64Array.from(chosen.reverse());
}

function checkCounts(where: string, counts: Readonly<Record<string, number | undefined>>): void {
  for (const [name, value] of Object.entries(counts)) {
    if (value !== undefined && (!Number.isInteger(value) || value < 1)) {
      throw new ConfigurationError(`${where}: ${name} is ${value}; it must be a whole number from 1.`);
    }
  }
}

/** Edges between equally many events of weight other than 0. */
function sliceEdges(
  where: string,
  predictions: Numbers,
  targets: Numbers,
  weights: Numbers | undefined,
  slices: number,
): Float64Array {
  const { order } = scoredEvents(where, predictions, targets, weights);
  const values = Float64Array.from(order, (event) => predictions[event]!).reverse();
  const edges = [values[0]!];
  for (let k = 1; k < slices; k++) {
    const edge = values[Math.floor((k * values.length) / slices)]!;
    if (edge > edges.at(-1)!) edges.push(edge);
  }
  if (values.at(-1)! > edges.at(-1)!) edges.push(values.at(-1)!);
  if (edges.length < 2) {
    throw new DataError(`${where}: all predictions are ${values[0]}; there is nothing to bin.`);
  }
  return Float64Array.from(edges);
}

function cumulated(values: Float64Array): Float64Array {
  const sums = new Float64Array(values.length + 1);
  for (let i = 0; i < values.length; i++) sums[i + 1] = sums[i]! + values[i]!;
  return sums;
}
