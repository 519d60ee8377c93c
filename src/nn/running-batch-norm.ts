/** Batch normalisation with running statistics in training too. */
import {
  add,
  div,
  knownSize,
  less,
  maximum,
  mul,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  where,
} from "../tensor/index.ts";
import type { Scope } from "./scope.ts";

/** Options of `runningBatchNorm`. */
export interface RunningBatchNormOptions {
  readonly momentum?: number;
  /** While fewer events were seen, the variance is at least 0.01. */
  readonly warmUpEvents?: number;
  readonly epsilon?: number;
}

/**
 * Batch normalisation that uses the same running sums in training and prediction (fast.ai's RunningBatchNorm, as
 * in LUMIN): Σx, Σx² and counts of each batch are averaged with weight 1 − (1 − momentum)/√(batch − 1 + ε), and
 * gradients flow through the batch's part of them. Good for small batches. Event weights do not enter.
 */
export function runningBatchNorm(scope: Scope, x: Tensor, options: RunningBatchNormOptions = {}): Tensor {
  const { momentum = 0.1, warmUpEvents = 20, epsilon = 1e-5 } = options;
  const features = knownSize("runningBatchNorm", x.shape, 1);
  const scale = scope.parameter("scale", [features], { kind: "constant", value: 1 });
  const shift = scope.parameter("shift", [features], { kind: "constant", value: 0 });
  let sums = scope.buffer("sums", [features], 0);
  let squares = scope.buffer("squares", [features], 0);
  let count = scope.buffer("count", [1], 0);
  let seen = scope.buffer("seen", [1], 0);
  if (scope.training) {
    const events = knownSize("runningBatchNorm", x.shape, 0);
    const weight = 1 - (1 - momentum) / Math.sqrt(events - 1 + epsilon);
    const follow = (name: string, running: Tensor, batch: Tensor | number) => {
      const next = add(mul(running, 1 - weight), mul(batch, weight));
      scope.updateBuffer(name, next);
      return next;
    };
    sums = follow("sums", sums, sum(x, { axes: 0 }));
    squares = follow("squares", squares, sum(square(x), { axes: 0 }));
    count = follow("count", count, events);
    seen = add(seen, events);
    scope.updateBuffer("seen", seen);
  }
  const mean = div(sums, count);
  const variance = sub(div(squares, count), square(mean));
  const safe = where(less(seen, warmUpEvents), maximum(variance, 0.01), variance);
  return scope.output(add(mul(div(sub(x, mean), sqrt(add(safe, epsilon))), scale), shift));
}
