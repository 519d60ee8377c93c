/** New columns of a table from SQL expressions of its columns. */
import { ConfigurationError, LuminError, unknownName } from "../errors/index.ts";
import { ColumnBuilder, columnKind, withoutNull } from "./column-builder.ts";
import {
  chunksOf,
  type DuckDBConnection,
  describeColumns,
  firstLine,
  identifier,
  withDuckDB,
} from "./duckdb.ts";
import { createTable } from "./duckdb-table.ts";
import { type Column, selectRows, type Table, tableOf } from "./table.ts";

/**
 * The table with one more column for each expression, such as `PRI_met * cos(PRI_met_phi)` or
 * `CASE WHEN Label = 's' THEN 'signal' ELSE 'background' END` (SQL of DuckDB). A missing number is NULL in SQL, and
 * what is NULL becomes NaN, or "" in text. Expressions see the columns of the table, not each other.
 *
 * @throws ConfigurationError for an expression that is not valid SQL or gives no number or text, or a name that the
 * table has already; UnknownNameError for a column that the table does not have.
 * @example
 * const table = { rowCount: 2, columns: { pt: new Float64Array([3, 4]) } };
 * (await computeColumns(table, { double: "2 * pt" })).columns.double // Float64Array [6, 8]
 */
export async function computeColumns(
  table: Table,
  expressions: Readonly<Record<string, string>>,
): Promise<Table> {
  const entries = Object.entries(expressions);
  if (entries.length === 0) return table;
  const known = Object.keys(table.columns);
  for (const [name] of entries) {
    if (known.includes(name)) {
      throw new ConfigurationError(
        `computed column "${name}": the events have a column of this name; choose another.`,
      );
    }
  }
  const computed = await withDuckDB(async (connection) => {
    const events = mentioned(table, entries);
    await createTable(connection, "stored", events);
    await connection.run(`CREATE VIEW events AS SELECT ${gapsAsNull(events)} FROM stored`);
    const result: Record<string, Column> = {};
    for (const [name, expression] of entries) {
      try {
        result[name] = await evaluate(connection, expression, table.rowCount);
      } catch (error) {
        throw expressionError(`computed column "${name}" (${expression})`, error, known);
      }
    }
    return result;
  });
  return tableOf({ ...table.columns, ...computed });
}

/**
 * The rows for which an SQL expression of the columns is true.
 *
 * @throws ConfigurationError for an expression that is not valid SQL; UnknownNameError for a column that is not there.
 */
export async function selectWhere(table: Table, condition: string): Promise<Table> {
  const known = Object.keys(table.columns);
  const truth = `CASE WHEN (${condition}\n) THEN 1 ELSE 0 END`;
  const passes = await withDuckDB(async (connection) => {
    const events = mentioned(table, [["", condition]]);
    await createTable(connection, "stored", events);
    await connection.run(`CREATE VIEW events AS SELECT ${gapsAsNull(events)} FROM stored`);
    try {
      return (await evaluate(connection, truth, table.rowCount)) as ArrayLike<number>;
    } catch (error) {
      throw expressionError(`selection ${condition}`, error, known);
    }
  });
  const rows: number[] = [];
  for (let i = 0; i < table.rowCount; i++) if (passes[i] === 1) rows.push(i);
  return selectRows(table, rows);
}

async function evaluate(connection: DuckDBConnection, expression: string, rowCount: number): Promise<Column> {
  // A line of its own for the bracket: the expression may end in a comment.
  const value = `(${expression}\n)`;
  const [described] = await describeColumns(connection, `SELECT ${value} FROM events`);
  const kind = columnKind(described!.type);
  if (kind === undefined) throw new ConfigurationError(`it gives ${described!.type}, not numbers or text.`);
  const builder = new ColumnBuilder(kind, true);
  let count = 0;
  for await (const chunk of chunksOf(connection, [withoutNull(kind, value)], "events")) {
    builder.append(chunk.columns[0]!, 0, chunk.rowCount);
    count += chunk.rowCount;
  }
  if (count !== rowCount) throw new ConfigurationError(`it gives ${count} values for ${rowCount} events.`);
  return builder.finish("computed");
}

/** The columns whose names occur in an expression; one column where none does, for the rows. */
function mentioned({ columns, rowCount }: Table, expressions: readonly (readonly [string, string])[]): Table {
  const text = expressions.map(([, expression]) => expression.toLowerCase()).join("\n");
  const names = Object.keys(columns).filter((name) => text.includes(name.toLowerCase()));
  const kept = names.length > 0 ? names : Object.keys(columns).slice(0, 1);
  return { rowCount, columns: Object.fromEntries(kept.map((name) => [name, columns[name]!])) };
}

/** The columns of the stored table, NaN and empty text as NULL. */
function gapsAsNull({ columns }: Table): string {
  return Object.entries(columns)
    .map(([name, column]) => {
      const id = identifier(name);
      if (column instanceof Float32Array) return `nullif(${id}, 'nan'::FLOAT) AS ${id}`;
      if (column instanceof Float64Array) return `nullif(${id}, 'nan'::DOUBLE) AS ${id}`;
      return ArrayBuffer.isView(column) ? id : `nullif(${id}, '') AS ${id}`;
    })
    .join(", ");
}

/** DuckDB's trouble with an expression as an error of ours. */
function expressionError(where: string, error: unknown, known: readonly string[]): Error {
  const message = error instanceof Error ? error.message : String(error);
  const unknown = /Referenced column "(.+?)" not found/.exec(message)?.[1];
  if (unknown !== undefined) return unknownName(`${where}: column`, unknown, known);
  if (error instanceof LuminError) return new ConfigurationError(`${where}: ${message}`);
  return new ConfigurationError(`${where}: ${firstLine(error).replace(/^.*Parser Error: /, "")}`);
}
