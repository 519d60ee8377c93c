/** The kinds of columns, which of them holds which other, and exact conversions. */
import { DataError } from "../errors/index.ts";
import type { Column, NumberColumn, Table } from "./table.ts";

/** The types that a column can have: the arrays of numbers by their names, or text. */
export type ColumnKind = "float32" | "float64" | "int32" | "int64" | "text";

/** Kinds of columns of numbers. */
export type NumberKind = Exclude<ColumnKind, "text">;

/** The kind of a column. */
export function kindOf(column: Column): ColumnKind {
  if (column instanceof Float32Array) return "float32";
  if (column instanceof Float64Array) return "float64";
  if (column instanceof Int32Array) return "int32";
  return column instanceof BigInt64Array ? "int64" : "text";
}

/** The narrowest kind that holds columns of the given kinds, all of them numbers or all text. */
export function commonKind(kinds: readonly ColumnKind[]): ColumnKind {
  const [first] = kinds;
  if (first !== undefined && kinds.every((kind) => kind === first)) return first;
  return kinds.some((kind) => kind === "float32" || kind === "float64") ? "float64" : "int64";
}

/** A table without rows. */
export function emptyTable(kinds: Readonly<Record<string, ColumnKind>>): Table {
  const columns = Object.entries(kinds).map(([name, kind]) => [
    name,
    kind === "text" ? [] : emptyColumn(kind, 0),
  ]);
  return { rowCount: 0, columns: Object.fromEntries(columns) };
}

/** A column of zeros. */
export function emptyColumn(kind: NumberKind, length: number): NumberColumn {
  switch (kind) {
    case "float32":
      return new Float32Array(length);
    case "float64":
      return new Float64Array(length);
    case "int32":
      return new Int32Array(length);
    case "int64":
      return new BigInt64Array(length);
  }
}

/**
 * Copies numbers into a column of a kind that holds them, from position `at` on.
 *
 * @param firstRow the row of the first value, for the error message.
 * @throws DataError for an integer that a column of doubles does not hold exactly.
 */
export function setNumbers(
  to: NumberColumn,
  values: NumberColumn,
  at: number,
  name: string,
  firstRow: number = 0,
): void {
  if (to instanceof BigInt64Array) {
    to.set(values instanceof BigInt64Array ? values : bigIntegers(values), at);
  } else {
    to.set(values instanceof BigInt64Array ? exactDoubles(values, name, firstRow) : values, at);
  }
}

/** Columns one after the other, in one of a kind that holds them. @throws DataError as `setNumbers` does. */
export function joinColumns(parts: readonly Column[], kind: ColumnKind, name: string): Column {
  if (kind === "text") return (parts as readonly (readonly string[])[]).flat();
  const joined = emptyColumn(
    kind,
    parts.reduce((sum, part) => sum + part.length, 0),
  );
  let at = 0;
  for (const part of parts) {
    setNumbers(joined, part as NumberColumn, at, name);
    at += part.length;
  }
  return joined;
}

function bigIntegers(values: Exclude<NumberColumn, BigInt64Array>): BigInt64Array {
  return BigInt64Array.from(values as Int32Array as Iterable<number> as never, BigInt as never);
}

/**
 * 64-bit integers as doubles.
 *
 * @param firstRow the row of the first value, for the error message.
 * @throws DataError where a double cannot hold the value.
 */
export function exactDoubles(values: BigInt64Array, name: string, firstRow: number = 0): Float64Array {
  const result = new Float64Array(values.length);
  for (let i = 0; i < result.length; i++) {
    result[i] = Number(values[i]!);
    if (!Number.isSafeInteger(result[i])) {
      throw new DataError(
        `column "${name}": the integer ${values[i]} in row ${firstRow + i + 1} does not fit a floating-point number exactly, which the column needs because other rows are fractional or empty.`,
      );
    }
  }
  return result;
}
