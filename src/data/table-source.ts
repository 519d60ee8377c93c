/** Events that are gone through in pieces, as often as wanted: tables that need not fit into memory. */
import type { ColumnStore } from "./column-store.ts";
import { indicesByValue } from "./folds.ts";
import { concatenateTables, keepRows, numbersOf, selectRows, type Table, tableOf } from "./table.ts";

/** A table in pieces, always the same ones in the same order. */
export interface TableSource {
  readonly rowCount: number;
  /** Goes through the pieces from the first one on. */
  pieces(): AsyncIterable<Table>;
  /** The table after a change that keeps the rows; made at once or whenever a piece is asked for. */
  map(change: (piece: Table) => Table | Promise<Table>): Promise<TableSource>;
}

/** A table that is there as a whole: one piece. */
export class WholeTable implements TableSource {
  readonly table: Table;

  constructor(table: Table) {
    this.table = table;
  }

  get rowCount(): number {
    return this.table.rowCount;
  }

  /** The table itself. */
  async *pieces(): AsyncGenerator<Table> {
    yield this.table;
  }

  async map(change: (piece: Table) => Table | Promise<Table>): Promise<TableSource> {
    return new WholeTable(await change(this.table));
  }
}

/** Pieces that are made anew each time. */
class TableInPieces implements TableSource {
  readonly rowCount: number;
  readonly #make: () => AsyncIterable<Table>;

  constructor(rowCount: number, make: () => AsyncIterable<Table>) {
    this.rowCount = rowCount;
    this.#make = make;
  }

  pieces(): AsyncIterable<Table> {
    return this.#make();
  }

  async map(change: (piece: Table) => Table | Promise<Table>): Promise<TableSource> {
    const make = this.#make;
    return new TableInPieces(this.rowCount, async function* () {
      for await (const piece of make()) yield await change(piece);
    });
  }
}

/** Puts pieces aside as they come, to be gone through again. */
export async function storedTable(pieces: AsyncIterable<Table>, store: ColumnStore): Promise<TableSource> {
  const counts: number[] = [];
  for await (const { rowCount, columns } of pieces) {
    await store.add(columns);
    counts.push(rowCount);
  }
  return tableInStore(store, counts);
}

/**
 * Takes a table out of its store, piece by piece, and puts each row into one of other stores.
 *
 * @param marks of each row the number of its new store.
 */
export async function dealtTables(
  from: ColumnStore,
  marks: Uint8Array,
  stores: readonly ColumnStore[],
): Promise<TableSource[]> {
  const counts = stores.map((): number[] => []);
  let first = 0;
  for await (const columns of from.drain()) {
    const piece = tableOf(columns);
    const rowsOf = indicesByValue(marks.subarray(first, first + piece.rowCount), stores.length);
    // The first store gets what is left of the piece, in the same memory.
    for (let mark = stores.length - 1; mark >= 0; mark--) {
      const rows = rowsOf[mark]!;
      if (rows.length === 0) continue;
      const own = mark === 0 ? keepRows(piece, rows) : selectRows(piece, rows);
      await stores[mark]!.add(own.columns);
      counts[mark]!.push(rows.length);
    }
    first += piece.rowCount;
  }
  return stores.map((store, mark) => tableInStore(store, counts[mark]!));
}

/**
 * The blocks of a store as a table.
 *
 * @param counts the rows of each block.
 */
export function tableInStore(store: ColumnStore, counts: readonly number[]): TableSource {
  return new TableInPieces(sumOf(counts), async function* () {
    let i = 0;
    for await (const columns of store.blocks()) yield { rowCount: counts[i++]!, columns };
  });
}

/** All pieces of some sources, one source after the other. */
export function chained(sources: readonly TableSource[]): TableSource {
  if (sources.length === 1) return sources[0]!;
  return new TableInPieces(sumOf(sources.map(({ rowCount }) => rowCount)), async function* () {
    for (const source of sources) yield* source.pieces();
  });
}

/** The first piece, for the names and types of the columns; undefined for a source without rows. */
export async function firstPiece(source: TableSource): Promise<Table | undefined> {
  for await (const piece of source.pieces()) return piece;
  return undefined;
}

/** The whole table in memory. */
export async function wholeTable(source: TableSource): Promise<Table> {
  const pieces: Table[] = [];
  for await (const piece of source.pieces()) pieces.push(piece);
  return concatenateTables(pieces);
}

/** One column of numbers as a whole, in memory. */
export async function gatheredNumbers(
  source: TableSource,
  name: string,
): Promise<Float32Array | Float64Array> {
  if (source instanceof WholeTable) return numbersOf(source.table, name);
  const gathered = new Float64Array(source.rowCount);
  let at = 0;
  for await (const piece of source.pieces()) {
    gathered.set(numbersOf(piece, name), at);
    at += piece.rowCount;
  }
  return gathered;
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
