/** A DuckDB session for one reading or writing job. DuckDB is loaded when the first one is opened. */
import { availableParallelism } from "node:os";
import type { DuckDBConnection, DuckDBDataChunk, DuckDBMaterializedResult } from "@duckdb/node-api";

/** What a session may use. */
export interface DuckDBLimits {
  /** Bytes of memory (default 1 GB). */
  readonly memory?: number | undefined;
}

/** A database in memory that is open. */
export interface DuckDBSession {
  readonly connection: DuckDBConnection;
  close(): void;
}

/** Opens a fresh in-memory database that touches no network. */
export async function openDuckDB({ memory = 1e9 }: DuckDBLimits = {}): Promise<DuckDBSession> {
  const { DuckDBInstance } = await import("@duckdb/node-api");
  const instance = await DuckDBInstance.create(":memory:", {
    // Each thread holds a part of the file.
    threads: String(memory < 128e6 ? 1 : Math.min(4, availableParallelism())),
    // Rows come in the order of the file, whatever the number of threads.
    preserve_insertion_order: "true",
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
    memory_limit: `${Math.floor(memory / 1000)}KB`,
  });
  try {
    const connection = await instance.connect();
    return {
      connection,
      close: () => {
        connection.closeSync();
        instance.closeSync();
      },
    };
  } catch (error) {
    instance.closeSync();
    throw error;
  }
}

/** Runs `work` with a fresh in-memory database that touches no network, and closes it. */
export async function withDuckDB<T>(
  work: (connection: DuckDBConnection) => Promise<T>,
  limits: DuckDBLimits = {},
): Promise<T> {
  const { connection, close } = await openDuckDB(limits);
  try {
    return await work(connection);
  } finally {
    close();
  }
}

/** Some rows of a query's result. */
export interface QueryChunk {
  readonly rowCount: number;
  readonly columns: readonly ChunkColumn[];
}

type Bindings = typeof import("@duckdb/node-bindings");

/** The values of one column of a chunk, none of which is NULL. */
export class ChunkColumn {
  readonly #bindings: Bindings;
  readonly #chunk: DuckDBDataChunk;
  readonly #index: number;

  constructor(bindings: Bindings, chunk: DuckDBDataChunk, index: number) {
    this.#bindings = bindings;
    this.#chunk = chunk;
    this.#index = index;
  }

  /** The values as DuckDB has them in its memory, of so many bytes each; to be used at once. */
  bytes(width: number): Uint8Array {
    const { chunk, rowCount } = this.#chunk;
    // A vector of the wrapping library costs three times as much: it looks for NULL, too.
    const vector = this.#bindings.data_chunk_get_vector(chunk, this.#index);
    return this.#bindings.vector_get_data(vector, rowCount * width);
  }

  /** One text, of any length. */
  text(row: number): string {
    return String(this.#chunk.getColumnVector(this.#index).getItem(row));
  }
}

let ahead: Promise<unknown> = Promise.resolve();

/** Resolves when DuckDB no longer works on the chunk that was asked for last, wanted or not. */
export async function chunkAhead(): Promise<void> {
  await ahead;
}

/**
 * The rows that a query gives, chunk by chunk, in order.
 *
 * @param columns the expressions to select.
 * @param source what stands behind FROM.
 * @throws DuckDB's error, also where it comes only after some rows.
 */
export async function* chunksOf(
  connection: DuckDBConnection,
  columns: readonly string[],
  source: string,
): AsyncGenerator<QueryChunk> {
  const { default: bindings } = await import("@duckdb/node-bindings");
  // DuckDB ends a stream that fails as if it were complete. Only a complete one has the row that comes last here.
  const result = await connection.stream(
    `SELECT ${columns.join(", ")}, false FROM ${source} UNION ALL SELECT ${"NULL, ".repeat(columns.length)}true`,
  );
  const fetched = (): ReturnType<typeof result.fetchChunk> => {
    const chunk = result.fetchChunk();
    // Whoever awaits it hears of it.
    ahead = chunk.catch(() => {});
    return chunk;
  };
  let next = fetched();
  try {
    for (;;) {
      const chunk = await next;
      if (!chunk || chunk.rowCount === 0) throw await failureOf(connection, columns, source);
      const isLast = chunk.getColumnVector(columns.length).getItem(chunk.rowCount - 1) === true;
      // DuckDB works on the one behind it while this one is used.
      if (!isLast) next = fetched();
      const rowCount = isLast ? chunk.rowCount - 1 : chunk.rowCount;
      if (rowCount > 0) {
        yield { rowCount, columns: columns.map((_, i) => new ChunkColumn(bindings, chunk, i)) };
      }
      if (isLast) return;
    }
  } finally {
    // The database must not be closed before.
    await next.catch(() => {});
  }
}

/** The rows of a result that is in memory, chunk by chunk, in order. */
export async function* chunksOfResult(
  result: DuckDBMaterializedResult,
  columnCount: number,
): AsyncGenerator<QueryChunk> {
  const { default: bindings } = await import("@duckdb/node-bindings");
  for (let i = 0; i < result.chunkCount; i++) {
    const chunk = result.getChunk(i);
    const columns = Array.from({ length: columnCount }, (_, c) => new ChunkColumn(bindings, chunk, c));
    yield { rowCount: chunk.rowCount, columns };
  }
}

/** Why a stream ended early: the same once more, in a way that tells. */
async function failureOf(
  connection: DuckDBConnection,
  columns: readonly string[],
  source: string,
): Promise<unknown> {
  try {
    await connection.run(`SELECT max(hash(${columns.join(", ")})) FROM ${source}`);
  } catch (error) {
    return error;
  }
  return new Error("the reading ended before the last row");
}

/** Names and types of a query's columns. */
export async function describeColumns(
  connection: DuckDBConnection,
  sql: string,
): Promise<{ name: string; type: string }[]> {
  const reader = await connection.runAndReadAll(`DESCRIBE ${sql}`);
  return reader.getRows().map((row) => ({ name: String(row[0]), type: String(row[1]) }));
}

/** The rows of a small result. */
export async function rowsOf(connection: DuckDBConnection, sql: string): Promise<readonly unknown[][]> {
  return (await connection.runAndReadAll(sql)).getRows();
}

/** A name as an SQL identifier. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text as an SQL literal. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** The first line of DuckDB's message without its class. */
export function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.split("\n", 1)[0]!.replace(/^[A-Z][A-Za-z ]* Error: /, "");
}

export type { DuckDBConnection, DuckDBMaterializedResult };
