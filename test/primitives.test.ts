/** Every primitive: its gradient against central differences, ONNX Runtime against the reference. */
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { Stream } from "../src/array/index.ts";
import { grad } from "../src/autodiff/index.ts";
import {
  evaluate,
  functionModel,
  Session,
  type SessionData,
  type Values,
  values,
} from "../src/engine/index.ts";
import { add, constant, type DType, input, mul, sum, type Tensor } from "../src/tensor/index.ts";
import { type PrimitiveName, shapeRules } from "../src/tensor/primitives.ts";
import { type CaseInput, primitiveCases } from "./primitive-cases.ts";
import { workingDevices } from "./support/working-devices.ts";

const testedDevices = await workingDevices();

/** Largest allowed deviation, relative to 1 + |value|: float64 differences of step 1e-5; float32 arithmetic. */
const gradientTolerance = 1e-7;
const engineTolerance = 2e-5;
/** A scalar that is steeper at an awkward point jumps there. */
const steepest = 1e3;
/** WebGPU's language allows sin and cos an absolute error of 2⁻¹¹. */
const sineToleranceOfWebGpu = 5e-4;

/** What the tests below have gone through. */
const covered = {
  primitives: new Set<string>(),
  gradientCases: 0,
  points: 0,
  derivatives: 0,
  kinks: 0,
  jumps: 0,
  engines: new Map<string, number>(),
};

afterAll(() => {
  const { primitives, gradientCases, points, derivatives, kinks, jumps, engines } = covered;
  const agreements = [...engines].map(([device, count]) => `${device} in ${count} cases`);
  process.stdout.write(
    `primitives covered: ${primitives.size} of ${Object.keys(shapeRules).length}, ` +
      `${gradientCases} gradient cases of first and second order at ${points} points ` +
      `(${derivatives} derivatives, ${kinks} of them at kinks; ${jumps} at jumps left out), ` +
      `engines: ${agreements.join(", ")}\n`,
  );
});

/** Values that meet: zeros, ties within an input and between inputs, signs. */
const awkwardValues = [0, 1, 1, -1, 0.5, -0.5, 2, -2, 0.3, 3];

/** Values of an input that is drawn: half of them awkward. */
function awkwardInput({ shape, dtype = "float32", range = [-2, 2], values: given, distinct }: CaseInput) {
  if (given !== undefined || dtype !== "float32") return fc.constant(values(shape, given ?? []));
  const [low, high] = range;
  const count = shape.reduce((n, s) => n * s, 1);
  const value = fc.oneof(
    fc.constantFrom(...awkwardValues.filter((x) => x >= low && x <= high)),
    // Equal or well apart, so that a step of a difference crosses no kink.
    fc.integer({ min: Math.ceil(low * 128), max: Math.floor(high * 128) }).map((x) => x / 128),
  );
  const array = distinct ? fc.uniqueArray : fc.array;
  return array(value, { minLength: count, maxLength: count }).map((data) => values(shape, data));
}

function drawn(
  { shape, dtype = "float32", range = [-2, 2], values: given }: CaseInput,
  stream: Stream,
): Values {
  const count = shape.reduce((n, s) => n * s, 1);
  if (given !== undefined) return values(shape, given);
  const data = Array.from({ length: count }, () => range[0] + stream.uniform() * (range[1] - range[0]));
  // Rounded to float32, so that both engines start from the same numbers.
  return values(shape, dtype === "float32" ? data.map(Math.fround) : data.map(Math.round));
}

function typed(dtype: DType, data: Float64Array): SessionData {
  if (dtype === "float32") return Float32Array.from(data);
  return dtype === "int32" ? Int32Array.from(data) : Uint8Array.from(data);
}

function worstDeviation(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length);
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    const deviation = Math.abs(actual[i]! - expected[i]!) / (1 + Math.abs(expected[i]!));
    worst = Math.max(worst, Number.isNaN(deviation) ? Number.POSITIVE_INFINITY : deviation);
  }
  return worst;
}

/** Σ cotangent · output, with fixed cotangents that differ from element to element, none of them small. */
function projected(output: Tensor): Tensor {
  const shape = output.shape as number[];
  const count = shape.reduce((n, s) => n * s, 1);
  const cotangent = Float64Array.from({ length: count }, (_, i) =>
    Math.fround((i % 2 === 0 ? 1 : -1) * (1.5 + Math.cos(1 + 2.3 * i))),
  );
  return sum(mul(output, constant(cotangent, shape)));
}

