/** Metrics of a classification into several classes: accuracy, log loss, Brier score, ROC areas, regrouping. */
import type { BootstrapOptions, Numbers } from "../array/index.ts";
import { ConfigurationError, counted, DataError } from "../errors/index.ts";
import { type AmsMaximum, type AmsScanOptions, amsScan } from "./ams-scan.ts";
import type { Measurement } from "./measurement.ts";
import { type PartialRocOptions, rocAuc, rocAucWithUncertainty } from "./roc.ts";
import { checkedWeights, meanOf } from "./weighted-events.ts";

/** Predictions [events, classes], row-major, the true class codes [events], and event weights. */
export interface ClassifiedEvents {
  readonly predictions: Numbers;
  readonly classCount: number;
  readonly targets: Numbers;
  readonly weights?: Numbers | undefined;
}

/**
 * Weighted fraction of events whose highest prediction is that of their class; of equal ones the first counts.
 *
 * @throws {DataError} for lengths that do not fit, a prediction that is NaN, a code that is no class, all weights zero.
 * @example
 * multiclassAccuracy({ predictions: [0.7, 0.2, 0.1, 0.3, 0.3, 0.4], classCount: 3, targets: [0, 1] }) // 0.5
 */
export function multiclassAccuracy(events: ClassifiedEvents): number {
  return meanOf(eventsCorrect(events), checkClasses("multiclassAccuracy", events));
}

/** 1 for each event that is classified rightly. */
export function eventsCorrect({ predictions, classCount, targets }: ClassifiedEvents): Float64Array {
  return Float64Array.from(targets, (target, i) =>
    highestClass(predictions, classCount, i) === target ? 1 : 0,
  );
}

/**
 * Row i, column j: share of the weight of class i whose highest prediction is that of class j; each row sums to 1.
 * NaN where a class has no event or its weights sum to zero.
 *
 * @throws {DataError} as `multiclassAccuracy`.
 * @example
 * confusionMatrix({ predictions: [0.7, 0.3, 0.4, 0.6, 0.2, 0.8], classCount: 2, targets: [0, 0, 1] }) // [[0.5, 0.5], [0, 1]]
 */
export function confusionMatrix(events: ClassifiedEvents): number[][] {
  const weights = checkClasses("confusionMatrix", events);
  const { predictions, classCount, targets } = events;
  const sums = Array.from({ length: classCount }, () => new Float64Array(classCount));
  for (let i = 0; i < targets.length; i++) {
    sums[targets[i]!]![highestClass(predictions, classCount, i)]! += weights[i]!;
  }
  return sums.map((row) => {
    const total = row.reduce((sum, x) => sum + x, 0);
    return Array.from(row, (x) => (total === 0 ? Number.NaN : x / total));
  });
}

/** The class with the highest prediction for event i; of equal ones the first. */
function highestClass(predictions: Numbers, classCount: number, i: number): number {
  let best = 0;
  for (let k = 1; k < classCount; k++) {
    if (predictions[i * classCount + k]! > predictions[i * classCount + best]!) best = k;
  }
  return best;
}

/**
 * Weighted mean of −ln p(true class). Predictions are not taken below 2⁻²⁵ (Float32Array) or 2⁻⁵⁴, as in `logLoss`.
 *
 * @throws {DataError} as `multiclassAccuracy`.
 * @example
 * multiclassLogLoss({ predictions: [0.5, 0.5, 0.75, 0.25], classCount: 2, targets: [1, 0] }) // 0.4904…
 */
export function multiclassLogLoss(events: ClassifiedEvents): number {
  return meanOf(eventLogLossesOfClasses(events), checkClasses("multiclassLogLoss", events));
}

/** −ln p(true class) of each event. */
export function eventLogLossesOfClasses({
  predictions,
  classCount,
  targets,
}: ClassifiedEvents): Float64Array {
  const smallest = predictions instanceof Float32Array ? 2 ** -25 : 2 ** -54;
  return Float64Array.from(
    targets,
    (target, i) => -Math.log(Math.max(smallest, predictions[i * classCount + target]!)),
  );
}

