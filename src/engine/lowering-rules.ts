/** How each primitive is written as ONNX operators (operator set 17). */
import type { PrimitiveName } from "../tensor/primitives.ts";
import { type Dimension, isMadeBy, type Shape, shapeText, type Tensor } from "../tensor/tensor.ts";
import { type GraphWriter, type Layout, otherLayout } from "./graph-writer.ts";
import { type AttributeValue, elementType } from "./onnx-messages.ts";

export interface LoweringRule<P extends PrimitiveName> {
  /** True if the rule can give the value (a matrix or more) in columns at no extra cost. */
  readonly inColumns: (node: Tensor<P>, writer: GraphWriter) => boolean;
  /** Writes the node's value in the layout ("column" only if `inColumns`). */
  readonly lower: (node: Tensor<P>, layout: Layout, writer: GraphWriter) => string;
}

const never = (): boolean => false;

/** Matrices always; tensors with more axes follow what they are made from. */
function following(node: Tensor, writer: GraphWriter): boolean {
  return node.rank === 2 || node.inputs.some((input) => writer.liesInColumns(input));
}

function rule<P extends PrimitiveName>(
  inColumns: LoweringRule<NoInfer<P>>["inColumns"],
  lower: LoweringRule<P>["lower"],
): LoweringRule<P> {
  return { inColumns, lower };
}

/** An axis of the tensor, in memory. */
function placedAxis(axis: number, layout: Layout, rank: number): number {
  return layout === "row" ? axis : axis === 0 ? rank - 1 : axis - 1;
}

/** A shape in memory. */
function placedShape(shape: Shape, layout: Layout): Shape {
  return layout === "row" ? shape : [...shape.slice(1), shape[0]!];
}

/** Sizes as Reshape takes them: one unknown size becomes −1. */
function reshapeSizes(shape: Shape): number[] {
  return shape.map((size: Dimension) => (typeof size === "number" ? size : -1));
}

/** What an elementwise operator may read instead of a broadcast copy: its source, if another operand gives the shape. */
function withoutBroadcast(operand: Tensor, node: Tensor): Tensor {
  if (!isMadeBy(operand, "broadcastTo")) return operand;
  const full = shapeText(node.shape);
  const given = node.inputs.some(
    (other) => other !== operand && shapeText(other.shape) === full && !isMadeBy(other, "broadcastTo"),
  );
  return given ? operand.inputs[0]! : operand;
}

/** An operand of an elementwise node, in memory such that broadcasting works in that layout. */
function operand(tensor: Tensor, node: Tensor, layout: Layout, writer: GraphWriter): string {
  const source = withoutBroadcast(tensor, node);
  if (layout === "row" || source.rank === 0) return writer.name(source);
  if (source.rank === node.rank && (source.rank === 2 || source.shape[0] !== 1)) {
    return writer.name(source, "column");
  }
  // What has no events lies along the other axes; a single number is a row already.
  const others = source.rank === node.rank ? source.shape.slice(1) : source.shape;
  return others.length === 1 && others[0] === 1
    ? writer.name(source)
    : writer.node("Reshape", [writer.name(source), writer.names.integers([...reshapeSizes(others), 1])]);
}

function elementwise<P extends PrimitiveName>(opType: string): LoweringRule<P> {
  return rule(following, (node, layout, writer) =>
    writer.node(
      opType,
      node.inputs.map((input) => operand(input, node, layout, writer)),
    ),
  );
}

/** ReduceSum takes its axes as an input, the other reductions as an attribute (in this operator set). */
function reduction(opType: string): LoweringRule<"reduceSum" | "reduceMean" | "reduceMax"> {
  return rule(following, (node, layout, writer) => {
    const { axes, keepDimensions } = node.attributes;
    const x = node.inputs[0]!;
    const summed = isMadeBy(node, "reduceSum") ? sumOfProducts(node, writer) : undefined;
    if (summed !== undefined) return layout === "row" ? summed : writer.turned(summed, layout, node.rank);
    const source = writer.any(x);
    const placed = axes.map((axis) => placedAxis(axis, source.layout, x.rank)).sort((a, b) => a - b);
    const keepdims: AttributeValue = { i: keepDimensions ? 1 : 0 };
    const result =
      opType === "ReduceSum"
        ? writer.node(opType, [source.name, writer.names.integers(placed)], { keepdims })
        : writer.node(opType, [source.name], { axes: { ints: placed }, keepdims });
    // Without the axis of the events the other axes are in their order.
    const lies = keepDimensions || !axes.includes(0) ? source.layout : "row";
    return node.rank < 2 || lies === layout ? result : writer.turned(result, layout, node.rank);
  });
}

/**
 * Σ over events of the products of two activations [events, n, m] × [events, m, k], as in gradients of what all events
 * share: in columns it is one product [n, m·events] × [m·events, k].
 */
