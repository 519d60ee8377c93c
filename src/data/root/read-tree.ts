/** The columns of a TTree: numbers, texts, arrays and vectors of numbers, of split classes too. */
import type { RootBranch, RootFile, RootTree } from "#jsroot";
import { FileFormatError } from "../../errors/index.ts";
import { basketsOf, type Entries } from "./baskets.ts";
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
  return {
    path,
    name,
    kind: "TTree",
    eventCount: tree.fEntries,
    columns,
    read: (column) => readColumn(path, file, tree, columns.find((one) => one.name === column)!),
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

/** Two branches of one name (as classes of a tree may have) are told apart by a number. */
function free(name: string, taken: Set<string>): string {
  let unique = name;
  for (let i = 2; taken.has(unique); i++) unique = `${name}_${i}`;
  taken.add(unique);
  return unique;
}

async function readColumn(
  path: string,
  file: RootFile,
  tree: RootTree,
  column: TreeColumn,
): Promise<BranchColumn> {
  const { branch, layout, name } = column;
  const where = `"${path}", branch "${name}"`;
  if (!layout) throw new FileFormatError(`${where} cannot be read: ${column.type}.`);
  if (branch.fEntries !== tree.fEntries) {
    throw new FileFormatError(
      `${where}: it has ${branch.fEntries} entries, the tree ${tree.fEntries}: the file is damaged.`,
    );
  }
  if (layout.shape === "text") {
    const texts: string[] = [];
    for await (const entries of basketsOf(file, branch, where)) readTexts(entries, texts, where);
    return texts;
  }
  const sink = new ValueSink(layout.number.kind, where);
  const counts =
    layout.shape === "ragged" && layout.counter
      ? await countsOf(path, file, tree, layout.counter)
      : undefined;
  const offsets = new Uint32Array(tree.fEntries + 1);
  let event = 0;
  for await (const entries of basketsOf(file, branch, where)) {
    const starts = entries.starts ?? impliedStarts(entries, layout, counts, event, where);
    for (let i = 0; i < entries.count; i++) {
      addEntry(entries.bytes, starts[i]!, starts[i + 1]!, layout, sink, where);
      offsets[++event] = sink.length;
    }
  }
  const values = sink.finish();
  return layout.shape === "fixed" && layout.count === 1 ? values : { offsets, values };
}

/** How many values each event has, from the branch that counts them. */
async function countsOf(
  path: string,
  file: RootFile,
  tree: RootTree,
  counter: string,
): Promise<ArrayLike<number | bigint> | undefined> {
  const column = treeColumns(tree.fBranches.arr).find(
    ({ name, shape }) => name === counter && shape === "scalar",
  );
  return column && ((await readColumn(path, file, tree, column)) as ArrayLike<number | bigint>);
}

type Numbers = Exclude<EntryLayout, { shape: "text" }>;

/** Where entries start whose lengths are not stored: all equally long, or as long as their counter says. */
function impliedStarts(
  { count, end }: Entries,
  layout: Numbers,
  counts: ArrayLike<number | bigint> | undefined,
  firstEvent: number,
  where: string,
): Uint32Array {
  const starts = new Uint32Array(count + 1);
  for (let i = 0; i < count; i++) {
    const length =
      layout.shape === "ragged" && counts
        ? Number(counts[firstEvent + i]!) * layout.number.size + layout.header
        : end / count;
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
