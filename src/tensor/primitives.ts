/** The primitives: their attributes, and the rule that gives the shape and type of each one's result. */
import { ShapeError } from "../errors/index.ts";
import { type DType, type Shape, type Signature, shapeText, type Tensor } from "./tensor.ts";

/** Values of a constant: row-major. */
export type ConstantValues = Float64Array | Int32Array;

/** Of primitives without attributes. */
export type NoAttributes = Readonly<Record<never, never>>;

/** How an axis is cut: from `start` (included) to `end` (excluded). */
export interface AxisRange {
  readonly axis: number;
  readonly start: number;
  readonly end: number;
}

/** Builds the cotangents of a custom gradient's inputs from the cotangent of its value. */
export type GradientRule = (cotangent: Tensor) => readonly (Tensor | undefined)[];

/** Attributes of every primitive. All tables of rules are typed over its keys: a forgotten rule does not compile. */
export interface Attributes {
  /** A value given when the graph runs. */
  readonly input: { readonly name: string; readonly shape: Shape; readonly dtype: DType };
  readonly constant: { readonly values: ConstantValues; readonly shape: Shape; readonly dtype: DType };
  readonly neg: NoAttributes;
  readonly abs: NoAttributes;
  readonly sign: NoAttributes;
  readonly exp: NoAttributes;
  readonly log: NoAttributes;
  readonly sqrt: NoAttributes;
  readonly sin: NoAttributes;
  readonly cos: NoAttributes;
  readonly tanh: NoAttributes;
  readonly sigmoid: NoAttributes;
  /** log(1 + exp(x)) without overflow. */
  readonly softplus: NoAttributes;
  readonly erf: NoAttributes;
  readonly relu: NoAttributes;
  readonly cast: { readonly dtype: DType };
  readonly add: NoAttributes;
  readonly sub: NoAttributes;
  readonly mul: NoAttributes;
  readonly div: NoAttributes;
  readonly pow: NoAttributes;
  readonly maximum: NoAttributes;
  readonly minimum: NoAttributes;
  readonly equal: NoAttributes;
  readonly less: NoAttributes;
  /** where(condition, a, b): a where the condition holds, else b. */
  readonly where: NoAttributes;
  readonly reduceSum: { readonly axes: readonly number[]; readonly keepDimensions: boolean };
  readonly reduceMean: { readonly axes: readonly number[]; readonly keepDimensions: boolean };
  readonly reduceMax: { readonly axes: readonly number[]; readonly keepDimensions: boolean };
  /** Product over the last axis of the left and the last but one of the right; leading axes broadcast. */
  readonly matmul: NoAttributes;
  readonly transpose: { readonly permutation: readonly number[] };
  readonly reshape: { readonly shape: Shape };
  readonly broadcastTo: { readonly shape: Shape };
  readonly slice: { readonly ranges: readonly AxisRange[] };
  /** Zeros before and after, one pair an axis. */
  readonly pad: { readonly before: readonly number[]; readonly after: readonly number[] };
  readonly concat: { readonly axis: number };
  /** gather(table, indices): rows of the table, shape indices.shape + table.shape[1:]. */
  readonly gather: NoAttributes;
  /** scatterAdd(indices, updates): a table of `rows` rows, each the sum of the updates that name it. */
  readonly scatterAdd: { readonly rows: number };
  /** Running sums along an axis, from the start or from the end. */
  readonly cumulativeSum: { readonly axis: number; readonly fromEnd: boolean };
  /** Positions along the last axis of the k largest (or smallest) elements, in order; ties by position. */
  readonly extremeIndices: { readonly count: number; readonly largest: boolean };
  /** takeAlong(x, indices): x's elements at positions along the last axis; indices has x's rank. */
  readonly takeAlong: NoAttributes;
  /** putAlong(indices, updates): zeros with the updates added at positions along a last axis of `size`. */
  readonly putAlong: { readonly size: number };
  /** The first input's value with a gradient of its own: the rule's cotangents go to the inputs after it. */
  readonly customGradient: { readonly rule: GradientRule };
}

/** Name of a primitive. */
export type PrimitiveName = keyof Attributes;

/** The result of the primitive, or a ShapeError that says what does not fit. */
export type ShapeRule<P extends PrimitiveName> = (
  inputs: readonly Tensor[],
  attributes: Attributes[P],
) => Signature;

/** The shape numpy's broadcasting rules give for two shapes. */
export function broadcastShapes(where: string, a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  const result: (number | string)[] = [];
  for (let i = 0; i < rank; i++) {
    const left = a[a.length - rank + i] ?? 1;
    const right = b[b.length - rank + i] ?? 1;
    if (left === right || right === 1) result.push(left);
    else if (left === 1) result.push(right);
    else {
      throw new ShapeError(
        `${where}: the shapes ${shapeText(a)} and ${shapeText(b)} do not broadcast: ${left} against ${right} ` +
          `in axis ${i - rank}. Sizes must be equal or one of them 1.`,
      );
    }
  }
  return result;
}

