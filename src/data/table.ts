/** The table: named columns of events, plain data, the currency of everything that works on events. */
import { counted, DataError, unknownName } from "../errors/index.ts";
import { commonKind, emptyColumn, joinColumns, kindOf, type NumberKind } from "./column-kind.ts";

/** One value an event. Missing numbers are NaN; integers are exact, 64-bit ones too. */
export type Column = Float32Array | Float64Array | Int32Array | BigInt64Array | readonly string[];

/** A column of numbers. */
export type NumberColumn = Float32Array | Float64Array | Int32Array | BigInt64Array;

/** Named columns of equal length; the order of the keys is the order of the columns. */
export interface Table {
  readonly rowCount: number;
  readonly columns: Readonly<Record<string, Column>>;
}

/**
 * A table of the given columns.
 *
 * @throws RangeError when the columns differ in length.
 * @example
 * tableOf({ pt: new Float64Array([30, 45]), label: ["s", "b"] }).rowCount // 2
 */
export function tableOf(columns: Readonly<Record<string, Column>>): Table {
  const [first, ...others] = Object.entries(columns);
  const rowCount = first?.[1].length ?? 0;
  for (const [name, column] of others) {
    if (column.length !== rowCount) {
      throw new RangeError(
        `tableOf: the columns must be equally long, but "${first![0]}" has ${counted(rowCount, "value")} and "${name}" has ${column.length}.`,
      );
    }
  }
  return { rowCount, columns };
}

/** The column of that name. @throws UnknownNameError with the nearest name. */
export function columnOf(table: Table, name: string): Column {
  if (!Object.hasOwn(table.columns, name)) throw unknownName("column", name, Object.keys(table.columns));
  return table.columns[name]!;
}

/**
 * The column of that name as floating-point numbers; empty text is NaN.
 *
 * @throws UnknownNameError; DataError for text that is not a number, naming column, row and value.
 */
export function numbersOf(table: Table, name: string): Float32Array | Float64Array {
  const column = columnOf(table, name);
  if (column instanceof Float32Array || column instanceof Float64Array) return column;
  if (column instanceof Int32Array) return new Float64Array(column);
  const numbers = new Float64Array(column.length);
  for (let i = 0; i < numbers.length; i++) {
    const value = column[i]!;
    if (typeof value === "bigint") {
      numbers[i] = Number(value);
    } else {
      numbers[i] = value.trim() === "" ? Number.NaN : Number(value);
      if (Number.isNaN(numbers[i]) && !/^\s*(nan)?\s*$/i.test(value)) {
        throw new DataError(
          `column "${name}": expected numbers, but row ${i + 1} holds the text "${shortened(value)}".`,
        );
      }
    }
  }
  return numbers;
}

/** The rows of the table at the given indices, in that order. */
export function selectRows(table: Table, indices: ArrayLike<number>): Table {
  const columns: Record<string, Column> = {};
  for (const [name, column] of Object.entries(table.columns)) columns[name] = selectValues(column, indices);
  return { rowCount: indices.length, columns };
}

/**
 * The rows of the table at the given rising indices, in the memory of the table itself where its columns are numbers: it
 * cannot be used afterwards.
 */
export function keepRows(table: Table, indices: ArrayLike<number>): Table {
  // Two names may stand for one array, which must not be changed while the other one is still to be read.
  const [seen, shared] = [new Set<ArrayBufferLike>(), new Set<ArrayBufferLike>()];
  for (const column of Object.values(table.columns)) {
    if (!ArrayBuffer.isView(column)) continue;
    if (seen.has(column.buffer)) shared.add(column.buffer);
    seen.add(column.buffer);
  }
  const columns: Record<string, Column> = {};
  for (const [name, column] of Object.entries(table.columns)) {
    columns[name] =
      ArrayBuffer.isView(column) && !shared.has(column.buffer)
        ? copyValues(column, indices, column).subarray(0, indices.length)
        : selectValues(column, indices);
  }
  return { rowCount: indices.length, columns };
}

/** The values of a column at the given indices, in that order and in a column of the same type. */
export function selectValues<C extends Column>(column: C, indices: ArrayLike<number>): C;
export function selectValues(column: Column, indices: ArrayLike<number>): Column {
  const count = indices.length;
  if (ArrayBuffer.isView(column)) {
    return copyValues(column, indices, emptyColumn(kindOf(column) as NumberKind, count));
  }
  const values = new Array<string>(count);
  for (let i = 0; i < count; i++) values[i] = column[indices[i]!]!;
  return values;
}

/** @param into of the same type as the column. */
function copyValues(column: NumberColumn, indices: ArrayLike<number>, into: NumberColumn): NumberColumn {
  const count = indices.length;
  // A loop for each type: one for all of them takes three times as long.
  if (column instanceof Float64Array) {
    for (let i = 0; i < count; i++) (into as Float64Array)[i] = column[indices[i]!]!;
  } else if (column instanceof Float32Array) {
    for (let i = 0; i < count; i++) (into as Float32Array)[i] = column[indices[i]!]!;
  } else if (column instanceof Int32Array) {
    for (let i = 0; i < count; i++) (into as Int32Array)[i] = column[indices[i]!]!;
  } else {
    for (let i = 0; i < count; i++) (into as BigInt64Array)[i] = column[indices[i]!]!;
  }
  return into;
}

/** The named columns of the table, in this order. */
export function onlyColumns(table: Table, names: readonly string[]): Table {
  const columns = Object.fromEntries(names.map((name) => [name, table.columns[name]!]));
  return { rowCount: table.rowCount, columns };
}

/** The table without the named columns; names it does not have are ignored. */
export function dropColumns(table: Table, names: readonly string[]): Table {
  const columns = Object.fromEntries(Object.entries(table.columns).filter(([name]) => !names.includes(name)));
  return { rowCount: table.rowCount, columns };
}

/**
 * The tables one below the other. Columns take the widest type needed: whole numbers become doubles where another
 * part has doubles.
 *
 * @param labels names of the parts for the error messages, such as file names.
 * @throws DataError when a part lacks a column, or has text where another has numbers.
 */
export function concatenateTables(parts: readonly Table[], labels: readonly string[] = []): Table {
  const first = parts[0];
  if (!first) return { rowCount: 0, columns: {} };
  if (parts.length === 1) return first;
  const label = (index: number): string => labels[index] ?? `part ${index + 1}`;
  const columns: Record<string, Column> = {};
  for (const name of Object.keys(first.columns)) {
    const pieces = parts.map((part, index) => {
      if (Object.hasOwn(part.columns, name)) return part.columns[name]!;
      throw new DataError(`the column "${name}" of ${label(0)} is absent from ${label(index)}.`);
    });
    const isText = pieces.map((piece) => !ArrayBuffer.isView(piece));
    const other = isText.findIndex((text) => text !== isText[0]);
    if (other >= 0) {
      throw new DataError(
        `the column "${name}" holds ${isText[0] ? "text" : "numbers"} in ${label(0)} and ${isText[0] ? "numbers" : "text"} in ${label(other)}.`,
      );
    }
    columns[name] = joinColumns(pieces, commonKind(pieces.map(kindOf)), name);
  }
  return { rowCount: parts.reduce((sum, part) => sum + part.rowCount, 0), columns };
}

/** A value as shown in a message. */
export function shortened(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
