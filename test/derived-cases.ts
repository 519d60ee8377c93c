/** Small graphs for every function that is made of primitives, with its values worked out plainly beside it. */
import {
  add,
  and,
  attention,
  averagePool1d,
  bidirectional,
  cast,
  clip,
  constant,
  conv1d,
  distances,
  dotProducts,
  expm1,
  gelu,
  greater,
  greaterEqual,
  layerNorm,
  less,
  lessEqual,
  log1p,
  logSoftmax,
  logSumExp,
  maxPool1d,
  min,
  mish,
  mul,
  not,
  notEqual,
  oneHot,
  or,
  prelu,
  type RecurrentWeights,
  range,
  recurrent,
  reshape,
  segmentSum,
  selu,
  softmax,
  sort,
  split,
  square,
  squaredDistances,
  stopGradient,
  strided,
  sub,
  sum,
  swish,
  type Tensor,
  topK,
  variance,
} from "../src/tensor/index.ts";
import type { CaseInput, PrimitiveCase } from "./primitive-cases.ts";

/** A case whose values are known from a plain formula of its inputs' values. */
export interface DerivedCase extends PrimitiveCase {
  readonly expected?: (...inputs: readonly Float64Array[]) => readonly number[];
}

const matrix: CaseInput = { shape: [4, 3] };
const distinct: CaseInput = { shape: [2, 5], distinct: true };
const one: CaseInput = { shape: [1, 1] };
const none: CaseInput = { shape: [0, 3] };
const shapes = [matrix, one, none];

/** A function of single values. */
const each = (f: (x: Tensor) => Tensor, plain: (x: number) => number): DerivedCase[] =>
  [...shapes, { shape: [] }].map((input) => ({
    inputs: [input],
    build: f,
    expected: (x) => Array.from(x, plain),
  }));

/** A comparison: of values that tie and of one with all of a row. */
const comparison = (
  f: (a: Tensor, b: Tensor) => Tensor,
  plain: (a: number, b: number) => boolean,
): DerivedCase[] => [
  {
    inputs: [
      { shape: [4], values: [1, 2, 3, -4] },
      { shape: [4], values: [1, 3, 2, -4] },
    ],
    build: (a, b) => cast(f(a, b), "float32"),
    notDifferentiable: true,
    expected: (a, b) => Array.from(a!, (x, i) => Number(plain(x, b![i]!))),
  },
  {
    inputs: [none, { shape: [3] }],
    build: (a, b) => cast(f(a, b), "float32"),
    notDifferentiable: true,
    expected: () => [],
  },
];

/** A function of truth values, for all pairs of them. */
const logic = (
  f: (a: Tensor, b: Tensor) => Tensor,
  plain: (a: boolean, b: boolean) => boolean,
): DerivedCase => ({
  inputs: [
    { shape: [4], dtype: "bool", values: [0, 0, 1, 1] },
    { shape: [4], dtype: "bool", values: [0, 1, 0, 1] },
  ],
  build: (a, b) => cast(f(a, b), "float32"),
  notDifferentiable: true,
  expected: (a, b) => Array.from(a!, (x, i) => Number(plain(x === 1, b![i] === 1))),
});

/** Rows of a matrix with that many columns. */
const rowsOf = (x: Float64Array, columns: number): number[][] =>
  Array.from({ length: x.length / columns }, (_, i) => [...x.slice(i * columns, (i + 1) * columns)]);
const total = (x: readonly number[]): number => x.reduce((a, b) => a + b, 0);
/** A function of rows of three. */
const ofRows = (
  f: (x: Tensor) => Tensor,
  plain: (row: readonly number[]) => readonly number[],
): DerivedCase[] => [
  { inputs: [matrix], build: f, expected: (x) => rowsOf(x!, 3).flatMap(plain) },
  { inputs: [{ shape: [2, 1] }], build: f, expected: (x) => rowsOf(x!, 1).flatMap(plain) },
  { inputs: [none], build: f, expected: () => [] },
];
const plainVariance = (x: readonly number[]) =>
  total(x.map((v) => (v - total(x) / x.length) ** 2)) / x.length;
