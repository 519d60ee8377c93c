/** Reading events from files of any format into one table. */
import { access, constants, open, stat } from "node:fs/promises";
import { ConfigurationError, DataError, FileFormatError } from "../errors/index.ts";
import { selectWhere } from "./compute-columns.ts";
import { isGzip } from "./gzip-check.ts";
import { columnarNames, readColumnar } from "./read-columnar.ts";
import { hdf5Names, readHdf5Table } from "./read-hdf5-table.ts";
import { npyNames, readNpyTable } from "./read-npy.ts";
import { readEvents as readRootEvents } from "./root/read-root.ts";
import { openRootFile } from "./root/root-file.ts";
import { concatenateTables, type Table } from "./table.ts";

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
}

type Format = "columnar" | "root" | "hdf5" | "npy";

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
  if (table.rowCount === 0) {
    const files = paths.map((path) => `"${path}"`).join(", ");
    throw new DataError(
      options.select === undefined
        ? `${files}: there are no events, only a header.`
        : `no event of ${files} passes the selection ${options.select}.`,
    );
  }
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

async function readPart(path: string, options: ReadTableOptions): Promise<Table> {
  const format = await formatOf(path);
  if (format === "columnar") return readColumnar(path, options);
  const { columns, select, tree, elements } = options;
  const table =
    format === "root"
      ? await readRootEvents(await (await openRootFile(path)).events(tree), columns, elements)
      : format === "hdf5"
        ? await readHdf5Table(path, { columns, group: tree })
        : await readNpyTable(path, columns);
  return select === undefined ? table : selectWhere(table, select);
}

/** By the first bytes, or else by the name. */
async function formatOf(path: string): Promise<Format> {
  const file = await open(path);
  const first = Buffer.alloc(8);
  try {
    await file.read(first, 0, 8, 0);
  } finally {
    await file.close();
  }
  const text = first.toString("latin1");
  const byContent: Format | undefined = text.startsWith("root")
    ? "root"
    : text.startsWith("\x89HDF")
      ? "hdf5"
      : text.startsWith("\x93NUMPY") || (/\.npz$/i.test(path) && text.startsWith("PK"))
        ? "npy"
        : undefined;
  const byName: Format = /\.root$/i.test(path)
    ? "root"
    : /\.(h5|hdf5)$/i.test(path)
      ? "hdf5"
      : /\.np[yz]$/i.test(path)
        ? "npy"
        : "columnar";
  if (byContent === undefined && byName !== "columnar") {
    const kind = { root: "a ROOT", hdf5: "an HDF5", npy: "a NumPy", columnar: "" }[byName];
    throw new FileFormatError(`"${path}" is named like ${kind} file but does not begin like one.`);
  }
  return byContent ?? byName;
}

async function checkReadable(path: string): Promise<void> {
  if (/^[a-z]+:\/\//i.test(path)) {
    throw new FileFormatError(
      `"${path}": files are read from disk; copy it first${path.startsWith("root:") ? `, with "xrdcp ${path} ."` : ""}.`,
    );
  }
  try {
    await access(path, constants.R_OK);
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw new FileFormatError(`"${path}" ${missing ? "does not exist" : "may not be read"}.`);
  }
  const status = await stat(path);
  if (status.isDirectory()) throw new FileFormatError(`"${path}" is a folder, a file is needed.`);
  if (status.size === 0) throw new FileFormatError(`"${path}" is empty.`);
  if (/\.gz$/i.test(path) && !(await isGzip(path))) {
    throw new FileFormatError(`"${path}" is named .gz but is not a gzip file.`);
  }
}
