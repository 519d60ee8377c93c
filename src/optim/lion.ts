/** Lion: steps of one size, along the sign of the momentum (Chen et al., arXiv 2302.06675). */
import { mul, sign } from "../tensor/index.ts";
import { nextMean } from "./adam.ts";
import type { Optimiser } from "./optimiser.ts";

/** Options of `lion`. */
export interface LionOptions {
  /** Decay of the mean that is kept; the one that is stepped along decays with β₁. */
  readonly beta2?: number;
}

/** Lion with β₁ = the momentum of the schedule: θ ← θ − η·sign(β₁·m + (1−β₁)·g), m ← β₂·m + (1−β₂)·g. */
export function lion({ beta2 = 0.99 }: LionOptions = {}): Optimiser {
  return {
    name: "lion",
    slots: [{ name: "mean", kind: "zeros" }],
    scalars: ["rate", "gain"],
    scalarsAt: (_, learningRate, momentum) => [learningRate, 1 - momentum],
    update: ({ change: gradient, slots, scalars }) => ({
      change: mul(sign(nextMean(slots.mean!, gradient, scalars.gain!)), scalars.rate!),
      slots: { mean: nextMean(slots.mean!, gradient, 1 - beta2) },
    }),
  };
}
