/** Splitting events: stratified folds and splits, by a hash of the event, by a column, contiguous, by event number. */
import type { Stream } from "../array/random.ts";
import { ConfigurationError, counted, DataError } from "../errors/index.ts";
import { codesOf } from "./categories.ts";
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
  checkFoldCount(foldCount, eventCount);
  const foldOf = new Int32Array(eventCount);
  let next = 0;
  for (const stratum of strata(eventCount, keys, stream)) {
    for (const event of stratum) foldOf[event] = next++ % foldCount;
  }
  return rowsOfFolds(foldOf, foldCount, "stratification");
}

/**
 * Deals the events into folds by a hash of what identifies them, such as run and event number: an event keeps its fold
 * for ever, in whatever file, order and sample it comes, and with any seed. 2, 2.0, 2n and "2" are the same.
 * Fold sizes differ by chance; targets are not looked at.
 *
 * @throws ConfigurationError for fewer than two folds; DataError for a missing identifier and for a fold without events.
 */
export function foldsByHash(ids: readonly Column[], foldCount: number, name: string = "id"): Int32Array[] {
  return rowsOfFolds(foldNumbersByHash(ids, foldCount, name), foldCount, name);
}

/** The fold of each event that {@link foldsByHash} deals it to, which events in pieces tell too. */
export function foldNumbersByHash(
  ids: readonly Column[],
  foldCount: number,
  name: string = "id",
): Int32Array {
  checkFoldCount(foldCount);
  return Int32Array.from(hashShares(ids, "fold", name), (share) => Math.floor(share * foldCount));
}

/**
 * Splits off about a fraction of the events by a hash of what identifies them, which is independent of that of
 * {@link foldsByHash}: an event stays on its side for ever, and on it for any larger fraction.
 *
 * @throws ConfigurationError for a fraction that leaves one side empty; DataError for a missing identifier.
 */
export function splitByHash(
  ids: readonly Column[],
  fraction: number,
  name: string = "id",
): { training: Int32Array; validation: Int32Array } {
  return bothSides(isHeldByHash(ids, fraction, name), fraction);
}

/** 1 for the events that {@link splitByHash} splits off. */
export function isHeldByHash(ids: readonly Column[], fraction: number, name: string = "id"): Uint8Array {
  return Uint8Array.from(hashShares(ids, "validation", name), (share) => (share < fraction ? 1 : 0));
}

/**
 * The folds that a column of the numbers 0, 1, … tells.
 *
 * @throws DataError for anything else in the column, and for a fold without events.
 */
export function foldsByColumn(column: Column, name: string = "fold"): Int32Array[] {
  let foldCount = 2;
  const fold = (i: number): number => Number(column[i]);
  for (let i = 0; i < column.length; i++) {
    if (!(Number.isInteger(fold(i)) && fold(i) >= 0 && fold(i) < 65536) || column[i] === "") {
      throw new DataError(
        `folds of column "${name}": row ${i + 1} holds ${String(column[i])}, but the numbers 0, 1, 2, … are expected.`,
      );
    }
    foldCount = Math.max(foldCount, fold(i) + 1);
  }
  return rowsOfFolds(
    Int32Array.from({ length: column.length }, (_, i) => fold(i)),
    foldCount,
    name,
  );
}

/** Folds of neighbouring events, whose sizes differ by one at most. @throws as {@link stratifiedFolds}. */
export function contiguousFolds(eventCount: number, foldCount: number): Int32Array[] {
  checkFoldCount(foldCount, eventCount);
  const foldOf = Int32Array.from({ length: eventCount }, (_, i) => Math.floor((i * foldCount) / eventCount));
  return rowsOfFolds(foldOf, foldCount, "contiguous");
}

function checkFoldCount(foldCount: number, eventCount: number = Number.POSITIVE_INFINITY): void {
  if (!Number.isInteger(foldCount) || foldCount < 2) {
    throw new ConfigurationError(`folds: at least 2 are needed, but ${foldCount} came.`);
  }
  if (foldCount > eventCount) {
    throw new ConfigurationError(
      `folds: ${counted(eventCount, "event")} cannot fill ${counted(foldCount, "fold")}.`,
    );
  }
}

/**
 * The rows of each fold, rising, from the fold of each row.
 *
 * @throws DataError for a fold without events.
 */
export function rowsOfFolds(foldOf: Int32Array, foldCount: number, name: string): Int32Array[] {
  const rows = indicesByValue(foldOf, foldCount);
  const empty = rows.findIndex((own) => own.length === 0);
  if (empty >= 0) {
    throw new DataError(
      `folds by "${name}": fold ${empty} of ${foldCount} has no events; use fewer folds or another column.`,
    );
  }
  return rows;
}

