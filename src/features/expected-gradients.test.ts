import { describe, expect, test } from "vitest";
import { Stream } from "../array/index.ts";
import { Ensemble, TreeModel } from "../ensemble/index.ts";
import { Model, ModelBuilder } from "../model/index.ts";
import { type Activation, fullyConnected, identityBody } from "../nn/index.ts";
import { trainBoosting } from "../trees/index.ts";
import { attributionSizes, expectedGradients, integratedGradients } from "./index.ts";

const width = 5;
const stream = new Stream(8, "expected gradients");
const drawn = (count: number): Float32Array =>
  Float32Array.from({ length: count * width }, (_, i) =>
    i % width === 4 ? stream.integer(3) : stream.normal(),
  );
const [inputs, background] = [drawn(40), drawn(30)];
const weights = Float32Array.from({ length: 30 }, (_, i) => (i % 5 === 0 ? -0.5 : 1 + (i % 3)));
const features = {
  continuousFeatures: ["a", "b", "c", "d"],
  categoricalFeatures: ["jets"],
  categorySizes: [3],
};
const builderOf = (activation: Activation, more: object = {}): ModelBuilder =>
  new ModelBuilder({
    task: { kind: "binary" },
    features,
    body: fullyConnected({ depth: 3, width: 16, activation, connect: "dense" }),
    ...more,
  });

/** The largest |base + Σ values − prediction| of an event, and the largest |prediction − base|. */
function additivity({
  values,
  base,
  prediction,
  features: names,
}: Awaited<ReturnType<typeof expectedGradients>>) {
  let [worst, spread] = [0, 0];
  for (const [event, expected] of prediction.entries()) {
    let sum = base[event]!;
    for (let j = 0; j < names.length; j++) sum += values[event * names.length + j]!;
    worst = Math.max(worst, Math.abs(sum - expected));
    spread = Math.max(spread, Math.abs(expected - base[event]!));
  }
  return { worst, spread };
}

