/** Distributions of the prediction by class, training over validation. */
import { DataError } from "../errors/index.ts";
import { framed, legendShare } from "./frame.ts";
import type { ClassHistogram } from "./histogram.ts";
import type { LegendEntry } from "./legend.ts";
import { colour, darker, defaultPalette, type PlotSettings } from "./settings.ts";
import type { Layer, PlotSpec, Row } from "./spec.ts";
import { channel, linearAxis, logAxis } from "./ticks.ts";

/** Histograms by class of events that no network had seen when it scored them. */
export interface PredictionHistograms {
  readonly validation: readonly ClassHistogram[];
  /** Training events, each scored by the member that did not train on it (out of fold). */
  readonly training?: readonly ClassHistogram[];
}

/** Looks of the prediction plot. */
export interface PredictionPlotOptions extends PlotSettings {
  readonly logY?: boolean;
  /** Unit area for each class and sample (the default), or the summed weights as they are. */
  readonly normalise?: boolean;
  /** A cut, drawn as a vertical line. */
  readonly cut?: number;
}

/**
 * Validation as filled steps, training (out of fold) as points with √Σw² bars over them, one colour a class.
 * On a logarithmic axis bins whose sum is not positive are not drawn: negative weights can make such bins.
 * @throws DataError when there is no histogram, or one that cannot be normalised because its weights sum to no more than zero.
 */
export function plotPredictions(
  histograms: PredictionHistograms,
  options: PredictionPlotOptions = {},
): PlotSpec {
  const { palette = defaultPalette, logY = false, normalise = true, labels = {} } = options;
  const { validation, training = [] } = histograms;
  if (validation.length === 0) {
    throw new DataError(
      "plotPredictions: at least one histogram of validation events was expected, but there is none.",
    );
  }
  const filled = validation.map((histogram) => prepared(histogram, "validation", normalise));
  const dotted = training.map((histogram) => prepared(histogram, "training", normalise));
  const bins = [...filled, ...dotted].flatMap((h) => h.bins);
  const highest = Math.max(...bins.map((bin) => bin.value + bin.uncertainty));
  const positive = bins.filter((bin) => bin.value > 0).map((bin) => bin.value);
  const lowest = Math.max(Math.min(...positive) / 2, highest * 1e-6);
  const limits = filled.flatMap((h) => h.bins);
  const x = linearAxis(
    labels.x ?? "Prediction",
    Math.min(...limits.map((bin) => bin.left)),
    Math.max(...limits.map((bin) => bin.right)),
    5,
  );
  const legend = legendOf();
  const columns = legend.length > 3 ? 2 : 1;
  const share = legendShare(Math.ceil(legend.length / columns), x, options);
  const title = labels.y ?? (normalise ? "Probability density" : "Summed weights per bin");
  const negative = Math.min(0, ...bins.map((bin) => bin.value - bin.uncertainty));
  const y = logY
    ? logAxis(title, lowest, lowest * (highest / lowest) ** (1.04 / (1 - share)))
    : linearAxis(
        title,
        Math.min(0, ...bins.map((bin) => bin.value)) < 0 ? negative : 0,
        (highest * 1.04) / (1 - share),
        5,
      );
  const floor = logY ? y.domain[0] : 0;

  const position = { x: channel("prediction", x), y: channel("density", y) };
  // All outlines above all fills: a line keeps its colour where the other class covers it.
  const fills = filled.map(
    (histogram, i): Layer => ({
      name: `class ${i} validation`,
      data: { values: outline(histogram.bins, floor) },
      mark: {
        type: "area",
        interpolate: "step-after",
        clip: true,
        color: colour(palette, i),
        opacity: 0.22,
      },
      encoding: { ...position, y2: { field: "base" } },
    }),
  );
  const outlines = filled.map(
    (histogram, i): Layer => ({
      name: `class ${i} validation outline`,
      data: { values: outline(histogram.bins, floor) },
      mark: {
        type: "line",
        interpolate: "step-after",
        clip: true,
        color: colour(palette, i),
        strokeWidth: 1.75,
      },
      encoding: { ...position, order: { value: 0 } },
    }),
  );
  const points = dotted.flatMap((histogram, i): Layer[] => {
    const color = darker(colour(palette, i));
    const values = histogram.bins
      .filter((bin) => (logY ? bin.value > 0 : bin.value !== 0 || bin.uncertainty > 0))
      .map(
        (bin): Row => ({
          prediction: (bin.left + bin.right) / 2,
          density: bin.value,
          low: Math.max(bin.value - bin.uncertainty, logY ? floor : Number.NEGATIVE_INFINITY),
          high: bin.value + bin.uncertainty,
        }),
      );
    return [
      {
        name: `class ${i} training bars`,
        data: { values },
        mark: { type: "rule", clip: true, color, strokeWidth: 1.25 },
        encoding: { x: position.x, y: channel("low", y), y2: { field: "high" } },
      },
      {
        name: `class ${i} training`,
        data: { values },
        mark: { type: "point", clip: true, filled: true, color, opacity: 1, size: 26, shape: shape(i) },
        encoding: position,
      },
    ];
  });
  return framed(
    {
      description: `Distribution of the prediction by class: ${legend.map((entry) => entry.label).join(", ")}`,
      x,
      y,
      layers: [...fills, ...outlines, ...points, ...cutLayers()],
      legend,
      legendColumns: columns,
    },
    options,
  );

  function legendOf(): LegendEntry[] {
    return [
      ...filled.map(
        (h, i): LegendEntry => ({
          label: `${h.label}, validation`,
          sample: "area",
          colour: colour(palette, i),
        }),
      ),
      ...dotted.map(
        (h, i): LegendEntry => ({
          label: `${h.label}, training`,
          sample: "errorBar",
          colour: darker(colour(palette, i)),
          shape: shape(i),
        }),
      ),
    ];
  }

  function cutLayers(): Layer[] {
    if (options.cut === undefined || !Number.isFinite(options.cut)) return [];
    return [
      {
        name: "cut",
        data: {
          values: [{ prediction: options.cut, density: floor, high: logY ? highest : highest * 1.02 }],
        },
        mark: { type: "rule", clip: true, color: "#1a1a1a", strokeWidth: 1.25, strokeDash: [5, 4] },
        encoding: { ...position, y2: { field: "high" } },
      },
    ];
  }
}

