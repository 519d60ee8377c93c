/** Labelled events to a fold file: preprocessing fitted, weights scaled, events dealt into folds, piece by piece. */
import {
  type ApplyPipelineOptions,
  applyPipeline,
  type Block,
  type Column,
  type ColumnStore,
  columnOf,
  columnOrigins,
  concatenateTables,
  dropColumns,
  expandNames,
  type FoldEvents,
  type FoldFileHeader,
  firstPiece,
  fitPipeline,
  indicesByValue,
  MemoryStore,
  neededColumns,
  type Pipeline,
  type ShiftedColumn,
  selectValues,
  type Table,
  WeightScale,
  writeFolds,
} from "../data/index.ts";
import { ConfigurationError } from "../errors/index.ts";
import { type Analysis, classNames } from "./analysis.ts";
import { dealtFolds } from "./deal-events.ts";
import { type LabelledEvents, type LabelledSource, rowsOfMatrix } from "./labelled-events.ts";
import { identifiersOf } from "./predictions-file.ts";

/** What the fold file will be, before it is written. */
export interface FoldPlan {
  readonly pipeline: Pipeline;
  /** For each fold the rows of the training events in it. */
  readonly foldRows: readonly Int32Array[];
  /**
   * Writes the fold file. The prepared events are put aside fold by fold.
   *
   * @param store where; default: in memory.
   */
  write(path: string, store?: ColumnStore): Promise<void>;
}

/**
 * Fits the preprocessing on the events, scales their weights and deals them into folds.
 *
 * @param cacheBytes of events that the fit may keep.
 */
export async function planFolds(
  analysis: Analysis,
  { source, label }: LabelledSource,
  directory: string,
  cacheBytes?: number,
): Promise<FoldPlan> {
  const { features, input, transforms } = analysis;
  const { weights, scale, wholeTargets } = await survey(analysis, { source, label });
  const derived = Object.keys(input.columns);
  const raw = derived.length === 0 ? source : await source.map((piece) => dropColumns(piece, derived));
  const transformed = new MemoryStore();
  const fitted = await fitPipeline(
    raw,
    {
      missing: input.missing,
      transforms:
        derived.length > 0 ? [{ kind: "columns", columns: input.columns }, ...transforms] : transforms,
      continuous: features.continuous,
      categorical: features.categorical,
      scaling: features.scaling,
      unseen: features.unseen,
    },
    // Derived columns that no feature needs are made for the fit only.
    { directory, weights, cacheBytes, transformed: derived.length > 0 ? undefined : transformed },
  );
  const names = Object.keys((await firstPiece(raw))?.columns ?? {});
  const pipeline = checkedPipeline(analysis, fitted, names);
  const foldRows = await dealtFolds(analysis, source);
  return {
    pipeline,
    foldRows,
    async write(path, store = new MemoryStore()) {
      const foldOf = foldNumbers(foldRows, source.rowCount);
      const known = transformed.drain()[Symbol.asyncIterator]();
      let first = 0;
      for await (const piece of source.pieces()) {
        const { rowCount } = piece;
        const { value: columns } = await known.next();
        const rowsOfFold = indicesByValue(foldOf.subarray(first, first + rowCount), foldRows.length);
        const block = await preparedBlock(analysis, pipeline, label(piece), scale, {
          directory,
          transformed: columns && { rowCount, columns },
          rows: joinedRows(rowsOfFold),
        });
        for (const [fold, own] of blocksOfFolds(block, rowsOfFold, rowCount)) await store.add(own, fold);
        first += rowCount;
      }
      await writeFolds(path, headerOf(analysis, pipeline), { wholeTargets }, async function* () {
        for (const fold of foldRows.keys()) yield await joinedFold(store, fold);
      });
    },
  };
}

/**
 * Writes events that the pipeline was not fitted on, such as those for validation: a fold of each piece.
 */
export async function writeFurtherFolds(
  path: string,
  analysis: Analysis,
  pipeline: Pipeline,
  { source, label }: LabelledSource,
  directory: string,
): Promise<void> {
  const { wholeTargets } = await survey(analysis, { source, label });
  await writeFolds(path, headerOf(analysis, pipeline), { wholeTargets }, async function* () {
    for await (const piece of source.pieces()) {
      yield foldOfBlock(await preparedBlock(analysis, pipeline, label(piece), undefined, { directory }));
    }
  });
}

