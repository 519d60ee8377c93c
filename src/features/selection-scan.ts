/** Quick optimisation of the forests that select features. */
import {
  defaultSelectionForest,
  type SelectionEvents,
  type SelectionForest,
  scoreFeatures,
} from "./selection-forest.ts";

/** The forest that scored best, and all that were tried. */
export interface ForestScanResult {
  readonly forest: SelectionForest;
  readonly score: number;
  readonly tried: readonly { readonly forest: SelectionForest; readonly score: number }[];
}

/**
 * Looks for the least events of a leaf (1, 3, 5, 10, 25, 50, 100), then the features tried a split (0.3, 0.5, 0.7, 0.9
 * of all; √ of them to begin with). A value is kept only if it scores strictly better on the held events.
 */
export function scanForest(
  events: SelectionEvents,
  {
    trees = defaultSelectionForest.trees,
    minLeafEvents = [1, 3, 5, 10, 25, 50, 100],
    maxFeatures = [0.3, 0.5, 0.7, 0.9],
    seed = 1337,
    onProgress,
  }: {
    readonly trees?: number;
    readonly minLeafEvents?: readonly number[];
    readonly maxFeatures?: readonly number[];
    readonly seed?: number;
    readonly onProgress?: ((share: number) => void) | undefined;
  } = {},
): ForestScanResult {
  const tried: { forest: SelectionForest; score: number }[] = [];
  let best: SelectionForest = { trees, minLeafEvents: minLeafEvents[0] ?? 3, maxFeatures: "sqrt" };
  let score = Number.NEGATIVE_INFINITY;
  const attempt = (forest: SelectionForest): void => {
    const own = scoreFeatures(events, events.training.names, forest, 1, seed).mean;
    tried.push({ forest, score: own });
    onProgress?.(tried.length / (minLeafEvents.length + maxFeatures.length));
    if (own > score) [best, score] = [forest, own];
  };
  for (const least of minLeafEvents) attempt({ ...best, minLeafEvents: least });
  for (const part of maxFeatures) attempt({ ...best, maxFeatures: { part } });
  return { forest: best, score, tried };
}
