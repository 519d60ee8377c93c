/** The frame all plots share: axes in the chosen style, titles at their ends, header line, legend, panel below. */
import { type LegendEntry, legendLayers, rowHeight } from "./legend.ts";
import { conditionsOf, fontSizesOf, type PlotSettings } from "./settings.ts";
import { type Layer, type LayerGroup, ownAxes, type PlotSpec, pixelLayer } from "./spec.ts";
import { textWidth } from "./text-width.ts";
import { type Axis, axisLooks, channel } from "./ticks.ts";

const font = '"Helvetica Neue", Helvetica, Arial, "Liberation Sans", Arimo, sans-serif';
const ink = "#1a1a1a";
const grid = "#e2e4e8";
/** Share of the frame's height that a panel below takes, and the gap above it in pixels. */
const panelShare = 0.27;
const panelGap = 10;

/** What a plot hands to the frame. */
export interface FrameContent {
  readonly description: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly layers: readonly Layer[];
  /** Layers on a second vertical axis at the right. */
  readonly right?: { readonly axis: Axis; readonly layers: readonly Layer[] };
  /** Layers in a panel below; it and `y` have the ranges of `panelRanges`. */
  readonly below?: { readonly axis: Axis; readonly layers: readonly Layer[] };
  /** Parts with scales of their own, drawn over the rest: insets. */
  readonly over?: readonly (Layer | LayerGroup)[];
  /** Whether there are no axes around the whole: all is in `over`. */
  readonly isBare?: boolean;
  readonly legend: readonly LegendEntry[];
  readonly legendCorner?: "topLeft" | "topRight" | "bottomLeft" | "bottomRight";
  readonly legendColumns?: number;
}

/** Width and height of the area inside the axes, in pixels. */
export function frameSize(
  y: Axis,
  right: Axis | undefined,
  settings: PlotSettings,
): { width: number; height: number; padding: PlotSpec["padding"] } {
  const sizes = fontSizesOf(settings);
  const hasHeader = settings.experiment || settings.status || conditionsOf(settings);
  const padding = {
    left: 23 + sizes.axis + labelWidth(y, sizes.ticks),
    right: right ? 25 + sizes.axis + labelWidth(right, sizes.ticks) : 18,
    top: (settings.title ? sizes.title + 11 : 0) + (hasHeader ? sizes.header + 13 : 12),
    bottom: 23 + sizes.axis + sizes.ticks,
  };
  const width = (settings.width ?? 480) - padding.left - padding.right;
  const height = (settings.height ?? 360) - padding.top - padding.bottom;
  return { width: Math.max(width, 80), height: Math.max(height, 60), padding };
}

/** The vertical pixel ranges of the frame and of the panel below it, each [bottom, top]. */
export function panelRanges(
  y: Axis,
  settings: PlotSettings,
): { readonly upper: readonly [number, number]; readonly lower: readonly [number, number] } {
  const { height } = frameSize(y, undefined, settings);
  const line = Math.round(height * (1 - panelShare));
  return { upper: [line, 0], lower: [height, line + panelGap] };
}

