/** Tables from ROOT files: one number or text an event, elements of arrays and vectors chosen by `name[index]`. */
import { DataError, unknownName } from "../../errors/index.ts";
import { type ColumnKind, joinColumns } from "../column-kind.ts";
import { expandNames } from "../expand-names.ts";
import { vectorColumns } from "../expression/vectors.ts";
import { type Column, concatenateTables, type Table } from "../table.ts";
import type { TableScan } from "../table-scan.ts";
import { BranchCursor } from "./branch-cursor.ts";
import { countsOf, elementOf, isRagged, type RaggedColumn } from "./ragged.ts";
import type { RootEvents } from "./root-events.ts";
import { openRootFile } from "./root-file.ts";

/** What to read from ROOT files. */
export interface ReadRootOptions {
  /** The tree or ntuple, with its directories (default: the only one of the file). */
  readonly tree?: string | undefined;
  /**
   * The columns, globs allowed. `Muon_pt[0]` is the first element of an array or vector (NaN in events without),
   * `Muon_pt[]` the number of its elements. Default: all columns with one value an event, and all elements of arrays
   * of fixed length.
   */
  readonly columns?: readonly string[] | undefined;
}

/**
 * The events of one or several ROOT files, one file after the other. Single precision stays single; whole numbers are
 * exact, `BigInt64Array` where they need it.
 *
 * @throws FileFormatError for files that are missing or damaged; UnknownNameError for a column or tree that a file does
 * not have; DataError for a vector of which no element is chosen, and for classes that cannot be read.
 */
export async function readRoot(paths: readonly string[], options: ReadRootOptions = {}): Promise<Table> {
  const tables: Table[] = [];
  for (const path of paths) {
    const events = await (await openRootFile(path)).events(options.tree);
    tables.push(await readEvents(events, options));
  }
  return concatenateTables(
    tables,
    paths.map((path) => `"${path}"`),
  );
}

/** Which columns of a tree or ntuple are read. */
export interface WantedColumns {
  /** As in {@link ReadRootOptions}. */
  readonly columns?: readonly string[] | undefined;
  /** Columns such as `Muon_pt[0]`, read beside those of one value an event where `columns` is left out. */
  readonly elements?: readonly string[] | undefined;
  /** Of the columns that are read where `columns` is left out, those for which this is true (default: all). */
  readonly only?: ((name: string) => boolean) | undefined;
}

/** The chosen columns of a tree or ntuple as a table. */
export async function readEvents(events: RootEvents, wanted: WantedColumns): Promise<Table> {
  const columns: Record<string, Column> = {};
  for (const [branch, list] of branchesOf(events, wanted)) {
    const values = await events.read(branch);
    for (const element of list) {
      const name = elementName(events, branch, element, isRagged(values));
      columns[name] = isRagged(values) ? valuesAt(values, element) : values;
    }
  }
  return { rowCount: events.eventCount, columns };
}

/** The names of the columns that {@link readEvents} reads. */
export function columnNames(events: RootEvents, wanted: WantedColumns): string[] {
  return [...branchesOf(events, wanted)].flatMap(([branch, list]) => {
    const hasSeveral = hasSeveralValues(events, branch);
    return list.map((element) => elementName(events, branch, element, hasSeveral));
  });
}

/** What is read for columns that an expression of SQL mentions too, whether or not they are wanted themselves. */
export function withMentioned(events: RootEvents, wanted: WantedColumns, select: string): WantedColumns {
  const branches = new Map(events.columns.map(({ name }) => [name.toLowerCase(), name]));
  const mentioned: string[] = [];
  const words = select.replace(/'(?:[^']|'')*'/g, "");
  for (const [, quoted, bare] of words.matchAll(/"([^"]+)"|([A-Za-z_]\w*)/g)) {
    const [, stem = "", index = ""] = /^(.*?)(\[\d*\])?$/.exec(quoted ?? bare ?? "")!;
    const branch = branches.get(stem.toLowerCase());
    if (branch !== undefined) mentioned.push(branch + index);
  }
  const names = columnNames(events, wanted);
  const further = mentioned.filter((name) => !names.includes(name));
  return { columns: [...names, ...further] };
}

/** Packed bytes that are read together, of all columns. */
const bytesAtOnce = 64e6;
/** Events that are put together at once; what is made of them is cut anew. */
const eventsAtOnce = 1 << 14;

/** As `readEvents`, piece by piece. */
export async function scanEvents(events: RootEvents, columns: WantedColumns): Promise<TableScan> {
  const wanted = branchesOf(events, columns);
  const kinds: Record<string, ColumnKind> = {};
  for (const [branch, list] of wanted) {
    const hasSeveral = hasSeveralValues(events, branch);
    for (const element of list) {
      const name = elementName(events, branch, element, hasSeveral);
      kinds[name] = await elementKind(events, branch, element);
    }
  }
  return { rowCount: events.eventCount, kinds, pieces: () => piecesOf(events, wanted, kinds) };
}

