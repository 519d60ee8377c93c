import { describe, expect, test } from "vitest";
import { cloudFolds } from "../../test/support/logistic-regression.ts";
import { ModelBuilder } from "../model/index.ts";
import { fullyConnected, lossNames, type Task } from "../nn/index.ts";
import { oneCycle } from "./callback-specs.ts";
import { fit as fitNetwork } from "./fit.ts";

const features = { continuousFeatures: ["a", "b", "c"], categoricalFeatures: [], categorySizes: [] };
const builder = new ModelBuilder({
  task: { kind: "binary" },
  features,
  body: fullyConnected({ depth: 2, width: 12, activation: "swish" }),
  optimiser: { name: "adam", learningRate: 1e-2 },
});
const folds = cloudFolds([260, 300, 280], { weighted: true, noise: 0.1 });
const options = { epochs: 4, batchSize: 32, seed: 5 };

/** A task that a loss is for, and the options that it must have. */
function lossesNeed(name: string): { task: Task; options: Readonly<Record<string, unknown>> } {
  if (name === "crossEntropy") return { task: { kind: "multiclass", classCount: 2 }, options: {} };
  if (name === "significance") return { task: { kind: "binary" }, options: { signal: 10, background: 100 } };
  const isBinary = /^(binary|focal)/.test(name);
  const edges = /Huber$/.test(name) ? { edges: [0, 3, 8] } : {};
  return { task: isBinary ? { kind: "binary" } : { kind: "regression", targetCount: 1 }, options: edges };
}

describe("fit", () => {
  test("trains on folds; evaluating the validation fold gives the validation loss", async () => {
    const { model, validationLoss, history } = await fitNetwork(builder, folds, {
      ...options,
      validationFold: 1,
    });
    expect(history.length).toBe(4);
    const { loss, metrics } = await model.evaluate(folds.getFold(1));
    expect(loss).toBeCloseTo(validationLoss, 6);
    expect(loss).toBeLessThan(0.3);
    expect(metrics.auc).toBeGreaterThan(0.95);
    const again = await fitNetwork(builder, folds, { ...options, validationFold: 1 });
    expect(again.model.parameters).toEqual(model.parameters);
  });

  test("trains on arrays, with and without weights, with callbacks", async () => {
    const parts = [0, 1, 2].map((fold) => folds.getFold(fold));
    const join = (arrays: Float32Array[]) => Float32Array.from(arrays.flatMap((array) => [...array]));
    const data = {
      inputs: join(parts.map(({ inputs }) => inputs)),
      targets: join(parts.map(({ targets }) => targets)),
    };
    const weights = join(parts.map((part) => part.weights!));
    const cycle = oneCycle({ learningRates: [1e-3, 2e-2, 1e-4] });
    const settings = { ...options, foldCount: 4, callbacks: [cycle] };
    const unweighted = await fitNetwork(builder, data, settings);
    const weighted = await fitNetwork(builder, { ...data, weights }, settings);
    expect((await unweighted.model.evaluate(data)).loss).toBeLessThan(0.35);
    expect(weighted.model.parameters).not.toEqual(unweighted.model.parameters);
    await expect(fitNetwork(builder, { ...data, targets: new Float32Array(3) }, settings)).rejects.toThrow(
      "fit: 2520 inputs are 840 events of 3 features, which need 840 targets and 840 weights, but 3 and no came.",
    );
  });

  test.each([...lossNames])("without weights is the same as with ones: %s", async (name) => {
    const { task, options: given } = lossesNeed(name);
    const { inputs, targets } = folds.getFold(0);
    const count = targets.length;
    const data = {
      inputs,
      // Away from 0, where fractional losses have no value.
      targets: task.kind === "regression" ? targets.map((y, i) => 1 + y + (i % 5)) : targets,
    };
    const network = new ModelBuilder({
      ...{ task, features, body: fullyConnected({ depth: 1, width: 4 }) },
      loss: { name, options: given },
    });
    const settings = { ...options, epochs: 1, foldCount: 4 };
    const none = await fitNetwork(network, data, settings);
    const ones = await fitNetwork(network, { ...data, weights: new Float32Array(count).fill(1) }, settings);
    expect(ones.model.parameters).toEqual(none.model.parameters);
    expect(ones.history).toEqual(none.history);
    const { loss } = await none.model.evaluate(data);
    expect((await none.model.evaluate({ ...data, weights: new Float32Array(count).fill(1) })).loss).toBe(
      loss,
    );
  });

  test("goes on from the weights of a model", async () => {
    const first = await fitNetwork(builder, folds, { ...options, epochs: 2 });
    const second = await fitNetwork(first.model, folds, { ...options, epochs: 1, seed: 6 });
    expect(second.history[0]!.trainingLoss).toBeLessThan(first.history[0]!.trainingLoss);
    expect(second.model.parameters).not.toEqual(first.model.parameters);
  });

  test("knows which folds there are", async () => {
    await expect(fitNetwork(builder, folds, { ...options, validationFold: 3 })).rejects.toThrow(
      "fit: there are 3 folds, counted from 0, but the validation fold is 3.",
    );
  });
});
