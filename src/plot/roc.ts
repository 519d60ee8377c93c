/** Weighted ROC curves. */
import { DataError } from "../errors/index.ts";
import { formatMeasured } from "./format.ts";
import { framed } from "./frame.ts";
import type { LegendEntry } from "./legend.ts";
import { colour, defaultPalette, type PlotSettings } from "./settings.ts";
import type { Layer, PlotSpec, Values } from "./spec.ts";
import { finitePoints, type Point, thinPath } from "./thin.ts";
import { type Axis, channel, linearAxis, logAxis } from "./ticks.ts";

/** A ROC curve with its name; rates are shares of summed weights. */
export interface LabelledRocCurve {
  readonly label: string;
  readonly falsePositiveRate: Values;
  readonly truePositiveRate: Values;
  /** Area under the curve, for the legend. */
  readonly auc?: number | null;
  readonly aucUncertainty?: number | null;
  /** Signal efficiencies at background efficiencies with one standard deviation, as `rocBand` gives them. */
  readonly band?: {
    readonly falsePositiveRate: Values;
    readonly truePositiveRate: Values;
    readonly uncertainty: Values;
  };
}

/** Looks of the ROC plot. */
export interface RocPlotOptions extends PlotSettings {
  /**
   * "rates": signal efficiency against background efficiency. "rejection": background rejection 1/ε_b (logarithmic)
   * against signal efficiency, which shows the clean end of the spectrum where analyses cut.
   */
  readonly axes?: "rates" | "rejection";
}

/**
 * ROC curves with their areas, and bands of ± one standard deviation where given. Huge curves are thinned to about 500 points along their drawn length.
 * @throws DataError when there is no curve, or one with fewer than two finite points.
 */
export function plotRoc(curves: readonly LabelledRocCurve[], options: RocPlotOptions = {}): PlotSpec {
  const { palette = defaultPalette, axes = "rates" } = options;
  if (curves.length === 0) {
    throw new DataError("plotRoc: at least one curve was expected, but the list is empty.");
  }
  const all = curves.map((curve) => {
    const points = finitePoints(curve.falsePositiveRate, curve.truePositiveRate);
    if (points.length < 2) {
      throw new DataError(
        `plotRoc: curve "${curve.label}" should have at least two finite points, but has ${points.length}. Are both classes there, with weight?`,
      );
    }
    return points;
  });
  return axes === "rates" ? ratesPlot(curves, all) : rejectionPlot(curves, all);

  function ratesPlot(named: readonly LabelledRocCurve[], points: readonly (readonly Point[])[]): PlotSpec {
    const x = linearAxis(options.labels?.x ?? "Background efficiency", 0, 1, 5);
    const y = linearAxis(options.labels?.y ?? "Signal efficiency", 0, 1, 5);
    const chance: Layer = {
      name: "chance",
      data: {
        values: [
          { background: 0, signal: 0 },
          { background: 1, signal: 1 },
        ],
      },
      mark: { type: "line", color: "#8c8c8c", strokeWidth: 1, strokeDash: [2, 3] },
      encoding: { x: channel("background", x), y: channel("signal", y) },
    };
    const layers = points.map(
      (curve, i): Layer => ({
        name: `curve ${i}`,
        data: { values: thinPath(curve).map((p) => ({ background: p.x, signal: p.y })) },
        mark: line(i),
        encoding: { x: channel("background", x), y: channel("signal", y), order: { value: 0 } },
      }),
    );
    return framed(
      {
        description: description(named),
        x,
        y,
        layers: [chance, ...bandLayers(named, x, y), ...layers],
        legend: [
          ...legend(named),
          { label: "random choice", sample: "line", colour: "#8c8c8c", width: 1, dash: [2, 3] },
        ],
        legendCorner: "bottomRight",
      },
      options,
    );
  }

  function rejectionPlot(
    named: readonly LabelledRocCurve[],
    points: readonly (readonly Point[])[],
  ): PlotSpec {
    // Below the first background event the rejection is infinite, and just above it is noise.
    const positive = points.map((curve) => curve.filter((p) => p.x > 0 && p.y > 0));
    const best = Math.max(...positive.map((curve) => 1 / (shown(curve)[0]?.x ?? 1)), 10);
    const x = linearAxis(options.labels?.x ?? "Signal efficiency", 0, 1, 5);
    const y = logAxis(
      options.labels?.y ?? "1 / background efficiency",
      1,
      10 ** (Math.log10(best) * (1 + 0.07 + 0.07 * named.length)),
    );
    const layers = positive.map(
      (curve, i): Layer => ({
        name: `curve ${i}`,
        data: {
          values: thinPath(shown(curve), 500, (p) => ({ x: p.y, y: Math.log(p.x) })).map((p) => ({
            signal: p.y,
            rejection: 1 / p.x,
          })),
        },
        mark: line(i),
        encoding: { x: channel("signal", x), y: channel("rejection", y), order: { value: 0 } },
      }),
    );
    const bands = bandLayers(named, x, y);
    const content = { description: description(named), x, y, layers: [...bands, ...layers] };
    return framed({ ...content, legend: legend(named) }, options);
  }

  function bandLayers(named: readonly LabelledRocCurve[], x: Axis, y: Axis): Layer[] {
    return named.flatMap(({ band }, i): Layer[] => {
      if (!band) return [];
      const half = new Map(finitePoints(band.falsePositiveRate, band.uncertainty).map((p) => [p.x, p.y]));
      const rows = finitePoints(band.falsePositiveRate, band.truePositiveRate)
        .filter((p) => axes === "rates" || (p.x > 0 && p.y >= 0.02))
        .map((p) => ({
          background: p.x,
          rejection: 1 / p.x,
          low: Math.max(0, p.y - (half.get(p.x) ?? 0)),
          high: Math.min(1, p.y + (half.get(p.x) ?? 0)),
        }))
        .map((row) => ({ ...row, ...(axes === "rates" ? { rejection: null } : {}) }));
      const mark = { type: "area", clip: true, color: colour(palette, i), opacity: 0.25 } as const;
      // The uncertainty is that of the signal efficiency: upwards in one picture, sideways in the other.
      const encoding =
        axes === "rates"
          ? { x: channel("background", x), y: channel("low", y), y2: { field: "high" } }
          : { y: channel("rejection", y), x: channel("low", x), x2: { field: "high" } };
      return [{ name: `curve ${i} band`, data: { values: rows }, mark, encoding }];
    });
  }

  function line(index: number): Layer["mark"] {
    return {
      type: "line",
      clip: true,
      color: colour(palette, index),
      strokeWidth: 2,
      ...(index % 2 === 1 ? { strokeDash: [7, 3] } : {}),
    };
  }

  function legend(named: readonly LabelledRocCurve[]): LegendEntry[] {
    return named.map((curve, i) => ({
      label:
        curve.auc === undefined
          ? curve.label
          : `${curve.label}, AUC = ${formatMeasured(curve.auc, curve.aucUncertainty)}`,
      sample: "line",
      colour: colour(palette, i),
      ...(i % 2 === 1 ? { dash: [7, 3] } : {}),
    }));
  }
}

/** The part of a curve from two per cent of signal on. */
function shown(curve: readonly Point[]): readonly Point[] {
  const kept = curve.filter((p) => p.y >= 0.02);
  return kept.length > 1 ? kept : curve;
}

function description(curves: readonly LabelledRocCurve[]): string {
  return `ROC curves: ${curves.map((curve) => curve.label).join(", ")}`;
}
