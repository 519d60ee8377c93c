/** Smooth densities with uncertainty bands. */
import { DataError } from "../errors/index.ts";
import { formatMeasured } from "./format.ts";
import { framed, legendShare } from "./frame.ts";
import type { LegendEntry } from "./legend.ts";
import { lookOf, type PlotSettings } from "./settings.ts";
import type { Layer, PlotSpec, Values } from "./spec.ts";
import { finitePoints, thinColumns } from "./thin.ts";
import { channel, linearAxis, logAxis } from "./ticks.ts";

/** A density with its name: `{ name, ...kernelDensity(values, points, weights) }`. */
export interface NamedDensity {
  /** Key of the sample; `settings.samples` gives its name and colour. */
  readonly name: string;
  readonly points: Values;
  readonly density: Values;
  /** One standard deviation; a band of ± as much is drawn. */
  readonly uncertainty?: Values;
  /** For the legend, as `summariseDistribution` gives them. */
  readonly moments?: {
    readonly mean: { readonly value: number; readonly uncertainty: number };
    readonly deviation: { readonly value: number; readonly uncertainty: number };
  };
}

/** Looks of densities. */
export interface DensitiesPlotOptions extends PlotSettings {
  /** The quantity, for the axis. */
  readonly feature?: string;
  readonly unit?: string;
}

/**
 * A line for each density with a band of ± one bootstrap standard deviation, and moments in the legend where given.
 *
 * @throws DataError where a density has fewer than two finite points.
 * @example
 * plotDensities([{ name: "signal", ...kernelDensity(mass, grid, weights), moments: summariseDistribution(mass, weights) }])
 */
export function plotDensities(
  densities: readonly NamedDensity[],
  settings: DensitiesPlotOptions = {},
): PlotSpec {
  const { labels = {}, feature = "Value", unit } = settings;
  if (densities.length === 0) {
    throw new DataError("plotDensities: at least one density was expected, but the list is empty.");
  }
  const curves = densities.map((density, i) => {
    const points = thinColumns(finitePoints(density.points, density.density));
    if (points.length < 2) {
      throw new DataError(
        `plotDensities: density "${density.name}" should have at least two finite points, but has ${points.length}.`,
      );
    }
    const errors = density.uncertainty ? finitePoints(density.points, density.uncertainty) : [];
    const errorAt = new Map(errors.map(({ x, y }) => [x, y]));
    const rows = points.map(({ x, y }) => {
      const half = errorAt.get(x) ?? 0;
      return { x, y, low: y - half, high: y + half };
    });
    return { rows, hasBand: errors.length > 0, look: lookOf(density.name, i, settings) };
  });
  const all = curves.flatMap(({ rows }) => rows);
  const [left, right] = [
    all.reduce((a, p) => Math.min(a, p.x), Infinity),
    all.reduce((a, p) => Math.max(a, p.x), -Infinity),
  ];
  const of = unit === undefined ? "" : ` ${unit}`;
  const legend: LegendEntry[] = curves.flatMap(({ look, hasBand }, i): LegendEntry[] => {
    const { moments } = densities[i]!;
    return [
      { label: look.name, sample: hasBand ? "area" : "line", colour: look.colour },
      ...(moments
        ? [
            {
              label: `mean ${formatMeasured(moments.mean.value, moments.mean.uncertainty)}${of}, σ ${formatMeasured(moments.deviation.value, moments.deviation.uncertainty)}${of}`,
              sample: "none",
              colour: look.colour,
            } as const,
          ]
        : []),
    ];
  });
  const title = labels.x ?? (unit === undefined ? feature : `${feature} [${unit}]`);
  const x = settings.logX && left > 0 ? logAxis(title, left, right) : linearAxis(title, left, right);
  const share = legendShare(legend.length, x, settings);
  const low = all.reduce((a, p) => Math.min(a, p.low), 0);
  const high = all.reduce((a, p) => Math.max(a, p.high), 0);
  const y = linearAxis(labels.y ?? "Probability density", low, low + ((high - low) * 1.04) / (1 - share), 5);
  const layers = curves.flatMap(({ rows, hasBand, look }, i): Layer[] => [
    ...(hasBand
      ? [
          {
            name: `density ${i} band`,
            data: { values: rows },
            mark: { type: "area", clip: true, color: look.colour, opacity: 0.25 },
            encoding: { x: channel("x", x), y: channel("low", y), y2: { field: "high" } },
          } satisfies Layer,
        ]
      : []),
    {
      name: `density ${i}`,
      data: { values: rows },
      mark: {
        type: "line",
        clip: true,
        color: look.colour,
        strokeWidth: 2,
        ...(i % 2 === 1 ? { strokeDash: [7, 3] } : {}),
      },
      encoding: { x: channel("x", x), y: channel("y", y) },
    },
  ]);
  return framed({ description: `Densities of ${feature}`, ...{ x, y, layers, legend } }, settings);
}
