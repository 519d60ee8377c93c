import { describe, expect, test } from "vitest";
import { grad } from "../autodiff/index.ts";
import { evaluate, values } from "../engine/index.ts";
import { ShapeError } from "../errors/index.ts";
import { describeNetwork } from "../nn/index.ts";
import {
  add,
  cast,
  concat,
  constant,
  conv1d,
  div,
  elementCount,
  exp,
  gather,
  input,
  matmul,
  maxPool1d,
  mean,
  mul,
  neg,
  pad,
  recurrent,
  reshape,
  scatterAdd,
  slice,
  split,
  squaredDistances,
  sum,
  type Tensor,
  transpose,
  where,
} from "./index.ts";

const x = input("x", [128, 30]);
const w = input("w", [31, 64]);

describe("what does not fit is said with both shapes", () => {
  test.each<[() => unknown, string]>([
    [
      () => matmul(x, w),
      "matmul: the inner sizes differ, [128, 30] × [31, 64]. The left has 30 columns, the right 31 rows.",
    ],
    [
      () => matmul(x, input("v", [30])),
      "matmul: both sides need two axes or more, but have [128, 30] and [30].",
    ],
    [
      () => add(x, input("b", [31])),
      "add: the shapes [128, 30] and [31] do not broadcast: 30 against 31 in axis -1. Sizes must be equal or one of them 1.",
    ],
    [
      () => mul(x, input("i", [30], "int32")),
      "mul: the types differ, float32 and int32. Convert one with cast.",
    ],
    [() => where(x, 1, 2), "where: the condition must be bool, but is float32. Use a comparison."],
    [() => sum(x, { axes: 2 }), "reduceSum: axis 2 is outside [128, 30]."],
    [() => sum(x, { axes: [1, 1] }), "reduceSum: axis 1 of [128, 30] was named twice."],
    [() => reshape(x, [7, -1]), "reshape: the 3840 elements of [128, 30] do not divide into [7, -1]."],
    [() => input("i", [-1, 3]), "input: [-1, 3] is no shape: sizes are whole numbers from 0."],
    [() => concat([], 0), "concat: there is nothing to join. Give one tensor or more."],
    [
      () => pad(x, [1], [0]),
      "pad: [1] before and [0] after do not fit [128, 30]: a whole number from 0 is needed for each axis.",
    ],
    [() => split(x, [10, 10], 1), "split: parts of 10, 10 make 20, but axis 1 of [128, 30] has 30."],
    [
      () => neg(input("b", [4], "bool")),
      "neg: needs float32 or int32, but got bool [4]. Convert it with cast.",
    ],
    [
      () => squaredDistances(input("a", [4, 2]), input("b", [5, 3])),
      "squaredDistances: needs […, n, d] and […, m, d], but got [4, 2] and [5, 3].",
    ],
    [
      () => conv1d(input("s", [2, 3, 5]), input("k", [4, 3])),
      "conv1d: needs x [batch, channels, length] and a weight [outputs, channels, size], but got [2, 3, 5] and [4, 3].",
    ],
    [
      () => conv1d(input("s", [2, 3, 5]), input("k", [4, 3, 2]), input("b", [3])),
      "conv1d: the weight [4, 3, 2] has 4 outputs, so that the bias must have the shape [4], but it has [3].",
    ],
    [
      () => maxPool1d(input("s", [2, 3, 5]), 2, { stride: 0 }),
      "maxPool1d: stride must be a whole number from 1, but is 0.",
    ],
    [() => reshape(x, [128, 31]), "reshape: [128, 30] has 3840 elements, [128, 31] has 3968."],
    [() => slice(x, 1, 20, 31), "slice: 20 to 31 is outside axis 1 of [128, 30]."],
    [() => concat([x, w], 1), "concat: [31, 64] and [128, 30] differ in axis 0, but only axis 1 is joined."],
    [
      () => gather(x, input("i", [4])),
      "gather: needs a table of one axis or more and int32 indices, but got [128, 30] and float32.",
    ],
    [() => transpose(x, [0, 2]), "transpose: [0, 2] is no order of the axes of [128, 30]."],
    [() => constant([1, 2, 3], [2, 2]), "constant: 3 values do not fill the shape [2, 2]."],
    [() => exp(input("i", [4], "int32")), "exp: needs float32, but got int32 [4]. Convert it with cast."],
    [
      () => matmul(x, input("i", [30, 2], "int32")),
      "matmul: needs float32, but got int32 [30, 2]. Convert it with cast.",
    ],
    [
      () => div(input("i", [4], "int32"), input("j", [4], "int32")),
      "div: needs float32, but got int32 [4]. Convert it with cast.",
    ],
    [
      () => mean(input("i", [4], "int32")),
      "reduceMean: needs float32, but got int32 [4]. Convert it with cast.",
    ],
    [
      () => concat([x, input("i", [128, 2], "int32")], 1),
      "concat: the types differ, float32 and int32. Convert one with cast.",
    ],
    [
      () => scatterAdd(input("f", [3]), input("u", [3, 2]), 4),
      "scatterAdd: needs int32 indices, but got float32.",
    ],
    [
      () => matmul(input("a", [100_000, 4]), input("b", [4, 50_000])),
      "matmul: [100000, 50000] from [100000, 4] and [4, 50000] has 5.00e+9 elements, 20 GB, more than an array can " +
        "hold (2147483648 elements). Use smaller batches, layers or sequences.",
    ],
    [
      () => conv1d(input("s", [2, 3, 5]), input("k", [4, 2, 3])),
      "conv1d: 3 channels in 1 groups and a weight [4, 2, 3] do not fit: it takes 2 channels, and its outputs must divide into the groups.",
    ],
    [
      () =>
        recurrent("gru", x, {
          input: input("a", [9, 4]),
          hidden: input("b", [9, 3]),
          inputBias: input("c", [9]),
          hiddenBias: input("d", [9]),
        }),
      "gru: needs [batch, length, 4], but got [128, 30].",
    ],
    [
      () => elementCount(["events", 3]),
      'elementCount: the size "events" of [events, 3] is only known at run time.',
    ],
    [
      () => grad(x, [x]),
      "grad: the gradient of a scalar was asked for, but the tensor has shape [128, 30]. Reduce it with sum or mean.",
    ],
    [
      () => grad(sum(x), [w]),
      'grad: tensor 0 ("w", [31, 64]) does not reach the output by a differentiable way. Leave it out, or ask for { unreached: "zero" }.',
    ],
    [
      () => grad(sum(cast(cast(x, "int32"), "float32")), [x]),
      'grad: tensor 0 ("x", [128, 30]) does not reach the output by a differentiable way. Leave it out, or ask for { unreached: "zero" }.',
    ],
  ])("%#", (act, message) => {
    expect(act).toThrow(new ShapeError(message));
  });

  test("what no memory holds is refused while tracing, with the layer", () => {
    const network = () =>
      describeNetwork((scope, inputs) => {
        const weight = scope
          .child("body")
          .child("layer0")
          .parameter("weight", [4, 10 ** 9], {
            kind: "constant",
            value: 0,
          });
        return matmul(inputs, weight);
      }, 4);
    expect(network).toThrow(
      new ShapeError(
        'layer "body.layer0.weight": input: [4, 1000000000] has 4.00e+9 elements, 16 GB, more than an array can ' +
          "hold (2147483648 elements). Use smaller batches, layers or sequences.",
      ),
    );
  });

  test("inside a network the layer is named", () => {
    const network = () =>
      describeNetwork((scope, inputs) => {
        const inner = scope.child("body").child("layer3");
        return matmul(inputs, inner.parameter("weight", [5, 2], { kind: "constant", value: 0 }));
      }, 4);
    expect(network).toThrow(
      new ShapeError(
        'layer "body.layer3.weight": matmul: the inner sizes differ, [events, 4] × [5, 2]. ' +
          "The left has 4 columns, the right 5 rows.",
      ),
    );
  });
});