const logTotal = (x: readonly number[]) => Math.log(total(x.map(Math.exp)));

const squared = (a: readonly number[], b: readonly number[]) => total(a.map((x, i) => (x - b[i]!) ** 2));
const pairs =
  (f: (a: readonly number[], b: readonly number[]) => number) => (a: Float64Array, b: Float64Array) =>
    rowsOf(a, 2).flatMap((x) => rowsOf(b, 2).map((y) => f(x, y)));
const places: CaseInput[] = [{ shape: [3, 2] }, { shape: [4, 2] }];

/** Gates of hidden size 2 on 3 features, from inputs that are drawn. */
const gates = (count: number): CaseInput[] => [
  { shape: [2, 3, 3] },
  { shape: [count * 2, 3] },
  { shape: [count * 2, 2] },
  { shape: [count * 2] },
  { shape: [count * 2] },
];
const weightsOf = ([input, hidden, inputBias, hiddenBias]: Tensor[]): RecurrentWeights => ({
  input: input!,
  hidden: hidden!,
  inputBias: inputBias!,
  hiddenBias: hiddenBias!,
});

const sequence: CaseInput = { shape: [2, 2, 6], distinct: true };

/** Windows of each sequence [2, 2, 6]: what `f` makes of the places that a window covers. */
const windows =
  (starts: readonly number[], step: number, size: number, f: (x: number[]) => number) => (x: Float64Array) =>
    rowsOf(x, 6).flatMap((row) =>
      starts.map((start) => f(Array.from({ length: size }, (_, i) => row[start + i * step] ?? 0))),
    );

