/** The legend inside the frame: lines of a sample and a label, on a pale ground. */
import { fontSizesOf, type PlotSettings } from "./settings.ts";
import { type Layer, pixelLayer } from "./spec.ts";
import { textWidth } from "./text-width.ts";

/** A line of the legend: a label and a sample of the mark it explains. */
export interface LegendEntry {
  readonly label: string;
  readonly sample: "line" | "area" | "fill" | "errorBar" | "point" | "none";
  readonly colour: string;
  readonly width?: number;
  readonly dash?: readonly number[];
  readonly shape?: string;
}

/** Height of a line of the legend in pixels. */
export function rowHeight(fontSize: number): number {
  return fontSize + 6;
}

/** The legend of a plot in the corner that the settings, or else the plot, name. */
export function legendLayers(
  content: {
    readonly legend: readonly LegendEntry[];
    readonly legendCorner?: "topLeft" | "topRight" | "bottomLeft" | "bottomRight";
    readonly legendColumns?: number;
  },
  settings: PlotSettings,
  width: number,
  height: number,
): Layer[] {
  const { legend, legendCorner = "topRight", legendColumns = 1 } = content;
  const corner = settings.legend ?? legendCorner;
  if (legend.length === 0 || corner === "none") return [];
  const fontSize = fontSizesOf(settings).legend;
  const row = rowHeight(fontSize);
  const sampleWidth = legend.every((entry) => entry.sample === "none") ? 0 : 32;
  const rows = Math.ceil(legend.length / legendColumns);
  const columnWidths = Array.from({ length: legendColumns }, (_, c) =>
    Math.max(
      0,
      ...legend
        .slice(c * rows, (c + 1) * rows)
        .map((entry) => sampleWidth + textWidth(entry.label, fontSize) + 14),
    ),
  );
  const boxWidth = columnWidths.reduce((sum, w) => sum + w, 0);
  const boxHeight = rows * row;
  const left = corner.endsWith("Right") ? Math.max(10, width - boxWidth - 6) : 16;
  const top = corner.startsWith("top") ? 14 : height - boxHeight - 14;
  const layers: Layer[] = [
    pixelLayer("legend background", {
      type: "rect",
      x: left - 4,
      x2: left + boxWidth - 6,
      y: top - 2,
      y2: top + boxHeight + 2,
      color: "white",
      opacity: 0.8,
    }),
  ];
  legend.forEach((entry, i) => {
    const column = Math.floor(i / rows);
    const x = left + columnWidths.slice(0, column).reduce((sum, w) => sum + w, 0);
    const y = top + (i % rows) * row + row / 2;
    layers.push(...sampleLayers(entry, x, y, i));
    layers.push(
      pixelLayer(`legend label ${i}`, {
        type: "text",
        text: entry.label,
        x: x + sampleWidth,
        y,
        align: "left",
        baseline: "middle",
        fontSize,
        color: "#1a1a1a",
      }),
    );
  });
  return layers;
}

function sampleLayers(entry: LegendEntry, x: number, y: number, index: number): Layer[] {
  const name = `legend sample ${index}`;
  const { colour: color, width: strokeWidth = 2, dash } = entry;
  const stroke = { color, strokeWidth, ...(dash ? { strokeDash: [...dash] } : {}) };
  const box = { x: x + 1, x2: x + 23, y: y - 5, y2: y + 5 };
  switch (entry.sample) {
    case "none":
      return [];
    case "line":
      return [pixelLayer(name, { type: "rule", x, x2: x + 24, y, ...stroke })];
    case "area":
      return [
        pixelLayer(name, {
          type: "rect",
          ...box,
          fill: color,
          fillOpacity: 0.25,
          stroke: color,
          strokeWidth: 1.5,
        }),
      ];
    case "fill":
      return [pixelLayer(name, { type: "rect", ...box, fill: color })];
    case "point":
    case "errorBar": {
      const point = pixelLayer(name, {
        type: "point",
        x: x + 12,
        y,
        filled: true,
        color,
        opacity: 1,
        size: 36,
        shape: entry.shape ?? "circle",
      });
      const bar = pixelLayer(`${name} bar`, {
        type: "rule",
        x: x + 12,
        y: y - 7,
        y2: y + 7,
        color,
        strokeWidth: 1.5,
      });
      return entry.sample === "errorBar" ? [bar, point] : [point];
    }
  }
}
