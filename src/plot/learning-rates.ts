/** Loss against learning rate, as the learning-rate finder measures it. */
import { DataError } from "../errors/index.ts";
import { framed, legendShare } from "./frame.ts";
import type { LegendEntry } from "./legend.ts";
import { colour, defaultPalette, type PlotSettings } from "./settings.ts";
import type { Layer, PlotSpec, Values } from "./spec.ts";
import { finitePoints, thinColumns } from "./thin.ts";
import { channel, linearAxis, logAxis } from "./ticks.ts";

/** What is drawn: `findLearningRate` gives it. */
export interface LearningRateCurve {
  readonly rates: Values;
  readonly mean: Values;
  readonly deviation: Values;
  /** Marked by a line. */
  readonly suggested: number;
  readonly sweeps: { readonly length: number };
}

/**
 * The mean loss over the sweeps with a band of one standard deviation, and the suggested rate. The end of a
 * sweep is far above the rest: the axis ends where the loss has risen as far above its lowest value as it
 * began, and what lies above is cut off.
 * @throws DataError when no loss is finite.
 */
export function plotLearningRates(curve: LearningRateCurve, options: PlotSettings = {}): PlotSpec {
  const { palette = defaultPalette, labels = {} } = options;
  const points = finitePoints(curve.rates, curve.mean).filter((p) => p.x > 0);
  if (points.length < 2) {
    throw new DataError(
      `plotLearningRates: at least two finite losses were expected, but there are ${points.length} among ${curve.rates.length} rates.`,
    );
  }
  const rates = points.map((p) => p.x);
  const losses = points.map((p) => p.y);
  const lowest = losses.reduce((a, b) => Math.min(a, b));
  const first = losses[0]!;
  const span = first - lowest || Math.abs(lowest) || 1;
  const x = logAxis(labels.x ?? "Learning rate", rates[0]!, rates.at(-1)!);
  const many = curve.sweeps.length > 1;
  const share = legendShare(many ? 3 : 2, x, options) * 0.6;
  const y = linearAxis(
    labels.y ?? "Training loss",
    lowest - (span * share) / (1 - share) - 0.15 * span,
    first + 0.2 * span,
    5,
  );
  const band = finitePoints(curve.rates, curve.deviation).filter((p) => p.x > 0);
  const deviationAt = new Map(band.map((p) => [p.x, p.y]));
  const [blue, red] = [colour(palette, 0), colour(palette, 1)];
  const thinned = thinColumns(points);
  const rows = thinned.map((p) => {
    const deviation = deviationAt.get(p.x) ?? 0;
    return { rate: p.x, loss: p.y, low: p.y - deviation, high: p.y + deviation };
  });
  const layers: Layer[] = [
    ...(many
      ? [
          {
            name: "deviation",
            data: { values: rows },
            mark: { type: "area", clip: true, color: blue, opacity: 0.25 },
            encoding: { x: channel("rate", x), y: channel("low", y), y2: { field: "high" } },
          } satisfies Layer,
        ]
      : []),
    {
      name: "mean",
      data: { values: rows },
      mark: { type: "line", clip: true, color: blue, strokeWidth: 2 },
      encoding: { x: channel("rate", x), y: channel("loss", y) },
    },
    {
      name: "suggested",
      data: { values: [{ rate: curve.suggested }] },
      mark: { type: "rule", color: red, strokeWidth: 1.5, strokeDash: [7, 3] },
      encoding: { x: channel("rate", x) },
    },
  ];
  const legend: LegendEntry[] = [
    { label: many ? `mean of ${curve.sweeps.length} sweeps` : "one sweep", sample: "line", colour: blue },
    ...(many ? [{ label: "± standard deviation", sample: "area", colour: blue } as const] : []),
    {
      label: `suggested: ${Number(curve.suggested.toPrecision(2))}`,
      sample: "line",
      colour: red,
      dash: [7, 3],
    },
  ];
  return framed(
    {
      description: "Training loss against learning rate",
      ...{ x, y, layers, legend },
      legendCorner: "bottomLeft",
    },
    options,
  );
}
