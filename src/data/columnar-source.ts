/** CSV, TSV, JSON and Parquet files as DuckDB sees them: table function, columns, types. */
import { open } from "node:fs/promises";
import { DataError, FileFormatError, LuminError } from "../errors/index.ts";
import { type DuckDBConnection, describeColumns, firstLine, identifier, literal, rowsOf } from "./duckdb.ts";
import { isGzip, readFirstLine } from "./gzip-check.ts";

/** How many rows are looked at to tell a column's type; the rest must agree or the whole file is looked at. */
export const sampleSize = 20_480;

/** Of a text file that is in memory at a time, for each thread. A quarter of it takes a fifth more time. */
const bufferBytes = 2 ** 25;

/** The same where memory is short, and for a look at the head of the file. */
const smallBufferBytes = 2 ** 23;

/** How to look at a file. */
export interface SourceOptions {
  /** Rows to tell the types by; −1: all. */
  readonly sample?: number | undefined;
  /** Columns to take for text whatever they hold. */
  readonly texts?: readonly string[] | undefined;
  /** Whether memory is short. */
  readonly isTight?: boolean | undefined;
}

/** One file as DuckDB sees it. */
export interface Source {
  readonly path: string;
  readonly isCsv: boolean;
  /** All columns with their SQL types. */
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** The table function to select from. */
  readonly sql: string;
  /** The same with every column as text (CSV only). */
  readonly textSql: string;
}

const isParquetName = (path: string): boolean => /\.(parquet|pq)$/i.test(path);
const isJsonName = (path: string): boolean => /\.(json|jsonl|ndjson)(\.gz)?$/i.test(path);

/** Whether a columnar file of this name is taken for CSV, TSV or the like. */
export function isCsvName(path: string): boolean {
  return !isParquetName(path) && !isJsonName(path);
}

/** Looks at the head of a file. @throws FileFormatError, DataError for what is no table. */
export async function openSource(
  connection: DuckDBConnection,
  path: string,
  { sample = sampleSize, texts = [], isTight = false }: SourceOptions = {},
): Promise<Source> {
  if (isParquetName(path)) {
    const sql = `read_parquet(${literal(path)})`;
    const columns = await describeColumns(connection, `SELECT * FROM ${sql}`).catch((error) => {
      throw new FileFormatError(`"${path}" is not an intact Parquet file: ${firstLine(error)}`);
    });
    return { path, isCsv: false, columns: await exactTypes(connection, columns, sql), sql, textSql: sql };
  }
  if (isJsonName(path)) {
    await checkListEnds(path);
    const sql = `read_json(${literal(path)}, sample_size=-1)`;
    const columns = await describeColumns(connection, `SELECT * FROM ${sql}`).catch((error) => {
      throw new FileFormatError(`"${path}" is not a list of events as JSON: ${firstLine(error)}`);
    });
    return { path, isCsv: false, columns: await exactTypes(connection, columns, sql), sql, textSql: sql };
  }
  const header = await readFirstLine(path);
  const delimiter = delimiterOf(header);
  const compression = (await isGzip(path)) ? "gzip" : "none";
  const dialect = `delim=${literal(delimiter)}, quote='"', escape='"', header=true, compression=${literal(compression)}`;
  const bytes = isTight ? smallBufferBytes : bufferBytes;
  const typed = (columns: readonly { name: string; type: string }[]) => {
    const list = columns.map(({ name, type }) => `${literal(name)}: ${literal(type)}`);
    return `read_csv(${literal(path)}, ${dialect}, buffer_size=${bytes}, auto_detect=false, columns={${list.join(", ")}})`;
  };
  const asTexts = (names: readonly string[]) => typed(names.map((name) => ({ name, type: "VARCHAR" })));
  const find = `read_csv(${literal(path)}, ${dialect}, buffer_size=${smallBufferBytes}, sample_size=${sample}, auto_type_candidates=['BIGINT','DOUBLE','VARCHAR'])`;
  const found = await describeColumns(connection, `SELECT * FROM ${find}`).catch(async (error) => {
    // The search for types says little; a plain reading names the line.
    const plain = asTexts(headerNames(header, delimiter));
    await rowsOf(connection, `SELECT count(COLUMNS(*)) FROM ${plain}`).catch((cause) => {
      throw readingError(path, cause);
    });
    throw readingError(path, error);
  });
  const columns = found.map((column) =>
    texts.includes(column.name) ? { ...column, type: "VARCHAR" } : column,
  );
  return {
    path,
    isCsv: true,
    columns,
    sql: sample < 0 ? typed(columns) : wholeNumbersChecked(columns, typed),
    textSql: asTexts(columns.map(({ name }) => name)),
  };
}

