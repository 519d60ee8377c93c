/** What a ceiling on memory leaves for reading, workers and folds. */
import { ConfigurationError } from "../errors/index.ts";

/** Limits of a command that must stay below a number of bytes, all its processes together. */
export interface MemoryPlan {
  readonly ceiling: number;
  /** What the reading of files may use. */
  readonly reading: number;
  /** How many members may train at the same time. */
  readonly workers: number;
  /** Largest size of a fold's inputs. */
  readonly fold: number;
}

const megabyte = 1e6;
/** The program itself: the process that listens, the one that works, the engine in it, some numbers of every event. */
const own = 310 * megabyte;
/** A worker process with its engine, before it reads anything. */
const worker = 110 * megabyte;
/** A fold as stored, augmented, in the engine and on its way between them. */
const copies = 5;
/** A thread that reads folds ahead, before it reads any. */
const thread = 100 * megabyte;
/** A fold in that thread's HDF5 library, and one that lies ready. */
const ahead = 2;

/**
 * Shares the ceiling out. How events are cut into folds and pieces does not depend on it.
 *
 * @param ceiling bytes; undefined: no ceiling.
 * @throws ConfigurationError for a ceiling below what the program itself needs.
 */
export function memoryPlan(ceiling: number | undefined, workers: number): MemoryPlan | undefined {
  if (ceiling === undefined) return undefined;
  const least = own + worker + 30 * megabyte;
  if (ceiling < least) {
    throw new ConfigurationError(
      `--memory: the program itself needs ${megabytes(least)}, but ${megabytes(ceiling)} came.`,
    );
  }
  const free = ceiling - own;
  const running = Math.max(1, Math.min(workers, Math.floor(free / (2 * worker))));
  return {
    ceiling,
    reading: Math.floor(free / 2),
    workers: running,
    fold: Math.floor((free - running * worker) / (running * copies)),
  };
}

/**
 * @param events of the largest fold, of so many features; `foldCount` folds in all.
 * @throws ConfigurationError where it does not fit.
 */
export function checkFoldFits(plan: MemoryPlan, events: number, features: number, foldCount: number): void {
  const bytes = events * features * 4;
  if (bytes <= plan.fold) return;
  const needed = Math.ceil((foldCount * bytes) / plan.fold);
  throw new ConfigurationError(
    `folds.count: a fold of ${events} events × ${features} features has ${megabytes(bytes)}, but --memory ${megabytes(plan.ceiling)} leaves ${megabytes(plan.fold)} for it. Use at least ${needed} folds, or more memory.`,
  );
}

/**
 * Whether the memory is enough for reading the next fold while one trains, beside the folds that are kept; what is
 * trained does not depend on it.
 *
 * @param events of the largest fold, of so many features.
 */
export function canReadAhead(plan: MemoryPlan, events: number, features: number): boolean {
  const bytes = events * features * 4;
  return (copies - 1 + ahead) * bytes + thread <= (copies - 1) * plan.fold;
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / megabyte)} MB`;
}
