import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { cloudFolds } from "../../test/support/logistic-regression.ts";
import { Model, ModelBuilder } from "../model/index.ts";
import { fullyConnected } from "../nn/index.ts";
import { Ensemble } from "./ensemble.ts";
import type { PredictionFolds } from "./prediction-inputs.ts";

const folder = mkdtempSync(join(tmpdir(), "lumin-ensemble-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const builder = new ModelBuilder({
  task: { kind: "multiclass", classCount: 3 },
  features: { continuousFeatures: ["a", "b", "c"], categoricalFeatures: [], categorySizes: [] },
  body: fullyConnected({ depth: 1, width: 8 }),
});
const losses = [0.5, 0.25, 1, 0.4];
const trained = losses.map((validationLoss, member) => ({
  member,
  model: Model.fresh(builder, 3, member),
  validationLoss,
  validationFold: member % 3,
}));
const folds: PredictionFolds = {
  ...cloudFolds([50, 40, 30]),
  augmentationCount: 2,
  getPredictionFold: (index, augmentation) => {
    const { inputs } = cloudFolds([50, 40, 30]).getFold(index);
    return { inputs: augmentation === 0 ? inputs : inputs.map((value) => -value) };
  },
};

async function mean(members: number[], weights: number[], inputs: Float32Array[], events: number) {
  const sum = new Float64Array(events * 3);
  for (const variant of inputs) {
    for (const [i, member] of members.entries()) {
      const scores = await trained[member]!.model.predict(variant, events);
      for (let j = 0; j < sum.length; j++) sum[j]! += (weights[i]! / inputs.length) * scores[j]!;
    }
  }
  return sum;
}

function difference(a: Float64Array, b: Float64Array): number {
  expect(a.length).toBe(b.length);
  return a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i]!)), 0);
}

describe("weights", () => {
  test("are the reciprocals of the losses, scaled to sum to 1, or uniform", () => {
    const reciprocal = Ensemble.fromResults(trained);
    const sum = 2 + 4 + 1 + 2.5;
    [2, 4, 1, 2.5].forEach((weight, i) => {
      expect(reciprocal.members[i]!.weight).toBeCloseTo(weight / sum, 12);
    });
    const uniform = Ensemble.fromResults(trained, { weighting: "uniform" });
    expect(uniform.members.map(({ weight }) => weight)).toEqual([0.25, 0.25, 0.25, 0.25]);
  });

  test("size takes the members with the lowest losses, in the order of their numbers", () => {
    const best = Ensemble.fromResults(trained.toReversed(), { size: 2 });
    expect(best.members.map(({ member }) => member)).toEqual([1, 3]);
    expect(() => Ensemble.fromResults(trained, { size: 5 })).toThrow(
      "Ensemble: size is 5, but there are 4 trained networks. Give a whole number from 1 to 4.",
    );
  });

  test("need positive losses to be reciprocals", () => {
    const negative = [{ ...trained[0]!, validationLoss: -0.2 }];
    expect(() => Ensemble.fromResults(negative)).toThrow(
      'Ensemble: member 0 has the validation loss -0.2; weighting by its reciprocal needs positive losses. Use weighting: "uniform".',
    );
    expect(Ensemble.fromResults(negative, { weighting: "uniform" }).members[0]!.weight).toBe(1);
  });
});

describe("predictions", () => {
  const ensemble = Ensemble.fromResults(trained);
  const weights = ensemble.members.map(({ weight }) => weight);

  test("are the weighted mean of the members' predictions", async () => {
    const { inputs } = folds.getFold(0);
    const prediction = await ensemble.predict(inputs, 50);
    expect(difference(prediction, await mean([0, 1, 2, 3], weights, [inputs], 50))).toBeLessThan(1e-15);
    for (let event = 0; event < 50; event++) {
      expect(prediction[3 * event]! + prediction[3 * event + 1]! + prediction[3 * event + 2]!).toBeCloseTo(
        1,
        6,
      );
    }
  });

  test("average over the fixed variants of an augmenting yielder, unless told not to", async () => {
    const variants = [0, 1].map((augmentation) => folds.getPredictionFold(1, augmentation).inputs);
    expect(
      difference(await ensemble.predictFold(folds, 1), await mean([0, 1, 2, 3], weights, variants, 40)),
    ).toBeLessThan(1e-15);
    expect(await ensemble.predictFold(folds, 1, { augment: false })).toEqual(
      await ensemble.predict(folds.getFold(1).inputs, 40),
    );
  });

  test("out of fold come only from members that validated on the fold, NaN where none did", async () => {
    const all = await ensemble.predictOutOfFold(folds, { augment: false });
    const expected = [
      await mean([0, 3], [2 / 4.5, 2.5 / 4.5], [folds.getFold(0).inputs], 50),
      await mean([1], [1], [folds.getFold(1).inputs], 40),
      await mean([2], [1], [folds.getFold(2).inputs], 30),
    ];
    for (const [fold, prediction] of all.entries()) {
      expect(difference(prediction, expected[fold]!)).toBeLessThan(1e-12);
    }
    const two = Ensemble.fromResults(trained.slice(0, 2));
    const last = (await two.predictOutOfFold(folds))[2]!;
    expect(last).toHaveLength(90);
    expect(last.every(Number.isNaN)).toBe(true);
  });

  test("of many events are the same as of their parts", async () => {
    const { inputs } = cloudFolds([9000]).getFold(0);
    const whole = await ensemble.predict(inputs, 9000);
    const part = await ensemble.predict(inputs.subarray(0, 8192 * 3), 8192);
    expect(whole.subarray(0, 8192 * 3)).toEqual(part);
  });

  test("of inputs of another size are refused", async () => {
    await expect(ensemble.predict(new Float32Array(10), 5)).rejects.toThrow(
      "Ensemble.predict: 5 events of 3 features are 15 values, but 10 came. Apply the pre-processing of the training first.",
    );
  });

  test("can be interrupted", async () => {
    const controller = new AbortController();
    controller.abort();
    const { inputs } = cloudFolds([100_000]).getFold(0);
    await expect(ensemble.predict(inputs, 100_000, { signal: controller.signal })).rejects.toThrow(
      "interrupted",
    );
  });
});

describe("files", () => {
  test("give the same ensemble back: same members, weights and predictions", async () => {
    const ensemble = Ensemble.fromResults(trained, { size: 3 });
    await ensemble.save(folder);
    const loaded = await Ensemble.load(folder);
    expect(loaded.members.map(({ model: _, ...entry }) => entry)).toEqual(
      ensemble.members.map(({ model: _, ...entry }) => entry),
    );
    const { inputs } = folds.getFold(0);
    expect(await loaded.predict(inputs, 50)).toEqual(await ensemble.predict(inputs, 50));
  });

  test("that are missing or damaged are named", async () => {
    await expect(Ensemble.load(join(folder, "nothing"))).rejects.toThrow(
      `"${join(folder, "nothing", "ensemble.json")}" cannot be read: a folder of an ensemble has a file ensemble.json.`,
    );
    const path = join(folder, "ensemble.json");
    writeFileSync(path, '{"format": "lumin en');
    await expect(Ensemble.load(folder)).rejects.toThrow(`"${path}" is no ensemble file of version 1.`);
  });
});

test("an ensemble without members is refused", () => {
  expect(() => new Ensemble([])).toThrow("Ensemble: it needs at least one member.");
});
