/** Small graphs for every primitive: what the gradient and agreement tests walk over. */
import {
  abs,
  add,
  broadcastTo,
  cast,
  concat,
  constant,
  cos,
  cumulativeSum,
  customGradient,
  type DType,
  div,
  equal,
  erf,
  exp,
  extremeIndices,
  gather,
  less,
  log,
  matmul,
  max,
  maximum,
  mean,
  minimum,
  mul,
  neg,
  pad,
  pow,
  putAlong,
  relu,
  reshape,
  scatterAdd,
  sigmoid,
  sign,
  sin,
  slice,
  softplus,
  sqrt,
  sub,
  sum,
  type Tensor,
  takeAlong,
  tanh,
  transpose,
  where,
} from "../src/tensor/index.ts";
import type { PrimitiveName } from "../src/tensor/primitives.ts";

/** An input of a case: its values are drawn unless given. */
export interface CaseInput {
  readonly shape: readonly number[];
  readonly dtype?: DType;
  /** Drawn values lie in this range; default −2 to 2. */
  readonly range?: readonly [number, number];
  readonly values?: readonly number[];
  /** No two values tie: which of several equal ones is taken has no slope. */
  readonly distinct?: true;
}

export interface PrimitiveCase {
  readonly inputs: readonly CaseInput[];
  readonly build: (...inputs: Tensor[]) => Tensor;
  /** The result has no useful gradient (comparisons, signs, types). */
  readonly notDifferentiable?: boolean;
}

const matrix: CaseInput = { shape: [4, 3] };
const positive: CaseInput = { shape: [4, 3], range: [0.3, 3] };
const awkward: CaseInput = { shape: [6], values: [0, -0.0001, 0.0001, 30, -30, 1] };

/** Shapes that go wrong easily: a single number, axes of size 1, no events. */
const oddShapes: readonly (readonly number[])[] = [[], [1], [4, 1], [1, 3], [2, 1, 3], [0, 3]];

const unary = (f: (x: Tensor) => Tensor, input: CaseInput = matrix): PrimitiveCase[] => [
  { inputs: [input], build: f },
  ...oddShapes.map((shape): PrimitiveCase => ({ inputs: [{ ...input, shape }], build: f })),
  // A chain and a diamond: the value is used twice.
  { inputs: [input], build: (x) => mul(f(x), add(f(mul(x, 1)), x)) },
];

const binary = (
  f: (a: Tensor, b: Tensor) => Tensor,
  left: CaseInput = matrix,
  right: CaseInput = matrix,
): PrimitiveCase[] => [
  { inputs: [left, right], build: f },
  { inputs: [left, { ...right, shape: [3] }], build: f },
  { inputs: [left, { ...right, shape: [4, 1] }], build: f },
  {
    inputs: [
      { ...left, shape: [2, 1, 3] },
      { ...right, shape: [4, 1] },
    ],
    build: f,
  },
  { inputs: [left, { ...right, shape: [] }], build: f },
  ...(
    [
      [[], []],
      [[1], [4, 1]],
      [
        [4, 1],
        [1, 3],
      ],
      [[0, 3], [3]],
      [
        [0, 3],
        [0, 1],
      ],
      [
        [1, 3],
        [0, 3],
      ],
    ] as const
  ).map(
    ([a, b]): PrimitiveCase => ({
      inputs: [
        { ...left, shape: a },
        { ...right, shape: b },
      ],
      build: f,
    }),
  ),
  { inputs: [right], build: (x) => f(x, right === positive ? x : mul(x, 0.5)) },
];

const comparison = (f: (a: Tensor, b: Tensor) => Tensor): PrimitiveCase[] => [
  { inputs: [matrix, { shape: [3] }], build: (a, b) => cast(f(a, b), "float32"), notDifferentiable: true },
  {
    inputs: [{ shape: [0, 3] }, { shape: [3] }],
    build: (a, b) => cast(f(a, b), "float32"),
    notDifferentiable: true,
  },
  {
    inputs: [
      { shape: [4], values: [1, 2, 3, 4] },
      { shape: [4], values: [1, 3, 2, 4] },
    ],
    build: (a, b) => cast(f(a, b), "float32"),
    notDifferentiable: true,
  },
];

