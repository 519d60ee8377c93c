/** Events of CSV, TSV (plain or gzip), JSON and Parquet files, through DuckDB: at once, or piece by piece. */
import { stat } from "node:fs/promises";
import { LuminError } from "../errors/index.ts";
import { finishedKind } from "./column-builder.ts";
import type { ColumnKind } from "./column-kind.ts";
import {
  aggregatesOf,
  buildersOf,
  type ColumnarQuery,
  chunksOfQuery,
  columnarQuery,
  letGo,
  materialised,
  narrowed,
  type QueryColumn,
} from "./columnar-query.ts";
import { openSource, type SourceOptions } from "./columnar-source.ts";
import {
  type DuckDBConnection,
  type DuckDBLimits,
  type DuckDBSession,
  identifier,
  openDuckDB,
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

/** The events of one file, looked through once for the types that hold all of them. */
export function scanColumnar(
  path: string,
  options: ReadTableOptions,
  limits: DuckDBLimits,
): Promise<TableScan> {
  return whileIntact(path, async () => {
    const { size } = await stat(path);
    const isSmall = size <= bytesToKeep / ((await isGzip(path)) ? 8 : 1) && limits.memory === undefined;
    const session = await openDuckDB(limits);
    let kept: KeptRows | undefined;
    try {
      const { query, result } = await withExactTypes(
        session.connection,
        path,
        options,
        limits,
        async (query) => {
          const isKept = isSmall && query.source.isCsv;
          const rows = isKept ? await materialised(session.connection, query) : undefined;
          kept = rows && { query: rows, session };
          return survey(session.connection, rows ?? query);
        },
      );
      return {
        ...result,
        pieces: () => {
          const session = kept?.session;
          const rows = narrowed(kept?.query ?? query, result.kinds);
          kept = undefined;
          return piecesOf(rows, limits, session);
        },
      };
    } catch (error) {
      kept = undefined;
      throw error;
    } finally {
      if (kept === undefined) session.close();
    }
  });
}

/** Larger text files are read once for their types, and again for their rows. */
const bytesToKeep = 200e6;

/** The rows of a file in the memory of an open session, good for one time. */
interface KeptRows {
  readonly query: ColumnarQuery;
  readonly session: DuckDBSession;
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

/** The table of `readQuery` in pieces, of which each has columns as narrow as its own values allow. */
async function* piecesOf(
  query: ColumnarQuery,
  limits: DuckDBLimits,
  session: DuckDBSession | undefined,
): AsyncGenerator<Table> {
  const { connection, close } = session ?? (await openDuckDB(limits));
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
    for await (const chunk of chunksOfQuery(connection, query)) {
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
    if (session) await letGo(connection);
    close();
  }
}

/** How many rows there are, and what their columns become: as the builders of the whole columns would find. */
async function survey(
  connection: DuckDBConnection,
  query: ColumnarQuery,
): Promise<Reading<{ readonly rowCount: number; readonly kinds: Readonly<Record<string, ColumnKind>> }>> {
  const looks = query.columns.flatMap(lookAt);
  const row = await aggregatesOf(connection, query, ["count(*)", ...looks]);
  const kinds: Record<string, ColumnKind> = {};
  const large: QueryColumn[] = [];
  for (const [i, column] of query.columns.entries()) {
    const { name, kind } = column;
    const [first, second] = [row[1 + 2 * i], row[2 + 2 * i]];
    if (kind === "float64" && first === true) large.push(column);
    kinds[name] =
      kind === "int32" || kind === "int64"
        ? finishedKind(kind, query.source.isCsv, first as bigint | null, second as bigint | null)
        : kind;
  }
  return { result: { rowCount: Number(row[0]), kinds }, rounded: await wholeOnly(connection, query, large) };
}

/** Those of the columns in which every value is a whole number or missing. */
async function wholeOnly(
  connection: DuckDBConnection,
  query: ColumnarQuery,
  columns: readonly QueryColumn[],
): Promise<string[]> {
  if (columns.length === 0) return [];
  const tests = columns.map(
    ({ sql }) => `bool_and(isnan(${sql}) OR (isfinite(${sql}) AND trunc(${sql}) = ${sql}))`,
  );
  const row = await aggregatesOf(connection, query, tests);
  return columns.filter((_, i) => row[i] === true).map(({ name }) => name);
}

/** Two expressions of all values of a column, by which its kind is known; every value is converted for them. */
function lookAt({ kind, sql }: QueryColumn): readonly [string, string] {
  switch (kind) {
    case "int32":
    case "int64":
      return [`min(${sql})`, `max(${sql})`];
    case "float64":
      // DuckDB takes NaN for the greatest number. As "abs(…) … NOT isnan(…)" it takes ten times as long.
      return [
        `bool_or((${sql} >= ${2 ** 63} AND ${sql} <= 'inf'::DOUBLE) OR ${sql} <= ${-(2 ** 63)})`,
        "NULL",
      ];
    case "float32":
    case "text":
      return [`count(${sql})`, "NULL"];
  }
}
