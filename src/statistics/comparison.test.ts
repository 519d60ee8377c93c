/** Comparisons, calibration and densities of weighted samples. */
import { expect, test } from "vitest";
import { Stream } from "../array/index.ts";
import { DataError } from "../errors/index.ts";
import { logLoss, rocAuc, rocAucWithUncertainty } from "../metrics/index.ts";
import { calibrated, fitIsotonic, fitTemperature } from "./calibrators.ts";
import { distributionDifference, pairedDifference } from "./comparison.ts";
import { kernelDensity, summariseDistribution } from "./distribution.ts";

const normals = (count: number, key: number): Float64Array => {
  const stream = new Stream(8, "sample", key);
  return Float64Array.from({ length: count }, () => stream.normal());
};

test("the distance of two samples is that of their distribution functions, with ties and weights", () => {
  const { distance } = distributionDifference({ values: [1, 2, 2, 4] }, { values: [2, 3, 4, 5] });
  expect(distance).toBeCloseTo(0.5, 12);
  const weighted = distributionDifference(
    { values: [1, 2, 4], weights: [1, 2, 1] },
    { values: [2, 3, 4, 5, 9], weights: [1, 1, 1, 1, 0] },
  );
  expect(weighted.distance).toBeCloseTo(0.5, 12);
  const negative = distributionDifference(
    { values: [1, 2, 2, 4, 7, 7], weights: [1, 1, 1, 1, -1.5, 1.5] },
    { values: [2, 3, 4, 5] },
  );
  expect(negative.distance).toBeCloseTo(0.5, 12);
});

test("samples of one distribution are found different as often as the p-value says, a shift at once", () => {
  const options = { permutationCount: 99, seed: 3 };
  const weights = Float64Array.from({ length: 40 }, (_, i) => 1 + (i % 3));
  let below = 0;
  for (let k = 0; k < 200; k++) {
    const first = { values: normals(40, 2 * k), weights };
    const { pValue } = distributionDifference(
      first,
      { values: normals(60, 2 * k + 1) },
      { ...options, seed: k },
    );
    if (pValue <= 0.2) below++;
  }
  // 40 ± 5.7 expected.
  expect(below).toBeGreaterThan(20);
  expect(below).toBeLessThan(60);
  const shifted = normals(60, 7).map((x) => x + 1.5);
  expect(
    distributionDifference({ values: normals(40, 6), weights }, { values: shifted }, options).pValue,
  ).toBe(0.01);
});

test("a paired difference is far more certain than two differences of their own", () => {
  const stream = new Stream(2, "paired");
  const targets = Float64Array.from({ length: 800 }, (_, i) => i % 2);
  const good = Float64Array.from(targets, (y) => y + 1.2 * stream.normal());
  const worse = good.map((x) => x + 1.6 * stream.normal());
  const auc = (p: ArrayLike<number>, w: Float64Array): number => rocAuc(Array.from(p), targets, w);
  const found = pairedDifference(good, worse, auc, undefined, { seed: 1 });
  expect(found.value).toBeCloseTo(rocAuc(good, targets) - rocAuc(worse, targets), 12);
  const alone = rocAucWithUncertainty(good, targets, undefined, { seed: 1 }).uncertainty;
  expect(found.uncertainty).toBeLessThan(0.85 * Math.SQRT2 * alone);
  expect(found.pValue).toBeLessThan(0.05);
  expect(pairedDifference(good, good, auc)).toEqual({ value: 0, uncertainty: 0, pValue: 1 });
  expect(() => pairedDifference([1], [1, 2], auc)).toThrow("Both must be of the same events.");
});

/** Calibrated probabilities, and the same with their logits doubled. */
function tooSure(): { targets: Float64Array; sure: Float64Array; weights: Float64Array } {
  const stream = new Stream(5, "calibration");
  const truth = Float64Array.from({ length: 20_000 }, () => 0.02 + 0.96 * stream.uniform());
  return {
    targets: truth.map((p) => (stream.uniform() < p ? 1 : 0)),
    sure: truth.map((p) => p ** 2 / (p ** 2 + (1 - p) ** 2)),
    weights: truth.map((_, i) => 0.5 + (i % 4)),
  };
}

