/** Columns from what array files hold: records, matrices, and numbers of any type. */
import { DataError } from "../errors/index.ts";
import type { Column, Table } from "./table.ts";

/** Columns `name[0]`, `name[1]`, … of a row-major matrix `[rows, width]`. */
export function matrixColumns(name: string, values: Column, width: number): Record<string, Column> {
  const rows = values.length / width;
  const columns: Record<string, Column> = {};
  for (let k = 0; k < width; k++) {
    if (Array.isArray(values)) {
      columns[`${name}[${k}]`] = Array.from({ length: rows }, (_, i) => values[i * width + k]!);
      continue;
    }
    const numbers = values as Float64Array;
    const column = new (numbers.constructor as Float64ArrayConstructor)(rows);
    for (let i = 0; i < rows; i++) column[i] = numbers[i * width + k]!;
    columns[`${name}[${k}]`] = column;
  }
  return columns;
}

/**
 * A column of mixed JavaScript values: all text, or all numbers (whole ones exact).
 *
 * @param firstRow the row of the first value, for the error message.
 * @throws DataError for anything else, naming the column.
 */
export function valuesColumn(name: string, values: readonly unknown[], firstRow: number = 0): Column {
  if (values.every((value) => typeof value === "string")) return values as readonly string[];
  const isNumber = (value: unknown): value is number | bigint | boolean =>
    typeof value === "number" || typeof value === "bigint" || typeof value === "boolean";
  const odd = values.findIndex((value) => !isNumber(value));
  if (odd >= 0) {
    throw new DataError(
      `column "${name}": expected one number or text a row, but row ${firstRow + odd + 1} holds ${describe(values[odd])}.`,
    );
  }
  const numbers = values as readonly (number | bigint | boolean)[];
  if (numbers.some((value) => typeof value === "bigint")) {
    const wide = numbers.find((value) => BigInt.asIntN(64, BigInt(value)) !== BigInt(value));
    if (wide !== undefined) {
      throw new DataError(`column "${name}": ${wide} does not fit a signed 64-bit integer.`);
    }
    return BigInt64Array.from(numbers, BigInt);
  }
  const plain = Float64Array.from(numbers as readonly number[], Number);
  return plain.every((value) => value === (value | 0)) ? Int32Array.from(plain) : plain;
}

function describe(value: unknown): string {
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return "a list";
  return value === null || value === undefined ? "nothing" : `a ${typeof value}`;
}

/** The columns of one length as a table; of none, a table without events. */
export function tableOfColumns(columns: Readonly<Record<string, Column>>): Table {
  return { rowCount: Object.values(columns)[0]?.length ?? 0, columns };
}
