/** `EarlyStopping`: ends a training whose validation loss no longer improves. */
import { ConfigurationError } from "../errors/index.ts";
import type { Callback } from "./callback.ts";

/** Options of `EarlyStopping`. */
export interface EarlyStoppingOptions {
  /** Training ends after this many epochs (or cycles of a cyclic schedule) in a row without improvement. */
  readonly patience: number;
}

/**
 * Stops after `patience` epochs without improvement; an equal loss counts as one. While a cyclic schedule
 * or a one-cycle is under way, only the ends of cycles without any improvement count, as in LUMIN. An
 * improvement of a callback's own weights (averages) is one. Where a callback judges, its value takes the place
 * of the loss, and epochs that it does not count are no worse than those before.
 */
export function earlyStoppingCallback({ patience }: EarlyStoppingOptions): Callback {
  if (!(Number.isInteger(patience) && patience >= 1)) {
    throw new ConfigurationError(
      `EarlyStopping: patience is ${patience}; give a whole number of epochs, at least 1.`,
    );
  }
  const start = { best: Infinity, waited: 0, improvedInCycle: false, cyclesSeen: 0 };
  let now = { ...start };
  return {
    name: "EarlyStopping",
    onTrainBegin: () => {
      now = { ...start };
    },
    state: () => now,
    restore: (state: typeof now) => {
      now = state;
    },
    onEpochEnd: (view) => {
      const value = view.lowest?.value ?? Infinity;
      const improved = value <= now.best;
      if (improved) now.best = value;
      now.improvedInCycle ||= improved;
      const cycling = view.cyclesDone !== undefined;
      if (cycling && view.cyclesDone === now.cyclesSeen) return;
      now.cyclesSeen = view.cyclesDone ?? now.cyclesSeen;
      now.waited = (cycling ? now.improvedInCycle : improved) ? 0 : now.waited + 1;
      now.improvedInCycle = false;
      if (now.waited < patience) return;
      const unit = `${cycling ? "cycle" : "epoch"}${patience === 1 ? "" : "s"}`;
      return { stop: `no improvement in ${patience} ${unit}` };
    },
  };
}
