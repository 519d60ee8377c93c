import { describe, expect, test } from "vitest";
import { cloudFolds } from "../../test/support/logistic-regression.ts";
import { Stream } from "../array/index.ts";
import { evaluate, values as numbersOf } from "../engine/index.ts";
import { type GraphHooks, type LossContext, ModelBuilder } from "../model/index.ts";
import { crossEntropy, fullyConnected } from "../nn/index.ts";
import type { OptimiserSpec } from "../optim/index.ts";
import { input, type Tensor } from "../tensor/index.ts";
import type { Callback } from "./callback.ts";
import { gradClipCallback, labelSmoothingCallback } from "./graph-callbacks.ts";
import { trainMember } from "./train-member.ts";

const folds = cloudFolds([128, 128, 128], { noise: 0.1 });
const settings = { member: 0, seed: 2, epochs: 2, batchSize: 32, keepBest: false };

function train(callbacks: Callback[], optimiser: Partial<OptimiserSpec> = {}) {
  const builder = new ModelBuilder({
    task: { kind: "binary" },
    features: { continuousFeatures: ["a", "b", "c"], categoricalFeatures: [], categorySizes: [] },
    body: fullyConnected({ depth: 1, width: 8 }),
    optimiser: { name: "sgd", learningRate: 0.5, momentum: 0, ...optimiser } as OptimiserSpec,
  });
  return trainMember(folds, builder, callbacks, settings);
}

describe("gradient clipping", () => {
  test("is the same as the optimiser's own, by value and by norm", async () => {
    for (const limits of [{ value: 0.01 }, { norm: 0.1 }, { value: 0.05, norm: 0.1 }]) {
      const callback = await train([gradClipCallback(limits)]);
      const own = await train([], { clip: limits });
      for (const [i, parameter] of callback.parameters.entries())
        expect(parameter).toBeCloseTo(own.parameters[i]!, 6);
    }
  });

  test("shortens every step to the norm, and leaves shorter ones alone", async () => {
    const start = (await train([gradClipCallback({ norm: 1e-9 })])).parameters;
    const plain = await train([]);
    expect((await train([gradClipCallback({ norm: 1e6 })])).parameters).toEqual(plain.parameters);
    const short = (await train([gradClipCallback({ norm: 1e-3 })])).parameters;
    const way = Math.hypot(...short.map((value, i) => value - start[i]!));
    // 16 steps of length 0.5 · 1e-3 at most.
    expect(way).toBeLessThan(16 * 0.5e-3 * 1.01);
    expect(way).toBeGreaterThan(1e-3);
  });

  test("needs a limit", () => {
    expect(() => gradClipCallback({})).toThrow(
      "GradClip: value is undefined and norm undefined; give at least one of them, above 0.",
    );
  });
});

describe("label smoothing", () => {
  test("bounds the training loss from below by the entropy of the soft targets; validation keeps the true ones", async () => {
    const [plain, smooth] = [await train([]), await train([labelSmoothingCallback({ zero: 0.2, one: 0.2 })])];
    const entropy = -(0.2 * Math.log(0.2) + 0.8 * Math.log(0.8));
    expect(smooth.history.at(-1)!.trainingLoss).toBeGreaterThan(entropy);
    expect(plain.history.at(-1)!.trainingLoss).toBeLessThan(entropy);
    expect(smooth.validationLoss).toBeLessThan(0.6);
    expect((await train([labelSmoothingCallback({})])).parameters).toEqual(plain.parameters);
  });

  test("refuses what would turn the classes around", () => {
    expect(() => labelSmoothingCallback({ zero: 0.6, one: 0.5 })).toThrow(
      "LabelSmoothing: zero is 0.6 and one 0.5; they must not be negative and their sum be less than 1.",
    );
  });

  test("refuses amounts for two classes, and the wrong number of them", async () => {
    await expect(train([labelSmoothingCallback({ amount: 0.1 })])).rejects.toThrow(
      "LabelSmoothing: amount has 1 numbers, but the network 1 outputs; give one number, or one for each of several classes; of two classes with one output, zero and one.",
    );
    expect(() => labelSmoothingCallback({ amount: [0.1, 1] })).toThrow(
      "LabelSmoothing: amount is 0.1, 1; give numbers of at least 0 and below 1, without zero and one.",
    );
  });

  test("of several classes: the cross-entropy of softened targets, class by class", async () => {
    const amounts = [0.1, 0, 0.3];
    const stream = new Stream(2, "smooth");
    const [rows, classes] = [8, 3];
    const values = Float32Array.from({ length: rows * classes }, () => stream.normal());
    const codes = Float32Array.from({ length: rows }, (_, i) => i % 3);
    const weightsOf = Float32Array.from({ length: rows }, (_, i) => 1 + (i % 2) - (i === 4 ? 3 : 0));
    const [logits, targets, weights] = [
      input("logits", [rows, classes]),
      input("targets", [rows, 1]),
      input("weights", [rows]),
    ];
    const plain = crossEntropy.of(logits, targets, weights, undefined as never);
    const { graph } = labelSmoothingCallback({ amount: amounts });
    const soft = (graph as GraphHooks).loss!(plain, { logits, targets, weights } as LossContext);
    const feeds = new Map([
      [logits as Tensor, numbersOf([rows, classes], values)],
      [targets, numbersOf([rows, 1], codes)],
      [weights, numbersOf([rows], weightsOf)],
    ]);
    const [value] = evaluate([soft], feeds);
    let expected = 0;
    for (let i = 0; i < rows; i++) {
      const row = values.subarray(3 * i, 3 * i + 3);
      const norm = Math.log(row.reduce((sum, z) => sum + Math.exp(z), 0));
      const amount = amounts[codes[i]!]!;
      for (let k = 0; k < classes; k++) {
        const target = (k === codes[i] ? 1 - amount : 0) + amount / classes;
        expected -= (weightsOf[i]! * target * (row[k]! - norm)) / rows;
      }
    }
    expect(value!.data[0]).toBeCloseTo(expected, 6);
  });
});
