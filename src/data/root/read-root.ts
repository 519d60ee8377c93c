/** Tables from ROOT files: one number or text an event, elements of arrays and vectors chosen by `name[index]`. */
import { DataError, unknownName } from "../../errors/index.ts";
import { expandNames } from "../expand-names.ts";
import { vectorColumns } from "../expression/vectors.ts";
import { type Column, concatenateTables, type Table } from "../table.ts";
import { countsOf, elementOf, isRagged } from "./ragged.ts";
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
    tables.push(await readEvents(events, options.columns));
  }
  return concatenateTables(
    tables,
    paths.map((path) => `"${path}"`),
  );
}

/** The chosen columns of a tree or ntuple as a table; `elements` are read beside the plain columns. */
export async function readEvents(
  events: RootEvents,
  columns?: readonly string[],
  elements: readonly string[] = [],
): Promise<Table> {
  const wanted = columns
    ? chosenColumns(events, columns)
    : new Map([...plainColumns(events), ...chosenColumns(events, elements)]);
  const table: Record<string, Column> = {};
  for (const [branch, elements] of wanted) {
    const values = await events.read(branch);
    for (const element of elements) {
      if (!isRagged(values)) {
        if (element !== "value") {
          throw new DataError(
            `"${events.path}": "${branch}" has one value an event; write ${branch} instead of ${branch}[${element === "count" ? "" : element}].`,
          );
        }
        table[branch] = values;
      } else if (element === "count") {
        table[`${branch}[]`] = countsOf(values);
      } else if (element === "value") {
        throw new DataError(
          `"${events.path}": "${branch}" has several values an event; choose elements, such as ${branch}[0], or their number, ${branch}[].`,
        );
      } else {
        table[`${branch}[${element}]`] = elementOf(values, element);
      }
    }
  }
  return { rowCount: events.eventCount, columns: table };
}

/** For each branch what is taken of it: its value, an element, the number of elements. */
type Wanted = ReadonlyMap<string, readonly (number | "value" | "count")[]>;

function chosenColumns(events: RootEvents, patterns: readonly string[]): Wanted {
  const names = events.columns.map(({ name }) => name);
  const wanted = new Map<string, (number | "value" | "count")[]>();
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

function plainColumns(events: RootEvents): Wanted {
  const wanted = new Map<string, (number | "value" | "count")[]>();
  for (const { name, shape, type } of events.columns) {
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