/** What all events together tell before any is changed. */
async function survey(
  analysis: Analysis,
  { source, label }: LabelledSource,
): Promise<{
  /** For the fit of the preprocessing, where it is asked for. */
  readonly weights: Float64Array | undefined;
  readonly scale: TrainingWeightScale;
  readonly wholeTargets: boolean;
}> {
  const scale = new TrainingWeightScale(analysis);
  const weights = new Float64Array(analysis.weights.preprocessing ? source.rowCount : 0);
  let isWeighted = false;
  let wholeTargets = true;
  let first = 0;
  for await (const piece of source.pieces()) {
    const events = label(piece);
    scale.add(events);
    wholeTargets &&= events.targets.every((target) => Number.isInteger(target));
    if (analysis.weights.preprocessing && events.weights !== undefined) {
      weights.set(events.weights, first);
      isWeighted = true;
    }
    first += piece.rowCount;
  }
  return { weights: isWeighted ? weights : undefined, scale, wholeTargets };
}

/** Event weights as trainings take them: scaled as `weights.normalise` says; undefined where all are alike. */
export function weightsForTraining(analysis: Analysis, events: LabelledEvents): Float64Array | undefined {
  const scale = new TrainingWeightScale(analysis);
  scale.add(events);
  return scale.scaled(events);
}

/** The scaling of an analysis's weights, of events that come in pieces: add all, then scale each. */
class TrainingWeightScale {
  readonly #analysis: Analysis;
  readonly #scale: WeightScale;
  readonly #isNeeded: boolean;

  constructor(analysis: Analysis) {
    const { target, weights } = analysis;
    let { normalise } = weights;
    if (target.task === "regression") {
      if (normalise === "sumOnePerClass") {
        throw new ConfigurationError(
          "weights.normalise: sumOnePerClass needs classes, which a regression does not have.",
        );
      }
      if (normalise === "meanOnePerClass") normalise = "meanOne";
    }
    this.#analysis = analysis;
    this.#scale = new WeightScale(normalise, classNames(target));
    this.#isNeeded = weights.column !== undefined || normalise === "sumOnePerClass";
  }

  add(events: LabelledEvents): void {
    if (this.#isNeeded) this.#scale.add(this.#classes(events), weightsOf(events));
  }

  scaled(events: LabelledEvents): Float64Array | undefined {
    return this.#isNeeded ? this.#scale.scaled(this.#classes(events), weightsOf(events)) : undefined;
  }

  /** A regression's values are no classes: all events are one. */
  #classes({ table, targets }: LabelledEvents): ArrayLike<number> {
    return this.#analysis.target.task === "regression" ? new Uint8Array(table.rowCount) : targets;
  }
}

function weightsOf({ table, weights }: LabelledEvents): Float64Array {
  return weights ?? new Float64Array(table.rowCount).fill(1);
}

/**
 * The pipeline without the new columns that no feature is made of: events to predict need not have what they are made of.
 *
 * @param names the raw columns.
 * @throws ConfigurationError where a feature is a target or made of one: a network that is given what it should learn
 * would learn nothing else.
 */
function checkedPipeline(
  { input, target }: Analysis,
  pipeline: Pipeline,
  names: readonly string[],
): Pipeline {
  const { continuous, categorical, steps } = pipeline;
  const features = [...continuous, ...categorical.map(({ name }) => name)];
  const origins = columnOrigins(steps, names);
  for (const goal of target.columns) {
    if (features.includes(goal)) {
      throw new ConfigurationError(
        `features: "${goal}" is the target; take it away, with "!${goal}" where a glob names it.`,
      );
    }
    const made = features.find((name) => origins.get(name)?.has(goal));
    if (made !== undefined) {
      throw new ConfigurationError(
        `features: "${made}" is made of "${goal}", which is the target; take it away, with "!${made}" where a glob names it.`,
      );
    }
  }
  const needed = neededColumns(input.columns, origins, steps, features);
  const kept = steps.flatMap((step) => {
    if (step.kind !== "columns" || step.columns !== input.columns) return [step];
    return Object.keys(needed).length > 0 ? [{ ...step, columns: needed }] : [];
  });
  return { ...pipeline, steps: kept };
}

// No column of a fold file has a name with "/".
const [featuresKey, targetsKey, weightsKey] = ["/features", "/targets", "/weights"] as const;

/** Events as a fold stores them, under the names it stores them by. */
async function preparedBlock(
  analysis: Analysis,
  pipeline: Pipeline,
  events: LabelledEvents,
  scale: TrainingWeightScale | undefined,
  options: ApplyPipelineOptions,
): Promise<Block> {
  const { table, targets, weights } = events;
  const { features, table: transformed } = await applyPipeline(pipeline, table, options);
  const scaled = scale === undefined ? weights : scale.scaled(events);
  return {
    [featuresKey]: features,
    [targetsKey]: targets,
    ...(scaled === undefined ? {} : { [weightsKey]: Float32Array.from(scaled) }),
    ...carriedColumns(analysis, table, weights),
    ...variedColumns(analysis, transformed),
  };
}

