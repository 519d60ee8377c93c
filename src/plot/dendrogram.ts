/** Dendrogram: which features are joined at which distance. */
import { DataError } from "../errors/index.ts";
import { framed } from "./frame.ts";
import { colour, defaultPalette, type PlotSettings } from "./settings.ts";
import type { Layer, PlotSpec, Row } from "./spec.ts";
import { channel, linearAxis, namedRows } from "./ticks.ts";

/** A leaf (with the number of its name), or two branches joined at a height. */
export interface DendrogramBranch {
  readonly height: number;
  readonly feature?: number;
  readonly children: readonly DendrogramBranch[];
}

/** Settings of the picture. */
export interface DendrogramOptions extends PlotSettings {
  /** Branches joined below this height are coloured, and a line marks it. */
  readonly height0?: number;
}

/**
 * A dendrogram with the leaves at the left, from top to bottom in the order of the branches.
 *
 * @throws DataError for fewer than two leaves.
 * @example
 * const spec = plotDendrogram(correlationClusters(rho, names.length).root, names, { height0: 0.2 });
 */
export function plotDendrogram(
  root: DendrogramBranch,
  names: readonly string[],
  options: DendrogramOptions = {},
): PlotSpec {
  const { palette = defaultPalette, labels = {}, height0 } = options;
  const leaves = leavesOf(root);
  if (leaves.length < 2) {
    throw new DataError(`plotDendrogram: at least two leaves were expected, but there are ${leaves.length}.`);
  }
  const shown = leaves.map((leaf) => names[leaf] ?? String(leaf));
  const y = namedRows(labels.y ?? "", shown.reverse());
  const x = linearAxis(
    labels.x ?? (height0 === undefined ? "1 − |ρ|" : "1 − |ρ|; clusters are joined left of the line"),
    0,
    Math.max(root.height, height0 ?? 0) * 1.05,
    5,
  );
  const [plain, joined] = ["#8c8c8c", colour(palette, 0)];
  const rows: Row[] = [];
  /** Draws a branch and gives its place on the vertical axis. */
  const draw = (branch: DendrogramBranch): number => {
    if (branch.feature !== undefined) return leaves.length - 1 - leaves.indexOf(branch.feature);
    const places = branch.children.map(draw);
    const ink = height0 !== undefined && branch.height < height0 ? joined : plain;
    const { height } = branch;
    branch.children.forEach((child, i) => {
      rows.push({ left: child.height, right: height, bottom: places[i]!, top: places[i]!, ink });
    });
    rows.push({ left: height, right: height, bottom: Math.min(...places), top: Math.max(...places), ink });
    return places.reduce((sum, place) => sum + place, 0) / places.length;
  };
  draw(root);
  const layers: Layer[] = [
    {
      name: "branches",
      data: { values: rows },
      mark: { type: "rule", strokeWidth: 1.75 },
      encoding: {
        ...{ x: channel("left", x), x2: { field: "right" } },
        ...{ y: channel("bottom", y), y2: { field: "top" } },
        color: { field: "ink", type: "nominal", scale: null },
      },
    },
  ];
  if (height0 !== undefined) {
    const red = colour(palette, 1);
    layers.push({
      name: "threshold",
      data: { values: [{ height0 }] },
      mark: { type: "rule", color: red, strokeWidth: 1.5, strokeDash: [7, 3] },
      encoding: { x: channel("height0", x) },
    });
  }
  return framed(
    { description: "Dendrogram of features", x, y, layers, legend: [] },
    { height: 80 + 17 * leaves.length, ...options },
  );
}

function leavesOf({ feature, children }: DendrogramBranch): number[] {
  return feature === undefined ? children.flatMap(leavesOf) : [feature];
}