function sumOfProducts(node: Tensor<"reduceSum">, writer: GraphWriter): string | undefined {
  const { axes, keepDimensions } = node.attributes;
  const product = node.inputs[0]!;
  if (product.op !== "matmul" || axes.length !== 1 || axes[0] !== 0 || keepDimensions) return undefined;
  const [a, b] = product.inputs as [Tensor, Tensor];
  if (a.rank !== 3 || !isMadeBy(b, "transpose") || b.rank !== 3 || !writer.isUsedOnce(product))
    return undefined;
  const turnedBack = b.inputs[0]!;
  if (b.attributes.permutation[0] !== 0 || !writer.liesInColumns(a)) return undefined;
  return writer.node("Gemm", [asMatrix(a, writer), asMatrix(turnedBack, writer)], { transB: { i: 1 } });
}

/** An activation [events, n, m] as the matrix [n, m·events]. */
function asMatrix(x: Tensor, writer: GraphWriter): string {
  const rows = x.shape[1] as number;
  return writer.node("Reshape", [writer.name(x, "column"), writer.names.integers([rows, -1])]);
}

/** A product of two matrices, perhaps plus a vector or another matrix, as one Gemm. */
function gemm(product: Tensor, added: Tensor | undefined, layout: Layout, writer: GraphWriter): string {
  const [a, b] = product.inputs as [Tensor, Tensor];
  const left = writer.any(a);
  const right = writer.any(b);
  const third = added === undefined ? [] : [operand(added, product, layout, writer)];
  // In columns the transposed product is computed: (a·b)ᵀ = bᵀ·aᵀ.
  return layout === "row"
    ? writer.node("Gemm", [left.name, right.name, ...third], {
        transA: { i: left.layout === "column" ? 1 : 0 },
        transB: { i: right.layout === "column" ? 1 : 0 },
      })
    : writer.node("Gemm", [right.name, left.name, ...third], {
        transA: { i: right.layout === "row" ? 1 : 0 },
        transB: { i: left.layout === "row" ? 1 : 0 },
      });
}

function isMatrixProduct(tensor: Tensor): boolean {
  return tensor.op === "matmul" && tensor.inputs.every((input) => input.rank === 2);
}

/** One matrix times that of each event, [n, k] × [events, k, m]: in columns it is one product [n, k] × [k, m·events]. */
function isSharedProduct(node: Tensor): boolean {
  return node.inputs[0]!.rank === 2 && node.inputs[1]!.rank === 3;
}

const matmul: LoweringRule<"matmul"> = rule(
  (node) => isMatrixProduct(node) || isSharedProduct(node),
  (node, layout, writer) => {
    if (isMatrixProduct(node)) return gemm(node, undefined, layout, writer);
    const [a, b] = node.inputs as [Tensor, Tensor];
    if (layout === "row") return writer.node("MatMul", [writer.name(a), writer.name(b)]);
    const left = writer.any(a);
    const product = writer.node("Gemm", [left.name, asMatrix(b, writer)], {
      transA: { i: left.layout === "column" ? 1 : 0 },
    });
    const sizes = reshapeSizes(placedShape(node.shape, layout));
    return writer.node("Reshape", [product, writer.names.integers(sizes)]);
  },
);

/** Sum, with a matrix product and what is added to it merged into one Gemm. */
const add: LoweringRule<"add"> = rule(following, (node, layout, writer) => {
  const product = node.inputs.find((input) => isMatrixProduct(input) && writer.isUsedOnce(input));
  const other = node.inputs.find((input) => input !== product);
  const keepsShape = product !== undefined && shapeText(product.shape) === shapeText(node.shape);
  if (keepsShape && other !== undefined) return gemm(product, other, layout, writer);
  return writer.node(
    "Add",
    node.inputs.map((input) => operand(input, node, layout, writer)),
  );
});

const constant: LoweringRule<"constant"> = rule(
  (node) => node.rank === 2,
  (node, layout, writer) => {
    const { values, dtype } = node.attributes;
    const shape = node.shape as readonly number[];
    let data = Array.from(values);
    if (layout === "column") {
      const [rows, columns] = shape as [number, number];
      data = data.map((_, i) => values[(i % rows) * columns + Math.floor(i / rows)]!);
    }
    const typed =
      dtype === "float32"
        ? Float32Array.from(data)
        : dtype === "int32"
          ? Int32Array.from(data)
          : Uint8Array.from(data);
    return writer.names.constant(
      elementType[dtype],
      placedShape(shape, layout) as readonly number[],
      new Uint8Array(typed.buffer),
    );
  },
);

/** A matrix with a side of 1 lies in memory the same in both layouts. */
function isThin(shape: Shape): boolean {
  return shape.length === 2 && shape.includes(1);
}