describe("expectedGradients", () => {
  test.each([
    ["swish", 1e-5, {}],
    ["relu", 1e-3, {}],
  ] as const)(
    "of an ensemble add up with the weighted mean of the background, categories too: %s",
    async (activation, tolerance, options) => {
      const builder = builderOf(activation);
      const models = [0, 1].map((member) => Model.fresh(builder, 4, member));
      const ensemble = Ensemble.fromModels(models, [3, 1]);
      const found = await expectedGradients(ensemble, inputs, { inputs: background, weights }, options);
      expect(found.features).toEqual(["a", "b", "c", "d", "jets"]);
      const direct = await ensemble.predict(inputs, 40);
      const means = await ensemble.predict(background, 30);
      const total = weights.reduce((sum, w) => sum + w, 0);
      const mean = means.reduce((sum, p, i) => sum + p * weights[i]!, 0) / total;
      for (const [event, prediction] of found.prediction.entries()) {
        expect(prediction).toBeCloseTo(direct[event]!, 6);
        expect(found.base[event]).toBeCloseTo(mean, 6);
      }
      const { worst, spread } = additivity(found);
      expect(worst).toBeLessThan(tolerance);
      expect(spread).toBeGreaterThan(0.05);
      expect(attributionSizes(found).find(({ name }) => name === "jets")!.value).toBeGreaterThan(1e-3);
    },
  );

  test("of a linear network are the SHAP values: coefficient times the distance from the background's mean", async () => {
    const task = { kind: "regression", targetCount: 1 } as const;
    const linear = Model.fresh(builderOf("linear", { task, body: identityBody() }), 2);
    const { values } = await expectedGradients(linear, inputs, { inputs: background, weights });
    const coefficients = linear.weightsByName(["tail.weight"])["tail.weight"]!.data;
    const total = weights.reduce((sum, w) => sum + w, 0);
    for (let j = 0; j < 4; j++) {
      const mean = weights.reduce((sum, w, i) => sum + w * background[i * width + j]!, 0) / total;
      for (let event = 0; event < 40; event++) {
        expect(values[event * width + j]).toBeCloseTo(
          coefficients[j]! * (inputs[event * width + j]! - mean),
          5,
        );
      }
    }
  });

  test("of one background event are the integrated gradients from it", async () => {
    const model = Model.fresh(builderOf("swish"), 4);
    const [reference, events] = [inputs.slice(0, width), inputs.slice()];
    for (let i = 4; i < events.length; i += width) events[i] = reference[4]!;
    const [expected, integrated] = [
      await expectedGradients(model, events, { inputs: reference }),
      await integratedGradients(model, events, { baseline: reference }),
    ];
    for (const [i, value] of expected.values.entries()) expect(value).toBeCloseTo(integrated.values[i]!, 4);
  });

  test("obey the laws of weights: scale, weight 0, weight 2", async () => {
    const model = Model.fresh(builderOf("swish"), 4);
    const of = async (rows: readonly number[], own: readonly number[]) => {
      const chosen = Float32Array.from(
        rows.flatMap((row) => [...background.subarray(row * width, (row + 1) * width)]),
      );
      const { values } = await expectedGradients(model, inputs, { inputs: chosen, weights: own });
      return values;
    };
    const plain = await of([0, 1, 2], [1, 1, 2]);
    for (const [rows, own] of [
      [
        [0, 1, 2],
        [7, 7, 14],
      ],
      [
        [0, 1, 2, 3],
        [1, 1, 2, 0],
      ],
      [
        [0, 1, 2, 2],
        [1, 1, 1, 1],
      ],
    ] as const) {
      const same = await of(rows, own);
      for (const [i, value] of same.entries()) expect(value).toBeCloseTo(plain[i]!, 6);
    }
  });

  test("are the same for the same seed, and draw the background by it", async () => {
    const model = Model.fresh(builderOf("swish"), 4);
    const of = (seed: number) =>
      expectedGradients(model, inputs, { inputs: background }, { backgroundCount: 4, seed });
    expect(await of(1)).toEqual(await of(1));
    expect((await of(2)).values).not.toEqual((await of(1)).values);
  });

  test("refuse what does not fit", async () => {
    const model = Model.fresh(builderOf("swish"), 4);
    const good = { inputs: background };
    await expect(expectedGradients(model, inputs.subarray(0, 7), good)).rejects.toThrow(
      "expectedGradients: the network takes 5 features, but 7 inputs and a background of 150 came.",
    );
    await expect(expectedGradients(model, inputs, good, { stepCount: 0 })).rejects.toThrow(
      "expectedGradients: stepCount is 0; give a whole number, at least 1.",
    );
    await expect(expectedGradients(model, inputs, good, { tolerance: 0 })).rejects.toThrow(
      "expectedGradients: tolerance is 0; give a positive number.",
    );
    await expect(expectedGradients(model, inputs, good, { output: 1 })).rejects.toThrow(
      "expectedGradients: output 1 is none of the 1 output, counted from 0.",
    );
    await expect(
      expectedGradients(model, inputs, { ...good, weights: weights.map((w) => -w) }),
    ).rejects.toThrow(
      /the weights of the 30 background events drawn sum to -[\d.]+; the sum must be positive/,
    );
    const targets = Float64Array.from({ length: 40 }, (_, i) => i % 2);
    const columns = [0, 1, 2, 3, 4].map((j) => Float64Array.from(targets, (_, i) => inputs[i * width + j]!));
    const trees = new TreeModel(trainBoosting({ columns, targets }, { task: "binary", rounds: 2 }).model);
    await expect(expectedGradients(Ensemble.fromModels([model, trees]), inputs, good)).rejects.toThrow(
      /^expectedGradients: member1 is of the kind "trees", not a network of ours/,
    );
  });
});

describe("attributionSizes", () => {
  test("are weighted means of absolute values, the largest first", () => {
    const found = {
      features: ["a", "b"],
      values: Float64Array.of(1, -2, 1, 6, -1, 4),
      base: new Float64Array(3),
      prediction: new Float64Array(3),
    };
    const [first, second] = attributionSizes(found, [1, 0, 3]);
    expect(first).toEqual({ name: "b", value: 3.5, uncertainty: Math.sqrt(1.5 ** 2 + (3 * 0.5) ** 2) / 4 });
    expect(second).toEqual({ name: "a", value: 1, uncertainty: 0 });
    expect(() => attributionSizes(found, [1])).toThrow(
      "attributionSizes: 3 events, but 1 weights. Give one for each.",
    );
  });
});
