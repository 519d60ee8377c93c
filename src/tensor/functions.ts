/** Functions derived from the primitives: activations, soft maxima, variance. */
import {
  abs,
  add,
  cast,
  constant,
  customGradient,
  div,
  equal,
  erf,
  exp,
  less,
  log,
  max,
  maximum,
  mean,
  minimum,
  mul,
  type Operand,
  type ReductionOptions,
  reshape,
  sigmoid,
  softplus,
  stopGradient,
  sub,
  sum,
  tanh,
  where,
} from "./operations.ts";
import type { Tensor } from "./tensor.ts";

/** x². */
export function square(x: Tensor): Tensor {
  return mul(x, x);
}

/** log(1 + x), exact for small x (Kahan's quotient). */
export function log1p(x: Tensor): Tensor {
  const shifted = add(x, 1);
  const lost = sub(shifted, 1);
  const value = where(equal(lost, 0), x, mul(log(shifted), div(x, lost)));
  return customGradient(value, [x], (g) => [div(g, shifted)]);
}

/** exp(x) − 1, exact for small x: there it is 2t/(1 − t) with t = tanh(x/2). */
export function expm1(x: Tensor): Tensor {
  const t = tanh(mul(clip(x, -1, 1), 0.5));
  const value = where(less(abs(x), 1), div(mul(t, 2), sub(1, t)), sub(exp(x), 1));
  return customGradient(value, [x], (g) => [mul(g, exp(x))]);
}

/** x limited to [low, high]; no gradient outside. */
export function clip(x: Tensor, low: Operand, high: Operand): Tensor {
  return minimum(maximum(x, low), high);
}

/** Population variance. */
export function variance(x: Tensor, options: ReductionOptions = {}): Tensor {
  const centred = sub(x, mean(x, { ...options, keepDimensions: true }));
  return mean(square(centred), options);
}

/**
 * x·σ(x) (Ramachandran et al., arXiv 1710.05941), also called SiLU.
 * The gradient g·(s + a·(1−s)), with s = σ(x) and a = x·s, takes four operations instead of six.
 */
export function swish(x: Tensor): Tensor {
  const s = sigmoid(x);
  const value = mul(x, s);
  const activation: Tensor = customGradient(value, [x], (g) => [mul(g, add(mul(sub(1, s), activation), s))]);
  return activation;
}

/** x·tanh(softplus(x)) (Misra, arXiv 1908.08681). */
export function mish(x: Tensor): Tensor {
  return mul(x, tanh(softplus(x)));
}

/** Constants of the self-normalising exponential linear unit (Klambauer et al., arXiv 1706.02515). */
export const SELU_ALPHA = 1.6732632423543772;
/** λ of `selu`. */
export const SELU_SCALE = 1.0507009873554805;

/**
 * Scaled exponential unit λ·x for x > 0, λα·(eˣ − 1) below, which keeps mean 0 and variance 1 (arXiv 1706.02515).
 * At 0 its slope is λα, as in torch.
 */
export function selu(x: Tensor): Tensor {
  const isPositive = less(0, x);
  const negative = mul(sub(exp(where(isPositive, 0, x)), 1), SELU_ALPHA);
  return mul(where(isPositive, x, negative), SELU_SCALE);
}

/** x where positive, slope·x elsewhere; the slope is learnt (He et al., arXiv 1502.01852). */
export function prelu(x: Tensor, slope: Tensor): Tensor {
  return where(less(0, x), x, mul(x, slope));
}

/** x·Φ(x), with the Gaussian distribution function Φ (Hendrycks and Gimpel, arXiv 1606.08415). */
export function gelu(x: Tensor): Tensor {
  return mul(mul(x, 0.5), add(erf(div(x, Math.SQRT2)), 1));
}

/** log Σ exp(x), safe from overflow. */
export function logSumExp(x: Tensor, options: ReductionOptions = {}): Tensor {
  const top = stopGradient(max(x, { ...options, keepDimensions: true }));
  const total = log(sum(exp(sub(x, top)), options));
  return add(total, options.keepDimensions === true ? top : reshape(top, total.shape));
}

/** x − log Σ exp(x) along an axis, the last by default. */
export function logSoftmax(x: Tensor, axis: number = -1): Tensor {
  return sub(x, logSumExp(x, { axes: axis, keepDimensions: true }));
}

/** exp(x) / Σ exp(x) along an axis, the last by default. */
export function softmax(x: Tensor, axis: number = -1): Tensor {
  return exp(logSoftmax(x, axis));
}

/** codes [n, 1] of whole numbers → [n, count] of zeros with a one at each code; a code outside gives zeros. */
export function oneHot(codes: Tensor, count: number): Tensor {
  const numbers = codes.dtype === "float32" ? codes : cast(codes, "int32");
  const classes = constant(
    Float64Array.from({ length: count }, (_, i) => i),
    [1, count],
    numbers.dtype,
  );
  return cast(equal(numbers, classes), "float32");
}
