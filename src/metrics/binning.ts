/** Bins of a discriminant: fine where there are events enough, or so that the expected significance is highest. */
import type { Numbers } from "../array/index.ts";
import { ConfigurationError, DataError } from "../errors/index.ts";
import { type AmsOptions, ams, checkAmsOptions } from "./ams.ts";
import { checkEvents, scoredEvents } from "./scored-events.ts";

/** When a bin is full. */
export interface UncertaintyBinning {
  /** Largest relative statistical uncertainty of every sample in every bin; in (0, 1]. */
  readonly maximumUncertainty: number;
  /**
   * `counts` (default, LUMIN's): ⌊1/u²⌋ events, whatever their weights. `weights`: √Σw² ≤ u·|Σw|, which is the
   * uncertainty of what the bin predicts.
   */
  readonly rule?: "counts" | "weights";
  /** Edges are multiples of this, counted from 1 downwards. Default 0.001. */
  readonly step?: number;
  /**
   * A first bin above the highest background prediction, if it holds signal enough for this relative uncertainty
   * (LUMIN: 0.1). The samples named in it are the signal.
   */
  readonly pureSignal?: {
    readonly samples: readonly (string | number)[];
    readonly maximumUncertainty: number;
  };
}

/**
 * Bin edges of a discriminant in [0, 1] by LUMIN's rule: from 1 downwards, a bin is closed as soon as every sample
 * has events enough in it. The last bin takes the rest, down to 0, and may hold fewer.
 *
 * @param predictions of each event, in [0, 1].
 * @param samples what each event belongs to: its class, or its physics process. Every one must fill every bin.
 * @returns ascending edges from 0 to 1.
 * @throws {DataError} for predictions outside [0, 1], different lengths, no events; {ConfigurationError} for options
 * that make no sense.
 */
export function binsByUncertainty(
  predictions: Numbers,
  samples: Numbers | readonly string[],
  weights: Numbers | undefined,
  options: UncertaintyBinning,
): Float64Array {
  const { rule = "counts", step = 1e-3, maximumUncertainty, pureSignal } = options;
  checkOptions(options);
  checkSamples(predictions, samples, weights);
  const sorted = sortedDown(predictions, weights);
  const names = [...new Set(samples as readonly (string | number)[])];
  const tallies = new Map(names.map((name) => [name, new Tally()]));
  const edges = [1];
  let next = 0;
  const fillDownTo = (edge: number): void => {
    for (; next < sorted.length && predictions[sorted[next]!]! > edge; next++) {
      const event = sorted[next]!;
      tallies.get(samples[event]!)!.add(weights ? weights[event]! : 1);
    }
  };
  if (pureSignal) {
    const edge = pureEdge(predictions, samples, sorted, pureSignal.samples);
    fillDownTo(edge);
    const signal = new Tally();
    for (const name of pureSignal.samples) signal.merge(tallies.get(name));
    if (edge < 1 && edge > 0 && signal.isFull(pureSignal.maximumUncertainty, rule)) {
      edges.push(edge);
      for (const tally of tallies.values()) tally.clear();
    }
  }
  for (let k = 1; ; k++) {
    const edge = 1 - k * step;
    if (edge < step / 2) break;
    if (edge >= edges.at(-1)!) continue;
    fillDownTo(edge);
    if ([...tallies.values()].every((tally) => tally.isFull(maximumUncertainty, rule))) {
      edges.push(Number(edge.toPrecision(12)));
      for (const tally of tallies.values()) tally.clear();
    }
  }
  edges.push(0);
  return Float64Array.from(edges.reverse());
}

/** What has been put into the open bin. */
class Tally {
  #count = 0;
  #sum = 0;
  #squares = 0;

  add(weight: number): void {
    // An event of weight 0 is no event.
    if (weight === 0) return;
    this.#count++;
    this.#sum += weight;
    this.#squares += weight * weight;
  }

  merge(other: Tally | undefined): void {
    if (!other) return;
    this.#count += other.#count;
    this.#sum += other.#sum;
    this.#squares += other.#squares;
  }

