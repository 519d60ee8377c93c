/** Joining tables: events that have the same run, luminosity block and event number, or the same row. */
import { ConfigurationError, counted, DataError, unknownName } from "../errors/index.ts";
import { exactDoubles } from "./column-kind.ts";
import { expandNames } from "./expand-names.ts";
import { type Column, columnOf, selectRows, type Table } from "./table.ts";

/** How {@link joinTables} finds the partner of an event. */
export interface JoinOptions {
  /**
   * Columns whose values two events must share, such as `["run", "lumi", "event"]`; where the second table calls them
   * otherwise, `{ event: "eventNumber" }`. Without them row i belongs to row i.
   */
  readonly on?: readonly string[] | Readonly<Record<string, string>> | undefined;
  /**
   * What becomes of events without a partner: their new columns are missing (`left`, whole numbers become doubles), or
   * they go (`inner`, default).
   */
  readonly kind?: "inner" | "left" | undefined;
  /** Columns of the second table to add; globs allowed (default: all but the keys). */
  readonly columns?: readonly string[] | undefined;
  /** Put before the names of the added columns. */
  readonly prefix?: string | undefined;
  /** Names of the two tables for the messages. */
  readonly labels?: readonly [string, string] | undefined;
}

/**
 * The first table with the columns of the second, rows in the order of the first. Whole numbers are compared exactly, up
 * to 64 bits and whatever their columns' types. Rows of the second table without a partner are left out.
 *
 * @throws DataError where two rows of the second table have the same key, a row of it has none, no event has a partner,
 * or, without keys, the numbers of rows differ; ConfigurationError for a column that both have; UnknownNameError.
 * @example
 * const events = tableOf({ event: Int32Array.of(7, 8), pt: Float64Array.of(30, 40) });
 * const scores = tableOf({ event: BigInt64Array.of(8n, 7n), score: Float64Array.of(0.9, 0.1) });
 * joinTables(events, scores, { on: ["event"] }).columns.score // Float64Array [0.1, 0.9]
 */
export function joinTables(first: Table, second: Table, options: JoinOptions = {}): Table {
  const joiner = new Joiner(second, options);
  const joined = joiner.join(first);
  joiner.finish();
  return joined;
}

/** A table that others are joined with: {@link joinTables} for events that come in pieces. */
export class Joiner {
  readonly #added: Table;
  readonly #rowCount: number;
  readonly #keys: readonly string[];
  readonly #index: RowIndex | undefined;
  readonly #kind: "inner" | "left";
  readonly #labels: readonly [string, string];
  /** Rows so far, for joins by row. */
  #next = 0;
  #matched = 0;