/** The complete specification of a plot. */
export function framed(content: FrameContent, settings: PlotSettings): PlotSpec {
  const { x, y, right, below, over = [] } = content;
  const sizes = fontSizesOf(settings);
  const { width, height, padding } = frameSize(widest(y, below?.axis), right?.axis, settings);
  const isPlain = settings.style === "plain";
  const axes = (name: string, vertical: Axis, orient: "left" | "right"): Layer => ({
    name,
    data: { values: [] },
    mark: { type: "rule" },
    encoding: {
      x:
        name === "axes"
          ? { ...channel("x", x), axis: { ...axisLooks(x, isPlain), orient: "bottom" } }
          : channel("x", x),
      y: {
        ...channel("y", vertical),
        axis: { ...axisLooks(vertical, isPlain), orient, titleY: vertical.range?.[1] ?? 0 },
      },
    },
  });
  const annotations = [
    ...headerLayers(settings, width, padding.top),
    ...legendLayers(content, settings, width, (y.range ?? [height])[0]),
  ];
  const main = content.isBare ? [] : [...content.layers, axes("axes", y, "left")];
  const second = right
    ? group([...right.layers, axes("right axis", right.axis, "right")])
    : below
      ? group([...below.layers, axes("axes below", below.axis, "left")])
      : undefined;
  const isSimple = !second && over.length === 0;
  const layer: (Layer | LayerGroup)[] = [
    ...(isSimple || content.isBare ? main : [group(main)]),
    ...(second ? [second] : []),
    ...(below ? [group(boundary(x, y, width, isPlain))] : []),
    ...over,
    ...annotations,
  ];
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    description: content.description,
    width,
    height,
    padding,
    autosize: { type: "none" },
    layer,
    resolve: { axis: ownAxes, ...(isSimple ? {} : { scale: ownAxes }) },
    usermeta: { mirrored: !isPlain },
    config: {
      aria: false,
      font,
      background: "white",
      view: { stroke: null },
      axis: {
        labelColor: ink,
        labelFontSize: sizes.ticks,
        titleColor: ink,
        titleFontSize: sizes.axis,
        titleFontWeight: "normal",
        domainColor: ink,
        tickColor: ink,
        gridColor: grid,
        grid: false,
        // Label padding counts from the inner end of a tick that points inward.
        labelPadding: isPlain ? 3 : 14,
      },
      axisX: {
        titleAnchor: "end",
        titleBaseline: "alphabetic",
        titleX: width,
        titleY: 14 + sizes.axis + sizes.ticks,
        titleAlign: "right",
      },
      axisLeft: { titleAngle: -90, titleX: -(padding.left - sizes.axis - 1), titleAlign: "right" },
      axisRight: {
        titleAngle: -90,
        titleX: padding.right - sizes.axis - 1,
        titleAlign: "right",
        titleBaseline: "bottom",
      },
    },
  };
}

/** The part of a frame's height that a legend of so many rows takes, with a little air. */
export function legendShare(rows: number, y: Axis, settings: PlotSettings): number {
  if (rows === 0 || settings.legend === "none" || settings.legend?.startsWith("bottom")) return 0.04;
  const height = y.range ? y.range[0] - y.range[1] : frameSize(y, undefined, settings).height;
  return Math.min(0.6, (rows * rowHeight(fontSizesOf(settings).legend) + 22) / height);
}

function group(layer: readonly Layer[]): LayerGroup {
  return { layer, resolve: { axis: ownAxes } };
}

/** The line under the upper panel with the ticks of the horizontal axis, and that above the lower one. */
function boundary(x: Axis, y: Axis, width: number, isPlain: boolean): Layer[] {
  const [line] = y.range!;
  const ends: [string, number, number][] = [
    ["upper", line, -1],
    ["lower", line + panelGap, 1],
  ];
  return ends.flatMap(([name, place, direction]): Layer[] => [
    pixelLayer(`${name} boundary`, { type: "rule", x: 0, x2: width, y: place, color: ink, strokeWidth: 1 }),
    ...(isPlain
      ? []
      : [8, 4].map((length): Layer => {
          const ticks = length === 8 ? x.major : x.minor;
          return {
            name: `${name} boundary ticks ${length}`,
            data: { values: ticks.map((value) => ({ value })) },
            mark: { type: "rule", color: ink, strokeWidth: 1 },
            encoding: {
              x: channel("value", x),
              y: { value: place },
              y2: { value: place + direction * length },
            },
          };
        })),
  ]);
}

function headerLayers(settings: PlotSettings, width: number, top: number): Layer[] {
  const { title, experiment, status } = settings;
  const sizes = fontSizesOf(settings);
  const conditions = conditionsOf(settings);
  const layers: Layer[] = [];
  const text = (name: string, value: string, more: Readonly<Record<string, unknown>>): void => {
    layers.push(
      pixelLayer(name, {
        type: "text",
        text: value,
        y: -8,
        baseline: "alphabetic",
        fontSize: sizes.header,
        color: ink,
        align: "left",
        ...more,
      }),
    );
  };
  if (title) {
    text("title", title, { x: 0, y: 3 + sizes.title - top, fontWeight: "bold", fontSize: sizes.title });
  }
  let x = 0;
  if (experiment) {
    text("experiment", experiment, { x, fontWeight: "bold", fontSize: sizes.header + 2 });
    x += textWidth(experiment, sizes.header + 2, true) + 7;
  }
  if (status) text("status", status, { x, fontStyle: "italic" });
  if (conditions) text("note", conditions, { x: width, align: "right" });
  return layers;
}

function widest(a: Axis, b: Axis | undefined): Axis {
  return b && labelWidth(b, 12) > labelWidth(a, 12) ? b : a;
}

function labelWidth(axis: Axis, size: number): number {
  return Math.max(16, ...axis.labels.map((label) => Math.ceil(textWidth(label, size))));
}
