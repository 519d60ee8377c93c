/** Tables that are read piece by piece: what the pieces are, and how they are cut and brought to common types. */
import { DataError } from "../errors/index.ts";
import { type ColumnKind, commonKind, emptyColumn, kindOf, setNumbers } from "./column-kind.ts";
import type { Column, NumberColumn, Table } from "./table.ts";

/** Rows of a piece at most, whatever memory there is: results must not depend on it. */
export const pieceRows = 65_536;

/** Rows of a piece of a table of so many columns: about a million values, which are 8 MB. */
export function rowsOfPieces(columnCount: number): number {
  return Math.min(pieceRows, Math.max(1024, Math.floor(2 ** 20 / Math.max(1, columnCount))));
}

/** Events that are read from the start whenever their pieces are asked for. */
export interface TableScan {
  /** Rows of all pieces; undefined where a selection decides while they are read. */
  readonly rowCount: number | undefined;
  /** The columns in their order, and of what kind each is in the whole table. */
  readonly kinds: Readonly<Record<string, ColumnKind>>;
  /** The rows in order, in pieces of any size, with columns of these kinds or of kinds that they hold. */
  pieces(): AsyncIterable<Table>;
}

/**
 * Scans one after the other, as one: its columns have the narrowest kind that holds those of all.
 *
 * @param labels names of the parts for the error messages, such as file names.
 * @throws DataError when a part lacks a column, or has text where another has numbers.
 */
export function chainScans(parts: readonly TableScan[], labels: readonly string[]): TableScan {
  const counts = parts.map(({ rowCount }) => rowCount);
  return {
    rowCount: counts.includes(undefined) ? undefined : counts.reduce((sum, count) => sum! + count!, 0),
    kinds: commonKinds(
      parts.map(({ kinds }) => kinds),
      labels,
    ),
    pieces: async function* () {
      for (const part of parts) yield* part.pieces();
    },
  };
}

/** The kinds of columns of tables that are put one below the other. */
export function commonKinds(
  parts: readonly Readonly<Record<string, ColumnKind>>[],
  labels: readonly string[],
): Record<string, ColumnKind> {
  const common: Record<string, ColumnKind> = {};
  for (const name of Object.keys(parts[0] ?? {})) {
    const kinds = parts.map((part, index) => {
      if (Object.hasOwn(part, name)) return part[name]!;
      throw new DataError(`the column "${name}" of ${labels[0]} is absent from ${labels[index]}.`);
    });
    const other = kinds.findIndex((kind) => (kind === "text") !== (kinds[0] === "text"));
    if (other >= 0) {
      const [first, second] = kinds[0] === "text" ? ["text", "numbers"] : ["numbers", "text"];
      throw new DataError(
        `the column "${name}" holds ${first} in ${labels[0]} and ${second} in ${labels[other]}.`,
      );
    }
    common[name] = commonKind(kinds);
  }
  return common;
}

/** The kinds that hold the columns of all pieces, found by going through them. */
export async function kindsOfPieces(pieces: AsyncIterable<Table>): Promise<Record<string, ColumnKind>> {
  let common: Record<string, ColumnKind> | undefined;
  for await (const { columns } of pieces) {
    const entries = Object.entries(columns).map(([name, column]) => {
      const kind = kindOf(column);
      return [name, common ? commonKind([common[name]!, kind]) : kind] as const;
    });
    common = Object.fromEntries(entries);
  }
  return common ?? {};
}

/** The rows of a scan in pieces of exactly `rows`, the last shorter, with columns of exactly its kinds. */
export async function* evenPieces({ kinds, pieces }: TableScan, rows: number): AsyncGenerator<Table> {
  let piece = new Piece(kinds, rows, 0);
  for await (const table of pieces()) {
    if (piece.rowCount === 0 && table.rowCount === rows && isOfKinds(table, kinds)) {
      yield table;
      piece = new Piece(kinds, rows, piece.firstRow + rows);
      continue;
    }
    for (let from = 0; from < table.rowCount; ) {
      from += piece.add(table, from);
      if (piece.rowCount === rows) {
        yield piece.finish();
        piece = new Piece(kinds, rows, piece.firstRow + rows);
      }
    }
  }
  if (piece.rowCount > 0) yield piece.finish();
}

function isOfKinds({ columns }: Table, kinds: Readonly<Record<string, ColumnKind>>): boolean {
  const entries = Object.entries(kinds);
  return (
    entries.length === Object.keys(columns).length &&
    entries.every(([name, kind]) => kindOf(columns[name]!) === kind)
  );
}

/** A table of some rows that is being filled. */
class Piece {
  readonly firstRow: number;
  readonly #rows: number;
  readonly #kinds: Readonly<Record<string, ColumnKind>>;
  #columns: readonly (readonly [string, NumberColumn | string[]])[] = [];
  rowCount = 0;

  constructor(kinds: Readonly<Record<string, ColumnKind>>, rows: number, firstRow: number) {
    this.#rows = rows;
    this.firstRow = firstRow;
    this.#kinds = kinds;
  }

  /** Takes rows of a table from `from` on, as many as fit; how many. */
  add(table: Table, from: number): number {
    const count = Math.min(table.rowCount - from, this.#rows - this.rowCount);
    if (this.rowCount === 0) {
      this.#columns = Object.entries(this.#kinds).map(([name, kind]) => [
        name,
        kind === "text" ? [] : emptyColumn(kind, this.#rows),
      ]);
    }
    for (const [name, column] of this.#columns) {
      const values = table.columns[name]!;
      if (ArrayBuffer.isView(column)) {
        const part = (values as NumberColumn).subarray(from, from + count);
        setNumbers(column, part, this.rowCount, name, this.firstRow + this.rowCount);
      } else {
        for (let i = from; i < from + count; i++) column.push((values as readonly string[])[i]!);
      }
    }
    this.rowCount += count;
    return count;
  }

  finish(): Table {
    const columns: Record<string, Column> = {};
    for (const [name, column] of this.#columns) {
      // A piece of its own length must not keep the memory of a whole one.
      columns[name] =
        ArrayBuffer.isView(column) && this.rowCount < this.#rows ? column.slice(0, this.rowCount) : column;
    }
    return { rowCount: this.rowCount, columns };
  }
}

/** A table that is in memory, as a scan. */
export function scanOfTable(table: Table): TableScan {
  const kinds = Object.entries(table.columns).map(([name, column]) => [name, kindOf(column)]);
  return {
    rowCount: table.rowCount,
    kinds: Object.fromEntries(kinds),
    pieces: async function* () {
      yield table;
    },
  };
}
