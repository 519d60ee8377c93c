/** A measured number against epoch for all members of an ensemble, and a training at a glance. */
import { DataError } from "../errors/index.ts";
import { framed, legendShare } from "./frame.ts";
import { lossHistory, plotLosses } from "./losses.ts";
import { colour, defaultPalette, type PlotSettings } from "./settings.ts";
import type { Layer, PlotSpec } from "./spec.ts";
import { finitePoints, type Point, thinColumns } from "./thin.ts";
import { channel, linearAxis } from "./ticks.ts";

/** A row of a training's history, as `histories` and `history.jsonl` have it. */
export interface MeasuredEpoch {
  readonly epoch: number;
  readonly trainingLoss: number | null;
  readonly validationLoss: number | null;
  readonly metrics?: Readonly<Record<string, number | null>>;
}

/** What is drawn against the epoch. */
export interface MetricHistoryOptions extends PlotSettings {
  /** Which value is the best one, drawn as a dashed line. Default: none is drawn. */
  readonly best?: "highest" | "lowest";
}

/**
 * A metric of `metricLogger` against epoch: a line a member, and the best value of all as a dashed line.
 *
 * @throws DataError when no epoch has a finite value of that name.
 * @example
 * plotMetricHistory(histories, "rocAuc", { best: "highest" })
 */
export function plotMetricHistory(
  histories: readonly (readonly MeasuredEpoch[])[],
  metric: string,
  options: MetricHistoryOptions = {},
): PlotSpec {
  const curves = histories.map((rows) =>
    finitePoints(
      rows.map((row) => row.epoch),
      rows.map((row) => row.metrics?.[metric] ?? null),
    ),
  );
  if (curves.every((points) => points.length === 0)) {
    const known = new Set(histories.flat().flatMap((row) => Object.keys(row.metrics ?? {})));
    throw new DataError(
      `plotMetricHistory: no epoch has a finite "${metric}". Measured: ${[...known].join(", ") || "nothing; give metricLogger to the training"}.`,
    );
  }
  return plotCurves(curves, { ...options, labels: { y: metric, ...options.labels } });
}

/**
 * A training at a glance: the losses; the ratio of validation to training loss, which grows with overtraining; the
 * change of the validation loss from epoch to epoch, which tells whether it still learns; and each metric measured.
 */
export function plotTraining(
  histories: readonly (readonly MeasuredEpoch[])[],
  options: PlotSettings = {},
): readonly PlotSpec[] {
  const curve = (of: (row: MeasuredEpoch, before: MeasuredEpoch | undefined) => number | null) =>
    histories.map((rows) =>
      finitePoints(
        rows.map((row) => row.epoch),
        rows.map((row, i) => of(row, rows[i - 1])),
      ),
    );
  const difference = (a: number | null, b: number | null | undefined): number | null =>
    a === null || b === null || b === undefined ? null : a - b;
  const ratio = (a: number | null, b: number | null): number | null =>
    a === null || b === null || b === 0 ? null : a / b;
  const panels: [string, Point[][]][] = [
    ["Validation / training loss", curve((row) => ratio(row.validationLoss, row.trainingLoss))],
    [
      "Change of the validation loss",
      curve((row, before) => difference(row.validationLoss, before?.validationLoss)),
    ],
  ];
  const metrics = [...new Set(histories.flat().flatMap((row) => Object.keys(row.metrics ?? {})))];
  return [
    plotLosses(
      histories.map((rows, member) => lossHistory(member, rows)),
      options,
    ),
    ...panels
      .filter(([, curves]) => curves.some((points) => points.length > 0))
      .map(([y, curves]) => plotCurves(curves, { ...options, labels: { ...options.labels, y } })),
    ...metrics
      .filter((metric) =>
        histories.flat().some((row) => Number.isFinite(row.metrics?.[metric] ?? Number.NaN)),
      )
      .map((metric) => plotMetricHistory(histories, metric, options)),
  ];
}

function plotCurves(curves: readonly Point[][], options: MetricHistoryOptions): PlotSpec {
  const { palette = defaultPalette, labels = {}, best } = options;
  const all = curves.flat();
  const values = all.map((point) => point.y);
  const [low, high] = [values.reduce(smaller), values.reduce(larger)];
  const epochs = all.map((point) => point.x);
  const x = linearAxis(labels.x ?? "Epoch", Math.min(0, epochs.reduce(smaller)), epochs.reduce(larger), 6, 1);
  // Curves that rise leave room below, curves that fall above: there the legend lies.
  const share = best ? legendShare(2, x, options) : 0;
  const span = high - low || Math.abs(high) || 1;
  const room = (span * share) / (1 - share) + 0.06 * span;
  const [below, above] = best === "lowest" ? [0.06 * span, room] : [room, 0.06 * span];
  const y = linearAxis(labels.y ?? "", low - below, high + above);
  const encoding = { x: channel("epoch", x), y: channel("value", y) };
  const [blue, red] = [colour(palette, 0), colour(palette, 1)];
  const layers: Layer[] = curves.map((points, member) => ({
    name: `member ${member}`,
    data: { values: thinColumns(points).map((point) => ({ epoch: point.x, value: point.y })) },
    mark: {
      ...{ type: "line", clip: true, color: blue, strokeWidth: 1.5 },
      opacity: curves.length > 1 ? 0.6 : 1,
      // A line through one point has no ink.
      ...(points.length === 1 ? { point: { filled: true, size: 40, color: blue } } : {}),
    },
    encoding,
  }));
  const top = best === "lowest" ? low : high;
  const line: Layer = {
    name: "best",
    data: { values: [{ value: top }] },
    mark: { type: "rule", color: red, strokeWidth: 1.5, strokeDash: [7, 3] },
    encoding: { y: channel("value", y) },
  };
  return framed(
    {
      description: `${labels.y ?? "Value"} against epoch`,
      ...{ x, y, layers: best ? [...layers, line] : layers },
      legend: best
        ? [
            {
              label: curves.length > 1 ? `${curves.length} members` : "one member",
              sample: "line",
              colour: blue,
            },
            { label: `best: ${Number(top.toPrecision(4))}`, sample: "line", colour: red, dash: [7, 3] },
          ]
        : [],
      legendCorner: best === "lowest" ? "topRight" : "bottomRight",
    },
    options,
  );
}

function smaller(a: number, b: number): number {
  return Math.min(a, b);
}

function larger(a: number, b: number): number {
  return Math.max(a, b);
}