async function* piecesOf(
  events: RootEvents,
  wanted: Wanted,
  kinds: Readonly<Record<string, ColumnKind>>,
): AsyncGenerator<Table> {
  const cursors = new Map<string, BranchCursor>();
  for (const branch of wanted.keys()) {
    cursors.set(branch, new BranchCursor(events.pieces(branch, bytesAtOnce / wanted.size)));
  }
  for (let first = 0; first < events.eventCount; first += eventsAtOnce) {
    const rowCount = Math.min(eventsAtOnce, events.eventCount - first);
    const columns: Record<string, Column> = {};
    for (const [branch, list] of wanted) {
      const parts = await cursors.get(branch)!.take(rowCount);
      for (const element of list) {
        const name = elementName(events, branch, element, isRagged(parts[0]!));
        const values = parts.map((part) => (isRagged(part) ? valuesAt(part, element) : part));
        columns[name] = joinColumns(values, kinds[name]!, name);
      }
    }
    yield { rowCount, columns };
  }
}

async function elementKind(events: RootEvents, branch: string, element: Element): Promise<ColumnKind> {
  if (element === "count") return "int32";
  const kind = events.kindOf(branch);
  if (element !== "value") return kind === "float32" ? "float32" : "float64";
  if (kind !== "integer") return kind;
  for await (const piece of events.pieces(branch, bytesAtOnce)) {
    if (piece instanceof BigInt64Array) return "int64";
  }
  return "int32";
}

/** What is taken of a branch: its value, an element, the number of elements. */
type Element = number | "value" | "count";

/** For each branch what is taken of it. */
type Wanted = ReadonlyMap<string, readonly Element[]>;

function branchesOf(events: RootEvents, { columns, elements = [], only }: WantedColumns): Wanted {
  return columns
    ? chosenColumns(events, columns)
    : new Map([...plainColumns(events, only), ...chosenColumns(events, elements)]);
}

function hasSeveralValues(events: RootEvents, branch: string): boolean {
  const { shape } = events.columns.find(({ name }) => name === branch)!;
  return shape === "fixed" || shape === "ragged";
}

/** The name of a column. @throws DataError where the branch has no such element, or several values. */
function elementName(events: RootEvents, branch: string, element: Element, hasSeveral: boolean): string {
  const index = element === "count" ? "" : element;
  if (!hasSeveral && element !== "value") {
    throw new DataError(
      `"${events.path}": "${branch}" has one value an event; write ${branch} instead of ${branch}[${index}].`,
    );
  }
  if (hasSeveral && element === "value") {
    throw new DataError(
      `"${events.path}": "${branch}" has several values an event; choose elements, such as ${branch}[0], or their number, ${branch}[].`,
    );
  }
  return hasSeveral ? `${branch}[${index}]` : branch;
}

function valuesAt(column: RaggedColumn, element: Element): Column {
  return element === "count" ? countsOf(column) : elementOf(column, element as number);
}

function chosenColumns(events: RootEvents, patterns: readonly string[]): Wanted {
  const names = events.columns.map(({ name }) => name);
  const wanted = new Map<string, Element[]>();
  for (const pattern of patterns) {
    const [, stem, index] = /^(.*?)(?:\[(\d*)\])?$/.exec(pattern)!;
    const element = index === undefined ? "value" : index === "" ? "count" : Number(index);
    // `Muon[0]` is a vector: Muon_pt[0], Muon_eta[0] ….
    const vector = index && !names.includes(stem!) ? vectorColumns(stem!, names) : undefined;
    const stems = vector ? Object.values(vector) : [stem!];
    for (const name of expandNames(stems, names, `column of "${events.path}"`)) {
      const info = events.columns.find((column) => column.name === name);
      if (!info) throw unknownName(`column of "${events.path}"`, name, names);
      if (info.shape === "unreadable") {
        throw new DataError(`"${events.path}": "${name}" cannot be read: ${info.reason}.`);
      }
      const list = wanted.get(name) ?? [];
      if (!list.includes(element)) list.push(element);
      wanted.set(name, list);
    }
  }
  return wanted;
}

function plainColumns(events: RootEvents, only: (name: string) => boolean = () => true): Wanted {
  const wanted = new Map<string, Element[]>();
  for (const { name, shape, type } of events.columns) {
    if (!only(name)) continue;
    if (shape === "scalar" || shape === "text") wanted.set(name, ["value"]);
    const length = shape === "fixed" ? Number(/\[(\d+)\]|,\s*(\d+)>/.exec(type)?.slice(1).find(Boolean)) : 0;
    if (length > 0)
      wanted.set(
        name,
        Array.from({ length }, (_, i) => i),
      );
  }
  return wanted;
}
