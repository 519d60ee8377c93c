/** `EMA`: an exponential moving average of the weights, kept beside the network and validated with it. */
import { ConfigurationError } from "../errors/index.ts";
import { mul, sub } from "../tensor/index.ts";
import type { Callback } from "./callback.ts";

/** Options of `EMA`. */
export interface EmaOptions {
  /** Share of the past that is kept in each step; 0.999 forgets within about 1,000 steps. Default 0.999. */
  readonly decay?: number;
}

const mean = "EMA.mean";

/**
 * a ← a + (θ − a)·(1 − d)/(1 − dᵗ) after every step t, inside the step: corrected like Adam's mean, so that the first
 * weights do not linger (Polyak and Juditsky, SIAM J. Control Optim. 30 (1992) 838).
 *
 * At the end of each epoch the average is validated, with running statistics of its own, as an alternative to the
 * network: it counts for early stopping, and is kept if it is the best. `optimiser: { average: 0.999 }` makes the same
 * average and evaluates it always.
 */
export function emaCallback({ decay = 0.999 }: EmaOptions = {}): Callback {
  if (!(decay > 0 && decay < 1)) {
    throw new ConfigurationError(`EMA: the decay is ${decay}; give a number between 0 and 1.`);
  }
  return {
    name: "EMA",
    graph: ({ network }) => ({
      carried: { [mean]: new Float32Array(network.initialState(0, 0).parameters.length) },
      scalars: ["EMA.gain"],
      scalarsAt: (step) => [(1 - decay) / (1 - decay ** step)],
      carry: ({ next, carried, scalars }) => {
        const before = carried[mean]!;
        // So written, equal values stay as they are to the bit.
        return { [mean]: sub(before, mul(sub(before, next), scalars["EMA.gain"]!)) };
      },
    }),
    alternative: async (view) => {
      const parameters = view.state.slots[mean];
      if (!parameters) return undefined;
      const { buffers } = view.weights();
      const weights = await view.refreshStatistics({ parameters: parameters.slice(), buffers });
      return { loss: await view.lossOf(weights), weights };
    },
    state: () => undefined,
  };
}
