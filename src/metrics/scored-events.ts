/** Events checked and sorted by prediction once: what every binary metric and its bootstrap start from. */
import { argsort, type Numbers } from "../array/index.ts";
import { counted, DataError } from "../errors/index.ts";

/**
 * Events in order of falling prediction. Events of equal prediction form one group: a cut keeps all of them or
 * none. Events of weight zero are left out, so that they cannot count anywhere.
 */
export interface ScoredEvents {
  /** Number of events with a weight. */
  readonly eventCount: number;
  /** Number of events given: the length of the counts of a bootstrap replica. */
  readonly inputCount: number;
  /** Position in the input of each sorted event. */
  readonly order: Int32Array;
  readonly isSignal: Uint8Array;
  readonly weights: Float64Array;
  /** The distinct predictions, falling. */
  readonly thresholds: Float64Array;
  /** Where each group ends in the sorted events (exclusive). */
  readonly groupEnds: Int32Array;
}

/**
 * Checks events and sorts them.
 *
 * @throws {DataError} for different lengths, no events, NaN among predictions or weights, targets other than 0
 * and 1, all weights zero, or only one class.
 */
export function scoredEvents(
  where: string,
  predictions: Numbers,
  targets: Numbers,
  weights: Numbers | undefined,
  { bothClasses = true }: { bothClasses?: boolean } = {},
): ScoredEvents {
  checkEvents(where, { predictions, targets, weights });
  const inputCount = predictions.length;
  const all = argsort(predictions, { descending: true });
  const order = new Int32Array(inputCount);
  const isSignal = new Uint8Array(inputCount);
  const sortedWeights = new Float64Array(inputCount);
  const thresholds = new Float64Array(inputCount);
  const groupEnds = new Int32Array(inputCount);
  let count = 0;
  let groups = 0;
  let signalCount = 0;
  for (const event of all) {
    const weight = weights ? weights[event]! : 1;
    if (weight === 0) continue;
    const prediction = predictions[event]!;
    if (groups === 0 || prediction !== thresholds[groups - 1]) thresholds[groups++] = prediction;
    order[count] = event;
    isSignal[count] = targets[event]!;
    signalCount += targets[event]!;
    sortedWeights[count] = weight;
    groupEnds[groups - 1] = ++count;
  }
  if (bothClasses) requireBothClasses(where, signalCount, count);
  return {
    eventCount: count,
    inputCount,
    order: order.subarray(0, count),
    isSignal: isSignal.subarray(0, count),
    weights: sortedWeights.subarray(0, count),
    thresholds: thresholds.subarray(0, groups),
    groupEnds: groupEnds.subarray(0, groups),
  };
}

/** Checks arrays of events against each other. */
export function checkEvents(
  where: string,
  arrays: {
    readonly predictions?: Numbers;
    readonly targets: Numbers;
    readonly weights: Numbers | undefined;
  },
): void {
  const { predictions, targets, weights } = arrays;
  const count = targets.length;
  if (predictions && predictions.length !== count) {
    throw new DataError(
      `${where}: ${counted(predictions.length, "prediction")}, but ${counted(count, "target")}. Every event needs one of each.`,
    );
  }
  if (weights && weights.length !== count) {
    throw new DataError(
      `${where}: ${counted(count, "target")}, but ${counted(weights.length, "weight")}. Every event needs one of each.`,
    );
  }
  if (count === 0) throw new DataError(`${where}: there are no events.`);
  let weighted = false;
  for (let i = 0; i < count; i++) {
    if (predictions && Number.isNaN(predictions[i])) {
      throw new DataError(`${where}: the prediction of event ${i} is NaN. Look at the inputs of this event.`);
    }
    if (targets[i] !== 0 && targets[i] !== 1) {
      throw new DataError(
        `${where}: the target of event ${i} is ${targets[i]}; it must be 0 (background) or 1 (signal).`,
      );
    }
    if (weights) {
      if (!Number.isFinite(weights[i]!)) {
        throw new DataError(
          `${where}: the weight of event ${i} is ${weights[i]}; it must be a finite number.`,
        );
      }
      if (weights[i] !== 0) weighted = true;
    }
  }
  if (weights && !weighted) throw new DataError(`${where}: all weights are zero, so no event is left.`);
}

function requireBothClasses(where: string, signalCount: number, count: number): void {
  if (signalCount > 0 && signalCount < count) return;
  const [present, absent] =
    signalCount === 0 ? ["background (0)", "signal (1)"] : ["signal (1)", "background (0)"];
  throw new DataError(
    `${where}: all ${count} events with a weight are ${present}; some ${absent} events are needed too.`,
  );
}