/** DuckDB takes a list that is cut off behind an event for whole. A gzip file has a checksum against that. */
async function checkListEnds(path: string): Promise<void> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    const at = async (position: number): Promise<string> => {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(1 << 16), 0, 1 << 16, Math.max(0, position));
      return buffer
        .toString("latin1", 0, bytesRead)
        .replace(/^\xef\xbb\xbf/, "")
        .trim();
    };
    if ((await at(0)).startsWith("[") && !(await at(size - (1 << 16))).endsWith("]")) {
      throw new FileFormatError(`"${path}" is truncated: its list of events does not end with "]".`);
    }
  } finally {
    await file.close();
  }
}

/** Stored integers of more than 63 bits as text where they need them, so that they stay exact. */
async function exactTypes(
  connection: DuckDBConnection,
  columns: readonly { name: string; type: string }[],
  sql: string,
): Promise<readonly { name: string; type: string }[]> {
  const wide = columns.filter(({ type }) => /^(UBIGINT|U?HUGEINT)$/.test(type)).map(({ name }) => name);
  if (wide.length === 0) return columns;
  const tests = wide
    .map(identifier)
    .map((name) => `max(${name}) > ${2n ** 63n - 1n} OR min(${name}) < ${1n - 2n ** 63n}`);
  const [row] = await rowsOf(connection, `SELECT ${tests.join(", ")} FROM ${sql}`);
  const exact = wide.filter((_, i) => row![i] === true);
  return columns.map((column) => (exact.includes(column.name) ? { ...column, type: "VARCHAR" } : column));
}

/**
 * DuckDB would round "1.5" further down in a column that its sample took for whole numbers, in silence. Such columns
 * are read as text here and refused where a value is not whole; the reader then looks at the whole file for the types.
 */
function wholeNumbersChecked(
  columns: readonly { name: string; type: string }[],
  typed: (columns: readonly { name: string; type: string }[]) => string,
): string {
  const whole = columns.filter(({ type }) => type === "BIGINT").map(({ name }) => identifier(name));
  if (whole.length === 0) return typed(columns);
  const source = typed(
    columns.map(({ name, type }) => ({ name, type: type === "BIGINT" ? "VARCHAR" : type })),
  );
  const checked = whole.map(
    (name) =>
      `CASE WHEN ${name} IS NULL OR regexp_full_match(${name}, '\\s*[+-]?[0-9]+\\s*') THEN CAST(${name} AS BIGINT) ELSE error('Could not convert') END AS ${name}`,
  );
  return `(SELECT * REPLACE (${checked.join(", ")}) FROM ${source})`;
}

/** The names in a header line, for a file whose rows do not fit it. */
function headerNames(header: string, delimiter: string): string[] {
  const names = header.split(delimiter).map((name) => name.trim().replace(/^"(.*)"$/, "$1"));
  return names.map((name, i) => (name === "" || names.indexOf(name) !== i ? `${name}_${i}` : name));
}

/** The separator that occurs most often in the header. */
function delimiterOf(header: string): string {
  const counts = [",", "\t", ";", "|"].map(
    (delimiter) => [header.split(delimiter).length, delimiter] as const,
  );
  return counts.reduce((best, candidate) => (candidate[0] > best[0] ? candidate : best))[1];
}

/** DuckDB's trouble with the file as an error of ours. */
export function readingError(path: string, error: unknown): Error {
  if (error instanceof LuminError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const line = /CSV Error on Line: (\d+)/.exec(message)?.[1];
  const expected = /Expected Number of Columns: (\d+)\D+Found: (\d+)/.exec(message);
  if (line && expected) {
    return new DataError(`"${path}", line ${line}: expected ${expected[1]} cells, found ${expected[2]}.`);
  }
  if (line) return new DataError(`"${path}", line ${line}: ${csvReason(message)}`);
  if (/sniff|dialect/i.test(message)) {
    return new FileFormatError(
      `"${path}" is not a CSV file whose rows have as many cells as its header has names.`,
    );
  }
  return new FileFormatError(`"${path}" cannot be read: ${firstLine(error)}`);
}

function csvReason(message: string): string {
  const reason = message
    .split("\n")
    .find((text) => text !== "" && !/^(.* Error|Original Line|CSV Error)/.test(text));
  return reason ?? firstLine(message);
}