/** The indices, rising, of each of the values 0 … count − 1. */
export function indicesByValue(values: Int32Array | Uint8Array, count: number): Int32Array[] {
  const sizes = new Int32Array(count);
  for (let i = 0; i < values.length; i++) sizes[values[i]!]! += 1;
  const indices = Array.from(sizes, (size) => new Int32Array(size));
  const filled = new Int32Array(count);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    indices[value]![filled[value]!++] = i;
  }
  return indices;
}

/** A number in [0, 1) of each event, of 53 bits that the text of its identifiers decides (two FNV-1a hashes, mixed). */
function hashShares(ids: readonly Column[], purpose: string, name: string): Float64Array {
  const eventCount = ids[0]?.length ?? 0;
  return Float64Array.from({ length: eventCount }, (_, i) => {
    let text = purpose;
    for (const id of ids) {
      const value = String(id[i]);
      if (value === "" || value === "NaN") {
        throw new DataError(
          `folds by "${name}": row ${i + 1} has no value, so nothing identifies the event.`,
        );
      }
      text += `|${value}`;
    }
    let low = 0x811c9dc5;
    let high = 0x9e3779b9;
    for (let k = 0; k < text.length; k++) {
      low = Math.imul(low ^ text.charCodeAt(k), 0x01000193);
      high = Math.imul(high ^ text.charCodeAt(k), 0x85ebca6b);
    }
    return (mixed(low ^ mixed(high)) * 2 ** 21 + (mixed(high + 0x9e3779b9) >>> 11)) / 2 ** 53;
  });
}

/** Every bit of the word reaches every bit of the result (the finaliser of MurmurHash3). */
function mixed(word: number): number {
  let z = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
  return (z ^ (z >>> 16)) >>> 0;
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
  const isHeld = new Uint8Array(eventCount);
  let seen = 0;
  for (const stratum of strata(eventCount, keys, stream)) {
    // The whole of the strata so far is rounded: no drift over many small ones.
    const wanted = Math.round((seen + stratum.length) * fraction) - Math.round(seen * fraction);
    seen += stratum.length;
    for (let i = 0; i < wanted; i++) isHeld[stratum[i]!] = 1;
  }
  return bothSides(isHeld, fraction);
}

function bothSides(isHeld: Uint8Array, fraction: number): { training: Int32Array; validation: Int32Array } {
  const [training, validation] = indicesByValue(isHeld, 2) as [Int32Array, Int32Array];
  if (training.length === 0 || validation.length === 0) {
    throw new ConfigurationError(
      `validation split: a fraction of ${fraction} leaves ${training.length} of ${counted(isHeld.length, "event")} for training and ${validation.length} for validation; both are needed.`,
    );
  }
  return { training, validation };
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
  const coder = new StratumCoder();
  const codes = keys.length === 0 ? new Int32Array(eventCount) : coder.codes(keys);
  if (eventCount === 0) return [];
  return indicesByValue(codes, Math.max(1, coder.count)).map((group) => stream.shuffle(group));
}

/**
 * Numbers combinations of key values 0, 1, … in the order in which they first occur, also over several pieces of a
 * table: the numbers are a key that stratifies as the keys do.
 */
export class StratumCoder {
  /** For each key the numbers of its values, as texts. */
  readonly #values: Map<string, number>[] = [];
  /** For each key behind the first the numbers of what was up to the key before it, with its own value. */
  readonly #pairs: Map<number, number>[] = [];

  /** How many combinations there were so far. */
  get count(): number {
    return (this.#pairs.at(-1) ?? this.#values.at(-1))?.size ?? 0;
  }

  /** The number of each event's combination. */
  codes(keys: readonly Column[]): Int32Array {
    const [first, ...others] = keys.map((key, k) => {
      this.#values[k] ??= new Map();
      const numbers = this.#values[k];
      return codesOf(key, (text) => numberOf(numbers, text));
    });
    for (const [k, numbers] of others.entries()) {
      this.#pairs[k] ??= new Map();
      const pairs = this.#pairs[k];
      for (let i = 0; i < numbers.length; i++)
        first![i] = numberOf(pairs, first![i]! * maximalCount + numbers[i]!);
    }
    return first!;
  }
}

/** More than a map holds. */
const maximalCount = 2 ** 25;

/** The number of a value; the next one for a value that is new. */
function numberOf<T>(numbers: Map<T, number>, value: T): number {
  let number = numbers.get(value);
  if (number === undefined) {
    number = numbers.size;
    numbers.set(value, number);
  }
  return number;
}
