/** Distributions of a feature, class by class, with their moments. */
import { type Numbers, weightedMoments } from "../array/index.ts";
import { counted, DataError } from "../errors/index.ts";
import { binsOf, fillLayer, outlineLayer } from "./bins.ts";
import { formatMeasured } from "./format.ts";
import { framed, legendShare } from "./frame.ts";
import type { LegendEntry } from "./legend.ts";
import { type Sample, type SampleBinning, sampleHistograms, sampleMoments } from "./samples.ts";
import { darker, lookOf, type PlotSettings } from "./settings.ts";
import type { Layer, PlotSpec } from "./spec.ts";
import { channel, linearAxis, logAxis } from "./ticks.ts";

/** Looks of a feature's distributions. */
export interface FeaturePlotOptions extends PlotSettings, SampleBinning {
  /** The feature, for the axis. */
  readonly feature?: string;
  /** Its unit, for the axis and the moments: "GeV". */
  readonly unit?: string;
  /** Unit area for each sample (the default), or the summed weights as they are. */
  readonly normalise?: boolean;
  /** Mean and standard deviation with their errors, in the legend. Default true. */
  readonly moments?: boolean;
  /** A smooth density (Gaussian kernel of Scott's width) over the bins. Default: where `normalise` is on. */
  readonly smooth?: boolean;
}

/**
 * Histograms of samples over each other, with smooth densities, and the moments of all values (those outside the
 * drawn range too) in the legend. Weights may be negative. Bins are not drawn with error bars: see `plotStack`.
 *
 * @throws DataError for no sample, one without values, or one whose weights in the range do not sum to a positive
 * number while it is normalised.
 * @example
 * plotFeature(samplesOf(mass, label, weight), { feature: "DER_mass_MMC", unit: "GeV" })
 */
export function plotFeature(samples: readonly Sample[], settings: FeaturePlotOptions = {}): PlotSpec {
  const {
    normalise = true,
    moments = true,
    smooth = normalise,
    unit,
    feature = "Value",
    labels = {},
  } = settings;
  if (samples.length === 0) {
    throw new DataError("plotFeature: at least one sample was expected, but the list is empty.");
  }
  const histograms = sampleHistograms(samples, settings);
  const drawn = histograms.map((histogram, i) => {
    const total = histogram.sums.reduce((sum, value) => sum + value, 0);
    if (normalise && !(total > 0)) {
      throw new DataError(
        `plotFeature: the weights of "${histogram.name}" in the range should sum to a positive number, but sum to ${total}. Use normalise: false.`,
      );
    }
    const scale = (width: number): number => (normalise ? 1 / (total * width) : 1);
    const bins = binsOf(histogram, scale);
    const [first, last] = [bins[0]!, bins.at(-1)!];
    const mean = (last.right - first.left) / bins.length;
    const curve = smooth
      ? smoothDensity(samples[i]!, first.left, last.right).map(({ x, y }) => ({
          x,
          y: normalise ? (y * weightOf(samples[i]!)) / total : y * weightOf(samples[i]!) * mean,
        }))
      : [];
    return { bins, curve, look: lookOf(histogram.name, i, settings) };
  });
  const [left, right] = [drawn[0]!.bins[0]!.left, drawn[0]!.bins.at(-1)!.right];
  const title = unit === undefined ? feature : `${feature} [${unit}]`;
  const x =
    settings.logX && left > 0
      ? logAxis(labels.x ?? title, left, right)
      : linearAxis(labels.x ?? title, left, right);
  const legend: LegendEntry[] = drawn.flatMap(({ look }, i): LegendEntry[] => [
    { label: look.name, sample: "area", colour: look.colour },
    ...(moments
      ? [{ label: momentsText(samples[i]!, unit), sample: "none", colour: look.colour } as const]
      : []),
  ]);
  const values = drawn.flatMap(({ bins, curve }) => [
    ...bins.map((bin) => bin.value),
    ...curve.map(({ y }) => y),
  ]);
  const y = heightAxis(
    labels.y ?? (normalise ? "Probability density" : "Summed weights per bin"),
    values,
    legendShare(legend.length, x, settings),
    settings.logY ?? false,
  );
  const axes = [x, y] as const;
  const line = (name: string, points: readonly { x: number; y: number }[], color: string): Layer => ({
    name,
    data: { values: points.filter((point) => !y.log || point.y > 0) },
    mark: { type: "line", clip: true, color, strokeWidth: 2 },
    encoding: { x: channel("x", x), y: channel("y", y) },
  });
  const layers: Layer[] = [
    ...drawn.map(({ bins, look }, i) => fillLayer(`sample ${i}`, bins, axes, look.colour, 0.2)),
    ...drawn.map(({ bins, look }, i) =>
      outlineLayer(`sample ${i} outline`, bins, axes, look.colour, { strokeWidth: smooth ? 1 : 1.75 }),
    ),
    ...drawn.flatMap(({ curve, look }, i) =>
      curve.length > 0 ? [line(`sample ${i} density`, curve, darker(look.colour))] : [],
    ),
  ];
  return framed({ description: `Distribution of ${feature}`, ...{ x, y, layers, legend } }, settings);
}

