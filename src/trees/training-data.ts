/** What all tree models are trained on, and the checks of it. */
import type { Numbers } from "../array/index.ts";
import { ConfigurationError, DataError } from "../errors/index.ts";
import type { TreeTask } from "./objective.ts";
import type { Columns } from "./tree.ts";

/** Events as columns. */
export interface TreeData {
  /** One array a feature; NaN: missing. */
  readonly columns: Columns;
  /** Class numbers 0, 1, …, or the numbers of a regression. */
  readonly targets: Numbers;
  /** Event weights of any sign; their sum must be positive. Default: all 1. */
  readonly weights?: Numbers | undefined;
}

/** What forests and boosting have in common. */
export interface TreeTrainingOptions {
  readonly task: TreeTask;
  /** Numbers of the columns whose values are categories: whole numbers from 0. */
  readonly categorical?: readonly number[];
  /** Names of the columns, kept with the model. */
  readonly featureNames?: readonly string[];
  /** Value bins of a continuous feature at most, 2 to 255. Default 255. */
  readonly maxBins?: number;
  readonly seed?: number;
}

/** Columns of a matrix `[events, features]`, as networks take their inputs. */
export function columnsOfMatrix(matrix: Float32Array, featureCount: number): Float32Array[] {
  const eventCount = matrix.length / featureCount;
  return Array.from({ length: featureCount }, (_, f) => {
    const column = new Float32Array(eventCount);
    for (let i = 0; i < eventCount; i++) column[i] = matrix[i * featureCount + f]!;
    return column;
  });
}

/**
 * Refuses data that no tree can be trained on; gives the number of classes (1 for a regression).
 *
 * @throws {DataError} with what is wrong.
 */
export function checkTrainingData(
  where: string,
  { columns, targets, weights }: TreeData,
  { task, featureNames }: TreeTrainingOptions,
): number {
  const eventCount = targets.length;
  if (columns.length === 0 || eventCount === 0) {
    throw new DataError(`${where}: ${columns.length} columns and ${eventCount} events; both are needed.`);
  }
  for (const [f, column] of columns.entries()) {
    if (column.length !== eventCount) {
      throw new DataError(
        `${where}: column ${f} has ${column.length} events, but there are ${eventCount} targets.`,
      );
    }
  }
  if (featureNames && featureNames.length !== columns.length) {
    throw new DataError(`${where}: ${featureNames.length} names for ${columns.length} columns.`);
  }
  if (weights && weights.length !== eventCount) {
    throw new DataError(`${where}: ${weights.length} weights for ${eventCount} events.`);
  }
  let classCount = task === "binary" ? 2 : 1;
  for (let i = 0; i < eventCount; i++) {
    const target = targets[i]!;
    if (weights && !Number.isFinite(weights[i]!)) {
      throw new DataError(
        `${where}: event ${i} has the weight ${weights[i]}. Every weight must be a number.`,
      );
    }
    if (!Number.isFinite(target)) throw new DataError(`${where}: event ${i} has the target ${target}.`);
    if (task === "regression") continue;
    if (!Number.isInteger(target) || target < 0 || (task === "binary" && target > 1)) {
      throw new DataError(
        `${where}: event ${i} has the target ${target}, but a ${task} target is a class number${task === "binary" ? ", 0 or 1" : " from 0"}.`,
      );
    }
    if (target >= classCount) classCount = target + 1;
  }
  if (classCount > 1024) throw new DataError(`${where}: ${classCount} classes; at most 1024 are supported.`);
  return classCount;
}

/** The events that count: those whose weight is not 0. */
export function weightedEvents({ targets, weights }: TreeData): Int32Array {
  const rows = new Int32Array(targets.length);
  let count = 0;
  for (let i = 0; i < targets.length; i++) {
    rows[count] = i;
    if (weights?.[i] !== 0) count += 1;
  }
  return rows.subarray(0, count);
}

/** The value, if it is in [low, high], and a whole number where `whole`. */
export function checkedOption(
  name: string,
  value: number,
  low: number,
  high: number,
  whole: boolean = false,
): number {
  if (value >= low && value <= high && (!whole || Number.isInteger(value) || value === Infinity))
    return value;
  throw new ConfigurationError(
    `${name}: expected a ${whole ? "whole " : ""}number from ${low} to ${high}, not ${value}.`,
  );
}
