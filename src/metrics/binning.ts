/** Bins of a discriminant that are fine where there are events enough: LUMIN's rule. */
import type { Numbers } from "../array/index.ts";
import { ConfigurationError, DataError } from "../errors/index.ts";
import { checkEvents } from "./scored-events.ts";

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
