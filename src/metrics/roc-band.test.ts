import { expect, test } from "vitest";
import { Stream } from "../array/index.ts";
import { ConfigurationError } from "../errors/index.ts";
import { rocBand, rocCurve } from "./index.ts";

/** Normal scores, the signal's one deviation higher, with weights. */
function scores(count: number, seed: number) {
  const stream = new Stream(seed, "band");
  const targets = Float64Array.from({ length: count }, (_, i) => i % 2);
  const predictions = targets.map((y) => stream.normal() + y);
  const weights = targets.map(() => 0.5 + stream.uniform());
  return { predictions, targets, weights };
}

test("the curve of the band is the ROC curve", () => {
  const { predictions, targets, weights } = scores(301, 1);
  const curve = rocCurve(predictions, targets, weights);
  const band = rocBand(predictions, targets, weights, { replicaCount: 2 });
  band.falsePositiveRate.forEach((rate, i) => {
    const after = curve.falsePositiveRate.findIndex((x) => x > rate + 1e-9);
    const [low, high] = after < 0 ? [curve.truePositiveRate.length - 1, -1] : [after - 1, after];
    expect(band.truePositiveRate[i]).toBeGreaterThanOrEqual(curve.truePositiveRate[low]! - 1e-12);
    if (high > 0) expect(band.truePositiveRate[i]).toBeLessThanOrEqual(curve.truePositiveRate[high]! + 1e-12);
  });
  expect(band.truePositiveRate.at(-1)).toBeCloseTo(1, 12);
});

test("the band is as wide as the spread of repeated samples", () => {
  const curves = Array.from({ length: 60 }, (_, seed) => {
    const { predictions, targets, weights } = scores(1000, 100 + seed);
    return rocBand(predictions, targets, weights, { replicaCount: seed < 4 ? 60 : 0 });
  });
  for (const i of [20, 50]) {
    const values = curves.map((curve) => curve.truePositiveRate[i]!);
    const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
    const spread = Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (values.length - 1));
    const own = curves.slice(0, 4).reduce((sum, curve) => sum + curve.uncertainty[i]! / 4, 0);
    expect(own / spread).toBeGreaterThan(0.7);
    expect(own / spread).toBeLessThan(1.4);
  }
  expect(curves[0]!.uncertainty[100]).toBeCloseTo(0, 12);
});

test("one point is no curve", () => {
  expect(() => rocBand([0.1, 0.9], [0, 1], undefined, { pointCount: 1 })).toThrow(ConfigurationError);
});