function unary(inputs: readonly Tensor[]): Signature {
  return inputs[0]!;
}

/** For functions of real numbers. */
function real(where: string) {
  return (inputs: readonly Tensor[]): Signature => {
    needFloat(where, inputs);
    return inputs[0]!;
  };
}

function needFloat(where: string, inputs: readonly Tensor[]): void {
  needType(where, inputs, ["float32"]);
}

/** For what no engine computes with truth values and bytes, which are for choosing and storing. */
function needNumbers(where: string, inputs: readonly Tensor[]): void {
  needType(where, inputs, ["float32", "int32"]);
}

function needType(where: string, inputs: readonly Tensor[], allowed: readonly DType[]): void {
  const wrong = inputs.find((input) => !allowed.includes(input.dtype));
  if (wrong !== undefined) {
    throw new ShapeError(
      `${where}: needs ${allowed.join(" or ")}, but got ${wrong.dtype} ${shapeText(wrong.shape)}. ` +
        "Convert it with cast.",
    );
  }
}

/** For functions of real or whole numbers. */
function numeric(where: string) {
  return (inputs: readonly Tensor[]): Signature => {
    needNumbers(where, inputs);
    return inputs[0]!;
  };
}

function numericBinary(where: string, result?: DType) {
  return (inputs: readonly Tensor[]): Signature => {
    const signature = binary(where, result)(inputs);
    needNumbers(where, inputs);
    return signature;
  };
}

function realBinary(where: string) {
  return (inputs: readonly Tensor[]): Signature => {
    needFloat(where, inputs);
    return binary(where)(inputs);
  };
}

function binary(where: string, result?: DType) {
  return (inputs: readonly Tensor[]): Signature => {
    const [a, b] = inputs as [Tensor, Tensor];
    if (a.dtype !== b.dtype) {
      throw new ShapeError(`${where}: the types differ, ${a.dtype} and ${b.dtype}. Convert one with cast.`);
    }
    return { shape: broadcastShapes(where, a.shape, b.shape), dtype: result ?? a.dtype };
  };
}

function reduction(where: string) {
  return (
    inputs: readonly Tensor[],
    { axes, keepDimensions }: { axes: readonly number[]; keepDimensions: boolean },
  ): Signature => {
    const x = inputs[0]!;
    needNumbers(where, inputs);
    for (const [i, axis] of axes.entries()) {
      if (!(Number.isInteger(axis) && axis >= 0 && axis < x.rank)) {
        throw new ShapeError(`${where}: axis ${axis} is outside ${shapeText(x.shape)}.`);
      }
      if (axes.indexOf(axis) !== i) {
        throw new ShapeError(`${where}: axis ${axis} of ${shapeText(x.shape)} was named twice.`);
      }
    }
    const shape = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
    return {
      shape: keepDimensions ? shape : shape.filter((_, axis) => !axes.includes(axis)),
      dtype: x.dtype,
    };
  };
}

function matmulShape(inputs: readonly Tensor[]): Signature {
  const [a, b] = inputs as [Tensor, Tensor];
  if (a.rank < 2 || b.rank < 2) {
    throw new ShapeError(
      `matmul: both sides need two axes or more, but have ${shapeText(a.shape)} and ${shapeText(b.shape)}.`,
    );
  }
  needFloat("matmul", inputs);
  const inner = a.shape[a.rank - 1];
  const outer = b.shape[b.rank - 2];
  if (inner !== outer) {
    throw new ShapeError(
      `matmul: the inner sizes differ, ${shapeText(a.shape)} × ${shapeText(b.shape)}. ` +
        `The left has ${inner} columns, the right ${outer} rows.`,
    );
  }
  const leading = broadcastShapes("matmul", a.shape.slice(0, -2), b.shape.slice(0, -2));
  return { shape: [...leading, a.shape[a.rank - 2]!, b.shape[b.rank - 1]!], dtype: a.dtype };
}

