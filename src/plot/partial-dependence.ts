/** Partial dependence: the mean prediction along a feature with single events, or over the plane of two. */
import { DataError } from "../errors/index.ts";
import { divergingColour } from "./colour-scale.ts";
import { framed, legendShare } from "./frame.ts";
import { colour, defaultPalette, type PlotSettings } from "./settings.ts";
import type { Layer, PlotSpec, Values } from "./spec.ts";
import { finitePoints } from "./thin.ts";
import { type Axis, channel, linearAxis } from "./ticks.ts";

/** What `partialDependence` gives. */
export interface DependenceCurve {
  readonly feature: string;
  readonly values: Values;
  readonly mean: Values;
  readonly curves: readonly Values[];
}

/** What `jointDependence` gives. */
export interface DependencePlane {
  readonly features: readonly [string, string];
  readonly x: Values;
  readonly y: Values;
  /** [y, x] row by row. */
  readonly mean: Values;
}

/**
 * The mean prediction as a thick line over thin ones of single events.
 *
 * @throws DataError when fewer than two means are finite.
 */
export function plotPartialDependence(curve: DependenceCurve, options: PlotSettings = {}): PlotSpec {
  const { palette = defaultPalette, labels = {} } = options;
  const mean = finitePoints(curve.values, curve.mean);
  if (mean.length < 2) {
    throw new DataError(
      `plotPartialDependence: at least two finite means were expected, but there are ${mean.length}.`,
    );
  }
  const single = curve.curves.map((values) => finitePoints(curve.values, values));
  const all = [mean, ...single].flat();
  const [low, high] = extentOf(all.map(({ y }) => y));
  const [left, right] = extentOf(mean.map(({ x }) => x));
  const x = linearAxis(labels.x ?? curve.feature, left, right, 5);
  const rows = single.length > 0 ? 2 : 1;
  const share = legendShare(rows, x, options);
  const y = linearAxis(labels.y ?? "Prediction", low, low + (high - low || 1) / (1 - share), 5);
  const line = (name: string, points: typeof mean, looks: object): Layer => ({
    name,
    data: { values: points.map((point) => ({ ...point })) },
    mark: { type: "line", clip: true, ...looks },
    encoding: { x: channel("x", x), y: channel("y", y) },
  });
  const [blue, grey] = [colour(palette, 0), "#9c9ca1"];
  return framed(
    {
      description: `Partial dependence on ${curve.feature}`,
      ...{ x, y },
      layers: [
        ...single.map((points, i) =>
          line(`event ${i}`, points, { color: grey, strokeWidth: 0.7, opacity: 0.6 }),
        ),
        line("mean", mean, { color: blue, strokeWidth: 3 }),
      ],
      legend: [
        { label: "mean", sample: "line", colour: blue, width: 3 },
        ...(single.length > 0
          ? [{ label: "single events", sample: "line", colour: grey, width: 0.7 } as const]
          : []),
      ],
    },
    options,
  );
}

/**
 * The mean prediction as colours, from the lowest (blue) to the highest (red), with the scale at the right.
 *
 * @throws DataError when the means are not one for each pair of values, or none is finite.
 */
export function plotJointDependence(plane: DependencePlane, options: PlotSettings = {}): PlotSpec {
  const { labels = {} } = options;
  const [xs, ys] = [edgesOf(plane.x), edgesOf(plane.y)];
  const finite = Array.from(plane.mean).filter((value): value is number => Number.isFinite(value));
  if (plane.mean.length !== plane.x.length * plane.y.length || finite.length === 0) {
    throw new DataError(
      `plotJointDependence: ${plane.x.length} × ${plane.y.length} means were expected, but ${plane.mean.length} came, ${finite.length} of them finite.`,
    );
  }
  const [low, high] = extentOf(finite);
  const tone = (value: number): string => divergingColour((2 * (value - low)) / (high - low || 1) - 1);
  const [start, end] = [xs[0]!, xs.at(-1)!];
  // The scale's strip stands inside the frame, at the right axis.
  const strip = 0.06 * (end - start);
  const axis = linearAxis(labels.x ?? plane.features[0], start, end, 5);
  const x: Axis = { ...axis, domain: [start, end + 1.6 * strip] };
  const y = linearAxis(labels.y ?? plane.features[1], ys[0]!, ys.at(-1)!, 5);
  const scale = linearAxis(labels.right ?? "Prediction", low, high, 5);
  const cells = Array.from(plane.mean).flatMap((value, i) => {
    if (value === null || !Number.isFinite(value)) return [];
    const [column, row] = [i % plane.x.length, Math.floor(i / plane.x.length)];
    const [bottom, top] = [ys[row]!, ys[row + 1]!];
    return [{ left: xs[column]!, right: xs[column + 1]!, bottom, top, value, colour: tone(value) }];
  });
  const steps = Array.from({ length: 64 }, (_, i) => {
    const [bottom, top] = [i, i + 1].map((k) => scale.domain[0] + ((high - low) * k) / 64) as [
      number,
      number,
    ];
    return {
      left: end + 0.6 * strip,
      right: end + 1.6 * strip,
      ...{ bottom, top, colour: tone((bottom + top) / 2) },
    };
  });
  const rectangles = (name: string, values: typeof steps, vertical: Axis): Layer => ({
    name,
    data: { values },
    // Neighbours must not show a seam.
    mark: { type: "rect", strokeWidth: 0.5 },
    encoding: {
      ...{ x: channel("left", x), x2: { field: "right" } },
      ...{ y: channel("bottom", vertical), y2: { field: "top" } },
      color: { field: "colour", type: "nominal", scale: null },
      stroke: { field: "colour", type: "nominal", scale: null },
    },
  });
  return framed(
    {
      description: `Partial dependence on ${plane.features.join(" and ")}`,
      ...{ x, y },
      layers: [rectangles("cells", cells, y)],
      right: { axis: scale, layers: [rectangles("scale", steps, scale)] },
      legend: [],
    },
    options,
  );
}

/** Middles between neighbours, and as far again at the ends. */
function edgesOf(values: Values): number[] {
  const middles = Array.from(values, (value) => value ?? Number.NaN);
  const between = middles.slice(1).map((value, i) => (value + middles[i]!) / 2);
  const first = between[0] ?? middles[0]! + 0.5;
  const last = between.at(-1) ?? middles[0]! + 0.5;
  return [2 * middles[0]! - first, ...between, 2 * middles.at(-1)! - last];
}

function extentOf(values: readonly number[]): [number, number] {
  return values.reduce<[number, number]>(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Infinity, -Infinity],
  );
}
