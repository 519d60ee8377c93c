/** Categorical features as codes 0 … n−1. */
import { DataError } from "../errors/index.ts";
import { type Column, columnOf, type Table } from "./table.ts";

/** A categorical feature: its values in the order of their codes. */
export interface CategoryMap {
  readonly name: string;
  readonly values: readonly (string | number)[];
  /** Values that the training events did not have: an error where absent, else the code −1, no category at all. */
  readonly unseen?: "other" | undefined;
}

/**
 * The distinct values of a column at the given rows, numbers in rising order, texts in code-unit order. Negative and
 * fractional categories are as good as any (LUMIN's codes collide for them).
 *
 * @param unseen `"other"`: events without a value are of no category; the map lets what it does not know pass.
 * @throws DataError for a missing value where it is not let pass, and where no event has one.
 */
export function fitCategories(
  table: Table,
  name: string,
  rows?: ArrayLike<number>,
  unseen: "error" | "other" = "error",
): CategoryMap {
  const column = columnOf(table, name);
  const count = rows?.length ?? column.length;
  const found = new Map<string, string | number>();
  for (let i = 0; i < count; i++) {
    const row = rows ? rows[i]! : i;
    const key = keyOf(column, row);
    if (found.has(key)) continue;
    if (key === "NaN" || key === "") {
      if (unseen === "other") continue;
      throw new DataError(
        `column "${name}": row ${row + 1} has no value, but a categorical feature needs one. Fill it in with a transform, or set unseen: other to count it as none of the categories.`,
      );
    }
    // A 64-bit integer that no double holds stays text.
    found.set(key, ArrayBuffer.isView(column) && String(Number(key)) === key ? Number(key) : key);
  }
  const values = inOrder([...found.values()]);
  return unseen === "other" ? { name, values, unseen } : { name, values };
}

/** The categories of one feature that occur in any of the parts. */
export function mergedCategories(parts: readonly CategoryMap[]): CategoryMap {
  const [first = { name: "", values: [] }, ...others] = parts;
  if (others.length === 0) return first;
  return { ...first, values: inOrder([...new Set(parts.flatMap(({ values }) => values))]) };
}

function inOrder(values: (string | number)[]): (string | number)[] {
  return values.sort((a, b) =>
    typeof a === "number" && typeof b === "number" ? a - b : String(a) < String(b) ? -1 : 1,
  );
}

/**
 * The code of every event; −1 for a value that the fit did not see, where the map lets it pass. The embedding of −1 is a
 * vector of zeros, the mean of fresh embeddings.
 *
 * @throws DataError for a value that the fit did not see, naming column, row, value and the known values.
 */
export function categoryCodes(table: Table, { name, values, unseen }: CategoryMap): Int32Array {
  const codes = new Map(values.map((value, code) => [String(value), code]));
  return codesOf(columnOf(table, name), (key, row) => {
    const code = codes.get(key);
    if (code !== undefined) return code;
    if (unseen === "other") return -1;
    const known = values.length > 20 ? [...values.slice(0, 20), `… (${values.length} in all)`] : values;
    throw new DataError(
      `column "${name}": row ${row + 1} has the value ${key === "NaN" || key === "" ? "missing" : `"${key}"`}, which the training events did not have. Known: ${known.join(", ")}.`,
    );
  });
}

/** A code for every event from its value as text: 2, 2.0 and 2n are the same "2". */
export function codesOf(column: Column, code: (key: string, row: number) => number): Int32Array {
  const result = new Int32Array(column.length);
  const seen = new Map<unknown, number>();
  const newCode = (value: unknown, row: number): number => {
    const found = code(String(value), row);
    if (seen.size < 4096) seen.set(value, found);
    return found;
  };
  for (let row = 0; row < result.length; row++)
    result[row] = seen.get(column[row]!) ?? newCode(column[row]!, row);
  return result;
}

function keyOf(column: Column, row: number): string {
  return String(column[row]);
}
