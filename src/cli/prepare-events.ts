/** From raw events to arrays: reading, targets and weights, the validation split. */
import { Stream } from "../array/index.ts";
import {
  type Column,
  classTargets,
  columnOf,
  computeColumns,
  concatenateTables,
  eventWeights,
  expandNames,
  regressionTargets,
  selectRows,
  splitByHash,
  stratifiedSplit,
  type Table,
} from "../data/index.ts";
import { ConfigurationError, DataError, unknownName } from "../errors/index.ts";
import type { Analysis } from "./analysis.ts";
import { readInputs } from "./read-inputs.ts";

/** Raw events with what is to be learnt and the weights, as they are in the file. */
export interface LabelledEvents {
  readonly table: Table;
  /** `[events, targets]`. */
  readonly targets: Float32Array;
  readonly targetCount: number;
  readonly weights: Float64Array | undefined;
}

/** The training events and those that no network trains on. */
export interface SplitEvents {
  readonly training: LabelledEvents;
  readonly validation: LabelledEvents;
}

/**
 * Reads raw events with their targets; columns that must hold numbers are known from the features and weights of the
 * analysis.
 *
 * @param select rows, beside those of the analysis.
 */
export async function readEvents(
  analysis: Analysis,
  files: readonly string[],
  select: string | undefined,
): Promise<Table> {
  const { features, weights, target } = analysis;
  const numbers = [
    ...features.continuous.filter((name) => !name.startsWith("!")),
    ...(weights.column ? [weights.column] : []),
  ];
  const texts = target.classes !== undefined ? target.columns : [];
  return computeColumns(await readInputs(analysis, files, { select, numbers, texts }), target.compute);
}

/** Reads the events of an analysis and splits off the validation events. */
export async function readAndSplit(analysis: Analysis, files: readonly string[]): Promise<SplitEvents> {
  const { validation } = analysis.folds;
  const { select } = analysis.input;
  if ("select" in validation) {
    const chosen = `(${validation.select}\n)`;
    const both = (expression: string): string =>
      select === undefined ? expression : `(${select}\n) AND ${expression}`;
    const training = await readEvents(analysis, files, both(`${chosen} IS NOT TRUE`));
    const held = await readEvents(analysis, files, both(chosen));
    checkColumns(analysis, training);
    return splitRows(
      labelled(
        analysis,
        concatenateTables([training, held], ["the training events", "the validation events"]),
      ),
      range(0, training.rowCount),
      range(training.rowCount, training.rowCount + held.rowCount),
    );
  }
  const table = await readEvents(analysis, files, select);
  checkColumns(analysis, table);
  const events = labelled(analysis, table);
  const { by } = analysis.folds;
  const split =
    by === undefined
      ? stratifiedSplit(
          table.rowCount,
          validation.fraction,
          stratificationKeys(analysis, table),
          new Stream(analysis.seed, "validation split"),
        )
      : splitByHash(
          expandNames(by, Object.keys(table.columns), "folds.by: column").map((name) =>
            columnOf(table, name),
          ),
          validation.fraction,
          by.join(", "),
        );
  return splitRows(events, split.training, split.validation);
}

/** Targets and weights of events that have them. */
export function labelled(analysis: Analysis, table: Table): LabelledEvents {
  const { target, weights } = analysis;
  const known = Object.keys(table.columns);
  checkTargets(analysis, known);
  const targets =
    target.task === "regression"
      ? regressionTargets(table, target.columns)
      : classTargets(table, target.columns[0]!, target.classes);
  checkBinary(analysis, targets);
  if (weights.column !== undefined && !known.includes(weights.column)) {
    throw unknownName("weights.column", weights.column, known);
  }
  return {
    table,
    targets,
    targetCount: target.columns.length,
    weights: weights.column === undefined ? undefined : eventWeights(table, weights.column),
  };
}

/** Rows of labelled events. */
export function selectEvents(events: LabelledEvents, rows: Int32Array): LabelledEvents {
  const { targetCount } = events;
  return {
    table: selectRows(events.table, rows),
    targets: rowsOfMatrix(events.targets, rows, targetCount),
    targetCount,
    weights: events.weights && Float64Array.from(rows, (row) => events.weights![row]!),
  };
}

/** Rows of numbers `[events, width]`. */
export function rowsOfMatrix<A extends Float32Array | Float64Array>(
  values: A,
  rows: ArrayLike<number>,
  width: number,
): A;
export function rowsOfMatrix(
  values: Float32Array | Float64Array,
  rows: ArrayLike<number>,
  width: number,
): Float32Array | Float64Array {
  const size = rows.length * width;
  const result = values instanceof Float32Array ? new Float32Array(size) : new Float64Array(size);
  for (let i = 0; i < rows.length; i++) {
    result.set(values.subarray(rows[i]! * width, (rows[i]! + 1) * width), i * width);
  }
  return result;
}

/** The columns whose proportions folds and splits keep. */
export function stratificationKeys(analysis: Analysis, table: Table): readonly Column[] {
  const { folds, target, features } = analysis;
  const known = Object.keys(table.columns);
  if (folds.stratify === false) return [];
  if (folds.stratify !== true) {
    return expandNames(folds.stratify, known, "folds.stratify: column").map((name) => columnOf(table, name));
  }
  // Categorical features that only exist after a transform cannot be used here; those of the file can.
  const present = features.categorical.filter((name) => known.includes(name));
  return [...(target.task === "regression" ? [] : target.columns), ...present].map((name) =>
    columnOf(table, name),
  );
}

/** Says early, with the key of the analysis, which columns are not there. */
function checkColumns(analysis: Analysis, table: Table): void {
  const known = Object.keys(table.columns);
  const check = (key: string, name: string | undefined): void => {
    if (name !== undefined && !known.includes(name)) throw unknownName(key, name, known);
  };
  check("input.id: column", analysis.input.id);
  checkTargets(analysis, known);
  check("weights.column", analysis.weights.column);
}

function checkTargets({ target: { columns } }: Analysis, known: readonly string[]): void {
  for (const name of columns) {
    if (!known.includes(name)) {
      throw unknownName(columns.length === 1 ? "target.column" : "target.columns", name, known);
    }
  }
}

function checkBinary({ target }: Analysis, targets: Float32Array): void {
  if (target.task !== "binary") return;
  const other = targets.find((value) => value !== 0 && value !== 1);
  if (other !== undefined) {
    throw new DataError(
      `target "${target.columns[0]}": a binary target has the classes 0 and 1, but there is ${other}. Give target.classes.`,
    );
  }
}

function splitRows(events: LabelledEvents, training: Int32Array, validation: Int32Array): SplitEvents {
  if (training.length === 0)
    throw new ConfigurationError("folds.validation: it leaves no events for training.");
  return { training: selectEvents(events, training), validation: selectEvents(events, validation) };
}

function range(start: number, end: number): Int32Array {
  return Int32Array.from({ length: end - start }, (_, i) => start + i);
}