  isFull(uncertainty: number, rule: "counts" | "weights"): boolean {
    if (rule === "counts") return this.#count >= Math.floor((1 / uncertainty) ** 2);
    return this.#sum !== 0 && Math.sqrt(this.#squares) <= uncertainty * Math.abs(this.#sum);
  }

  clear(): void {
    this.#count = 0;
    this.#sum = 0;
    this.#squares = 0;
  }
}

/** Just below the lowest signal prediction above all background; 1 where the highest prediction is background. */
function pureEdge(
  predictions: Numbers,
  samples: Numbers | readonly string[],
  sorted: Int32Array,
  signal: readonly (string | number)[],
): number {
  const first = sorted.find((event) => !signal.includes(samples[event]!));
  return first === undefined ? 0 : predictions[first]!;
}

/** Events with a weight, by falling prediction. */
function sortedDown(predictions: Numbers, weights: Numbers | undefined): Int32Array {
  const events = Array.from(predictions, (_, event) => event).filter((event) => weights?.[event] !== 0);
  return Int32Array.from(events).sort((a, b) => predictions[b]! - predictions[a]! || a - b);
}

function checkOptions({ maximumUncertainty, step = 1e-3, pureSignal }: UncertaintyBinning): void {
  for (const [name, value] of [
    ["maximumUncertainty", maximumUncertainty],
    ["pureSignal.maximumUncertainty", pureSignal?.maximumUncertainty ?? 0.1],
  ] as const) {
    if (!(value > 0 && value <= 1)) {
      throw new ConfigurationError(`binsByUncertainty: ${name} is ${value}; it must be in (0, 1].`);
    }
  }
  if (!(step > 0 && step <= 0.5)) {
    throw new ConfigurationError(`binsByUncertainty: step is ${step}; it must be in (0, 0.5].`);
  }
}

function checkSamples(
  predictions: Numbers,
  samples: Numbers | readonly string[],
  weights: Numbers | undefined,
): void {
  checkEvents("binsByUncertainty", { predictions, targets: new Float64Array(samples.length), weights });
  for (let i = 0; i < predictions.length; i++) {
    if (!(predictions[i]! >= 0 && predictions[i]! <= 1)) {
      throw new DataError(
        `binsByUncertainty: expected predictions in [0, 1], event ${i} has ${predictions[i]}.`,
      );
    }
  }
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
 * The significance of all bins together, as of independent counting experiments: their AMS added in squares. A
 * relative background uncertainty is taken as independent from bin to bin.
 *
 * @param edges ascending; events outside are in no bin, the last bin includes its upper edge.
 * @throws {DataError} as for `amsScan`.
 */
export function binnedSignificance(
  predictions: Numbers,
  targets: Numbers,
  weights: Numbers | undefined,
  edges: Numbers,
  options: AmsOptions = {},
): BinnedSignificance {
  checkAmsOptions("binnedSignificance", options);
  const { signal, background } = yieldsInBins(predictions, targets, weights, edges);
  const bins = signal.map((s, bin) => ams({ s, b: background[bin]!, ...options }));
  const squares = bins.reduce((sum, value) => (Number.isNaN(value) ? sum : sum + value * Math.abs(value)), 0);
  return { significance: Math.sign(squares) * Math.sqrt(Math.abs(squares)), bins, signal, background };
}

function yieldsInBins(
  predictions: Numbers,
  targets: Numbers,
  weights: Numbers | undefined,
  edges: Numbers,
): { signal: Float64Array; background: Float64Array } {
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
  for (let i = 0; i < predictions.length; i++) {
    const value = predictions[i]!;
    if (value < edges[0]! || value > edges[count]!) continue;
    let [low, high] = [0, count];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (value >= edges[middle]!) low = middle;
      else high = middle;
    }
    (targets[i] === 1 ? signal : background)[low]! += weights ? weights[i]! : 1;
  }
  return { signal, background };
}

