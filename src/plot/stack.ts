/** Stacked samples with data over them, and the ratio of data to their sum. */
import { DataError } from "../errors/index.ts";
import { type Bin, bandLayer, baseOf, binsOf, outlineLayer, pointLayers } from "./bins.ts";
import { heightAxis } from "./feature.ts";
import { framed, frameSize, legendShare, panelRanges } from "./frame.ts";
import type { LegendEntry } from "./legend.ts";
import { panel } from "./panel.ts";
import type { SampleHistogram } from "./samples.ts";
import { lookOf, type PlotSettings } from "./settings.ts";
import type { Layer, LayerGroup, PlotSpec } from "./spec.ts";
import { type Axis, channel, linearAxis, logAxis } from "./ticks.ts";

/** Binned samples, all in the same bins, as `sampleHistograms` gives them. */
export interface StackedSamples {
  /** Drawn as fills on top of each other, the smallest sum of weights at the bottom. */
  readonly stacked: readonly SampleHistogram[];
  /** Drawn as lines over the stack, not part of it. */
  readonly lines?: readonly SampleHistogram[];
  /** Drawn as points with √Σw² bars. */
  readonly data?: SampleHistogram | undefined;
}

/** A part of the plot drawn again, larger, in a corner. */
export interface Zoom {
  readonly x: readonly [number, number];
  /** Default: as high as what is in it. */
  readonly y?: readonly [number, number];
  /** Parts of the frame's width and height, from the top left. Default { left: 0.45, right: 0.96, top: 0.3, bottom: 0.66 }. */
  readonly place?: {
    readonly left: number;
    readonly right: number;
    readonly top: number;
    readonly bottom: number;
  };
}

/** Looks of a stack. */
export interface StackPlotOptions extends PlotSettings {
  /** Lines are multiplied by it, and the legend says so. Default 1. */
  readonly lineScale?: number;
  /** A panel with data / sum below. Default: where there are data. */
  readonly ratio?: boolean;
  /** Of the ratio's axis. Default [0.5, 1.5]. */
  readonly ratioRange?: readonly [number, number];
  readonly zoom?: Zoom;
}

/**
 * Samples stacked in the order of their sums of weights, with a grey band of √Σw² on the total, lines for signals, and
 * points for data. Below, the ratio of data to the total, with the total's relative uncertainty as the band about 1.
 * Weights may be negative: a bin of the total that is not positive has no ratio.
 *
 * @throws DataError where nothing is stacked, or samples differ in their bins.
 * @example
 * const [zz, tt, data] = sampleHistograms(samples, { range: [0, 1], binCount: 20 });
 * plotStack({ stacked: [zz, tt], data }, { labels: { x: "Prediction" }, logY: true })
 */