/** What a chain of reshapes starts from. */
function reshaped(node: Tensor): Tensor {
  return isMadeBy(node, "reshape") ? reshaped(node.inputs[0]!) : node;
}

/** A reshape that leaves the axis of the events alone does so in columns as well. */
function keepsEvents(node: Tensor, writer: GraphWriter): boolean {
  const x = reshaped(node);
  return x.rank >= 2 && x.shape[0] === node.shape[0] && writer.liesInColumns(x);
}

const reshape: LoweringRule<"reshape"> = rule(
  (node, writer) => isThin(node.shape) || keepsEvents(node, writer),
  (node, layout, writer) => {
    const x = reshaped(node);
    if (layout === "column" && keepsEvents(node, writer)) {
      return writer.node("Reshape", [
        writer.name(x, "column"),
        writer.names.integers(reshapeSizes(placedShape(node.shape, layout))),
      ]);
    }
    const source = isThin(x.shape) ? writer.any(x).name : writer.name(x);
    return writer.node("Reshape", [
      source,
      writer.names.integers(reshapeSizes(placedShape(node.shape, layout))),
    ]);
  },
);

const slice: LoweringRule<"slice"> = rule(following, (node, layout, writer) => {
  const { ranges } = node.attributes;
  return writer.node("Slice", [
    writer.name(node.inputs[0]!, layout),
    writer.names.integers(ranges.map((r) => r.start)),
    writer.names.integers(ranges.map((r) => r.end)),
    writer.names.integers(ranges.map((r) => placedAxis(r.axis, layout, node.rank))),
  ]);
});

const pad: LoweringRule<"pad"> = rule(following, (node, layout, writer) => {
  const { before, after } = node.attributes;
  const place = (counts: readonly number[]) => placedShape(counts, layout) as readonly number[];
  return writer.node("Pad", [
    writer.name(node.inputs[0]!, layout),
    writer.names.integers([...place(before), ...place(after)]),
  ]);
});

/** ONNX Runtime chooses between numbers and bytes, not between truth values. */
const where: LoweringRule<"where"> = rule(following, (node, layout, writer) => {
  const [condition, ...choices] = node.inputs.map((input) => operand(input, node, layout, writer));
  if (node.dtype !== "bool") return writer.node("Where", [condition!, ...choices]);
  const to = (name: string, type: number) => writer.node("Cast", [name], { to: { i: type } });
  const bytes = choices.map((name) => to(name, elementType.uint8));
  return to(writer.node("Where", [condition!, ...bytes]), elementType.bool);
});

/** The number 0 of the node's type. */
function zero(node: Tensor, writer: GraphWriter): string {
  return writer.names.constant(elementType[node.dtype], [], new Uint8Array(4));
}

const scatterAdd: LoweringRule<"scatterAdd"> = rule(never, (node, _, writer) => {
  const [indices, updates] = node.inputs as [Tensor, Tensor];
  const row = node.shape as readonly number[];
  const zeros = writer.node("Expand", [zero(node, writer), writer.names.integers(row)]);
  const wide = writer.node("Cast", [writer.name(indices)], { to: { i: elementType.int64 } });
  const sizes = writer.names.integers([...reshapeSizes(indices.shape), 1]);
  const rows = writer.node("Reshape", [wide, sizes]);
  return writer.node("ScatterND", [zeros, rows, writer.name(updates)], { reduction: { s: "add" } });
});

const transpose: LoweringRule<"transpose"> = rule(
  (node, writer) =>
    node.rank === 2 || (node.attributes.permutation[0] === 0 && writer.liesInColumns(node.inputs[0]!)),
  (node, layout, writer) => {
    let x = node.inputs[0]!;
    if (node.rank === 2) return writer.name(x, otherLayout(layout));
    let order = node.attributes.permutation;
    while (isMadeBy(x, "transpose")) {
      const inner = x.attributes.permutation;
      order = order.map((axis) => inner[axis]!);
      x = x.inputs[0]!;
    }
    if (order.every((axis, i) => axis === i)) return writer.name(x, layout);
    const perm = layout === "row" ? order : [...order.slice(1).map((axis) => axis - 1), node.rank - 1];
    return writer.node("Transpose", [writer.name(x, layout)], { perm: { ints: perm } });
  },
);

/**
 * ONNX Runtime's TopK divides by the number of rows and takes the whole process down where there are none: rows of an
 * unknown number get one more, which is cut off again.
 */
