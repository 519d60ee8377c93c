/** Steps on columns whose numbers come from the training events: logarithm, quantiles, filling, indicators, PCA. */
import { ConfigurationError, unknownName } from "../errors/index.ts";
import { expandNames } from "./expand-names.ts";
import { meansAndDeviations } from "./fit-moments.ts";
import {
  fitPrincipalComponents,
  fromPrincipalComponents,
  type PrincipalComponents,
  principalComponents,
} from "./principal-components.ts";
import { quantilesOf } from "./scaler.ts";
import { type Column, numbersOf, type Table } from "./table.ts";
import { firstPiece, gatheredNumbers, type TableSource } from "./table-source.ts";

/** ln(x + shift); where that is not above zero, the value is missing. */
export interface LogStep {
  readonly kind: "log";
  /** Globs allowed; a fitted step has the names. */
  readonly columns: readonly string[];
  /** Default 0. */
  readonly shift?: number | undefined;
}

/** A further column NAME_missing, 1 where NAME is missing, else 0. */
export interface IndicatorStep {
  readonly kind: "indicator";
  readonly columns: readonly string[];
}

/** Missing values become the mean or median of the training events, or a number. */
export interface FillStep {
  readonly kind: "fill";
  readonly columns: readonly string[];
  readonly with: "mean" | "median" | number;
}

/** A {@link FillStep} with the number of each column. */
export interface FittedFillStep {
  readonly kind: "fill";
  readonly values: Readonly<Record<string, number>>;
}

/**
 * The distribution of each column becomes a standard Gaussian or uniform in (0, 1), by straight lines between
 * quantiles of the training events; beyond the outermost ones it stays constant.
 */
export interface QuantileStep {
  readonly kind: "quantile";
  readonly columns: readonly string[];
  /** Default normal. */
  readonly output?: "normal" | "uniform" | undefined;
  /** How many quantiles (default 200). */
  readonly knots?: number | undefined;
}

/** A {@link QuantileStep} with the rising points of each column and what they become. */
export interface FittedQuantileStep {
  readonly kind: "quantile";
  readonly maps: Readonly<
    Record<string, { readonly from: readonly number[]; readonly to: readonly number[] }>
  >;
}

/** Principal components take the place of the columns, called PREFIX_0, PREFIX_1, …; missing values count as means. */
export interface PcaStep {
  readonly kind: "pca";
  readonly columns: readonly string[];
  /** How many are kept (default: all). */
  readonly components?: number | undefined;
  /** Variance 1 for each. */
  readonly whiten?: boolean | undefined;
  /** Divide the columns by their deviations first (default true). */
  readonly standardise?: boolean | undefined;
  /** Default pc. */
  readonly prefix?: string | undefined;
}

/** A {@link PcaStep} with its matrix. */
export interface FittedPcaStep extends PrincipalComponents {
  readonly kind: "pca";
  readonly columns: readonly string[];
  readonly names: readonly string[];
}

/** A step as it is asked for. */
export type FittableStep = LogStep | IndicatorStep | FillStep | QuantileStep | PcaStep;
/** A step with its numbers, plain data. */
export type FittedColumnStep = LogStep | IndicatorStep | FittedFillStep | FittedQuantileStep | FittedPcaStep;

/** The events that a step is fitted on. */
export interface FittingEvents {
  /** For whole tables only. */
  readonly rows?: ArrayLike<number> | undefined;
  /** One for each row of the table, whether it is among `rows` or not. */
  readonly weights?: Float32Array | Float64Array | undefined;
}

/**
 * Fits a step to the events that it is to change. Means need two passes over them; medians and quantiles one column
 * at a time in memory, principal components all of theirs.
 *
 * @throws UnknownNameError for a column that is not there; DataError for one that cannot be fitted.
 */