function concatShape(inputs: readonly Tensor[], { axis }: { axis: number }): Signature {
  const first = inputs[0];
  if (first === undefined) throw new ShapeError("concat: there is nothing to join. Give one tensor or more.");
  let total = 0;
  for (const input of inputs) {
    const size = input.shape[axis];
    if (input.rank !== first.rank || typeof size !== "number") {
      throw new ShapeError(
        `concat: ${shapeText(input.shape)} cannot join ${shapeText(first.shape)} along axis ${axis}.`,
      );
    }
    if (input.dtype !== first.dtype) {
      throw new ShapeError(
        `concat: the types differ, ${first.dtype} and ${input.dtype}. Convert one with cast.`,
      );
    }
    input.shape.forEach((other, i) => {
      if (i !== axis && other !== first.shape[i]) {
        throw new ShapeError(
          `concat: ${shapeText(input.shape)} and ${shapeText(first.shape)} differ in axis ${i}, ` +
            `but only axis ${axis} is joined.`,
        );
      }
    });
    total += size;
  }
  return { shape: first.shape.map((size, i) => (i === axis ? total : size)), dtype: first.dtype };
}

function reshapeShape(inputs: readonly Tensor[], { shape }: { shape: Shape }): Signature {
  const from = inputs[0]!.shape;
  const split = (s: Shape): [number, string] => [
    s.reduce<number>((product, size) => (typeof size === "number" ? product * size : product), 1),
    s.filter((size) => typeof size === "string").join(),
  ];
  const [fromCount, fromNames] = split(from);
  const [toCount, toNames] = split(shape);
  if (fromCount !== toCount || fromNames !== toNames) {
    throw new ShapeError(
      `reshape: ${shapeText(from)} has ${[fromCount, fromNames].filter((x) => x !== "").join(" × ")} elements, ` +
        `${shapeText(shape)} has ${[toCount, toNames].filter((x) => x !== "").join(" × ")}.`,
    );
  }
  return { shape, dtype: inputs[0]!.dtype };
}

