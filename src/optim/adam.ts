/** Adam (Kingma and Ba, arXiv 1412.6980), and the mean of squares that its relatives divide by. */
import { add, div, mul, sqrt, sub, type Tensor } from "../tensor/index.ts";
import type { Optimiser } from "./optimiser.ts";

/** Options of `adam`. */
export interface AdamOptions {
  /** Decay of the mean of squared gradients. */
  readonly beta2?: number;
  readonly epsilon?: number;
}

/** m ← β·m + (1−β)·g, with gain = 1−β. */
export function nextMean(mean: Tensor, gradient: Tensor, gain: Tensor | number): Tensor {
  return add(mean, mul(sub(gradient, mean), gain));
}

/** V = v/(1−β) of the mean v of squares: V ← β·V + g². One operation less than v, and its root is scaled outside. */
export function nextSquare(square: Tensor, gradient: Tensor, beta: number): Tensor {
  return add(mul(square, beta), mul(gradient, gradient));
}

/** √(v/(1−βᵗ)) = c·√V: the factor c of the corrected root at a step. */
export function rootFactor(beta: number, step: number): number {
  return Math.sqrt(1 - beta) / Math.sqrt(1 - beta ** step);
}

/**
 * Adam with β₁ = the momentum of the schedule, so that it may change from step to step.
 *
 * With V = v/(1−β₂), c = √(1−β₂)/√(1−β₂ᵗ) the usual update
 * θ − η·m̂/(√v̂ + ε) is θ − A·m/(√V + E), A = η/((1−β₁ᵗ)·c), E = ε/c:
 * the same numbers as torch, with two operations less on the long vectors.
 */
export function adam(options: AdamOptions = {}): Optimiser {
  const { beta2 = 0.999, epsilon = 1e-8 } = options;
  return {
    name: "adam",
    slots: [
      { name: "mean", kind: "zeros" },
      { name: "square", kind: "zeros" },
    ],
    scalars: ["rate", "epsilon", "gain"],
    scalarsAt: (step, learningRate, momentum) => {
      const c = rootFactor(beta2, step);
      return [learningRate / ((1 - momentum ** step) * c), epsilon / c, 1 - momentum];
    },
    update: ({ change: gradient, slots, scalars }) => {
      const mean = nextMean(slots.mean!, gradient, scalars.gain!);
      const square = nextSquare(slots.square!, gradient, beta2);
      const change = div(mul(mean, scalars.rate!), add(sqrt(square), scalars.epsilon!));
      return { change, slots: { mean, square } };
    },
  };
}

/** Adam without the mean of gradients: η·g/(√v̂ + ε). What schedule-free AdamW averages. */
export function adaptiveRate(options: AdamOptions = {}): Optimiser {
  const { beta2 = 0.999, epsilon = 1e-8 } = options;
  return {
    name: "adaptiveRate",
    slots: [{ name: "square", kind: "zeros" }],
    scalars: ["rate", "epsilon"],
    scalarsAt: (step, learningRate) => {
      const c = rootFactor(beta2, step);
      return [learningRate / c, epsilon / c];
    },
    update: ({ change: gradient, slots, scalars }) => {
      const square = nextSquare(slots.square!, gradient, beta2);
      const change = div(mul(gradient, scalars.rate!), add(sqrt(square), scalars.epsilon!));
      return { change, slots: { square } };
    },
  };
}