/** How bins for significance are sought. */
export interface SignificanceBinning extends AmsOptions {
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
  const { maximumBins = 10, slices = 200, minimumBackgroundCount = 10 } = options;
  checkAmsOptions("binsBySignificance", options);
  for (const [name, value] of [
    ["maximumBins", maximumBins],
    ["slices", slices],
  ] as const) {
    if (!Number.isInteger(value) || value < 1) {
      throw new ConfigurationError(
        `binsBySignificance: ${name} is ${value}; it must be a whole number from 1.`,
      );
    }
  }
  const edges = sliceEdges(predictions, targets, weights, slices);
  const count = edges.length - 1;
  const { signal, background } = yieldsInBins(predictions, targets, weights, edges);
  const { background: counts } = yieldsInBins(
    predictions,
    targets,
    Float64Array.from(predictions, (_, i) => (weights && weights[i] === 0 ? 0 : 1)),
    edges,
  );
  const [s, b, n] = [cumulated(signal), cumulated(background), cumulated(counts)];
  const gain = (from: number, to: number): number => {
    if (n[to]! - n[from]! < minimumBackgroundCount) return Number.NEGATIVE_INFINITY;
    const value = ams({ s: s[to]! - s[from]!, b: b[to]! - b[from]!, ...options });
    return Number.isNaN(value) ? Number.NEGATIVE_INFINITY : value * Math.abs(value);
  };
  // best[k][to]: of slices 0 … to in k bins; from[k][to] where the last bin begins.
  const best: Float64Array[] = [new Float64Array(count + 1).fill(Number.NEGATIVE_INFINITY)];
  best[0]![0] = 0;
  const begins: Int32Array[] = [new Int32Array(count + 1)];
  for (let k = 1; k <= Math.min(maximumBins, count); k++) {
    best[k] = new Float64Array(count + 1).fill(Number.NEGATIVE_INFINITY);
    begins[k] = new Int32Array(count + 1);
    for (let to = k; to <= count; to++) {
      for (let from = k - 1; from < to; from++) {
        if (best[k - 1]![from] === Number.NEGATIVE_INFINITY) continue;
        const value = best[k - 1]![from]! + gain(from, to);
        if (value > best[k]![to]!) {
          best[k]![to] = value;
          begins[k]![to] = from;
        }
      }
    }
  }
  const totals = best.map((row) => row[count]!);
  let bins = totals.indexOf(Math.max(...totals.slice(1)), 1);
  if (totals[bins] === Number.NEGATIVE_INFINITY) {
    throw new DataError(
      `binsBySignificance: not even one bin holds ${minimumBackgroundCount} background events with a positive sum of weights.`,
    );
  }
  const chosen = [edges[count]!];
  for (let to = count; bins > 0; bins--) {
    to = begins[bins]![to]!;
    chosen.push(edges[to]!);
  }
  return Float64Array.from(chosen.reverse());
}

/** Edges between equally many events of weight other than 0. */
function sliceEdges(
  predictions: Numbers,
  targets: Numbers,
  weights: Numbers | undefined,
  slices: number,
): Float64Array {
  const { order } = scoredEvents("binsBySignificance", predictions, targets, weights);
  const values = Float64Array.from(order, (event) => predictions[event]!).reverse();
  const edges = [values[0]!];
  for (let k = 1; k < slices; k++) {
    const edge = values[Math.floor((k * values.length) / slices)]!;
    if (edge > edges.at(-1)!) edges.push(edge);
  }
  if (values.at(-1)! > edges.at(-1)!) edges.push(values.at(-1)!);
  if (edges.length < 2) {
    throw new DataError(`binsBySignificance: all predictions are ${values[0]}; there is nothing to bin.`);
  }
  return Float64Array.from(edges);
}

function cumulated(values: Float64Array): Float64Array {
  const sums = new Float64Array(values.length + 1);
  for (let i = 0; i < values.length; i++) sums[i + 1] = sums[i]! + values[i]!;
  return sums;
}
