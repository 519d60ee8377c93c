/** Every function that is made of primitives: values by a plain formula, gradients to second order, both engines. */
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { grad, valueAndGrad } from "../src/autodiff/index.ts";
import { evaluate, type Values, values } from "../src/engine/index.ts";
import * as tensorFolder from "../src/tensor/index.ts";
import { add, customGradient, distances, input, mul, sum, type Tensor } from "../src/tensor/index.ts";
import { derivedCases } from "./derived-cases.ts";
import {
  awkwardInput,
  awkwardPoint,
  checkAgreement,
  checkGradient,
  derivativesText,
  engineTolerance,
  newDerivativeCounts,
  projected,
  setUp,
} from "./support/check-gradients.ts";

/** What src/tensor exports beside functions of tensors. */
const others = new Set([
  ...[
    "Tensor",
    "elementCount",
    "enterPlace",
    "inPlace",
    "isMadeBy",
    "knownSize",
    "shapeText",
    "constantValue",
  ],
  ...["graphText", "gateCounts", "SELU_ALPHA", "SELU_SCALE"],
]);
/** The functions that make one primitive each; test/primitives.test.ts is about them. */
const primitives = new Set([
  ...[
    "input",
    "constant",
    "neg",
    "abs",
    "sign",
    "exp",
    "log",
    "sqrt",
    "sin",
    "cos",
    "tanh",
    "sigmoid",
    "softplus",
  ],
  ...[
    "erf",
    "relu",
    "cast",
    "add",
    "sub",
    "mul",
    "div",
    "pow",
    "maximum",
    "minimum",
    "equal",
    "less",
    "where",
  ],
  ...[
    "sum",
    "mean",
    "max",
    "matmul",
    "transpose",
    "reshape",
    "broadcastTo",
    "slice",
    "pad",
    "concat",
    "gather",
  ],
  ...["scatterAdd", "cumulativeSum", "extremeIndices", "takeAlong", "putAlong", "customGradient"],
]);

const covered = new Set<string>();
const counts = newDerivativeCounts();
afterAll(() => {
  process.stdout.write(
    `functions made of primitives covered: ${covered.size} of ${Object.keys(derivedCases).length} (${derivativesText(counts)})\n`,
  );
});

test("every function of src/tensor is covered, here or as a primitive", () => {
  const functions = Object.keys(tensorFolder).filter((name) => !others.has(name) && !primitives.has(name));
  expect(Object.keys(derivedCases).sort()).toEqual(functions.sort());
});

describe.each(Object.entries(derivedCases))("%s", (name, cases) => {
  test("has the values of its formula, and gradients of first and second order as differences have them", () => {
    cases.forEach(({ inputs, build, notDifferentiable, expected }, index) => {
      const where = `${name} case ${index}`;
      const { tensors, feeds } = setUp(inputs, name, index);
      const floats = tensors.filter((t) => t.dtype === "float32");
      const output = build(...tensors);
      if (expected !== undefined) {
        const [found] = evaluate([output], feeds);
        const known = expected(...tensors.map((t) => feeds.get(t)!.data));
        expect(found!.data.length, where).toBe(known.length);
        known.forEach((value, i) => {
          expect(Math.abs(found!.data[i]! - value), where).toBeLessThan(1e-12 * (1 + Math.abs(value)));
        });
      }
      const first = projected(add(output, mul(mul(output, output), 0.17)));
      const gradients = grad(first, floats, { unreached: "zero" });
      if (notDifferentiable) {
        for (const { data } of evaluate(gradients, feeds)) expect(data.every((g) => g === 0)).toBe(true);
        return;
      }
      const second = gradients.map(projected).reduce((a, b) => add(a, b));
      const curvatures = grad(second, floats, { unreached: "zero" });
      const check = (at: ReadonlyMap<Tensor, Values>, awkward: boolean): void => {
        const options = { awkward, counts };
        checkGradient(first, floats, gradients, at, { ...options, where: `${where}, first order` });
        checkGradient(second, floats, curvatures, at, { ...options, where: `${where}, second order` });
      };
      check(feeds, false);
      fc.assert(
        fc.property(fc.tuple(...inputs.map(awkwardInput)), (data) => {
          check(new Map(tensors.map((t, i) => [t, data[i]!])), true);
        }),
        { numRuns: 2 },
      );
    });
    covered.add(name);
  });

  test("is computed by ONNX Runtime as by the reference, in both layouts, gradients too", async () => {
    for (const [index, { inputs, build, notDifferentiable }] of cases.entries()) {
      const { tensors, feeds } = setUp(inputs, name, index);
      const output = build(...tensors);
      const floats = tensors.filter((t) => t.dtype === "float32");
      const slopes = notDifferentiable ? [] : grad(projected(output), floats, { unreached: "zero" });
      const outputs = {
        value: output,
        ...Object.fromEntries(slopes.map((slope, i) => [`gradient${i}`, slope])),
      };
      await checkAgreement(tensors, outputs, [feeds, awkwardPoint(inputs, tensors, index)], {
        tolerance: engineTolerance,
        where: `${name} case ${index}`,
      });
    }
  });
});

test("a gradient of one's own takes the place of the chain's, and no other", () => {
  const x = input("x", [3]);
  const feeds = new Map<Tensor, Values>([[x, values([3], [1, -2, 3])]]);
  const own = customGradient(mul(x, x), [x], (g) => [mul(g, 10)]);
  const [slope] = grad(sum(add(own, x)), [x]);
  expect([...evaluate([slope!], feeds)[0]!.data]).toEqual([11, 11, 11]);
});

test("between equal points the distance is 0 and has the slope 0, also of second order", () => {
  const points = input("points", [2, 2]);
  const apart = distances(points, points);
  const [slope] = grad(sum(apart), [points]);
  const [curvature] = grad(sum(mul(slope!, slope!)), [points]);
  const feeds = new Map<Tensor, Values>([[points, values([2, 2], [1, 2, 4, 6])]]);
  const [found, first, second] = evaluate([apart, slope!, curvature!], feeds);
  expect([...found!.data]).toEqual([0, 5, 5, 0]);
  expect([...first!.data].map((x) => Number(x.toFixed(12)))).toEqual([-1.2, -1.6, 1.2, 1.6]);
  expect(second!.data.every(Number.isFinite)).toBe(true);
});

test("valueAndGrad gives the value and one gradient for each input", () => {
  const [a, b] = [input("a", [2]), input("b", [2])];
  const { value, gradients } = valueAndGrad((...[x, y]) => sum(mul(mul(x!, x!), y!)))(a, b);
  const results = evaluate(
    [value, ...gradients],
    new Map<Tensor, Values>([
      [a, values([2], [1, 2])],
      [b, values([2], [3, 4])],
    ]),
  );
  expect(results.map(({ data }) => [...data])).toEqual([[19], [6, 16], [1, 4]]);
});
