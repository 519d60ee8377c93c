import { describe, expect, test } from "vitest";
import { Stream } from "../array/index.ts";
import { Model, ModelBuilder } from "../model/index.ts";
import { fullyConnected } from "../nn/index.ts";
import { integratedGradients } from "./index.ts";

const stream = new Stream(8, "integrated gradients");
const eventCount = 600;
const inputs = Float32Array.from({ length: eventCount * 5 }, (_, i) =>
  i % 5 === 4 ? stream.integer(3) : stream.normal(),
);
const features = {
  continuousFeatures: ["a", "b", "c", "d"],
  categoricalFeatures: ["jets"],
  categorySizes: [3],
};
const network = (activation: "swish" | "relu", more: object = {}): Model =>
  Model.fresh(
    new ModelBuilder({
      task: { kind: "binary" },
      features,
      body: fullyConnected({ depth: 3, width: 16, activation, connect: "dense" }),
      ...more,
    }),
    4,
  );

describe("integratedGradients", () => {
  test.each([
    ["swish", {}, eventCount],
    // At kinks the error falls as 1/steps: some events need more of them.
    ["relu", { stepCount: 20 }, 120],
  ] as const)("sum with the base to the prediction within 1e-3: %s", async (kind, options, count) => {
    const model = network(kind);
    const events = inputs.subarray(0, 5 * count);
    const { values, base, prediction } = await integratedGradients(model, events, options);
    const direct = await model.predict(events, count);
    let spread = 0;
    for (let i = 0; i < count; i++) {
      expect(prediction[i]).toBeCloseTo(direct[i]!, 5);
      let sum = base[i]!;
      for (let j = 0; j < 5; j++) sum += values[5 * i + j]!;
      expect(Math.abs(sum - prediction[i]!)).toBeLessThan(1e-3);
      expect(values[5 * i + 4]).toBe(0);
      spread = Math.max(spread, Math.abs(prediction[i]! - base[i]!));
    }
    // There is something to share out.
    expect(spread).toBeGreaterThan(0.05);
  });

  test("give nothing to a feature that the network does not see, and nothing at the baseline", async () => {
    const blind = network("swish", { inputMask: { features: ["a", "c", "d"] } });
    const { values } = await integratedGradients(blind, inputs.subarray(0, 50), { stepCount: 4 });
    const column = (j: number) => Array.from({ length: 10 }, (_, i) => values[5 * i + j]);
    expect(column(1)).toEqual(Array(10).fill(0));
    expect(column(0).every((value) => value !== 0)).toBe(true);
    const first = inputs.slice(0, 5);
    const at = await integratedGradients(blind, first, { baseline: first, stepCount: 1 });
    expect([...at.values].every((value) => value === 0)).toBe(true);
    expect(at.base).toEqual(at.prediction);
  });

  test("refuse what does not fit", async () => {
    const model = network("relu");
    await expect(integratedGradients(model, inputs.subarray(0, 7))).rejects.toThrow(
      "integratedGradients: the network takes 5 features, but 7 inputs and a baseline of 5 came.",
    );
    await expect(integratedGradients(model, inputs, { output: 1 })).rejects.toThrow(
      "integratedGradients: output 1 is none of the 1 output, counted from 0.",
    );
    await expect(integratedGradients(model, inputs, { stepCount: 0 })).rejects.toThrow(
      "integratedGradients: stepCount is 0; give a whole number, at least 1.",
    );
  });
});
