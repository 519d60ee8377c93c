/** From files to raw events with targets and weights, and the split into training and validation, in memory or in pieces. */
import {
  type ColumnStore,
  computeColumns,
  concatenateTables,
  DiskStore,
  dealtTables,
  evenPieces,
  MemoryStore,
  onlyColumns,
  type PlainStep,
  rowsOfPieces,
  storedTable,
  type Table,
  type TableSource,
  tableInStore,
  transformTable,
  WholeTable,
} from "../data/index.ts";
import { ConfigurationError, unknownName } from "../errors/index.ts";
import type { Analysis } from "./analysis.ts";
import { validationMarks } from "./deal-events.ts";
import { columnsBesideSteps, earlySteps } from "./early-steps.ts";
import {
  checkTargetColumns,
  LabelCheck,
  type LabelledEvents,
  type LabelledSource,
  labelled,
  labelPiece,
  selectEvents,
  type TransformedEvents,
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

/** How events are read and put aside. */
export interface ReadingOptions {
  /** About how many bytes reading itself may use. */
  readonly bytes?: number | undefined;
  /** An existing folder, in which the events are put aside; default: in memory. */
  readonly folder?: string | undefined;
  /** Only for folds: the steps of the preprocessing are applied as events are read, where they can be. */
  readonly early?: boolean | undefined;
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
  { bytes, folder, early = false }: ReadingOptions = {},
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
  const steps = early ? earlySteps(analysis) : undefined;
  const read = async (select: string | undefined, check: LabelCheck): Promise<ReadEvents> => {
    const scan = await openInputs(analysis, files, {
      select,
      ...columnTypes(analysis),
      ...(bytes === undefined ? {} : { memory: bytes }),
    });
    const rows = rowsOfPieces(Object.keys(scan.kinds).length);
    const pieces = checked(analysis, computed(evenPieces(scan, rows), analysis), check);
    const store = await newStore();
    if (steps === undefined) return { store, source: await storedTable(pieces, store) };
    return transformedAsRead(analysis, pieces, steps, store, await newStore());
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

/** Events that were put aside as they were read. */
interface ReadEvents {
  readonly source: TableSource;
  readonly store: ColumnStore;
  readonly transformed?: TransformedEvents;
}

/**
 * Puts aside what the steps make of events, and of the events themselves only the columns that are used beside.
 *
 * @param made for what the steps make.
 */
async function transformedAsRead(
  analysis: Analysis,
  pieces: AsyncIterable<Table>,
  steps: readonly PlainStep[],
  store: ColumnStore,
  made: ColumnStore,
): Promise<ReadEvents> {
  let names: readonly string[] = [];
  const counts: number[] = [];
  const beside = async function* (): AsyncGenerator<Table> {
    for await (const piece of pieces) {
      names = Object.keys(piece.columns);
      const own = copied(onlyColumns(piece, columnsBesideSteps(analysis, names)));
      await made.add((await transformTable(piece, steps, { inPlace: true })).columns);
      counts.push(piece.rowCount);
      yield own;
    }
  };
  const source = await storedTable(beside(), store);
  return { source, store, transformed: { source: tableInStore(made, counts), store: made, names } };
}

/** With numbers in memory of their own. */
function copied({ rowCount, columns }: Table): Table {
  const entries = Object.entries(columns).map(([name, column]) => [name, column.slice()]);
  return { rowCount, columns: Object.fromEntries(entries) };
}

async function splitSources(
  analysis: Analysis,
  read: (select: string | undefined, check: LabelCheck) => Promise<ReadEvents>,
  newStore: () => Promise<ColumnStore>,
): Promise<Omit<SplitSources, "remove">> {
  const { validation } = analysis.folds;
  const label = remembered((piece) => labelPiece(analysis, piece));
  const check = new LabelCheck(analysis);
  if ("select" in validation) {
    const [chosen, others] = selections(analysis, validation.select);
    const training = await read(others, check);
    const held = await read(chosen, check);
    check.finish();
    const side = ({ source, transformed }: ReadEvents): LabelledSource => ({ source, label, transformed });
    return { training: side(training), validation: side(held) };
  }
  // Checked before the split, so that rows are counted as they are in the files.
  const all = await read(analysis.input.select, check);
  check.finish();
  const marks = await validationMarks(analysis, all.source, validation.fraction);
  const dealt = async (from: ColumnStore) => {
    const stores = [await newStore(), await newStore()] as const;
    const [training, held] = await dealtTables(from, marks, stores);
    return { stores, sources: [training!, held!] as const };
  };
  const { store, transformed } = all;
  const own = await dealt(store);
  checkNotEmpty(own.sources[0].rowCount);
  const made = transformed && (await dealt(transformed.store));
  const side = (i: 0 | 1): LabelledSource => ({
    source: own.sources[i],
    label,
    transformed: made && { source: made.sources[i], store: made.stores[i], names: transformed!.names },
  });
  return { training: side(0), validation: side(1) };
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

/**
 * The pieces, each of which has the columns that the analysis names, and targets and weights that can be used.
 *
 * @throws DataError for a wrong target or weight, with the row in its source.
 */
async function* checked(
  analysis: Analysis,
  pieces: AsyncIterable<Table>,
  check: LabelCheck,
): AsyncGenerator<Table> {
  let firstRow = 0;
  for await (const piece of pieces) {
    if (firstRow === 0) checkColumns(analysis, piece);
    check.add(await onPiece(firstRow, async () => labelPiece(analysis, piece)));
    firstRow += piece.rowCount;
    yield piece;
  }
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
