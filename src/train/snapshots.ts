/** `Snapshots`: saves the weights after every cycle of the learning rate, for ensembles of one training. */
import type { Callback } from "./callback.ts";
import { CycleTicks } from "./cycle-ticks.ts";

/** The weights at the end of a cycle: one line of `cycles.jsonl` in the member's folder. */
export interface Snapshot {
  /** From 1. */
  readonly cycle: number;
  readonly epoch: number;
  readonly step: number;
  /** Loss of the validation fold with these weights. */
  readonly validationLoss: number;
  /** Sub-folder of the member's folder that holds the weights. */
  readonly name: string;
}

/**
 * Saves the weights as `cycle-1`, `cycle-2`, … at the end of each epoch in which a cycle ended, and reports
 * them with their validation losses (Python LUMIN kept the loss of the last training batch). Let cycles be
 * whole epochs long: one that ends inside an epoch is saved at the epoch's end.
 */
export function snapshotsCallback(): Callback {
  let snapshots: Snapshot[] = [];
  let cycles = new CycleTicks();
  const state = () => ({ snapshots, cyclesSeen: cycles.seen });
  return {
    name: "Snapshots",
    onTrainBegin: () => {
      snapshots = [];
      cycles = new CycleTicks();
    },
    state,
    restore: (saved: ReturnType<typeof state>) => {
      snapshots = saved.snapshots;
      cycles = new CycleTicks(saved.cyclesSeen);
    },
    onEpochEnd: (view) => {
      const cycle = cycles.cycleEnded(view);
      if (cycle === undefined) return;
      const { epoch, step, validationLoss } = view;
      const name = `cycle-${cycle}`;
      snapshots.push({ cycle, epoch, step, validationLoss: validationLoss!, name });
      return { save: name };
    },
    report: () => snapshots,
  };
}

/** `EpochSaver`: saves the weights of every epoch as `epoch-1`, `epoch-2`, … in the member's folder. */
export function epochSaverCallback(): Callback {
  return {
    name: "EpochSaver",
    state: () => undefined,
    onEpochEnd: ({ epoch }) => ({ save: `epoch-${epoch}` }),
  };
}
