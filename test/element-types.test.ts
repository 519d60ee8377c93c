/** Every operation on every element type: refused while it is traced, or computed alike by the reference and all devices. */
import { expect, test } from "vitest";
import { functionModel, Session } from "../src/engine/index.ts";
import { ShapeError } from "../src/errors/index.ts";
import {
  abs,
  add,
  and,
  cast,
  concat,
  constant,
  cumulativeSum,
  type DType,
  div,
  equal,
  erf,
  exp,
  extremeIndices,
  gather,
  greater,
  greaterEqual,
  input,
  less,
  lessEqual,
  log1p,
  matmul,
  max,
  maximum,
  mean,
  min,
  minimum,
  mul,
  neg,
  not,
  notEqual,
  oneHot,
  or,
  pad,
  pow,
  putAlong,
  range,
  relu,
  reshape,
  scatterAdd,
  sigmoid,
  sign,
  slice,
  softplus,
  sort,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  takeAlong,
  tanh,
  transpose,
  where,
} from "../src/tensor/index.ts";
import type { CaseInput } from "./primitive-cases.ts";
import { awkwardPoint, checkAgreement } from "./support/check-gradients.ts";

const dtypes: readonly DType[] = ["float32", "int32", "uint8", "bool"];
const whole = (values: number[], shape: number[]) => constant(Int32Array.from(values), shape, "int32");

/** Functions of one or two matrices [4, 3]. */
const functions: Readonly<Record<string, (a: Tensor, b: Tensor) => Tensor>> = {
  ...{ neg, abs, sign, exp, log1p, sqrt, tanh, sigmoid, softplus, erf, relu, square, sort },
  ...{ add, sub, mul, div, pow, maximum, minimum },
  ...{ equal, less, greater, lessEqual, greaterEqual, notEqual, and, or },
  not: (a) => not(a),
  where: (a, b) => where(constant([1, 0, 1], [3], "bool"), a, b),
  matmul: (a, b) => matmul(a, transpose(b)),
  sum: (a) => sum(a, { axes: 1 }),
  mean: (a) => mean(a),
  max: (a) => max(a, { axes: 1 }),
  min: (a) => min(a, { axes: 0 }),
  transpose: (a) => reshape(transpose(a), [-1]),
  slice: (a) => slice(a, 1, 0, 2),
  pad: (a) => pad(a, [0, 1], [0, 1]),
  concat: (a, b) => concat([a, b], 1),
  gather: (a) => gather(a, whole([0, 3], [2])),
  scatterAdd: (a) => scatterAdd(whole([0, 1, 0, 1], [4]), a, 2),
  cumulativeSum: (a) => cumulativeSum(a, 1),
  extremeIndices: (a) => extremeIndices(a, 2),
  takeAlong: (a) => takeAlong(a, whole([0, 1, 2, 1], [4, 1])),
  putAlong: (a) => putAlong(whole([0, 1, 4, 1, 0, 2, 1, 1, 1, 0, 2, 2], [4, 3]), a, 5),
  oneHot: (a) => oneHot(slice(a, 1, 0, 1), 3),
  ...Object.fromEntries(dtypes.map((dtype) => [`cast to ${dtype}`, (a: Tensor) => cast(a, dtype)])),
};

/** The functions that take truth values and bytes; all others are refused for them. */
const ofBytes = new Set([
  ...[
    "equal",
    "notEqual",
    "and",
    "or",
    "not",
    "where",
    "transpose",
    "slice",
    "pad",
    "concat",
    "gather",
    "takeAlong",
  ],
  ...["oneHot", "cast to float32", "cast to int32", "cast to uint8", "cast to bool"],
]);

test.each(dtypes)("on %s every operation is computed or refused while tracing", async (dtype) => {
  const shape = [4, 3];
  const given: CaseInput = { shape, dtype, values: [1, 0, 1, 1, 1, 0, 0, 1, 0, 1, 0, 0] };
  // Numbers that can be divided by.
  const second =
    dtype === "float32" ? [1, 2, 3, 1, 2, 1, 3, 2, 1, 1, 2, 2] : [1, 1, 0, 0, 1, 0, 1, 0, 0, 1, 0, 1];
  const other: CaseInput = { shape, dtype, values: second };
  const refused: string[] = [];
  for (const [name, make] of Object.entries(functions)) {
    const tensors = [input("a", shape, dtype), input("b", shape, dtype)] as const;
    let value: Tensor;
    try {
      value = make(...tensors);
    } catch (error) {
      expect(error, name).toBeInstanceOf(ShapeError);
      expect((error as Error).message, name).toMatch(
        /^\w+: needs float32( or int32)?, but got \w+ \[[\d, ]+\]/,
      );
      refused.push(name);
      continue;
    }
    const point = awkwardPoint([given, other], tensors, 0);
    await checkAgreement(tensors, { value }, [point], { tolerance: 1e-6, where: `${name} of ${dtype}` });
  }
  const names = Object.keys(functions);
  if (dtype === "float32") expect(refused).toEqual([]);
  else if (dtype === "int32") {
    const real = ["exp", "log1p", "sqrt", "tanh", "sigmoid", "softplus", "erf", "relu", "div", "pow"];
    expect(refused.sort()).toEqual([...real, "matmul", "mean"].sort());
  } else expect(refused.sort()).toEqual(names.filter((name) => !ofBytes.has(name)).sort());
});

test("truth values are given as bytes 0 and 1 and come back as such", async () => {
  const isGiven = input("isGiven", [3], "bool");
  const outputs = { not: not(isGiven), count: sum(cast(isGiven, "int32")), of: range(3) };
  const session = await Session.create(functionModel({ inputs: [isGiven], outputs }));
  const results = await session.run({ isGiven: { data: Uint8Array.of(1, 0, 1), shape: [3] } });
  await session.release();
  expect(results.not!.data).toEqual(Uint8Array.of(0, 1, 0));
  expect(results.count!.data).toEqual(Int32Array.of(2));
  expect(add(outputs.count, 1).dtype).toBe("int32");
});
