/** Functions derived from the primitives: logic, sorting, splitting, segments and distances. */
import { ShapeError } from "../errors/index.ts";
import { square } from "./functions.ts";
import {
  add,
  cast,
  constant,
  equal,
  extremeIndices,
  less,
  matmul,
  max,
  mul,
  neg,
  type Operand,
  type ReductionOptions,
  reshape,
  scatterAdd,
  slice,
  sqrt,
  sub,
  sum,
  takeAlong,
  transpose,
  where,
} from "./operations.ts";
import { knownSize, shapeText, type Tensor } from "./tensor.ts";

/** True where both are (bool tensors). */
export function and(a: Tensor, b: Tensor): Tensor {
  return cast(mul(cast(a, "float32"), cast(b, "float32")), "bool");
}

/** True where either is (bool tensors). */
export function or(a: Tensor, b: Tensor): Tensor {
  return cast(add(cast(a, "float32"), cast(b, "float32")), "bool");
}

/** True where the other is not (bool tensor). */
export function not(a: Tensor): Tensor {
  return equal(cast(a, "float32"), 0);
}

/** True where a > b (bool tensor). */
export function greater(a: Operand, b: Operand): Tensor {
  return less(b, a);
}

/** True where a ≤ b (bool tensor). */
export function lessEqual(a: Operand, b: Operand): Tensor {
  return or(less(a, b), equal(a, b));
}

/** True where a ≥ b (bool tensor). */
export function greaterEqual(a: Operand, b: Operand): Tensor {
  return lessEqual(b, a);
}

/** True where a ≠ b (bool tensor). */
export function notEqual(a: Operand, b: Operand): Tensor {
  return not(equal(a, b));
}

/** Smallest value; ties share the gradient evenly. */
export function min(x: Tensor, options: ReductionOptions = {}): Tensor {
  return neg(max(neg(x), options));
}

/** The `count` largest (or smallest) elements along the last axis, in order; the gradient goes to the chosen ones. */
export function topK(
  x: Tensor,
  count: number,
  largest: boolean = true,
): { readonly values: Tensor; readonly indices: Tensor } {
  const indices = extremeIndices(x, count, largest);
  return { values: takeAlong(x, indices), indices };
}

/** Elements along the last axis in rising order. */
export function sort(x: Tensor): Tensor {
  return topK(x, knownSize("sort", x.shape, x.rank - 1), false).values;
}

/**
 * Parts of the given sizes along an axis.
 * @throws ShapeError unless they fill it.
 */
export function split(x: Tensor, sizes: readonly number[], axis: number): Tensor[] {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total !== x.shape.at(axis)) {
    throw new ShapeError(
      `split: parts of ${sizes.join(", ")} make ${total}, but axis ${axis} of ${shapeText(x.shape)} has ` +
        `${x.shape.at(axis) ?? "no size"}.`,
    );
  }
  let start = 0;
  return sizes.map((size) => {
    start += size;
    return slice(x, axis, start - size, start);
  });
}

/** Sums of rows that share a segment: rows [n, …] and their segments [n] → [count, …] (graphs, sets). */
export function segmentSum(rows: Tensor, segments: Tensor, count: number): Tensor {
  return scatterAdd(segments, rows, count);
}

/**
 * Squared distances of all pairs: […, n, d] and […, m, d] → […, n, m], by differences, so exactly 0 for equal points.
 * @throws ShapeError unless both have as many coordinates and the same leading axes.
 */
export function squaredDistances(a: Tensor, b: Tensor): Tensor {
  const [n, d] = a.shape.slice(-2);
  const [m, other] = b.shape.slice(-2);
  const leading = a.shape.slice(0, -2);
  if (n === undefined || d === undefined || d !== other || `${leading}` !== `${b.shape.slice(0, -2)}`) {
    throw new ShapeError(
      `squaredDistances: needs […, n, d] and […, m, d], but got ${shapeText(a.shape)} and ${shapeText(b.shape)}.`,
    );
  }
  const difference = sub(reshape(a, [...leading, n, 1, d]), reshape(b, [...leading, 1, m!, d]));
  return sum(square(difference), { axes: -1 });
}

/** Distances of all pairs: […, n, d] and […, m, d] → […, n, m]; between equal points 0, and no gradient there. */
export function distances(a: Tensor, b: Tensor): Tensor {
  const squared = squaredDistances(a, b);
  const isApart = less(0, squared);
  return where(isApart, sqrt(where(isApart, squared, 1)), 0);
}

/** Scalar products of all pairs: [n, d] and [m, d] → [n, m]. */
export function dotProducts(a: Tensor, b: Tensor): Tensor {
  return matmul(a, transpose(b));
}

/** Whole numbers from 0 to count − 1. */
export function range(count: number): Tensor {
  return constant(
    Int32Array.from({ length: count }, (_, i) => i),
    [count],
    "int32",
  );
}
