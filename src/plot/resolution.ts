/** Bias and resolution of a regression against the true value. */
import { DataError } from "../errors/index.ts";
import { framed, legendShare } from "./frame.ts";
import { colour, defaultPalette, type PlotSettings } from "./settings.ts";
import type { Layer, PlotSpec, Row } from "./spec.ts";
import { channel, linearAxis } from "./ticks.ts";

/** A number with its uncertainty; null where it is undefined. */
export interface Estimate {
  readonly value: number | null;
  readonly uncertainty: number | null;
}

/** Bias and resolution of the events of one bin of the true value. */
export interface ResolutionBin {
  readonly low: number;
  readonly high: number;
  readonly bias: Estimate;
  /** Half width of the central 68 %, or the standard deviation, of prediction − truth. */
  readonly resolution: Estimate;
}

/** How well a regression predicts, bin by bin of the true value. */
export interface ResolutionProfile {
  /** What is predicted: "DER_mass_vis". */
  readonly target: string;
  readonly bins: readonly ResolutionBin[];
}

/**
 * Bias (points) and resolution (squares) in bins of the true value; horizontal bars are the bins, vertical ones the
 * uncertainties.
 *
 * @throws DataError where no bin has a finite bias.
 */
export function plotResolution(profile: ResolutionProfile, options: PlotSettings = {}): PlotSpec {
  const { palette = defaultPalette, labels = {} } = options;
  const quantities = (["bias", "resolution"] as const).map((name) => ({
    name,
    rows: rowsOf(profile.bins, name),
  }));
  const rows = quantities.flatMap((each) => each.rows);
  if (quantities[0]!.rows.length === 0) {
    throw new DataError(`plotResolution: no bin of "${profile.target}" has events with a finite prediction.`);
  }
  const x = linearAxis(
    labels.x ?? `True ${profile.target}`,
    Math.min(...rows.map((row) => row.low)),
    Math.max(...rows.map((row) => row.high)),
    5,
  );
  const share = legendShare(2, x, options);
  const lowest = Math.min(0, ...rows.map((row) => row.bottom));
  const highest = Math.max(0, ...rows.map((row) => row.top));
  const y = linearAxis(
    labels.y ?? `Prediction − truth of ${profile.target}`,
    lowest - 0.04 * (highest - lowest),
    lowest + ((highest - lowest) * 1.04) / (1 - share),
    5,
  );
  const zero: Layer = {
    name: "zero",
    data: { values: [{ low: x.domain[0], high: x.domain[1], zero: 0 }] },
    mark: { type: "rule", color: "#8c8c8c", strokeWidth: 1, strokeDash: [2, 3] },
    encoding: { x: channel("low", x), x2: { field: "high" }, y: channel("zero", y) },
  };
  const layers = quantities.flatMap(({ name, rows: values }, i): Layer[] => {
    const color = colour(palette, i);
    const rule = (part: string, encoding: Layer["encoding"]): Layer => ({
      name: `${name} ${part}`,
      data: { values },
      mark: { type: "rule", clip: true, color, strokeWidth: 1.25 },
      encoding,
    });
    return [
      rule("bins", { x: channel("low", x), x2: { field: "high" }, y: channel("value", y) }),
      rule("uncertainties", { x: channel("middle", x), y: channel("bottom", y), y2: { field: "top" } }),
      {
        name,
        data: { values },
        mark: { type: "point", clip: true, filled: true, color, opacity: 1, size: 34, shape: shapes[i]! },
        encoding: { x: channel("middle", x), y: channel("value", y) },
      },
    ];
  });
  return framed(
    {
      description: `Bias and resolution of ${profile.target} against its true value`,
      x,
      y,
      layers: [zero, ...layers],
      legend: [
        { label: "bias, mean", sample: "errorBar", colour: colour(palette, 0), shape: shapes[0]! },
        { label: "resolution", sample: "errorBar", colour: colour(palette, 1), shape: shapes[1]! },
      ],
    },
    options,
  );
}

const shapes = ["circle", "square"] as const;

interface BinRow extends Row {
  readonly low: number;
  readonly high: number;
  readonly middle: number;
  readonly value: number;
  readonly bottom: number;
  readonly top: number;
}

function rowsOf(bins: readonly ResolutionBin[], name: "bias" | "resolution"): BinRow[] {
  return bins.flatMap((bin): BinRow[] => {
    const { value, uncertainty } = bin[name];
    if (value === null || !Number.isFinite(value)) return [];
    const half = uncertainty ?? 0;
    const { low, high } = bin;
    return [{ low, high, middle: (low + high) / 2, value, bottom: value - half, top: value + half }];
  });
}