test("temperature finds the factor of the logits; doubled weights change nothing, weight 2 is the event twice", () => {
  const { targets, sure, weights } = tooSure();
  const fitted = fitTemperature(sure, targets, weights);
  if (fitted.kind !== "temperature") throw new Error("a temperature was expected");
  expect(fitted.temperature).toBeGreaterThan(1.9);
  expect(fitted.temperature).toBeLessThan(2.1);
  const after = calibrated(fitted, sure);
  expect(logLoss(after, targets, weights)).toBeLessThan(logLoss(sure, targets, weights));
  const p = [0.9, 0.2, 0.6, 0.4];
  const y = [1, 0, 0, 1];
  const of = (...given: Parameters<typeof fitTemperature>): number => {
    const calibrator = fitTemperature(...given);
    return calibrator.kind === "temperature" ? calibrator.temperature : Number.NaN;
  };
  expect(of(p, y, [2, 1, 1, 1])).toBeCloseTo(of([...p, 0.9], [...y, 1]), 6);
  expect(of(p, y, [6, 3, 3, 3])).toBeCloseTo(of(p, y, [2, 1, 1, 1]), 6);
  expect(of([...p, 0.1, 0.1], [...y, 1, 1], [1, 1, 1, 1, -1.5, 1.5])).toBeCloseTo(of(p, y), 6);
});

test("isotonic pools what falls, with weights and ties, and refuses negative weights", () => {
  const pooled = fitIsotonic([0.1, 0.2, 0.3, 0.3, 0.8], [0, 1, 0, 0, 1], [1, 1, 2, 1, 1]);
  if (pooled.kind !== "isotonic") throw new Error("an isotonic map was expected");
  expect([...pooled.scores]).toEqual([0.1, 0.2, 0.3, 0.8]);
  expect([...pooled.probabilities]).toEqual([0, 0.25, 0.25, 1]);
  expect([...calibrated(pooled, [0, 0.25, 0.55, 0.9])]).toEqual([0, 0.25, expect.closeTo(0.625, 12), 1]);
  const { targets, sure, weights } = tooSure();
  const after = calibrated(fitIsotonic(sure, targets, weights), sure);
  const best = calibrated(fitTemperature(sure, targets, weights), sure);
  expect(logLoss(after, targets, weights)).toBeLessThan(logLoss(best, targets, weights) + 0.002);
  expect(() => fitIsotonic([0.1, 0.9, 0.5], [0, 1, 1], [1, 2, -1])).toThrow(DataError);
  expect(() => fitTemperature([0.1, 1.9], [0, 1])).toThrow("the prediction of event 1 is 1.9");
});

test("summaries of a normal sample have the uncertainties of theory", () => {
  const values = normals(2000, 1);
  const found = summariseDistribution(values, undefined, { replicaCount: 200, seed: 4 });
  expect(found.mean.uncertainty / (1 / Math.sqrt(2000))).toBeCloseTo(1, 0);
  expect(found.deviation.uncertainty / (1 / Math.sqrt(4000))).toBeCloseTo(1, 0);
  expect(Math.abs(found.halfWidth68.value - 1)).toBeLessThan(4 * found.halfWidth68.uncertainty);
  expect(found.interval68[0].value).toBeLessThan(found.median.value);
  expect(summariseDistribution([1, 2, 3], [1, 1, -1]).median.value).toBeNaN();
});

test("a kernel density integrates to 1, follows the weights and has a band", () => {
  const values = normals(500, 2);
  const points = Float64Array.from({ length: 161 }, (_, i) => -8 + i / 10);
  const { density, uncertainty, bandwidth } = kernelDensity(values, points, undefined, { replicaCount: 50 });
  expect(density.reduce((a, b) => a + b) / 10).toBeCloseTo(1, 6);
  expect(bandwidth).toBeCloseTo(500 ** -0.2, 1);
  expect(Math.abs(density[80]! - 0.3989)).toBeLessThan(5 * uncertainty[80]! + 0.03);
  const twice = kernelDensity([0, 1], [0.5], [2, 1], { bandwidth: 1 }).density;
  expect(twice[0]).toBeCloseTo(kernelDensity([0, 0, 1], [0.5], undefined, { bandwidth: 1 }).density[0]!, 12);
  expect(() => kernelDensity([1, 1], [0])).toThrow("Are all values equal?");
});
