/** Heat map of features against features: dependences, correlations. */
import { DataError } from "../errors/index.ts";
import { divergingColour, inkOn } from "./colour-scale.ts";
import { framed } from "./frame.ts";
import type { PlotSettings } from "./settings.ts";
import type { PlotSpec, Values } from "./spec.ts";
import { type Axis, channel, decimalLabel, namedRows } from "./ticks.ts";

/** Settings of the picture. */
export interface FeatureMapOptions extends PlotSettings {
  /** A number for each row, shown in a column of its own at the left: its title and values. */
  readonly total?: { readonly label: string; readonly values: Values };
}

/**
 * A cell for each pair of features, coloured from −1 (blue) over 0 (white) to 1 (red). Rows have numbered names; the
 * columns are the same features by number.
 *
 * @param values rows of the map, one a feature.
 * @throws DataError where the rows do not fit the names.
 * @example
 * const spec = plotFeatureMap(names, predictors, { total: { label: "R²", values: dependence } });
 */
export function plotFeatureMap(
  names: readonly string[],
  values: readonly Values[],
  options: FeatureMapOptions = {},
): PlotSpec {
  const count = names.length;
  const wrong = values.findIndex((row) => row.length !== count);
  if (count === 0 || values.length !== count || wrong >= 0) {
    throw new DataError(
      `plotFeatureMap: ${count} rows of ${count} numbers were expected, but there are ${values.length} rows${wrong >= 0 ? `, and row ${wrong} has ${values[wrong]!.length} numbers` : ""}.`,
    );
  }
  const { labels = {}, total } = options;
  const first = total ? -1.5 : 0;
  const cell = (row: number, place: number, value: number | null | undefined) => {
    const isKnown = typeof value === "number" && Number.isFinite(value);
    const y = count - 1 - row;
    return {
      ...{ left: place - 0.5, right: place + 0.5, middle: place },
      ...{ bottom: y - 0.5, top: y + 0.5, place: y },
      colour: isKnown ? divergingColour(value) : "#e6e6e6",
      ink: isKnown ? inkOn(value) : "#1a1a1a",
      text: isKnown && (place < 0 || Math.abs(value) >= 0.05) ? decimalLabel(value, place < 0 ? 2 : 1) : "",
    };
  };
  const cells = names.flatMap((_, row) => [
    ...(total ? [cell(row, first, total.values[row])] : []),
    ...Array.from({ length: count }, (_, column) => cell(row, column, values[row]![column])),
  ]);
  const columns = names.map((_, i) => i);
  const x: Axis = {
    title: labels.x ?? "Feature",
    domain: [first - 0.5, count - 0.5],
    log: false,
    major: total ? [first, ...columns] : columns,
    minor: [],
    labels: [...(total ? [total.label] : []), ...columns.map((i) => String(i + 1))],
    isNamed: true,
  };
  const y: Axis = {
    ...namedRows(labels.y ?? "", names.map((name, i) => `${name}  ${i + 1}`).reverse()),
    domain: [-0.5, count - 0.5],
  };
  return framed(
    {
      description: "Heat map of features",
      ...{ x, y },
      layers: [
        {
          name: "cells",
          data: { values: cells },
          mark: { type: "rect" },
          encoding: {
            ...{ x: channel("left", x), x2: { field: "right" } },
            ...{ y: channel("bottom", y), y2: { field: "top" } },
            color: { field: "colour", type: "nominal", scale: null },
          },
        },
        {
          name: "numbers",
          data: { values: cells.filter(({ text }) => text !== "") },
          mark: { type: "text", fontSize: 10, baseline: "middle" },
          encoding: {
            x: channel("middle", x),
            y: channel("place", y),
            text: { field: "text" },
            color: { field: "ink", type: "nominal", scale: null },
          },
        },
      ],
      legend: [],
    },
    { height: 80 + 20 * count, width: 240 + 24 * (count + (total ? 2 : 0)), ...options },
  );
}
