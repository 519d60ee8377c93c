/** The columns of a TTree: numbers, texts, arrays and vectors of numbers, of split classes too. */
import type { RootBranch, RootFile, RootTree } from "#jsroot";
import { FileFormatError } from "../../errors/index.ts";
import type { ColumnKind } from "../column-kind.ts";
import { basketsOf, type Entries } from "./baskets.ts";
import { BranchCursor } from "./branch-cursor.ts";
import { branchLayout, columnName, type EntryLayout, layoutText } from "./leaf-layout.ts";
import type { BranchColumn } from "./ragged.ts";
import type { ColumnInfo, RootEvents } from "./root-events.ts";
import { ValueSink } from "./value-sink.ts";

interface TreeColumn extends ColumnInfo {
  readonly branch: RootBranch;
  readonly layout: EntryLayout | undefined;
}

/** The events of a TTree. */
export function treeEvents(path: string, file: RootFile, tree: RootTree, name: string): RootEvents {
  if (!isWhole(tree)) {
    throw new FileFormatError(`"${path}": the tree "${name}" is damaged.`);
  }
  const columns = treeColumns(tree.fBranches.arr);
  const columnOf = (wanted: string): TreeColumn => columns.find((column) => column.name === wanted)!;
  return {
    path,
    name,
    kind: "TTree",
    eventCount: tree.fEntries,
    columns,
    kindOf: (column) => kindOf(columnOf(column).layout),
    read: (column) => readColumn(path, file, tree, columnOf(column)),
    pieces: (column, bytes) => piecesOf({ path, file, tree, bytes, isPiecewise: true }, columnOf(column)),
  };
}

/** Whether the parts that are used are there: what is not checked by a sum may be damaged anywhere. */
function isWhole({ fEntries, fBranches }: Partial<RootTree>): boolean {
  const isBranch = (branch: RootBranch | null): boolean =>
    !!branch &&
    typeof branch.fName === "string" &&
    Array.isArray(branch.fBaskets?.arr) &&
    (branch.fLeaves?.arr ?? []).every((leaf) => typeof leaf?.fName === "string") &&
    (branch.fBranches?.arr ?? []).every(isBranch);
  return Number.isSafeInteger(fEntries) && fEntries! >= 0 && !!fBranches?.arr?.every(isBranch);
}

function treeColumns(branches: readonly RootBranch[], taken: Set<string> = new Set()): TreeColumn[] {
  const columns: TreeColumn[] = [];
  for (const branch of branches) {
    const children = branch.fBranches?.arr ?? [];
    if (children.length > 0) {
      columns.push(...treeColumns(children, taken));
      continue;
    }
    const layouts = branchLayout(branch);
    if (typeof layouts === "string") {
      const name = free(columnName(branch.fName), taken);
      columns.push({ name, branch, layout: undefined, type: layouts, shape: "unreadable", reason: layouts });
      continue;
    }
    for (const [wanted, layout] of Object.entries(layouts)) {
      const shape = layout.shape !== "fixed" ? layout.shape : layout.count === 1 ? "scalar" : "fixed";
      columns.push({ name: free(wanted, taken), branch, layout, type: layoutText(layout), shape });
    }
  }
  return columns;
}

function kindOf(layout: EntryLayout | undefined): ColumnKind | "integer" {
  if (layout === undefined || layout.shape === "text") return "text";
  const { kind, size, name } = layout.number;
  return kind === "integer" && (size < 4 || name === "int32") ? "int32" : kind;
}

/** Two branches of one name (as classes of a tree may have) are told apart by a number. */
function free(name: string, taken: Set<string>): string {
  let unique = name;
  for (let i = 2; taken.has(unique); i++) unique = `${name}_${i}`;
  taken.add(unique);
  return unique;
}

/** Packed bytes that are read together for a column that is wanted as a whole. */
const bytesOfColumn = 16e6;

async function readColumn(
  path: string,
  file: RootFile,
  tree: RootTree,
  column: TreeColumn,
): Promise<BranchColumn> {
  const source = { path, file, tree, bytes: bytesOfColumn, isPiecewise: false };
  for await (const whole of piecesOf(source, column)) return whole;
  throw new Error("internal: a branch gave no values");
}

interface Source {
  readonly path: string;
  readonly file: RootFile;
  readonly tree: RootTree;
  /** Packed bytes that are read together. */
  readonly bytes: number;
  /** Whether each basket is handed over by itself, or all as one. */
  readonly isPiecewise: boolean;
}

/** The values of a column: at least one piece. */
async function* piecesOf(source: Source, column: TreeColumn): AsyncGenerator<BranchColumn> {
  const { path, file, tree, bytes, isPiecewise } = source;
  const { branch, layout, name } = column;
  const where = `"${path}", branch "${name}"`;
  if (!layout) throw new FileFormatError(`${where} cannot be read: ${column.type}.`);
  if (branch.fEntries !== tree.fEntries) {
    throw new FileFormatError(
      `${where}: it has ${branch.fEntries} entries, the tree ${tree.fEntries}: the file is damaged.`,
    );
  }
  const counter = layout.shape === "ragged" && layout.counter ? cursorOf(source, layout.counter) : undefined;
  const collect = layout.shape === "text" ? textCollector(where) : numberCollector(layout, where);
  for await (const entries of basketsOf(file, branch, where, bytes)) {
    collect.add(entries, counter && (await countsOf(counter, entries.count)));
    if (isPiecewise) yield collect.finish();
  }
  if (!isPiecewise || branch.fEntries === 0) yield collect.finish();
}

