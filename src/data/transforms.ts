/** The steps that turn raw columns into the columns that features are chosen from: plain data, applied in order. */
import { ConfigurationError, counted, DataError, unknownName } from "../errors/index.ts";
import { missingToNaN, processCleaned, processEvent, vectorNames } from "../hep/index.ts";
import { deriveColumns } from "./expression/index.ts";
import {
  applyColumnStep,
  type FittableStep,
  type FittedColumnStep,
  type FittingEvents,
  fitColumnStep,
} from "./fitted-steps.ts";
import { type Column, dropColumns, type Table, tableOf } from "./table.ts";
import type { TableSource } from "./table-source.ts";
import { loadModule, type ModuleReference } from "./user-module.ts";

/** Gives columns other names; a column of the new name must not exist. */
export interface RenameStep {
  readonly kind: "rename";
  /** Old name: new name. */
  readonly columns: Readonly<Record<string, string>>;
}

/** Turns ±∞ and the given values into NaN, in all columns of numbers. */
export interface MissingStep {
  readonly kind: "missing";
  readonly values: readonly number[];
}

/** Turns pT, η, φ of every vector into px, py, pz; see `processEvent`. */
export interface CartesianStep {
  readonly kind: "cartesian";
  /** Polar columns that stay beside the Cartesian ones. */
  readonly keep?: readonly string[] | undefined;
  /** Vectors that are left alone. */
  readonly ignore?: readonly string[] | undefined;
  /** Turn every event so that the reference vectors point the same way. */
  readonly align?:
    | {
        readonly reference: string;
        readonly second?: string | undefined;
        readonly phi?: boolean | undefined;
        readonly y?: boolean | undefined;
        readonly z?: boolean | undefined;
      }
    | undefined;
}

/** New columns from expressions such as `mass(lep + tau)`; see `deriveColumns`. */
export interface ColumnsStep {
  readonly kind: "columns";
  /** The expression of each new column; each sees the columns before it. */
  readonly columns: Readonly<Record<string, string>>;
}

/** A function of the user's own: `(table, options) => table`, with the same rows in the same order. */
export interface ModuleStep extends ModuleReference {
  readonly kind: "module";
}

/** One step that says all by itself. */
export type PlainStep = RenameStep | MissingStep | CartesianStep | ColumnsStep | ModuleStep;

/** One step that changes a table before features are chosen from it, as it is asked for; plain data. */
export type TransformStep = PlainStep | FittableStep;

/** The same with the numbers that it learnt from the training events. */
export type FittedStep = PlainStep | FittedColumnStep;

/** The user's function behind a {@link ModuleStep}. */
export type TableTransform = (table: Table, options: unknown) => Table | Promise<Table>;

/** How steps are applied. */
export interface TransformOptions {
  /** The folder that module paths are relative to (default: the working folder). */
  readonly directory?: string | undefined;
  /**
   * Renaming a column that is absent is an error, and deriving one that is there (default true). Prediction files may lack
   * targets and weights, and have derived columns already, which are derived anew.
   */
  readonly strict?: boolean | undefined;
  /** Whether the table is of no further use: its numbers may be changed, not copied (default false). */
  readonly inPlace?: boolean | undefined;
}

/**
 * Fits the steps one after the other, each to the events that those before it leave.
 *
 * @returns the fitted steps, and the events after all of them.
 */
export async function fitTransforms(
  source: TableSource,
  steps: readonly TransformStep[],
  options: Omit<TransformOptions, "strict"> & FittingEvents = {},
): Promise<{ readonly steps: readonly FittedStep[]; readonly source: TableSource }> {
  const fitted: FittedStep[] = [];
  let current = source;
  for (const step of steps) {
    const next = isFittable(step) ? await fitColumnStep(step, current, options) : step;
    fitted.push(next);
    current = await current.map((piece) => transformTable(piece, [next], options));
  }
  return { steps: fitted, source: current };
}

/**
 * The steps, where each of them treats every event by itself and needs no fit: then events may be transformed before it is
 * known which of them are for training. Undefined where one does not; code of one's own may look at a whole piece.
 */
