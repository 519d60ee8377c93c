import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Stream } from "../array/index.ts";
import { grad } from "../autodiff/index.ts";
import { evaluate, functionModel, Session, type Values, values } from "../engine/index.ts";
import { input, mul, sum, type Tensor } from "../tensor/index.ts";
import { applyFullyConnected, type Connection, fullyConnected, layerWidth } from "./fully-connected.ts";
import { draw } from "./initialisers.ts";
import {
  type Activation,
  activate,
  activationNames,
  alphaDropout,
  dropout,
  embedding,
  initialiserFor,
} from "./layers.ts";
import { crossEntropy } from "./losses-classification.ts";
import { meanAbsoluteError, meanSquaredError } from "./losses-regression.ts";
import { describeNetwork, type Network, traceNetwork } from "./scope.ts";
import { toPrediction } from "./tail.ts";

const golden = JSON.parse(
  readFileSync(new URL("../../test/golden/lumin-nn.json", import.meta.url), "utf8"),
) as {
  readonly activations: Readonly<Record<string, number[]>> & { readonly x: number[] };
  readonly initialisation: Readonly<Record<string, number[]>>;
};

/** Output of a layer on values, with all its parameters at their start. */
function run(network: Network, shape: readonly number[], data: ArrayLike<number>, training = false) {
  const x = input("x", shape);
  const layout = describeNetwork(network, shape[1]!);
  const parameters = input("parameters", [layout.parameterCount]);
  const buffers = input("buffers", [layout.bufferCount]);
  const traced = traceNetwork(network, x, { parameters, buffers }, training);
  const start = (entries: typeof layout.parameters) =>
    entries.flatMap(({ name, shape: s, initialiser }) => [...draw(initialiser, s, new Stream(5, name))]);
  const stream = new Stream(11, "masks");
  const feeds = new Map<Tensor, Values>([
    [x, values(shape, data)],
    [parameters, values([layout.parameterCount], start(layout.parameters))],
    [buffers, values([layout.bufferCount], start(layout.buffers))],
    ...traced.masks.map(({ tensor, probability }): [Tensor, Values] => {
      const s = tensor.shape as number[];
      const bits = Array.from({ length: s[0]! * s[1]! }, () => (stream.uniform() < probability ? 1 : 0));
      return [tensor, values(s, bits)];
    }),
  ]);
  return evaluate([traced.output, ...traced.buffers], feeds);
}

test.each([8, 500])(
  "an embedding of %s categories gives the rows of its table, zeros for a code outside",
  async (count) => {
    const network: Network = (scope, inputs) => embedding(scope, inputs, 1, count, 2);
    const codes = [3, 0, count - 1, -1, count, Number.NaN, 3];
    const table = Float32Array.from({ length: 2 * count }, (_, i) => i + 1);
    const expected = codes.flatMap((code) =>
      code >= 0 && code < count ? [2 * code + 1, 2 * code + 2] : [0, 0],
    );
    for (const batch of [7, "events"]) {
      const x = input("x", [batch, 2]);
      const parameters = input("parameters", [2 * count]);
      const traced = traceNetwork(network, x, { parameters, buffers: input("buffers", [0]) }, batch === 7);
      const [slope] = grad(sum(mul(traced.output, traced.output)), [parameters]);
      const outputs = { value: traced.output, slope: slope! };
      const session = await Session.create(functionModel({ inputs: [x, parameters], outputs, batch }));
      const { value, slope: found } = await session.run({
        x: { data: Float32Array.from(codes.flatMap((code) => [9, code])), shape: [7, 2] },
        parameters: { data: table, shape: [2 * count] },
      });
      await session.release();
      expect([...value!.data]).toEqual(expected);
      // 2·value, twice where a code comes twice.
      const slopes = new Float32Array(2 * count);
      for (const code of codes.filter((c) => c >= 0 && c < count)) {
        for (const i of [2 * code, 2 * code + 1]) slopes[i]! += 2 * table[i]!;
      }
      expect(found!.data).toEqual(slopes);
    }
  },
);

