/** Attributions of single events: for each feature a swarm of points, coloured by the feature's value. */
import { DataError } from "../errors/index.ts";
import { divergingColour } from "./colour-scale.ts";
import { framed } from "./frame.ts";
import type { PlotSettings } from "./settings.ts";
import type { Layer, PlotSpec, Values } from "./spec.ts";
import { channel, linearAxis, namedRows } from "./ticks.ts";

/** What is drawn: `expectedGradients` gives the attributions, the inputs are the values. */
export interface AttributionCloud {
  readonly features: readonly string[];
  /** Attributions [events, features]. */
  readonly values: Values;
  /** Values of the features [events, features], in the same order, in any units; null for a missing one. */
  readonly inputs: Values;
}

/** Settings of the picture. */
export interface AttributionPlotOptions extends PlotSettings {
  /** Features at most, those of the largest mean |attribution|. Default 15. */
  readonly limit?: number;
  /** Events at most, the first ones. Default 250. */
  readonly eventLimit?: number;
}

/**
 * One row a feature, the largest mean |attribution| at the top: a point for each event at its attribution, blue for the
 * lowest values of the feature and red for the highest, by rank; missing values are grey. Points that would lie upon
 * each other stand beside each other.
 *
 * @throws DataError when there are no finite attributions, or not as many inputs.
 * @example
 * const spec = plotAttributions({ ...(await expectedGradients(ensemble, inputs, background)), inputs });
 */
export function plotAttributions(cloud: AttributionCloud, options: AttributionPlotOptions = {}): PlotSpec {
  const { labels = {}, limit = 15, eventLimit = 250 } = options;
  const { features, values, inputs } = cloud;
  const width = features.length;
  const eventCount = Math.min(eventLimit, values.length / width);
  if (inputs.length !== values.length || !(eventCount >= 1)) {
    throw new DataError(
      `plotAttributions: as many inputs as attributions were expected, and some; but ${values.length} attributions of ${width} features and ${inputs.length} inputs came.`,
    );
  }
  const columnOf = (matrix: Values, feature: number): (number | null)[] =>
    Array.from({ length: eventCount }, (_, event) => {
      const value = matrix[event * width + feature];
      return typeof value === "number" && Number.isFinite(value) ? value : null;
    });
  const rows = features
    .map((name, feature) => ({ name, feature, size: meanSize(columnOf(values, feature)) }))
    .sort((a, b) => b.size - a.size)
    .slice(0, limit);
  const points = rows.flatMap(({ feature }, i) =>
    swarm(columnOf(values, feature), columnOf(inputs, feature), rows.length - 1 - i),
  );
  if (points.length === 0) throw new DataError("plotAttributions: no attribution is finite.");
  const [least, greatest] = points.reduce(
    ([low, high], { x }) => [Math.min(low, x), Math.max(high, x)],
    [0, 0],
  );
  const air = 0.03 * (greatest - least || 1);
  const x = linearAxis(labels.x ?? "Attribution", least - air, greatest + air, 5);
  // Clouds may lie anywhere: the legend has a row of its own.
  const free = options.legend === "none" ? 0 : 1.4;
  const y = namedRows(labels.y ?? "", rows.map(({ name }) => name).reverse(), free);
  const layers: Layer[] = [
    {
      name: "nothing",
      data: { values: [{ x: 0 }] },
      mark: { type: "rule", color: "#9c9ca1", strokeWidth: 1 },
      encoding: { x: channel("x", x) },
    },
    {
      name: "events",
      data: { values: points },
      mark: { type: "point", filled: true, size: 11, opacity: 0.85 },
      encoding: {
        x: channel("x", x),
        y: channel("y", y),
        color: { field: "colour", type: "nominal", scale: null },
      },
    },
  ];
  return framed(
    {
      description: "Attributions of single events",
      ...{ x, y, layers },
      legend: [
        { label: "low value", sample: "point", colour: divergingColour(-1) },
        { label: "high value", sample: "point", colour: divergingColour(1) },
      ],
      legendCorner: "bottomRight",
      legendColumns: 2,
    },
    { height: 80 + 24 * (rows.length + free), ...options },
  );
}

function meanSize(values: readonly (number | null)[]): number {
  const finite = values.filter((value) => value !== null);
  return finite.reduce((sum, value) => sum + Math.abs(value), 0) / (finite.length || 1);
}

/** Points about a row's line, moved up and down in turn where many have the same attribution. */
function swarm(
  attributions: readonly (number | null)[],
  inputs: readonly (number | null)[],
  row: number,
): { x: number; y: number; colour: string }[] {
  const tone = tonesByRank(inputs);
  const finite = attributions.filter((value) => value !== null);
  const low = Math.min(...finite);
  const binWidth = (Math.max(...finite) - low) / 60 || 1;
  const stacks = new Map<number, number>();
  const placed = attributions.flatMap((x, event) => {
    if (x === null) return [];
    const bin = Math.floor((x - low) / binWidth);
    const place = stacks.get(bin) ?? 0;
    stacks.set(bin, place + 1);
    return [{ x, event, place }];
  });
  const highest = Math.max(...stacks.values());
  // Half a row's height for the highest stack; a few points keep their distance.
  const step = 0.8 / Math.max(highest, 12);
  return placed.map(({ x, event, place }) => {
    const side = place % 2 === 0 ? 1 : -1;
    return { x, y: row + side * Math.ceil(place / 2) * step, colour: tone[event]! };
  });
}

/** Colours by the rank of values, equal values alike; grey for missing ones. */
function tonesByRank(values: readonly (number | null)[]): string[] {
  const sorted = [...new Set(values.filter((value) => value !== null))].sort((a, b) => a - b);
  const rank = new Map(sorted.map((value, i) => [value, i]));
  const last = Math.max(1, sorted.length - 1);
  return values.map((value) => {
    if (value === null) return "#c9cbd0";
    if (sorted.length === 1) return "#9c9ca1";
    const t = (2 * rank.get(value)!) / last - 1;
    // The white of the middle could not be seen on the page.
    return divergingColour(Math.sign(t || 1) * (0.25 + 0.75 * Math.abs(t)));
  });
}
