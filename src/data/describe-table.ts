/** What the columns of a table hold at a glance: types, ranges, gaps, sums of weights. */
import { DataError } from "../errors/index.ts";
import { type Column, numbersOf, type Table } from "./table.ts";

/** One column at a glance. Weighted where weights are given; missing values do not count. */
export interface ColumnSummary {
  readonly name: string;
  /** `float32`, `float64`, `int32`, `int64` or `text`. */
  readonly type: string;
  readonly missing: number;
  /** NaN for text and for columns without a value. */
  readonly minimum: number;
  readonly maximum: number;
  readonly mean: number;
  /** Different values, of text and of whole numbers; undefined where there are more than 1,000. */
  readonly distinct: number | undefined;
  /** The most frequent values with their numbers of rows, for text and whole numbers of few values. */
  readonly frequent: readonly (readonly [string, number])[];
}

/** A table at a glance. */
export interface TableSummary {
  readonly rowCount: number;
  readonly weightSum: number | undefined;
  readonly columns: readonly ColumnSummary[];
}

const manyValues = 1000;
const shownValues = 8;

/**
 * Describes the columns of a table.
 *
 * @param weight the column with event weights, of any sign: means are weighted by it, and its sum is given.
 * @throws UnknownNameError for a weight that is not a column; DataError for one with missing values.
 */
export function describeTable(table: Table, weight?: string): TableSummary {
  const weights = weight === undefined ? undefined : numbersOf(table, weight);
  const gap = weights?.findIndex((value) => !Number.isFinite(value)) ?? -1;
  if (gap >= 0) {
    throw new DataError(
      `weight column "${weight}": expected a finite weight in every row, row ${gap + 1} has ${weights![gap]}.`,
    );
  }
  return {
    rowCount: table.rowCount,
    weightSum: weights && Array.from(weights).reduce((sum, value) => sum + value, 0),
    columns: Object.entries(table.columns).map(([name, column]) => describeColumn(name, column, weights)),
  };
}

function describeColumn(
  name: string,
  column: Column,
  weights: Float32Array | Float64Array | undefined,
): ColumnSummary {
  let missing = 0;
  let minimum = Number.NaN;
  let maximum = Number.NaN;
  let sum = 0;
  let sumOfWeights = 0;
  const counts = new Map<string, number>();
  const countable = !(column instanceof Float32Array || column instanceof Float64Array);
  for (let i = 0; i < column.length; i++) {
    const value = column[i]!;
    if (value === "" || Number.isNaN(value)) {
      missing++;
      continue;
    }
    if (countable && counts.size <= manyValues) {
      const key = String(value);
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    if (typeof value === "string") continue;
    const number = Number(value);
    if (!(number >= minimum)) minimum = number;
    if (!(number <= maximum)) maximum = number;
    const weight = weights?.[i] ?? 1;
    sum += weight * number;
    sumOfWeights += weight;
  }
  const isFew = countable && counts.size <= manyValues;
  const frequent = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, shownValues);
  return {
    name,
    type: typeOf(column),
    missing,
    minimum,
    maximum,
    mean: typeOf(column) === "text" ? Number.NaN : sum / sumOfWeights,
    distinct: isFew ? counts.size : undefined,
    frequent: isFew && counts.size <= 4 * shownValues ? frequent : [],
  };
}

function typeOf(column: Column): string {
  if (column instanceof Float32Array) return "float32";
  if (column instanceof Float64Array) return "float64";
  if (column instanceof Int32Array) return "int32";
  return column instanceof BigInt64Array ? "int64" : "text";
}
