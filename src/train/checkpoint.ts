/** A checkpoint: all that a training needs to go on from the end of a fold, as the bytes of one file. */
import { ConfigurationError, FileFormatError } from "../errors/index.ts";
import {
  decodeSafetensorArrays,
  encodeSafetensors,
  type StoredArray,
  type TrainingState,
} from "../model/index.ts";
import type { SavedProgress } from "./member-progress.ts";

/**
 * A training at the end of a fold. Streams of random numbers are keyed by member, epoch and fold: the place is
 * all that they need.
 */
export interface Checkpoint {
  /** Folds of the epoch that are done; the epoch is in `progress`. */
  readonly foldsDone: number;
  readonly progress: SavedProgress;
  readonly network: TrainingState;
  /** Product of the factors that callbacks asked for. */
  readonly learningRateScale: number;
  /** What the callbacks remember, in their order. */
  readonly callbacks: readonly { readonly name: string; readonly state: unknown }[];
}

const format = "lumin checkpoint 1";

/**
 * The bytes of a safetensors file: arrays as its entries, all else as JSON in its metadata. One file, so that
 * one renaming replaces the whole.
 *
 * @throws ConfigurationError when a callback's state is not plain data.
 */
export function encodeCheckpoint(checkpoint: Checkpoint, fingerprint: string): Uint8Array {
  const arrays: StoredArray[] = [];
  const callbacks = checkpoint.callbacks.map(({ name, state }) => ({
    name,
    state: packed(state, arrays, `callback "${name}": its state`),
  }));
  const rest = packed({ ...checkpoint, callbacks: [] }, arrays, "checkpoint");
  const tensors = Object.fromEntries(
    arrays.map((data, i): [string, { shape: number[]; data: StoredArray }] => [
      `array ${i}`,
      { shape: [data.length], data },
    ]),
  );
  return encodeSafetensors(tensors, { format, fingerprint, content: JSON.stringify({ rest, callbacks }) });
}

/**
 * The checkpoint in the bytes and the fingerprint of its training.
 *
 * @throws FileFormatError when the bytes are damaged or no checkpoint; `where` names the file.
 */
export function decodeCheckpoint(
  bytes: Uint8Array,
  where: string,
): { readonly checkpoint: Checkpoint; readonly fingerprint: string } {
  const { tensors, metadata } = decodeSafetensorArrays(bytes, where);
  if (metadata.format !== format) {
    throw new FileFormatError(`"${where}" is no checkpoint that this version reads.`);
  }
  const { rest, callbacks } = JSON.parse(metadata.content!) as { rest: unknown; callbacks: unknown };
  const arrayAt = (index: number): StoredArray => tensors[`array ${index}`]!.data;
  const checkpoint = {
    ...(unpacked(rest, arrayAt) as Checkpoint),
    callbacks: unpacked(callbacks, arrayAt) as Checkpoint["callbacks"],
  };
  return { checkpoint, fingerprint: metadata.fingerprint! };
}

/** JSON has neither arrays of numbers nor NaN, ±∞ and −0: they become objects with one of these keys. */
const [arrayKey, numberKey] = ["$array", "$number"] as const;

function packed(value: unknown, arrays: StoredArray[], where: string): unknown {
  if (typeof value === "number") {
    const isPlain = Number.isFinite(value) && !Object.is(value, -0);
    return isPlain ? value : { [numberKey]: Object.is(value, -0) ? "-0" : String(value) };
  }
  if (value === undefined || value === null || typeof value === "string" || typeof value === "boolean")
    return value;
  if (isStoredArray(value)) return { [arrayKey]: arrays.push(value) - 1 };
  if (Array.isArray(value)) return value.map((inner, i) => packed(inner, arrays, `${where}[${i}]`));
  if (typeof value === "object" && isPlainObject(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, packed(inner, arrays, `${where}.${key}`)]),
    );
  }
  throw new ConfigurationError(
    `${where} is ${typeof value === "object" ? `a ${value.constructor.name}` : `a ${typeof value}`}; a state is made of numbers, texts, booleans, null, typed arrays (of 32 and 64 bit, and bytes), lists and plain objects.`,
  );
}

function unpacked(value: unknown, arrayAt: (index: number) => StoredArray): unknown {
  if (Array.isArray(value)) return value.map((inner) => unpacked(inner, arrayAt));
  if (typeof value !== "object" || value === null) return value;
  if (arrayKey in value) return arrayAt(Number(value[arrayKey]));
  if (numberKey in value) return Number(value[numberKey]);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, unpacked(inner, arrayAt)]));
}

function isStoredArray(value: unknown): value is StoredArray {
  return [Float32Array, Float64Array, Int32Array, Uint32Array, Uint8Array].some(
    (kind) => value instanceof kind,
  );
}

function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
