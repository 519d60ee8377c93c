/** Labelled events in folds, from a fold yielder or dealt from arrays: what importances are measured on. */
import { Stream } from "../array/index.ts";
import { ConfigurationError, counted, ShapeError } from "../errors/index.ts";

/** One fold. */
export interface LabelledFold {
  readonly eventCount: number;
  /** Pre-processed inputs [events, features]. */
  readonly inputs: Float32Array;
  /** Class codes or values, [events, targets]. */
  readonly targets: Float32Array;
  /** [events]; absent: all 1. */
  readonly weights?: Float32Array | undefined;
}

/** Folds of labelled events; a `FoldYielder` is one. */
export interface LabelledFolds {
  readonly foldCount: number;
  /** Names of the columns of the inputs. */
  readonly features: readonly string[];
  /** As stored, never augmented. */
  getFold(index: number): LabelledFold;
}

/** Labelled events in memory. */
export interface LabelledArrays extends Omit<LabelledFold, "eventCount"> {
  /** Names of the columns of the inputs. */
  readonly features: readonly string[];
}

/**
 * The folds as they are; arrays are dealt into folds of almost equal size at random.
 *
 * @throws ShapeError for arrays that do not fit; ConfigurationError for a number of folds that they cannot fill.
 */
export function asFolds(
  data: LabelledFolds | LabelledArrays,
  foldCount: number,
  seed: number,
  where: string,
): LabelledFolds {
  if (!("inputs" in data)) return data;
  const { features, inputs, targets, weights } = data;
  const eventCount = inputs.length / features.length;
  const targetCount = targets.length / eventCount;
  if (
    !Number.isInteger(eventCount) ||
    !(Number.isInteger(targetCount) && targetCount >= 1) ||
    (weights !== undefined && weights.length !== eventCount)
  ) {
    throw new ShapeError(
      `${where}: ${counted(inputs.length, "input")} of ${counted(features.length, "feature")}, ${counted(targets.length, "target")} and ${weights?.length ?? "no"} weights are not of the same events.`,
    );
  }
  if (!(Number.isInteger(foldCount) && foldCount >= 1 && foldCount <= eventCount)) {
    throw new ConfigurationError(
      `${where}: foldCount is ${foldCount}; give a whole number from 1 to the ${counted(eventCount, "event")}.`,
    );
  }
  const order = new Stream(seed, "labelled folds").permutation(eventCount);
  const edge = (fold: number): number => Math.floor((fold * eventCount) / foldCount);
  return {
    foldCount,
    features,
    getFold: (fold) => {
      const rows = order.subarray(edge(fold), edge(fold + 1));
      return {
        eventCount: rows.length,
        inputs: takeRows(inputs, rows, features.length),
        targets: takeRows(targets, rows, targetCount),
        weights: weights && takeRows(weights, rows, 1),
      };
    },
  };
}

/** Rows of a row-major matrix, in the order given. */
export function takeRows(values: Float32Array, rows: ArrayLike<number>, width: number): Float32Array {
  const taken = new Float32Array(rows.length * width);
  for (let i = 0; i < rows.length; i++) {
    for (let j = 0; j < width; j++) taken[i * width + j] = values[rows[i]! * width + j]!;
  }
  return taken;
}