describe("activations", () => {
  test.each(["relu", "selu", "sigmoid", "swish", "mish", "linear"] as const)(
    "%s has LUMIN's values",
    (name) => {
      const { x } = golden.activations;
      const [y] = run((scope, inputs) => activate(scope, inputs, name), [1, x.length], x);
      y!.data.forEach((value, i) => {
        expect(value).toBeCloseTo(golden.activations[name]![i]!, 5);
      });
    },
  );

  test.each(activationNames.filter((n) => Array.isArray(golden.initialisation[n])))(
    "weights before %s have LUMIN's spread",
    (name) => {
      // LUMIN's numbers: standard deviation of normal weights of a layer with 100 inputs and 400 outputs.
      const { kind, deviation } = initialiserFor(name, 100, 400) as { kind: string; deviation: number };
      expect(kind).toBe("normal");
      expect(Math.abs(deviation - golden.initialisation[name]![0]!)).toBeLessThan(1e-3);
    },
  );

  test("tanh, which LUMIN refuses, starts like sigmoid", () => {
    expect(initialiserFor("tanh", 3, 5)).toEqual(initialiserFor("sigmoid", 3, 5));
  });
});

describe("dropout", () => {
  const count = 64;
  const ones = new Float64Array(count * count).fill(1);

  test("keeps the mean in training and changes nothing in prediction", () => {
    const [trained] = run((scope, x) => dropout(scope, x, 0.3), [count, count], ones, true);
    const mean = trained!.data.reduce((a, b) => a + b) / trained!.data.length;
    expect(Math.abs(mean - 1)).toBeLessThan(4 * Math.sqrt(0.3 / 0.7 / ones.length));
    expect(new Set([...trained!.data].map((v) => v.toFixed(9)))).toEqual(
      new Set(["0.000000000", (1 / 0.7).toFixed(9)]),
    );
    expect(run((scope, x) => dropout(scope, x, 0.3), [count, count], ones)[0]!.data).toEqual(ones);
  });

  test("alpha dropout keeps zero mean and unit variance", () => {
    const stream = new Stream(4, "normal");
    const normal = ones.map(() => stream.normal());
    const [y] = run((scope, x) => alphaDropout(scope, x, 0.2), [count, count], normal, true);
    const mean = y!.data.reduce((a, b) => a + b) / y!.data.length;
    const square = y!.data.reduce((a, b) => a + b * b, 0) / y!.data.length;
    expect(Math.abs(mean)).toBeLessThan(0.08);
    expect(Math.abs(square - mean ** 2 - 1)).toBeLessThan(0.12);
  });
});

describe("bodies", () => {
  const parameters = (features: number, options: Parameters<typeof fullyConnected>[0]) =>
    describeNetwork((scope, x) => applyFullyConnected(scope, x, fullyConnected(options)), features)
      .parameterCount;

  test("have LUMIN's numbers of parameters", () => {
    // With the tail's width + 1: 33,601 for 31 inputs and 4×100; 33,813 with an embedding of 4 → 3 (12 more).
    expect(parameters(31, { depth: 4, width: 100 }) + 101).toBe(33_601);
    expect(parameters(33, { depth: 4, width: 100 }) + 101 + 12).toBe(33_813);
    expect(parameters(33, { depth: 6, width: 33, connect: "dense" }) + 34 + 12).toBe(23_113);
  });

  test("grow by the growth rate, never below one neuron", () => {
    const widths = (growthRate: number) =>
      [0, 1, 2, 3].map((d) => layerWidth(fullyConnected({ depth: 4, width: 10, growthRate }), d));
    expect(widths(0.25)).toEqual([10, 12, 15, 17]);
    expect(widths(-0.5)).toEqual([10, 5, 1, 1]);
  });

  test.each(["plain", "residual", "dense"] as Connection[])(
    "%s: every layer reaches the output",
    (connect) => {
      const body = fullyConnected({ depth: 4, width: 5, connect, activation: "tanh", batchNorm: true });
      const x = Float64Array.from({ length: 12 }, (_, i) => Math.sin(3 * i));
      const network: Network = (scope, inputs) => applyFullyConnected(scope, inputs, body);
      const [output] = run(network, [4, 3], x);
      expect(output!.shape).toEqual([4, 5]);
      expect(output!.data.every(Number.isFinite)).toBe(true);
      const trained = run(network, [4, 3], x, true);
      // Running statistics moved: training saw the batch.
      expect(trained.slice(1).some((b) => b.data.some((v) => v !== 0 && v !== 1))).toBe(true);
    },
  );
});

