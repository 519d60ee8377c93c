/** Events with what is to be learnt: targets and weights, of a table or of its pieces. */
import {
  type ColumnStore,
  checkClasses,
  classNumbers,
  finiteWeights,
  regressionTargets,
  selectRows,
  type Table,
  type TableSource,
  WholeTable,
} from "../data/index.ts";
import { DataError, unknownName } from "../errors/index.ts";
import type { Analysis } from "./analysis.ts";

/** Raw events with what is to be learnt and the weights, as they are in the file. */
export interface LabelledEvents {
  readonly table: Table;
  /** `[events, targets]`. */
  readonly targets: Float32Array;
  readonly targetCount: number;
  readonly weights: Float64Array | undefined;
}

/** Labelled events in pieces, to be gone through as often as wanted. */
export interface LabelledSource {
  readonly source: TableSource;
  /** Targets and weights of one of its pieces. */
  label(piece: Table): LabelledEvents;
  /** The same events after the steps of the preprocessing, where these were applied as the events were read. */
  readonly transformed?: TransformedEvents | undefined;
}

/** Events after the steps of the preprocessing; the source beside them has only the columns that are used without. */
export interface TransformedEvents {
  readonly source: TableSource;
  /** A block for each piece of the source. */
  readonly store: ColumnStore;
  /** The names of all columns before the steps. */
  readonly names: readonly string[];
}

/** Targets and weights of all events of a set. @throws DataError where there is one class only, or no weight but 0. */
export function labelled(analysis: Analysis, table: Table): LabelledEvents {
  const events = labelPiece(analysis, table);
  const check = new LabelCheck(analysis);
  check.add(events);
  check.finish();
  return events;
}

/** Events that are in memory, as a source of one piece. */
export function sourceOf(events: LabelledEvents): LabelledSource {
  return { source: new WholeTable(events.table), label: () => events };
}

/** Targets and weights of some of the events, in which classes may be absent. */
export function labelPiece({ target, weights }: Analysis, table: Table): LabelledEvents {
  const known = Object.keys(table.columns);
  checkTargetColumns(target.columns, known);
  const targets =
    target.task === "regression"
      ? regressionTargets(table, target.columns)
      : classNumbers(table, target.columns[0]!, target.classes);
  if (target.task === "binary") checkBinary(target.columns[0]!, targets);
  if (weights.column !== undefined && !known.includes(weights.column)) {
    throw unknownName("weights.column", weights.column, known);
  }
  return {
    table,
    targets,
    targetCount: target.columns.length,
    weights: weights.column === undefined ? undefined : finiteWeights(table, weights.column),
  };
}

/** What only all pieces together tell. */
export class LabelCheck {
  readonly #analysis: Analysis;
  readonly #classes = new Set<number>();
  #eventCount = 0;
  #isAnyWeightNotZero = false;

  constructor(analysis: Analysis) {
    this.#analysis = analysis;
  }

  add({ table, targets, weights }: LabelledEvents): void {
    this.#eventCount += table.rowCount;
    if (this.#analysis.target.task !== "regression") addDistinct(this.#classes, targets);
    this.#isAnyWeightNotZero ||= weights?.some((weight) => weight !== 0) ?? true;
  }

  /** @throws DataError where there is one class only, or no weight but 0. */
  finish(): void {
    const { target, weights } = this.#analysis;
    const count = this.#eventCount;
    if (target.task !== "regression") checkClasses(this.#classes, count, target.columns[0]!, target.classes);
    if (count > 0 && !this.#isAnyWeightNotZero)
      throw new DataError(`weight "${weights.column}": all ${count} weights are zero.`);
  }
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
  let at = 0;
  for (let i = 0; i < rows.length; i++) {
    const from = rows[i]! * width;
    for (let j = from; j < from + width; j++) result[at++] = values[j]!;
  }
  return result;
}

/** @throws UnknownNameError for a target that is not a column. */
export function checkTargetColumns(targets: readonly string[], known: readonly string[]): void {
  for (const name of targets) {
    if (!known.includes(name)) {
      throw unknownName(targets.length === 1 ? "target.column" : "target.columns", name, known);
    }
  }
}

function checkBinary(column: string, targets: Float32Array): void {
  for (let i = 0; i < targets.length; i++) {
    const target = targets[i]!;
    if (target === 0 || target === 1) continue;
    throw new DataError(
      `target "${column}": a binary target has the classes 0 and 1, but there is ${target}. Give target.classes.`,
    );
  }
}

function addDistinct(distinct: Set<number>, values: Float32Array): void {
  let last: number | undefined;
  for (let i = 0; i < values.length; i++) {
    if (values[i] !== last) distinct.add(values[i]!);
    last = values[i];
  }
}