export function plotStack(samples: StackedSamples, settings: StackPlotOptions = {}): PlotSpec {
  const { labels = {}, lineScale = 1 } = settings;
  const { lines = [], data } = samples;
  checkBins([...samples.stacked, ...lines, ...(data ? [data] : [])], samples.stacked.length);
  // Colours belong to the samples in the order given, whatever the order of the stack.
  const looks = [...samples.stacked, ...lines].map(({ name }, i) => lookOf(name, i, settings));
  const order = samples.stacked
    .map((sample, i) => ({ sample, look: looks[i]!, total: sample.sums.reduce((a, b) => a + b, 0) }))
    .sort((a, b) => a.total - b.total);
  const levels = stackedBins(order.map(({ sample }) => sample));
  const total = levels.at(-1)!;
  const curves = lines.map((line, i) => ({
    bins: binsOf(line, () => lineScale),
    look: looks[samples.stacked.length + i]!,
  }));
  const points = data && binsOf(data);
  const hasRatio = (settings.ratio ?? data !== undefined) && points !== undefined;

  const legend: LegendEntry[] = [
    ...(data
      ? [{ label: lookOf(data.name, 0, settings).name, sample: "errorBar", colour: ink } as const]
      : []),
    ...[...order]
      .reverse()
      .map(({ look }): LegendEntry => ({ label: look.name, sample: "fill", colour: look.colour })),
    { label: "statistical uncertainty", sample: "fill", colour: "#b1b1b1" },
    ...curves.map(
      ({ look }, i): LegendEntry => ({
        label: lineScale === 1 ? look.name : `${look.name} × ${lineScale}`,
        sample: "line",
        colour: look.colour,
        ...dash(i),
      }),
    ),
  ];
  const columns = legend.length > 4 ? 2 : 1;
  const [left, right] = [total[0]!.left, total.at(-1)!.right];
  const xTitle = labels.x ?? "Value";
  const x = settings.logX && left > 0 ? logAxis(xTitle, left, right) : linearAxis(xTitle, left, right);
  // What the horizontal and vertical labels need does not depend on the ranges, so any axis gives the heights.
  const { upper, lower } = panelRanges(x, settings);
  const ranged = (axis: Axis, range: Axis["range"]): Axis =>
    hasRatio ? { ...axis, ...(range ? { range } : {}) } : axis;
  const visible = [total, ...curves.map(({ bins }) => bins), ...(points ? [points] : [])].flat();
  const y = ranged(
    heightAxis(
      labels.y ?? "Summed weights per bin",
      [
        ...visible.map((bin) => bin.value + bin.uncertainty),
        ...(settings.logY ? [] : levels.flat().map((b) => b.value)),
      ],
      legendShare(Math.ceil(legend.length / columns), ranged(x, upper), settings),
      settings.logY ?? false,
    ),
    upper,
  );
  const draw = (axes: readonly [Axis, Axis], name = ""): Layer[] => [
    ...levels.map((bins, i) =>
      levelLayer(`${name}stack ${i}`, bins, levels[i - 1], axes, order[i]!.look.colour),
    ),
    bandLayer(`${name}uncertainty`, total, axes),
    ...curves.map(({ bins, look }, i) =>
      outlineLayer(`${name}line ${i}`, bins, axes, look.colour, { strokeWidth: 2.25, ...strokeDash(i) }),
    ),
    ...(points ? pointLayers(`${name}data`, points, axes, ink) : []),
  ];
  const ratioAxis = ranged(
    { ...linearAxis(labels.right ?? "Data / sum", ...(settings.ratioRange ?? ([0.5, 1.5] as const)), 3) },
    lower,
  );
  return framed(
    {
      description: `Stacked samples: ${order.map(({ look }) => look.name).join(", ")}`,
      ...{ x, y, layers: draw([x, y]), legend, legendColumns: columns },
      ...(hasRatio && points
        ? { below: { axis: ratioAxis, layers: ratioLayers(points, total, [x, ratioAxis]) } }
        : {}),
      ...(settings.zoom ? { over: zoomLayers(settings.zoom, [x, y], visible, draw, settings) } : {}),
    },
    settings,
  );
}

const ink = "#1a1a1a";

/** A part of a plot with bins, drawn again in a box of its own. */
export function zoomLayers(
  zoom: Zoom,
  [x, y]: readonly [Axis, Axis],
  bins: readonly Bin[],
  draw: (axes: readonly [Axis, Axis], name: string) => readonly Layer[],
  settings: PlotSettings,
): (Layer | LayerGroup)[] {
  const { place = { left: 0.45, right: 0.96, top: 0.3, bottom: 0.66 } } = zoom;
  const { width, height } = frameSize(y, undefined, settings);
  const tall = y.range ? y.range[0] - y.range[1] : height;
  const inside = bins.filter((bin) => bin.right > zoom.x[0] && bin.left < zoom.x[1]);
  const up = zoom.y
    ? (y.log ? logAxis : linearAxis)("", ...zoom.y)
    : heightAxis(
        "",
        inside.map((bin) => bin.value + bin.uncertainty),
        0.05,
        y.log,
      );
  const across = (x.log ? logAxis : linearAxis)("", zoom.x[0], zoom.x[1], 4);
  const box = {
    left: place.left * width,
    right: place.right * width,
    top: place.top * tall,
    bottom: place.bottom * tall,
  };
  const few = { ...up, ...(up.log ? {} : linearAxis("", up.domain[0], up.domain[1], 3)) };
  return panel("zoom", box, [across, few], (axes) => draw(axes, "zoom "), settings);
}

