/** Removing features under guard: each removal is tried by retraining, and undone when the score falls. */
import {
  defaultSelectionForest,
  type RepeatedScore,
  type SelectionEvents,
  type SelectionForest,
  scoreFeatures,
} from "./selection-forest.ts";

/** How removals are judged. */
export interface RemovalOptions {
  readonly forest?: SelectionForest;
  /** Forests a score, of other seeds. Default 3. */
  readonly forestCount?: number;
  /** How far the score may fall below the reference. Default 0.001. */
  readonly maximumLoss?: number;
  readonly seed?: number;
}

/** One feature that was left out on trial. */
export interface RemovalTrial {
  readonly name: string;
  /** Of forests without the feature. */
  readonly score: RepeatedScore;
  readonly isRemoved: boolean;
}

/** What is left, and how it came to that. */
export interface GuardedRemoval {
  readonly kept: readonly string[];
  /** With all the features given. */
  readonly score: RepeatedScore;
  readonly trials: readonly RemovalTrial[];
}

/** Scores of forests with all features, and with each candidate left out alone. Nothing is removed. */
export function checkRemoval(
  events: SelectionEvents,
  candidates: readonly string[],
  { forest = defaultSelectionForest, forestCount = 3, seed = 1337, maximumLoss = 0.001 }: RemovalOptions = {},
): GuardedRemoval {
  const { names } = events.training;
  const score = scoreFeatures(events, names, forest, forestCount, seed);
  const trials = candidates.map((name): RemovalTrial => {
    const left = names.filter((other) => other !== name);
    const own = scoreFeatures(events, left, forest, forestCount, seed);
    return { name, score: own, isRemoved: own.mean >= score.mean - maximumLoss };
  });
  return { kept: names, score, trials };
}

/** What is known when the next candidates are asked for. */
export interface RemovalState {
  readonly kept: readonly string[];
  readonly removed: readonly string[];
}

/**
 * Leaves candidates out one after the other. A removal stays only if the score without the feature is at most
 * `maximumLoss` below the reference: that of the features at the beginning, or `reference` if it is higher. All
 * removals are held against the same reference, so that small losses do not add up.
 *
 * @param kept the features at the beginning.
 * @param candidates in the order in which they are tried; a function is asked before each one whether it still is one.
 */
export function removeGuarded(
  events: SelectionEvents,
  kept: readonly string[],
  candidates: readonly string[],
  {
    forest = defaultSelectionForest,
    forestCount = 3,
    seed = 1337,
    maximumLoss = 0.001,
    reference = Number.NEGATIVE_INFINITY,
    isCandidate = () => true,
    onProgress,
  }: RemovalOptions & {
    readonly reference?: number;
    readonly isCandidate?: (name: string, state: RemovalState) => boolean;
    readonly onProgress?: ((share: number) => void) | undefined;
  } = {},
): GuardedRemoval {
  const score = scoreFeatures(events, kept, forest, forestCount, seed);
  const least = Math.max(score.mean, reference) - maximumLoss;
  const trials: RemovalTrial[] = [];
  const removed: string[] = [];
  let left = kept;
  for (const [i, name] of candidates.entries()) {
    onProgress?.(i / candidates.length);
    if (left.length < 2 || !isCandidate(name, { kept: left, removed })) continue;
    const without = left.filter((other) => other !== name);
    const own = scoreFeatures(events, without, forest, forestCount, seed);
    const isRemoved = own.mean >= least;
    trials.push({ name, score: own, isRemoved });
    if (!isRemoved) continue;
    left = without;
    removed.push(name);
  }
  return { kept: left, score, trials };
}
