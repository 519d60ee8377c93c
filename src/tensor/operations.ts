/**
 * The primitives as functions of tensors; numbers are taken as constants. An operation that changes nothing gives
 * its operand back, but none looks through its operand: whoever holds that tensor may ask for its gradient.
 */

import { ShapeError } from "../errors/index.ts";
import type { Attributes, AxisRange, ConstantValues, GradientRule, PrimitiveName } from "./primitives.ts";
import { type DType, elementCount, isMadeBy, type Shape, shapeText, Tensor } from "./tensor.ts";

/** A tensor, or a number that stands for a constant of the other operand's type. */
export type Operand = Tensor | number;

/** A value that is given when the graph runs. */
export function input(name: string, shape: Shape, dtype: DType = "float32"): Tensor<"input"> {
  return new Tensor("input", [], { name, shape, dtype });
}

/** A constant; without a shape, a vector as long as the values. */
export function constant(
  values: ConstantValues | readonly number[] | number,
  shape?: Shape,
  dtype: DType = "float32",
): Tensor<"constant"> {
  const numbers = typeof values === "number" ? [values] : values;
  const stored =
    numbers instanceof Float64Array || numbers instanceof Int32Array ? numbers : Float64Array.from(numbers);
  return new Tensor("constant", [], {
    values: stored,
    shape: shape ?? (typeof values === "number" ? [] : [stored.length]),
    dtype,
  });
}

/** The one value of a constant whose elements are all equal, else undefined. */
export function constantValue(x: Tensor): number | undefined {
  if (isMadeBy(x, "broadcastTo") || isMadeBy(x, "reshape")) return constantValue(x.inputs[0]!);
  if (!isMadeBy(x, "constant") || x.attributes.values.length !== 1) return undefined;
  return x.attributes.values[0];
}

function unary(op: PrimitiveName & keyof Attributes) {
  return (x: Tensor): Tensor => new Tensor(op, [x], {} as Attributes[typeof op]);
}

/** |x|, with slope 0 at 0. */
export const abs: (x: Tensor) => Tensor = unary("abs");
/** −1, 0 or 1. */
export const sign: (x: Tensor) => Tensor = unary("sign");
/** eˣ. */
export const exp: (x: Tensor) => Tensor = unary("exp");
/** Natural logarithm. */
export const log: (x: Tensor) => Tensor = unary("log");
/** √x, element by element. */
export const sqrt: (x: Tensor) => Tensor = unary("sqrt");
/** Sine of radians. */
export const sin: (x: Tensor) => Tensor = unary("sin");
/** Cosine of radians. */
export const cos: (x: Tensor) => Tensor = unary("cos");
/** Hyperbolic tangent. */
export const tanh: (x: Tensor) => Tensor = unary("tanh");
/** 1 / (1 + exp(−x)). */
export const sigmoid: (x: Tensor) => Tensor = unary("sigmoid");
/** log(1 + exp(x)), without overflow. */
export const softplus: (x: Tensor) => Tensor = unary("softplus");
/** The error function. */
export const erf: (x: Tensor) => Tensor = unary("erf");
/** max(x, 0), with slope 0 at 0 as in torch. */
export const relu: (x: Tensor) => Tensor = unary("relu");

/** −x. */
export function neg(x: Tensor): Tensor {
  return new Tensor("neg", [x], {});
}

/** Both operands as tensors of one type. */
function operands(a: Operand, b: Operand): [Tensor, Tensor] {
  if (typeof a === "number") {
    const dtype = typeof b === "number" ? "float32" : b.dtype;
    return [constant(a, [], dtype), typeof b === "number" ? constant(b, [], dtype) : b];
  }
  return [a, typeof b === "number" ? constant(b, [], a.dtype) : b];
}

/** True if the constant has no say in the shape of the result. */
function keepsShape(x: Tensor, other: Tensor): boolean {
  return (
    other.rank <= x.rank && other.shape.every((s, i) => s === 1 || s === x.shape[x.rank - other.rank + i])
  );
}

