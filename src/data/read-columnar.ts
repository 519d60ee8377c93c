/** Events of CSV, TSV (plain or gzip), JSON and Parquet files, through DuckDB: at once, or piece by piece. */
import { LuminError } from "../errors/index.ts";
import {
  buildersOf,
  type ColumnarQuery,
  chunksOfQuery,
  columnarQuery,
  letGo,
  materialised,
  narrowed,
  rowsInMemory,
} from "./columnar-query.ts";
import { openSource, type SourceOptions } from "./columnar-source.ts";
import { type Survey, surveyBySql, surveyInMemory } from "./columnar-survey.ts";
import {
  chunksOfResult,
  type DuckDBConnection,
  type DuckDBLimits,
  type DuckDBSession,
  identifier,
  openDuckDB,
  type QueryChunk,
  rowsOf,
  withDuckDB,
} from "./duckdb.ts";
import { expandNames } from "./expand-names.ts";
import { checkGzip, isGzip } from "./gzip-check.ts";
import type { ReadTableOptions } from "./read-table.ts";
import type { Column, Table } from "./table.ts";
import { rowsOfPieces, type TableScan } from "./table-scan.ts";
import { listed, refuseTextInNumbers, textInNumbers } from "./text-in-numbers.ts";

/** The events of one file. */
export function readColumnar(path: string, options: ReadTableOptions): Promise<Table> {
  return whileIntact(path, () =>
    withDuckDB(async (connection) => {
      const { result } = await withExactTypes(connection, path, options, {}, async (query) => {
        const table = await readQuery(connection, query);
        const rounded = query.columns
          .filter(({ name, kind }) => kind === "float64" && mayBeRounded(table.columns[name] as Float64Array))
          .map(({ name }) => name);
        return { result: table, rounded };
      });
      return result;
    }),
  );
}

/** What a look at a file may use. */
export interface ScanLimits extends DuckDBLimits {
  /** Whether the rows of a CSV file may stay in memory until they are read (default: no, then it is read again). */
  readonly keep?: boolean | undefined;
  /** Whether it is done in a thread that ends after the reading, by which all memory is given back. */
  readonly threadEnds?: boolean | undefined;
}

/** What a look through a whole file finds. */
export interface ColumnarLook extends Omit<TableScan, "pieces"> {
  readonly rowCount: number;
  /** Gives the rows, in the types that hold all of them. */
  readonly query: ColumnarQuery;
  /** The rows that stay in memory, good for one time. */
  readonly kept?: (() => AsyncIterable<Table>) | undefined;
}

/** The events of one file, looked through once for the types that hold all of them. */
export async function scanColumnar(
  path: string,
  options: ReadTableOptions,
  limits: ScanLimits,
): Promise<TableScan> {
  const look = await lookAtColumnar(path, options, limits);
  const { rowCount, kinds, query } = look;
  let { kept } = look;
  return {
    rowCount,
    kinds,
    pieces: () => {
      const pieces = kept?.() ?? piecesReadAnew(query, limits);
      kept = undefined;
      return pieces;
    },
  };
}

/** A look through one file. */
export function lookAtColumnar(
  path: string,
  options: ReadTableOptions,
  limits: ScanLimits,
): Promise<ColumnarLook> {
  const { keep = false, threadEnds = false } = limits;
  return whileIntact(path, async () => {
    const session = await openDuckDB(limits);
    const { connection } = session;
    let rows: KeptRows | undefined;
    try {
      const { query, result } = await withExactTypes(connection, path, options, limits, async (query) => {
        rows = keep && query.source.isCsv ? await keptRows(session, query, threadEnds) : undefined;
        const { rounded, ...result } = rows?.survey ?? (await surveyBySql(connection, query));
        return { result, rounded };
      });
      return { ...result, query: narrowed(query, result.kinds), kept: rows?.pieces };
    } catch (error) {
      rows = undefined;
      throw error;
    } finally {
      if (rows === undefined) session.close();
    }
  });
}

/** The rows of a file in memory, good for one time. */
interface KeptRows {
  readonly survey: Survey;
  readonly pieces: () => AsyncIterable<Table>;
}

/** @param threadEnds as in `ScanLimits`: elsewhere the memory of a result is given back when JavaScript pleases. */
async function keptRows(
  { connection, close }: DuckDBSession,
  query: ColumnarQuery,
  threadEnds: boolean,
): Promise<KeptRows> {
  const rows = threadEnds ? await rowsInMemory(connection, query) : undefined;
  if (rows) {
    const chunks = chunksOfResult(rows.result, query.columns.length);
    // What a closed database leaves of its results is never given back, not even at the end of the thread.
    return { survey: await surveyInMemory(rows), pieces: () => piecesOf(rows.query, chunks, () => {}) };
  }
  const table = await materialised(connection, query);
  const survey = await surveyBySql(connection, table);
  const known = narrowed(table, survey.kinds);
  return {
    survey,
    pieces: () =>
      piecesOf(known, chunksOfQuery(connection, known), async () => {
        await letGo(connection);
        close();
      }),
  };
}

/** The names of the columns of a file, without reading its events. */
export async function columnarNames(path: string): Promise<string[]> {
  return withDuckDB(async (connection) =>
    (await openSource(connection, path)).columns.map(({ name }) => name),
  );
}

