/** What `lumin plot` can be asked for beside the looks of the picture, and the events of a file that are drawn. */
import type { Numbers } from "../array/index.ts";
import { columnOf, finiteWeights, numbersOf, readTable, type Table } from "../data/index.ts";
import { ConfigurationError, DataError, unknownName } from "../errors/index.ts";

/** Options by name, as commander gives them. */
export interface PlotOptions {
  readonly column?: readonly string[];
  readonly by?: string;
  readonly weight?: string;
  readonly select?: string;
  readonly tree?: string;
  readonly missing?: readonly number[];
  readonly bins?: number;
  readonly range?: readonly [number, number];
  readonly unit?: string;
  readonly sums?: boolean;
  readonly signal?: readonly string[];
  readonly cut?: number;
  readonly regularisation?: readonly number[];
  readonly truth?: string;
  readonly points?: string;
  readonly lines?: readonly string[];
  readonly lineScale?: number;
  readonly zoom?: readonly [number, number];
  readonly objects?: readonly string[];
  readonly rows?: readonly number[];
  readonly metric?: string;
  readonly threshold?: number;
  readonly limit?: number;
  readonly member?: number;
  readonly block?: number;
  readonly replicas?: number;
  readonly seed?: number;
}

/** Events as they are drawn. */
export interface PlotEvents {
  readonly table: Table;
  /** Absent: every event counts once. */
  readonly weights: Float64Array | undefined;
  /** Class or sample of each event; absent: there is one. */
  readonly names: readonly string[] | undefined;
}

/** Options that say which events of a file are drawn. */
export const eventOptions = ["by", "weight", "select", "tree", "missing"] as const;

/** Reads events; `columns` are those that the picture needs, absent: all. */
export async function readPlotEvents(
  files: readonly string[],
  columns: readonly string[] | undefined,
  { by, weight, select, tree }: PlotOptions,
): Promise<PlotEvents> {
  const more = [by, weight].filter((name) => name !== undefined);
  const table = await readTable(files, {
    ...{ select, tree },
    ...(columns === undefined ? {} : { columns: [...new Set([...columns, ...more])] }),
  });
  return {
    table,
    weights: weight === undefined ? undefined : finiteWeights(table, weight),
    names: by === undefined ? undefined : Array.from(columnOf(table, by), String),
  };
}

/** Numbers of a column, with the values of `--missing` as NaN. */
export function valuesOf({ table }: PlotEvents, name: string, { missing = [] }: PlotOptions): Float64Array {
  return Float64Array.from(numbersOf(table, name), (value) => (missing.includes(value) ? Number.NaN : value));
}

/** The one column that a kind draws. */
export function oneColumn(kind: string, what: string, { column = [] }: PlotOptions): string {
  if (column.length === 1) return column[0]!;
  throw new ConfigurationError(
    `plot ${kind}: --column names ${what}; ${column.length === 0 ? "it is missing" : `one name was expected, but ${column.length} came`}.`,
  );
}

/** 1 for events of the signal, 0 for others. */
export function targetsOf(kind: string, { names }: PlotEvents, { signal, by }: PlotOptions): Uint8Array {
  if (names === undefined) {
    throw new ConfigurationError(
      `plot ${kind}: --by names the column that tells signal from background; it is missing.`,
    );
  }
  const known = [...new Set(names)].sort();
  const chosen = signal ?? (known.includes("1") && known.every((name) => /^[01]$/.test(name)) ? ["1"] : []);
  if (chosen.length === 0) {
    throw new ConfigurationError(
      `plot ${kind}: --signal says which values of "${by}" are signal; it is missing. There are ${known.join(", ")}.`,
    );
  }
  const unknown = chosen.find((name) => !known.includes(name));
  if (unknown !== undefined) throw unknownName(`--signal: value of "${by}"`, unknown, known);
  const targets = Uint8Array.from(names, (name) => (chosen.includes(name) ? 1 : 0));
  if (known.length === chosen.length) {
    throw new DataError(`plot ${kind}: all ${names.length} events are signal; background is needed too.`);
  }
  return targets;
}

/** [0, 1] where all values are probabilities; else undefined: the bulk of the values. */
export function probabilityRange(values: Numbers): readonly [number, number] | undefined {
  return Array.prototype.every.call(values, (value: number) => !(value < 0 || value > 1))
    ? [0, 1]
    : undefined;
}
