/** Sizes of the parts of a sum as boxes: what blocks give the output, what features give a bottleneck. */
import { DataError } from "../errors/index.ts";
import { framed } from "./frame.ts";
import { colour, defaultPalette, type PlotSettings } from "./settings.ts";
import type { Layer, PlotSpec } from "./spec.ts";
import { channel, linearAxis, namedRows } from "./ticks.ts";

/** What one part adds to a sum; `blockContributions` and `bottleneckContributions` give it. */
export interface ContributionBox {
  readonly name: string;
  /** Mean of |value| over the events. */
  readonly mean: number;
  /** 5 %, 25 %, 50 %, 75 % and 95 % quantiles of |value|; NaN where they do not exist. */
  readonly quantiles: readonly [number, number, number, number, number];
}

/** Looks of contributions. */
export interface ContributionsPlotOptions extends PlotSettings {
  /** Parts at most, those of the largest means. Default 30. */
  readonly limit?: number;
}

/**
 * A box for each part, the largest mean at the top: from the 25 % to the 75 % quantile with a line at the median,
 * whiskers from 5 % to 95 %, a diamond at the mean. Where event weights are negative there is only the mean.
 *
 * @throws DataError where no mean is finite.
 * @example
 * plotContributions(await blockContributions(model, folds.getFold(0)))
 */
export function plotContributions(
  contributions: { readonly of: string; readonly parts: readonly ContributionBox[] },
  settings: ContributionsPlotOptions = {},
): PlotSpec {
  const { palette = defaultPalette, labels = {}, limit = 30 } = settings;
  const parts = contributions.parts
    .filter((part) => Number.isFinite(part.mean))
    .sort((a, b) => b.mean - a.mean)
    .slice(0, limit);
  if (parts.length === 0) {
    throw new DataError(
      `plotContributions: a finite mean was expected, but there is none among ${contributions.parts.length} parts.`,
    );
  }
  const rows = parts.map(({ name, mean, quantiles }, i) => {
    const place = parts.length - 1 - i;
    const [q5, q25, q50, q75, q95] = quantiles;
    return { name, mean, q5, q25, q50, q75, q95, place, bottom: place - 0.32, top: place + 0.32 };
  });
  const boxes = rows.filter(({ q5, q95 }) => Number.isFinite(q5) && Number.isFinite(q95));
  const greatest = Math.max(...rows.map(({ mean }) => mean), ...boxes.map(({ q95 }) => q95));
  const x = linearAxis(labels.x ?? `Size of what is added to ${contributions.of}`, 0, greatest * 1.05, 5);
  // Whiskers may be long in every row: the legend has a row of its own.
  const free = settings.legend === "none" ? 0 : 1.4;
  const y = namedRows(labels.y ?? "", rows.map(({ name }) => name).reverse(), free);
  const [blue, red] = [colour(palette, 0), colour(palette, 1)];
  const place = channel("place", y);
  const layers: Layer[] = [
    {
      name: "whiskers",
      data: { values: boxes },
      mark: { type: "rule", color: ink, strokeWidth: 1 },
      encoding: { x: channel("q5", x), x2: { field: "q95" }, y: place },
    },
    {
      name: "boxes",
      data: { values: boxes },
      mark: { type: "rect", fill: blue, fillOpacity: 1, stroke: ink, strokeWidth: 0.75 },
      encoding: {
        ...{ x: channel("q25", x), x2: { field: "q75" } },
        ...{ y: channel("bottom", y), y2: { field: "top" } },
      },
    },
    {
      name: "medians",
      data: { values: boxes },
      mark: { type: "rule", color: ink, strokeWidth: 2 },
      encoding: { x: channel("q50", x), y: channel("bottom", y), y2: { field: "top" } },
    },
    {
      name: "means",
      data: { values: rows },
      mark: {
        type: "point",
        filled: true,
        shape: "diamond",
        size: 42,
        color: red,
        stroke: "white",
        strokeWidth: 0.75,
        opacity: 1,
      },
      encoding: { x: channel("mean", x), y: place },
    },
  ];
  return framed(
    {
      description: `Contributions to ${contributions.of}`,
      ...{ x, y, layers },
      legend: [
        { label: "mean", sample: "point", colour: red, shape: "diamond" },
        ...(boxes.length > 0
          ? ([{ label: "5, 25, 50, 75, 95 %", sample: "area", colour: blue }] as const)
          : []),
      ],
      legendCorner: "bottomRight",
      legendColumns: 2,
    },
    { height: Math.max(80 + 24 * (parts.length + free), 150), ...settings },
  );
}

const ink = "#1a1a1a";
