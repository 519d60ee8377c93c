/** `LRFinder`: sweeps the learning rate over a training and records the loss of every step. */
import { ConfigurationError } from "../errors/index.ts";
import type { Callback } from "./callback.ts";

/** Options of `LRFinder`. */
export interface LRFinderOptions {
  /** Lowest and highest learning rate. Default `[1e-5, 10]`. */
  readonly rates?: readonly [number, number];
  /**
   * The sweep ends where the smoothed loss exceeds this multiple of its lowest value; above 1. For a negative
   * lowest value: where it has risen by (multiple − 1) times its size. Default 4.
   */
  readonly divergence?: number;
}

/** What `LRFinder` reports: a value for each step up to the divergence. */
export interface LearningRateRecord {
  readonly rates: readonly number[];
  /** Losses of the batches, each before its step. */
  readonly losses: readonly number[];
  /** Whether the sweep ended before the highest rate. */
  readonly hasDiverged: boolean;
}

/**
 * Learning rate η = lo·(hi/lo)^(i/n) in step i of the n steps that the training really has
 * (L. N. Smith, arXiv 1506.01186). Give it last, so that no other schedule sets the rate. A fold stays one
 * call of the engine: the sweep ends with the fold in which it diverged, and what came after is left out.
 */
export function lrFinderCallback(options: LRFinderOptions = {}): Callback {
  const { rates: [low, high] = [1e-5, 10], divergence = 4 } = options;
  if (!(low > 0 && high > low && Number.isFinite(high) && divergence > 1)) {
    throw new ConfigurationError(
      `LRFinder: the rates are ${low} and ${high}, the divergence is ${divergence}; expected 0 < lowest < highest rate and a divergence above 1.`,
    );
  }
  const rateAt = (step: number, total: number): number => low * (high / low) ** (step / total);
  let rates: number[] = [];
  let losses: number[] = [];
  let hasDiverged = false;
  let [mean, lowest] = [0, Infinity];
  const state = () => ({ rates, losses, hasDiverged, mean, lowest });
  return {
    name: "LRFinder",
    survivesDivergence: true,
    schedule: () => ({ values: (step, total) => ({ learningRate: rateAt(step, total) }) }),
    onTrainBegin: () => {
      [rates, losses, hasDiverged] = [[], [], false];
      [mean, lowest] = [0, Infinity];
    },
    state,
    restore: (saved: ReturnType<typeof state>) => {
      ({ rates, losses, hasDiverged, mean, lowest } = saved);
    },
    onFoldEnd: (view) => {
      const first = view.step - view.losses.length;
      for (const [i, loss] of view.losses.entries()) {
        if (hasDiverged) break;
        mean = smoothing * mean + (1 - smoothing) * loss;
        const smooth = mean / (1 - smoothing ** (losses.length + 1));
        lowest = Math.min(lowest, smooth);
        hasDiverged = !(smooth <= lowest + (divergence - 1) * Math.abs(lowest));
        if (hasDiverged) break;
        rates.push(rateAt(first + i, view.stepCount));
        losses.push(loss);
      }
      if (hasDiverged) return { stop: "the loss diverged" };
    },
    report: (): LearningRateRecord => ({ rates, losses, hasDiverged }),
  };
}

/** Share of the past in the running mean that decides on divergence: single batches jump. */
const smoothing = 0.9;
