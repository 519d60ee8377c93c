/** `SWA`: averages of the weights along the way, kept beside the network (stochastic weight averaging). */
import { ConfigurationError } from "../errors/index.ts";
import type { Alternative, Callback, TrainingView } from "./callback.ts";
import { CycleTicks } from "./cycle-ticks.ts";

/** Options of `SWA`. A tick is the end of an epoch, or of a cycle. */
export interface SwaOptions {
  /** The first tick whose weights are averaged, from 1. Default 1. */
  readonly start?: number;
  /** Ticks after which a younger average begins that may replace the first. Absent: one average. */
  readonly renewalPeriod?: number;
  /** While a cyclic schedule is under way only the ends of cycles are ticks. Default true. */
  readonly lockToCycles?: boolean;
}

/** A mean of weights. */
interface Average {
  readonly mean: Float64Array;
  readonly count: number;
}

/**
 * Stochastic weight averaging (Izmailov et al., arXiv 1803.05407) with a choice of averages, as in Python
 * LUMIN. From tick `start` on each tick's weights join the first average. Once that has more than
 * `renewalPeriod` ticks, a second one begins; when the second has more than `renewalPeriod` times the periods
 * since the last replacement, both are validated. If the second is better, it takes the place of the first and
 * the periods count from 1 again, else there is one more; in both cases a new second begins with the weights
 * of that tick.
 *
 * The average is an alternative to the network: it counts for early stopping and is kept if it is the best.
 * Its running statistics are made by a pass over the training folds at each tick, if the network has any.
 *
 * Unlike Python LUMIN's: the second average begins empty and not with a copy of old weights, averages are
 * compared on the validation fold, they are locked to cycles by default, and one average alone works.
 */
export function swaCallback(options: SwaOptions = {}): Callback {
  const { start = 1, renewalPeriod, lockToCycles = true } = options;
  for (const [name, value] of Object.entries({ start, renewalPeriod })) {
    if (value !== undefined && !(Number.isInteger(value) && value >= 1)) {
      throw new ConfigurationError(`SWA: ${name} is ${value}; give a whole number of at least 1.`);
    }
  }
  let first: Average | undefined;
  let second: Average | undefined;
  let [ticks, periods] = [0, 1];
  let cycles = new CycleTicks();
  let result: Alternative | undefined;
  const state = () => ({ first, second, result, ticks, periods, cyclesSeen: cycles.seen });
  return {
    name: "SWA",
    onTrainBegin: () => {
      [first, second, result] = [undefined, undefined, undefined];
      [ticks, periods] = [0, 1];
      cycles = new CycleTicks();
    },
    state,
    restore: (saved: ReturnType<typeof state>) => {
      ({ first, second, result, ticks, periods } = saved);
      cycles = new CycleTicks(saved.cyclesSeen);
    },
    alternative: async (view) => {
      if (lockToCycles && !cycles.ticked(view)) return result;
      ticks += 1;
      if (ticks < start) return undefined;
      const { parameters } = view.weights();
      first = joined(first, parameters);
      if (renewalPeriod !== undefined && first.count > renewalPeriod) second = joined(second, parameters);
      result = await validated(first, view);
      if (second && second.count > periods * renewalPeriod!) {
        const other = await validated(second, view);
        if (other.loss < result.loss) {
          [first, result, periods] = [second, other, 1];
        } else periods += 1;
        second = joined(undefined, parameters);
      }
      return result;
    },
  };
}

function joined(average: Average | undefined, parameters: Float32Array): Average {
  if (average === undefined) return { mean: Float64Array.from(parameters), count: 1 };
  const count = average.count + 1;
  return { mean: average.mean.map((mean, i) => mean + (parameters[i]! - mean) / count), count };
}

async function validated({ mean }: Average, view: TrainingView): Promise<Alternative> {
  const { buffers } = view.weights();
  const weights = await view.refreshStatistics({ parameters: Float32Array.from(mean), buffers });
  return { loss: await view.lossOf(weights), weights };
}