/** Every function of src/tensor that is no primitive. */
export const derivedCases: Readonly<Record<string, readonly DerivedCase[]>> = {
  square: each(square, (x) => x * x),
  log1p: each(
    (x) => log1p(square(x)),
    (x) => Math.log1p(x * x),
  ),
  expm1: each(expm1, Math.expm1),
  clip: each(
    (x) => clip(x, -0.7, 1.1),
    (x) => Math.min(1.1, Math.max(-0.7, x)),
  ),
  swish: each(swish, (x) => x / (1 + Math.exp(-x))),
  mish: each(mish, (x) => x * Math.tanh(Math.log1p(Math.exp(x)))),
  selu: each(selu, (x) => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x))),
  gelu: each(gelu, (x) => (x / 2) * (1 + plainErf(x / Math.SQRT2))),
  prelu: [
    {
      inputs: [matrix, { shape: [], range: [0.2, 0.3] }],
      build: prelu,
      expected: (x, slope) => Array.from(x!, (v) => (v > 0 ? v : v * slope![0]!)),
    },
  ],
  variance: ofRows(
    (x) => variance(x, { axes: 1 }),
    (row) => [plainVariance(row)],
  ),
  logSumExp: [
    ...ofRows(
      (x) => logSumExp(x, { axes: 1 }),
      (row) => [logTotal(row)],
    ),
    {
      inputs: [{ shape: [2], values: [1000, 1000] }],
      build: (x) => logSumExp(x),
      expected: () => [1000 + Math.LN2],
    },
  ],
  logSoftmax: ofRows(
    (x) => logSoftmax(x),
    (row) => row.map((v) => v - logTotal(row)),
  ),
  softmax: [
    ...ofRows(
      (x) => softmax(x),
      (row) => row.map((v) => Math.exp(v - logTotal(row))),
    ),
    { inputs: [matrix], build: (x) => softmax(x, 0) },
  ],
  oneHot: (["float32", "int32"] as const).map((dtype) => ({
    inputs: [{ shape: [4, 1], dtype, values: [2, 0, 3, -1] }],
    build: (x: Tensor) => oneHot(x, 3),
    notDifferentiable: true,
    expected: () => [0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0],
  })),
  and: [logic(and, (a, b) => a && b)],
  or: [logic(or, (a, b) => a || b)],
  not: [
    logic(
      (a) => not(a),
      (a) => !a,
    ),
  ],
  greater: comparison(greater, (a, b) => a > b),
  lessEqual: comparison(lessEqual, (a, b) => a <= b),
  greaterEqual: comparison(greaterEqual, (a, b) => a >= b),
  notEqual: comparison(notEqual, (a, b) => a !== b),
  min: ofRows(
    (x) => min(x, { axes: 1 }),
    (row) => [Math.min(...row)],
  ),
  topK: [
    {
      inputs: [distinct],
      build: (x) => topK(x, 2).values,
      expected: (x) => rowsOf(x!, 5).flatMap((row) => row.sort((a, b) => b - a).slice(0, 2)),
    },
    {
      inputs: [{ shape: [1, 4], values: [1, 2, 1, 2] }],
      build: (x) => cast(topK(x, 3, false).indices, "float32"),
      notDifferentiable: true,
      expected: () => [0, 2, 1],
    },
  ],
  sort: [
    {
      inputs: [distinct],
      build: sort,
      expected: (x) => rowsOf(x!, 5).flatMap((row) => row.sort((a, b) => a - b)),
    },
    { inputs: [none], build: sort, expected: () => [] },
  ],
  split: [
    {
      inputs: [matrix],
      build: (x) => mul(split(x, [1, 2], 1)[0]!, split(x, [1, 2], 1)[1]!),
      expected: (x) => rowsOf(x!, 3).flatMap(([a, b, c]) => [a! * b!, a! * c!]),
    },
    {
      inputs: [matrix],
      build: (x) => split(x, [3, 1], -2)[1]!,
      expected: (x) => [...x!.slice(9)],
    },
  ],
  segmentSum: [
    {
      inputs: [{ shape: [4, 2] }, { shape: [4], dtype: "int32", values: [1, 1, 2, 1] }],
      build: (rows, segments) => segmentSum(rows, segments, 3),
      expected: (x) => [0, 0, x![0]! + x![2]! + x![6]!, x![1]! + x![3]! + x![7]!, x![4]!, x![5]!],
    },
    {
      inputs: [{ shape: [0, 2] }, { shape: [0], dtype: "int32", values: [] }],
      build: (rows, segments) => segmentSum(rows, segments, 2),
      expected: () => [0, 0, 0, 0],
    },
  ],
  squaredDistances: [
    { inputs: places, build: squaredDistances, expected: (a, b) => pairs(squared)(a!, b!) },
    { inputs: [{ shape: [2, 3, 2] }, { shape: [2, 1, 2] }], build: squaredDistances },
    { inputs: [{ shape: [3, 2] }], build: (x) => squaredDistances(x, x) },
  ],
  distances: [
    {
      inputs: [{ shape: [3, 2] }, { shape: [4, 2], range: [2.5, 4] }],
      build: distances,
      expected: (a, b) => pairs((x, y) => Math.sqrt(squared(x, y)))(a!, b!),
    },
  ],
  dotProducts: [
    {
      inputs: places,
      build: dotProducts,
      expected: (a, b) => pairs((x, y) => total(x.map((v, i) => v * y[i]!)))(a!, b!),
    },
  ],
  range: [
    {
      inputs: [{ shape: [3] }],
      build: (x) => mul(x, cast(range(3), "float32")),
      expected: (x) => [0, x![1]!, 2 * x![2]!],
    },
  ],
  stopGradient: [{ inputs: [matrix], build: (x) => stopGradient(square(x)), notDifferentiable: true }],
  layerNorm: [
    {
      inputs: [matrix, { shape: [3] }, { shape: [3] }],
      build: (x, scale, shift) => layerNorm(x, scale, shift, 0.1),
      expected: (x, scale, shift) =>
        rowsOf(x!, 3).flatMap((row) =>
          row.map((v, i) => {
            const centred = v - total(row) / 3;
            return (centred / Math.sqrt(plainVariance(row) + 0.1)) * scale![i]! + shift![i]!;
          }),
        ),
    },
  ],
  attention: [
    {
      inputs: [{ shape: [3, 2] }, { shape: [4, 2] }, { shape: [4, 2] }],
      build: (q, k, v) => attention(q, k, v),
      expected: (q, k, v) => plainAttention(rowsOf(q!, 2), rowsOf(k!, 2), rowsOf(v!, 2), [0, 1, 2, 3]),
    },
    {
      inputs: [
        { shape: [2, 3, 2] },
        { shape: [2, 4, 2] },
        { shape: [2, 4, 3] },
        { shape: [4], dtype: "bool", values: [1, 0, 1, 0] },
      ],
      build: (q, k, v, allowed) => attention(q, k, v, allowed),
    },
    {
      inputs: [{ shape: [3, 2] }, { shape: [4, 2] }, { shape: [4, 2] }],
      build: (q, k, v) => attention(q, k, v, less(constant([0, 1, 2, 3]), 2)),
      expected: (q, k, v) => plainAttention(rowsOf(q!, 2), rowsOf(k!, 2), rowsOf(v!, 2), [0, 1]),
    },
  ],
  strided: [
    {
      inputs: [sequence],
      build: (x) => strided(x, 2, 1, 2, 3),
      expected: (x) => rowsOf(x!, 6).flatMap((row) => [row[1]!, row[3]!, row[5]!]),
    },
  ],
  maxPool1d: [
    {
      inputs: [sequence],
      build: (x) => maxPool1d(x, 3, { stride: 2, dilation: 1 }),
      expected: (x) => windows([0, 2], 1, 3, (w) => Math.max(...w))(x!),
    },
  ],
  averagePool1d: [
    {
      inputs: [sequence],
      build: (x) => averagePool1d(x, 2, { stride: 1, dilation: 2 }),
      expected: (x) => windows([0, 1, 2, 3], 2, 2, (w) => total(w) / 2)(x!),
    },
    { inputs: [sequence], build: (x) => averagePool1d(x, 3, { padding: 1 }) },
  ],
  conv1d: [
    {
      inputs: [sequence, { shape: [1, 2, 2] }, { shape: [1] }],
      build: (x, w, b) => conv1d(x, w, b, { stride: 2, dilation: 3 }),
      expected: (x, w, b) =>
        rowsOf(x!, 12)
          .map((s) => s[0]! * w![0]! + s[3]! * w![1]! + s[6]! * w![2]! + s[9]! * w![3]! + b![0]!)
          .flatMap((first, event) => {
            const s = [...x!.slice(event * 12, event * 12 + 12)];
            return [first, s[2]! * w![0]! + s[5]! * w![1]! + s[8]! * w![2]! + s[11]! * w![3]! + b![0]!];
          }),
    },
    {
      inputs: [sequence, { shape: [4, 1, 3] }],
      build: (x, w) => conv1d(x, w, undefined, { groups: 2, padding: 1 }),
    },
  ],
  recurrent: (["rnn", "gru", "lstm"] as const).map((kind, i) => ({
    inputs: gates([1, 3, 4][i]!),
    build: (x: Tensor, ...weights: Tensor[]) => {
      const { sequence, last } = recurrent(kind, x, weightsOf(weights));
      return add(sequence, reshape(last, [2, 1, 2]));
    },
  })),
  bidirectional: [
    {
      inputs: gates(3),
      build: (x, ...weights) => {
        const there = weightsOf(weights);
        const { sequence, last } = bidirectional("gru", x, there, there);
        return sub(sum(sequence, { axes: 1 }), last);
      },
    },
  ],
};

/** Σ of the values weighted by the softmax of scores/√2, over the keys that may be seen. */
function plainAttention(
  queries: readonly number[][],
  keys: readonly number[][],
  values: readonly number[][],
  seen: readonly number[],
): number[] {
  return queries.flatMap((query) => {
    const weights = seen.map((k) => Math.exp(total(query.map((q, i) => q * keys[k]![i]!)) / Math.SQRT2));
    return values[0]!.map((_, c) => total(seen.map((k, i) => weights[i]! * values[k]![c]!)) / total(weights));
  });
}

/** The error function by its power series, for |x| < 3. */
function plainErf(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; n < 80; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}
