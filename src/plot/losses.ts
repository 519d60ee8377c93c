/** Loss against epoch for all members of an ensemble. */
import { DataError } from "../errors/index.ts";
import { framed, legendShare } from "./frame.ts";
import { colour, defaultPalette, type PlotSettings } from "./settings.ts";
import type { Layer, PlotSpec, Values } from "./spec.ts";
import { finitePoints, type Point, thinColumns } from "./thin.ts";
import { channel, linearAxis, logAxis } from "./ticks.ts";

/** The losses of one member. */
export interface LossHistory {
  readonly member: number;
  /** Epochs at which the losses were taken; fractions are fine. 1, 2, 3 … when absent. */
  readonly epochs?: Values;
  readonly trainingLoss: Values;
  readonly validationLoss: Values;
}

/**
 * The losses of a member from its rows, one an epoch, as training records them.
 *
 * @example
 * plotLosses(histories.map((rows, member) => lossHistory(member, rows)))
 */
export function lossHistory(
  member: number,
  rows: readonly {
    readonly epoch: number;
    readonly trainingLoss: number | null;
    readonly validationLoss: number | null;
  }[],
): LossHistory {
  return {
    member,
    epochs: rows.map((row) => row.epoch),
    trainingLoss: rows.map((row) => row.trainingLoss),
    validationLoss: rows.map((row) => row.validationLoss),
  };
}

/** Looks of the loss plot. */
export interface LossPlotOptions extends PlotSettings {
  /** Logarithmic loss axis. By default where the losses span more than a factor of thirty. */
  readonly logY?: boolean;
}

/**
 * Training and validation loss of every member (thin) and their mean (thick) against epoch.
 * The mean ends where the first member stopped: beyond, it would jump with the members that are left.
 * @throws DataError when no history has a finite loss.
 */
export function plotLosses(histories: readonly LossHistory[], options: LossPlotOptions = {}): PlotSpec {
  const { palette = defaultPalette, labels = {} } = options;
  const kinds = [
    { name: "training", curves: histories.map((h) => curve(h, h.trainingLoss)), dash: [6, 4] },
    { name: "validation", curves: histories.map((h) => curve(h, h.validationLoss)), dash: undefined },
  ].filter((kind) => kind.curves.some((points) => points.length > 0));
  const all = kinds.flatMap((kind) => kind.curves.flat());
  if (all.length === 0) {
    throw new DataError(
      `plotLosses: a history with a finite loss was expected, but none of the ${histories.length} given has one. Train at least one epoch first.`,
    );
  }
  const lowest = least(all.map((p) => p.y));
  const highest = -least(all.map((p) => -p.y));
  const log = (options.logY ?? highest / lowest > 30) && lowest > 0;
  const epochs = all.map((p) => p.x);
  const x = linearAxis(labels.x ?? "Epoch", Math.min(0, least(epochs)), -least(epochs.map((e) => -e)), 6, 1);
  const [bottom, top] = room(lowest, highest, log, legendShare(kinds.length, x, options) * 0.6);
  const y = (log ? logAxis : linearAxis)(labels.y ?? "Loss", bottom, top);

  const layers: Layer[] = kinds.flatMap((kind, k) => {
    const color = colour(palette, k);
    const line = {
      type: "line",
      clip: true,
      color,
      ...(kind.dash ? { strokeDash: kind.dash } : {}),
    } as const;
    const encoding = { x: channel("epoch", x), y: channel("loss", y) };
    const members: Layer[] = kind.curves.map((points, i) => ({
      name: `${kind.name} member ${i}`,
      data: { values: thinColumns(points).map((p) => ({ epoch: p.x, loss: p.y })) },
      mark: { ...line, strokeWidth: 1, opacity: histories.length > 1 ? 0.4 : 0 },
      encoding,
    }));
    const values = thinColumns(meanCurve(kind.curves)).map((p) => ({ epoch: p.x, loss: p.y }));
    // A line through one point has no ink.
    const point = values.length === 1 ? { point: { filled: true, size: 50, color } } : {};
    const mean: Layer = {
      name: `${kind.name} mean`,
      data: { values },
      mark: { ...line, strokeWidth: 2.5, ...point },
      encoding,
    };
    return histories.length > 1 ? [...members, mean] : [mean];
  });
  const many = histories.length > 1;
  return framed(
    {
      description: `Training and validation loss of ${histories.length} ${many ? "members" : "member"} against epoch`,
      x,
      y,
      layers,
      legend: kinds.map((kind, k) => ({
        label: `${kind.name}${many ? `, mean of ${histories.length} members` : ""}`,
        sample: "line",
        colour: colour(palette, k),
        width: 2.5,
        ...(kind.dash ? { dash: kind.dash } : {}),
      })),
    },
    options,
  );
}

function curve(history: LossHistory, losses: Values): Point[] {
  return finitePoints(history.epochs ?? Array.from(losses, (_, i) => i + 1), losses);
}

/** Mean over the members at each epoch that all of them have. */
function meanCurve(curves: readonly (readonly Point[])[]): Point[] {
  const sums = new Map<number, { total: number; count: number }>();
  const given = curves.filter((points) => points.length > 0);
  for (const point of given.flat()) {
    const sum = sums.get(point.x) ?? { total: 0, count: 0 };
    sums.set(point.x, { total: sum.total + point.y, count: sum.count + 1 });
  }
  return [...sums]
    .filter(([, sum]) => sum.count === given.length)
    .map(([x, sum]) => ({ x, y: sum.total / sum.count }));
}

/** Limits with a little air below and a share of the height free above. */
function room(low: number, high: number, log: boolean, share: number): [number, number] {
  if (log) {
    const span = Math.log10(high / low) || 1;
    return [low / 10 ** (0.06 * span), high * 10 ** ((span * share) / (1 - share) + 0.03 * span)];
  }
  const span = high - low || Math.abs(high) || 1;
  return [low - 0.06 * span, high + (span * share) / (1 - share) + 0.03 * span];
}

function least(values: readonly number[]): number {
  return values.reduce((smallest, value) => Math.min(smallest, value), Number.POSITIVE_INFINITY);
}
