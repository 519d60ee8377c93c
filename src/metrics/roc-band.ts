/** The uncertainty of a ROC curve. */
import { type BootstrapOptions, bootstrapDeviations, type Numbers } from "../array/index.ts";
import { ConfigurationError } from "../errors/index.ts";
import { type CumulativeYields, cumulativeYields, requirePositiveTotals } from "./cumulative-yields.ts";
import { scoredEvents } from "./scored-events.ts";

/** A ROC curve at given background efficiencies, with its uncertainty. */
export interface RocBand {
  /** 0 … 1 in equal steps. */
  readonly falsePositiveRate: Float64Array;
  /** Signal efficiency there: linear between the points of the curve, at a vertical step its upper end. */
  readonly truePositiveRate: Float64Array;
  /** Standard deviation of the signal efficiency over bootstrap replicas. */
  readonly uncertainty: Float64Array;
}

/**
 * The ROC curve with a band from a seeded Poisson bootstrap over the events, by vertical averaging (Fawcett, Pattern
 * Recogn. Lett. 27, 861, 2006). Negative weights are legal: where the curve turns back, the loosest cut with the
 * background efficiency counts.
 *
 * @throws {DataError} as `rocCurve`; {ConfigurationError} for fewer than 2 points.
 * @example
 * rocBand([0.9, 0.8, 0.8, 0.1], [1, 1, 0, 0], undefined, { pointCount: 3 }).truePositiveRate // Float64Array [0.5, 1, 1]
 */
export function rocBand(
  predictions: Numbers,
  targets: Numbers,
  weights?: Numbers,
  { pointCount = 101, ...bootstrap }: BootstrapOptions & { readonly pointCount?: number } = {},
): RocBand {
  if (!(Number.isInteger(pointCount) && pointCount >= 2)) {
    throw new ConfigurationError(`rocBand: pointCount is ${pointCount}; it must be a whole number from 2.`);
  }
  const events = scoredEvents("rocBand", predictions, targets, weights);
  const yields = cumulativeYields(events);
  requirePositiveTotals("rocBand", yields);
  const falsePositiveRate = Float64Array.from({ length: pointCount }, (_, i) => i / (pointCount - 1));
  return {
    falsePositiveRate,
    truePositiveRate: Float64Array.from(efficienciesAt(falsePositiveRate, yields)),
    uncertainty: Float64Array.from(
      bootstrapDeviations(
        events.inputCount,
        (counts) => efficienciesAt(falsePositiveRate, cumulativeYields(events, counts)),
        bootstrap,
      ),
    ),
  };
}

/** Signal efficiencies at rising background efficiencies; NaN when a class does not sum to a positive number. */
function efficienciesAt(rates: Float64Array, { signal, background }: CumulativeYields): number[] {
  const [signalTotal, backgroundTotal] = [signal.at(-1)!, background.at(-1)!];
  if (!(signalTotal > 0 && backgroundTotal > 0)) return Array.from(rates, () => Number.NaN);
  const at = (sums: Float64Array, point: number): number => (point < 0 ? 0 : sums[point]!);
  const found = new Array<number>(rates.length);
  let point = signal.length - 1;
  for (let i = rates.length - 1; i >= 0; i--) {
    const wanted = rates[i]! * backgroundTotal;
    // Sums of weights miss equal numbers by some units in the last place.
    while (point >= 0 && background[point]! > wanted + 1e-12 * backgroundTotal) point--;
    const [b0, s0] = [at(background, point), at(signal, point)];
    const next = Math.min(point + 1, signal.length - 1);
    const step = background[next]! - b0;
    const part = step > 0 ? (wanted - b0) / step : 0;
    found[i] = (s0 + Math.max(0, part) * (signal[next]! - s0)) / signalTotal;
  }
  return found;
}