interface Bin {
  readonly left: number;
  readonly right: number;
  readonly value: number;
  readonly uncertainty: number;
}

/** Bins as they are drawn: divided by total and width when normalised. */
function prepared(
  histogram: ClassHistogram,
  sample: string,
  normalise: boolean,
): { label: string; bins: Bin[] } {
  const { label, edges, sums, uncertainties } = histogram;
  const total = sums.reduce((sum, value) => sum + value, 0);
  if (!(total > 0) || edges.length !== sums.length + 1) {
    throw new DataError(
      `plotPredictions: the ${sample} histogram of "${label}" should have a positive sum of weights and one more limit than bins, but has the sum ${total}, ${edges.length} limits and ${sums.length} bins.`,
    );
  }
  const bins = sums.map((value, i): Bin => {
    const left = edges[i]!;
    const right = edges[i + 1]!;
    const scale = normalise ? 1 / (total * (right - left)) : 1;
    return { left, right, value: value * scale, uncertainty: uncertainties[i]! * scale };
  });
  return { label, bins };
}

/** Rows that draw bins as steps, standing on `base` at both ends. */
function outline(bins: readonly Bin[], base: number): Row[] {
  const last = bins[bins.length - 1]!;
  const height = (bin: Bin): number => (base > 0 ? Math.max(bin.value, base) : bin.value);
  return [
    { prediction: bins[0]!.left, density: base, base },
    ...bins.map((bin) => ({ prediction: bin.left, density: height(bin), base })),
    { prediction: last.right, density: height(last), base },
    { prediction: last.right, density: base, base },
  ];
}

function shape(index: number): string {
  return ["circle", "square", "triangle-up", "diamond"][index % 4]!;
}
