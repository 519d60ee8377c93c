/** Every primitive: its gradient against central differences, ONNX Runtime against the reference. */
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { grad } from "../src/autodiff/index.ts";
import { evaluate, type Values } from "../src/engine/index.ts";
import { add, mul, type Tensor } from "../src/tensor/index.ts";
import { type PrimitiveName, shapeRules } from "../src/tensor/primitives.ts";
import { primitiveCases } from "./primitive-cases.ts";
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
import { workingDevices } from "./support/working-devices.ts";

const testedDevices = await workingDevices();

/** WebGPU's language allows sin and cos an absolute error of 2⁻¹¹. */
const sineToleranceOfWebGpu = 5e-4;

/** What the tests below have gone through. */
const covered = {
  primitives: new Set<string>(),
  gradientCases: 0,
  points: 0,
  derivatives: newDerivativeCounts(),
  engines: new Map<string, number>(),
};

afterAll(() => {
  const { primitives, gradientCases, points, derivatives, engines } = covered;
  const agreements = [...engines].map(([device, count]) => `${device} in ${count} cases`);
  process.stdout.write(
    `primitives covered: ${primitives.size} of ${Object.keys(shapeRules).length}, ` +
      `${gradientCases} gradient cases of first and second order at ${points} points ` +
      `(${derivativesText(derivatives)}), ` +
      `engines: ${agreements.join(", ")}\n`,
  );
});

test("every primitive has cases here, and is what its cases are built from", () => {
  for (const name of Object.keys(shapeRules) as PrimitiveName[]) {
    expect(primitiveCases[name].length, name).toBeGreaterThan(0);
    primitiveCases[name].forEach(({ inputs, build }, i) => {
      const { tensors } = setUp(inputs, name, i);
      const found = new Set<string>();
      const visit = (t: Tensor): void => {
        found.add(t.op);
        t.inputs.forEach(visit);
      };
      visit(build(...tensors));
      expect(found, `${name} case ${i}`).toContain(name);
    });
  }
});

describe.each(Object.entries(primitiveCases))("%s", (name, cases) => {
  test("its gradient is that of differences, also of itself, at random and awkward points; zero where it has none", () => {
    cases.forEach(({ inputs, build, notDifferentiable }, index) => {
      const { tensors, feeds } = setUp(inputs, name, index);
      const floats = tensors.filter((t) => t.dtype === "float32");
      const output = build(...tensors);
      // The square makes the second order of linear primitives more than zeros; flat at no awkward value.
      const first = projected(add(output, mul(mul(output, output), 0.17)));
      const gradients = grad(first, floats, { unreached: "zero" });
      const check = (at: ReadonlyMap<Tensor, Values>, awkward: boolean): void => {
        covered.points++;
        if (notDifferentiable) {
          for (const { data } of evaluate(gradients, at)) expect(data.every((g) => g === 0)).toBe(true);
          return;
        }
        const where = `${name} case ${index}`;
        const options = { awkward, counts: covered.derivatives };
        checkGradient(first, floats, gradients, at, { ...options, where: `${where}, first order` });
        // Second order: the gradient of a projection of all gradients.
        if (floats.length === 0) return;
        const second = gradients.map(projected).reduce((a, b) => add(a, b));
        const curvatures = grad(second, floats, { unreached: "zero" });
        checkGradient(second, floats, curvatures, at, { ...options, where: `${where}, second order` });
      };
      check(feeds, false);
      fc.assert(
        fc.property(fc.tuple(...inputs.map(awkwardInput)), (data) => {
          check(new Map(tensors.map((t, i) => [t, data[i]!])), true);
        }),
        { numRuns: 3 },
      );
      covered.gradientCases++;
    });
    covered.primitives.add(name);
  });

  test.each(testedDevices)(
    "on %s agrees with the reference, values and gradients, in both layouts",
    async (device) => {
      const isRough = device === "webgpu" && (name === "sin" || name === "cos");
      const tolerance = isRough ? sineToleranceOfWebGpu : engineTolerance;
      for (const [index, { inputs, build, notDifferentiable }] of cases.entries()) {
        const { tensors, feeds } = setUp(inputs, name, index);
        const output = build(...tensors);
        const floats = tensors.filter((t) => t.dtype === "float32");
        const outputs: Record<string, Tensor> = { value: output };
        if (!notDifferentiable) {
          grad(projected(output), floats, { unreached: "zero" }).forEach((g, i) => {
            outputs[`gradient${i}`] = g;
          });
        }
        const points = [feeds, awkwardPoint(inputs, tensors, index)];
        await checkAgreement(tensors, outputs, points, { device, tolerance, where: `${name} case ${index}` });
        covered.engines.set(device, (covered.engines.get(device) ?? 0) + 1);
      }
    },
  );
});
