/** Accumulated local effects: the effect along a feature with its band. */
import { DataError } from "../errors/index.ts";
import { framed, legendShare } from "./frame.ts";
import { colour, defaultPalette, type PlotSettings } from "./settings.ts";
import type { Layer, PlotSpec, Values } from "./spec.ts";
import { channel, linearAxis } from "./ticks.ts";

/** What `accumulatedEffects` gives. */
export interface EffectCurve {
  readonly feature: string;
  readonly values: Values;
  readonly effect: Values;
  readonly uncertainty?: Values;
}

/**
 * The effect on the prediction along a feature, with a band of ± one uncertainty, about a line at 0.
 *
 * @throws DataError when fewer than two effects are finite.
 * @example
 * const spec = plotEffects(await accumulatedEffects(ensemble, events, "DER_mass_MMC"));
 */
export function plotEffects(curve: EffectCurve, options: PlotSettings = {}): PlotSpec {
  const { palette = defaultPalette, labels = {} } = options;
  const points = Array.from(curve.values).flatMap((value, i) => {
    const effect = curve.effect[i];
    if (!isNumber(value) || !isNumber(effect)) return [];
    const half = curve.uncertainty?.[i];
    const width = isNumber(half) ? half : 0;
    return [{ value, effect, low: effect - width, high: effect + width }];
  });
  if (points.length < 2) {
    throw new DataError(
      `plotEffects: at least two finite effects were expected, but there are ${points.length}.`,
    );
  }
  const [least, greatest] = points.reduce(
    ([low, high], point) => [Math.min(low, point.low), Math.max(high, point.high)],
    [0, 0],
  );
  const x = linearAxis(labels.x ?? curve.feature, points[0]!.value, points.at(-1)!.value, 5);
  const hasBand = curve.uncertainty !== undefined;
  const share = legendShare(hasBand ? 1 : 0, x, options);
  const air = 0.04 * (greatest - least || 1);
  const y = linearAxis(
    labels.y ?? "Effect on the prediction",
    least - air,
    least + (greatest - least || 1) / (1 - share) + air,
    5,
  );
  const blue = colour(palette, 0);
  const layers: Layer[] = [
    {
      name: "nothing",
      data: { values: [{ effect: 0 }] },
      mark: { type: "rule", color: "#9c9ca1", strokeWidth: 1 },
      encoding: { y: channel("effect", y) },
    },
    {
      name: "band",
      data: { values: points },
      mark: { type: "area", color: blue, opacity: 0.25, clip: true },
      encoding: { x: channel("value", x), y: channel("low", y), y2: { field: "high" } },
    },
    {
      name: "effect",
      data: { values: points },
      mark: { type: "line", color: blue, strokeWidth: 2.5, clip: true },
      encoding: { x: channel("value", x), y: channel("effect", y) },
    },
  ];
  return framed(
    {
      description: `Accumulated local effects of ${curve.feature}`,
      ...{ x, y, layers },
      legend: hasBand ? [{ label: "effect ± bootstrap uncertainty", sample: "area", colour: blue }] : [],
    },
    options,
  );
}

function isNumber(value: number | null | undefined): value is number {
  return typeof value === "number" && Number.isFinite(value);
}