test("operations that change nothing make no node", () => {
  expect(add(x, 0)).toBe(x);
  expect(mul(1, x)).toBe(x);
  expect(reshape(x, [-1, 30])).toBe(x);
  expect(slice(x, 0, 0, 128)).toBe(x);
  expect(cast(x, "float32")).toBe(x);
  // A constant that gives the result its shape is not left out.
  expect(add(input("s", []), constant(new Float64Array(3))).shape).toEqual([3]);
});

test("no operation looks through a tensor that somebody holds: its gradient is found", () => {
  const source = input("source", [2, 3]);
  const feeds = new Map([[source, values([2, 3], [1, 2, 3, 4, 5, 6])]]);
  const cases: readonly [held: Tensor, again: (t: Tensor) => Tensor][] = [
    [reshape(source, [6]), (t) => reshape(t, [3, 2])],
    [transpose(source), (t) => transpose(t)],
    [neg(source), (t) => neg(t)],
    [concat([source, source], 1), (t) => concat([t, source], 1)],
  ];
  for (const [held, again] of cases) {
    const [slope] = grad(sum(mul(again(held), again(held))), [held]);
    const [found, value] = evaluate([slope!, held], feeds);
    expect(found!.shape).toEqual(held.shape);
    expect(found!.data).toEqual(value!.data.map((v) => 2 * v));
  }
});
