/** Text that stands in columns of numbers, found and named. */
import { DataError } from "../errors/index.ts";
import { readingError, type Source, sampleSize } from "./columnar-source.ts";
import { type DuckDBConnection, identifier, rowsOf } from "./duckdb.ts";
import { expandNames } from "./expand-names.ts";
import type { ReadTableOptions } from "./read-table.ts";
import { shortened } from "./table.ts";

/** Text among numbers is found in the sample already where the column is listed as, or mostly is, numbers. */
export async function refuseTextInNumbers(
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

/** Whether a name is one of a list of names and globs. */
export function listed(patterns: readonly string[] | undefined, name: string): boolean {
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
export async function textInNumbers(
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
