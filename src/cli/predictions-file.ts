/** Predictions as columns of a table: id, fold, truth, weight, prediction. */
import { join } from "node:path";
import {
  type Column,
  columnOf,
  numbersOf,
  readTable,
  selectValues,
  type Table,
  tableOf,
  writeTable,
} from "../data/index.ts";
import type { ScoredSet } from "./evaluation.ts";
import { rowsOfMatrix } from "./labelled-events.ts";

/** The columns that identify the events, by name. */
export type Identifiers = Readonly<Record<string, Column>>;

/** A scored set with what identifies its events. */
export interface IdentifiedSet extends ScoredSet {
  readonly id: Identifiers;
  /** Fold of each event, where it was scored out of fold. */
  readonly folds?: Int32Array | undefined;
}

/** The predictions as columns `pred`, or `pred_0`, `pred_1` … for several outputs. */
export function predictionColumns(
  predictions: Float64Array,
  outputCount: number,
): Record<string, Float64Array> {
  return numberedColumns("pred", predictions, outputCount);
}

/** Numbers `[events, width]` as columns: one `name`, or `name_0`, `name_1` …. */
function numberedColumns<A extends Float32Array | Float64Array>(
  name: string,
  values: A,
  width: number,
): Record<string, A> {
  if (width === 1) return { [name]: values };
  const columns = Array.from({ length: width }, (_, place): [string, A] => [
    `${name}_${place}`,
    values.filter((_, i) => i % width === place) as A,
  ]);
  return Object.fromEntries(columns);
}

/** The rows of `predictions/NAME.csv`. */
export function predictionTable(set: IdentifiedSet): Table {
  const { id, folds, targets, targetCount, weights, predictions, outputCount } = set;
  return tableOf({
    ...id,
    ...(folds === undefined ? {} : { fold: folds }),
    ...numberedColumns("target", targets, targetCount),
    ...(weights === undefined ? {} : { weight: weights }),
    ...predictionColumns(predictions, outputCount),
  });
}

/** Writes the predictions of a set to `predictions/NAME.csv`. */
export async function writePredictions(folder: string, name: string, set: IdentifiedSet): Promise<void> {
  await writeTable(join(folder, `${name}.csv`), predictionTable(set));
}

/** Reads what `writePredictions` wrote, without the ids. */
export async function readPredictions(
  folder: string,
  name: string,
  renormalise: boolean,
): Promise<ScoredSet> {
  const table = await readTable([join(folder, `${name}.csv`)]);
  const predictions = matrixOf(table, "pred");
  const targets = matrixOf(table, "target");
  return {
    predictions: predictions.values,
    outputCount: predictions.width,
    targets: Float32Array.from(targets.values),
    targetCount: targets.width,
    weights: Object.hasOwn(table.columns, "weight")
      ? Float64Array.from(numbersOf(table, "weight"))
      : undefined,
    renormalise,
  };
}

/** The columns `name`, or `name_0`, `name_1` …, as one matrix `[events, width]`. */
export function matrixOf(
  table: Table,
  name: string,
): { readonly values: Float64Array; readonly width: number } {
  const columns = Object.keys(table.columns)
    .filter((column) => column === name || new RegExp(`^${name}_\\d+$`).test(column))
    .map((column) => numbersOf(table, column));
  const width = columns.length;
  const values = new Float64Array(table.rowCount * width);
  for (const [place, column] of columns.entries()) {
    for (let i = 0; i < table.rowCount; i++) values[i * width + place] = column[i]!;
  }
  return { values, width };
}

/** The identifiers of a table's events. */
export function identifiersOf(table: Table, names: readonly string[]): Identifiers {
  return Object.fromEntries(names.map((name) => [name, columnOf(table, name)]));
}

/** The identifiers in some rows. */
export function selectIdentifiers(id: Identifiers, rows: ArrayLike<number>): Identifiers {
  return Object.fromEntries(Object.entries(id).map(([name, values]) => [name, selectValues(values, rows)]));
}

/** Without the events that no member could score. */
export function onlyScored(set: IdentifiedSet): IdentifiedSet {
  const { predictions, outputCount, targets, targetCount, weights, folds, id } = set;
  const eventCount = predictions.length / outputCount;
  const rows: number[] = [];
  for (let i = 0; i < eventCount; i++) if (!Number.isNaN(predictions[i * outputCount]!)) rows.push(i);
  if (rows.length === eventCount) return set;
  return {
    ...set,
    predictions: rowsOfMatrix(predictions, rows, outputCount),
    targets: rowsOfMatrix(targets, rows, targetCount),
    weights: weights && Float64Array.from(rows, (row) => weights[row]!),
    ...(folds === undefined ? {} : { folds: selectValues(folds, rows) }),
    id: selectIdentifiers(id, rows),
  };
}
