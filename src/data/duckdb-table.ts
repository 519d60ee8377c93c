/** A table of ours as a table of DuckDB. */
import { type DuckDBConnection, identifier } from "./duckdb.ts";
import type { Table } from "./table.ts";

/** Creates a table of that name with the columns and rows of `table`. */
export async function createTable(connection: DuckDBConnection, name: string, table: Table): Promise<void> {
  const { BIGINT, DOUBLE, DuckDBDataChunk, FLOAT, INTEGER, VARCHAR } = await import("@duckdb/node-api");
  const entries = Object.entries(table.columns);
  const types = entries.map(([, column]) => {
    if (column instanceof Float32Array) return FLOAT;
    if (column instanceof Float64Array) return DOUBLE;
    if (column instanceof Int32Array) return INTEGER;
    return column instanceof BigInt64Array ? BIGINT : VARCHAR;
  });
  const list = entries.map(([column], i) => `${identifier(column)} ${types[i]}`).join(", ");
  await connection.run(`CREATE TABLE ${identifier(name)} (${list})`);
  const appender = await connection.createAppender(name);
  const step = 2048;
  for (let start = 0; start < table.rowCount; start += step) {
    const count = Math.min(step, table.rowCount - start);
    const chunk = DuckDBDataChunk.create(types, count);
    for (const [i, [, column]] of entries.entries()) {
      chunk.setColumnValues(i, Array.from(column.slice(start, start + count) as readonly string[]));
    }
    appender.appendDataChunk(chunk);
  }
  appender.closeSync();
}
