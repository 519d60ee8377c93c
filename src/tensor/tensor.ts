/** The symbolic tensor: a handle on one node of a graph, known by shape and type, without values. */
import { ShapeError } from "../errors/index.ts";
import { type Attributes, type PrimitiveName, shapeRules } from "./primitives.ts";

/** Element types of a graph. "float32" is float64 in the reference interpreter. */
export type DType = "float32" | "int32" | "uint8" | "bool";

/** A size, or the name of a size that is only known when the graph runs (the batch in prediction). */
export type Dimension = number | string;
/** Sizes of the axes; [] is a scalar. */
export type Shape = readonly Dimension[];

/** What a shape rule finds: the shape and element type of a primitive's result. */
export interface Signature {
  readonly shape: Shape;
  readonly dtype: DType;
}

let created = 0;
let place = "";

/**
 * Tensors that are made while `make` runs belong to this part of the network ("body.layer0"); it is shown where
 * graphs are shown. Inside, `enterPlace` goes on to other parts.
 */
export function inPlace<T>(name: string, make: () => T): T {
  const before = place;
  place = name;
  try {
    return make();
  } finally {
    place = before;
  }
}

/** Tensors made from now on, until the `inPlace` around ends, belong to this part of the network. */
export function enterPlace(name: string): void {
  place = name;
}

/** A node of a graph and the handle on its value. Made by the functions of this folder, never changed. */
export class Tensor<P extends PrimitiveName = PrimitiveName> {
  /** Counts up with creation, so inputs always have smaller ids than what is made from them. */
  readonly id: number = created++;
  /** The part of the network in which it was made; a dash after it: in the part's gradient. */
  readonly place: string = place;
  readonly op: P;
  readonly inputs: readonly Tensor[];
  readonly attributes: Attributes[P];
  readonly shape: Shape;
  readonly dtype: DType;

  constructor(op: P, inputs: readonly Tensor[], attributes: Attributes[P]) {
    const { shape, dtype } = shapeRules[op](inputs, attributes);
    this.op = op;
    this.inputs = inputs;
    this.attributes = attributes;
    this.shape = shape;
    this.dtype = dtype;
    checkSize(this);
  }

  get rank(): number {
    return this.shape.length;
  }
}

/** Elements that one array can have at most: of float32, 8 GiB. */
const largestCount = 2 ** 31;

function checkSize({ op, inputs, shape }: Tensor): void {
  if (shape.some((size) => typeof size === "number" && !(Number.isInteger(size) && size >= 0))) {
    throw new ShapeError(`${op}: ${shapeText(shape)} is no shape: sizes are whole numbers from 0.`);
  }
  const count = shape.reduce<number>((n, size) => (typeof size === "number" ? n * size : n), 1);
  if (count <= largestCount) return;
  const from =
    inputs.length === 0 ? "" : ` from ${inputs.map((input) => shapeText(input.shape)).join(" and ")}`;
  throw new ShapeError(
    `${op}: ${shapeText(shape)}${from} has ${count.toPrecision(3)} elements, ${((count * 4) / 1e9).toFixed(0)} GB, ` +
      "more than an array can hold (2147483648 elements). Use smaller batches, layers or sequences.",
  );
}

/** True, and narrows the attributes, when `tensor` was made by the primitive `op`. */
export function isMadeBy<P extends PrimitiveName>(tensor: Tensor, op: P): tensor is Tensor<P> {
  return tensor.op === op;
}

/** "[128, 30]", as shapes appear in messages. */
export function shapeText(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}

/** Number of elements; every dimension must be a number. */
export function elementCount(shape: Shape): number {
  let count = 1;
  for (const size of shape) {
    if (typeof size === "string") {
      throw new ShapeError(
        `elementCount: the size "${size}" of ${shapeText(shape)} is only known at run time.`,
      );
    }
    count *= size;
  }
  return count;
}

/** The dimension as a number, for rules that need to know it while tracing. */
export function knownSize(where: string, shape: Shape, axis: number): number {
  const size = shape[axis];
  if (typeof size === "number") return size;
  throw new ShapeError(
    `${where}: the size of axis ${axis} of ${shapeText(shape)} must be known while tracing, but is "${size}".`,
  );
}

/** A value that is given when the graph runs; its attributes name it. */
export type InputTensor = Tensor<"input">;