/** An axis for heights of bins, with a share left free for the legend. */
export function heightAxis(
  title: string,
  values: readonly number[],
  share: number,
  isLog: boolean,
): ReturnType<typeof linearAxis> {
  const highest = values.reduce((a, b) => Math.max(a, b), 0);
  const least = values.reduce((a, b) => Math.min(a, b), 0);
  if (!isLog) return linearAxis(title, least * 1.04, (highest * 1.04) / (1 - share) || 1, 5);
  const positive = values.filter((value) => value > 0);
  if (positive.length === 0) {
    throw new DataError(
      `plot: a logarithmic axis needs a bin above zero, but of ${counted(values.length, "bin")} none is.`,
    );
  }
  const lowest = Math.max(positive.reduce((a, b) => Math.min(a, b)) / 2, highest * 1e-6);
  return logAxis(title, lowest, lowest * (highest / lowest) ** (1.04 / (1 - share)));
}

/** "mean 121.9 ± 0.3 GeV, σ 55.1 ± 0.4 GeV" */
export function momentsText(sample: Sample, unit?: string): string {
  const { mean, meanUncertainty, deviation, deviationUncertainty } = sampleMoments(sample);
  const of = unit === undefined ? "" : ` ${unit}`;
  return `mean ${formatMeasured(mean, meanUncertainty)}${of}, σ ${formatMeasured(deviation, deviationUncertainty)}${of}`;
}

/**
 * The weighted density of all values at 256 points between two limits: a fine histogram, folded with a Gaussian of
 * Scott's width, σ n^(−1/5) with n = (Σw)² / Σw². Values up to four widths outside the limits count.
 */
function smoothDensity({ values, weights }: Sample, low: number, high: number): { x: number; y: number }[] {
  const { variance, weightSum } = weightedMoments(values, weights);
  const width =
    Math.sqrt(spreadWithin(values, weights, low, high) ?? variance) * effectiveCount(values, weights) ** -0.2;
  if (!(width > 0) || !(weightSum > 0)) return [];
  const step = Math.min((high - low) / 255, width / 4);
  const reach = Math.ceil((4 * width) / step);
  const count = Math.ceil((high - low) / step) + 1;
  const fine = new Float64Array(count + 2 * reach);
  for (let i = 0; i < values.length; i++) {
    // Each value goes to its two neighbours by distance, so that the mean stays.
    const place = (values[i]! - low) / step + reach;
    const below = Math.floor(place);
    if (!(below >= 0 && below + 1 < fine.length)) continue;
    const w = weights ? weights[i]! : 1;
    fine[below]! += w * (below + 1 - place);
    fine[below + 1]! += w * (place - below);
  }
  const kernel = Float64Array.from({ length: 2 * reach + 1 }, (_, k) =>
    Math.exp(-((((k - reach) * step) / width) ** 2) / 2),
  );
  const scale = 1 / (width * Math.sqrt(2 * Math.PI) * weightSum);
  const every = Math.max(1, Math.floor(count / 256));
  const points: { x: number; y: number }[] = [];
  for (let i = 0; i < count; i += every) {
    let sum = 0;
    for (let k = 0; k < kernel.length; k++) sum += kernel[k]! * fine[i + k]!;
    points.push({ x: low + i * step, y: sum * scale });
  }
  return points;
}

/** The variance of the values between the limits: tails outside must not widen the kernel inside. */
function spreadWithin(
  values: Numbers,
  weights: Numbers | undefined,
  low: number,
  high: number,
): number | undefined {
  const inside = Float64Array.from(values, (x) => (x >= low && x <= high ? x : Number.NaN));
  const { variance } = weightedMoments(inside, weights);
  return variance > 0 ? variance : undefined;
}

function effectiveCount(values: Numbers, weights: Numbers | undefined): number {
  let [sum, squares] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i])) continue;
    const w = weights ? weights[i]! : 1;
    sum += w;
    squares += w * w;
  }
  return sum ** 2 / squares;
}

function weightOf({ values, weights }: Sample): number {
  return weightedMoments(values, weights).weightSum;
}
