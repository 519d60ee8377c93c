/** A small plot with axes of its own inside a picture: insets and panels side by side. */
import { fontSizesOf, type PlotSettings } from "./settings.ts";
import { type Layer, type LayerGroup, ownAxes, pixelLayer } from "./spec.ts";
import { type Axis, channel } from "./ticks.ts";

/** A rectangle in pixels of the frame. */
export interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/**
 * The panel's ground, what `draw` puts on the two axes (which now end at the box), its frame, ticks and titles.
 * The layers on the box's scales are a group of their own.
 */
export function panel(
  name: string,
  box: Box,
  [x, y]: readonly [Axis, Axis],
  draw: (axes: readonly [Axis, Axis]) => readonly Layer[],
  settings: PlotSettings,
): (Layer | LayerGroup)[] {
  const across: Axis = { ...x, range: [box.left, box.right] };
  const up: Axis = { ...y, range: [box.bottom, box.top] };
  const sizes = fontSizesOf(settings);
  const fontSize = sizes.ticks - 2;
  const edge = { x: box.left, x2: box.right, y: box.top, y2: box.bottom };
  const text = (part: string, value: string, more: object): Layer =>
    pixelLayer(`${name} ${part}`, { type: "text", text: value, fontSize, color: ink, ...more });
  return [
    pixelLayer(`${name} ground`, { type: "rect", ...edge, color: "white" }),
    { layer: [...draw([across, up]), ...ticks(name, box, across, up, fontSize)], resolve: { axis: ownAxes } },
    pixelLayer(`${name} frame`, { type: "rect", ...edge, filled: false, color: ink, strokeWidth: 1 }),
    ...(x.title
      ? [text("x title", x.title, { x: box.right, y: box.bottom + fontSize + 17, align: "right" })]
      : []),
    ...(y.title
      ? [text("y title", y.title, { x: box.left, y: box.top - 6, align: "left", baseline: "alphabetic" })]
      : []),
  ];
}

const ink = "#1a1a1a";

/** Ticks inward at the bottom and the left, and their labels. */
function ticks(name: string, box: Box, x: Axis, y: Axis, fontSize: number): Layer[] {
  const rows = (axis: Axis) => axis.major.map((value, i) => ({ value, label: axis.labels[i]! }));
  const rule = { type: "rule", color: ink, strokeWidth: 1 } as const;
  const words = { type: "text", fontSize, color: ink } as const;
  return [
    {
      name: `${name} x ticks`,
      data: { values: rows(x) },
      mark: rule,
      encoding: { x: channel("value", x), y: { value: box.bottom }, y2: { value: box.bottom - 5 } },
    },
    {
      name: `${name} y ticks`,
      data: { values: rows(y) },
      mark: rule,
      encoding: { y: channel("value", y), x: { value: box.left }, x2: { value: box.left + 5 } },
    },
    {
      name: `${name} x labels`,
      data: { values: rows(x) },
      mark: { ...words, baseline: "top" },
      encoding: { x: channel("value", x), y: { value: box.bottom + 4 }, text: { field: "label" } },
    },
    {
      name: `${name} y labels`,
      data: { values: rows(y) },
      mark: { ...words, align: "right", baseline: "middle" },
      encoding: { y: channel("value", y), x: { value: box.left - 4 }, text: { field: "label" } },
    },
  ];
}
