/** Reading the input files of an analysis, each with what is said of its origin: label, weight factor, cut. */
import { sep } from "node:path";
import {
  concatenateTables,
  numbersOf,
  type ReadTableOptions,
  readTable,
  type Table,
  tableOf,
} from "../data/index.ts";
import { ConfigurationError } from "../errors/index.ts";
import type { Analysis, SourceConfiguration } from "./analysis.ts";
import { patternExpression } from "./file-pattern.ts";

/** The column with the labels of the sources. */
const labelColumn = "source";
/** The column with the weight factors of the sources. */
const factorColumn = "source_weight";

/**
 * The events of the files. Where sources are described, the columns `source` and `source_weight` are added and the
 * event weights multiplied by the factor.
 *
 * @throws ConfigurationError when some files have a label and others none.
 */
export async function readInputs(
  analysis: Analysis,
  files: readonly string[],
  options: ReadTableOptions,
): Promise<Table> {
  const { sources, tree } = analysis.input;
  const { input, target, weights, features, transforms, evaluation, folds } = analysis;
  const elements = elementNames([input, target, weights, features, transforms, evaluation, folds]);
  const reading = { ...options, tree, elements };
  if (sources.length === 0) return readTable(files, reading);
  const described = files.map((file) => sources.find((source) => isOf(source, file)));
  if (described.every((source) => source === undefined)) return readTable(files, reading);
  const isLabelled = described.some((source) => source?.label !== undefined);
  const tables: Table[] = [];
  for (const [i, file] of files.entries()) {
    const source = described[i];
    if (isLabelled && source?.label === undefined) {
      throw new ConfigurationError(`input.files: "${file}" has no label, others have; give each one.`);
    }
    const select = both(options.select, source?.select);
    // The column of labels is not in the file: a selection by it is made of the labels themselves.
    tables.push(withSource(await readTable([file], { ...reading, select }), analysis, source));
  }
  return concatenateTables(
    tables,
    files.map((file) => `"${file}"`),
  );
}

/** Events to predict for: neither targets nor weights are needed, nor the origin of the files known. */
export function readUnlabelled(analysis: Analysis, files: readonly string[]): Promise<Table> {
  const { input, features, transforms } = analysis;
  return readTable(files, {
    numbers: features.continuous.filter((name) => !name.startsWith("!")),
    tree: input.tree,
    elements: elementNames([input.id, input.columns, features, transforms]),
  });
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