function setUp(caseInputs: readonly CaseInput[], name: string, index: number) {
  const stream = new Stream(2024, name, index);
  const tensors = caseInputs.map(({ shape, dtype }, i) => input(`x${i}`, shape, dtype ?? "float32"));
  const feeds = new Map<Tensor, Values>(tensors.map((t, i) => [t, drawn(caseInputs[i]!, stream)]));
  return { tensors, feeds };
}

/** Awkward values for all inputs of a case, the same in every run. */
function awkwardPoint(inputs: readonly CaseInput[], tensors: readonly Tensor[], index: number) {
  const [data] = fc.sample(fc.tuple(...inputs.map(awkwardInput)), { numRuns: 1, seed: index });
  return new Map<Tensor, Values>(tensors.map((t, i) => [t, data![i]!]));
}

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
        checkGradient(first, floats, gradients, at, { where: `${where}, first order`, awkward });
        // Second order: the gradient of a projection of the gradient.
        if (floats.length === 0) return;
        const second = projected(gradients[0]!);
        const curvatures = grad(second, floats, { unreached: "zero" });
        checkGradient(second, floats, curvatures, at, { where: `${where}, second order`, awkward });
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
        for (const batch of [undefined, 4]) {
          const session = await Session.create(
            functionModel({ inputs: tensors, outputs, ...(batch === undefined ? {} : { batch }) }),
            { device },
          );
          for (const point of points) {
            const expected = evaluate(Object.values(outputs), point);
            const results = await session.run(
              Object.fromEntries(
                tensors.map((t) => {
                  const { data, shape } = point.get(t)!;
                  return [t.attributes.name, { data: typed(t.dtype, data), shape }];
                }),
              ),
            );
            Object.keys(outputs).forEach((key, i) => {
              const where = `${name} case ${index}, ${key}, batch ${batch}`;
              expect(results[key]!.shape, where).toEqual(expected[i]!.shape);
              expect(worstDeviation(results[key]!.data, expected[i]!.data), where).toBeLessThan(tolerance);
            });
          }
          await session.release();
        }
        covered.engines.set(device, (covered.engines.get(device) ?? 0) + 1);
      }
    },
  );
});

/**
 * The gradient against differences of the scalar with respect to every element of every tensor. At random points it
 * is the central difference; at awkward ones it lies between those of both sides, which are equal but for some 1e-5
 * where there is no kink. Where the scalar jumps there is no slope to compare with.
 */
function checkGradient(
  scalar: Tensor,
  tensors: readonly Tensor[],
  gradients: readonly Tensor[],
  feeds: ReadonlyMap<Tensor, Values>,
  { where, awkward }: { readonly where: string; readonly awkward: boolean },
): void {
  const exact = evaluate(gradients, feeds);
  const here = evaluate([scalar], feeds)[0]!.data[0]!;
  const step = 1e-5;
  tensors.forEach((tensor, t) => {
    const base = feeds.get(tensor)!;
    expect(exact[t]!.shape, where).toEqual(base.shape);
    base.data.forEach((x, i) => {
      const at = (shift: number) => {
        const data = base.data.slice();
        data[i] = x + shift;
        return evaluate([scalar], new Map(feeds).set(tensor, { shape: base.shape, data }))[0]!.data[0]!;
      };
      const [left, right] = [(here - at(-step)) / step, (at(step) - here) / step].sort((a, b) => a - b);
      const found = exact[t]!.data[i]!;
      const message = `${where}, input ${t}, element ${i} at [${base.data.join(", ")}]`;
      if (!awkward) {
        expect(worstDeviation([found], [(left! + right!) / 2]), message).toBeLessThan(gradientTolerance);
        covered.derivatives++;
      } else if (right! < steepest && left! > -steepest) {
        const slack = 1e-6 * (1 + Math.abs(found));
        expect(found, message).toBeGreaterThanOrEqual(left! - slack);
        expect(found, message).toBeLessThanOrEqual(right! + slack);
        covered.derivatives++;
        if (right! - left! > 0.1) covered.kinks++;
      } else covered.jumps++;
    });
  });
}
