/** `SaveBest`: keeps the weights of the epoch with the lowest validation loss and restores them at the end. */
import type { ModelWeights } from "../model/index.ts";
import type { Callback } from "./callback.ts";

/**
 * The weights stay in memory; of equal losses the later wins, as for early stopping. Where a callback has
 * weights of its own (averages) with a lower loss than the network's, they are the ones kept. Where a callback
 * judges, its value takes the place of the loss.
 */
export function saveBestCallback(): Callback {
  let best: { readonly value: number; readonly weights: ModelWeights } | undefined;
  return {
    name: "SaveBest",
    onTrainBegin: () => {
      best = undefined;
    },
    state: () => best,
    restore: (state: NonNullable<typeof best>) => {
      best = state;
    },
    onEpochEnd: ({ lowest }) => {
      if (lowest !== undefined && lowest.value <= (best?.value ?? Infinity))
        best = { value: lowest.value, weights: lowest.weights() };
    },
    onTrainEnd: (view) =>
      best && !areEqual(best.weights, view.weights()) ? { weights: best.weights } : undefined,
  };
}

function areEqual(a: ModelWeights, b: ModelWeights): boolean {
  return (
    a.parameters.every((value, i) => value === b.parameters[i]) &&
    a.buffers.every((value, i) => value === b.buffers[i])
  );
}
