/** `CycleStep`: a one-cycle, then the best weights again with a learning rate that falls in steps. */
import { ConfigurationError } from "../errors/index.ts";
import type { TrainingState } from "../model/index.ts";
import type { Callback } from "./callback.ts";
import { type OneCycleOptions, oneCycleCallback } from "./one-cycle.ts";

/** Options of `CycleStep`: those of the cycle, and of the steps after it. */
export interface CycleStepOptions extends Omit<OneCycleOptions, "endsTraining"> {
  /** All three: with the last one training goes on after the cycle. */
  readonly learningRates: readonly [number, number, number];
  /** The learning rate is multiplied by this, between 0 and 1. Default 0.5. */
  readonly factor?: number;
  /** after this many epochs in a row without improvement. */
  readonly patience: number;
}

/**
 * One cycle as `OneCycle` makes it. At its end the network and its optimiser go back to the epoch with the
 * lowest validation loss. From then on the learning rate is multiplied by `factor` after every `patience`
 * epochs without improvement; the count then starts again. Early stopping, with a larger patience, ends it.
 */
export function cycleStepCallback(options: CycleStepOptions): Callback {
  const { factor = 0.5, patience, ...cycle } = options;
  if (!(factor > 0 && factor < 1 && Number.isInteger(patience) && patience >= 1)) {
    throw new ConfigurationError(
      `CycleStep: the factor is ${factor} and the patience ${patience}; the factor must lie between 0 and 1, and the patience be a whole number of epochs.`,
    );
  }
  if (!(cycle.learningRates.length === 3 && cycle.learningRates[2] > 0)) {
    throw new ConfigurationError(
      "CycleStep: give three learning rates, the last of them above 0: training goes on with it.",
    );
  }
  const { schedule } = oneCycleCallback({ ...cycle, endsTraining: false });
  let best: { readonly loss: number; readonly state: TrainingState } | undefined;
  let [waited, isStepping] = [0, false];
  const state = () => ({ best, waited, isStepping });
  return {
    name: "CycleStep",
    schedule: schedule!,
    onTrainBegin: () => {
      best = undefined;
      [waited, isStepping] = [0, false];
    },
    state,
    restore: (saved: ReturnType<typeof state>) => {
      ({ best, waited, isStepping } = saved);
    },
    onEpochEnd: (view) => {
      const loss = view.validationLoss!;
      if (loss <= (best?.loss ?? Infinity)) {
        best = { loss, state: view.state };
        waited = 0;
      } else waited += 1;
      const isCycling = view.cyclesDone === 0;
      if (isCycling) return;
      if (!isStepping) {
        [waited, isStepping] = [0, true];
        return { state: best!.state };
      }
      if (waited < patience) return;
      waited = 0;
      return { scaleLearningRate: factor };
    },
  };
}
