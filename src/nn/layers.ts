/** Layers: functions of activations [events, features] that take their parameters from a scope. */
import {
  add,
  and,
  cast,
  concat,
  div,
  gather,
  greaterEqual,
  knownSize,
  less,
  matmul,
  mean,
  mish,
  mul,
  oneHot,
  pad,
  prelu,
  relu,
  reshape,
  selu,
  sigmoid,
  slice,
  sqrt,
  square,
  sub,
  swish,
  type Tensor,
  tanh,
  transpose,
  where,
} from "../tensor/index.ts";
import { glorotNormal, heNormal, type Initialiser, lecunNormal } from "./initialisers.ts";
import type { Scope } from "./scope.ts";

/** Activation functions by name. */
export type Activation = "linear" | "relu" | "prelu" | "selu" | "swish" | "mish" | "sigmoid" | "tanh";

/** Names of all activations. */
export const activationNames: readonly Activation[] = [
  "linear",
  "relu",
  "prelu",
  "selu",
  "swish",
  "mish",
  "sigmoid",
  "tanh",
];

/** The distribution of weights that goes with the activation after them, as in LUMIN (tanh added). */
export function initialiserFor(activation: Activation, fanIn: number, fanOut: number): Initialiser {
  switch (activation) {
    case "relu":
    case "prelu":
    case "swish":
    case "mish":
      return heNormal(fanIn);
    case "selu":
      return lecunNormal(fanIn);
    case "linear":
    case "sigmoid":
    case "tanh":
      return glorotNormal(fanIn, fanOut);
  }
}

/** x·Wᵀ + b: [events, in] → [events, outputs]; W is drawn from `initialiser`, b starts at `bias`, one or one an output. */
export function linear(
  scope: Scope,
  x: Tensor,
  outputs: number,
  initialiser: Initialiser,
  bias: number | readonly number[] = 0,
): Tensor {
  const inputs = knownSize("linear", x.shape, 1);
  const weight = scope.parameter("weight", [outputs, inputs], initialiser);
  const start: Initialiser =
    typeof bias === "number" ? { kind: "constant", value: bias } : { kind: "blocks", values: bias };
  const offset = scope.parameter("bias", [outputs], start);
  return scope.output(add(matmul(x, transpose(weight)), offset), "linear");
}

/** The activation, elementwise; prelu has one learnt slope that starts at 0.25, as in torch. */
export function activate(scope: Scope, x: Tensor, activation: Activation): Tensor {
  switch (activation) {
    case "linear":
      return x;
    case "relu":
      return relu(x);
    case "prelu":
      return prelu(x, reshape(scope.parameter("slope", [1], { kind: "constant", value: 0.25 }), []));
    case "selu":
      return selu(x);
    case "swish":
      return swish(x);
    case "mish":
      return mish(x);
    case "sigmoid":
      return sigmoid(x);
    case "tanh":
      return tanh(x);
  }
}

/** Random bits for dropout on [events, features], made so that they lie as the activations do. */
function keepMask(scope: Scope, x: Tensor, keep: number): Tensor {
  const events = knownSize("dropout", x.shape, 0);
  const features = knownSize("dropout", x.shape, 1);
  return transpose(cast(scope.mask([features, events], keep), "float32"));
}

/** In training each value is dropped with probability `rate`, the others divided by 1 − rate. */
export function dropout(scope: Scope, x: Tensor, rate: number): Tensor {
  if (rate === 0 || !scope.training) return x;
  return mul(x, mul(keepMask(scope, x, 1 - rate), 1 / (1 - rate)));
}

/**
 * Dropout for selu: dropped values become −λα, and an affine map restores zero mean and unit variance
 * (Klambauer et al., arXiv 1706.02515).
 */
export function alphaDropout(scope: Scope, x: Tensor, rate: number): Tensor {
  if (rate === 0 || !scope.training) return x;
  const keep = 1 - rate;
  const dropped = -1.7580993408473766;
  const scale = 1 / Math.sqrt(keep * (1 + rate * dropped ** 2));
  const mask = keepMask(scope, x, keep);
  const value = add(mul(mask, x), mul(sub(1, mask), dropped));
  return add(mul(value, scale), -scale * dropped * rate);
}

/** Options of `batchNorm`. */
export interface BatchNormOptions {
  /** Weight of the new batch in the running statistics. */
  readonly momentum?: number;
  readonly epsilon?: number;
}

/**
 * Batch normalisation over events (Ioffe and Szegedy, arXiv 1502.03167): the batch's mean and variance in
 * training, running ones (unbiased variance) in prediction. Event weights do not enter the statistics.
 */
export function batchNorm(scope: Scope, x: Tensor, options: BatchNormOptions = {}): Tensor {
  const { momentum = 0.1, epsilon = 1e-5 } = options;
  const features = knownSize("batchNorm", x.shape, x.rank - 1);
  const scale = scope.parameter("scale", [features], { kind: "constant", value: 1 });
  const shift = scope.parameter("shift", [features], { kind: "constant", value: 0 });
  const runningMean = scope.buffer("mean", [features], 0);
  const runningVariance = scope.buffer("variance", [features], 1);
  if (!scope.training) {
    const factor = mul(scale, inverseRoot(add(runningVariance, epsilon)));
    return scope.output(add(mul(sub(x, runningMean), factor), shift));
  }
  const events = knownSize("batchNorm", x.shape, 0);
  const batchMean = mean(x, { axes: 0, keepDimensions: true });
  const centred = sub(x, batchMean);
  const batchVariance = mean(square(centred), { axes: 0, keepDimensions: true });
  const follow = (name: string, running: Tensor, batch: Tensor) =>
    scope.updateBuffer(name, add(mul(running, 1 - momentum), mul(reshape(batch, [features]), momentum)));
  follow("mean", runningMean, batchMean);
  follow("variance", runningVariance, mul(batchVariance, events / Math.max(1, events - 1)));
  const normalised = mul(centred, inverseRoot(add(batchVariance, epsilon)));
  return scope.output(add(mul(normalised, scale), shift));
}

/** 1/√x. */
function inverseRoot(x: Tensor): Tensor {
  return div(1, sqrt(x));
}

/**
 * Tables of more categories than this are looked up, smaller ones multiplied by one-hot vectors. Measured for batches
 * of 256, with the gradient and its update: 22 µs both for 32 categories × 17, 104 against 53 µs for 98 × 50,
 * 850 against 72 for 1000 × 50, 7 against 18 for 4 × 3.
 */
const mostMultiplied = 48;

/**
 * Learnt vectors for categories: column `column` of x holds codes 0 … count−1 → [events, size]; a code outside gives
 * zeros. Values start as N(0, 1).
 */
export function embedding(scope: Scope, x: Tensor, column: number, count: number, size: number): Tensor {
  const table = scope.parameter("weight", [count, size], { kind: "normal", deviation: 1 });
  const codes = slice(x, 1, column, column + 1);
  return scope.output(
    count <= mostMultiplied ? matmul(oneHot(codes, count), table) : rowsByCode(table, codes, count),
  );
}

/** Rows of the table by codes [events, 1]; a code outside takes a row of zeros behind the table. */
function rowsByCode(table: Tensor, codes: Tensor, count: number): Tensor {
  const isKnown = and(greaterEqual(codes, 0), less(codes, count));
  const rows = cast(where(isKnown, codes, count), "int32");
  return gather(pad(table, [0, 0], [1, 0]), reshape(rows, [codes.shape[0]!]));
}

/** Joins feature blocks of the same events. */
export function joinFeatures(parts: readonly Tensor[]): Tensor {
  return concat(parts, 1);
}
