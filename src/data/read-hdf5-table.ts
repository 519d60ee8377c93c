/** Tables from HDF5 files: one data set a column, matrices, records. */
import { ConfigurationError, FileFormatError, unknownName } from "../errors/index.ts";
import { expandNames } from "./expand-names.ts";
import { type Hdf5File, openHdf5, type RowRange } from "./hdf5.ts";
import { matrixColumns, tableOfColumns, valuesColumn } from "./record-columns.ts";
import { widened } from "./stored-numbers.ts";
import type { Column, Table } from "./table.ts";
import { kindsOfPieces, rowsOfPieces, scanOfTable, type TableScan } from "./table-scan.ts";

/** What to read of an HDF5 file. */
export interface ReadHdf5Options {
  /** Columns, globs allowed. */
  readonly columns?: readonly string[] | undefined;
  /** The group whose data sets are the columns, or one data set (default: the only choice there is). */
  readonly group?: string | undefined;
}

/**
 * The events of an HDF5 file. Each data set `[events]` is a column; one of shape `[events, n]` gives columns
 * `name[0]` to `name[n − 1]`, one of records (a compound type) a column for each member.
 *
 * @throws FileFormatError for a damaged file, or one of folds; ConfigurationError where data sets of several lengths
 * leave a choice; UnknownNameError.
 */
export async function readHdf5Table(path: string, options: ReadHdf5Options = {}): Promise<Table> {
  return withHdf5(path, (file) => {
    const all: Record<string, Column> = {};
    for (const name of chosenDatasets(file, options)) Object.assign(all, datasetColumns(file, name));
    const names = options.columns
      ? expandNames(options.columns, Object.keys(all), `column of "${path}"`)
      : Object.keys(all);
    return tableOfColumns(Object.fromEntries(names.map((name) => [name, all[name]!])));
  });
}

/** As `readHdf5Table`, piece by piece. */
export async function scanHdf5(path: string, options: ReadHdf5Options = {}): Promise<TableScan> {
  const { datasets, rowCount, hasRecords } = await withHdf5(path, (file) => {
    const names = chosenDatasets(file, options);
    return {
      datasets: names,
      rowCount: file.shape(names[0]!)[0] ?? 1,
      hasRecords: names.some((name) => file.members(name)),
    };
  });
  if (rowCount === 0) return scanOfTable(await readHdf5Table(path, options));
  const all = (rows: number = rowCount): AsyncGenerator<Table> => hdf5Pieces(path, datasets, rows);
  // Whether whole numbers in records are whole throughout, the values say.
  const kinds = await kindsOfPieces(all(hasRecords ? undefined : 1));
  const names = options.columns
    ? expandNames(options.columns, Object.keys(kinds), `column of "${path}"`)
    : Object.keys(kinds);
  return {
    rowCount,
    kinds: Object.fromEntries(names.map((name) => [name, kinds[name]!])),
    pieces: () => all(),
  };
}

/** The first `rows` of some data sets, piece by piece. */
async function* hdf5Pieces(path: string, datasets: readonly string[], rows: number): AsyncGenerator<Table> {
  const file = await openHdf5(path, "r");
  try {
    const widths = datasets.map((name) => file.shape(name)[1] ?? file.members(name)?.length ?? 1);
    const pieceRows = rowsOfPieces(widths.reduce((sum, width) => sum + width, 0));
    for (let from = 0; from < rows; from += pieceRows) {
      const range = [from, Math.min(from + pieceRows, rows)] as const;
      const columns: Record<string, Column> = {};
      for (const name of datasets) Object.assign(columns, datasetColumns(file, name, range));
      yield { rowCount: range[1] - from, columns };
    }
  } finally {
    file.close();
  }
}

/** The names of the columns of an HDF5 file. */
export async function hdf5Names(path: string, group?: string): Promise<string[]> {
  return withHdf5(path, (file) =>
    chosenDatasets(file, { group }).flatMap((name) => {
      const [, width] = file.shape(name);
      const leaf = leafName(name);
      if (width !== undefined) return Array.from({ length: width }, (_, k) => `${leaf}[${k}]`);
      return file.members(name) ?? [leaf];
    }),
  );
}

async function withHdf5<T>(path: string, work: (file: Hdf5File) => T): Promise<T> {
  const file = await openHdf5(path, "r");
  try {
    if (file.has("meta_data/cont_feats")) {
      throw new FileFormatError(
        `"${path}" is a file of prepared folds, not of raw events; open it with FoldYielder.`,
      );
    }
    return work(file);
  } finally {
    file.close();
  }
}

/** The data sets that are columns of one table: all of the group, of one length. */
function chosenDatasets(file: Hdf5File, { columns, group }: ReadHdf5Options): string[] {
  if (group !== undefined && file.has(group)) return [group];
  const groups = allDatasets(file, "");
  if (group !== undefined) {
    const list = groups.get(group.replace(/^\/|\/$/g, ""));
    if (!list) throw unknownName(`"${file.path}": group`, group, [...groups.keys()]);
    return oneLength(file, list, columns);
  }
  if (groups.size === 0) throw new FileFormatError(`"${file.path}" holds no data sets.`);
  if (groups.size > 1) {
    const names = [...groups.keys()].map((name) => name || "/");
    throw new ConfigurationError(
      `"${file.path}" has data sets in several groups: ${names.join(", ")}; name the one to read (tree).`,
    );
  }
  return oneLength(file, [...groups.values()][0]!, columns);
}

function oneLength(
  file: Hdf5File,
  names: readonly string[],
  columns: readonly string[] | undefined,
): string[] {
  const wanted = names.filter(
    (name) => columns === undefined || columns.some((column) => matches(column, leafName(name))),
  );
  const list = wanted.length > 0 ? wanted : names;
  const lengths = new Set(list.map((name) => file.shape(name)[0] ?? 1));
  if (lengths.size > 1) {
    const text = list.map((name) => `${name} [${file.shape(name).join(", ")}]`).join(", ");
    throw new ConfigurationError(
      `"${file.path}": the data sets have several lengths: ${text}; name the columns, or the one data set (tree), to read.`,
    );
  }
  return [...list];
}

function matches(pattern: string, name: string): boolean {
  const stem = pattern.replace(/\[.*$/, "");
  return stem === name || /[*?!]/.test(stem);
}

/** The data sets of each group that has some, by the group's name without slashes at its ends. */
function allDatasets(file: Hdf5File, group: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const key of file.keys(group === "" ? "/" : group)) {
    const name = group === "" ? key : `${group}/${key}`;
    if (file.has(name)) {
      found.set(group, [...(found.get(group) ?? []), name]);
    } else {
      for (const [inner, names] of allDatasets(file, name)) found.set(inner, names);
    }
  }
  return found;
}

function datasetColumns(file: Hdf5File, name: string, range?: RowRange): Record<string, Column> {
  const leaf = leafName(name);
  const shape = file.shape(name);
  const members = file.members(name);
  if (members) {
    const rows = file.readRecords(name, range);
    return Object.fromEntries(
      members.map((member, k) => [
        member,
        valuesColumn(
          member,
          rows.map((row) => row[k]),
          range?.[0],
        ),
      ]),
    );
  }
  if (shape.length > 2) {
    throw new FileFormatError(
      `"${file.path}": the data set "${name}" has ${shape.length} dimensions; expected [events] or [events, n].`,
    );
  }
  const values = widened(file.read(name, range), leaf);
  return shape.length === 2 ? matrixColumns(leaf, values, shape[1]!) : { [leaf]: values };
}

function leafName(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}