/**
 * Brier score: weighted mean of Σ over classes of (p − [class is true])², from 0 to 2; with `classCount` 1, where
 * targets are 0 or 1 and predictions those of class 1, of (p − y)², from 0 to 1, as in scikit-learn.
 *
 * Brier, Mon. Weather Rev. 78, 1 (1950).
 *
 * @throws {DataError} as `multiclassAccuracy`.
 * @example
 * brierScore({ predictions: [0.9, 0.2], classCount: 1, targets: [1, 0] }) // 0.025
 */
export function brierScore(events: ClassifiedEvents): number {
  return meanOf(eventBrierScores(events), checkClasses("brierScore", events));
}

/** The Brier score of each event. */
export function eventBrierScores({ predictions, classCount, targets }: ClassifiedEvents): Float64Array {
  return Float64Array.from(targets, (target, i) => {
    if (classCount === 1) return (predictions[i]! - target) ** 2;
    let sum = 0;
    for (let k = 0; k < classCount; k++) {
      sum += (predictions[i * classCount + k]! - (k === target ? 1 : 0)) ** 2;
    }
    return sum;
  });
}

/**
 * Area under the ROC curve of each class against all others; NaN for a class that does not occur, or whose weights or
 * those of the others do not sum to a positive number.
 *
 * @throws {DataError} as `multiclassAccuracy`.
 * @example
 * oneVersusRestAuc({ predictions: [0.8, 0.2, 0.4, 0.6], classCount: 2, targets: [0, 1] }) // [1, 1]
 */
export function oneVersusRestAuc(events: ClassifiedEvents, options: PartialRocOptions = {}): number[] {
  return againstRest("oneVersusRestAuc", events, Number.NaN, (own, isClass, weights) =>
    rocAuc(own, isClass, weights, options),
  );
}

/** `oneVersusRestAuc` with uncertainties from a seeded Poisson bootstrap; replicas are the same for all classes. */
export function oneVersusRestAucWithUncertainty(
  events: ClassifiedEvents,
  options: PartialRocOptions & BootstrapOptions = {},
): Measurement[] {
  const undefinedArea = { value: Number.NaN, uncertainty: Number.NaN };
  return againstRest("oneVersusRestAucWithUncertainty", events, undefinedArea, (own, isClass, weights) =>
    rocAucWithUncertainty(own, isClass, weights, options),
  );
}

/** A statistic of each class against all others; `otherwise` where one side has no positive weight. */
function againstRest<T>(
  where: string,
  events: ClassifiedEvents,
  otherwise: T,
  statistic: (predictions: Float64Array, isClass: Float64Array, weights: Float64Array) => T,
): T[] {
  const weights = checkClasses(where, events);
  const { predictions, classCount, targets } = events;
  return Array.from({ length: classCount }, (_, k) => {
    const own = Float64Array.from(targets, (_t, i) => predictions[i * classCount + k]!);
    const isClass = Float64Array.from(targets, (target) => (target === k ? 1 : 0));
    const totals = [0, 0];
    isClass.forEach((y, i) => {
      totals[y]! += weights[i]!;
    });
    return totals[0]! > 0 && totals[1]! > 0 ? statistic(own, isClass, weights) : otherwise;
  });
}

/** Means of the areas of `oneVersusRestAuc`: "macro" counts classes alike, "weighted" by the weight of their events. */
export function meanAuc(
  events: ClassifiedEvents,
  { average = "macro", ...options }: PartialRocOptions & { readonly average?: "macro" | "weighted" } = {},
): number {
  const areas = oneVersusRestAuc(events, options);
  const weights = checkClasses("meanAuc", events);
  const totals = areas.map((_, k) =>
    average === "macro" ? 1 : weights.reduce((sum, w, i) => (events.targets[i] === k ? sum + w : sum), 0),
  );
  return meanOf(areas, totals);
}

/**
 * One prediction for "is of `signal`" from predictions of several classes: the highest p of the signal classes if it
 * is above the highest p of the background classes, else 1 − that of the background; ties are background.
 *
 * @throws {ConfigurationError} for classes that do not exist, are on both sides, or none on one side.
 * @example
 * toBinaryClass([0.2, 0.5, 0.3, 0.6, 0.3, 0.1], 3, { signal: [1], background: [0, 2] }) // Float64Array [0.5, 0.4]
 */
