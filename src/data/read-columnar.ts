/** Events of CSV, TSV (plain or gzip), JSON and Parquet files, through DuckDB. */
import { ConfigurationError, DataError, FileFormatError, LuminError, unknownName } from "../errors/index.ts";
import { ColumnBuilder, type ColumnKind, columnKind } from "./column-builder.ts";
import {
  chunksOf,
  type DuckDBConnection,
  describeColumns,
  firstLine,
  identifier,
  literal,
  rowsOf,
  withDuckDB,
} from "./duckdb.ts";
import { expandNames } from "./expand-names.ts";
import { checkGzip, isGzip, readFirstLine } from "./gzip-check.ts";
import type { ReadTableOptions } from "./read-table.ts";
import { type Column, shortened, type Table } from "./table.ts";

/** How many rows are looked at to tell a column's type; the rest must agree or the whole file is looked at. */
const sampleSize = 20_480;

/** The events of one file. */
export function readColumnar(path: string, options: ReadTableOptions): Promise<Table> {
  return withDuckDB((connection) => readFile(connection, path, options));
}

/** The names of the columns of a file, without reading its events. */
export async function columnarNames(path: string): Promise<string[]> {
  return withDuckDB(async (connection) =>
    (await openSource(connection, path)).columns.map(({ name }) => name),
  );
}

/** One file as DuckDB sees it. */
interface Source {
  readonly path: string;
  readonly isCsv: boolean;
  /** All columns with their SQL types. */
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** The table function to select from. */
  readonly sql: string;
  /** The same with every column as text (CSV only). */
  readonly textSql: string;
}

