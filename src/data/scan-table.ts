/** Reading events from files of any format piece by piece, for those that do not fit into memory. */
import { stat } from "node:fs/promises";
import { ConfigurationError } from "../errors/index.ts";
import { isCsvName } from "./columnar-source.ts";
import { scanColumnarInThread } from "./columnar-thread.ts";
import { selectWhere } from "./compute-columns.ts";
import { isGzip } from "./gzip-check.ts";
import { checkReadable, formatOf, noEvents } from "./input-file.ts";
import { scanColumnar } from "./read-columnar.ts";
import { scanHdf5 } from "./read-hdf5-table.ts";
import { scanNpy } from "./read-npy.ts";
import type { ReadTableOptions } from "./read-table.ts";
import { columnNames, scanEvents, withMentioned } from "./root/read-root.ts";
import { openRootFile } from "./root/root-file.ts";
import { onlyColumns, type Table } from "./table.ts";
import { chainScans, evenPieces, rowsOfPieces, type TableScan } from "./table-scan.ts";

/** What to read, as what, and in which pieces. */
export interface ScanTableOptions extends ReadTableOptions {
  /** Rows of a piece (default: as many as have a million values, from 1,024 to 65,536). */
  readonly pieceRows?: number | undefined;
  /** About how many bytes the reading itself may use (default: 1 GB). The pieces do not depend on it. */
  readonly memory?: number | undefined;
  /** Shared by calls of `openTable` of which all scans are open together (default: each call has its own). */
  readonly budget?: TextBudget | undefined;
}

/** How much text may stay in memory between the look at the files and the reading: 200 MB, unpacked, of all together. */
export class TextBudget {
  #left = 200e6;

  /** Whether there is room for so many bytes, which are then taken. */
  takes(bytes: number): boolean {
    if (bytes > this.#left) return false;
    this.#left -= bytes;
    return true;
  }
}

/**
 * The events of {@link readTable} in pieces of equally many rows, the last one shorter: put one below the other they
 * are the same table. Memory is needed for a few pieces, not for the file (an NPZ file is unpacked whole).
 *
 * @throws as `readTable` does; where no event passes a selection, when the last file has been read.
 * @example
 * let count = 0;
 * for await (const { rowCount } of scanTable(["test/data/root/uproot-HZZ.root"], { pieceRows: 1000 })) count += rowCount;
 * count // 2421
 */
export async function* scanTable(
  paths: readonly string[],
  options: ScanTableOptions = {},
): AsyncGenerator<Table> {
  yield* (await openTable(paths, options)).pieces();
}

/**
 * Looks at the events of files, to go through them piece by piece, as often as wanted: `pieces()` begins anew, and gives
 * what `scanTable` gives. Text formats and columns of long integers are gone through once here, for the types that hold
 * all values.
 *
 * @throws as `readTable` does.
 */
export async function openTable(
  paths: readonly string[],
  options: ScanTableOptions = {},
): Promise<TableScan> {
  if (paths.length === 0) throw new ConfigurationError("scanTable: no input file was given.");
  const { pieceRows, memory, budget = new TextBudget() } = options;
  if (pieceRows !== undefined && !(Number.isInteger(pieceRows) && pieceRows >= 1)) {
    throw new RangeError(`scanTable: pieceRows must be a whole number from 1, got ${pieceRows}.`);
  }
  for (const path of paths) await checkReadable(path);
  const parts: TableScan[] = [];
  for (const path of paths) {
    const columns = options.columns ?? (parts[0] && Object.keys(parts[0].kinds));
    parts.push(await scanPart(path, { ...options, columns }, memory, budget));
  }
  const scan = chainScans(
    parts,
    paths.map((path) => `"${path}"`),
  );
  if (scan.rowCount === 0) throw noEvents(paths, options.select);
  return {
    ...scan,
    pieces: async function* () {
      let isEmpty = true;
      const rows = pieceRows ?? rowsOfPieces(Object.keys(scan.kinds).length);
      for await (const piece of evenPieces(scan, rows)) {
        isEmpty = false;
        yield piece;
      }
      if (isEmpty) throw noEvents(paths, options.select);
    },
  };
}

/** Text of this size takes about a tenth of a second to read: as long as a thread takes to start. */
const bytesForThread = 2 ** 24;

async function scanPart(
  path: string,
  options: ReadTableOptions,
  memory: number | undefined,
  budget: TextBudget,
): Promise<TableScan> {
  const format = await formatOf(path);
  if (format === "columnar") {
    if (memory !== undefined) return scanColumnar(path, options, { memory });
    const { size } = await stat(path);
    // Text becomes an eighth of its size at best.
    const keep = isCsvName(path) && budget.takes((await isGzip(path)) ? 8 * size : size);
    return size >= bytesForThread
      ? scanColumnarInThread(path, options, keep)
      : scanColumnar(path, options, { keep });
  }
  const { columns, select, tree } = options;
  if (format !== "root") {
    const scan =
      format === "hdf5" ? await scanHdf5(path, { columns, group: tree }) : await scanNpy(path, columns);
    return select === undefined ? scan : selected(scan, select, Object.keys(scan.kinds));
  }
  const events = await (await openRootFile(path)).events(tree);
  if (select === undefined) return scanEvents(events, options);
  const scan = await scanEvents(events, withMentioned(events, options, select));
  return selected(scan, select, columnNames(events, options));
}

/** Some columns of the rows for which an SQL expression is true. */
function selected(scan: TableScan, select: string, names: readonly string[]): TableScan {
  return {
    rowCount: undefined,
    kinds: Object.fromEntries(names.map((name) => [name, scan.kinds[name]!])),
    pieces: async function* () {
      for await (const piece of evenPieces(scan, rowsOfPieces(Object.keys(scan.kinds).length))) {
        yield onlyColumns(await selectWhere(piece, select), names);
      }
    },
  };
}