export function eventwiseSteps(steps: readonly TransformStep[]): readonly PlainStep[] | undefined {
  const plain = steps.filter((step): step is PlainStep => !isFittable(step) && step.kind !== "module");
  return plain.length === steps.length ? plain : undefined;
}

function isFittable(step: TransformStep): step is FittableStep {
  return ["log", "indicator", "fill", "quantile", "pca"].includes(step.kind);
}

/** The table after all steps. The given table is not changed, unless it may be. */
export async function transformTable(
  table: Table,
  steps: readonly FittedStep[],
  { directory, strict = true, inPlace = false }: TransformOptions = {},
): Promise<Table> {
  let current = table;
  // Whether there is no ±∞ in any column: a look at all of them takes longer than most steps.
  let isClean = false;
  for (const step of steps) {
    switch (step.kind) {
      case "rename":
        current = renamed(current, step, strict);
        break;
      case "missing":
        current = {
          rowCount: current.rowCount,
          columns: missingToNaN(current.columns, step.values, inPlace && current === table),
        };
        break;
      case "cartesian":
        current = { rowCount: current.rowCount, columns: cartesian(current, step, isClean) };
        break;
      case "columns":
        // What was derived before, for cuts, targets or weights, is derived anew.
        current = deriveColumns(
          strict ? current : dropColumns(current, Object.keys(step.columns)),
          step.columns,
        );
        break;
      case "module":
        current = await byModule(current, step, directory);
        break;
      default:
        current = applyColumnStep(current, step);
    }
    isClean = step.kind === "missing" || (isClean && step.kind === "rename");
  }
  return current;
}

function renamed(table: Table, { columns: names }: RenameStep, strict: boolean): Table {
  const present = Object.keys(table.columns);
  for (const [from, to] of Object.entries(names)) {
    if (!present.includes(from)) {
      if (strict) throw unknownName("column to rename", from, present);
    } else if (present.includes(to) && !Object.hasOwn(names, to)) {
      throw new ConfigurationError(
        `rename: "${from}" cannot become "${to}", there is a column of that name already.`,
      );
    }
  }
  const columns: Record<string, Column> = {};
  for (const [name, column] of Object.entries(table.columns)) {
    columns[Object.hasOwn(names, name) ? names[name]! : name] = column;
  }
  return { rowCount: table.rowCount, columns };
}

function cartesian(
  table: Table,
  { keep = [], ignore = [], align }: CartesianStep,
  isClean: boolean,
): Table["columns"] {
  const found = vectorNames(Object.keys(table.columns));
  for (const name of ignore) if (!found.includes(name)) throw unknownName("vector to ignore", name, found);
  const references =
    align && ([align.reference, ...(align.second ? [align.second] : [])] as [string, string?]);
  return (isClean ? processCleaned : processEvent)(table.columns, {
    vectors: found.filter((name) => !ignore.includes(name)),
    keep,
    ...(references
      ? { references, fixPhi: align.phi ?? true, fixY: align.y ?? false, fixZ: align.z ?? false }
      : {}),
  });
}

async function byModule(table: Table, step: ModuleStep, directory: string | undefined): Promise<Table> {
  // What the module exports is the user's word that it is such a function; its result is checked.
  const transform = (await loadModule(step, directory)) as unknown as TableTransform;
  const where = `transform ${step.name} of "${step.module}"`;
  const result = await transform(table, step.options);
  if (typeof result?.columns !== "object" || result.columns === null) {
    throw new DataError(`${where}: expected a table { rowCount, columns } back, but got ${typeof result}.`);
  }
  for (const [name, column] of Object.entries(result.columns)) {
    const fits =
      Array.isArray(column) ||
      column instanceof Float32Array ||
      column instanceof Float64Array ||
      column instanceof Int32Array ||
      column instanceof BigInt64Array;
    if (!fits)
      throw new DataError(`${where}: the column "${name}" is neither a typed array nor a list of texts.`);
    if (column.length !== table.rowCount) {
      throw new DataError(
        `${where}: it must keep the ${counted(table.rowCount, "row")}, but the column "${name}" has ${column.length}. Choose rows with the selection.`,
      );
    }
  }
  return tableOf(result.columns);
}
