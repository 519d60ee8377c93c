/** Further columns of the fold file that callbacks want with the events. */
import { DataError } from "../errors/index.ts";
import type { Callback } from "./callback.ts";
import type { FoldArrays, TrainingFolds } from "./programs.ts";

/** Names of the columns that some callback asks for, each once. */
export function columnsWanted(callbacks: readonly Callback[]): readonly string[] {
  return [...new Set(callbacks.flatMap(({ columns }) => columns ?? []))];
}

/**
 * The events of a fold with the columns that the callbacks ask for.
 *
 * @throws DataError when the folds have no further columns, or one is not made of finite numbers.
 */
export function withColumns(
  events: FoldArrays,
  callbacks: readonly Callback[],
  folds: TrainingFolds,
  fold: number,
): FoldArrays {
  const names = columnsWanted(callbacks);
  if (names.length === 0) return events;
  const columns = names.map((name) => {
    const { name: who } = callbacks.find((callback) => callback.columns?.includes(name))!;
    return [name, numbers(who, name, folds, fold, events.eventCount)] as const;
  });
  return { ...events, columns: Object.fromEntries(columns) };
}

/** A column of a fold as numbers, for the callback `who`. */
export function numbers(
  who: string,
  name: string,
  folds: TrainingFolds,
  fold: number,
  eventCount: number,
): Float32Array {
  if (!folds.getColumn) {
    throw new DataError(`${who}: the folds have no further columns; use those of a fold file.`);
  }
  const column = folds.getColumn(name, fold);
  const values = Float32Array.from({ length: eventCount }, (_, i) => Number(column[i]));
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return values;
  throw new DataError(
    `${who}: column "${name}" of fold ${fold} has ${String(column[bad])} in row ${bad}; a number is needed.`,
  );
}

/** Each of the columns changed. */
export function mapColumns(
  columns: Readonly<Record<string, Float32Array>>,
  change: (column: Float32Array) => Float32Array,
): Record<string, Float32Array> {
  return Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, change(column)]));
}

/** Rows of a row-major matrix, in the order given. */
export function takeRows(values: Float32Array, rows: Int32Array, columns: number): Float32Array {
  const taken = new Float32Array(rows.length * columns);
  for (let i = 0; i < rows.length; i++) {
    const start = rows[i]! * columns;
    for (let j = 0; j < columns; j++) taken[i * columns + j] = values[start + j]!;
  }
  return taken;
}