const extremeIndices: LoweringRule<"extremeIndices"> = rule(never, (node, _, writer) => {
  const { names } = writer;
  const { count, largest } = node.attributes;
  if (node.shape.includes(0)) {
    return names.constant(elementType.int32, node.shape as readonly number[], new Uint8Array(0));
  }
  const x = node.inputs[0]!;
  const isOpen = x.shape.some((size) => typeof size === "string");
  const extra = x.shape.map((size) => (typeof size === "string" ? 1 : 0));
  const source = isOpen
    ? writer.node("Pad", [writer.name(x), names.integers([...extra.map(() => 0), ...extra])])
    : writer.name(x);
  const found = names.fresh("TopK");
  writer.addNode("TopK", [source, names.integers([count])], [names.fresh("TopK"), found], {
    largest: { i: largest ? 1 : 0 },
  });
  const indices = writer.node("Cast", [found], { to: { i: elementType.int32 } });
  if (!isOpen) return indices;
  const axes = extra.flatMap((more, axis) => (more === 1 ? [axis] : []));
  return writer.node("Slice", [
    indices,
    names.integers(axes.map(() => 0)),
    names.integers(axes.map(() => -1)),
    names.integers(axes),
  ]);
});

/** How every primitive is written. */
export const loweringRules: { readonly [P in PrimitiveName]: LoweringRule<P> } = {
  input: rule(never, (node) => {
    throw new Error(`internal: the input "${node.attributes.name}" is not among the graph's inputs.`);
  }),
  constant,
  neg: rule(following, (node, layout, writer) => {
    const x = node.inputs[0]!;
    return isMadeBy(x, "neg")
      ? writer.name(x.inputs[0]!, layout)
      : writer.node("Neg", [writer.name(x, layout)]);
  }),
  abs: elementwise("Abs"),
  sign: elementwise("Sign"),
  exp: elementwise("Exp"),
  log: elementwise("Log"),
  sqrt: elementwise("Sqrt"),
  sin: elementwise("Sin"),
  cos: elementwise("Cos"),
  tanh: elementwise("Tanh"),
  sigmoid: elementwise("Sigmoid"),
  softplus: elementwise("Softplus"),
  erf: elementwise("Erf"),
  relu: elementwise("Relu"),
  cast: rule(following, (node, layout, writer) =>
    writer.node("Cast", [writer.name(node.inputs[0]!, layout)], { to: { i: elementType[node.dtype] } }),
  ),
  add,
  sub: elementwise("Sub"),
  mul: elementwise("Mul"),
  div: elementwise("Div"),
  pow: elementwise("Pow"),
  maximum: elementwise("Max"),
  minimum: elementwise("Min"),
  equal: elementwise("Equal"),
  less: elementwise("Less"),
  where,
  reduceSum: reduction("ReduceSum"),
  reduceMean: reduction("ReduceMean"),
  reduceMax: reduction("ReduceMax"),
  matmul,
  transpose,
  reshape,
  broadcastTo: rule(following, (node, layout, writer) => {
    const sizes = placedShape(node.shape, layout);
    if (sizes.some((size) => typeof size === "string")) {
      throw new Error(
        `internal: broadcastTo ${shapeText(sizes)} needs a size that is only known at run time.`,
      );
    }
    return writer.node("Expand", [
      operand(node.inputs[0]!, node, layout, writer),
      writer.names.integers(sizes as readonly number[]),
    ]);
  }),
  slice,
  pad,
  concat: rule(following, (node, layout, writer) =>
    writer.node(
      "Concat",
      node.inputs.map((input) => writer.name(input, layout)),
      { axis: { i: placedAxis(node.attributes.axis, layout, node.rank) } },
    ),
  ),
  gather: rule(never, (node, _, writer) => {
    const [table, indices] = node.inputs as [Tensor, Tensor];
    return writer.node("Gather", [writer.name(table), writer.name(indices)], { axis: { i: 0 } });
  }),
  scatterAdd,
  cumulativeSum: rule(following, (node, layout, writer) => {
    const axis = writer.names.integer(placedAxis(node.attributes.axis, layout, node.rank));
    return writer.node("CumSum", [writer.name(node.inputs[0]!, layout), axis], {
      reverse: { i: node.attributes.fromEnd ? 1 : 0 },
    });
  }),
  extremeIndices,
  takeAlong: rule(never, (node, _, writer) => {
    const [x, indices] = node.inputs as [Tensor, Tensor];
    return writer.node("GatherElements", [writer.name(x), writer.name(indices)], {
      axis: { i: node.rank - 1 },
    });
  }),
  putAlong: rule(never, (node, _, writer) => {
    const [indices, updates] = node.inputs as [Tensor, Tensor];
    const zeros = writer.node("Expand", [
      zero(node, writer),
      writer.names.integers(node.shape as readonly number[]),
    ]);
    return writer.node("ScatterElements", [zeros, writer.name(indices), writer.name(updates)], {
      axis: { i: node.rank - 1 },
      reduction: { s: "add" },
    });
  }),
  customGradient: rule(
    (node, writer) => node.rank === 2 || writer.liesInColumns(node.inputs[0]!),
    (node, layout, writer) => writer.name(node.inputs[0]!, layout),
  ),
};