function checkBins(samples: readonly SampleHistogram[], stackedCount: number): void {
  if (stackedCount === 0) {
    throw new DataError("plotStack: at least one sample to stack was expected, but there is none.");
  }
  const edges = samples[0]!.edges;
  for (const sample of samples) {
    if (sample.edges.length !== edges.length || sample.edges.some((edge, i) => edge !== edges[i])) {
      throw new DataError(
        `plotStack: the samples should have the same bins, but those of "${sample.name}" differ from those of "${samples[0]!.name}".`,
      );
    }
  }
}

/** Running sums of the samples; uncertainties add in quadrature. */
function stackedBins(samples: readonly SampleHistogram[]): Bin[][] {
  const levels: Bin[][] = [];
  for (const sample of samples) {
    const below = levels.at(-1);
    levels.push(
      binsOf(sample).map((bin, i) => ({
        ...bin,
        value: bin.value + (below?.[i]?.value ?? 0),
        uncertainty: Math.hypot(bin.uncertainty, below?.[i]?.uncertainty ?? 0),
      })),
    );
  }
  return levels;
}

/** The fill between two levels of the stack. */
function levelLayer(
  name: string,
  bins: readonly Bin[],
  below: readonly Bin[] | undefined,
  [x, y]: readonly [Axis, Axis],
  color: string,
): Layer {
  const floor = baseOf(y);
  const bottom = (i: number): number => Math.max(below?.[i]?.value ?? floor, y.log ? floor : -Infinity);
  const values = bins.map(({ left, right, value }, i) => ({
    left,
    right,
    low: bottom(i),
    high: y.log ? Math.max(value, floor) : value,
  }));
  return {
    name,
    data: { values },
    // Neighbours of the same colour must not show a seam.
    mark: { type: "rect", clip: true, color, stroke: color, strokeWidth: 0.4, opacity: 1 },
    encoding: {
      ...{ x: channel("left", x), x2: { field: "right" } },
      ...{ y: channel("low", y), y2: { field: "high" } },
    },
  };
}

/** Data over the total, and the total's own uncertainty about 1. */
function ratioLayers(data: readonly Bin[], total: readonly Bin[], axes: readonly [Axis, Axis]): Layer[] {
  const [x, y] = axes;
  const known = total.flatMap((bin, i) => (bin.value > 0 ? [{ bin, point: data[i]! }] : []));
  const band = known.map(({ bin }) => ({ ...bin, value: 1, uncertainty: bin.uncertainty / bin.value }));
  const ratios = known.map(({ bin, point }) => ({
    ...point,
    value: point.value / bin.value,
    uncertainty: point.uncertainty / bin.value,
  }));
  const one: Layer = {
    name: "ratio one",
    data: { values: [{ left: x.domain[0], right: x.domain[1], one: 1 }] },
    mark: { type: "rule", color: ink, strokeWidth: 1, strokeDash: [3, 3] },
    encoding: { x: channel("left", x), x2: { field: "right" }, y: channel("one", y) },
  };
  return [bandLayer("ratio uncertainty", band, axes), one, ...pointLayers("ratio", ratios, axes, ink)];
}

function dash(index: number): { dash?: readonly number[] } {
  return index % 2 === 1 ? { dash: [7, 3] } : {};
}

function strokeDash(index: number): { strokeDash?: readonly number[] } {
  return index % 2 === 1 ? { strokeDash: [7, 3] } : {};
}
