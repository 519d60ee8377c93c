/** From files to raw events with targets and weights, and the split into training and validation, in memory or in pieces. */
import {
  type ColumnStore,
  computeColumns,
  concatenateTables,
  DiskStore,
  dealtTables,
  evenPieces,
  firstPiece,
  MemoryStore,
  rowsOfPieces,
  storedTable,
  type Table,
  type TableSource,
  WholeTable,
} from "../data/index.ts";
import { ConfigurationError, unknownName } from "../errors/index.ts";
import type { Analysis } from "./analysis.ts";
import { validationMarks } from "./deal-events.ts";
import {
  checkTargetColumns,
  LabelCheck,
  type LabelledEvents,
  type LabelledSource,
  labelled,
  labelPiece,
  selectEvents,
} from "./labelled-events.ts";
import { onPiece } from "./piece-rows.ts";
import { openInputs, readInputs } from "./read-inputs.ts";

/** The training events and those that no network trains on. */
export interface SplitEvents {
  readonly training: LabelledEvents;
  readonly validation: LabelledEvents;
}

/** The same in pieces. */
export interface SplitSources {
  readonly training: LabelledSource;
  readonly validation: LabelledSource;
  /** Lets go of what was put aside. */
  remove(): Promise<void>;
}

/** How reading keeps to a limit on memory. */
export interface ReadingLimits {
  /** About how many bytes reading itself may use. */
  readonly bytes?: number | undefined;
  /** An existing folder, in which the events are put aside; default: in memory. */
  readonly folder?: string | undefined;
}

/**
 * Reads raw events with their targets; columns that must hold numbers are known from the features and weights of the
 * analysis.
 *
 * @param select rows, beside those of the analysis.
 * @param further columns that are needed beside those of the analysis.
 */
export async function readEvents(
  analysis: Analysis,
  files: readonly string[],
  select: string | undefined,
  further?: readonly string[],
): Promise<Table> {
  const table = await readInputs(analysis, files, { select, ...columnTypes(analysis) }, further);
  return computeColumns(table, analysis.target.compute);
}

function columnTypes({ features, weights, target }: Analysis): {
  readonly numbers: readonly string[];
  readonly texts: readonly string[];
} {
  return {
    numbers: [
      ...features.continuous.filter((name) => !name.startsWith("!")),
      ...(weights.column ? [weights.column] : []),
    ],
    texts: target.classes !== undefined ? target.columns : [],
  };
}

/** Reads the events of an analysis and splits off the validation events. */
export async function readAndSplit(analysis: Analysis, files: readonly string[]): Promise<SplitEvents> {
  const { validation } = analysis.folds;
  if ("select" in validation) {
    const [chosen, others] = selections(analysis, validation.select);
    const training = await readEvents(analysis, files, others);
    const held = await readEvents(analysis, files, chosen);
    checkColumns(analysis, training);
    const events = labelled(
      analysis,
      concatenateTables([training, held], ["the training events", "the validation events"]),
    );
    const marks = new Uint8Array(events.table.rowCount).fill(1, training.rowCount);
    return { training: marked(events, marks, 0), validation: marked(events, marks, 1) };
  }
  const table = await readEvents(analysis, files, analysis.input.select);
  checkColumns(analysis, table);
  const events = labelled(analysis, table);
  const marks = await validationMarks(analysis, new WholeTable(table), validation.fraction);
  return { training: marked(events, marks, 0), validation: marked(events, marks, 1) };
}

/**
 * As {@link readAndSplit}, piece by piece: with a folder the events are put aside in it, and are never in memory together.
 */
