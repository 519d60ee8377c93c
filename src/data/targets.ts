/** Targets from a table: class codes, or the numbers of a regression. */
import { DataError, unknownName } from "../errors/index.ts";
import { codesOf } from "./categories.ts";
import { columnOf, numbersOf, type Table } from "./table.ts";

/**
 * The class number of every event.
 *
 * @param classes the class number of each value of the column, such as `{ b: 0, s: 1 }`; without them the column
 * holds the numbers 0, 1, ….
 * @throws DataError for a value that is not listed, or where only one class occurs.
 */
export function classTargets(
  table: Table,
  column: string,
  classes?: Readonly<Record<string, number>>,
): Float32Array {
  const targets = classNumbers(table, column, classes);
  checkClasses(new Set(targets), table.rowCount, column, classes);
  return targets;
}

/** As {@link classTargets}, of events among which some classes may be absent. */
export function classNumbers(
  table: Table,
  column: string,
  classes?: Readonly<Record<string, number>>,
): Float32Array {
  const codes = codesOf(columnOf(table, column), (key, row) => {
    const code = classes ? (Object.hasOwn(classes, key) ? classes[key]! : -1) : Number(key === "" ? -1 : key);
    if (Number.isInteger(code) && code >= 0) return code;
    const expected = classes ? Object.keys(classes).join(", ") : "the class numbers 0, 1, …";
    throw new DataError(
      `target "${column}": row ${row + 1} has ${key === "" || key === "NaN" ? "no value" : `the value "${key}"`}. Expected: ${expected}.`,
    );
  });
  return new Float32Array(codes);
}

/** @throws DataError where only one class occurs among the events. */
export function checkClasses(
  present: ReadonlySet<number>,
  eventCount: number,
  column: string,
  classes?: Readonly<Record<string, number>>,
): void {
  if (eventCount === 0 || present.size >= 2) return;
  const [only] = present;
  const name = Object.keys(classes ?? {}).find((key) => classes![key] === only) ?? String(only);
  throw new DataError(
    `target "${column}": all ${eventCount} events are of the class "${name}"; a classification needs at least two classes.`,
  );
}

/**
 * The numbers of one regression target, or of several as `[events, targets]`.
 *
 * @throws DataError for a missing value.
 */
export function regressionTargets(table: Table, columns: string | readonly string[]): Float32Array {
  const names = typeof columns === "string" ? [columns] : columns;
  const targets = new Float32Array(table.rowCount * names.length);
  for (const [t, column] of names.entries()) {
    const values = numbersOf(table, column);
    for (let row = 0; row < table.rowCount; row++) {
      const value = Math.fround(values[row]!);
      if (!Number.isFinite(value)) {
        throw new DataError(`target "${column}": row ${row + 1} has no finite value.`);
      }
      targets[row * names.length + t] = value;
    }
  }
  return targets;
}

/** The weights in a column. @throws DataError where one is missing or all are zero. */
export function eventWeights(table: Table, column: string): Float64Array {
  const weights = finiteWeights(table, column);
  if (weights.length > 0 && weights.every((weight) => weight === 0)) {
    throw new DataError(`weight "${column}": all ${weights.length} weights are zero.`);
  }
  return weights;
}

/** As {@link eventWeights}, of a piece of the events, where all may be zero. */
export function finiteWeights(table: Table, column: string): Float64Array {
  if (!Object.hasOwn(table.columns, column))
    throw unknownName("weight column", column, Object.keys(table.columns));
  const weights = new Float64Array(numbersOf(table, column));
  for (let row = 0; row < weights.length; row++) {
    if (!Number.isFinite(weights[row])) {
      throw new DataError(`weight "${column}": row ${row + 1} has no finite value.`);
    }
  }
  return weights;
}