  constructor(
    table: Table,
    {
      on,
      kind = "inner",
      columns,
      prefix = "",
      labels = ["the events", "the joined table"],
    }: JoinOptions = {},
  ) {
    const pairs =
      on === undefined ? [] : Array.isArray(on) ? on.map((name) => [name, name]) : Object.entries(on);
    const known = Object.keys(table.columns);
    const theirs = pairs.map(([, name]) => name as string);
    const missing = theirs.find((name) => !known.includes(name));
    if (missing !== undefined) throw unknownName(`join: column of ${labels[1]}`, missing, known);
    const names = columns
      ? expandNames(columns, known, `join: column of ${labels[1]}`)
      : known.filter((name) => !theirs.includes(name));
    this.#added = {
      rowCount: table.rowCount,
      columns: Object.fromEntries(names.map((name) => [`${prefix}${name}`, table.columns[name]!])),
    };
    this.#rowCount = table.rowCount;
    this.#keys = pairs.map(([name]) => name as string);
    this.#index =
      on === undefined
        ? undefined
        : new RowIndex(
            theirs.map((name) => columnOf(table, name)),
            theirs,
            labels[1],
          );
    this.#kind = kind;
    this.#labels = labels;
  }

  /** The events with the columns of their partners. */
  join(events: Table): Table {
    const known = Object.keys(events.columns);
    const taken = Object.keys(this.#added.columns).find((name) => known.includes(name));
    if (taken !== undefined) {
      throw new ConfigurationError(
        `join: ${this.#labels[0]} and ${this.#labels[1]} both have a column "${taken}"; choose columns, or give a prefix.`,
      );
    }
    const partners = this.#partners(events);
    this.#next += events.rowCount;
    const there = partners.reduce((count, partner) => count + (partner < 0 ? 0 : 1), 0);
    this.#matched += there;
    if (this.#kind === "inner") {
      if (there === events.rowCount) return withColumns(events, selectRows(this.#added, partners));
      const rows = new Int32Array(there);
      let at = 0;
      for (let i = 0; i < partners.length; i++) if (partners[i]! >= 0) rows[at++] = i;
      return withColumns(
        selectRows(events, rows),
        selectRows(
          this.#added,
          partners.filter((partner) => partner >= 0),
        ),
      );
    }
    const columns = Object.entries(this.#added.columns).map(([name, column]) => [
      name,
      withGaps(column, partners, name),
    ]);
    return withColumns(events, { rowCount: events.rowCount, columns: Object.fromEntries(columns) });
  }

  /** To be called before the first events of another pass. */
  reset(): void {
    this.#next = 0;
    this.#matched = 0;
  }

  /** To be called after the last events. @throws DataError where nothing was joined, or rows are left over. */
  finish(): void {
    if (this.#index === undefined && this.#next !== this.#rowCount) throw this.#rowsDiffer(this.#next);
    if (this.#matched === 0 && this.#next > 0) {
      throw new DataError(
        `join: no event (of ${this.#next}) of ${this.#labels[0]} has a partner in ${this.#labels[1]}, by ${this.#keys.join(", ")}.`,
      );
    }
  }

  /** The row of each event's partner, −1 for none. */
  #partners(events: Table): Int32Array {
    if (this.#index) {
      const known = Object.keys(events.columns);
      const missing = this.#keys.find((name) => !known.includes(name));
      if (missing !== undefined) throw unknownName(`join: column of ${this.#labels[0]}`, missing, known);
      return this.#index.rowsOf(this.#keys.map((name) => columnOf(events, name)));
    }
    if (this.#next + events.rowCount > this.#rowCount) {
      throw this.#rowsDiffer(this.#next + events.rowCount);
    }
    return Int32Array.from({ length: events.rowCount }, (_, i) => this.#next + i);
  }

  #rowsDiffer(count: number): DataError {
    return new DataError(
      `join: without keys row follows row, but there are ${counted(count, "row")} in ${this.#labels[0]} and ${this.#rowCount} in ${this.#labels[1]}. Name the columns that identify an event.`,
    );
  }
}

function withColumns({ rowCount, columns }: Table, added: Table): Table {
  return { rowCount, columns: { ...columns, ...added.columns } };
}

/** The values of the partners, missing where there is none; whole numbers become doubles, which must be exact. */
function withGaps(column: Column, partners: Int32Array, name: string): Column {
  if (!ArrayBuffer.isView(column)) {
    return Array.from(partners, (partner) => (partner < 0 ? "" : (column as readonly string[])[partner]!));
  }
  const numbers = column instanceof BigInt64Array ? exactDoubles(column, name) : (column as Float64Array);
  const values =
    column instanceof Float32Array ? new Float32Array(partners.length) : new Float64Array(partners.length);
  for (let i = 0; i < values.length; i++) values[i] = partners[i]! < 0 ? Number.NaN : numbers[partners[i]!]!;
  return values;
}

/** Finds the row of a table by the values of some of its columns. */
class RowIndex {
  /** A number for each value of each column. */
  readonly #values: readonly Map<unknown, number>[];
  /** For each column a number for each combination of the columns up to it; for the last one that is the row. */
  readonly #combinations: readonly Map<number, number>[];

  /** @throws DataError for rows of the same values, and for a row without one of them. */
  constructor(columns: readonly Column[], names: readonly string[], label: string) {
    this.#values = columns.map(() => new Map());
    this.#combinations = columns.map(() => new Map());
    const rowCount = columns[0]?.length ?? 0;
    if (rowCount > pairFactor)
      throw new DataError(`join: ${label} has ${rowCount} rows; at most ${pairFactor} can be joined.`);
    const last = columns.length - 1;
    for (let row = 0; row < rowCount; row++) {
      let code = 0;
      for (let c = 0; c <= last; c++) {
        const value = comparable(columns[c]![row]!);
        if (value === undefined) {
          throw new DataError(
            `join: row ${row + 1} of ${label} has no value of "${names[c]}", by which it is joined.`,
          );
        }
        const values = this.#values[c]!;
        let number = values.get(value);
        if (number === undefined) {
          number = values.size;
          values.set(value, number);
        }
        const combinations = this.#combinations[c]!;
        const pair = code * pairFactor + number;
        const known = combinations.get(pair);
        if (known !== undefined && c === last) {
          const key = columns.map((column, k) => `${names[k]} ${String(column[row])}`).join(", ");
          throw new DataError(
            `join: rows ${known + 1} and ${row + 1} of ${label} have the same ${key}; an event can have one partner.`,
          );
        }
        code = known ?? (c === last ? row : combinations.size);
        if (known === undefined) combinations.set(pair, code);
      }
    }
  }

  /** The row with the values, for each event; −1 for none. */
  rowsOf(columns: readonly Column[]): Int32Array {
    return Int32Array.from({ length: columns[0]!.length }, (_, i) => {
      let code = 0;
      for (const [c, column] of columns.entries()) {
        const number = this.#values[c]!.get(comparable(column[i]!));
        const next =
          number === undefined ? undefined : this.#combinations[c]!.get(code * pairFactor + number);
        if (next === undefined) return -1;
        code = next;
      }
      return code;
    });
  }
}

/** At most so many rows are joined: a pair of numbers below it is one number below 2⁵³. */
const pairFactor = 2 ** 26;

/** A value as it is compared: whole numbers alike in all types, exact; undefined for a missing one. */
function comparable(value: number | bigint | string): number | bigint | string | undefined {
  if (typeof value === "number") return Number.isNaN(value) ? undefined : value;
  if (typeof value === "bigint") {
    return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
  }
  if (value === "") return undefined;
  return /^(0|-?[1-9]\d*)$/.test(value) ? comparable(BigInt(value)) : value;
}