/** a + b; the smaller shape is repeated along missing axes and axes of size 1, as in NumPy. */
export function add(a: Operand, b: Operand): Tensor {
  const [x, y] = operands(a, b);
  if (constantValue(y) === 0 && keepsShape(x, y)) return x;
  if (constantValue(x) === 0 && keepsShape(y, x)) return y;
  return new Tensor("add", [x, y], {});
}

/** a − b, shapes as in `add`. */
export function sub(a: Operand, b: Operand): Tensor {
  const [x, y] = operands(a, b);
  if (constantValue(y) === 0 && keepsShape(x, y)) return x;
  return new Tensor("sub", [x, y], {});
}

/** a · b element by element, shapes as in `add`. */
export function mul(a: Operand, b: Operand): Tensor {
  const [x, y] = operands(a, b);
  if (constantValue(y) === 1 && keepsShape(x, y)) return x;
  if (constantValue(x) === 1 && keepsShape(y, x)) return y;
  return new Tensor("mul", [x, y], {});
}

/** a / b element by element, shapes as in `add`. */
export function div(a: Operand, b: Operand): Tensor {
  const [x, y] = operands(a, b);
  if (constantValue(y) === 1 && keepsShape(x, y)) return x;
  return new Tensor("div", [x, y], {});
}

/** a to the power b, shapes as in `add`; the gradient in b needs a > 0. */
export function pow(a: Operand, b: Operand): Tensor {
  return new Tensor("pow", operands(a, b), {});
}

/** The larger of the two; at ties each takes half of the gradient. */
export function maximum(a: Operand, b: Operand): Tensor {
  return new Tensor("maximum", operands(a, b), {});
}

/** The smaller of the two; at ties each takes half of the gradient. */
export function minimum(a: Operand, b: Operand): Tensor {
  return new Tensor("minimum", operands(a, b), {});
}

/** True where a = b (bool tensor), shapes as in `add`. */
export function equal(a: Operand, b: Operand): Tensor {
  return new Tensor("equal", operands(a, b), {});
}

/** True where a < b (bool tensor), shapes as in `add`. */
export function less(a: Operand, b: Operand): Tensor {
  return new Tensor("less", operands(a, b), {});
}

/** Elements of `a` where the condition holds, else of `b`. */
export function where(condition: Tensor, a: Operand, b: Operand): Tensor {
  return new Tensor("where", [condition, ...operands(a, b)], {});
}

/** The same values as another type: numbers to int32 cut towards zero, to bool by ≠ 0. */
export function cast(x: Tensor, dtype: DType): Tensor {
  return x.dtype === dtype ? x : new Tensor("cast", [x], { dtype });
}

/** Which axes a reduction runs over (negative counts from the end, all by default), and whether they stay as 1. */
export interface ReductionOptions {
  readonly axes?: readonly number[] | number;
  readonly keepDimensions?: boolean;
}

function reduction(
  op: "reduceSum" | "reduceMean" | "reduceMax",
  x: Tensor,
  options: ReductionOptions,
): Tensor {
  const { axes = x.shape.map((_, i) => i), keepDimensions = false } = options;
  const wanted = (typeof axes === "number" ? [axes] : axes).map((axis) => (axis < 0 ? axis + x.rank : axis));
  if (wanted.length === 0) return x;
  return new Tensor(op, [x], { axes: [...wanted].sort((a, b) => a - b), keepDimensions });
}

/** Σ x over the axes. */
export function sum(x: Tensor, options: ReductionOptions = {}): Tensor {
  return reduction("reduceSum", x, options);
}

/** Arithmetic mean over the axes. */
export function mean(x: Tensor, options: ReductionOptions = {}): Tensor {
  return reduction("reduceMean", x, options);
}

/** Largest value; ties share the gradient evenly. */
export function max(x: Tensor, options: ReductionOptions = {}): Tensor {
  return reduction("reduceMax", x, options);
}

/** Matrix product over the last two axes: […, n, k] × […, k, m] → […, n, m]; leading axes broadcast. */
export function matmul(a: Tensor, b: Tensor): Tensor {
  return new Tensor("matmul", [a, b], {});
}

/** Axes in a new order; without one, the last two are swapped. */
export function transpose(x: Tensor, permutation?: readonly number[]): Tensor {
  const order = permutation ?? [...x.shape.keys()].map((i) => (i < x.rank - 2 ? i : 2 * x.rank - 3 - i));
  if (order.every((axis, i) => axis === i)) return x;
  return new Tensor("transpose", [x], { permutation: order });
}