const reduction = (
  f: (x: Tensor, options: { axes?: number[]; keepDimensions?: boolean }) => Tensor,
): PrimitiveCase[] => [
  { inputs: [matrix], build: (x) => f(x, {}) },
  { inputs: [matrix], build: (x) => f(x, { axes: [0] }) },
  { inputs: [matrix], build: (x) => f(x, { axes: [-1], keepDimensions: true }) },
  { inputs: [{ shape: [2, 3, 4] }], build: (x) => mul(f(x, { axes: [0, 2], keepDimensions: true }), x) },
  { inputs: [{ shape: [4, 1] }], build: (x) => f(x, { axes: [1] }) },
  { inputs: [{ shape: [1, 3] }], build: (x) => f(x, { axes: [0], keepDimensions: true }) },
  { inputs: [{ shape: [0, 3] }], build: (x) => f(x, { axes: [1] }) },
];

const codes: CaseInput = { shape: [5], dtype: "int32", values: [2, 0, 2, 3, 1] };

const noCodes: CaseInput = { shape: [0], dtype: "int32", values: [] };

const along: CaseInput = { shape: [2, 4], dtype: "int32", values: [0, 2, 2, 1, 1, 1, 0, 2] };

/** At least one case a primitive: typed, so that a new primitive without cases does not compile. */
export const primitiveCases: { readonly [P in PrimitiveName]: readonly PrimitiveCase[] } = {
  input: [{ inputs: [matrix], build: (x) => x }],
  constant: [
    { inputs: [matrix], build: (x) => mul(x, constant([1, 2, 3])) },
    { inputs: [{ shape: [3, 4] }], build: (x) => matmul(x, constant([1, 2, 3, 4, 5, 6, 7, 8], [4, 2])) },
  ],
  neg: unary(neg),
  abs: unary(abs),
  sign: [{ inputs: [matrix], build: sign, notDifferentiable: true }],
  exp: unary(exp),
  log: unary(log, positive),
  sqrt: unary(sqrt, positive),
  sin: unary(sin),
  cos: unary(cos),
  tanh: unary(tanh),
  sigmoid: [...unary(sigmoid), { inputs: [awkward], build: sigmoid }],
  softplus: [...unary(softplus), { inputs: [awkward], build: softplus }],
  erf: unary(erf),
  relu: unary(relu),
  cast: [
    { inputs: [matrix], build: (x) => mul(cast(cast(x, "int32"), "float32"), 2), notDifferentiable: true },
    { inputs: [{ shape: [4], dtype: "uint8", values: [0, 1, 1, 0] }], build: (x) => cast(x, "float32") },
  ],
  add: [
    ...binary(add),
    // A product plus a vector becomes one Gemm.
    { inputs: [matrix, { shape: [3, 2] }, { shape: [2] }], build: (x, w, b) => add(matmul(x, w), b) },
    {
      inputs: [matrix, { shape: [2, 3] }, { shape: [2] }],
      build: (x, w, b) => add(b, matmul(x, transpose(w))),
    },
  ],
  sub: binary(sub),
  mul: binary(mul),
  div: binary(div, matrix, positive),
  pow: binary(pow, positive, positive),
  maximum: [
    ...binary(maximum),
    { inputs: [{ shape: [3], values: [1, 2, 3] }], build: (x) => maximum(x, constant([1.5, 1.5, 1.5])) },
  ],
  minimum: binary(minimum),
  equal: comparison(equal),
  less: comparison(less),
  where: [
    { inputs: [matrix, matrix, { shape: [3] }], build: (c, a, b) => where(less(c, 0.1), a, b) },
    { inputs: [matrix], build: (x) => where(less(0, x), mul(x, x), 0) },
  ],
  reduceSum: [
    ...reduction(sum),
    { inputs: [{ shape: [0, 3] }], build: (x) => sum(x, { axes: [0] }) },
    { inputs: [{ shape: [0, 3] }], build: (x) => sum(mul(x, x)) },
  ],
  reduceMean: reduction(mean),
  reduceMax: reduction(max),
  matmul: [
    { inputs: [matrix, { shape: [3, 2] }], build: matmul },
    { inputs: [matrix, { shape: [5, 3] }], build: (a, b) => matmul(a, transpose(b)) },
    { inputs: [{ shape: [3, 4] }, { shape: [3, 2] }], build: (a, b) => matmul(transpose(a), b) },
    { inputs: [{ shape: [2, 4, 3] }, { shape: [2, 3, 5] }], build: matmul },
    { inputs: [{ shape: [2, 4, 3] }, { shape: [3, 5] }], build: matmul },
    { inputs: [{ shape: [4, 4] }], build: (a) => matmul(a, matmul(transpose(a), a)) },
    { inputs: [{ shape: [4, 1] }, { shape: [1, 3] }], build: matmul },
    { inputs: [{ shape: [1, 3] }, { shape: [3, 1] }], build: matmul },
    { inputs: [{ shape: [0, 3] }, { shape: [3, 2] }], build: matmul },
    { inputs: [{ shape: [1, 4, 3] }, { shape: [2, 3, 1] }], build: matmul },
  ],
  transpose: [
    { inputs: [matrix], build: (x) => transpose(x) },
    { inputs: [{ shape: [2, 3, 4] }], build: (x) => transpose(x, [2, 0, 1]) },
    { inputs: [{ shape: [2, 3, 4] }], build: (x) => mul(transpose(x), 2) },
    { inputs: [{ shape: [4, 4] }], build: (x) => mul(x, transpose(x)) },
    { inputs: [{ shape: [1, 3] }], build: (x) => mul(transpose(x), 2) },
    { inputs: [{ shape: [0, 3] }], build: (x) => mul(transpose(x), 2) },
  ],
  reshape: [
    { inputs: [matrix], build: (x) => reshape(x, [3, 4]) },
    { inputs: [matrix], build: (x) => reshape(mul(x, x), [-1]) },
    { inputs: [matrix, { shape: [4] }], build: (x, w) => mul(x, reshape(w, [4, 1])) },
    { inputs: [{ shape: [2, 6] }], build: (x) => reshape(x, [2, 3, 2]) },
    { inputs: [{ shape: [1, 1] }], build: (x) => reshape(x, []) },
    { inputs: [{ shape: [0, 6] }], build: (x) => mul(reshape(x, [0, 3, 2]), 2) },
  ],
  broadcastTo: [
    { inputs: [{ shape: [3] }], build: (x) => broadcastTo(x, [4, 3]) },
    { inputs: [{ shape: [4, 1] }, matrix], build: (x, y) => mul(broadcastTo(x, [4, 3]), y) },
    { inputs: [{ shape: [] }], build: (x) => broadcastTo(x, [2, 2]) },
    { inputs: [{ shape: [1, 1] }], build: (x) => broadcastTo(x, [4, 1]) },
    { inputs: [{ shape: [3] }], build: (x) => broadcastTo(x, [0, 3]) },
  ],
  slice: [
    { inputs: [matrix], build: (x) => slice(x, 1, 1, 3) },
    { inputs: [matrix], build: (x) => mul(slice(x, 0, 0, 2), slice(x, 0, 1, 3)) },
    { inputs: [{ shape: [7] }], build: (x) => slice(x, 0, 2, 5) },
    { inputs: [{ shape: [4, 1] }], build: (x) => slice(x, 0, 3, 4) },
    { inputs: [matrix], build: (x) => slice(x, 1, 2, 2) },
    { inputs: [{ shape: [0, 3] }], build: (x) => slice(x, 1, 1, 2) },
  ],
  pad: [
    { inputs: [matrix], build: (x) => pad(x, [1, 0], [0, 2]) },
    { inputs: [{ shape: [3] }], build: (x) => pad(x, [2], [1]) },
    { inputs: [{ shape: [4, 1] }], build: (x) => pad(x, [0, 1], [0, 0]) },
    { inputs: [{ shape: [0, 3] }], build: (x) => pad(x, [0, 1], [0, 1]) },
  ],
  concat: [
    { inputs: [matrix, { shape: [4, 2] }], build: (a, b) => concat([a, b], 1) },
    { inputs: [matrix, { shape: [1, 3] }], build: (a, b) => concat([a, b, a], 0) },
    { inputs: [{ shape: [2] }, { shape: [3] }], build: (a, b) => concat([a, b], 0) },
    { inputs: [{ shape: [4, 1] }, { shape: [4, 1] }], build: (a, b) => concat([a, b], 1) },
    { inputs: [{ shape: [0, 3] }, { shape: [0, 1] }], build: (a, b) => concat([a, b], 1) },
    { inputs: [matrix, { shape: [0, 3] }], build: (a, b) => concat([a, b], 0) },
  ],
  gather: [
    { inputs: [matrix, codes], build: gather },
    { inputs: [{ shape: [4] }, codes], build: gather },
    { inputs: [matrix, { shape: [2, 2], dtype: "int32", values: [0, 3, 3, 1] }], build: gather },
    { inputs: [{ shape: [4, 1] }, codes], build: gather },
    { inputs: [{ shape: [1, 3] }, { shape: [2], dtype: "int32", values: [0, 0] }], build: gather },
    { inputs: [matrix, noCodes], build: gather },
  ],
  scatterAdd: [
    { inputs: [codes, { shape: [5, 3] }], build: (i, u) => scatterAdd(i, u, 4) },
    { inputs: [codes, { shape: [5] }], build: (i, u) => scatterAdd(i, u, 6) },
    { inputs: [codes, { shape: [5, 1] }], build: (i, u) => scatterAdd(i, u, 4) },
    { inputs: [noCodes, { shape: [0, 3] }], build: (i, u) => scatterAdd(i, u, 4) },
  ],
  cumulativeSum: [
    { inputs: [matrix], build: (x) => cumulativeSum(x, 0) },
    { inputs: [matrix], build: (x) => cumulativeSum(mul(x, x), 1, true) },
    { inputs: [{ shape: [2, 3, 2] }], build: (x) => cumulativeSum(x, 1, true) },
    { inputs: [{ shape: [4, 1] }], build: (x) => cumulativeSum(x, 1) },
    { inputs: [{ shape: [0, 3] }], build: (x) => cumulativeSum(x, 0) },
  ],
  extremeIndices: [
    { inputs: [matrix], build: (x) => cast(extremeIndices(x, 2), "float32"), notDifferentiable: true },
    {
      inputs: [{ shape: [2, 4], values: [1, 1, 2, 2, 3, 0, 3, 0] }],
      build: (x) => cast(extremeIndices(x, 4, false), "float32"),
      notDifferentiable: true,
    },
  ],
  takeAlong: [
    { inputs: [{ ...matrix, distinct: true }], build: (x) => takeAlong(x, extremeIndices(x, 2)) },
    { inputs: [{ shape: [2, 3] }, along], build: (x, i) => takeAlong(mul(x, x), i) },
    { inputs: [{ shape: [4, 1] }], build: (x) => takeAlong(x, extremeIndices(x, 1)) },
    { inputs: [{ shape: [0, 3] }], build: (x) => takeAlong(x, extremeIndices(x, 2)) },
  ],
  putAlong: [
    { inputs: [along, { shape: [2, 4] }], build: (i, u) => putAlong(i, u, 3) },
    {
      inputs: [{ shape: [2, 1], dtype: "int32", values: [0, 0] }, { shape: [2, 1] }],
      build: (i, u) => putAlong(i, u, 1),
    },
    {
      inputs: [{ shape: [0, 4], dtype: "int32", values: [] }, { shape: [0, 4] }],
      build: (i, u) => putAlong(i, u, 3),
    },
  ],
  customGradient: [
    {
      inputs: [matrix],
      build: (x) => {
        const y = tanh(x);
        return customGradient(y, [x], (g) => [mul(g, sub(1, mul(y, y)))]);
      },
    },
  ],
};