/** Shape and type of every primitive's result. */
export const shapeRules: { readonly [P in PrimitiveName]: ShapeRule<P> } = {
  input: (_, { shape, dtype }) => ({ shape, dtype }),
  constant: (_, { values, shape, dtype }) => {
    const count = shape.reduce<number>((n, size) => n * Number(size), 1);
    if (values.length !== count) {
      throw new ShapeError(`constant: ${values.length} values do not fill the shape ${shapeText(shape)}.`);
    }
    return { shape, dtype };
  },
  neg: numeric("neg"),
  abs: numeric("abs"),
  sign: numeric("sign"),
  exp: real("exp"),
  log: real("log"),
  sqrt: real("sqrt"),
  sin: real("sin"),
  cos: real("cos"),
  tanh: real("tanh"),
  sigmoid: real("sigmoid"),
  softplus: real("softplus"),
  erf: real("erf"),
  relu: real("relu"),
  cast: (inputs, { dtype }) => ({ shape: inputs[0]!.shape, dtype }),
  add: numericBinary("add"),
  sub: numericBinary("sub"),
  mul: numericBinary("mul"),
  div: realBinary("div"),
  pow: realBinary("pow"),
  maximum: numericBinary("maximum"),
  minimum: numericBinary("minimum"),
  equal: binary("equal", "bool"),
  less: numericBinary("less", "bool"),
  where: (inputs) => {
    const [condition, a, b] = inputs as [Tensor, Tensor, Tensor];
    if (condition.dtype !== "bool") {
      throw new ShapeError(`where: the condition must be bool, but is ${condition.dtype}. Use a comparison.`);
    }
    const { shape, dtype } = binary("where")([a, b]);
    return { shape: broadcastShapes("where", condition.shape, shape), dtype };
  },
  reduceSum: reduction("reduceSum"),
  reduceMean: (inputs, attributes) => {
    needFloat("reduceMean", inputs);
    return reduction("reduceMean")(inputs, attributes);
  },
  reduceMax: reduction("reduceMax"),
  matmul: matmulShape,
  transpose: (inputs, { permutation }) => {
    const x = inputs[0]!;
    if ([...permutation].sort((a, b) => a - b).join() !== x.shape.map((_, i) => i).join()) {
      throw new ShapeError(
        `transpose: [${permutation.join(", ")}] is no order of the axes of ${shapeText(x.shape)}.`,
      );
    }
    return { shape: permutation.map((axis) => x.shape[axis]!), dtype: x.dtype };
  },
  reshape: reshapeShape,
  broadcastTo: (inputs, { shape }) => {
    const x = inputs[0]!;
    const result = broadcastShapes("broadcastTo", x.shape, shape);
    if (shapeText(result) !== shapeText(shape)) {
      throw new ShapeError(`broadcastTo: ${shapeText(x.shape)} does not broadcast to ${shapeText(shape)}.`);
    }
    return { shape, dtype: x.dtype };
  },
  slice: (inputs, { ranges }) => {
    const x = inputs[0]!;
    const shape = [...x.shape];
    for (const { axis, start, end } of ranges) {
      const size = x.shape[axis];
      const isWhole = Number.isInteger(start) && Number.isInteger(end);
      if (typeof size !== "number" || !isWhole || start < 0 || end > size || start > end) {
        throw new ShapeError(`slice: ${start} to ${end} is outside axis ${axis} of ${shapeText(x.shape)}.`);
      }
      shape[axis] = end - start;
    }
    return { shape, dtype: x.dtype };
  },
  pad: (inputs, { before, after }) => {
    const x = inputs[0]!;
    const isCount = (n: number) => Number.isInteger(n) && n >= 0;
    if (before.length !== x.rank || after.length !== x.rank || ![...before, ...after].every(isCount)) {
      throw new ShapeError(
        `pad: ${shapeText(before)} before and ${shapeText(after)} after do not fit ${shapeText(x.shape)}: ` +
          "a whole number from 0 is needed for each axis.",
      );
    }
    const shape = x.shape.map((size, axis) => {
      const extra = before[axis]! + after[axis]!;
      if (extra === 0) return size;
      if (typeof size === "string") {
        throw new ShapeError(`pad: axis ${axis} of ${shapeText(x.shape)} must be known while tracing.`);
      }
      return size + extra;
    });
    return { shape, dtype: x.dtype };
  },
  concat: concatShape,
  gather: (inputs) => {
    const [table, indices] = inputs as [Tensor, Tensor];
    if (indices.dtype !== "int32" || table.rank < 1) {
      throw new ShapeError(
        `gather: needs a table of one axis or more and int32 indices, ` +
          `but got ${shapeText(table.shape)} and ${indices.dtype}.`,
      );
    }
    return { shape: [...indices.shape, ...table.shape.slice(1)], dtype: table.dtype };
  },
  scatterAdd: (inputs, { rows }) => {
    const [indices, updates] = inputs as [Tensor, Tensor];
    const leading = updates.shape.slice(0, indices.rank);
    if (indices.dtype !== "int32") {
      throw new ShapeError(`scatterAdd: needs int32 indices, but got ${indices.dtype}.`);
    }
    needNumbers("scatterAdd", [updates]);
    if (shapeText(leading) !== shapeText(indices.shape)) {
      throw new ShapeError(
        `scatterAdd: the updates ${shapeText(updates.shape)} must begin with the indices' shape ` +
          `${shapeText(indices.shape)}.`,
      );
    }
    return { shape: [rows, ...updates.shape.slice(indices.rank)], dtype: updates.dtype };
  },
  cumulativeSum: (inputs, { axis }) => {
    const x = inputs[0]!;
    needNumbers("cumulativeSum", inputs);
    if (!(Number.isInteger(axis) && axis >= 0 && axis < x.rank)) {
      throw new ShapeError(`cumulativeSum: axis ${axis} is outside ${shapeText(x.shape)}.`);
    }
    return x;
  },
  extremeIndices: (inputs, { count }) => {
    const x = inputs[0]!;
    needNumbers("extremeIndices", inputs);
    const size = x.shape.at(-1);
    if (typeof size !== "number" || count < 1 || count > size) {
      throw new ShapeError(
        `extremeIndices: ${count} elements of the last axis of ${shapeText(x.shape)} were asked for.`,
      );
    }
    return { shape: [...x.shape.slice(0, -1), count], dtype: "int32" };
  },
  takeAlong: (inputs) => {
    const [x, indices] = inputs as [Tensor, Tensor];
    checkAlong("takeAlong", x.shape, indices);
    return { shape: indices.shape, dtype: x.dtype };
  },
  putAlong: (inputs, { size }) => {
    const [indices, updates] = inputs as [Tensor, Tensor];
    needNumbers("putAlong", [updates]);
    if (indices.dtype !== "int32" || shapeText(indices.shape) !== shapeText(updates.shape)) {
      throw new ShapeError(
        `putAlong: the indices must be int32 and of the updates' shape ${shapeText(updates.shape)}, ` +
          `but are ${indices.dtype} of shape ${shapeText(indices.shape)}.`,
      );
    }
    return { shape: [...updates.shape.slice(0, -1), size], dtype: updates.dtype };
  },
  customGradient: unary,
};

/** Indices along the last axis: int32, of x's rank and leading sizes. */
function checkAlong(where: string, shape: Shape, indices: Tensor): void {
  const leading = (s: Shape) => shapeText(s.slice(0, -1));
  if (indices.dtype !== "int32" || leading(indices.shape) !== leading(shape)) {
    throw new ShapeError(
      `${where}: the indices must be int32 of shape [${[...shape.slice(0, -1), "…"].join(", ")}], ` +
        `but are ${indices.dtype} of shape ${shapeText(indices.shape)}.`,
    );
  }
}
