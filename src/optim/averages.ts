/** Links that average weights along the way: Lookahead, schedule-free learning, the moving average. */
import { add, constant, div, less, maximum, mul, sub, type Tensor, where } from "../tensor/index.ts";
import type { Optimiser } from "./optimiser.ts";

/** Nothing is left to subtract: the link's `from` are the next parameters. */
const settled: Tensor = constant(0);

/**
 * From a towards b by a fraction, a − f·(a − b). Written so that equal values stay as they are, to the bit
 * (−0 too): what is frozen is the same in all averages.
 */
function towards(a: Tensor, b: Tensor, fraction: Tensor | number): Tensor {
  return sub(a, mul(sub(a, b), fraction));
}

/** Options of `lookahead`. */
export interface LookaheadOptions {
  /** Steps of the fast weights between two of the slow ones. */
  readonly steps?: number;
  /** The part of the way to the fast weights that the slow ones go, α of the paper. */
  readonly pull?: number;
}

/**
 * Lookahead (Zhang et al., arXiv 1907.08610) around the links before it: after every k steps the slow weights go
 * a part α of the way to the fast ones, φ ← φ + α·(θ − φ), and these start again from there, θ ← φ.
 * The slow weights are those to evaluate with.
 */
export function lookahead({ steps = 5, pull = 0.5 }: LookaheadOptions = {}): Optimiser {
  return {
    name: "lookahead",
    slots: [{ name: "slow", kind: "copy" }],
    scalars: ["pull"],
    scalarsAt: (step) => [step % steps === 0 ? pull : 0],
    update: ({ from, change, slots, scalars }) => {
      const fast = sub(from, change);
      const slow = towards(slots.slow!, fast, scalars.pull!);
      return { from: where(less(0, scalars.pull!), slow, fast), change: settled, slots: { slow } };
    },
    evaluationSlot: "slow",
  };
}

/**
 * Schedule-free learning (Defazio et al., arXiv 2405.15682) around the links before it, which are to be without
 * momentum. The links' steps go to z; x is the mean of all z, weighted with the square of the learning rate;
 * the gradient is taken between them, at y = (1−β₁)·z + β₁·x with β₁ = the schedule's momentum:
 *
 * z ← z − change, c = η²/Ση², x ← (1−c)·x + c·z.
 *
 * The parameters of the state are y; x are the weights to evaluate with. It is kept and not worked out from
 * y and z, so that β₁ may change and may be 0.
 */
export function scheduleFree(): Optimiser {
  return {
    name: "scheduleFree",
    slots: [
      { name: "z", kind: "copy" },
      { name: "x", kind: "copy" },
      { name: "total", kind: "number" },
    ],
    scalars: ["weight", "gain"],
    scalarsAt: (_, learningRate, momentum) => [learningRate ** 2, 1 - momentum],
    update: ({ change, slots, scalars }) => {
      const z = sub(slots.z!, change);
      const total = add(slots.total!, scalars.weight!);
      // A schedule may start with the rate 0: then 0/tiny instead of 0/0.
      const x = towards(slots.x!, z, div(scalars.weight!, maximum(total, 1e-30)));
      return { from: towards(x, z, scalars.gain!), change: settled, slots: { z, x, total } };
    },
    evaluationSlot: "x",
  };
}

/**
 * An exponential moving average of the parameters that the links before it leave; it changes no training.
 * a ← a + (θ − a)·(1−d)/(1−dᵗ): corrected like Adam's mean, so that the first weights do not linger.
 * (Polyak and Juditsky, SIAM J. Control Optim. 30 (1992) 838; Tarvainen and Valpola, arXiv 1703.01780.)
 * The average are the weights to evaluate with.
 */
export function weightAverage(decay: number): Optimiser {
  return {
    name: "average",
    slots: [{ name: "mean", kind: "copy" }],
    scalars: ["gain"],
    scalarsAt: (step) => [(1 - decay) / (1 - decay ** step)],
    update: ({ from, change, slots, scalars }) => {
      const next = sub(from, change);
      return { from: next, change: settled, slots: { mean: towards(slots.mean!, next, scalars.gain!) } };
    },
    evaluationSlot: "mean",
  };
}
