/** Sums of weights per class: at a cut, and scaled to expected totals. */
import { CompensatedSum, type Numbers } from "../array/index.ts";
import { ConfigurationError, DataError } from "../errors/index.ts";
import { checkEvents } from "./scored-events.ts";

/** A sum of event weights. */
export interface Yield {
  /** Σ w. */
  readonly sum: number;
  /** √Σ w², the statistical uncertainty of the sum. */
  readonly uncertainty: number;
  /** Number of events, those of weight zero left out. */
  readonly count: number;
}

/** What a cut keeps of one class. */
export interface ClassYields {
  readonly passing: Yield;
  readonly total: Yield;
}

/** What a cut keeps of both classes. */
export interface CutYields {
  readonly signal: ClassYields;
  readonly background: ClassYields;
}

/**
 * Yields of signal and background with prediction ≥ cut, and without a cut.
 *
 * A class without events has sum, uncertainty and count 0.
 *
 * @throws {DataError} for different lengths, NaN, or all weights zero.
 * @example
 * yieldsAtCut([0.9, 0.2], [1, 1], [3, 4], 0.5).signal.passing // { sum: 3, uncertainty: 3, count: 1 }
 */
export function yieldsAtCut(
  predictions: Numbers,
  targets: Numbers,
  weights: Numbers | undefined,
  cut: number,
): CutYields {
  checkEvents("yieldsAtCut", { predictions, targets, weights });
  const of = (target: number): ClassYields => ({
    passing: classYield(targets, weights, target, (i) => predictions[i]! >= cut),
    total: classYield(targets, weights, target, () => true),
  });
  return { signal: of(1), background: of(0) };
}

/** What a cut keeps of one process. */
export interface ProcessYields extends ClassYields {
  readonly process: string;
}

/**
 * Yields with prediction ≥ cut, and without a cut, of every physics process that events belong to; the processes with
 * the largest Σ w after the cut come first.
 *
 * @param processes what each event belongs to, such as the values of a column.
 * @throws {DataError} for different lengths, NaN, or all weights zero.
 * @example
 * yieldsByProcess([0.9, 0.8, 0.2], ["top", "ggH", "top"], [2, 3, 4], 0.5)[1].passing // { sum: 2, uncertainty: 2, count: 1 }
 */
export function yieldsByProcess(
  predictions: Numbers,
  processes: readonly string[],
  weights: Numbers | undefined,
  cut: number,
): ProcessYields[] {
  checkEvents("yieldsByProcess", { predictions, targets: new Float64Array(processes.length), weights });
  // A process whose events all have weight 0 has none.
  const names = [...new Set(processes.filter((_, i) => weights?.[i] !== 0))];
  const numbers = new Map(names.map((name, number) => [name, number]));
  const numberOf = Float64Array.from(processes, (name) => numbers.get(name) ?? -1);
  return names
    .map((process, number) => ({
      process,
      passing: classYield(numberOf, weights, number, (i) => predictions[i]! >= cut),
      total: classYield(numberOf, weights, number, () => true),
    }))
    .sort((a, b) => b.passing.sum - a.passing.sum || (a.process < b.process ? -1 : 1));
}

function classYield(
  targets: Numbers,
  weights: Numbers | undefined,
  target: number,
  passes: (event: number) => boolean,
): Yield {
  const sum = new CompensatedSum();
  const squares = new CompensatedSum();
  let count = 0;
  for (let i = 0; i < targets.length; i++) {
    const w = weights ? weights[i]! : 1;
    if (targets[i] !== target || w === 0 || !passes(i)) continue;
    sum.add(w);
    squares.add(w * w);
    count++;
  }
  return { sum: sum.value, uncertainty: Math.sqrt(squares.value), count };
}

/** Expected sums of weights; a class that is left out keeps its weights. */
export interface ClassTotals {
  readonly signal?: number;
  readonly background?: number;
}

/**
 * Weights scaled class by class so that each sums to its expected total; a new array.
 *
 * The Higgs challenge of 2014 expects 691.9886 signal and 410,999.8473 background events in the full data, and
 * any part of its simulation can be scaled to them.
 *
 * @throws {DataError} when a class to be scaled has no events or weights that do not sum to a positive number;
 * ConfigurationError when a total is not positive.
 * @example
 * renormalise([1, 0, 0], [1, 1, 3], { signal: 10, background: 8 }) // Float64Array [10, 2, 6]
 */
export function renormalise(
  targets: Numbers,
  weights: Numbers | undefined,
  totals: ClassTotals,
): Float64Array {
  checkEvents("renormalise", { targets, weights });
  checkTotals("renormalise", totals);
  const factor = (target: number, name: "signal" | "background"): number => {
    const wanted = totals[name];
    if (wanted === undefined) return 1;
    const { sum, count } = classYield(targets, weights, target, () => true);
    if (count === 0)
      throw new DataError(`renormalise: there is no ${name} (target ${target}) to scale to ${wanted}.`);
    if (!(sum > 0)) {
      throw new DataError(`renormalise: the weights of the ${name} sum to ${sum}; the sum must be positive.`);
    }
    return wanted / sum;
  };
  const factors = [factor(0, "background"), factor(1, "signal")];
  return Float64Array.from(
    { length: targets.length },
    (_, i) => (weights ? weights[i]! : 1) * factors[targets[i]!]!,
  );
}

/** Checks expected totals. */
export function checkTotals(where: string, totals: ClassTotals): void {
  for (const name of ["signal", "background"] as const) {
    const total = totals[name];
    if (total !== undefined && !(total > 0 && total < Number.POSITIVE_INFINITY)) {
      throw new ConfigurationError(
        `${where}: the expected ${name} is ${total}; it must be a positive number.`,
      );
    }
  }
}
