/** Distributions of the prediction by class, training over validation. */
import { DataError } from "../errors/index.ts";
import { type Bin, binsOf, fillLayer, outlineLayer, pointLayers } from "./bins.ts";
import { framed, legendShare } from "./frame.ts";
import type { ClassHistogram } from "./histogram.ts";
import type { LegendEntry } from "./legend.ts";
import { darker, lookOf, type PlotSettings } from "./settings.ts";
import type { Layer, PlotSpec } from "./spec.ts";
import { type Zoom, zoomLayers } from "./stack.ts";
import { type Axis, channel, linearAxis, logAxis } from "./ticks.ts";

/** Histograms by class of events that no network had seen when it scored them. */
export interface PredictionHistograms {
  readonly validation: readonly ClassHistogram[];
  /** Training events, each scored by the member that did not train on it (out of fold). */
  readonly training?: readonly ClassHistogram[];
}

/** Looks of the prediction plot. */
export interface PredictionPlotOptions extends PlotSettings {
  /** Unit area for each class and sample (the default), or the summed weights as they are. */
  readonly normalise?: boolean;
  /** A cut, drawn as a vertical line. */
  readonly cut?: number;
  /** A part drawn again, larger. */
  readonly zoom?: Zoom;
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
  const { logY = false, normalise = true, labels = {} } = options;
  const { validation, training = [] } = histograms;
  if (validation.length === 0) {
    throw new DataError(
      "plotPredictions: at least one histogram of validation events was expected, but there is none.",
    );
  }
  const filled = validation.map((histogram, i) => prepared(histogram, i, "validation"));
  const dotted = training.map((histogram, i) => prepared(histogram, i, "training"));
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

  // All outlines above all fills: a line keeps its colour where the other class covers it.
  const draw = (axes: readonly [Axis, Axis], name = ""): Layer[] => [
    ...filled.map(({ bins: own, look }, i) =>
      fillLayer(`${name}class ${i} validation`, own, axes, look.colour, 0.22),
    ),
    ...filled.map(({ bins: own, look }, i) =>
      outlineLayer(`${name}class ${i} validation outline`, own, axes, look.colour),
    ),
    ...dotted.flatMap(({ bins: own, look }, i) =>
      pointLayers(`${name}class ${i} training`, own, axes, darker(look.colour), shape(i)),
    ),
  ];
  return framed(
    {
      description: `Distribution of the prediction by class: ${legend.map((entry) => entry.label).join(", ")}`,
      x,
      y,
      layers: [...draw([x, y]), ...cutLayers()],
      ...(options.zoom ? { over: zoomLayers(options.zoom, [x, y], bins, draw, options) } : {}),
      legend,
      legendColumns: columns,
    },
    options,
  );

  /** Bins as they are drawn: divided by total and width when normalised. */
  function prepared(histogram: ClassHistogram, index: number, sample: string): Drawn {
    const { label, edges, sums } = histogram;
    const total = sums.reduce((sum, value) => sum + value, 0);
    if (!(total > 0) || edges.length !== sums.length + 1) {
      throw new DataError(
        `plotPredictions: the ${sample} histogram of "${label}" should have a positive sum of weights and one more limit than bins, but has the sum ${total}, ${edges.length} limits and ${sums.length} bins.`,
      );
    }
    const bins = binsOf(histogram, (width) => (normalise ? 1 / (total * width) : 1));
    return { bins, look: lookOf(label, index, options) };
  }

  function legendOf(): LegendEntry[] {
    return [
      ...filled.map(
        ({ look }): LegendEntry => ({
          label: `${look.name}, validation`,
          sample: "area",
          colour: look.colour,
        }),
      ),
      ...dotted.map(
        ({ look }, i): LegendEntry => ({
          label: `${look.name}, training`,
          sample: "errorBar",
          colour: darker(look.colour),
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
          values: [{ x: options.cut, low: floor, high: logY ? highest : highest * 1.02 }],
        },
        mark: { type: "rule", clip: true, color: "#1a1a1a", strokeWidth: 1.25, strokeDash: [5, 4] },
        encoding: { x: channel("x", x), y: channel("low", y), y2: { field: "high" } },
      },
    ];
  }
}

interface Drawn {
  readonly bins: readonly Bin[];
  readonly look: { readonly name: string; readonly colour: string };
}

function shape(index: number): string {
  return ["circle", "square", "triangle-up", "diamond"][index % 4]!;
}
