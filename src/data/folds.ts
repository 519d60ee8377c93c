/** Splitting events: stratified folds, a stratified validation split, splits by event number. */
import type { Stream } from "../array/random.ts";
import { ConfigurationError, counted, DataError } from "../errors/index.ts";
import type { Column } from "./table.ts";

/**
 * Deals the events into folds so that every combination of the keys is spread evenly: its counts in two folds, and
 * the sizes of two folds, differ by one at most. Each event is in exactly one fold; indices within a fold rise.
 *
 * @param keys columns whose combinations are kept in proportion; none: any events.
 * @throws ConfigurationError for fewer than two folds, or more folds than events.
 */
export function stratifiedFolds(
  eventCount: number,
  foldCount: number,
  keys: readonly Column[],
  stream: Stream,
): Int32Array[] {
  if (!Number.isInteger(foldCount) || foldCount < 2) {
    throw new ConfigurationError(`folds: at least 2 are needed, but ${foldCount} came.`);
  }
  if (foldCount > eventCount) {
    throw new ConfigurationError(
      `folds: ${counted(eventCount, "event")} cannot fill ${counted(foldCount, "fold")}.`,
    );
  }
  const folds: number[][] = Array.from({ length: foldCount }, () => []);
  let next = 0;
  for (const stratum of strata(eventCount, keys, stream)) {
    for (const event of stratum) folds[next++ % foldCount]!.push(event);
  }
  return folds.map((fold) => Int32Array.from(fold).sort());
}

/**
 * Splits off a fraction of the events, the same of every combination of the keys (to the nearest event).
 *
 * @throws ConfigurationError for a fraction that leaves one side empty.
 */
export function stratifiedSplit(
  eventCount: number,
  fraction: number,
  keys: readonly Column[],
  stream: Stream,
): { training: Int32Array; validation: Int32Array } {
  const training: number[] = [];
  const validation: number[] = [];
  let seen = 0;
  for (const stratum of strata(eventCount, keys, stream)) {
    // The whole of the strata so far is rounded: no drift over many small ones.
    const wanted = Math.round((seen + stratum.length) * fraction) - Math.round(seen * fraction);
    seen += stratum.length;
    for (let i = 0; i < stratum.length; i++) (i < wanted ? validation : training).push(stratum[i]!);
  }
  if (training.length === 0 || validation.length === 0) {
    throw new ConfigurationError(
      `validation split: a fraction of ${fraction} leaves ${training.length} of ${counted(eventCount, "event")} for training and ${validation.length} for validation; both are needed.`,
    );
  }
  return { training: Int32Array.from(training).sort(), validation: Int32Array.from(validation).sort() };
}

/**
 * The events of each remainder of an integer column divided by `modulus`, in their order; exact for 64-bit numbers,
 * and 0 … modulus−1 for negative ones too.
 *
 * @param name the column's name for the messages.
 * @throws DataError for a value that is not a whole number.
 */
export function splitByModulo(column: Column, modulus: number, name: string = "id"): Int32Array[] {
  if (!Number.isInteger(modulus) || modulus < 2) {
    throw new ConfigurationError(`split by "${name}": at least 2 parts are needed, but ${modulus} came.`);
  }
  const parts: number[][] = Array.from({ length: modulus }, () => []);
  const large = BigInt(modulus);
  for (let i = 0; i < column.length; i++) {
    const value = column[i]!;
    let remainder: number;
    if (typeof value === "number" && Number.isSafeInteger(value)) {
      remainder = value % modulus;
    } else if (typeof value === "bigint" || (typeof value === "string" && /^\s*[+-]?\d+\s*$/.test(value))) {
      remainder = Number(BigInt(typeof value === "string" ? value.replace("+", "") : value) % large);
    } else {
      throw new DataError(
        `column "${name}": row ${i + 1} holds ${String(value)}, but splitting by remainder needs whole numbers.`,
      );
    }
    parts[remainder < 0 ? remainder + modulus : remainder]!.push(i);
  }
  return parts.map((part) => Int32Array.from(part));
}

/** The events of each combination of key values, shuffled; combinations in the order of their first event. */
function strata(eventCount: number, keys: readonly Column[], stream: Stream): Int32Array[] {
  for (const key of keys) {
    if (key.length !== eventCount) {
      throw new RangeError(
        `strata: ${counted(eventCount, "event")}, but a key has ${counted(key.length, "value")}.`,
      );
    }
  }
  const groups = new Map<string, number[]>();
  for (let i = 0; i < eventCount; i++) {
    let text = "";
    for (const key of keys) text += `${String(key[i])}\u0000`;
    const group = groups.get(text);
    if (group) group.push(i);
    else groups.set(text, [i]);
  }
  return [...groups.values()].map((group) => stream.shuffle(Int32Array.from(group)));
}
