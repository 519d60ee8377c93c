/** Importances of features: horizontal bars with their errors. */
import { DataError } from "../errors/index.ts";
import { framed } from "./frame.ts";
import type { LegendEntry } from "./legend.ts";
import { colour, defaultPalette, type PlotSettings } from "./settings.ts";
import type { Layer, PlotSpec } from "./spec.ts";
import { channel, linearAxis, namedRows } from "./ticks.ts";

/** What is drawn: `featureImportance` gives it; null and NaN stand for "undefined". */
export interface ImportanceRow {
  readonly name: string;
  readonly value: number | null;
  readonly uncertainty?: number | null;
}

/** Settings of the picture. */
export interface ImportancePlotOptions extends PlotSettings {
  /** Marked by a line: what lies above is kept, say. */
  readonly threshold?: number;
  /** Rows at most, those of the highest values. Default 30. */
  readonly limit?: number;
}

/**
 * A bar for each feature, the highest at the top, with a line of ± one uncertainty. Without `height`, the picture is as
 * high as the rows need.
 *
 * @throws DataError when no importance is finite.
 * @example
 * const spec = plotImportance(importances, { threshold: 0.001, labels: { x: "Loss of AUC" } });
 */
export function plotImportance(
  importances: readonly ImportanceRow[],
  options: ImportancePlotOptions = {},
): PlotSpec {
  const { palette = defaultPalette, labels = {}, limit = 30, threshold } = options;
  const rows = importances
    .filter((row): row is ImportanceRow & { value: number } => Number.isFinite(row.value))
    .sort((a, b) => b.value - a.value)
    .slice(0, limit)
    .map(({ name, value, uncertainty }, i, { length }) => {
      const half = Number.isFinite(uncertainty) ? uncertainty! : 0;
      const place = length - 1 - i;
      const [bottom, top] = [place - 0.36, place + 0.36];
      return { name, value, zero: 0, low: value - half, high: value + half, place, bottom, top };
    });
  if (rows.length === 0) {
    throw new DataError(
      `plotImportance: a finite importance was expected, but there is none among ${importances.length}.`,
    );
  }
  const ends = rows.flatMap(({ low, high }) => [low, high]).concat(0, threshold ?? []);
  const [least, greatest] = [Math.min(...ends), Math.max(...ends)];
  const air = 0.04 * (greatest - least);
  const x = linearAxis(labels.x ?? "Importance", least < 0 ? least - air : 0, greatest + air, 5);
  // Where the lowest bars reach under the legend, it has rows of its own.
  const reach = Math.max(...rows.slice(-2).map(({ high }) => high));
  const isCovered = threshold !== undefined && reach > least + 0.35 * (greatest - least);
  const free = isCovered && options.legend !== "none" ? 1.6 : 0;
  const y = namedRows(labels.y ?? "", rows.map(({ name }) => name).reverse(), free);
  const [blue, red] = [colour(palette, 0), colour(palette, 1)];
  const layers: Layer[] = [
    {
      name: "bars",
      data: { values: rows },
      mark: { type: "rect", color: blue, opacity: 0.75 },
      encoding: {
        ...{ x: channel("zero", x), x2: { field: "value" } },
        ...{ y: channel("bottom", y), y2: { field: "top" } },
      },
    },
    {
      name: "uncertainties",
      data: { values: rows.filter(({ low, high }) => high > low) },
      mark: { type: "rule", color: "#1a1a1a", strokeWidth: 1.5 },
      encoding: {
        x: channel("low", x),
        x2: { field: "high" },
        y: channel("place", y),
      },
    },
  ];
  const legend: LegendEntry[] = [];
  if (threshold !== undefined) {
    layers.push({
      name: "threshold",
      data: { values: [{ threshold }] },
      mark: { type: "rule", color: red, strokeWidth: 1.5, strokeDash: [7, 3] },
      encoding: { x: channel("threshold", x) },
    });
    const label = `threshold: ${Number(threshold.toPrecision(2))}`;
    legend.push({ label, sample: "line", colour: red, dash: [7, 3] });
  }
  return framed(
    { description: "Importance of features", x, y, layers, legend, legendCorner: "bottomRight" },
    { height: 80 + 17 * (rows.length + free), ...options },
  );
}
