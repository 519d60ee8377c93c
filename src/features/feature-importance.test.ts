import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { writeCloudFoldFile } from "../../test/support/fold-file.ts";
import { Stream } from "../array/index.ts";
import { FoldYielder } from "../data/index.ts";
import { Ensemble } from "../ensemble/index.ts";
import { Model, ModelBuilder } from "../model/index.ts";
import { fullyConnected } from "../nn/index.ts";
import { type FeatureImportances, type FeaturePredictor, featureImportance } from "./index.ts";

const folder = mkdtempSync(join(tmpdir(), "lumin-importance-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** y = Σ cⱼ xⱼ of standard normal columns, and the model that knows it. */
function linear(coefficients: readonly number[], eventCount = 20_000) {
  const width = coefficients.length;
  const stream = new Stream(4, "linear");
  const inputs = Float32Array.from({ length: eventCount * width }, () => stream.normal());
  const y = (x: Float32Array, i: number): number =>
    coefficients.reduce((sum, c, j) => sum + c * x[i * width + j]!, 0);
  const model: FeaturePredictor = {
    featureCount: width,
    outputCount: 1,
    predict: async (x, count) => Float64Array.from({ length: count }, (_, i) => y(x, i)),
  };
  const features = coefficients.map((_, j) => `x${j}`);
  const targets = Float32Array.from({ length: eventCount }, (_, i) => y(inputs, i));
  return { model, data: { features, inputs, targets } };
}

const byName = ({ importances }: FeatureImportances) =>
  Object.fromEntries(importances.map((each) => [each.name, each]));

describe("featureImportance", () => {
  test("of an exact linear model is √2 |c| σ in the root mean square, within its error, and sorted", async () => {
    const { model, data } = linear([0.5, 3, 0, -1]);
    const result = await featureImportance(model, data, { metric: "rootMeanSquare", seed: 2 });
    expect(result.importances.map(({ name }) => name)).toEqual(["x1", "x3", "x0", "x2"]);
    expect(result.nominal.value).toBeLessThan(1e-6);
    for (const [j, c] of [0.5, 3, 0, -1].entries()) {
      const { value, uncertainty, folds } = byName(result)[`x${j}`]!;
      expect(folds).toHaveLength(10);
      expect(Math.abs(value - Math.SQRT2 * Math.abs(c))).toBeLessThan(4 * uncertainty + 1e-6);
      // One fold of 2,000 events knows a root mean square to 1.6 %.
      if (c !== 0) expect(uncertainty / value).toBeLessThan(0.015);
    }
  });

  test("of a group deals its columns together: twins cancel one by one, not as a pair", async () => {
    const { data } = linear([1, 1]);
    const inputs = data.inputs.map((value, i) => (i % 2 === 0 ? value : data.inputs[i - 1]!));
    const difference: FeaturePredictor = {
      featureCount: 2,
      outputCount: 1,
      predict: async (x, count) => Float64Array.from({ length: count }, (_, i) => x[2 * i]! - x[2 * i + 1]!),
    };
    const twins = { ...data, inputs, targets: new Float32Array(data.targets.length) };
    const result = await featureImportance(difference, twins, {
      metric: "rootMeanSquare",
      groups: { both: ["x*"] },
    });
    expect(byName(result).both!.value).toBe(0);
    expect(byName(result).both!.features).toEqual(["x0", "x1"]);
    expect(byName(result).x0!.value).toBeGreaterThan(1);
  });

  test("counts what gets worse as positive, for metrics where higher is better too", async () => {
    const { model, data } = linear([1, 0.2]);
    const targets = data.targets.map((y) => (y > 0 ? 1 : 0));
    const asClass = { ...data, targets };
    const absolute = await featureImportance(model, asClass, { metric: "rocAuc" });
    expect(absolute.nominal.value).toBe(1);
    expect(byName(absolute).x0!.value).toBeGreaterThan(0.3);
    const { metric, unit } = await featureImportance(model, asClass, {
      metric: { name: "rocAuc" },
      unit: "relative",
    });
    expect([metric, unit]).toEqual(["rocAuc", "relative"]);
  });

  test("in relative units is over the nominal value", async () => {
    const { model, data } = linear([1, 0.5], 2000);
    const shifted = { ...data, targets: data.targets.map((y) => y + 0.25) };
    const [plain, relative] = await Promise.all(
      (["metric", "relative"] as const).map((unit) =>
        featureImportance(model, shifted, { metric: "rootMeanSquare", unit }),
      ),
    );
    expect(plain!.nominal.value).toBeCloseTo(0.25, 6);
    expect(byName(relative!).x0!.value / byName(plain!).x0!.value).toBeCloseTo(4, 3);
  });

  test("takes event weights: those of weight 0 do not count, and a scale does not matter", async () => {
    const { model, data } = linear([1, 2], 4000);
    const half = Float32Array.from({ length: 4000 }, (_, i) => i % 2);
    const ruined = data.targets.map((y, i) => (i % 2 === 0 ? 1e6 : y));
    const of = (weights: Float32Array) =>
      featureImportance(model, { ...data, targets: ruined, weights }, { metric: "rootMeanSquare" });
    const weighted = await of(half);
    expect(weighted.nominal.value).toBeLessThan(1e-6);
    expect(byName(weighted).x1!.value).toBeCloseTo(2 * Math.SQRT2, 0);
    const scaled = await of(half.map((w) => 8 * w));
    expect(scaled.importances).toEqual(weighted.importances);
  });

  test("is the same for the same seed, whichever other features are looked at, and more repeats change it", async () => {
    const { model, data } = linear([1, 2, 3], 1000);
    const options = { metric: "rootMeanSquare", seed: 7 };
    const all = byName(await featureImportance(model, data, options));
    const one = await featureImportance(model, data, { ...options, features: ["x2"] });
    expect(one.importances).toEqual([all.x2]);
    const other = await featureImportance(model, data, { ...options, seed: 8, features: ["x2"] });
    expect(other.importances[0]!.value).not.toBe(all.x2!.value);
    const more = await featureImportance(model, data, { ...options, repeatCount: 8, features: ["x2"] });
    expect(more.importances[0]!.uncertainty).toBeLessThan(2 * all.x2!.uncertainty);
    expect(more.importances[0]!.value).not.toBe(all.x2!.value);
  });

  test("of networks: a feature that every network is blind to has none; out of fold asks other members", async () => {
    const path = join(folder, "cloud.h5");
    await writeCloudFoldFile(path, 3, 200);
    const folds = await FoldYielder.open(path);
    const builder = new ModelBuilder({
      task: { kind: "binary" },
      features: folds,
      body: fullyConnected({ depth: 1, width: 8 }),
      inputMask: { features: ["lep_*"] },
    });
    const members = [0, 1, 2].map((member) => ({
      ...{ member, model: Model.fresh(builder, 5, member), validationLoss: 1, validationFold: member },
    }));
    const ensemble = Ensemble.fromResults(members);
    const [whole, single, outside] = await Promise.all([
      featureImportance(ensemble, folds, { metric: "logLoss" }),
      featureImportance(members[1]!.model, folds, { metric: "logLoss" }),
      featureImportance((fold) => ensemble.outOfFold(fold), folds, { metric: "logLoss" }),
    ]);
    for (const result of [whole, single, outside]) {
      expect(result.importances).toHaveLength(5);
      expect(byName(result).mass!.folds).toEqual([0, 0, 0]);
      expect(byName(result).lep_px!.value).not.toBe(0);
    }
    expect(byName(outside!).lep_px!.folds[1]).toBeCloseTo(byName(single!).lep_px!.folds[1]!, 6);
    expect(byName(outside!).lep_px!.folds[0]).not.toBeCloseTo(byName(single!).lep_px!.folds[0]!, 6);
    expect(() => ensemble.without(2).outOfFold(2)).toThrow(
      "Ensemble.outOfFold: every member may have trained on fold 2. Train at least as many members as there are folds.",
    );
    const directory = join(folder, "saved");
    await ensemble.save(directory);
    const saved = { directory, outOfFold: true };
    for (const workers of [0, 2]) {
      const shares: number[] = [];
      const again = await featureImportance(saved, folds, {
        ...{ metric: "logLoss", workers },
        onProgress: (share) => shares.push(share),
      });
      expect(again).toEqual(outside);
      expect(shares.at(-1)).toBeCloseTo(1, 9);
    }
    await ensemble.release();
    folds.close();
  });

  test("refuses what it cannot do", async () => {
    const { model, data } = linear([1, 2], 100);
    const metric = "rootMeanSquare";
    await expect(featureImportance(model, data, { metric: "rocAux" })).rejects.toThrow(/rocAuc/);
    await expect(featureImportance(model, data, { metric, features: ["x9"] })).rejects.toThrow(/x9/);
    await expect(featureImportance(model, data, { metric, repeatCount: 0 })).rejects.toThrow(
      "featureImportance: repeatCount is 0; give a whole number, at least 1.",
    );
    const wide = { ...data, features: ["x0", "x1", "x2", "x3"], targets: data.targets.slice(0, 50) };
    await expect(featureImportance(model, wide, { metric })).rejects.toThrow(
      "featureImportance: the model takes 2 features, but the events have 4. Give the events that it was trained on, or others with the same pre-processing.",
    );
    await expect(
      featureImportance(model, { ...data, features: ["x0", "x1", "x2"] }, { metric }),
    ).rejects.toThrow("are not of the same events");
    await expect(featureImportance(model, data, { metric, workers: 2 })).rejects.toThrow(
      "featureImportance: worker processes load the ensemble from a folder; give { directory }, or workers: 0.",
    );
    await expect(featureImportance(model, data, { metric, signal: AbortSignal.abort() })).rejects.toThrow(
      "featureImportance: interrupted.",
    );
  });
});
