/** The ends of epochs that matter: those in which a cycle ends while a cyclic schedule is under way, else all. */
import type { TrainingView } from "./callback.ts";

/** Asked at the end of every epoch. */
export class CycleTicks {
  #seen: number;

  /** @param seen Cycles over already. */
  constructor(seen = 0) {
    this.#seen = seen;
  }

  /** Cycles over when last asked. */
  get seen(): number {
    return this.#seen;
  }

  /** The number of cycles over, if one ended in this epoch; undefined if none did, or none is under way. */
  cycleEnded({ cyclesDone }: TrainingView): number | undefined {
    if (cyclesDone === undefined || cyclesDone <= this.#seen) return undefined;
    this.#seen = cyclesDone;
    return cyclesDone;
  }

  /** Whether a cycle ended, or an epoch without a cycle. */
  ticked(view: TrainingView): boolean {
    return view.cyclesDone === undefined || this.cycleEnded(view) !== undefined;
  }
}
