/** Features on 8 bits: weighted quantile bins of continuous columns, one bin a category, one bin for "missing". */
import { argsort, type Numbers } from "../array/index.ts";
import { DataError } from "../errors/index.ts";

/** The bin of missing values (NaN), of every feature. */
export const missingBin = 255;
/** The bin of categories beyond the most frequent 254; a split never sends it left. */
export const otherCategoriesBin = 254;

/** How the values of one feature are binned. */
export interface FeatureBins {
  readonly isCategorical: boolean;
  /** Value bins in use, without the one for missing values. */
  readonly binCount: number;
  /** Continuous: bin b holds edges[b−1] < x ≤ edges[b]; there are binCount − 1. Categorical: empty. */
  readonly edges: Float64Array;
  /** Continuous: the lowest and the highest value in each bin, of events that have a weight. Categorical: empty. */
  readonly lowest: Float64Array;
  readonly highest: Float64Array;
  /** Categorical: the category (a whole number ≥ 0) of each bin. Continuous: empty. */
  readonly categories: Int32Array;
}

/** All features of all events as bytes. */
export interface BinnedFeatures {
  readonly eventCount: number;
  readonly features: readonly FeatureBins[];
  /** Column by column: the bin of feature f of event i is bins[f · eventCount + i]. */
  readonly bins: Uint8Array;
}

/** What decides on the bins. */
export interface BinningOptions {
  /** Event weights; the quantiles are those of |w|, and events of weight 0 have no say. */
  readonly weights?: Numbers | undefined;
  /** Numbers of the columns whose values are categories: whole numbers from 0. */
  readonly categorical?: readonly number[];
  /** Value bins of a continuous feature at most, 2 to 255. Default 255. */
  readonly maxBins?: number;
}

/**
 * Bins columns of equal length. A continuous column with few distinct values gets one bin for each, others get
 * bins of about equal Σ|w|; edges lie half way between neighbouring values and are float32 numbers where those
 * are, so that an exported model of single precision splits the events alike.
 *
 * @throws {DataError} for columns of unequal length or a category that is no whole number ≥ 0.
 */
export function binFeatures(columns: readonly Numbers[], options: BinningOptions = {}): BinnedFeatures {
  const eventCount = columns[0]?.length ?? 0;
  const bins = new Uint8Array(columns.length * eventCount);
  const categorical = new Set(options.categorical);
  const features = columns.map((column, f) => {
    if (column.length !== eventCount) {
      throw new DataError(`trees: column ${f} has ${column.length} events, the first has ${eventCount}.`);
    }
    const into = bins.subarray(f * eventCount, (f + 1) * eventCount);
    if (categorical.has(f)) return binCategories(column, f, options.weights, into);
    return binContinuous(column, options.weights, options.maxBins ?? 255, into);
  });
  return { eventCount, features, bins };
}

function binContinuous(
  column: Numbers,
  weights: Numbers | undefined,
  maxBins: number,
  into: Uint8Array,
): FeatureBins {
  const order = argsort(column);
  let finite = order.length;
  while (finite > 0 && Number.isNaN(column[order[finite - 1]!]!)) finite -= 1;
  const values: number[] = [];
  const shares: number[] = [];
  for (let i = 0; i < finite; i++) {
    const event = order[i]!;
    const share = weights ? Math.abs(weights[event]!) : 1;
    if (share === 0) continue;
    const value = column[event]!;
    if (values.length > 0 && values[values.length - 1] === value) shares[shares.length - 1]! += share;
    else {
      values.push(value);
      shares.push(share);
    }
  }
  const edges = values.length <= maxBins ? allMiddles(values) : quantileEdges(values, shares, maxBins);
  const lowest = new Float64Array(edges.length + 1).fill(Number.NaN);
  const highest = lowest.slice();
  let bin = 0;
  for (let i = 0; i < finite; i++) {
    const event = order[i]!;
    const value = column[event]!;
    while (bin < edges.length && value > edges[bin]!) bin += 1;
    into[event] = bin;
    if (weights?.[event] === 0) continue;
    if (Number.isNaN(lowest[bin])) lowest[bin] = value;
    highest[bin] = value;
  }
  for (let i = finite; i < order.length; i++) into[order[i]!] = missingBin;
  return {
    isCategorical: false,
    binCount: edges.length + 1,
    edges,
    lowest,
    highest,
    categories: new Int32Array(0),
  };
}

function allMiddles(values: readonly number[]): Float64Array {
  const edges = new Float64Array(Math.max(0, values.length - 1));
  for (let i = 0; i < edges.length; i++) edges[i] = middle(values[i]!, values[i + 1]!);
  return edges;
}

/** A bin is closed when it holds its part of what is left; a value of many events has a bin of its own. */
function quantileEdges(values: readonly number[], shares: readonly number[], maxBins: number): Float64Array {
  let left = shares.reduce((sum, share) => sum + share, 0);
  const edges = new Float64Array(maxBins - 1);
  let count = 0;
  let filled = 0;
  for (let i = 0; i + 1 < values.length && count < maxBins - 1; i++) {
    const part = left / (maxBins - count);
    filled += shares[i]!;
    if (filled >= part || filled + shares[i + 1]! / 2 > part) {
      edges[count++] = middle(values[i]!, values[i + 1]!);
      left -= filled;
      filled = 0;
    }
  }
  return edges.slice(0, count);
}

/** A number t with low ≤ t < high, half way where single precision allows it. */
export function middle(low: number, high: number): number {
  const single = Math.fround(low + (high - low) / 2);
  return single >= low && single < high ? single : low;
}

function binCategories(
  column: Numbers,
  feature: number,
  weights: Numbers | undefined,
  into: Uint8Array,
): FeatureBins {
  const shares = new Map<number, number>();
  for (let i = 0; i < column.length; i++) {
    const value = column[i]!;
    if (Number.isNaN(value)) continue;
    if (!Number.isInteger(value) || value < 0 || value > 65535) {
      throw new DataError(
        `trees: column ${feature} is categorical, but event ${i} has the value ${value}. Categories are whole numbers from 0 to 65535.`,
      );
    }
    const share = weights ? Math.abs(weights[i]!) : 1;
    if (share > 0) shares.set(value, (shares.get(value) ?? 0) + share);
  }
  const kept = [...shares]
    .sort(([a, shareA], [b, shareB]) => shareB - shareA || a - b)
    .slice(0, otherCategoriesBin)
    .map(([category]) => category)
    .sort((a, b) => a - b);
  const binOf = new Map(kept.map((category, bin) => [category, bin]));
  for (let i = 0; i < column.length; i++) {
    const value = column[i]!;
    into[i] = Number.isNaN(value) ? missingBin : (binOf.get(value) ?? otherCategoriesBin);
  }
  return {
    isCategorical: true,
    binCount: kept.length,
    edges: new Float64Array(0),
    lowest: new Float64Array(0),
    highest: new Float64Array(0),
    categories: Int32Array.from(kept),
  };
}
