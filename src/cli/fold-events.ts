/** Labelled events to a fold file: preprocessing fitted, weights scaled, events dealt into folds, piece by piece. */
import {
  type ColumnStore,
  columnOrigins,
  type DealtPiece,
  dropColumns,
  FoldAssembly,
  type FoldEvents,
  type FoldFileHeader,
  type FoldWidths,
  firstPiece,
  fitPipeline,
  indicesByValue,
  MemoryStore,
  neededColumns,
  type Pipeline,
  startDealtFoldThread,
  type Table,
  type TableSource,
  writeDealtFolds,
  writeFolds,
} from "../data/index.ts";
import { ConfigurationError } from "../errors/index.ts";
import type { Analysis } from "./analysis.ts";
import { dealtFolds } from "./deal-events.ts";
import type { LabelledSource } from "./labelled-events.ts";
import { blockOfFold, foldOfBlock, preparedEvents } from "./prepared-events.ts";
import { TrainingWeightScale } from "./training-weight-scale.ts";

/** What the fold file will be, before it is written. */
export interface FoldPlan {
  readonly pipeline: Pipeline;
  /** For each fold the rows of the training events in it. */
  readonly foldRows: readonly Int32Array[];
  /**
   * Writes the fold file, once: events that were prepared already are let go of.
   *
   * @param store where prepared events are put aside fold by fold; default: all stay in memory.
   * @param dealt called when all that is left to do may be done by a thread.
   */
  write(path: string, store?: ColumnStore, dealt?: () => void): Promise<void>;
}

/** Features of all events from which on the folds are put together and written in a thread of its own. */
const valuesForThread = 2 ** 23;

/**
 * Fits the preprocessing on the events, scales their weights and deals them into folds.
 *
 * @param cacheBytes of events that the fit may keep.
 */
export async function planFolds(
  analysis: Analysis,
  events: LabelledSource,
  directory: string,
  cacheBytes?: number,
): Promise<FoldPlan> {
  const { source, label, transformed: early } = events;
  const { features, input, transforms } = analysis;
  // There are about as many features as columns.
  if (early && source.rowCount * early.names.length >= valuesForThread) startDealtFoldThread();
  const { weights, scale, wholeTargets } = await survey(analysis, events);
  const derived = Object.keys(input.columns);
  const raw = derived.length === 0 ? source : await source.map((piece) => dropColumns(piece, derived));
  const transformed = early?.store ?? new MemoryStore();
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
    {
      directory,
      weights,
      cacheBytes,
      known: early?.source,
      // Derived columns that no feature needs are made for the fit only.
      transformed: derived.length > 0 ? undefined : transformed,
    },
  );
  const names = early?.names ?? Object.keys((await firstPiece(raw))?.columns ?? {});
  const pipeline = checkedPipeline(analysis, fitted, names);
  const foldRows = await dealtFolds(analysis, source);
  return {
    pipeline,
    foldRows,
    async write(path, store, dealt) {
      const header = headerOf(analysis, pipeline);
      const sizes = foldRows.map((rows) => rows.length);
      const widths = {
        features: pipeline.continuous.length + pipeline.categorical.length,
        targets: analysis.target.columns.length,
      };
      if (store !== undefined) {
        await writeFolds(path, header, { wholeTargets }, () =>
          foldsPutAside(dealtPieces(), sizes, widths, store),
        );
      } else {
        const inThread = source.rowCount * widths.features >= valuesForThread;
        await writeDealtFolds(path, header, { wholeTargets, sizes }, dealtPieces, inThread, dealt);
      }
    },
  };

  async function* dealtPieces(): AsyncGenerator<DealtPiece> {
    const foldOf = foldNumbers(foldRows, source.rowCount);
    let first = 0;
    for await (const { piece, made } of withTransformed(source, transformed)) {
      const { rowCount } = piece;
      yield {
        events: await preparedEvents(analysis, pipeline, label(piece), scale, {
          directory,
          transformed: made,
        }),
        rowsOfFold: indicesByValue(foldOf.subarray(first, first + rowCount), foldRows.length),
      };
      first += rowCount;
    }
  }
}

/**
 * Pieces of events, each with what the steps made of it.
 *
 * @param transformed a block for each piece, or none where that is not known; it is let go of.
 */
async function* withTransformed(
  source: TableSource,
  transformed: ColumnStore,
): AsyncGenerator<{ readonly piece: Table; readonly made: Table | undefined }> {
  const blocks = transformed.drain()[Symbol.asyncIterator]();
  for await (const piece of source.pieces()) {
    const { value: columns } = await blocks.next();
    yield { piece, made: columns && { rowCount: piece.rowCount, columns } };
  }
}

/**
 * Folds of events that do not fit into memory: one piece, and then one fold, is there at a time.
 *
 * @param sizes of the folds.
 */
async function* foldsPutAside(
  pieces: AsyncIterable<DealtPiece>,
  sizes: readonly number[],
  widths: FoldWidths,
  store: ColumnStore,
): AsyncGenerator<FoldEvents> {
  for await (const { events, rowsOfFold } of pieces) {
    for (const [fold, rows] of rowsOfFold.entries()) {
      if (rows.length === 0) continue;
      const part = new FoldAssembly(rows.length, widths);
      part.add(events, rows);
      await store.add(blockOfFold(part.finish()), fold);
    }
  }
  for (const [index, size] of sizes.entries()) {
    const fold = new FoldAssembly(size, widths);
    for await (const block of store.drain(index)) {
      const part = foldOfBlock(block);
      fold.add(
        part,
        Int32Array.from({ length: part.targets.length / widths.targets }, (_, i) => i),
      );
    }
    yield fold.finish();
  }
}

/**
 * Writes events that the pipeline was not fitted on, such as those for validation: a fold of each piece.
 */
export async function writeFurtherFolds(
  path: string,
  analysis: Analysis,
  pipeline: Pipeline,
  events: LabelledSource,
  directory: string,
): Promise<void> {
  const { source, label, transformed: early } = events;
  const { wholeTargets } = await survey(analysis, events);
  const transformed = early?.store ?? new MemoryStore();
  await writeFolds(path, headerOf(analysis, pipeline), { wholeTargets }, async function* () {
    for await (const { piece, made } of withTransformed(source, transformed)) {
      yield await preparedEvents(analysis, pipeline, label(piece), undefined, {
        directory,
        transformed: made,
      });
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
