/** Reading events from files of any format into one table. */
import { ConfigurationError } from "../errors/index.ts";
import { selectWhere } from "./compute-columns.ts";
import { checkReadable, formatOf, noEvents } from "./input-file.ts";
import { columnarNames, readColumnar } from "./read-columnar.ts";
import { hdf5Names, readHdf5Table } from "./read-hdf5-table.ts";
import { npyNames, readNpyTable } from "./read-npy.ts";
import { columnNames, readEvents, withMentioned } from "./root/read-root.ts";
import { openRootFile } from "./root/root-file.ts";
import { concatenateTables, onlyColumns, type Table } from "./table.ts";

/** What to read, and as what. */
export interface ReadTableOptions {
  /** An SQL expression that is true for the rows to keep, such as `KaggleSet = 't'`. */
  readonly select?: string | undefined;
  /** The columns to read, in this order, globs allowed (default: all that have one value an event). */
  readonly columns?: readonly string[] | undefined;
  /** Columns (or globs) that must hold numbers: text in one is an error even where most of it is text. */
  readonly numbers?: readonly string[] | undefined;
  /** Columns (or globs) that are text even where most of it looks like numbers. */
  readonly texts?: readonly string[] | undefined;
  /** The tree or ntuple of a ROOT file, or the group of an HDF5 file (default: the only one). */
  readonly tree?: string | undefined;
  /** Columns of ROOT files to read beside those with one value an event: `Muon_pt[0]`, `Muon_pt[]`. */
  readonly elements?: readonly string[] | undefined;
  /** Of the columns of ROOT files that are read where `columns` is left out, those for which this is true. */
  readonly only?: ((name: string) => boolean) | undefined;
}

/**
 * The events of one or several files, one after the other, rows in the order of the files. CSV, TSV (also .gz),
 * JSON, Parquet, ROOT (TTree and RNTuple), HDF5, NPY and NPZ.
 *
 * Numbers with a fraction become `Float64Array` (stored single precision `Float32Array`); whole numbers `Int32Array`
 * where all fit, else `BigInt64Array`, exact (Parquet's 64-bit columns always); everything else text, also a column of
 * whole numbers that do not all fit 64 bits with a sign, unless it is listed in `numbers`. Empty cells are NaN, or "" in
 * text.
 *
 * @throws FileFormatError for a file that is missing, damaged or truncated; UnknownNameError for a column the files
 * do not have; DataError for text in a column of numbers (with file, line and value), for rows of the wrong length and
 * when no event is left; ConfigurationError for a selection that is not valid SQL.
 */
export async function readTable(paths: readonly string[], options: ReadTableOptions = {}): Promise<Table> {
  if (paths.length === 0) throw new ConfigurationError("readTable: no input file was given.");
  for (const path of paths) await checkReadable(path);
  const parts: Table[] = [];
  for (const path of paths) {
    const columns = options.columns ?? (parts[0] && Object.keys(parts[0].columns));
    parts.push(await readPart(path, { ...options, columns }));
  }
  const table = concatenateTables(
    parts,
    paths.map((path) => `"${path}"`),
  );
  if (table.rowCount === 0) throw noEvents(paths, options.select);
  return table;
}

/** The names of the columns of a file, without reading its events. */
export async function readColumnNames(path: string, tree?: string): Promise<string[]> {
  await checkReadable(path);
  switch (await formatOf(path)) {
    case "root":
      return (await (await openRootFile(path)).events(tree)).columns.map(({ name }) => name);
    case "hdf5":
      return hdf5Names(path, tree);
    case "npy":
      return npyNames(path);
    default:
      return columnarNames(path);
  }
}

/** The events of one file. */
async function readPart(path: string, options: ReadTableOptions): Promise<Table> {
  const format = await formatOf(path);
  if (format === "columnar") return readColumnar(path, options);
  if (format === "root") return readRootEvents(path, options);
  const { columns, select, tree } = options;
  const table =
    format === "hdf5"
      ? await readHdf5Table(path, { columns, group: tree })
      : await readNpyTable(path, columns);
  return select === undefined ? table : selectWhere(table, select);
}

async function readRootEvents(path: string, options: ReadTableOptions): Promise<Table> {
  const { select, tree } = options;
  const events = await (await openRootFile(path)).events(tree);
  if (select === undefined) return readEvents(events, options);
  const table = await selectWhere(await readEvents(events, withMentioned(events, options, select)), select);
  return onlyColumns(table, columnNames(events, options));
}
