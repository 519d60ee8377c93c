/** Reading the input files of an analysis, each with what is said of its origin: label, weight factor, cut. */
import { sep } from "node:path";
import {
  chainScans,
  concatenateTables,
  emptyTable,
  kindOf,
  openTable,
  type ReadTableOptions,
  readTable,
  type ScanTableOptions,
  type Table,
  type TableScan,
  TextBudget,
} from "../data/index.ts";
import { ConfigurationError, DataError } from "../errors/index.ts";
import type { Analysis, SourceConfiguration } from "./analysis.ts";
import {
  type Completion,
  checkNotDerived,
  completed,
  isLate,
  joinedForPrediction,
  loadFriends,
} from "./complete-events.ts";
import { patternExpression } from "./file-pattern.ts";
import { columnsForFeatures, neededBranches } from "./needed-branches.ts";

/**
 * The events of the files. Where sources are described, the columns `source` and `source_weight` are added and the
 * event weights multiplied by the factor.
 *
 * @param further columns that are needed beside those of the analysis.
 * @throws ConfigurationError when some files have a label and others none.
 */
export async function readInputs(
  analysis: Analysis,
  files: readonly string[],
  options: ReadTableOptions,
  further?: readonly string[],
): Promise<Table> {
  const reading = readingOptions(analysis, options, further);
  if (isPlain(analysis, files)) return readTable(files, reading);
  const tables: Table[] = [];
  for (const { file, early, completion } of await inputFiles(analysis, files, options.select)) {
    const table = await readTable([file], { ...reading, select: early });
    tables.push(await completed(analysis, table, completion));
    for (const friend of completion.friends) friend.finish();
    for (const friend of completion.friends) friend.reset();
  }
  const table = concatenateTables(tables, quoted(files));
  if (table.rowCount === 0) throw noneLeft(files, options.select);
  return table;
}

/** The events of {@link readInputs} piece by piece. @throws as readInputs. */
export async function openInputs(
  analysis: Analysis,
  files: readonly string[],
  options: ScanTableOptions,
): Promise<TableScan> {
  const reading = readingOptions(analysis, options);
  if (isPlain(analysis, files)) return openTable(files, reading);
  const scans: TableScan[] = [];
  const budget = new TextBudget();
  for (const { file, early, completion } of await inputFiles(analysis, files, options.select)) {
    const { friends, select } = completion;
    const scan = await openTable([file], { ...reading, select: early, budget });
    const { columns } = await completed(analysis, emptyTable(scan.kinds), completion);
    const kinds = Object.entries(columns).map(([name, column]) => [name, kindOf(column)]);
    scans.push({
      rowCount: select === undefined && friends.length === 0 ? scan.rowCount : undefined,
      kinds: Object.fromEntries(kinds),
      pieces: async function* () {
        for (const friend of friends) friend.reset();
        for await (const piece of scan.pieces()) yield await completed(analysis, piece, completion);
        for (const friend of friends) friend.finish();
      },
    });
  }
  const scan = chainScans(scans, quoted(files));
  return {
    ...scan,
    pieces: async function* () {
      let isEmpty = true;
      for await (const piece of scan.pieces()) {
        if (piece.rowCount === 0) continue;
        isEmpty = false;
        yield piece;
      }
      if (isEmpty) throw noneLeft(files, options.select);
    },
  };
}

/** Whether the events are in the files as the analysis wants them. */
function isPlain({ input }: Analysis, files: readonly string[]): boolean {
  return (
    input.friends.length === 0 &&
    Object.keys(input.columns).length === 0 &&
    describedFiles(input.sources, files) === undefined
  );
}

/** How each file is read: the cut that is made while reading, and what is done afterwards. */
async function inputFiles(
  analysis: Analysis,
  files: readonly string[],
  select: string | undefined,
): Promise<{ readonly file: string; readonly early: string | undefined; readonly completion: Completion }[]> {
  const described = describedFiles(analysis.input.sources, files);
  const friends = await loadFriends(analysis);
  return Promise.all(
    files.map(async (file, i) => {
      const source = described?.[i];
      // The column of labels is not in the file: a selection by it is made of the labels themselves.
      const cut = both(select, source?.select);
      const late = isLate(analysis, cut);
      return {
        file,
        early: late ? undefined : cut,
        completion: {
          friends: await Promise.all(friends.map((friend) => friend(file))),
          source,
          isDescribed: described !== undefined,
          select: late ? cut : undefined,
        },
      };
    }),
  );
}

