/** Histograms as layers: steps, fills, points with error bars, bands. */
import type { Layer, Row } from "./spec.ts";
import { type Axis, channel } from "./ticks.ts";

/** A bin as it is drawn. */
export interface Bin {
  readonly left: number;
  readonly right: number;
  readonly value: number;
  readonly uncertainty: number;
}

/** The bins of a histogram, its contents multiplied by `scale`. */
export function binsOf(
  {
    edges,
    sums,
    uncertainties,
  }: {
    readonly edges: readonly number[];
    readonly sums: readonly number[];
    readonly uncertainties: readonly number[];
  },
  scale: (width: number) => number = () => 1,
): Bin[] {
  return sums.map((value, i): Bin => {
    const [left, right] = [edges[i]!, edges[i + 1]!];
    const factor = scale(right - left);
    return { left, right, value: value * factor, uncertainty: uncertainties[i]! * factor };
  });
}

/** Rows that draw bins as steps, standing on `base` at both ends. */
export function steps(bins: readonly Bin[], base: number): Row[] {
  const last = bins[bins.length - 1]!;
  const height = (bin: Bin): number => (base > 0 ? Math.max(bin.value, base) : bin.value);
  return [
    { x: bins[0]!.left, y: base, base },
    ...bins.map((bin) => ({ x: bin.left, y: height(bin), base })),
    { x: last.right, y: height(last), base },
    { x: last.right, y: base, base },
  ];
}

/** The outline of a histogram. */
export function outlineLayer(
  name: string,
  bins: readonly Bin[],
  [x, y]: readonly [Axis, Axis],
  color: string,
  looks: Readonly<Record<string, unknown>> = {},
): Layer {
  return {
    name,
    data: { values: steps(bins, baseOf(y)) },
    mark: { type: "line", interpolate: "step-after", clip: true, color, strokeWidth: 1.75, ...looks },
    encoding: { x: channel("x", x), y: channel("y", y), order: { value: 0 } },
  };
}

/** A filled histogram. */
export function fillLayer(
  name: string,
  bins: readonly Bin[],
  [x, y]: readonly [Axis, Axis],
  color: string,
  opacity: number,
): Layer {
  return {
    name,
    data: { values: steps(bins, baseOf(y)) },
    mark: { type: "area", interpolate: "step-after", clip: true, color, opacity },
    encoding: { x: channel("x", x), y: channel("y", y), y2: { field: "base" } },
  };
}

/** Points in the middles of bins with vertical bars; on a logarithmic axis only those above zero. */
export function pointLayers(
  name: string,
  bins: readonly Bin[],
  [x, y]: readonly [Axis, Axis],
  color: string,
  shape = "circle",
): Layer[] {
  const floor = y.log ? y.domain[0] : Number.NEGATIVE_INFINITY;
  const values = bins
    .filter((bin) => (y.log ? bin.value > 0 : bin.value !== 0 || bin.uncertainty > 0))
    .filter((bin) => !y.range || isWithin(bin.value, y))
    .filter((bin) => !x.range || isWithin((bin.left + bin.right) / 2, x))
    .map(
      (bin): Row => ({
        x: (bin.left + bin.right) / 2,
        y: bin.value,
        low: Math.max(bin.value - bin.uncertainty, floor),
        high: bin.value + bin.uncertainty,
      }),
    );
  const place = channel("x", x);
  return [
    {
      name: `${name} bars`,
      data: { values },
      mark: { type: "rule", clip: true, color, strokeWidth: 1.25 },
      encoding: { x: place, y: channel("low", y), y2: { field: "high" } },
    },
    {
      name,
      data: { values },
      mark: { type: "point", clip: true, filled: true, color, opacity: 1, size: 26, shape },
      encoding: { x: place, y: channel("y", y) },
    },
  ];
}

/** A grey band of ± one uncertainty about each bin. */
export function bandLayer(name: string, bins: readonly Bin[], [x, y]: readonly [Axis, Axis]): Layer {
  const floor = y.log ? y.domain[0] : Number.NEGATIVE_INFINITY;
  const values = bins
    .filter(({ uncertainty, value }) => uncertainty > 0 && (!y.log || value + uncertainty > floor))
    .map(({ left, right, value, uncertainty }) => ({
      left,
      right,
      low: Math.max(value - uncertainty, floor),
      high: Math.max(value + uncertainty, floor),
    }));
  return {
    name,
    data: { values },
    mark: { type: "rect", clip: true, color: "#3d3d3d", opacity: 0.35, strokeWidth: 0 },
    encoding: {
      ...{ x: channel("left", x), x2: { field: "right" } },
      ...{ y: channel("low", y), y2: { field: "high" } },
    },
  };
}

function isWithin(value: number, { domain }: Axis): boolean {
  return value >= domain[0] && value <= domain[1];
}

/** Where bins stand: at zero, or at the lower end of a logarithmic axis. */
export function baseOf(y: Axis): number {
  return y.log ? y.domain[0] : 0;
}
