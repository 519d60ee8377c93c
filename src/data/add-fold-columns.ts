/** Columns added to a fold file that is there already, from a table of the same events. */
import { DataError } from "../errors/index.ts";
import { columnOfFolds } from "./fold-events.ts";
import { FoldYielder } from "./fold-yielder.ts";
import { type JoinOptions, joinTables } from "./join-tables.ts";
import { type Column, columnOf, selectRows, type Table, tableOf } from "./table.ts";

/**
 * Stores columns of a table, such as predictions or labels of another analysis, beside the events of a fold file, in
 * place; a column of the same name and type is replaced. Events find their row by `on`, exact for 64-bit identifiers;
 * without it the table's rows are the events of fold 0, then of fold 1, ….
 *
 * @throws DataError where an event has no row, or two; UnknownNameError; FileFormatError for what is no fold file.
 */
export async function addFoldColumns(
  path: string,
  table: Table,
  { on, columns, prefix }: Pick<JoinOptions, "on" | "columns" | "prefix"> = {},
): Promise<void> {
  const folds = await FoldYielder.open(path);
  try {
    const names = on === undefined ? [] : Array.isArray(on) ? on : Object.keys(on);
    const eventCount = folds.foldSizes.reduce((sum, size) => sum + size, 0);
    const row = Int32Array.from({ length: eventCount }, (_, i) => i);
    const keys = Object.fromEntries(
      names.map((name): [string, Column] => [name, columnOfFolds(folds, name)]),
    );
    const events = tableOf({ ...keys, "#row": row });
    const joined = joinTables(events, table, {
      on,
      columns,
      prefix,
      labels: [`"${path}"`, "the table"],
    });
    if (joined.rowCount < eventCount) {
      const found = new Set(joined.columns["#row"] as Int32Array);
      const lost = row.find((i) => !found.has(i))!;
      const key = names.map((name) => `${name} ${String(keys[name]![lost])}`).join(", ");
      throw new DataError(
        `addFoldColumns: ${eventCount - joined.rowCount} of ${eventCount} events of "${path}" are not in the table, such as ${key}.`,
      );
    }
    const added = Object.keys(joined.columns).filter((name) => name !== "#row" && !names.includes(name));
    let first = 0;
    for (const [i, size] of folds.foldSizes.entries()) {
      const own = selectRows(joined, row.subarray(first, first + size));
      for (const name of added) await folds.saveFoldColumn(name, i, columnOf(own, name));
      first += size;
    }
  } finally {
    folds.close();
  }
}