/** Takes baskets; what came since the last call is a piece. */
interface Collector {
  add(entries: Entries, counts: readonly number[] | undefined): void;
  finish(): BranchColumn;
}

function textCollector(where: string): Collector {
  let texts: string[] = [];
  return {
    add: (entries) => readTexts(entries, texts, where),
    finish: () => {
      const piece = texts;
      texts = [];
      return piece;
    },
  };
}

function numberCollector(layout: Numbers, where: string): Collector {
  let sink = new ValueSink(layout.number.kind, where);
  let offsets = new Uint32Array(1);
  let count = 0;
  return {
    add: (entries, counts) => {
      const starts = entries.starts ?? impliedStarts(entries, layout, counts, where);
      if (count + entries.count >= offsets.length) {
        const wider = new Uint32Array(Math.max(2 * offsets.length, count + entries.count + 1));
        wider.set(offsets);
        offsets = wider;
      }
      for (let i = 0; i < entries.count; i++) {
        addEntry(entries.bytes, starts[i]!, starts[i + 1]!, layout, sink, where);
        offsets[++count] = sink.length;
      }
    },
    finish: () => {
      const values = sink.finish();
      const ends = offsets.slice(0, count + 1);
      sink = new ValueSink(layout.number.kind, where);
      offsets = new Uint32Array(1);
      count = 0;
      return layout.shape === "fixed" && layout.count === 1 ? values : { offsets: ends, values };
    },
  };
}

/** The branch that counts the values of each event. */
function cursorOf(source: Source, counter: string): BranchCursor | undefined {
  const column = treeColumns(source.tree.fBranches.arr).find(
    ({ name, shape }) => name === counter && shape === "scalar",
  );
  return column && new BranchCursor(piecesOf({ ...source, isPiecewise: true }, column));
}

/** How many values each of the next events has. */
async function countsOf(counter: BranchCursor, events: number): Promise<readonly number[]> {
  const parts = await counter.take(events);
  return parts.flatMap((part) => Array.from(part as ArrayLike<number | bigint>, Number));
}

type Numbers = Exclude<EntryLayout, { shape: "text" }>;

/** Where entries start whose lengths are not stored: all equally long, or as long as their counter says. */
function impliedStarts(
  { count, end }: Entries,
  layout: Numbers,
  counts: readonly number[] | undefined,
  where: string,
): Uint32Array {
  const starts = new Uint32Array(count + 1);
  for (let i = 0; i < count; i++) {
    const length =
      layout.shape === "ragged" && counts ? counts[i]! * layout.number.size + layout.header : end / count;
    starts[i + 1] = starts[i]! + length;
    if (!Number.isInteger(length) || length < 0) throw wrongLength(where);
  }
  if (starts[count] !== end) throw wrongLength(where);
  return starts;
}

function addEntry(
  bytes: DataView,
  start: number,
  end: number,
  layout: Numbers,
  sink: ValueSink,
  where: string,
): void {
  const { number } = layout;
  const at = start + (layout.shape === "fixed" ? layout.offset : layout.header);
  const count = layout.shape === "fixed" ? layout.count : Math.max(0, (end - at) / number.size);
  if (!Number.isInteger(count) || (count > 0 && at + count * number.size > end)) throw wrongLength(where);
  for (let k = 0; k < count; k++) sink.add(number.read(bytes, at + k * number.size));
}

function wrongLength(where: string): FileFormatError {
  return new FileFormatError(`${where}: an entry has the wrong number of bytes: the file is damaged.`);
}

/** A byte count and a version stand before some strings; then the length (one byte, or 255 and four bytes). */
function readTexts({ bytes, starts, count, end }: Entries, texts: string[], where: string): void {
  const decoder = new TextDecoder();
  let at = 0;
  for (let i = 0; i < count; i++) {
    at = starts?.[i] ?? at;
    const last = starts?.[i + 1] ?? end;
    if (at >= last) {
      texts.push("");
      continue;
    }
    if (last - at >= 6 && bytes.getUint32(at) === (0x40000000 | (last - at - 4)) >>> 0) at += 6;
    let length = bytes.getUint8(at++);
    if (length === 255 && at + 4 <= last) {
      length = bytes.getInt32(at);
      at += 4;
    }
    if (length < 0 || at + length > last) throw wrongLength(where);
    texts.push(
      decoder.decode(new Uint8Array(bytes.buffer, bytes.byteOffset + at, length)).replace(/\0+$/, ""),
    );
    at += length;
  }
}
