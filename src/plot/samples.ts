/** Weighted samples of one quantity: what distributions and stacks are drawn of. */
import { histogram, type Numbers, weightedMoments, weightedQuantiles } from "../array/index.ts";
import { counted, DataError } from "../errors/index.ts";

/** Values of one class or sample with their weights; NaN means missing. */
export interface Sample {
  /** Key of the sample; `settings.samples` gives its name and colour. */
  readonly name: string;
  readonly values: Numbers;
  /** Of any sign; absent: every value counts once. */
  readonly weights?: Numbers | undefined;
}

/** A binned sample. */
export interface SampleHistogram {
  readonly name: string;
  /** Bin limits, rising, one more than bins. */
  readonly edges: readonly number[];
  /** Σw of each bin. */
  readonly sums: readonly number[];
  /** √Σw² of each bin. */
  readonly uncertainties: readonly number[];
}

/**
 * One sample for each value of a column of names or codes, in the order of their first events.
 *
 * @throws DataError for lengths that differ.
 * @example
 * samplesOf([10, 20, 30], ["ttbar", "data", "ttbar"]) // [{ name: "ttbar", values: [10, 30] }, …]
 */
export function samplesOf(
  values: Numbers,
  names: ArrayLike<string | number>,
  weights?: Numbers,
): { readonly name: string; readonly values: Float64Array; readonly weights?: Float64Array }[] {
  if (names.length !== values.length || (weights && weights.length !== values.length)) {
    throw new DataError(
      `samplesOf: values, names and weights should have one entry an event, but have ${[values.length, names.length, weights?.length ?? values.length].join(", ")}.`,
    );
  }
  const rows = new Map<string, number[]>();
  for (let i = 0; i < values.length; i++) {
    const name = String(names[i]);
    const own = rows.get(name);
    if (own) own.push(i);
    else rows.set(name, [i]);
  }
  return [...rows].map(([name, events]) => ({
    name,
    values: Float64Array.from(events, (i) => values[i]!),
    ...(weights ? { weights: Float64Array.from(events, (i) => weights[i]!) } : {}),
  }));
}

/** How samples are binned. */
export interface SampleBinning {
  /** Default 40. */
  readonly binCount?: number;
  /** Default: from the 1 % to the 99 % quantile of all values. What lies outside is not drawn. */
  readonly range?: readonly [number, number];
  /** Bin limits instead. */
  readonly edges?: Numbers;
}

/**
 * Histograms of samples in the same bins.
 *
 * @throws DataError for a sample without a finite value, lengths that differ, edges that do not rise.
 */
export function sampleHistograms(samples: readonly Sample[], binning: SampleBinning = {}): SampleHistogram[] {
  for (const { name, values } of samples) {
    if (!Array.prototype.some.call(values, Number.isFinite)) {
      throw new DataError(
        `sampleHistograms: sample "${name}" has no finite value among its ${counted(values.length, "value")}.`,
      );
    }
  }
  const bins = binning.edges
    ? { edges: binning.edges }
    : { binCount: binning.binCount ?? 40, range: binning.range ?? bulkRange(samples) };
  return samples.map(({ name, values, weights }) => {
    const { edges, sums, squares } = histogram(values, bins, weights);
    return {
      name,
      edges: Array.from(edges, (edge) => Number(edge.toPrecision(12))),
      sums: Array.from(sums),
      uncertainties: Array.from(squares, Math.sqrt),
    };
  });
}

/** From the 1 % to the 99 % quantile of all values, each counted once: so wide that tails do not squeeze the rest. */
export function bulkRange(samples: readonly Sample[]): [number, number] {
  const all = samples.flatMap(({ values }) => Array.from(values).filter(Number.isFinite));
  const [low, high] = weightedQuantiles(all, [0.01, 0.99]);
  if (high! > low!) return [low!, high!];
  const half = Math.abs(low!) / 2 || 1;
  return [low! - half, low! + half];
}

/** Mean and standard deviation with their standard errors. */
export interface SampleMoments {
  readonly mean: number;
  readonly meanUncertainty: number;
  readonly deviation: number;
  readonly deviationUncertainty: number;
}

/**
 * Mean m = Σwx / Σw and deviation s = √(Σw(x − m)² / Σw) with the errors that the events' own spread gives:
 * √Σw²(x − m)² / Σw, and √Σw²((x − m)² − s²)² / (2 s Σw). Missing values are left out; negative weights are legal.
 */
export function sampleMoments({ values, weights }: Sample): SampleMoments {
  const { mean, variance, weightSum } = weightedMoments(values, weights);
  let first = 0;
  let second = 0;
  for (let i = 0; i < values.length; i++) {
    const distance = values[i]! - mean;
    if (!Number.isFinite(distance)) continue;
    const w = weights ? weights[i]! : 1;
    first += (w * distance) ** 2;
    second += (w * (distance * distance - variance)) ** 2;
  }
  const deviation = Math.sqrt(variance);
  return {
    mean,
    meanUncertainty: Math.sqrt(first) / Math.abs(weightSum),
    deviation,
    deviationUncertainty: Math.sqrt(second) / (2 * deviation * Math.abs(weightSum)),
  };
}
