/** Preprocessing: transforms, standardisation and categories, fitted once, saved as JSON, applied to raw events. */
import { ConfigurationError, DataError } from "../errors/index.ts";
import { type CategoryMap, categoryCodes, fitCategories, mergedCategories } from "./categories.ts";
import { type ColumnStore, MemoryStore } from "./column-store.ts";
import { expandNames } from "./expand-names.ts";
import { meansAndDeviations } from "./fit-moments.ts";
import { type FittingEvents, invertColumnStep } from "./fitted-steps.ts";
import { withoutGaps } from "./gaps.ts";
import { medianAndSpread, type Scaler, type Scaling } from "./scaler.ts";
import { type Column, numbersOf, onlyColumns, type Table } from "./table.ts";
import { firstPiece, gatheredNumbers, storedTable, type TableSource, WholeTable } from "./table-source.ts";
import {
  eventwiseSteps,
  type FittedStep,
  fitTransforms,
  type TransformStep,
  transformTable,
} from "./transforms.ts";

/** What the preprocessing is to be. */
export interface PipelineSpec {
  /** Values that stand for "missing"; they become NaN before anything else, as ±∞ does. */
  readonly missing?: readonly number[] | undefined;
  /** Steps on the raw columns, in this order. */
  readonly transforms?: readonly TransformStep[] | undefined;
  /** Continuous features after the transforms, in this order; globs allowed. */
  readonly continuous: readonly string[];
  /** Categorical features after the transforms; globs allowed. */
  readonly categorical?: readonly string[] | undefined;
  /**
   * What a missing category is, and one of later files that the training events did not have: an error (the default),
   * or none of the categories, the code −1.
   */
  readonly unseen?: "error" | "other" | undefined;
  /**
   * Continuous features get mean 0 and deviation 1 (standard, the default), median 0 and the quartiles of a Gaussian
   * (robust), or stay as they are; one word for all, or one for names and globs, of which the last that fits counts.
   */
  readonly scaling?: Scaling | Readonly<Record<string, Scaling>> | undefined;
}

/** Fitted preprocessing: plain data, saved with a run as JSON. */
export interface Pipeline {
  readonly version: 1;
  readonly steps: readonly FittedStep[];
  readonly continuous: readonly string[];
  readonly categorical: readonly CategoryMap[];
  /** Absent where the features are taken as they are. */
  readonly scaler?: Scaler | undefined;
}

/** Settings of {@link fitPipeline}. */
export interface FitPipelineOptions {
  /** Fit on these rows only: the training events. */
  readonly rows?: ArrayLike<number> | undefined;
  /** Event weights for means, deviations, quantiles and components (default: every event counts once). */
  readonly weights?: Float32Array | Float64Array | undefined;
  /** The folder that module paths are relative to. */
  readonly directory?: string | undefined;
  /**
   * How many bytes of transformed events may be kept, so that they are not transformed for each pass (default: 256 MB).
   */
  readonly cacheBytes?: number | undefined;
  /**
   * Where events in pieces are put as they are after the transforms, a block for each piece; it stays empty where all
   * their columns have more than `cacheBytes`.
   */
  readonly transformed?: ColumnStore | undefined;
  /** The events after the transforms, where these are `eventwiseSteps` and were applied already. */
  readonly known?: TableSource | undefined;
}

/** The first steps of the pipeline, as they are asked for. */
export function stepsOf({
  missing,
  transforms,
}: Pick<PipelineSpec, "missing" | "transforms">): readonly TransformStep[] {
  return [{ kind: "missing", values: [...(missing ?? [])] }, ...(transforms ?? [])];
}

/**
 * Fits the preprocessing to raw events, which may come in pieces: the result is the same to the bit.
 *
 * @throws UnknownNameError for a column that is not there; DataError for text in a continuous feature, a feature
 * without any number, a missing category; ConfigurationError for a feature named as both kinds.
 */
