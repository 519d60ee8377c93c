/** Which of many trained networks become members, and with which weights. */
import { ConfigurationError, counted, unknownName } from "../errors/index.ts";
import type { EnsembleMember } from "./member.ts";

/** How members are weighted: by the reciprocal of their loss (or metric), or all alike. */
export type Weighting = "reciprocal" | "uniform";

/** A trained network with what it achieved. */
export interface TrainedResult extends Omit<EnsembleMember, "weight"> {
  readonly validationLoss: number;
  /** Further numbers to choose and weight by. */
  readonly metrics?: Readonly<Record<string, number>>;
}

/** What makes an ensemble of trained networks. */
export interface EnsembleOptions {
  /** Take only the best so many members. Default: all. */
  readonly size?: number;
  /** Default `reciprocal`, as in LUMIN. */
  readonly weighting?: Weighting;
  /** What is best: `loss`, the validation loss (default), or one of the results' `metrics`. */
  readonly metric?: string;
  /** Of the metric, more is better: members are weighted by it instead of its reciprocal. Default false. */
  readonly higherIsBetter?: boolean;
}

/**
 * The best `size` results with their weights, in the order of their numbers: 1/value (the value itself where higher
 * is better), or 1.
 */
export function chooseMembers(
  results: readonly TrainedResult[],
  {
    size = results.length,
    weighting = "reciprocal",
    metric = "loss",
    higherIsBetter = false,
  }: EnsembleOptions = {},
): EnsembleMember[] {
  checkSize(size, results.length);
  const valued = results.map((result) => ({ result, value: metricOf(result, metric) }));
  const order = higherIsBetter ? -1 : 1;
  return valued
    .sort((a, b) => order * (a.value - b.value) || a.result.member - b.result.member)
    .slice(0, size)
    .sort((a, b) => a.result.member - b.result.member)
    .map(({ result: { metrics: _, ...member }, value }) => ({
      ...member,
      weight: weighting === "uniform" ? 1 : weightOf(member.member, metric, value, higherIsBetter),
    }));
}

/** @throws ConfigurationError for a size that cannot be had of so many trained networks. */
export function checkSize(size: number, count: number): void {
  if (Number.isInteger(size) && size >= 1 && size <= count) return;
  throw new ConfigurationError(
    `Ensemble: size is ${size}, but there ${count === 1 ? "is" : "are"} ${counted(count, "trained network")}. Give a whole number from 1 to ${count}.`,
  );
}

function metricOf({ member, validationLoss, metrics = {} }: TrainedResult, metric: string): number {
  if (metric === "loss") return validationLoss;
  const value = Object.hasOwn(metrics, metric) ? metrics[metric] : undefined;
  if (value === undefined) throw unknownName("metric", metric, ["loss", ...Object.keys(metrics)]);
  if (Number.isFinite(value)) return value;
  throw new ConfigurationError(`Ensemble: the ${metric} of member ${member} is ${value}; it must be finite.`);
}

/** @throws ConfigurationError for a value that has no positive weight. */
export function weightOf(member: number, metric: string, value: number, higherIsBetter = false): number {
  if (value > 0 && Number.isFinite(value)) return higherIsBetter ? value : 1 / value;
  const what = metric === "loss" ? "validation loss" : metric;
  const by = higherIsBetter ? "it needs positive values" : "its reciprocal needs positive losses";
  throw new ConfigurationError(
    `Ensemble: member ${member} has the ${what} ${value}; weighting by ${by}. Use weighting: "uniform".`,
  );
}
