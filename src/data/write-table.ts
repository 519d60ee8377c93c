/** Writing a table as CSV, Parquet, HDF5 or NumPy arrays. */
import { mkdtemp, rm } from "node:fs/promises";
import { dirname, extname, join } from "node:path";
import { ConfigurationError } from "../errors/index.ts";
import { writeAtomically, writeText } from "./atomic-file.ts";
import { DiskStore } from "./column-store.ts";
import { type DuckDBLimits, literal, withDuckDB } from "./duckdb.ts";
import { createTable } from "./duckdb-table.ts";
import { openHdf5 } from "./hdf5.ts";
import { float32Text, float64Text } from "./number-text.ts";
import { type Column, concatenateTables, type Table } from "./table.ts";
import { storedTable, type TableSource } from "./table-source.ts";
import { writeNpy, writeNpz } from "./write-npy.ts";

/** The file endings that {@link writeTable} knows. */
export const tableFormats: readonly string[] = [".csv", ".parquet", ".h5", ".hdf5", ".npy", ".npz"];

/**
 * Writes a table in the format of the file's ending: `.csv`, `.parquet`, `.h5` (one data set a column, in the root),
 * `.npy` (records) or `.npz` (an array a column).
 *
 * Every number reads back exactly, single precision and 64-bit integers too; the same table gives the same CSV bytes.
 * NaN is an empty CSV cell. The file is whole or absent: it is written beside its place and renamed.
 *
 * @throws ConfigurationError for another ending; DataError in one sentence for a full disk or a missing folder.
 */
export async function writeTable(path: string, table: Table): Promise<void> {
  const pieces = async function* () {
    yield table;
  };
  await writeTablePieces(path, pieces());
}

/**
 * Writes a table that comes in pieces, one below the other, with the same columns of the same kinds. Only a piece or two
 * are in memory (of `.npy` and `.npz` files all); Parquet and HDF5 need room on the disk for a second copy meanwhile.
 *
 * @param limits bytes of memory for making a Parquet file (default: 1 GB).
 * @throws as {@link writeTable}; what `pieces` throws, with nothing left behind.
 */
export async function writeTablePieces(
  path: string,
  pieces: AsyncIterable<Table>,
  limits: { readonly memory?: number | undefined } = {},
): Promise<void> {
  const whole = async (): Promise<Table> => {
    const tables: Table[] = [];
    for await (const piece of pieces) tables.push(piece);
    return concatenateTables(tables);
  };
  switch (extname(path).toLowerCase()) {
    case ".csv":
      return writeText(path, csvPieces(pieces));
    case ".parquet":
      return writeAtomically(path, (temporary) => writeParquet(temporary, pieces, limits));
    case ".h5":
    case ".hdf5":
      return writeAtomically(path, (temporary) => writeHdf5(temporary, pieces));
    case ".npy":
      return writeAtomically(path, async (temporary) => writeNpy(temporary, await whole()));
    case ".npz":
      return writeAtomically(path, async (temporary) => writeNpz(temporary, await whole()));
    default:
      throw new ConfigurationError(
        `"${path}": a table is written as ${tableFormats.join(", ")}, by the file's ending.`,
      );
  }
}

/** The CSV text in pieces of some thousand rows. */
async function* csvPieces(pieces: AsyncIterable<Table>): AsyncGenerator<string> {
  const step = 4096;
  let isFirst = true;
  for await (const { columns, rowCount } of pieces) {
    if (isFirst) yield `${Object.keys(columns).map(quoted).join(",")}\n`;
    isFirst = false;
    const cells = Object.values(columns).map(cellText);
    for (let start = 0; start < rowCount; start += step) {
      const lines: string[] = [];
      for (let row = start; row < Math.min(start + step, rowCount); row++) {
        let line = "";
        for (let c = 0; c < cells.length; c++) line += c === 0 ? cells[c]!(row) : `,${cells[c]!(row)}`;
        lines.push(line);
      }
      yield `${lines.join("\n")}\n`;
    }
  }
}

function cellText(column: Column): (row: number) => string {
  if (column instanceof Float32Array) return (row) => float32Text(column[row]!);
  if (column instanceof Float64Array) return (row) => float64Text(column[row]!);
  if (column instanceof Int32Array || column instanceof BigInt64Array) return (row) => String(column[row]!);
  return (row) => quoted(column[row]!);
}

function quoted(text: string): string {
  return /[",\r\n\t;|]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const parquetOptions = "(FORMAT parquet, COMPRESSION zstd)";

/** Each piece becomes a file, and those together the one that is wanted. */
async function writeParquet(path: string, pieces: AsyncIterable<Table>, limits: DuckDBLimits): Promise<void> {
  const folder = await mkdtemp(join(dirname(path), ".lumin-parquet-"));
  try {
    await withDuckDB(async (connection) => {
      const parts: string[] = [];
      for await (const piece of pieces) {
        const part = join(folder, `${parts.length}.parquet`);
        await createTable(connection, "events", piece);
        await connection.run(`COPY events TO ${literal(part)} ${parquetOptions}`);
        await connection.run("DROP TABLE events");
        parts.push(part);
      }
      const list = parts.map(literal).join(", ");
      await connection.run(
        `COPY (SELECT * FROM read_parquet([${list}])) TO ${literal(path)} ${parquetOptions}`,
      );
    }, limits);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** How long the data sets and their texts are is known at the end: until then the pieces are put aside. */
async function writeHdf5(path: string, pieces: AsyncIterable<Table>): Promise<void> {
  const store = await DiskStore.create(dirname(path));
  try {
    const table = await storedTable(pieces, store);
    const widths = await textWidths(table);
    const file = await openHdf5(path, "w");
    try {
      let start = 0;
      for await (const { columns, rowCount } of table.pieces()) {
        for (const [name, column] of Object.entries(columns)) {
          const place = { start, total: table.rowCount, textWidth: widths.get(name) ?? 1 };
          file.writePart(name.replaceAll("/", "_"), column, place);
        }
        start += rowCount;
      }
    } catch (error) {
      file.abandon();
      throw error;
    }
    file.close();
  } finally {
    await store.remove();
  }
}

/** The bytes of the longest text of each column of text. */
async function textWidths(table: TableSource): Promise<ReadonlyMap<string, number>> {
  const widths = new Map<string, number>();
  for await (const { columns } of table.pieces()) {
    for (const [name, column] of Object.entries(columns)) {
      if (ArrayBuffer.isView(column)) continue;
      const longest = (column as readonly string[]).reduce(
        (length, text) => Math.max(length, Buffer.byteLength(text)),
        1,
      );
      widths.set(name, Math.max(longest, widths.get(name) ?? 1));
    }
  }
  return widths;
}
