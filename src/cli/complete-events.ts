/** What events are given after they are read: columns of friends, of their origin, derived ones; and cuts on these. */
import {
  deriveColumns,
  Joiner,
  numbersOf,
  readTable,
  selectWhere,
  type Table,
  tableOf,
} from "../data/index.ts";
import { ConfigurationError, DataError } from "../errors/index.ts";
import { missingToNaN } from "../hep/index.ts";
import type { Analysis, FriendConfiguration, SourceConfiguration } from "./analysis.ts";

/** The column with the labels of the sources. */
const labelColumn = "source";
/** The column with the weight factors of the sources. */
const factorColumn = "source_weight";

/** Friends that are read: for each the table that stands in for it in a file of events. */
export type LoadedFriends = readonly ((file: string) => Promise<Joiner>)[];

/**
 * Reads the friends that are files of their own, once; those that are trees of the events' files are read with them.
 */
export async function loadFriends({ input }: Analysis): Promise<LoadedFriends> {
  return Promise.all(
    input.friends.map(async (friend) => {
      if (friend.files.length === 0) return (file: string) => joinerOf(friend, [file]);
      const joiner = await joinerOf(friend, friend.files);
      return async () => joiner;
    }),
  );
}

async function joinerOf(friend: FriendConfiguration, files: readonly string[]): Promise<Joiner> {
  const { tree, on, columns, prefix, join: kind } = friend;
  const table = await readTable(files, { tree });
  const label = `the friend ${files.map((file) => `"${file}"`).join(", ")}${tree === undefined ? "" : ` (${tree})`}`;
  return new Joiner(table, { on, columns, prefix, kind, labels: ["the events", label] });
}

/** How the events of one file become those of the analysis. */
export interface Completion {
  readonly friends: readonly Joiner[];
  readonly source?: SourceConfiguration | undefined;
  /** Whether the columns `source` and `source_weight` are made. */
  readonly isDescribed: boolean;
  /** A cut on columns that the file does not have itself. */
  readonly select?: string | undefined;
}

/** Whether a cut may be made of what is only there after reading. */
export function isLate({ input }: Analysis, select: string | undefined): boolean {
  if (select === undefined) return false;
  if (input.friends.length > 0) return true;
  const words = new Set(select.toLowerCase().match(/[a-z_]\w*/g));
  return Object.keys(input.columns).some((name) => words.has(name.toLowerCase()));
}

/** The events with all their columns, without those that a late cut takes away. */
export async function completed(
  analysis: Analysis,
  table: Table,
  { friends, source, isDescribed, select }: Completion,
): Promise<Table> {
  const { input, weights } = analysis;
  const isDerived = weights.column !== undefined && Object.hasOwn(input.columns, weights.column);
  let current = table;
  for (const friend of friends) current = friend.join(current);
  if (isDescribed) current = withOrigin(current, source);
  if (isDescribed && !isDerived) current = withFactor(current, weights.column, source);
  current = withDerived(current, analysis);
  if (isDescribed && isDerived) current = withFactor(current, weights.column, source);
  return select === undefined || current.rowCount === 0 ? current : selectWhere(current, select);
}

function withOrigin(table: Table, source: SourceConfiguration | undefined): Table {
  const columns = { ...table.columns };
  if (source?.label !== undefined) {
    columns[labelColumn] = new Array<string>(table.rowCount).fill(source.label);
  }
  columns[factorColumn] = new Float64Array(table.rowCount).fill(source?.weight ?? 1);
  return tableOf(columns);
}

function withFactor(
  table: Table,
  column: string | undefined,
  source: SourceConfiguration | undefined,
): Table {
  const factor = source?.weight ?? 1;
  if (column === undefined || column === factorColumn || factor === 1) return table;
  const weights = Float64Array.from(numbersOf(table, column), (weight) => weight * factor);
  return tableOf({ ...table.columns, [column]: weights });
}

/** The new columns of the analysis beside those that the events have. */
function withDerived(table: Table, { input }: Analysis): Table {
  const names = Object.keys(input.columns);
  if (names.length === 0) return table;
  const cleaned = { rowCount: table.rowCount, columns: missingToNaN(table.columns, input.missing) };
  const { columns } = deriveColumns(cleaned, input.columns);
  return {
    rowCount: table.rowCount,
    columns: { ...table.columns, ...Object.fromEntries(names.map((name) => [name, columns[name]!])) },
  };
}

/** Joins events to predict: every one must have a partner, unless the analysis lets it be without. */
export function joinedForPrediction({ input }: Analysis, table: Table, friends: readonly Joiner[]): Table {
  let current = table;
  for (const [i, friend] of friends.entries()) {
    const joined = friend.join(current);
    if (joined.rowCount < current.rowCount) {
      throw new DataError(
        `input.friends: ${current.rowCount - joined.rowCount} of the events to predict are not in the friend ${input.friends[i]!.files.join(", ")}. Name the friend of these events with --friends, or let them be without by join: left.`,
      );
    }
    current = joined;
  }
  return current;
}

/** @throws ConfigurationError where events to predict have a column that the analysis makes. */
export function checkNotDerived({ input }: Analysis, names: readonly string[]): void {
  const taken = Object.keys(input.columns).find((name) => names.includes(name));
  if (taken === undefined) return;
  throw new ConfigurationError(
    `new column "${taken}": the events have a column of this name; the run made it by input.columns (${input.columns[taken]}). Rename the one of the file.`,
  );
}
