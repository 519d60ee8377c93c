/** The approximate median significance against the cut on the prediction. */
import { DataError } from "../errors/index.ts";
import { formatNumber } from "./format.ts";
import { framed, frameSize, legendShare } from "./frame.ts";
import type { LegendEntry } from "./legend.ts";
import { colour, defaultPalette, type PlotSettings } from "./settings.ts";
import { type Layer, type PlotSpec, pixelLayer, type Values } from "./spec.ts";
import { finitePoints, type Point, thinColumns } from "./thin.ts";
import { channel, linearAxis } from "./ticks.ts";

/** AMS at every possible cut, for one regularisation. */
export interface LabelledAmsScan {
  /** b_reg of the AMS formula; it is the label too unless one is given. */
  readonly regularisation: number;
  readonly label?: string;
  readonly thresholds: Values;
  readonly ams: Values;
  /** The highest point; found among the points when absent. */
  readonly maximum?: { readonly ams: number; readonly threshold: number };
}

/** Scans and the cut that the analysis chose. */
export interface AmsScans {
  readonly scans: readonly LabelledAmsScan[];
  /** Events with a prediction of at least this pass. */
  readonly cut?: number | null;
}

/** Looks of the scan. */
export interface AmsPlotOptions extends PlotSettings {
  /** Range of cuts to show; all by default. */
  readonly range?: readonly [number, number];
}

/**
 * AMS against the cut, a vertical line at the chosen cut, a marker at each maximum. The height is set by the scan with
 * the largest regularisation: without one the AMS of the last few events runs away, and its curve may leave the frame.
 * @throws DataError when a scan has no finite point.
 */
export function plotAmsScan(data: AmsScans, options: AmsPlotOptions = {}): PlotSpec {
  const { palette = defaultPalette, labels = {} } = options;
  if (data.scans.length === 0) {
    throw new DataError("plotAmsScan: at least one scan was expected, but the list is empty.");
  }
  const scans = data.scans.map((scan) => {
    const points = finitePoints(scan.thresholds, scan.ams);
    if (points.length === 0) {
      throw new DataError(
        `plotAmsScan: the scan with b_reg = ${scan.regularisation} should have a finite AMS at some cut, but has none among ${scan.thresholds.length}. Are there signal and background events, with weight?`,
      );
    }
    const { threshold, ams } = scan.maximum ?? { threshold: 0, ams: Number.NaN };
    const found = points.reduce((best, p) => (p.y > best.y ? p : best));
    return { ...scan, points, top: Number.isFinite(ams) ? { x: threshold, y: ams } : found };
  });
  const ruling = scans.reduce((a, b) => (b.regularisation > a.regularisation ? b : a));
  const cuts = scans.flatMap((scan) => scan.points.map((p) => p.x));
  const [low, high] = options.range ?? [
    cuts.reduce((a, b) => Math.min(a, b)),
    cuts.reduce((a, b) => Math.max(a, b)),
  ];
  const x = linearAxis(labels.x ?? "Cut on the prediction", low, high, 5);
  const share = legendShare(scans.length + (hasCut(data.cut) ? 1 : 0), x, options);
  const peak = Math.max(ruling.top.y, ...scans.map((s) => Math.min(s.top.y, 1.25 * ruling.top.y)));
  const y = linearAxis(labels.y ?? "AMS [σ]", 0, (peak * 1.06) / (1 - share), 5);

  const curves = scans.flatMap((scan, i): Layer[] => {
    const color = colour(palette, i);
    const position = { x: channel("cut", x), y: channel("ams", y) };
    return [
      {
        name: `scan ${i}`,
        data: { values: thinned(scan.points, low, high).map((p) => ({ cut: p.x, ams: p.y })) },
        mark: { type: "line", clip: true, color, strokeWidth: 1.75, ...dash(i) },
        encoding: position,
      },
      {
        name: `maximum ${i}`,
        data: { values: [{ cut: scan.top.x, ams: scan.top.y }] },
        mark: {
          type: "point",
          clip: true,
          filled: true,
          color,
          stroke: "white",
          strokeWidth: 1,
          opacity: 1,
          size: 80,
          shape: "diamond",
        },
        encoding: position,
      },
    ];
  });
  const legend: LegendEntry[] = scans.map((scan, i) => ({
    label: `${scan.label ?? `b_reg = ${scan.regularisation}`}: maximum ${formatNumber(scan.top.y, 3)} at ${formatNumber(scan.top.x, 3)}`,
    sample: "line",
    colour: colour(palette, i),
    ...("strokeDash" in dash(i) ? { dash: [7, 3] } : {}),
  }));
  const { cut } = data;
  if (hasCut(cut)) {
    legend.push({
      label: `chosen cut ${formatNumber(cut, 4)}`,
      sample: "line",
      colour: "#1a1a1a",
      width: 1.5,
      dash: [5, 4],
    });
  }
  return framed(
    {
      description: `AMS against the cut on the prediction: ${legend.map((entry) => entry.label).join(", ")}`,
      x,
      y,
      layers: [...curves, ...(hasCut(cut) ? [cutLayer(cut)] : [])],
      legend,
      legendCorner: "topLeft",
    },
    options,
  );

  function cutLayer(cut: number): Layer {
    const { width, height } = frameSize(y, undefined, options);
    const place = ((cut - x.domain[0]) / (x.domain[1] - x.domain[0])) * width;
    return pixelLayer("cut", {
      type: "rule",
      x: place,
      y: height * share,
      y2: height,
      color: "#1a1a1a",
      strokeWidth: 1.5,
      strokeDash: [5, 4],
      clip: true,
    });
  }
}

function thinned(points: readonly Point[], low: number, high: number): Point[] {
  return thinColumns(
    points.filter((p) => p.x >= low && p.x <= high),
    150,
  );
}

function hasCut(cut: number | null | undefined): cut is number {
  return typeof cut === "number" && Number.isFinite(cut);
}

function dash(index: number): { strokeDash?: number[] } {
  return index % 2 === 1 ? { strokeDash: [7, 3] } : {};
}