/** The columns that systematic variations take shifted values from. */
function variedColumns({ augmentation }: Analysis, table: Table): Record<string, Column> {
  if (augmentation === "off" || !("length" in augmentation)) return {};
  const shifts = augmentation.flatMap((transform) =>
    transform.kind === "variation"
      ? Object.values(transform.nuisances).flatMap(Object.values<ShiftedColumn>)
      : [],
  );
  const names = shifts.flatMap(({ up, down }) => [up, down]).filter((value) => typeof value === "string");
  return Object.fromEntries(
    expandNames(names, Object.keys(table.columns), "augmentation: column").map((name) => [
      name,
      columnOf(table, name),
    ]),
  );
}

function carriedColumns(
  { folds, input }: Analysis,
  table: Table,
  weights: Float64Array | undefined,
): Record<string, Column> {
  const carried = expandNames(folds.columns, Object.keys(table.columns), "folds.columns: column");
  return {
    ...identifiersOf(table, input.id),
    ...(weights === undefined ? {} : { original_weight: weights }),
    ...Object.fromEntries(carried.map((name) => [name, columnOf(table, name)])),
  };
}

function headerOf({ target, weights }: Analysis, pipeline: Pipeline): FoldFileHeader {
  return {
    continuousFeatures: pipeline.continuous,
    categoricalFeatures: pipeline.categorical.map(({ name }) => name),
    categories: pipeline.categorical,
    targetFeatures: target.columns,
    ...(weights.column === undefined ? {} : { weightFeature: weights.column }),
    ...(pipeline.scaler === undefined ? {} : { scaler: pipeline.scaler }),
  };
}

function foldNumbers(foldRows: readonly Int32Array[], rowCount: number): Int32Array {
  const foldOf = new Int32Array(rowCount);
  for (const [fold, rows] of foldRows.entries()) for (const row of rows) foldOf[row] = fold;
  return foldOf;
}

/** The blocks of the folds that have rows in a block, in which the features are in the order of the folds already. */
function* blocksOfFolds(
  { [featuresKey]: features, ...others }: Block,
  rowsOfFold: readonly Int32Array[],
  rowCount: number,
): Generator<readonly [fold: number, block: Block]> {
  const width = features!.length / rowCount;
  let from = 0;
  for (const [fold, rows] of rowsOfFold.entries()) {
    if (rows.length === 0) continue;
    const to = from + rows.length * width;
    const block: Record<string, Column> = { [featuresKey]: (features as Float32Array).subarray(from, to) };
    for (const [name, column] of Object.entries(others)) block[name] = rowsOfColumn(column, rows, rowCount);
    yield [fold, block];
    from = to;
  }
}

/** Rows of an array of `rowCount` rows, of one or more values each. */
function rowsOfColumn(column: Column, rows: Int32Array, rowCount: number): Column {
  const width = column.length / rowCount;
  return width > 1 && column instanceof Float32Array
    ? rowsOfMatrix(column, rows, width)
    : selectValues(column, rows);
}

/** All blocks of a fold, one behind the other. */
async function joinedFold(store: ColumnStore, fold: number): Promise<FoldEvents> {
  const parts: FoldEvents[] = [];
  for await (const block of store.blocks(fold)) parts.push(foldOfBlock(block));
  const [first] = parts;
  if (first === undefined || parts.length === 1) return first!;
  const columns = parts.map((part) => ({ rowCount: 0, columns: part.columns }));
  return {
    features: joined(parts.map(({ features }) => features)),
    targets: joined(parts.map(({ targets }) => targets)),
    weights: first.weights && joined(parts.map(({ weights }) => weights!)),
    columns: concatenateTables(columns).columns,
  };
}

function joined(parts: readonly Float32Array[]): Float32Array {
  return fill(new Float32Array(totalLength(parts)), parts);
}

function joinedRows(parts: readonly Int32Array[]): Int32Array {
  return fill(new Int32Array(totalLength(parts)), parts);
}

function totalLength(parts: readonly ArrayLike<number>[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}

function fill<A extends Float32Array | Int32Array>(whole: A, parts: readonly ArrayLike<number>[]): A {
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function foldOfBlock(block: Block): FoldEvents {
  const { [featuresKey]: features, [targetsKey]: targets, [weightsKey]: weights, ...columns } = block;
  return {
    features: features as Float32Array,
    targets: targets as Float32Array,
    weights: weights as Float32Array | undefined,
    columns,
  };
}
