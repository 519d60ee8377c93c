/** Learning rate and momentum of every step of one training. */
import { type Callback, combineSchedules, type RunShape } from "./callback.ts";
import type { StepValues } from "./schedules.ts";

/** The callbacks' schedules, times the factors that callbacks ask for on the way. */
export class RunSchedule {
  readonly #schedule: ReturnType<typeof combineSchedules>;
  readonly #stepCount: number;
  #scale = 1;

  constructor(callbacks: readonly Callback[], run: RunShape) {
    this.#schedule = combineSchedules(callbacks, run);
    this.#stepCount = run.stepsPerEpoch * run.epochCount;
  }

  /** Values of a step, counted from 0. */
  at(step: number): StepValues {
    const { learningRate, momentum } = this.#schedule.values(step, this.#stepCount);
    return { learningRate: learningRate * this.#scale, momentum };
  }

  /** Values of `count` steps from `first` on. */
  steps(first: number, count: number): { learningRates: Float32Array; momenta: Float32Array } {
    const learningRates = new Float32Array(count);
    const momenta = new Float32Array(count);
    for (let i = 0; i < count; i++) {
      const { learningRate, momentum } = this.at(first + i);
      learningRates[i] = learningRate;
      momenta[i] = momentum;
    }
    return { learningRates, momenta };
  }

  /** Product of all factors so far. */
  get scale(): number {
    return this.#scale;
  }

  /** Multiplies the learning rates that are asked for from now on. */
  scaleLearningRate(factor: number): void {
    this.#scale *= factor;
  }

  /** Cycles over after `step` steps; undefined when no cycle is under way. */
  cyclesDone(step: number): number | undefined {
    return this.#schedule.cyclesDone(step);
  }

  /** Training ends with the epoch in which this step is reached. */
  get lastStep(): number {
    return this.#schedule.lastStep;
  }
}
