/** Reliability diagrams: the fraction of signal that is found where a probability is predicted. */
import { DataError } from "../errors/index.ts";
import { framed, legendShare } from "./frame.ts";
import { colour, defaultPalette, type PlotSettings } from "./settings.ts";
import type { Layer, PlotSpec } from "./spec.ts";
import { channel, linearAxis } from "./ticks.ts";

/** One curve: `calibrationBins` gives the bins. */
export interface ReliabilityCurve {
  readonly label: string;
  /** Expected calibration error, for the legend. */
  readonly error?: number | null;
  readonly bins: readonly {
    /** Mean prediction; null or NaN where the bin is empty. */
    readonly predicted: number | null;
    /** Fraction of signal. */
    readonly observed: number | null;
    readonly uncertainty?: number | null;
  }[];
}

/**
 * Fraction of signal against mean prediction, points with bars joined by lines, over the diagonal of perfect calibration.
 *
 * @throws DataError when no bin is filled.
 */
export function plotReliability(curves: readonly ReliabilityCurve[], settings: PlotSettings = {}): PlotSpec {
  const { palette = defaultPalette, labels = {} } = settings;
  const drawn = curves.map(({ bins }) =>
    bins.flatMap(({ predicted, observed, uncertainty }) => {
      if (!isNumber(predicted) || !isNumber(observed)) return [];
      const half = isNumber(uncertainty) ? uncertainty : 0;
      return [{ predicted, observed, low: observed - half, high: observed + half }];
    }),
  );
  if (drawn.every((points) => points.length === 0)) {
    throw new DataError("plotReliability: a bin with events was expected, but there is none.");
  }
  const x = linearAxis(labels.x ?? "Mean prediction", 0, 1, 5);
  const share = legendShare(curves.length, x, settings);
  const y = linearAxis(labels.y ?? "Fraction of signal", 0, 1 / (1 - share), 5);
  const position = { x: channel("predicted", x), y: channel("observed", y) };
  const layers: Layer[] = [
    {
      name: "perfect",
      data: { values: [0, 1].map((end) => ({ predicted: end, observed: end })) },
      mark: { type: "line", color: "#9c9ca1", strokeWidth: 1.25, strokeDash: [5, 4] },
      encoding: position,
    },
    ...drawn.flatMap((points, i): Layer[] => {
      const color = colour(palette, i);
      const values = points;
      return [
        {
          name: `curve ${i}`,
          data: { values },
          mark: { type: "line", color, strokeWidth: 1.5, clip: true },
          encoding: position,
        },
        {
          name: `bars ${i}`,
          data: { values },
          mark: { type: "rule", color, strokeWidth: 1.5, clip: true },
          encoding: { x: position.x, y: channel("low", y), y2: { field: "high" } },
        },
        {
          name: `points ${i}`,
          data: { values },
          mark: { type: "point", filled: true, color, opacity: 1, size: 34, clip: true },
          encoding: position,
        },
      ];
    }),
  ];
  return framed(
    {
      description: `Reliability diagram: ${curves.map(({ label }) => label).join(", ")}`,
      ...{ x, y, layers },
      legend: curves.map(({ label, error }, i) => ({
        label: isNumber(error) ? `${label}, error ${error.toFixed(3)}` : label,
        sample: "errorBar" as const,
        colour: colour(palette, i),
      })),
      legendCorner: "topLeft",
    },
    settings,
  );
}

function isNumber(value: number | null | undefined): value is number {
  return typeof value === "number" && Number.isFinite(value);
}