describe("tails and losses", () => {
  const numbers = (tensor: Tensor, feeds: [Tensor, Values][]) => [
    ...evaluate([tensor], new Map(feeds))[0]!.data,
  ];

  test("a regression with a range stays inside it, one range a target or one for all", () => {
    const z = input("z", [3, 2]);
    const feed: [Tensor, Values] = [z, values([3, 2], [-50, 0, 50, -50, 0, 50])];
    const each = toPrediction(z, {
      kind: "regression",
      targetCount: 2,
      range: [
        [0, 1],
        [10, 30],
      ],
    });
    expect(numbers(each, [feed]).map((v) => Math.round(v * 1e6) / 1e6)).toEqual([0, 20, 1, 10, 0.5, 30]);
    const all = toPrediction(z, { kind: "regression", targetCount: 2, range: [-1, 1] });
    expect(numbers(all, [feed]).map((v) => Math.round(v * 1e6) / 1e6)).toEqual([-1, 0, 1, -1, 0, 1]);
  });

  test("weights multiply per event: weight 2 is the event twice, weight 0 is no event", () => {
    const losses = { crossEntropy, meanSquaredError, meanAbsoluteError };
    for (const [name, loss] of Object.entries(losses)) {
      const outputs = name === "crossEntropy" ? 3 : 1;
      const total = (rows: number[], weights: number[]) => {
        const p = input("p", [rows.length, outputs]);
        const y = input("y", [rows.length, 1]);
        const w = input("w", [rows.length]);
        const logits = rows.flatMap((r) => Array.from({ length: outputs }, (_, k) => Math.sin(r + 2 * k)));
        const [mean] = numbers(loss.of(p, y, w), [
          [p, values([rows.length, outputs], logits)],
          [
            y,
            values(
              [rows.length, 1],
              rows.map((r) => r % 3),
            ),
          ],
          [w, values([rows.length], weights)],
        ]);
        return mean! * rows.length;
      };
      const reference = total([0, 1, 2, 2], [1, 1.5, 1, 1]);
      expect(total([0, 1, 2], [1, 1.5, 2]), name).toBeCloseTo(reference, 12);
      expect(total([0, 1, 2, 4], [1, 1.5, 2, 0]), name).toBeCloseTo(reference, 12);
      expect(total([0, 1, 2, 4, 4], [1, 1.5, 2, -3, 3]), name).toBeCloseTo(reference, 12);
    }
  });

  test("cross-entropy of two classes is the binary one", () => {
    const z = input("z", [1, 2]);
    const y = input("y", [1, 1]);
    const w = input("w", [1]);
    const [loss] = numbers(crossEntropy.of(z, y, w), [
      [z, values([1, 2], [0.3, 1.7])],
      [y, values([1, 1], [1])],
      [w, values([1], [2])],
    ]);
    expect(loss).toBeCloseTo(2 * Math.log1p(Math.exp(-1.4)), 12);
  });
});

test("prelu starts with slope 0.25 and has one parameter", () => {
  const network: Network = (scope, x) => activate(scope, x, "prelu" satisfies Activation);
  expect(describeNetwork(network, 2).parameterCount).toBe(1);
  expect([...run(network, [1, 2], [-2, 3])[0]!.data]).toEqual([-0.5, 3]);
});
