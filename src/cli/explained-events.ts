/** The events that a run is explained on: those of its fold file, as they are stored, with their own weights. */
import { Stream } from "../array/index.ts";
import { type FoldYielder, numbersOf, type Scaler } from "../data/index.ts";
import type { Ensemble } from "../ensemble/index.ts";
import { ConfigurationError } from "../errors/index.ts";
import type { LabelledFold, LabelledFolds } from "../features/index.ts";
import { takeRows } from "../features/labelled-folds.ts";

/** Training events of a run, drawn from all folds. */
export interface ExplainedEvents {
  readonly features: readonly string[];
  /** As networks take them, [events, features]: missing values are 0. */
  readonly inputs: Float32Array;
  /** In physical units, [events, features]: missing values are NaN, categories their codes. */
  readonly physical: Float32Array;
  readonly targets: Float32Array;
  /** As in the event file; absent: all 1. */
  readonly weights: Float32Array | undefined;
  readonly scaler: Scaler | undefined;
}

/** Column of the fold file with the weights as they were before they were scaled for the training. */
const ownWeights = "original_weight";

/** Folds with members that did not train on them, and at most so many events of each; with the numbers they have. */
export function foldsOutOfFold(
  folds: FoldYielder,
  ensemble: Ensemble,
  eventLimit: number,
  seed: number,
): { readonly folds: LabelledFolds; readonly numbers: readonly number[] } {
  const numbers = Array.from({ length: folds.foldCount }, (_, fold) => fold).filter((fold) =>
    hasMembers(ensemble, fold),
  );
  if (numbers.length === 0) {
    throw new ConfigurationError(
      "explain: every member may have trained on every fold; there are no events that one of them has not seen.",
    );
  }
  const limit = Math.ceil(eventLimit / numbers.length);
  return {
    numbers,
    folds: {
      foldCount: numbers.length,
      features: folds.features,
      getFold: (index) =>
        drawn(storedFold(folds, numbers[index]!), limit, new Stream(seed, "explained", index)),
    },
  };
}

/** At most so many events, drawn from all folds alike. */
export function explainedEvents(folds: FoldYielder, eventLimit: number, seed: number): ExplainedEvents {
  const limit = Math.ceil(eventLimit / folds.foldCount);
  const parts = Array.from({ length: folds.foldCount }, (_, fold) => {
    const own = storedFold(folds, fold);
    const rows = new Stream(seed, "explained", fold).permutation(own.eventCount).subarray(0, limit);
    return { ...selected(own, rows), physical: physicalRows(folds, fold, rows) };
  });
  const joined = (of: (part: (typeof parts)[number]) => Float32Array): Float32Array => {
    const whole = new Float32Array(parts.reduce((sum, part) => sum + of(part).length, 0));
    let at = 0;
    for (const part of parts) {
      whole.set(of(part), at);
      at += of(part).length;
    }
    return whole;
  };
  return {
    features: folds.features,
    inputs: joined(({ inputs }) => inputs),
    physical: joined(({ physical }) => physical),
    targets: joined(({ targets }) => targets),
    weights: parts[0]?.weights === undefined ? undefined : joined(({ weights }) => weights!),
    scaler: folds.scaler,
  };
}

/** The values of some events of a fold in physical units, [events, features]. */
function physicalRows(folds: FoldYielder, fold: number, rows: Int32Array): Float32Array {
  const table = folds.getTable({ folds: [fold], features: true });
  const columns = folds.features.map((name) => numbersOf(table, name));
  return Float32Array.from({ length: rows.length * columns.length }, (_, i) => {
    return columns[i % columns.length]![rows[Math.floor(i / columns.length)]!]!;
  });
}

function hasMembers(ensemble: Ensemble, fold: number): boolean {
  try {
    ensemble.outOfFold(fold);
    return true;
  } catch (error) {
    if (error instanceof ConfigurationError) return false;
    throw error;
  }
}

function storedFold(folds: FoldYielder, index: number): LabelledFold {
  const { eventCount, inputs, targets, weights } = folds.getFold(index);
  const own = folds.columnNames.includes(ownWeights)
    ? Float32Array.from(folds.getColumn(ownWeights, index) as Float64Array)
    : weights;
  return { eventCount, inputs, targets, weights: own };
}

function drawn(fold: LabelledFold, limit: number, stream: Stream): LabelledFold {
  if (fold.eventCount <= limit) return fold;
  return selected(fold, stream.permutation(fold.eventCount).subarray(0, limit));
}

function selected({ eventCount, inputs, targets, weights }: LabelledFold, rows: Int32Array): LabelledFold {
  return {
    eventCount: rows.length,
    inputs: takeRows(inputs, rows, inputs.length / eventCount),
    targets: takeRows(targets, rows, targets.length / eventCount),
    weights: weights && takeRows(weights, rows, 1),
  };
}