/** A damaged gzip file is told from a badly written one by unpacking it once, beside the reading. */
async function whileIntact<T>(path: string, read: () => Promise<T>): Promise<T> {
  const intact = (await isGzip(path)) ? checkGzip(path) : Promise.resolve();
  intact.catch(() => {});
  try {
    const result = await read();
    await intact;
    return result;
  } catch (error) {
    await intact;
    throw error;
  }
}

/** What was read, and the columns in which DuckDB may have rounded whole numbers. */
interface Reading<T> {
  readonly result: T;
  readonly rounded: readonly string[];
}

/** Reads with the types that the sample suggests, and again with others where the values do not agree with them. */
async function withExactTypes<T>(
  connection: DuckDBConnection,
  path: string,
  options: ReadTableOptions,
  limits: DuckDBLimits,
  read: (query: ColumnarQuery) => Promise<Reading<T>>,
): Promise<{ readonly query: ColumnarQuery; readonly result: T }> {
  const isTight = limits.memory !== undefined;
  const first = await readTyped(connection, path, options, { isTight, texts: [] }, read);
  const texts = await wholeNumbers(
    connection,
    path,
    first.rounded.filter((name) => !listed(options.numbers, name)),
  );
  return texts.length === 0 ? first : readTyped(connection, path, options, { isTight, texts }, read);
}

async function readTyped<T>(
  connection: DuckDBConnection,
  path: string,
  options: ReadTableOptions,
  look: SourceOptions,
  read: (query: ColumnarQuery) => Promise<Reading<T>>,
): Promise<Reading<T> & { readonly query: ColumnarQuery }> {
  const source = await openSource(connection, path, look);
  const names = source.columns.map((column) => column.name);
  const wanted = options.columns ? expandNames(options.columns, names, `column of "${path}"`) : names;
  await refuseTextInNumbers(connection, source, wanted, options);
  try {
    const query = columnarQuery(source, wanted, options);
    return { query, ...(await read(query)) };
  } catch (error) {
    if (!source.isCsv || error instanceof LuminError || !/onversion Error|convert/.test(String(error)))
      throw error;
    // A value further down does not fit the type that the sample suggested.
    const whole = await openSource(connection, path, { ...look, sample: -1 });
    for (const [index, { name, type }] of whole.columns.entries()) {
      if (type === "VARCHAR" && source.columns[index]!.type !== "VARCHAR" && !listed(options.texts, name)) {
        const error = await textInNumbers(connection, source, name);
        if (error) throw error;
      }
    }
    const query = columnarQuery(whole, wanted, options);
    return { query, ...(await read(query)) };
  }
}

/**
 * Columns of a CSV file in which every cell is a whole number and some need more than 64 bits: DuckDB takes them for
 * floating-point numbers, and two identifiers would become one. As text they stay exact.
 */
async function wholeNumbers(
  connection: DuckDBConnection,
  path: string,
  suspects: readonly string[],
): Promise<string[]> {
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

async function readQuery(connection: DuckDBConnection, query: ColumnarQuery): Promise<Table> {
  const builders = buildersOf(query);
  let rowCount = 0;
  for await (const chunk of chunksOfQuery(connection, query)) {
    for (const [i, builder] of builders.entries()) builder.append(chunk.columns[i]!, 0, chunk.rowCount);
    rowCount += chunk.rowCount;
  }
  const columns: Record<string, Column> = {};
  for (const [i, { name }] of query.columns.entries()) columns[name] = builders[i]!.finish(name);
  return { rowCount, columns };
}

/** The pieces of the rows of a query. */
export async function* piecesReadAnew(query: ColumnarQuery, limits: DuckDBLimits): AsyncGenerator<Table> {
  const { connection, close } = await openDuckDB(limits);
  yield* piecesOf(query, chunksOfQuery(connection, query), close);
}

/** The table of `readQuery` in pieces, of which each has columns as narrow as its own values allow. */
async function* piecesOf(
  query: ColumnarQuery,
  chunks: AsyncIterable<QueryChunk>,
  close: () => void | Promise<void>,
): AsyncGenerator<Table> {
  // As they are wanted mostly: then they need not be cut anew.
  const rowsAtOnce = rowsOfPieces(query.columns.length);
  try {
    let builders = buildersOf(query, rowsAtOnce);
    let rowCount = 0;
    let firstRow = 0;
    const finish = (): Table => {
      const columns: Record<string, Column> = {};
      for (const [i, { name }] of query.columns.entries())
        columns[name] = builders[i]!.finish(name, firstRow);
      const table = { rowCount, columns };
      firstRow += rowCount;
      rowCount = 0;
      builders = buildersOf(query, rowsAtOnce);
      return table;
    };
    for await (const chunk of chunks) {
      for (let from = 0; from < chunk.rowCount; ) {
        const count = Math.min(chunk.rowCount - from, rowsAtOnce - rowCount);
        for (const [i, builder] of builders.entries()) builder.append(chunk.columns[i]!, from, count);
        from += count;
        rowCount += count;
        if (rowCount === rowsAtOnce) yield finish();
      }
    }
    if (rowCount > 0) yield finish();
  } finally {
    await close();
  }
}
