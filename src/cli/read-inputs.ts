/** Reading the input files of an analysis, each with what is said of its origin: label, weight factor, cut. */
import { sep } from "node:path";
import {
  chainScans,
  concatenateTables,
  emptyTable,
  kindOf,
  numbersOf,
  openTable,
  type ReadTableOptions,
  readTable,
  type ScanTableOptions,
  type Table,
  type TableScan,
  tableOf,
} from "../data/index.ts";
import { ConfigurationError } from "../errors/index.ts";
import type { Analysis, SourceConfiguration } from "./analysis.ts";
import { patternExpression } from "./file-pattern.ts";
import { neededBranches } from "./needed-branches.ts";

/** The column with the labels of the sources. */
const labelColumn = "source";
/** The column with the weight factors of the sources. */
const factorColumn = "source_weight";

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
  const sources = describedFiles(analysis, files);
  if (sources === undefined) return readTable(files, reading);
  const tables: Table[] = [];
  for (const [i, file] of files.entries()) {
    const source = sources[i];
    const select = both(options.select, source?.select);
    // The column of labels is not in the file: a selection by it is made of the labels themselves.
    tables.push(withSource(await readTable([file], { ...reading, select }), analysis, source));
  }
  return concatenateTables(tables, quoted(files));
}

/** The events of {@link readInputs} piece by piece. @throws as readInputs. */
export async function openInputs(
  analysis: Analysis,
  files: readonly string[],
  options: ScanTableOptions,
): Promise<TableScan> {
  const reading = readingOptions(analysis, options);
  const sources = describedFiles(analysis, files);
  if (sources === undefined) return openTable(files, reading);
  const scans: TableScan[] = [];
  for (const [i, file] of files.entries()) {
    const source = sources[i];
    const scan = await openTable([file], { ...reading, select: both(options.select, source?.select) });
    const { columns } = withSource(emptyTable(scan.kinds), analysis, source);
    const kinds = Object.entries(columns).map(([name, column]) => [name, kindOf(column)]);
    scans.push({
      rowCount: scan.rowCount,
      kinds: Object.fromEntries(kinds),
      pieces: async function* () {
        for await (const piece of scan.pieces()) yield withSource(piece, analysis, source);
      },
    });
  }
  return chainScans(scans, quoted(files));
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
  { input: { sources } }: Analysis,
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
export function readUnlabelled(analysis: Analysis, files: readonly string[]): Promise<Table> {
  return readTable(files, unlabelledOptions(analysis));
}

/** The same piece by piece. @param memory bytes that the reading may use. */
export function openUnlabelled(
  analysis: Analysis,
  files: readonly string[],
  memory: number | undefined,
): Promise<TableScan> {
  return openTable(files, { ...unlabelledOptions(analysis), memory });
}

function unlabelledOptions(analysis: Analysis): ReadTableOptions {
  const { input, features, transforms } = analysis;
  return {
    numbers: features.continuous.filter((name) => !name.startsWith("!")),
    tree: input.tree,
    elements: elementNames([input.id, input.columns, features, transforms]),
    only: neededBranches(analysis),
  };
}

function both(first: string | undefined, second: string | undefined): string | undefined {
  if (first === undefined || second === undefined) return first ?? second;
  return `(${first}\n) AND (${second}\n)`;
}

function withSource(table: Table, { weights }: Analysis, source: SourceConfiguration | undefined): Table {
  const factor = source?.weight ?? 1;
  const columns = { ...table.columns };
  if (source?.label !== undefined) {
    columns[labelColumn] = new Array<string>(table.rowCount).fill(source.label);
  }
  if (weights.column !== undefined && weights.column !== factorColumn && factor !== 1) {
    columns[weights.column] = Float64Array.from(
      numbersOf(table, weights.column),
      (weight) => weight * factor,
    );
  }
  columns[factorColumn] = new Float64Array(table.rowCount).fill(factor);
  return tableOf(columns);
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
