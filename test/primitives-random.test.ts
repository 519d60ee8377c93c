/** Primitives on drawn shapes and awkward values: size-1 axes, broadcasting, ties, zeros, no events at all. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { grad } from "../src/autodiff/index.ts";
import { evaluate, functionModel, Session, type Values, values } from "../src/engine/index.ts";
import {
  add,
  broadcastTo,
  concat,
  constant,
  cumulativeSum,
  div,
  exp,
  expm1,
  input,
  less,
  log,
  log1p,
  logSumExp,
  matmul,
  max,
  maximum,
  mean,
  minimum,
  mish,
  mul,
  prelu,
  relu,
  reshape,
  selu,
  sigmoid,
  slice,
  softmax,
  softplus,
  sort,
  sqrt,
  square,
  sub,
  sum,
  swish,
  type Tensor,
  tanh,
  transpose,
  where,
} from "../src/tensor/index.ts";

/** Numbers that are often equal, zero or large. */
const awkward = fc.oneof(
  fc.constantFrom(0, 1, -1, 0.5, -0.5, 2, 20, -20),
  fc.double({ min: -3, max: 3, noNaN: true }).map(Math.fround),
);

const size = fc.constantFrom(1, 1, 2, 3, 4);

/** A shape, and one that broadcasts with it: axes dropped in front or of size 1. */
const broadcastPair = fc
  .tuple(
    fc.array(size, { minLength: 1, maxLength: 3 }),
    fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
    fc.nat(3),
  )
  .map(([shape, ones, dropped]): [number[], number[]] => [
    shape,
    shape.map((s, i) => (ones[i] ? 1 : s)).slice(Math.min(dropped, shape.length)),
  ]);

const numbers = (shape: readonly number[]) => {
  const count = shape.reduce((n, s) => n * s, 1);
  return fc.array(awkward, { minLength: count, maxLength: count });
};

const smooth: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  exp: (x) => exp(mul(x, 0.25)),
  log: (x) => log(add(square(x), 0.5)),
  sqrt: (x) => sqrt(add(square(x), 0.5)),
  tanh,
  sigmoid,
  softplus,
  swish,
  mish,
  log1p: (x) => log1p(mul(square(x), 0.5)),
  expm1: (x) => expm1(mul(x, 0.1)),
};

const kinked: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  relu,
  selu,
  prelu: (x) => prelu(x, constant(0.25)),
};

const binary: Readonly<Record<string, (a: Tensor, b: Tensor) => Tensor>> = {
  add,
  sub,
  mul,
  div: (a, b) => div(a, add(square(b), 0.5)),
  maximum,
  minimum,
  where: (a, b) => where(less(a, b), a, mul(b, 2)),
};

const shaped: Readonly<Record<string, (x: Tensor, axis: number) => Tensor>> = {
  sum: (x, axis) => sum(x, { axes: axis }),
  mean: (x, axis) => mean(x, { axes: axis, keepDimensions: true }),
  max: (x, axis) => max(x, { axes: axis }),
  logSumExp: (x, axis) => logSumExp(x, { axes: axis }),
  softmax: (x) => softmax(x),
  cumulativeSum: (x, axis) => cumulativeSum(x, axis),
  sort: (x) => sort(x),
  transpose: (x) => (x.rank > 1 ? transpose(x) : x),
  reshape: (x) => reshape(x, [-1]),
  concat: (x, axis) => concat([x, mul(x, 2), x], axis),
  slice: (x, axis) => slice(x, axis, 0, Math.ceil((x.shape[axis] as number) / 2)),
  broadcastTo: (x) => broadcastTo(x, [2, ...x.shape]),
};

/** Values and gradients of both engines, compared. */
async function agree(inputs: Tensor<"input">[], data: number[][], output: Tensor): Promise<void> {
  const weights = Float64Array.from(
    { length: (output.shape as number[]).reduce((n, s) => n * s, 1) },
    (_, i) => Math.fround(Math.cos(i)),
  );
  const loss = sum(mul(output, constant(weights, output.shape)));
  const tensors = [output, ...grad(loss, inputs, { unreached: "zero" })];
  const expected = evaluate(
    tensors,
    new Map<Tensor, Values>(inputs.map((t, i) => [t, values(t.shape as number[], data[i]!)])),
  );
  const outputs = Object.fromEntries(tensors.map((t, i) => [`y${i}`, t]));
  for (const batch of [undefined, inputs[0]!.shape[0]]) {
    const session = await Session.create(
      functionModel({ inputs, outputs, ...(batch === undefined ? {} : { batch }) }),
    );
    const results = await session.run(
      Object.fromEntries(
        inputs.map((t, i) => [
          t.attributes.name,
          { data: Float32Array.from(data[i]!), shape: t.shape as number[] },
        ]),
      ),
    );
    await session.release();
    expected.forEach(({ data: exact, shape }, i) => {
      const found = results[`y${i}`]!;
      expect(found.shape).toEqual(shape);
      exact.forEach((v, j) => {
        expect(Math.abs(found.data[j]! - v)).toBeLessThanOrEqual(3e-5 * (1 + Math.abs(v)));
      });
    });
  }
}

