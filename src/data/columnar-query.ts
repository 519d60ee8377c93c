/** The query that gives the wanted columns and rows of a columnar file, in types that a table holds exactly. */
import { ConfigurationError, DataError, LuminError, unknownName } from "../errors/index.ts";
import { ColumnBuilder, columnKind, withoutNull } from "./column-builder.ts";
import type { ColumnKind } from "./column-kind.ts";
import { readingError, type Source } from "./columnar-source.ts";
import {
  chunksOf,
  type DuckDBConnection,
  type DuckDBMaterializedResult,
  firstLine,
  identifier,
  type QueryChunk,
  rowsOf,
} from "./duckdb.ts";
import type { ReadTableOptions } from "./read-table.ts";
import { listed } from "./text-in-numbers.ts";

/** What to ask of one file. */
export interface ColumnarQuery {
  readonly source: Source;
  readonly columns: readonly QueryColumn[];
  readonly select: string | undefined;
}

/** A wanted column. */
export interface QueryColumn {
  readonly name: string;
  /** As DuckDB hands it over; a column builder may make it narrower, or find gaps in it. */
  readonly kind: ColumnKind;
  /** The SQL of its values, without NULL. */
  readonly sql: string;
  /** Whether it is known that whole numbers have no gaps. */
  readonly isComplete?: boolean;
}

/** The query for some columns of a file. @throws DataError for columns of lists and the like. */
export function columnarQuery(
  source: Source,
  wanted: readonly string[],
  { select, numbers }: ReadTableOptions,
): ColumnarQuery {
  const columns = wanted.map((name): QueryColumn => {
    const { type } = source.columns.find((column) => column.name === name)!;
    // Where the first cells are all empty, DuckDB takes a column for text.
    const isEmptyNumber = source.isCsv && type === "VARCHAR" && listed(numbers, name);
    const kind = isEmptyNumber ? "float64" : columnKind(type);
    if (!kind) {
      throw new DataError(
        `column "${name}" of "${source.path}" holds ${type} values; events need one number or text a column. List the columns to read.`,
      );
    }
    const value = isEmptyNumber ? `TRY_CAST(${identifier(name)} AS DOUBLE)` : identifier(name);
    return { name, kind, sql: withoutNull(kind, value) };
  });
  return { source, columns, select };
}

/** A builder for each column of the query. @param rows how many rows are expected. */
export function buildersOf({ columns, source }: ColumnarQuery, rows?: number): ColumnBuilder[] {
  return columns.map(({ kind, isComplete }) => new ColumnBuilder(kind, source.isCsv, isComplete, rows));
}

/** The query whose 64-bit integers come as 32-bit ones where a look at all of them found that they may. */
export function narrowed(query: ColumnarQuery, kinds: Readonly<Record<string, ColumnKind>>): ColumnarQuery {
  const columns = query.columns.map((column): QueryColumn => {
    if (column.kind !== "int64" || kinds[column.name] !== "int32") return column;
    return { ...column, kind: "int32", sql: `CAST(${column.sql} AS INTEGER)`, isComplete: true };
  });
  return { ...query, columns };
}

/**
 * What the query gives, chunk by chunk, in the order of the file.
 *
 * @throws DataError, FileFormatError, ConfigurationError for what is wrong with the file or the selection; DuckDB's own
 * error for a value that is not of the column's type.
 */
export async function* chunksOfQuery(
  connection: DuckDBConnection,
  query: ColumnarQuery,
): AsyncGenerator<QueryChunk> {
  try {
    const columns = query.columns.map(({ sql }) => sql);
    yield* chunksOf(connection, columns, sourceOf(query));
  } catch (error) {
    throw queryError(query, error);
  }
}

/** Rows in memory, whose columns are of the kinds that hold all of their values. */
export interface RowsInMemory {
  readonly query: ColumnarQuery;
  readonly result: DuckDBMaterializedResult;
}

const notSmall = "not a whole number of 32 bits";

/**
 * The rows of the query in memory, where its whole numbers all have 32 bits and none is missing; else undefined, mostly
 * after a small part of the file. This takes a quarter less time than `materialised`, and less memory.
 *
 * @throws as `chunksOfQuery` does.
 */
export async function rowsInMemory(
  connection: DuckDBConnection,
  query: ColumnarQuery,
): Promise<RowsInMemory | undefined> {
  const columns = query.columns.map((column): QueryColumn => {
    if (column.kind !== "int64" && column.kind !== "int32") return column;
    const { sql } = column;
    const range = `${sql} > ${-(2n ** 31n)} AND ${sql} < ${2n ** 31n}`;
    const small = `CASE WHEN ${range} THEN CAST(${sql} AS INTEGER) ELSE error('${notSmall}') END`;
    return { ...column, kind: "int32", sql: small, isComplete: true };
  });
  const values = columns.map(({ sql }) => sql);
  try {
    const result = await connection.run(`SELECT ${values.join(", ")} FROM ${sourceOf(query)}`);
    return { query: { ...query, columns }, result };
  } catch (error) {
    if (String(error).includes(notSmall)) return undefined;
    throw queryError(query, error);
  }
}

/**
 * The rows of the query in DuckDB's own memory: one reading of the file, for several looks at it.
 *
 * @throws as `chunksOfQuery` does.
 */
export async function materialised(
  connection: DuckDBConnection,
  query: ColumnarQuery,
): Promise<ColumnarQuery> {
  const names = query.columns.map((_, i) => `c${i}`);
  const values = query.columns.map(({ sql }, i) => `${sql} AS ${names[i]}`);
  try {
    await connection.run(
      `CREATE OR REPLACE TABLE events AS SELECT ${values.join(", ")} FROM ${sourceOf(query)}`,
    );
  } catch (error) {
    throw queryError(query, error);
  }
  return {
    source: { ...query.source, sql: "events" },
    columns: query.columns.map((column, i) => ({ ...column, sql: names[i]! })),
    select: undefined,
  };
}

/** Frees the rows of `materialised`; a closed database keeps them until the last result of it is garbage. */
export async function letGo(connection: DuckDBConnection): Promise<void> {
  // What went wrong before is what is to be told.
  await connection.run("DROP TABLE IF EXISTS events").catch(() => {});
}

/** One row of aggregates over the rows of the query. @throws as `chunksOfQuery` does. */
export async function aggregatesOf(
  connection: DuckDBConnection,
  query: ColumnarQuery,
  aggregates: readonly string[],
): Promise<readonly unknown[]> {
  try {
    const [row] = await rowsOf(connection, `SELECT ${aggregates.join(", ")} FROM ${sourceOf(query)}`);
    return row!;
  } catch (error) {
    throw queryError(query, error);
  }
}

function sourceOf({ source, select }: ColumnarQuery): string {
  return select === undefined ? source.sql : `${source.sql} WHERE (${select}\n)`;
}

function queryError({ source, select }: ColumnarQuery, error: unknown): unknown {
  return (
    selectionError(error, select, source) ?? (isConversion(error) ? error : readingError(source.path, error))
  );
}

function isConversion(error: unknown): boolean {
  return /^Conversion Error|Error when converting|Could not convert/.test(
    error instanceof Error ? error.message : "",
  );
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