export async function readSplitSources(
  analysis: Analysis,
  files: readonly string[],
  { bytes, folder }: ReadingLimits = {},
): Promise<SplitSources> {
  const stores: ColumnStore[] = [];
  const remove = async (): Promise<void> => {
    for (const store of stores) await store.remove();
  };
  const newStore = async (): Promise<ColumnStore> => {
    const store = folder === undefined ? new MemoryStore() : await DiskStore.create(folder);
    stores.push(store);
    return store;
  };
  const read = async (select: string | undefined, store: ColumnStore): Promise<TableSource> => {
    const scan = await openInputs(analysis, files, {
      select,
      ...columnTypes(analysis),
      ...(bytes === undefined ? {} : { memory: bytes }),
    });
    const rows = rowsOfPieces(Object.keys(scan.kinds).length);
    return storedTable(computed(evenPieces(scan, rows), analysis), store);
  };
  try {
    return { ...(await splitSources(analysis, read, newStore)), remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function* computed(pieces: AsyncIterable<Table>, { target }: Analysis): AsyncGenerator<Table> {
  for await (const piece of pieces) yield await computeColumns(piece, target.compute);
}

async function splitSources(
  analysis: Analysis,
  read: (select: string | undefined, store: ColumnStore) => Promise<TableSource>,
  newStore: () => Promise<ColumnStore>,
): Promise<Omit<SplitSources, "remove">> {
  const { validation } = analysis.folds;
  const label = remembered((piece) => labelPiece(analysis, piece));
  if ("select" in validation) {
    const [chosen, others] = selections(analysis, validation.select);
    const training = await read(others, await newStore());
    await checkSource(analysis, training);
    const held = await read(chosen, await newStore());
    await checkLabels(analysis, [training, held]);
    return { training: { source: training, label }, validation: { source: held, label } };
  }
  const store = await newStore();
  const all = await read(analysis.input.select, store);
  await checkSource(analysis, all);
  // Before the split, so that rows are counted as they are in the files.
  await checkLabels(analysis, [all]);
  const marks = await validationMarks(analysis, all, validation.fraction);
  const sides = await dealtTables(store, marks, [await newStore(), await newStore()]);
  const [training, held] = sides as [TableSource, TableSource];
  checkNotEmpty(training.rowCount);
  return { training: { source: training, label }, validation: { source: held, label } };
}

/** The labels of pieces that stay in memory are made once. */
function remembered(label: (piece: Table) => LabelledEvents): (piece: Table) => LabelledEvents {
  const known = new WeakMap<Table["columns"], LabelledEvents>();
  return (piece) => {
    const events = known.get(piece.columns) ?? label(piece);
    known.set(piece.columns, events);
    return events;
  };
}

async function checkSource(analysis: Analysis, source: TableSource): Promise<void> {
  const first = await firstPiece(source);
  if (first !== undefined) checkColumns(analysis, first);
}

/** @throws DataError for a wrong target or weight, with the row in its source, or where there is one class only. */
async function checkLabels(analysis: Analysis, sources: readonly TableSource[]): Promise<void> {
  const check = new LabelCheck(analysis);
  for (const source of sources) {
    let firstRow = 0;
    for await (const piece of source.pieces()) {
      check.add(await onPiece(firstRow, async () => labelPiece(analysis, piece)));
      firstRow += piece.rowCount;
    }
  }
  check.finish();
}

/** The selection of the validation events and that of all others. */
function selections({ input: { select } }: Analysis, validation: string): [string, string] {
  const chosen = `(${validation}\n)`;
  const both = (expression: string): string =>
    select === undefined ? expression : `(${select}\n) AND ${expression}`;
  return [both(chosen), both(`${chosen} IS NOT TRUE`)];
}

/** Says early, with the key of the analysis, which columns are not there. */
function checkColumns(analysis: Analysis, table: Table): void {
  const known = Object.keys(table.columns);
  const check = (key: string, name: string | undefined): void => {
    if (name !== undefined && !known.includes(name)) throw unknownName(key, name, known);
  };
  for (const name of analysis.input.id) check("input.id: column", name);
  checkTargetColumns(analysis.target.columns, known);
  check("weights.column", analysis.weights.column);
}

function marked(events: LabelledEvents, marks: Uint8Array, wanted: number): LabelledEvents {
  const rows: number[] = [];
  for (let i = 0; i < marks.length; i++) if (marks[i] === wanted) rows.push(i);
  if (wanted === 0) checkNotEmpty(rows.length);
  return selectEvents(events, Int32Array.from(rows));
}

function checkNotEmpty(trainingCount: number): void {
  if (trainingCount === 0)
    throw new ConfigurationError("folds.validation: it leaves no events for training.");
}
