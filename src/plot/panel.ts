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
 * The panel's ground, what `draw` puts on the two axes (which now end at the box), its frame, ticks and titles, in the
 * style of the settings. The layers on the box's scales are a group of their own.
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
  const isPlain = settings.style === "plain";
  const fontSize = fontSizesOf(settings).ticks - 2;
  const edge = { x: box.left, x2: box.right, y: box.top, y2: box.bottom };
  const text = (part: string, value: string, more: object): Layer =>
    pixelLayer(`${name} ${part}`, { type: "text", text: value, fontSize, color: ink, ...more });
  return [
    pixelLayer(`${name} ground`, { type: "rect", ...edge, color: "white" }),
    {
      layer: [
        ...draw([across, up]),
        ...ticks(name, box, across, up, isPlain),
        ...tickLabels(name, box, across, up, { fontSize, gap: isPlain ? 7 : 4 }),
      ],
      resolve: { axis: ownAxes },
    },
    ...(isPlain
      ? [
          pixelLayer(`${name} x line`, { ...rule, x: box.left, x2: box.right, y: box.bottom }),
          pixelLayer(`${name} y line`, { ...rule, x: box.left, y: box.top, y2: box.bottom }),
        ]
      : [pixelLayer(`${name} frame`, { type: "rect", ...edge, filled: false, color: ink, strokeWidth: 1 })]),
    ...(x.title
      ? [text("x title", x.title, { x: box.right, y: box.bottom + fontSize + 17, align: "right" })]
      : []),
    ...(y.title
      ? [text("y title", y.title, { x: box.left, y: box.top - 6, align: "left", baseline: "alphabetic" })]
      : []),
  ];
}

const ink = "#1a1a1a";
const rule = { type: "rule", color: ink, strokeWidth: 1 } as const;

/** Ticks inward on four sides, long at the labels and short between them; in the plain style outward on two. */
function ticks(name: string, box: Box, x: Axis, y: Axis, isPlain: boolean): Layer[] {
  const sides = isPlain
    ? ([
        ["bottom", x, box.bottom, 1],
        ["left", y, box.left, -1],
      ] as const)
    : ([
        ["bottom", x, box.bottom, -1],
        ["top", x, box.top, 1],
        ["left", y, box.left, 1],
        ["right", y, box.right, -1],
      ] as const);
  const kinds = isPlain ? (["major"] as const) : (["major", "minor"] as const);
  return sides.flatMap(([side, axis, place, direction]) =>
    kinds
      .filter((kind) => axis[kind].length > 0)
      .map((kind): Layer => {
        const end = place + direction * (kind === "major" ? 5 : 3);
        const position = channel("value", axis);
        return {
          name: `${name} ${side} ${kind} ticks`,
          data: { values: axis[kind].map((value) => ({ value })) },
          mark: rule,
          encoding:
            axis === x
              ? { x: position, y: { value: place }, y2: { value: end } }
              : { y: position, x: { value: place }, x2: { value: end } },
        };
      }),
  );
}

/** The numbers below and at the left. */
function tickLabels(
  name: string,
  box: Box,
  x: Axis,
  y: Axis,
  { fontSize, gap }: { readonly fontSize: number; readonly gap: number },
): Layer[] {
  const rows = (axis: Axis) => axis.major.map((value, i) => ({ value, label: axis.labels[i]! }));
  const words = { type: "text", fontSize, color: ink } as const;
  return [
    {
      name: `${name} x labels`,
      data: { values: rows(x) },
      mark: { ...words, baseline: "top" },
      encoding: { x: channel("value", x), y: { value: box.bottom + gap }, text: { field: "label" } },
    },
    {
      name: `${name} y labels`,
      data: { values: rows(y) },
      mark: { ...words, align: "right", baseline: "middle" },
      encoding: { y: channel("value", y), x: { value: box.left - gap }, text: { field: "label" } },
    },
  ];
}
