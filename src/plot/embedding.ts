/** The learnt vectors of a categorical feature as an annotated heat map. */
import { DataError } from "../errors/index.ts";
import { divergingColour, inkOn } from "./colour-scale.ts";
import { framed } from "./frame.ts";
import type { PlotSettings } from "./settings.ts";
import type { PlotSpec, Values } from "./spec.ts";
import { type Axis, channel, decimalLabel, namedRows } from "./ticks.ts";

/** What is drawn: `Model.embeddings` gives it, by the names of the features. */
export interface EmbeddingTable {
  /** [categories, size]. */
  readonly shape: readonly number[];
  readonly data: Values;
}

/** Settings of the picture. */
export interface EmbeddingPlotOptions extends PlotSettings {
  /** The feature, for the axis. */
  readonly feature?: string;
  /** The values of the categories in the order of their codes; absent: the codes. */
  readonly categories?: readonly (string | number)[];
}

/**
 * A row for each category, a column for each component of its vector, coloured from blue (negative) over white to red
 * and annotated with the numbers. Categories of similar rows mean similar things to the network.
 *
 * @throws DataError for a table that is not [categories, size], or for names of other categories.
 * @example
 * const spec = plotEmbedding(model.embeddings().PRI_jet_num, { feature: "PRI_jet_num", categories: [0, 1, 2, 3] });
 */
export function plotEmbedding(table: EmbeddingTable, options: EmbeddingPlotOptions = {}): PlotSpec {
  const [categoryCount = 0, size = 0, ...more] = table.shape;
  if (more.length > 0 || categoryCount * size === 0 || table.data.length !== categoryCount * size) {
    throw new DataError(
      `plotEmbedding: a table of [categories, size] was expected, but the shape is [${table.shape.join(", ")}] with ${table.data.length} numbers.`,
    );
  }
  const { labels = {}, feature, categories = Array.from({ length: categoryCount }, (_, i) => i) } = options;
  if (categories.length !== categoryCount) {
    throw new DataError(
      `plotEmbedding: ${categories.length} categories are named, but the table has ${categoryCount}.`,
    );
  }
  const values = Array.from(table.data, (value) => value ?? Number.NaN);
  const extent = Math.max(...values.map((value) => (Number.isFinite(value) ? Math.abs(value) : 0))) || 1;
  const cells = values.map((value, i) => {
    const [category, component] = [Math.floor(i / size), i % size];
    const place = categoryCount - 1 - category;
    const t = Number.isFinite(value) ? value / extent : 0;
    return {
      ...{ left: component - 0.5, right: component + 0.5, middle: component },
      ...{ bottom: place - 0.5, top: place + 0.5, place },
      ...{ colour: divergingColour(t), ink: inkOn(t) },
      text: Number.isFinite(value) ? decimalLabel(value, 2) : "",
    };
  });
  const x: Axis = {
    title: labels.x ?? "Component of the embedding",
    domain: [-0.5, size - 0.5],
    log: false,
    major: Array.from({ length: size }, (_, i) => i),
    minor: [],
    labels: Array.from({ length: size }, (_, i) => String(i + 1)),
    isNamed: true,
  };
  const y: Axis = {
    ...namedRows(labels.y ?? feature ?? "Category", categories.map(String).reverse()),
    domain: [-0.5, categoryCount - 0.5],
  };
  return framed(
    {
      description: `Embedding of ${feature ?? "a categorical feature"}`,
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
          data: { values: cells },
          mark: { type: "text", fontSize: 12, baseline: "middle" },
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
    { height: 80 + 28 * categoryCount, width: Math.max(260, 150 + 56 * size), ...options },
  );
}
