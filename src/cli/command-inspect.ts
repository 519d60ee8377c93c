/** `lumin inspect FILE`: what a file holds: trees, columns, types, ranges, missing values, histograms. */
import {
  type ColumnSummary,
  describeTable,
  holdsEvents,
  openRootFile,
  type RootReader,
  readHistogram,
  readTable,
  type TableSummary,
} from "../data/index.ts";
import type { CommandContext } from "./command-context.ts";
import { padded } from "./terminal.ts";

export interface InspectOptions {
  readonly tree?: string;
  readonly columns?: readonly string[];
  readonly weight?: string;
  readonly select?: string;
  readonly json?: boolean;
}

/** What is printed, or given as JSON. */
interface Inspection {
  readonly file: string;
  /** Objects of a ROOT file. */
  readonly objects?: readonly { readonly name: string; readonly kind: string; readonly note: string }[];
  /** Columns of trees that a table cannot have as they are, and why. */
  readonly others?: readonly { readonly name: string; readonly type: string }[];
  readonly events?: TableSummary;
}

/** Prints what a file holds. */
export async function inspectCommand(
  path: string,
  options: InspectOptions,
  context: CommandContext,
): Promise<void> {
  const inspection = await inspect(path, options);
  context.signal.throwIfAborted();
  process.stdout.write(
    options.json === true ? `${JSON.stringify(inspection, null, 2)}\n` : describe(inspection),
  );
}

async function inspect(path: string, options: InspectOptions): Promise<Inspection> {
  const { tree, columns, weight, select } = options;
  if (!/\.root$/i.test(path)) {
    const table = await readTable([path], { tree, columns, select });
    return { file: path, events: describeTable(table, weight) };
  }
  const file = await openRootFile(path);
  const objects = await Promise.all(file.entries.map((entry) => describeObject(file, entry.name)));
  const trees = file.entries.filter(holdsEvents).map(({ name }) => name);
  const chosen = tree ?? (trees.length === 1 ? trees[0] : undefined);
  if (chosen === undefined) return { file: path, objects };
  const events = await file.events(chosen);
  const others = events.columns
    .filter(({ shape }) => shape === "ragged" || shape === "unreadable")
    .map(({ name, type, reason }) => ({
      name,
      type: reason === undefined ? type : `not readable: ${reason}`,
    }));
  if (events.eventCount === 0) return { file: path, objects, others };
  const table = await readTable([path], { tree: chosen, columns, select });
  return { file: path, objects, others, events: describeTable(table, weight) };
}

async function describeObject(
  file: RootReader,
  name: string,
): Promise<{ readonly name: string; readonly kind: string; readonly note: string }> {
  const entry = file.entries.find((one) => one.name === name)!;
  const kind = entry.className;
  if (holdsEvents(entry)) {
    const { eventCount, columns } = await file.events(name);
    return { name, kind, note: `${eventCount.toLocaleString("en")} events, ${columns.length} columns` };
  }
  if (/^TH[12][CSIFDL]$/.test(kind)) {
    const { edges, contents, errors, entries, outside } = await readHistogram(file, name);
    const axes = edges.map((axis) => `${axis.length - 1} bins from ${axis[0]} to ${axis.at(-1)}`).join(" × ");
    const sum = contents.reduce((total, value) => total + value, 0);
    const error = Math.sqrt(errors.reduce((total, value) => total + value * value, 0));
    return {
      name,
      kind,
      note: `${axes}, ${entries} entries, sum ${short(sum)} ± ${short(error)}, outside ${short(outside)}`,
    };
  }
  return { name, kind, note: entry.title };
}

function describe({ file, objects, others, events }: Inspection): string {
  const lines = [file];
  if (objects) {
    lines.push("", ...aligned(objects.map(({ name, kind, note }) => [name, kind, note])));
  }
  if (events) {
    const weights = events.weightSum === undefined ? "" : `, sum of weights ${short(events.weightSum)}`;
    lines.push("", `${events.rowCount.toLocaleString("en")} events${weights}`);
    const rows = events.columns.map((column) => [
      column.name,
      column.type,
      column.type === "text" ? "" : `${short(column.minimum)} … ${short(column.maximum)}`,
      column.type === "text" ? "" : `mean ${short(column.mean)}`,
      column.missing > 0 ? `${column.missing} missing` : "",
      values(column),
    ]);
    lines.push(...aligned(rows));
  }
  if (others && others.length > 0) {
    lines.push(
      "",
      "several values an event (take elements: name[0], or their number: name[]), or not readable:",
    );
    lines.push(...aligned(others.map(({ name, type }) => [name, type])));
  }
  return `${lines.join("\n")}\n`;
}

function values({ frequent, distinct }: ColumnSummary): string {
  if (frequent.length === 0) return distinct === undefined ? "" : `${distinct} values`;
  const more = (distinct ?? 0) > frequent.length ? ", …" : "";
  return frequent.map(([value, count]) => `${value}: ${count}`).join(", ") + more;
}

function short(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e15
    ? String(value)
    : String(Number(value.toPrecision(6)));
}

/** Rows of cells as lines, cells of a column equally wide. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows.reduce<number[]>(
    (widest, row) => row.map((cell, k) => Math.max(cell.length, widest[k] ?? 0)),
    [],
  );
  return rows.map((row) => `  ${row.map((cell, k) => padded(cell, widths[k]!)).join("  ")}`.trimEnd());
}
