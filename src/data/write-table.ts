/** Writing a table as CSV, Parquet, HDF5 or NumPy arrays. */
import { extname } from "node:path";
import { ConfigurationError } from "../errors/index.ts";
import { writeAtomically, writeText } from "./atomic-file.ts";
import { type DuckDBConnection, literal, withDuckDB } from "./duckdb.ts";
import { createTable } from "./duckdb-table.ts";
import { openHdf5 } from "./hdf5.ts";
import { float32Text, float64Text } from "./number-text.ts";
import { type Column, concatenateTables, type Table } from "./table.ts";
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
  switch (extname(path).toLowerCase()) {
    case ".csv":
      return writeText(path, csvPieces(table));
    case ".parquet":
      return writeAtomically(path, (temporary) =>
        withDuckDB((connection) => writeParquet(connection, temporary, table)),
      );
    case ".h5":
    case ".hdf5":
      return writeAtomically(path, (temporary) => writeHdf5(temporary, table));
    case ".npy":
      return writeAtomically(path, (temporary) => writeNpy(temporary, table));
    case ".npz":
      return writeAtomically(path, (temporary) => writeNpz(temporary, table));
    default:
      throw new ConfigurationError(
        `"${path}": a table is written as ${tableFormats.join(", ")}, by the file's ending.`,
      );
  }
}

/**
 * Writes a table that comes in pieces, one below the other; as CSV only one of them need be in memory.
 *
 * @throws as {@link writeTable}.
 */
export async function writeTablePieces(path: string, pieces: AsyncIterable<Table>): Promise<void> {
  if (extname(path).toLowerCase() === ".csv") {
    return writeText(
      path,
      (async function* () {
        let isFirst = true;
        for await (const piece of pieces) {
          yield* csvPieces(piece, isFirst);
          isFirst = false;
        }
      })(),
    );
  }
  const tables: Table[] = [];
  for await (const piece of pieces) tables.push(piece);
  return writeTable(path, concatenateTables(tables));
}

/** The CSV text in pieces of some thousand rows. */
function* csvPieces({ columns, rowCount }: Table, hasHeader = true): Generator<string> {
  const cells = Object.values(columns).map(cellText);
  if (hasHeader) yield `${Object.keys(columns).map(quoted).join(",")}\n`;
  const step = 4096;
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

function cellText(column: Column): (row: number) => string {
  if (column instanceof Float32Array) return (row) => float32Text(column[row]!);
  if (column instanceof Float64Array) return (row) => float64Text(column[row]!);
  if (column instanceof Int32Array || column instanceof BigInt64Array) return (row) => String(column[row]!);
  return (row) => quoted(column[row]!);
}

function quoted(text: string): string {
  return /[",\r\n\t;|]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

async function writeParquet(connection: DuckDBConnection, path: string, table: Table): Promise<void> {
  await createTable(connection, "events", table);
  await connection.run(`COPY events TO ${literal(path)} (FORMAT parquet, COMPRESSION zstd)`);
}

async function writeHdf5(path: string, { columns }: Table): Promise<void> {
  const file = await openHdf5(path, "w");
  try {
    for (const [name, column] of Object.entries(columns)) file.write(name.replaceAll("/", "_"), column);
  } catch (error) {
    file.abandon();
    throw error;
  }
  file.close();
}