export async function fitColumnStep(
  step: FittableStep,
  source: TableSource,
  events: FittingEvents = {},
): Promise<FittedColumnStep> {
  const { rows, weights } = events;
  const known = Object.keys((await firstPiece(source))?.columns ?? {});
  const names = expandNames(step.columns, known, `transform ${step.kind}: column`);
  switch (step.kind) {
    case "log":
    case "indicator":
      return { ...step, columns: names };
    case "fill":
      return { kind: "fill", values: await fillValues(step.with, names, source, events) };
    case "quantile": {
      const maps: Record<string, { readonly from: readonly number[]; readonly to: readonly number[] }> = {};
      for (const name of names)
        maps[name] = quantileMap(name, await gatheredNumbers(source, name), step, rows, weights);
      return { kind: "quantile", maps };
    }
    case "pca": {
      const { components: count, whiten, standardise, prefix = "pc" } = step;
      const columns: (Float32Array | Float64Array)[] = [];
      for (const name of names) columns.push(await gatheredNumbers(source, name));
      const fitted = fitPrincipalComponents(names, columns, { count, whiten, standardise, rows, weights });
      const made = fitted.components.map((_, j) => `${prefix}_${j}`);
      const taken = made.find((name) => known.includes(name) && !names.includes(name));
      if (taken !== undefined) {
        throw new ConfigurationError(
          `transform pca: there is a column "${taken}" already; choose another prefix.`,
        );
      }
      return { kind: "pca", columns: names, names: made, ...fitted };
    }
  }
}

async function fillValues(
  value: FillStep["with"],
  names: readonly string[],
  source: TableSource,
  events: FittingEvents,
): Promise<Record<string, number>> {
  if (typeof value === "number") return Object.fromEntries(names.map((name) => [name, value]));
  if (value === "mean") {
    const fitted = await meansAndDeviations(source, names, events);
    return Object.fromEntries(names.map((name, i) => [name, fitted[i]!.mean]));
  }
  const medians: Record<string, number> = {};
  for (const name of names) {
    const values = await gatheredNumbers(source, name);
    medians[name] = quantilesOf(name, values, [0.5], events.rows, events.weights)[0]!;
  }
  return medians;
}

/** The columns after a fitted step. @throws UnknownNameError for a column that is not there. */
export function applyColumnStep(table: Table, step: FittedColumnStep): Table {
  const numbers = (name: string): Float32Array | Float64Array => {
    const known = Object.keys(table.columns);
    if (!known.includes(name)) throw unknownName(`transform ${step.kind}: column`, name, known);
    return numbersOf(table, name);
  };
  const columns: Record<string, Column> = { ...table.columns };
  switch (step.kind) {
    case "log": {
      const { shift = 0 } = step;
      for (const name of step.columns) {
        columns[name] = Float64Array.from(numbers(name), (x) =>
          x + shift > 0 ? Math.log(x + shift) : Number.NaN,
        );
      }
      break;
    }
    case "indicator":
      for (const name of step.columns) {
        columns[indicatorName(name)] = Float64Array.from(numbers(name), (x) => (Number.isFinite(x) ? 0 : 1));
      }
      break;
    case "fill":
      for (const [name, value] of Object.entries(step.values)) {
        columns[name] = Float64Array.from(numbers(name), (x) => (Number.isFinite(x) ? x : value));
      }
      break;
    case "quantile":
      for (const [name, { from, to }] of Object.entries(step.maps)) {
        columns[name] = Float64Array.from(numbers(name), (x) => interpolated(x, from, to));
      }
      break;
    case "pca":
      return { rowCount: table.rowCount, columns: withComponents(columns, step, numbers) };
  }
  return { rowCount: table.rowCount, columns };
}

/**
 * The columns before a fitted step, from those after it: exact for `log` and `pca` with all components, to the
 * outermost quantiles for `quantile`; filled values stay filled where no indicator tells them.
 */
