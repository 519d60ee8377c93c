/** Learning rate and momentum against the step of training. */
import { DataError } from "../errors/index.ts";
import { framed, legendShare } from "./frame.ts";
import type { LegendEntry } from "./legend.ts";
import { colour, defaultPalette, type PlotSettings } from "./settings.ts";
import type { Layer, PlotSpec, Values } from "./spec.ts";
import { finitePoints, type Point, thinColumns } from "./thin.ts";
import { type Axis, channel, linearAxis, logAxis } from "./ticks.ts";

/** What the optimiser was told at each step. */
export interface ScheduleHistory {
  /** Steps; 0, 1, 2 … when absent. */
  readonly steps?: Values;
  readonly learningRate: Values;
  readonly momentum?: Values;
}

/** Looks of the schedule. */
export interface SchedulePlotOptions extends PlotSettings {
  /** Logarithmic axis of the learning rate. */
  readonly logY?: boolean;
}

/**
 * The learning rate on the left axis and the momentum, if given, on the right one.
 * @throws DataError when no learning rate is finite.
 */
export function plotSchedule(schedule: ScheduleHistory, options: SchedulePlotOptions = {}): PlotSpec {
  const { palette = defaultPalette, labels = {}, logY = false } = options;
  const steps = schedule.steps ?? Array.from(schedule.learningRate, (_, i) => i);
  const rates = finitePoints(steps, schedule.learningRate).filter((p) => !logY || p.y > 0);
  if (rates.length === 0) {
    throw new DataError(
      `plotSchedule: a finite learning rate was expected, but there is none among ${schedule.learningRate.length} steps.`,
    );
  }
  const momenta = schedule.momentum ? finitePoints(steps, schedule.momentum) : [];
  const xs = rates.map((p) => p.x);
  const x = linearAxis(labels.x ?? "Step", xs.reduce(smaller), xs.reduce(larger), 5, 1);
  const share = momenta.length > 0 ? legendShare(1, x, options) : 0;
  const y = rangeAxis(labels.y ?? "Learning rate", rates, share, logY);
  const legend: LegendEntry[] = [
    { label: "learning rate", sample: "line", colour: colour(palette, 0) },
    { label: "momentum", sample: "line", colour: colour(palette, 1), dash: [7, 3] },
  ];
  const left = [curve("rate", rates, x, y, { type: "line", color: colour(palette, 0), strokeWidth: 2 })];
  const content = { description: "Learning rate and momentum against step", x, y, layers: left };
  if (momenta.length === 0) return framed({ ...content, legend: [] }, options);
  const axis = rangeAxis(labels.right ?? "Momentum", momenta, share, false);
  const mark = {
    type: "line",
    color: colour(palette, 1),
    strokeWidth: 2,
    strokeDash: [7, 3],
  } as const;
  return framed(
    {
      ...content,
      right: { axis, layers: [curve("momentum", momenta, x, axis, mark)] },
      legend,
      legendColumns: 2,
    },
    options,
  );
}

function curve(name: string, points: readonly Point[], x: Axis, y: Axis, mark: Layer["mark"]): Layer {
  return {
    name,
    data: { values: thinColumns(points).map((p) => ({ step: p.x, [name]: p.y })) },
    mark,
    encoding: { x: channel("step", x), y: channel(name, y) },
  };
}

function rangeAxis(title: string, points: readonly Point[], share: number, log: boolean): Axis {
  const values = points.map((p) => p.y);
  const low = values.reduce(smaller);
  const high = values.reduce(larger);
  if (log) return logAxis(title, low / 1.3, high * 1.3 * (high / low) ** (share / (1 - share)));
  const span = high - low || Math.abs(high) || 1;
  const bottom = low >= 0 && low < 0.3 * high ? 0 : low - 0.06 * span;
  return linearAxis(title, bottom, high + (span * share) / (1 - share) + 0.04 * span, 5);
}

function smaller(a: number, b: number): number {
  return Math.min(a, b);
}

function larger(a: number, b: number): number {
  return Math.max(a, b);
}