export async function fitPipeline(
  events: Table | TableSource,
  spec: PipelineSpec,
  { rows, weights, directory, cacheBytes = 256e6, transformed, known }: FitPipelineOptions = {},
): Promise<Pipeline> {
  const raw = "columns" in events ? new WholeTable(events) : events;
  if (rows !== undefined && !(raw instanceof WholeTable)) {
    throw new ConfigurationError("fitPipeline: rows can be chosen of whole tables only.");
  }
  const { steps, source } = known
    ? { steps: eventwiseSteps(stepsOf(spec))!, source: known }
    : await fitTransforms(raw, stepsOf(spec), { directory, rows, weights });
  const names = Object.keys((await firstPiece(source))?.columns ?? {});
  const categorical = expandNames(spec.categorical ?? [], names, "categorical feature");
  const continuous = expandNames(spec.continuous, names, "continuous feature");
  const both = spec.continuous.find((name) => categorical.includes(name));
  if (both !== undefined) {
    throw new ConfigurationError(
      `feature "${both}" is listed as continuous and as categorical; it can be one.`,
    );
  }
  // A glob leaves to the other list what that list names.
  const chosen = continuous.filter((name) => !categorical.includes(name));
  const features = [...chosen, ...categorical];
  const fits = (columns: readonly string[]): boolean =>
    known === undefined &&
    !(source instanceof WholeTable) &&
    8 * source.rowCount * columns.length <= cacheBytes;
  let prepared = source;
  if (transformed !== undefined && fits(names)) prepared = await storedTable(source.pieces(), transformed);
  else if (fits(features)) prepared = await storedTable(featuresOf(source, features), new MemoryStore());
  const maps = await fitAllCategories(prepared, categorical, rows, spec.unseen);
  const fitted: Pipeline = {
    version: 1,
    steps,
    continuous: chosen,
    categorical: maps,
  };
  if (spec.scaling === "none") return fitted;
  return { ...fitted, scaler: await fitScaler(prepared, chosen, spec.scaling, { rows, weights }) };
}

async function* featuresOf(source: TableSource, names: readonly string[]): AsyncGenerator<Table> {
  for await (const piece of source.pieces()) yield onlyColumns(piece, names);
}

async function fitAllCategories(
  source: TableSource,
  names: readonly string[],
  rows: ArrayLike<number> | undefined,
  unseen: PipelineSpec["unseen"],
): Promise<readonly CategoryMap[]> {
  if (names.length === 0) return [];
  const parts: CategoryMap[][] = names.map(() => []);
  for await (const piece of source.pieces()) {
    for (const [i, name] of names.entries()) parts[i]!.push(fitCategories(piece, name, rows, unseen));
  }
  const maps = parts.map(mergedCategories);
  const empty = maps.find(({ values }) => values.length === 0);
  if (empty)
    throw new DataError(`column "${empty.name}": no training event has a value, so there are no categories.`);
  return maps;
}

async function fitScaler(
  source: TableSource,
  features: readonly string[],
  wanted: PipelineSpec["scaling"],
  events: FittingEvents,
): Promise<Scaler> {
  const scaling = scalingOf(features, wanted);
  const standard = features.filter((name) => scaling.get(name) === "standard");
  const fitted = new Map<string, { readonly mean: number; readonly deviation: number }>();
  for (const [i, each] of (await meansAndDeviations(source, standard, events)).entries())
    fitted.set(standard[i]!, each);
  for (const name of features) {
    if (scaling.get(name) === "robust")
      fitted.set(
        name,
        medianAndSpread(name, await gatheredNumbers(source, name), events.rows, events.weights),
      );
  }
  return {
    means: features.map((name) => fitted.get(name)?.mean ?? 0),
    standardDeviations: features.map((name) => fitted.get(name)?.deviation ?? 1),
  };
}

/** The scaling of each feature. */
function scalingOf(
  features: readonly string[],
  scaling: PipelineSpec["scaling"] = "standard",
): ReadonlyMap<string, Scaling> {
  const found = new Map<string, Scaling>(
    features.map((name) => [name, typeof scaling === "string" ? scaling : "standard"]),
  );
  if (typeof scaling === "string") return found;
  for (const [pattern, scale] of Object.entries(scaling)) {
    for (const name of expandNames([pattern], features, "scaling: continuous feature"))
      found.set(name, scale);
  }
  return found;
}

/** Settings of {@link applyPipeline}. */
export interface ApplyPipelineOptions {
  /** The folder that module paths are relative to. */
  readonly directory?: string | undefined;
  /** The events after the pipeline's steps, where they are known already. */
  readonly transformed?: Table | undefined;
}

const rowsInCache = 256;

/** Events ready for a network. */
export interface PreparedEvents {
  readonly eventCount: number;
  readonly featureCount: number;
  readonly continuousFeatures: readonly string[];
  readonly categoricalFeatures: readonly string[];
  /**
   * `[events, features]` row by row, continuous features first, then category codes; missing values are NaN.
   * This is what fold files store and what augmentation takes.
   */
  readonly features: Float32Array;
  /** The same with missing values 0, the mean: what a network takes. Made at the first use. */
  readonly inputs: Float32Array;
  /** All columns after the transforms. */
  readonly table: Table;
}

/**
 * Applies fitted preprocessing to raw events, in which targets and weights may be absent.
 *
 * @throws UnknownNameError for a missing feature; DataError for text in a continuous feature or an unseen category.
 */
