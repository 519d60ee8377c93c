/** Graphs checked against the reference: their gradients by differences, their values and gradients on a device. */
import fc from "fast-check";
import { expect } from "vitest";
import { Stream } from "../../src/array/index.ts";
import {
  type Device,
  evaluate,
  functionModel,
  Session,
  type SessionData,
  type Values,
  values,
} from "../../src/engine/index.ts";
import {
  constant,
  type DType,
  type InputTensor,
  input,
  mul,
  sum,
  type Tensor,
} from "../../src/tensor/index.ts";
import type { CaseInput } from "../primitive-cases.ts";

/** Largest allowed deviation, relative to 1 + |value|: float64 differences of step 1e-5; float32 arithmetic. */
const gradientTolerance = 1e-7;
export const engineTolerance = 2e-5;
/** A scalar that is steeper at an awkward point jumps there. */
const steepest = 1e3;

/** How many derivatives were compared, how many of them at kinks, and at how many places there is none. */
export interface DerivativeCounts {
  derivatives: number;
  kinks: number;
  jumps: number;
}

export function newDerivativeCounts(): DerivativeCounts {
  return { derivatives: 0, kinks: 0, jumps: 0 };
}

export function derivativesText({ derivatives, kinks, jumps }: DerivativeCounts): string {
  return `${derivatives} derivatives, ${kinks} of them at kinks; ${jumps} at jumps left out`;
}

/** Values that meet: zeros, ties within an input and between inputs, signs. */
const awkwardValues = [0, 1, 1, -1, 0.5, -0.5, 2, -2, 0.3, 3];

/** Values of an input that is drawn: half of them awkward. */
export function awkwardInput({
  shape,
  dtype = "float32",
  range = [-2, 2],
  values: given,
  distinct,
}: CaseInput): fc.Arbitrary<Values> {
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
export function projected(output: Tensor): Tensor {
  const shape = output.shape as number[];
  const count = shape.reduce((n, s) => n * s, 1);
  const cotangent = Float64Array.from({ length: count }, (_, i) =>
    Math.fround((i % 2 === 0 ? 1 : -1) * (1.5 + Math.cos(1 + 2.3 * i))),
  );
  return sum(mul(output, constant(cotangent, shape)));
}

/** Inputs of a case with drawn values, the same in every run. */
export function setUp(
  caseInputs: readonly CaseInput[],
  name: string,
  index: number,
): { readonly tensors: InputTensor[]; readonly feeds: Map<Tensor, Values> } {
  const stream = new Stream(2024, name, index);
  const tensors = caseInputs.map(({ shape, dtype }, i) => input(`x${i}`, shape, dtype ?? "float32"));
  const feeds = new Map<Tensor, Values>(tensors.map((t, i) => [t, drawn(caseInputs[i]!, stream)]));
  return { tensors, feeds };
}

/** Awkward values for all inputs of a case, the same in every run. */
export function awkwardPoint(
  inputs: readonly CaseInput[],
  tensors: readonly Tensor[],
  index: number,
): Map<Tensor, Values> {
  const [data] = fc.sample(fc.tuple(...inputs.map(awkwardInput)), { numRuns: 1, seed: index });
  return new Map<Tensor, Values>(tensors.map((t, i) => [t, data![i]!]));
}

/** The outputs on a device agree with the reference at every point, lowered without and with a layout for events. */
export async function checkAgreement(
  tensors: readonly InputTensor[],
  outputs: Readonly<Record<string, Tensor>>,
  points: readonly ReadonlyMap<Tensor, Values>[],
  options: { readonly device?: Device; readonly tolerance: number; readonly where: string },
): Promise<void> {
  const { device = "cpu", tolerance } = options;
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
        const where = `${options.where}, ${key}, batch ${batch}`;
        expect(results[key]!.shape, where).toEqual(expected[i]!.shape);
        expect(worstDeviation(results[key]!.data, expected[i]!.data), where).toBeLessThan(tolerance);
      });
    }
    await session.release();
  }
}

/**
 * The gradient against differences of the scalar with respect to every element of every tensor. At random points it
 * is the central difference; at awkward ones it lies between those of both sides, which are equal but for some 1e-5
 * where there is no kink. Where the scalar jumps there is no slope to compare with.
 */
export function checkGradient(
  scalar: Tensor,
  tensors: readonly Tensor[],
  gradients: readonly Tensor[],
  feeds: ReadonlyMap<Tensor, Values>,
  options: { readonly where: string; readonly awkward: boolean; readonly counts: DerivativeCounts },
): void {
  const { where, awkward, counts } = options;
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
      // At a kink of a curved function the plain difference is off by its curvature: three points see that.
      const slopeTo = (shift: number) =>
        awkward ? (4 * at(shift) - 3 * here - at(2 * shift)) / (2 * shift) : (at(shift) - here) / shift;
      const [left, right] = [slopeTo(-step), slopeTo(step)].sort((a, b) => a - b);
      const found = exact[t]!.data[i]!;
      const message = `${where}, input ${t}, element ${i} at [${base.data.join(", ")}]`;
      if (!awkward) {
        expect(worstDeviation([found], [(left! + right!) / 2]), message).toBeLessThan(gradientTolerance);
        counts.derivatives++;
      } else if (right! < steepest && left! > -steepest) {
        const slack = 1e-6 * (1 + Math.abs(found));
        expect(found, message).toBeGreaterThanOrEqual(left! - slack);
        expect(found, message).toBeLessThanOrEqual(right! + slack);
        counts.derivatives++;
        if (right! - left! > 0.1) counts.kinks++;
      } else counts.jumps++;
    });
  });
}