const runs = { numRuns: 12 } as const;

describe("ONNX Runtime agrees with the reference on drawn shapes and awkward values", () => {
  test.each(Object.entries({ ...smooth, ...kinked }))("%s", async (_, f) => {
    const drawn = fc
      .array(size, { minLength: 0, maxLength: 3 })
      .chain((shape) => fc.tuple(fc.constant(shape), numbers(shape)));
    await fc.assert(
      fc.asyncProperty(drawn, async ([shape, data]) => {
        const x = input("x", shape);
        await agree([x], [data], f(x));
      }),
      runs,
    );
  });

  test.each(Object.entries(binary))("%s, broadcasting", async (_, f) => {
    const drawn = broadcastPair.chain(([a, b]) => fc.tuple(fc.constant([a, b]), numbers(a), numbers(b)));
    await fc.assert(
      fc.asyncProperty(drawn, fc.boolean(), async ([[left, right], x, y], swapped) => {
        const a = input("a", left!);
        const b = input("b", right!);
        await agree([a, b], [x, y], swapped ? f(b, a) : f(a, b));
      }),
      runs,
    );
  });

  test.each(Object.entries(shaped))("%s, along any axis", async (_, f) => {
    const drawn = fc
      .array(size, { minLength: 1, maxLength: 3 })
      .chain((shape) => fc.tuple(fc.constant(shape), numbers(shape), fc.nat(shape.length - 1)));
    await fc.assert(
      fc.asyncProperty(drawn, async ([shape, data, axis]) => {
        const x = input("x", shape);
        await agree([x], [data], f(x, axis));
      }),
      runs,
    );
  });

  test("products of any two matrices, as they are or transposed", async () => {
    const drawn = fc
      .tuple(size, size, size, fc.boolean(), fc.boolean())
      .chain(([n, k, m, ta, tb]) =>
        fc.tuple(fc.constant({ n, k, m, ta, tb }), numbers([n, k]), numbers([k, m])),
      );
    await fc.assert(
      fc.asyncProperty(drawn, async ([{ n, k, m, ta, tb }, x, y]) => {
        const a = input("a", ta ? [k, n] : [n, k]);
        const b = input("b", tb ? [m, k] : [k, m]);
        await agree([a, b], [x, y], matmul(ta ? transpose(a) : a, tb ? transpose(b) : b));
      }),
      { ...runs, numRuns: 40 },
    );
  });

  test("no events at all: every function of an event gives none", async () => {
    const ofEvents: ((x: Tensor) => Tensor)[] = [
      ...Object.values({ ...smooth, ...kinked }),
      ...[sort, softmax].map((f) => (x: Tensor) => f(x)),
      (x) => mul(x, max(x, { axes: 1, keepDimensions: true })),
      (x) => matmul(x, constant([1, 2, 3, 4, 5, 6, 7, 8, 9], [3, 3])),
      (x) => concat([slice(x, 1, 0, 1), slice(x, 1, 1, 3)], 1),
    ];
    for (const f of ofEvents) {
      const x = input("x", ["events", 3]);
      const session = await Session.create(
        functionModel({ inputs: [x], outputs: { y: f(x) }, batch: "events" }),
      );
      const { y } = await session.run({ x: { data: new Float32Array(0), shape: [0, 3] } });
      expect(y!.shape).toEqual([0, 3]);
      await session.release();
    }
  });
});

test("smooth functions have the slope and the curvature of central differences wherever they are drawn", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...Object.keys(smooth)),
      fc.double({ min: -4, max: 4, noNaN: true }),
      (name, at) => {
        const x = input("x", []);
        const y = smooth[name]!(x);
        const [slope] = grad(y, [x]);
        const [curvature] = grad(slope!, [x]);
        const value = (tensor: Tensor, point: number) =>
          evaluate([tensor], new Map([[x, values([], [point])]]))[0]!.data[0]!;
        const step = 1e-5;
        for (const [function_, derivative] of [
          [y, slope!],
          [slope!, curvature!],
        ] as const) {
          const difference = (value(function_, at + step) - value(function_, at - step)) / (2 * step);
          expect(Math.abs(value(derivative, at) - difference)).toBeLessThan(
            1e-7 * (1 + Math.abs(difference)),
          );
        }
      },
    ),
    { numRuns: 300 },
  );
});

test("log1p and expm1 keep small numbers", () => {
  const x = input("x", []);
  for (const small of [1e-12, -1e-9, 3e-5, 0]) {
    const feeds = new Map<Tensor, Values>([[x, values([], [small])]]);
    const [a, b] = evaluate([log1p(x), expm1(x)], feeds);
    expect(a!.data[0]).toBeCloseTo(Math.log1p(small), 20);
    expect(b!.data[0]).toBeCloseTo(Math.expm1(small), 20);
  }
});