async function openSource(
  connection: DuckDBConnection,
  path: string,
  { sample = sampleSize, texts = [] }: { readonly sample?: number; readonly texts?: readonly string[] } = {},
): Promise<Source> {
  if (/\.(parquet|pq)$/i.test(path)) {
    const sql = `read_parquet(${literal(path)})`;
    const columns = await describeColumns(connection, `SELECT * FROM ${sql}`).catch((error) => {
      throw new FileFormatError(`"${path}" is not an intact Parquet file: ${firstLine(error)}`);
    });
    return { path, isCsv: false, columns: await exactTypes(connection, columns, sql), sql, textSql: sql };
  }
  if (/\.(json|jsonl|ndjson)(\.gz)?$/i.test(path)) {
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
  const typed = (columns: readonly { name: string; type: string }[]) => {
    const list = columns.map(({ name, type }) => `${literal(name)}: ${literal(type)}`);
    return `read_csv(${literal(path)}, ${dialect}, auto_detect=false, columns={${list.join(", ")}})`;
  };
  const asTexts = (names: readonly string[]) => typed(names.map((name) => ({ name, type: "VARCHAR" })));
  const find = `read_csv(${literal(path)}, ${dialect}, sample_size=${sample}, auto_type_candidates=['BIGINT','DOUBLE','VARCHAR'])`;
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

async function readFile(
  connection: DuckDBConnection,
  path: string,
  options: ReadTableOptions,
): Promise<Table> {
  // A damaged file is told from a badly written one by unpacking it once, beside the reading.
  const intact = (await isGzip(path)) ? checkGzip(path) : Promise.resolve();
  intact.catch(() => {});
  try {
    const table = await readEvents(connection, path, options);
    await intact;
    return table;
  } catch (error) {
    await intact;
    throw error;
  }
}

async function readEvents(
  connection: DuckDBConnection,
  path: string,
  options: ReadTableOptions,
): Promise<Table> {
  const table = await readTyped(connection, path, options, []);
  const texts = await roundedIntegers(connection, path, table, options);
  return texts.length === 0 ? table : readTyped(connection, path, options, texts);
}

/**
 * Columns of a CSV file in which every cell is a whole number and some need more than 64 bits: DuckDB takes them for
 * floating-point numbers, and two identifiers would become one. As text they stay exact.
 */
async function roundedIntegers(
  connection: DuckDBConnection,
  path: string,
  { columns }: Table,
  { numbers }: ReadTableOptions,
): Promise<string[]> {
  const suspects = Object.entries(columns)
    .filter(
      ([name, values]) => values instanceof Float64Array && !listed(numbers, name) && mayBeRounded(values),
    )
    .map(([name]) => name);
  if (suspects.length === 0) return [];
  const source = await openSource(connection, path);
  if (!source.isCsv) return [];
  const tests = suspects
    .map((name) => `bool_and(regexp_full_match(${identifier(name)}, '\\s*[+-]?[0-9]*\\s*'))`)
    .join(", ");
  const [row] = await rowsOf(connection, `SELECT ${tests} FROM ${source.textSql}`);
  return suspects.filter((_, i) => row![i] === true);
}

function mayBeRounded(values: Float64Array): boolean {
  return (
    values.every((x) => Number.isInteger(x) || Number.isNaN(x)) && values.some((x) => Math.abs(x) >= 2 ** 63)
  );
}

async function readTyped(
  connection: DuckDBConnection,
  path: string,
  options: ReadTableOptions,
  texts: readonly string[],
): Promise<Table> {
  const source = await openSource(connection, path, { texts });
  const names = source.columns.map((column) => column.name);
  const wanted = options.columns ? expandNames(options.columns, names, `column of "${path}"`) : names;
  await refuseTextInNumbers(connection, source, wanted, options);
  try {
    return await readColumns(connection, source, wanted, options);
  } catch (error) {
    if (!source.isCsv || error instanceof LuminError || !/onversion Error|convert/.test(String(error)))
      throw error;
    // A value further down does not fit the type that the sample suggested.
    const whole = await openSource(connection, path, { sample: -1, texts });
    for (const [index, { name, type }] of whole.columns.entries()) {
      if (type === "VARCHAR" && source.columns[index]!.type !== "VARCHAR" && !listed(options.texts, name)) {
        const error = await textInNumbers(connection, source, name);
        if (error) throw error;
      }
    }
    return await readColumns(connection, whole, wanted, options);
  }
}

async function readColumns(
  connection: DuckDBConnection,
  source: Source,
  wanted: readonly string[],
  { select, numbers }: ReadTableOptions,
): Promise<Table> {
  // Where the first cells are all empty, DuckDB takes a column for text.
  const isEmptyNumber = (name: string): boolean =>
    source.isCsv &&
    listed(numbers, name) &&
    source.columns.some((c) => c.name === name && c.type === "VARCHAR");
  const kinds = wanted.map((name): ColumnKind => {
    const { type } = source.columns.find((column) => column.name === name)!;
    const kind = isEmptyNumber(name) ? "float64" : columnKind(type);
    if (!kind) {
      throw new DataError(
        `column "${name}" of "${source.path}" holds ${type} values; events need one number or text a column. List the columns to read.`,
      );
    }
    return kind;
  });
  const builders = kinds.map((kind) => new ColumnBuilder(kind, source.isCsv));
  const list = wanted
    .map((name, i) =>
      builders[i]!.expression(
        isEmptyNumber(name) ? `TRY_CAST(${identifier(name)} AS DOUBLE)` : identifier(name),
      ),
    )
    .join(", ");
  const where = select === undefined ? "" : ` WHERE (${select}\n)`;
  let rowCount = 0;
  try {
    for await (const chunk of chunksOf(connection, `SELECT ${list} FROM ${source.sql}${where}`)) {
      for (const [i, builder] of builders.entries()) builder.append(chunk.getColumnVector(i), chunk.rowCount);
      rowCount += chunk.rowCount;
    }
  } catch (error) {
    throw (
      selectionError(error, select, source) ??
      (isConversion(error) ? error : readingError(source.path, error))
    );
  }
  const columns: Record<string, Column> = {};
  for (const [i, name] of wanted.entries()) columns[name] = builders[i]!.finish(name);
  return { rowCount, columns };
}

/** Text among numbers is found in the sample already where the column is listed as, or mostly is, numbers. */
async function refuseTextInNumbers(
  connection: DuckDBConnection,
  source: Source,
  wanted: readonly string[],
  { numbers, texts }: ReadTableOptions,
): Promise<void> {
  const suspects = source.columns
    .filter(({ name, type }) => type === "VARCHAR" && wanted.includes(name) && !listed(texts, name))
    .map(({ name }) => name);
  if (suspects.length === 0) return;
  for (const name of suspects) {
    const error = listed(numbers, name) && (await textInNumbers(connection, source, name));
    if (error) throw error;
  }
  if (!source.isCsv) return;
  const counts = suspects
    .map((name) => `count(TRY_CAST(${identifier(name)} AS DOUBLE)), count(${identifier(name)})`)
    .join(", ");
  const [row] = await rowsOf(
    connection,
    `SELECT ${counts} FROM (SELECT * FROM ${source.textSql} LIMIT ${sampleSize})`,
  ).catch((error) => {
    throw readingError(source.path, error);
  });
  for (const [i, name] of suspects.entries()) {
    const numeric = Number(row![2 * i]);
    const filled = Number(row![2 * i + 1]);
    if (numeric < filled && 2 * numeric > filled) {
      const error = await textInNumbers(connection, source, name);
      if (error) throw error;
    }
  }
}

function listed(patterns: readonly string[] | undefined, name: string): boolean {
  return patterns?.some((pattern) => pattern === name || globMatches(pattern, name)) ?? false;
}

function globMatches(pattern: string, name: string): boolean {
  try {
    return expandNames([pattern], [name]).length > 0;
  } catch {
    return false;
  }
}

/** The error for the first text in a column of numbers; none for a CSV column that has only empty cells. */
async function textInNumbers(
  connection: DuckDBConnection,
  source: Source,
  name: string,
): Promise<DataError | undefined> {
  const column = identifier(name);
  const [found] = await rowsOf(
    connection,
    `SELECT number, value FROM (SELECT row_number() OVER () AS number, ${column} AS value FROM ${source.textSql})
     WHERE trim(value) <> '' AND TRY_CAST(value AS DOUBLE) IS NULL ORDER BY number LIMIT 1`,
  );
  if (!found && source.isCsv) return undefined;
  if (!found) return new DataError(`"${source.path}": the column "${name}" holds text, numbers are needed.`);
  const row = Number(found[0]);
  return new DataError(
    `"${source.path}", row ${row}${source.isCsv ? ` (line ${row + 1})` : ""}: the column "${name}" holds numbers, but here it is the text "${shortened(String(found[1]))}".`,
  );
}

function isConversion(error: unknown): boolean {
  return /^Conversion Error|Error when converting|Could not convert/.test(
    error instanceof Error ? error.message : "",
  );
}

/** DuckDB's trouble with the file as an error of ours. */
function readingError(path: string, error: unknown): Error {
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

/** DuckDB's trouble with the user's selection as an error of ours. */
function selectionError(error: unknown, select: string | undefined, source: Source): Error | undefined {
  if (select === undefined || error instanceof LuminError) return undefined;
  const message = error instanceof Error ? error.message : String(error);
  const unknown = /Referenced column "(.+?)" not found/.exec(message)?.[1];
  if (unknown !== undefined) {
    return unknownName(
      `selection ${select}: column`,
      unknown,
      source.columns.map((column) => column.name),
    );
  }
  if (/^(Failed to extract statements: )?(Parser|Binder|Catalog) Error/.test(message)) {
    const reason = firstLine(error).replace(/^.*Parser Error: /, "");
    return new ConfigurationError(`selection ${select}: ${reason}`);
  }
  // "Label > 3" on a text column: the file is right, the comparison is not.
  if (/^Conversion Error/.test(message) && !/CSV Error/.test(message)) {
    return new ConfigurationError(`selection ${select}: ${firstLine(error)}`);
  }
  return undefined;
}
