/** Stochastic gradient descent. */
import { add, mul } from "../tensor/index.ts";
import type { Optimiser } from "./optimiser.ts";

/** Options of `sgd`. */
export interface SgdOptions {
  /** Step along g + μ·v instead of v (Sutskever et al., ICML 2013). */
  readonly nesterov?: boolean;
}

/** Gradient descent with the schedule's momentum: v ← μ·v + g, θ ← θ − η·v, as in torch. */
export function sgd({ nesterov = false }: SgdOptions = {}): Optimiser {
  return {
    name: "sgd",
    slots: [{ name: "velocity", kind: "zeros" }],
    scalars: ["rate", "momentum"],
    scalarsAt: (_, learningRate, momentum) => [learningRate, momentum],
    update: ({ change: gradient, slots, scalars }) => {
      const velocity = add(mul(slots.velocity!, scalars.momentum!), gradient);
      const direction = nesterov ? add(gradient, mul(velocity, scalars.momentum!)) : velocity;
      return { change: mul(direction, scalars.rate!), slots: { velocity } };
    },
  };
}