/** The same elements in row-major order under another shape; one size may be −1, to be worked out. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  let wanted = shape;
  if (shape.includes(-1)) {
    const names = new Set(shape.filter((s) => typeof s === "string"));
    const rest = elementCount(shape.filter((s) => typeof s === "number" && s !== -1));
    const missing = x.shape.filter((s) => typeof s === "string" && !names.has(s));
    const known = elementCount(x.shape.filter((s) => typeof s === "number"));
    const size = missing[0] ?? known / rest;
    if (typeof size === "number" && !Number.isInteger(size)) {
      throw new ShapeError(
        `reshape: the ${known} elements of ${shapeText(x.shape)} do not divide into ${shapeText(shape)}.`,
      );
    }
    wanted = shape.map((s) => (s === -1 ? size : s));
  }
  if (shapeText(wanted) === shapeText(x.shape)) return x;
  return new Tensor("reshape", [x], { shape: wanted });
}

/** The tensor repeated along axes of size 1 until it has the shape. */
export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  return shapeText(x.shape) === shapeText(shape) ? x : new Tensor("broadcastTo", [x], { shape });
}

/** Elements `start` to `end` (excluded) of an axis; negative axes count from the end. */
export function slice(x: Tensor, axis: number, start: number, end: number): Tensor {
  const wanted = axis < 0 ? axis + x.rank : axis;
  if (start === 0 && end === x.shape[wanted]) return x;
  const ranges: AxisRange[] = [{ axis: wanted, start, end }];
  return new Tensor("slice", [x], { ranges });
}

/** Zeros before and after, one pair of counts an axis. */
export function pad(x: Tensor, before: readonly number[], after: readonly number[]): Tensor {
  return [...before, ...after].every((n) => n === 0) ? x : new Tensor("pad", [x], { before, after });
}

/** The tensors joined along an axis. */
export function concat(tensors: readonly Tensor[], axis: number): Tensor {
  const first = tensors[0];
  const wanted = first !== undefined && axis < 0 ? axis + first.rank : axis;
  return first !== undefined && tensors.length === 1 && wanted in first.shape
    ? first
    : new Tensor("concat", tensors, { axis: wanted });
}

/** Rows of a table by index: indices […], table [rows, …] → [… , …]. */
export function gather(table: Tensor, indices: Tensor): Tensor {
  return new Tensor("gather", [table, indices], {});
}

/** A table of `rows` rows, each the sum of the updates whose index names it. */
export function scatterAdd(indices: Tensor, updates: Tensor, rows: number): Tensor {
  return new Tensor("scatterAdd", [indices, updates], { rows });
}

/** Running sums along an axis, from its start or its end. */
export function cumulativeSum(x: Tensor, axis: number, fromEnd: boolean = false): Tensor {
  return new Tensor("cumulativeSum", [x], { axis: axis < 0 ? axis + x.rank : axis, fromEnd });
}

/** Positions along the last axis of the `count` largest (or smallest) elements, in order; ties by position. */
export function extremeIndices(x: Tensor, count: number, largest: boolean = true): Tensor {
  return new Tensor("extremeIndices", [x], { count, largest });
}

/** Elements of x [… , n] at positions [… , k] along the last axis. */
export function takeAlong(x: Tensor, indices: Tensor): Tensor {
  return new Tensor("takeAlong", [x, indices], {});
}

/** Zeros [… , size] with updates [… , k] added at positions [… , k] along the last axis. */
export function putAlong(indices: Tensor, updates: Tensor, size: number): Tensor {
  return new Tensor("putAlong", [indices, updates], { size });
}

/** `value`, with cotangents for `inputs` given by a rule instead of the chain of how it was computed. */
export function customGradient(value: Tensor, inputs: readonly Tensor[], rule: GradientRule): Tensor {
  return new Tensor("customGradient", [value, ...inputs], { rule });
}

/** The same value, through which no gradient flows. */
export function stopGradient(x: Tensor): Tensor {
  return customGradient(x, [], () => []);
}
