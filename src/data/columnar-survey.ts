/** A look at all rows of a columnar file, for the types that hold them: by SQL, or over rows that are in memory. */
import { finishedKind } from "./column-builder.ts";
import type { ColumnKind } from "./column-kind.ts";
import { aggregatesOf, type ColumnarQuery, type QueryColumn, type RowsInMemory } from "./columnar-query.ts";
import { chunksOfResult, type DuckDBConnection } from "./duckdb.ts";

/** What a look at all rows finds. */
export interface Survey {
  readonly rowCount: number;
  /** What the columns become: as the builders of the whole columns would find. */
  readonly kinds: Readonly<Record<string, ColumnKind>>;
  /** The columns in which DuckDB may have rounded whole numbers. */
  readonly rounded: readonly string[];
}

/** From this size on DuckDB reads whole numbers as floating-point numbers. */
const largeNumber = 2 ** 63;

/** The survey of rows that are in memory; only columns that hold nothing but whole numbers are looked at to their ends. */
export async function surveyInMemory({ query: { columns }, result }: RowsInMemory): Promise<Survey> {
  const kinds = Object.fromEntries(columns.map(({ name, kind }) => [name, kind]));
  const large = new Set<number>();
  let whole = columns.flatMap(({ kind }, i) => (kind === "float64" ? [i] : []));
  for await (const chunk of chunksOfResult(result, columns.length)) {
    whole = whole.filter((i) => {
      const { buffer, byteOffset } = chunk.columns[i]!.bytes(8);
      const values = new Float64Array(buffer, byteOffset, chunk.rowCount);
      if (values.some((value) => Math.abs(value) >= largeNumber)) large.add(i);
      return values.every((value) => Number.isInteger(value) || Number.isNaN(value));
    });
    if (whole.length === 0) break;
  }
  const rounded = whole.filter((i) => large.has(i)).map((i) => columns[i]!.name);
  return { rowCount: result.rowCount, kinds, rounded };
}

/** The survey of the rows of a query. */
export async function surveyBySql(connection: DuckDBConnection, query: ColumnarQuery): Promise<Survey> {
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
  return { rowCount: Number(row[0]), kinds, rounded: await wholeOnly(connection, query, large) };
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
        `bool_or((${sql} >= ${largeNumber} AND ${sql} <= 'inf'::DOUBLE) OR ${sql} <= ${-largeNumber})`,
        "NULL",
      ];
    case "float32":
    case "text":
      return [`count(${sql})`, "NULL"];
  }
}