export async function applyPipeline(
  pipeline: Pipeline,
  table: Table,
  { directory, transformed: known }: ApplyPipelineOptions = {},
): Promise<PreparedEvents> {
  const transformed = known ?? (await transformTable(table, pipeline.steps, { directory, strict: false }));
  const { continuous, categorical, scaler } = pipeline;
  const eventCount = table.rowCount;
  const featureCount = continuous.length + categorical.length;
  const features = new Float32Array(eventCount * featureCount);
  const words = new Int32Array(features.buffer);
  const columns = continuous.map((name) => numbersOf(transformed, name));
  // Some rows at a time, which stay in the processor's cache until all of their columns are written.
  for (let from = 0; from < eventCount; from += rowsInCache) {
    const to = Math.min(eventCount, from + rowsInCache);
    for (let f = 0; f < columns.length; f++) {
      const values = columns[f]!;
      const mean = scaler ? scaler.means[f]! : 0;
      const deviation = scaler ? scaler.standardDeviations[f]! : 1;
      for (let i = from, at = from * featureCount + f; i < to; i++, at += featureCount) {
        const value = (values[i]! - mean) / deviation;
        // NaN for ±∞ too, without a branch, which the processor would guess wrong where many values are missing.
        features[at] = value * (value - value + 1);
      }
    }
    unifyNaN(words, from * featureCount, to * featureCount);
  }
  for (const [c, map] of categorical.entries()) {
    const codes = categoryCodes(transformed, map);
    for (let i = 0, at = continuous.length + c; i < eventCount; i++, at += featureCount)
      features[at] = codes[i]!;
  }
  let inputs: Float32Array | undefined;
  return {
    eventCount,
    featureCount,
    continuousFeatures: continuous,
    categoricalFeatures: categorical.map(({ name }) => name),
    features,
    get inputs() {
      inputs ??= withoutGaps(features);
      return inputs;
    },
    table: transformed,
  };
}

/** Makes every NaN among single-precision numbers that of `Number.NaN`: processors make different ones of ∞ − ∞. */
function unifyNaN(words: Int32Array, from: number, to: number): void {
  for (let i = from; i < to; i++) {
    const word = words[i]!;
    // All bits where it is NaN, none elsewhere.
    const mask = (0x7f800000 - (word & 0x7fffffff)) >> 31;
    words[i] = (word & ~mask) | (0x7fc00000 & mask);
  }
}

/**
 * From features back to columns: the scaling, then the steps from the last to the first, as far as they can be undone.
 * Vectors stay Cartesian, and what was before them or before a step in the user's own code stays unknown. The columns
 * are those of the features; of categories, the values (missing for none).
 *
 * @param features `[events, features]`, as `applyPipeline` gives them.
 */
export function invertPipeline(pipeline: Pipeline, features: Float32Array): Table {
  const { continuous, categorical, scaler, steps } = pipeline;
  const featureCount = continuous.length + categorical.length;
  const rowCount = features.length / featureCount;
  if (!Number.isInteger(rowCount)) {
    throw new RangeError(
      `invertPipeline: ${features.length} values are no whole number of events of ${featureCount} features.`,
    );
  }
  const columns: Record<string, Column> = {};
  for (const [f, name] of continuous.entries()) {
    const mean = scaler ? scaler.means[f]! : 0;
    const deviation = scaler ? scaler.standardDeviations[f]! : 1;
    columns[name] = Float64Array.from(
      { length: rowCount },
      (_, i) => features[i * featureCount + f]! * deviation + mean,
    );
  }
  for (const [c, { name, values }] of categorical.entries()) {
    const at = (i: number): string | number | undefined =>
      values[features[i * featureCount + continuous.length + c]!];
    columns[name] = values.every((value) => typeof value === "number")
      ? Float64Array.from({ length: rowCount }, (_, i) => Number(at(i) ?? Number.NaN))
      : Array.from({ length: rowCount }, (_, i) => String(at(i) ?? ""));
  }
  let table: Table = { rowCount, columns };
  for (const step of steps.toReversed()) {
    if (step.kind === "cartesian" || step.kind === "module") break;
    if (step.kind === "missing" || step.kind === "columns") continue;
    table = step.kind === "rename" ? renamedBack(table, step.columns) : invertColumnStep(table, step);
  }
  return table;
}

function renamedBack(table: Table, names: Readonly<Record<string, string>>): Table {
  const before = new Map(Object.entries(names).map(([from, to]) => [to, from]));
  const columns = Object.fromEntries(
    Object.entries(table.columns).map(([name, column]) => [before.get(name) ?? name, column]),
  );
  return { rowCount: table.rowCount, columns };
}
