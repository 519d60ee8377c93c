/** The events that a member sees: folds as the callbacks change them, and their weights. */
import { Stream } from "../array/index.ts";
import { DataError } from "../errors/index.ts";
import type { Callback, EventsContext } from "./callback.ts";
import { withColumns } from "./columns.ts";
import type { FoldArrays, TrainingFolds } from "./programs.ts";

/** Folds and random numbers of one member. */
export class MemberEvents {
  readonly #folds: TrainingFolds;
  readonly #callbacks: readonly Callback[];
  readonly #seed: number;
  readonly #member: number;
  #ones = new Float32Array(0);
  #arrival: Promise<void> | undefined;

  constructor(
    folds: TrainingFolds,
    callbacks: readonly Callback[],
    { seed, member }: { readonly seed: number; readonly member: number },
  ) {
    this.#folds = folds;
    this.#callbacks = callbacks;
    this.#seed = seed;
    this.#member = member;
  }

  /** Random numbers of this member for a purpose. */
  stream(...key: readonly (string | number)[]): Stream {
    return new Stream(this.#seed, ...key, this.#member);
  }

  /** A fold as it is stored, before training begins. */
  stored(fold: number, purpose: "validation" | "normalisation"): FoldArrays {
    return this.#changed(this.#folds.getFold(fold), { purpose, fold, epoch: 0 });
  }

  /** Begins to read the fold that trains next, if there is one. */
  expect(fold: number | undefined): void {
    this.#arrival = fold === undefined ? undefined : this.#folds.prefetch?.(fold);
  }

  /** Waits for the fold that was expected. */
  async arrived(): Promise<void> {
    await this.#arrival;
  }

  /**
   * A fold to train on, augmented where the data are.
   *
   * @throws DataError when the number of events is not that of the fold.
   */
  forTraining(fold: number, epoch: number, augmentation: Stream): FoldArrays {
    const events = this.#changed(this.#folds.getTrainingFold(fold, augmentation), {
      purpose: "training",
      fold,
      epoch,
    });
    if (events.eventCount !== this.#folds.foldSizes[fold]) {
      throw new DataError(
        `fit: fold ${fold} has ${this.#folds.foldSizes[fold]} events, but ${events.eventCount} came for training. A transform of a fold must keep the number of events.`,
      );
    }
    return events;
  }

  /** The weights of events; ones, shared and not to be changed, where the data have none. */
  weightsOf({ weights, eventCount }: FoldArrays): Float32Array {
    if (weights) return weights;
    if (this.#ones.length < eventCount) this.#ones = new Float32Array(eventCount).fill(1);
    return this.#ones.subarray(0, eventCount);
  }

  /** Mean weight of the events of several folds. */
  meanWeight(folds: readonly number[]): number {
    let sum = 0;
    let count = 0;
    for (const fold of folds) {
      const { weights, eventCount } = this.stored(fold, "normalisation");
      count += eventCount;
      sum += weights ? sumOf(weights) : eventCount;
    }
    return positiveMean(sum, count, "training folds");
  }

  /** The events as the callbacks want them. */
  #changed(events: FoldArrays, where: Pick<EventsContext, "purpose" | "fold" | "epoch">): FoldArrays {
    let changed = withColumns(events, this.#callbacks, this.#folds, where.fold);
    for (const { name, events: change } of this.#callbacks) {
      if (!change) continue;
      changed = change(changed, {
        ...where,
        member: this.#member,
        folds: this.#folds,
        stream: (...key) => this.stream(name, ...key),
      });
    }
    return changed;
  }
}

/** @throws DataError when the weights do not have a positive sum. */
export function meanWeight(weights: Float32Array, where: string): number {
  return positiveMean(sumOf(weights), weights.length, where);
}

function sumOf(values: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum;
}

function positiveMean(sum: number, count: number, where: string): number {
  const mean = sum / count;
  if (mean > 0 && Number.isFinite(mean)) return mean;
  throw new DataError(
    `fit: the weights of the ${where} sum to ${sum}; the sum must be positive. Check the weight column.`,
  );
}