export function toBinaryClass(predictions: Numbers, classCount: number, groups: ClassGroups): Float64Array {
  checkGroups("toBinaryClass", classCount, groups);
  const highest = (start: number, classes: readonly number[]): number =>
    classes.reduce((best, k) => Math.max(best, predictions[start + k]!), Number.NEGATIVE_INFINITY);
  return Float64Array.from({ length: predictions.length / classCount }, (_, i) => {
    const one = highest(i * classCount, groups.signal);
    const zero = highest(i * classCount, groups.background);
    return one > zero ? one : 1 - zero;
  });
}

/** Class codes that count as signal and as background; events of other classes are left out. */
export interface ClassGroups {
  readonly signal: readonly number[];
  readonly background: readonly number[];
}

/**
 * The highest AMS of a cut on `toBinaryClass`.
 *
 * @throws {DataError} as `amsScan`; ConfigurationError as `toBinaryClass`.
 * @example
 * multiclassAms(events, { signal: [0], background: [1, 2] }, { regularisation: 10 }).ams
 */
export function multiclassAms(
  events: ClassifiedEvents,
  groups: ClassGroups,
  options: AmsScanOptions = {},
): AmsMaximum {
  const { predictions, targets, weights } = regroupClasses("multiclassAms", events, groups);
  return amsScan(predictions, targets, weights, options).maximum;
}

/** Signal against background from several classes: `toBinaryClass`, targets 0 or 1, weights of the events kept. */
export function regroupClasses(
  where: string,
  events: ClassifiedEvents,
  groups: ClassGroups,
): { predictions: Float64Array; targets: Float64Array; weights: Float64Array } {
  const weights = checkClasses(where, events);
  checkGroups(where, events.classCount, groups);
  const scores = toBinaryClass(events.predictions, events.classCount, groups);
  const codes = Float64Array.from(events.targets);
  const isSignal = (code: number): boolean => groups.signal.includes(code);
  const isKept = (_: number, i: number): boolean =>
    isSignal(codes[i]!) || groups.background.includes(codes[i]!);
  return {
    predictions: scores.filter(isKept),
    targets: codes.filter(isKept).map((code) => (isSignal(code) ? 1 : 0)),
    weights: weights.filter(isKept),
  };
}

function checkGroups(where: string, classCount: number, { signal, background }: ClassGroups): void {
  const wrong = [...signal, ...background].find((k) => !(Number.isInteger(k) && k >= 0 && k < classCount));
  if (wrong !== undefined) {
    throw new ConfigurationError(
      `${where}: class ${wrong} is none of the ${classCount} classes, counted from 0.`,
    );
  }
  const both = signal.find((k) => background.includes(k));
  if (both !== undefined) {
    throw new ConfigurationError(`${where}: class ${both} is signal and background; it can be one of them.`);
  }
  if (signal.length === 0 || background.length === 0) {
    throw new ConfigurationError(`${where}: signal and background need one class each at least.`);
  }
}

/** Checks the events and gives their weights. */
export function checkClasses(where: string, events: ClassifiedEvents): Float64Array {
  const { predictions, classCount, targets } = events;
  if (predictions.length !== targets.length * classCount) {
    throw new DataError(
      `${where}: ${counted(predictions.length, "prediction")}, but ${counted(targets.length, "target")} of ${classCount} classes.`,
    );
  }
  const codes = Math.max(2, classCount);
  for (let i = 0; i < targets.length; i++) {
    const code = targets[i]!;
    if (!(Number.isInteger(code) && code >= 0 && code < codes)) {
      throw new DataError(
        `${where}: the target of event ${i} is ${code}; it must be a class from 0 to ${codes - 1}.`,
      );
    }
  }
  for (let i = 0; i < predictions.length; i++) {
    if (Number.isNaN(predictions[i]!)) {
      throw new DataError(`${where}: a prediction of event ${Math.floor(i / classCount)} is NaN.`);
    }
  }
  return checkedWeights(where, targets.length, events.weights);
}
