import { describe, expect, test } from "vitest";
import { Stream } from "../array/index.ts";
import { type FeaturePredictor, jointDependence, partialDependence } from "./index.ts";

const eventCount = 3000;
const stream = new Stream(6, "dependence");
const inputs = new Float32Array(eventCount * 3);
for (let i = 0; i < eventCount; i++) {
  inputs[3 * i] = stream.normal();
  inputs[3 * i + 1] = stream.normal() + 0.5 * inputs[3 * i]!;
  inputs[3 * i + 2] = stream.integer(3);
}
const events = {
  features: ["mass", "pt", "jets"],
  inputs,
  scaler: { means: [125, 40], standardDeviations: [10, 20] },
};
/** f = a² + a b + 3 jets of the stored values. */
const model: FeaturePredictor = {
  featureCount: 3,
  outputCount: 2,
  predict: async (x, count) =>
    Float64Array.from({ length: 2 * count }, (_, k) => {
      const [a, b, c] = x.subarray(3 * (k >> 1), 3 * (k >> 1) + 3) as unknown as [number, number, number];
      return k % 2 === 0 ? a * a + a * b + 3 * c : 0 - a;
    }),
};
const weightedMean = (column: number, weights: ArrayLike<number>): number => {
  let [sum, total] = [0, 0];
  for (let i = 0; i < eventCount; i++) {
    sum += weights[i]! * inputs[3 * i + column]!;
    total += weights[i]!;
  }
  return sum / total;
};
const ones = new Float32Array(eventCount).fill(1);
const all = { eventCount };

describe("partialDependence", () => {
  test("is the mean over all events with the feature set, at values in physical units", async () => {
    const values = [105, 125, 140];
    const { mean, values: grid } = await partialDependence(model, events, "mass", { ...all, values });
    expect([...grid]).toEqual(values);
    const [b, c] = [weightedMean(1, ones), weightedMean(2, ones)];
    [-2, 0, 1.5].forEach((a, i) => {
      expect(mean[i]).toBeCloseTo(a * a + a * b + 3 * c, 9);
    });
    const other = await partialDependence(model, events, "mass", { ...all, values, output: 1 });
    expect([...other.mean]).toEqual([2, 0, -1.5]);
  });

  test("uses event weights, negative ones too", async () => {
    const weights = Float32Array.from({ length: eventCount }, (_, i) => (i % 5 === 0 ? -0.5 : 1 + (i % 3)));
    const { mean } = await partialDependence(model, { ...events, weights }, "mass", {
      ...all,
      values: [135],
    });
    expect(mean[0]).toBeCloseTo(1 + weightedMean(1, weights) + 3 * weightedMean(2, weights), 5);
    await expect(
      partialDependence(model, { ...events, weights: ones.map((w) => -w) }, "mass", all),
    ).rejects.toThrow(
      "partialDependence: the weights of the 3000 events drawn sum to -3000; the sum must be positive.",
    );
  });

  test("runs from the 1 % to the 99 % quantile, and over the codes of a category", async () => {
    const { values } = await partialDependence(model, events, "mass", { ...all, pointCount: 5 });
    expect(values).toHaveLength(5);
    expect(values[0]).toBeGreaterThan(125 - 25);
    expect(values[0]).toBeLessThan(125 - 21);
    expect(values[4]).toBeGreaterThan(125 + 21);
    const jets = await partialDependence(model, events, "jets", all);
    expect([...jets.values]).toEqual([0, 1, 2]);
    expect(jets.mean[2]! - jets.mean[0]!).toBeCloseTo(6, 9);
  });

  test("has a curve for single events, and the mean of all curves is the mean", async () => {
    const some = await partialDependence(model, events, "pt", { eventCount: 200, curveCount: 200, seed: 2 });
    expect(some.curves).toHaveLength(200);
    for (const [i, mean] of some.mean.entries()) {
      expect(some.curves.reduce((sum, curve) => sum + curve[i]!, 0) / 200).toBeCloseTo(mean, 9);
    }
    const again = await partialDependence(model, events, "pt", { eventCount: 200, curveCount: 3, seed: 2 });
    expect(again.mean).toEqual(some.mean);
    expect(again.curves).toEqual(some.curves.slice(0, 3));
  });

  test("of two features sets both", async () => {
    const { x, y, mean } = await jointDependence(model, events, ["mass", "pt"], {
      pointCount: 4,
      eventCount: 100,
    });
    const jets = mean[0]! - value(x[0]!, y[0]!);
    for (let row = 0; row < 4; row++) {
      for (let column = 0; column < 4; column++) {
        expect(mean[4 * row + column]).toBeCloseTo(value(x[column]!, y[row]!) + jets, 4);
      }
    }
    function value(mass: number, pt: number): number {
      const [a, b] = [(mass - 125) / 10, (pt - 40) / 20];
      return a * a + a * b;
    }
  });

  test("refuses what does not fit", async () => {
    await expect(partialDependence(model, events, "masss")).rejects.toThrow(/Did you mean "mass"/);
    await expect(partialDependence(model, events, "mass", { output: 2 })).rejects.toThrow(
      "partialDependence: output 2 is none of the 2 outputs, counted from 0.",
    );
    await expect(partialDependence(model, { ...events, features: ["a", "b"] }, "a")).rejects.toThrow(
      "partialDependence: the model takes 3 features, but 9000 inputs of 2 came.",
    );
  });
});