export function invertColumnStep(table: Table, step: FittedColumnStep): Table {
  const columns: Record<string, Column> = { ...table.columns };
  const present = (names: readonly string[]): string[] =>
    names.filter((name) => Object.hasOwn(columns, name));
  switch (step.kind) {
    case "log":
      for (const name of present(step.columns)) {
        columns[name] = Float64Array.from(numbersOf(table, name), (y) => Math.exp(y) - (step.shift ?? 0));
      }
      break;
    case "indicator":
      for (const name of present(step.columns)) {
        const flag = columns[indicatorName(name)];
        if (flag === undefined) continue;
        columns[name] = Float64Array.from(numbersOf(table, name), (x, i) =>
          Number(flag[i]) > 0.5 ? Number.NaN : x,
        );
        delete columns[indicatorName(name)];
      }
      break;
    case "fill":
      break;
    case "quantile":
      for (const name of present(Object.keys(step.maps))) {
        const { from, to } = step.maps[name]!;
        columns[name] = Float64Array.from(numbersOf(table, name), (y) => interpolated(y, to, from));
      }
      break;
    case "pca": {
      if (present(step.names).length < step.names.length) break;
      const back = fromPrincipalComponents(
        step,
        step.names.map((name) => numbersOf(table, name)),
      );
      for (const name of step.names) delete columns[name];
      for (const [c, name] of step.columns.entries()) columns[name] = back[c]!;
      break;
    }
  }
  return { rowCount: table.rowCount, columns };
}

/** What the indicator of a column is called. */
export function indicatorName(column: string): string {
  return `${column}_missing`;
}

function withComponents(
  columns: Readonly<Record<string, Column>>,
  step: FittedPcaStep,
  numbers: (name: string) => Float32Array | Float64Array,
): Record<string, Column> {
  const made = principalComponents(step, step.columns.map(numbers));
  const result: Record<string, Column> = {};
  let isDone = false;
  for (const [name, column] of Object.entries(columns)) {
    if (!step.columns.includes(name)) result[name] = column;
    else if (!isDone) {
      for (const [j, values] of made.entries()) result[step.names[j]!] = values;
      isDone = true;
    }
  }
  return result;
}

/** Points and their images; points of the same value share the mean of theirs. */
function quantileMap(
  name: string,
  values: Float32Array | Float64Array,
  { output = "normal", knots = 200 }: QuantileStep,
  rows: ArrayLike<number> | undefined,
  weights: Float32Array | Float64Array | undefined,
): { from: number[]; to: number[] } {
  if (!Number.isInteger(knots) || knots < 2) {
    throw new ConfigurationError(`transform quantile: at least 2 knots are needed, but ${knots} came.`);
  }
  const fractions = Array.from({ length: knots }, (_, k) => (k + 0.5) / knots);
  const points = quantilesOf(name, values, fractions, rows, weights);
  const from: number[] = [];
  const to: number[] = [];
  for (let start = 0; start < knots; ) {
    let end = start + 1;
    while (end < knots && points[end] === points[start]) end++;
    const fraction = (fractions[start]! + fractions[end - 1]!) / 2;
    from.push(points[start]!);
    to.push(output === "uniform" ? fraction : normalQuantile(fraction));
    start = end;
  }
  return { from, to };
}

/** The broken line through the points, constant beyond them; NaN of NaN. */
function interpolated(x: number, from: readonly number[], to: readonly number[]): number {
  if (Number.isNaN(x)) return Number.NaN;
  const last = from.length - 1;
  if (x <= from[0]!) return to[0]!;
  if (x >= from[last]!) return to[last]!;
  let below = 0;
  let above = last;
  while (above - below > 1) {
    const middle = (below + above) >> 1;
    if (from[middle]! <= x) below = middle;
    else above = middle;
  }
  const share = (x - from[below]!) / (from[above]! - from[below]!);
  return to[below]! + share * (to[above]! - to[below]!);
}

/**
 * The value below which a standard Gaussian has the given fraction: Newton's method on
 * Φ(x) = ½ + φ(x)·(x + x³/3 + x⁵/15 + …) (Marsaglia, J. Stat. Software 11 (2004) 4).
 */
function normalQuantile(fraction: number): number {
  let x = 0;
  for (let step = 0; step < 60; step++) {
    const density = Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
    let term = x;
    let sum = x;
    for (let k = 3; Math.abs(term) > 1e-17 * Math.abs(sum); k += 2) {
      term *= (x * x) / k;
      sum += term;
    }
    const change = (fraction - 0.5 - density * sum) / density;
    x += Math.max(-1, Math.min(1, change));
    if (Math.abs(change) < 1e-14) break;
  }
  return x;
}