function noneLeft(files: readonly string[], select: string | undefined): DataError {
  const cut = select === undefined ? "its cuts" : `the selection ${select}`;
  return new DataError(`no event of ${quoted(files).join(", ")} passes ${cut}.`);
}

function readingOptions<O extends ReadTableOptions>(
  analysis: Analysis,
  options: O,
  further: readonly string[] = [],
): O {
  const { input, target, weights, features, transforms, evaluation, folds } = analysis;
  const elements = elementNames([input, target, weights, features, transforms, evaluation, folds]);
  return { ...options, tree: input.tree, elements, only: neededBranches(analysis, further) };
}

/** What is said of the origin of each file; undefined where nothing is said of any. */
function describedFiles(
  sources: readonly SourceConfiguration[],
  files: readonly string[],
): readonly (SourceConfiguration | undefined)[] | undefined {
  const described = files.map((file) => sources.find((source) => isOf(source, file)));
  if (described.every((source) => source === undefined)) return undefined;
  const isLabelled = described.some((source) => source?.label !== undefined);
  const without = described.findIndex((source) => isLabelled && source?.label === undefined);
  if (without >= 0) {
    throw new ConfigurationError(
      `input.files: "${files[without]}" has no label, others have; give each one.`,
    );
  }
  return described;
}

function quoted(files: readonly string[]): string[] {
  return files.map((file) => `"${file}"`);
}

/** Events to predict for: neither targets nor weights are needed, nor the origin of the files known. */
export async function readUnlabelled(analysis: Analysis, files: readonly string[]): Promise<Table> {
  const tables: Table[] = [];
  for await (const piece of (await openUnlabelled(analysis, files, undefined)).pieces()) tables.push(piece);
  return concatenateTables(tables);
}

/** The same piece by piece. @param memory bytes that the reading may use. */
export async function openUnlabelled(
  analysis: Analysis,
  files: readonly string[],
  memory: number | undefined,
): Promise<TableScan> {
  const reading = { ...unlabelledOptions(analysis), memory };
  const load = await loadFriends(analysis);
  const scans: TableScan[] = [];
  const budget = new TextBudget();
  for (const file of load.length === 0 ? [] : files) {
    const friends = await Promise.all(load.map((friend) => friend(file)));
    const scan = await openTable([file], { ...reading, budget });
    const { columns } = joinedForPrediction(analysis, emptyTable(scan.kinds), friends);
    const kinds = Object.entries(columns).map(([name, column]) => [name, kindOf(column)]);
    scans.push({
      rowCount: scan.rowCount,
      kinds: Object.fromEntries(kinds),
      pieces: async function* () {
        for (const friend of friends) friend.reset();
        for await (const piece of scan.pieces()) yield joinedForPrediction(analysis, piece, friends);
        for (const friend of friends) friend.finish();
      },
    });
  }
  const scan = load.length === 0 ? await openTable(files, reading) : chainScans(scans, quoted(files));
  checkNotDerived(analysis, Object.keys(scan.kinds));
  return scan;
}

function unlabelledOptions(analysis: Analysis): ReadTableOptions {
  const { input, features, transforms } = analysis;
  return {
    numbers: features.continuous.filter((name) => !name.startsWith("!")),
    tree: input.tree,
    elements: elementNames([input.id, columnsForFeatures(analysis), features, transforms]),
    only: neededBranches(analysis),
  };
}

function both(first: string | undefined, second: string | undefined): string | undefined {
  if (first === undefined || second === undefined) return first ?? second;
  return `(${first}\n) AND (${second}\n)`;
}

/** Whether a file is one that the source's name or pattern stands for: their last path components agree. */
function isOf({ file }: SourceConfiguration, path: string): boolean {
  const pattern = file.split(/[\\/]/).filter((part) => part !== "." && part !== ".." && part !== "");
  const end = path.split(sep).slice(-pattern.length).join("/");
  return patternExpression(pattern.join("/")).test(end);
}

/** Names such as `Muon_pt[0]` that the analysis mentions: ROOT files are read for them. */
function elementNames(parts: readonly unknown[]): string[] {
  const mentioned = JSON.stringify(parts);
  return [...new Set(mentioned.match(/[A-Za-z_][\w.]*\[\d*\]/g))];
}
