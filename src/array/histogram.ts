/** Weighted one-dimensional histograms with the sums of squared weights that their errors need. */
import { counted, DataError } from "../errors/index.ts";
import type { Numbers } from "./numbers.ts";

/** A filled histogram; plain data. Bin i holds `edges[i]` ≤ x < `edges[i + 1]`, the last bin includes its end. */
export interface Histogram {
  readonly edges: Float64Array;
  /** Σ w per bin. */
  readonly sums: Float64Array;
  /** Σ w² per bin: its root is the statistical uncertainty of the sum. */
  readonly squares: Float64Array;
  /** Number of entries with a weight per bin. */
  readonly counts: Float64Array;
  /** Σ w below the first edge, at or above the last, and of NaN. */
  readonly underflow: number;
  readonly overflow: number;
  readonly missing: number;
}

/** Bins of a histogram: rising edges, or a number of equal bins over a range. */
export type Binning =
  | { readonly edges: Numbers }
  | { readonly binCount: number; readonly range: readonly [number, number] };

/**
 * Fills a histogram. Without weights every value counts once; negative weights are legal, weight 0 is no entry.
 *
 * @throws {DataError} for edges that do not rise or lengths that differ.
 * @example
 * histogram([0.1, 0.2, 0.9], { binCount: 2, range: [0, 1] }, [1, 2, 3]).sums // Float64Array [3, 3]
 */
export function histogram(values: Numbers, binning: Binning, weights?: Numbers): Histogram {
  if (weights && weights.length !== values.length) {
    throw new DataError(
      `histogram: ${counted(values.length, "value")}, but ${counted(weights.length, "weight")}.`,
    );
  }
  const edges = binEdges(binning);
  const binCount = edges.length - 1;
  const sums = new Float64Array(binCount);
  const squares = new Float64Array(binCount);
  const counts = new Float64Array(binCount);
  const first = edges[0]!;
  const last = edges[binCount]!;
  const perUnit = binCount / (last - first);
  const equal = "binCount" in binning;
  let underflow = 0;
  let overflow = 0;
  let missing = 0;
  for (let i = 0; i < values.length; i++) {
    const x = values[i]!;
    const w = weights ? weights[i]! : 1;
    if (Number.isNaN(x)) missing += w;
    else if (x < first) underflow += w;
    else if (x > last) overflow += w;
    else {
      const bin = equal ? nearBin(edges, x, Math.floor((x - first) * perUnit)) : searchBin(edges, x);
      sums[bin]! += w;
      squares[bin]! += w * w;
      if (w !== 0) counts[bin]!++;
    }
  }
  return { edges, sums, squares, counts, underflow, overflow, missing };
}

function binEdges(binning: Binning): Float64Array {
  const edges =
    "edges" in binning
      ? Float64Array.from(binning.edges)
      : Float64Array.from({ length: binning.binCount + 1 }, (_, i) => {
          const part = i / binning.binCount;
          return binning.range[0] * (1 - part) + binning.range[1] * part;
        });
  for (let i = 1; i < edges.length; i++) {
    if (!(edges[i]! > edges[i - 1]!)) {
      throw new DataError(`histogram: the edges must rise, but ${edges[i]} follows ${edges[i - 1]}.`);
    }
  }
  if (edges.length < 2) throw new DataError(`histogram: ${counted(edges.length, "edge")}; a bin takes two.`);
  return edges;
}

/** The bin of x from a guess that rounding may have put one bin off, so that the edges printed are the edges used. */
function nearBin(edges: Float64Array, x: number, guess: number): number {
  let bin = Math.min(guess, edges.length - 2);
  if (x < edges[bin]!) bin--;
  else if (bin < edges.length - 2 && x >= edges[bin + 1]!) bin++;
  return bin;
}

function searchBin(edges: Float64Array, x: number): number {
  let below = 0;
  let above = edges.length - 2;
  while (below < above) {
    const middle = (below + above + 1) >> 1;
    if (edges[middle]! <= x) below = middle;
    else above = middle - 1;
  }
  return below;
}
