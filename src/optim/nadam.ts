/** NAdam: Adam with Nesterov's momentum (Dozat, ICLR workshop 2016). */
import { add, div, mul, sqrt } from "../tensor/index.ts";
import { type AdamOptions, nextMean, nextSquare, rootFactor } from "./adam.ts";
import type { Optimiser } from "./optimiser.ts";

/** How fast the momentum grows to its value: μₜ = β₁·(1 − ½·0.96^(t·ψ)). Dozat's ψ, as in torch. */
const momentumDecay = 4e-3;

/** Options of `nadam`. */
export interface NadamOptions extends AdamOptions {
  /** Repeat torch before 2.0, which counted μₜ twice in the mean's correction (pytorch/pytorch pull request 92699). */
  readonly asTorch1?: boolean;
}

/**
 * NAdam with β₁ = the momentum of the schedule:
 * θ ← θ − η·[(1−μₜ)/(1−Πμ)·g + μₜ₊₁/(1−μₜ₊₁·Πμ)·m]/(√v̂ + ε), where Πμ runs over the steps up to t.
 * As Adam does with β₁ᵗ, the product takes the present β₁ for all of them; torch, which keeps it, agrees
 * when β₁ stays the same.
 */
export function nadam(options: NadamOptions = {}): Optimiser {
  const { beta2 = 0.999, epsilon = 1e-8, asTorch1 = false } = options;
  const warmUp = (step: number) => 1 - 0.5 * 0.96 ** (step * momentumDecay);
  // Products of the warm-up over the first steps, made as far as they are asked for.
  const products = [1];
  return {
    name: "nadam",
    slots: [
      { name: "mean", kind: "zeros" },
      { name: "square", kind: "zeros" },
    ],
    scalars: ["gradientRate", "meanRate", "epsilon", "gain"],
    scalarsAt: (step, learningRate, momentum) => {
      for (let t = products.length; t <= step; t++) products.push(products[t - 1]! * warmUp(t));
      const c = rootFactor(beta2, step);
      const product = momentum ** step * products[step]!;
      const [now, next] = [momentum * warmUp(step), momentum * warmUp(step + 1)];
      return [
        (learningRate * (1 - now)) / ((1 - product) * c),
        (learningRate * next) / ((1 - product * next * (asTorch1 ? now : 1)) * c),
        epsilon / c,
        1 - momentum,
      ];
    },
    update: ({ change: gradient, slots, scalars }) => {
      const mean = nextMean(slots.mean!, gradient, scalars.gain!);
      const square = nextSquare(slots.square!, gradient, beta2);
      const direction = add(mul(gradient, scalars.gradientRate!), mul(mean, scalars.meanRate!));
      const change = div(direction, add(sqrt(square), scalars.epsilon!));
      return { change, slots: { mean, square } };
    },
  };
}
