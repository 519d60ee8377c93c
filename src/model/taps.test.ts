import { describe, expect, test } from "vitest";
import { Stream } from "../array/index.ts";
import { fullyConnected, recurrentLayer, selfAttention, traceNetwork } from "../nn/index.ts";
import { input } from "../tensor/index.ts";
import { ModelBuilder, type ModelBuilderOptions } from "./builder.ts";
import { Model } from "./model.ts";

const features = { continuousFeatures: ["a", "b"], categoricalFeatures: ["jets"], categorySizes: [3] };
const events = 7;

function network(options: Partial<ModelBuilderOptions>): Model {
  const builder = new ModelBuilder({
    task: { kind: "binary" },
    features,
    body: fullyConnected({ depth: 3, width: 4, activation: "swish", connect: "dense", batchNorm: true }),
    ...options,
  });
  return Model.fresh(builder, 3);
}

const stream = new Stream(8, "events");
const inputs = Float32Array.from({ length: events * 3 }, (_, i) =>
  i % 3 === 2 ? stream.integer(3) : stream.normal(),
);
const targets = Float32Array.from({ length: events }, (_, i) => i % 2);
const weights = Float32Array.from({ length: events }, (_, i) => (i === 2 ? -0.3 : 0.5 + i));
const weightSum = weights.reduce((a, b) => a + b, 0);

describe("taps", () => {
  test("every part of a network is named, in the order in which they compute", () => {
    expect(network({}).tapNames).toEqual([
      "inputs",
      "head.jets",
      "head",
      ...[0, 1, 2].flatMap((i) => [`body.layer${i}.linear`, `body.layer${i}.norm`, `body.layer${i}`]),
      "body",
      "tail.linear",
      "tail",
    ]);
  });

  test("outputs are what the layers compute", async () => {
    const model = network({});
    const { outputs, gradients } = await model.taps({ inputs });
    expect(gradients).toEqual({});
    expect(Object.keys(outputs)).toEqual(model.tapNames);
    expect(outputs["body.layer1"]!.shape).toEqual([events, 4]);
    expect(outputs.head!.shape).toEqual([events, 2 + 2]);
    expect(outputs.inputs!.data).toEqual(inputs);
    // The embedding of the category, beside the continuous features.
    const table = model.embeddings().jets!;
    for (let i = 0; i < events; i++) {
      const code = inputs[3 * i + 2]!;
      expect([...outputs.head!.data.subarray(4 * i, 4 * i + 4)]).toEqual([
        ...inputs.subarray(3 * i, 3 * i + 2),
        ...table.data.subarray(2 * code, 2 * code + 2),
      ]);
    }
    const named = model.weightsByName();
    const { data: first } = outputs["body.layer0.linear"]!;
    for (let i = 0; i < events; i++) {
      for (let j = 0; j < 4; j++) {
        let sum = named["body.layer0.bias"]!.data[j]!;
        for (let k = 0; k < 4; k++) {
          sum += named["body.layer0.weight"]!.data[4 * j + k]! * outputs.head!.data[4 * i + k]!;
        }
        expect(first[4 * i + j]).toBeCloseTo(sum, 5);
      }
    }
    const predictions = await model.predict(inputs, events);
    predictions.forEach((p, i) => {
      expect(1 / (1 + Math.exp(-outputs.tail!.data[i]!))).toBeCloseTo(p, 6);
    });
    await model.release();
  });

  test("gradients are those of the weighted mean loss that evaluate gives", async () => {
    const model = network({});
    const { outputs, gradients } = await model.taps(
      { inputs, targets, weights },
      { outputs: ["tail"], gradients: ["inputs", "tail", "body.layer0"] },
    );
    expect(Object.keys(outputs)).toEqual(["tail"]);
    // d loss / d logit = w·(p − y)/Σw.
    outputs.tail!.data.forEach((logit, i) => {
      const p = 1 / (1 + Math.exp(-logit));
      expect(gradients.tail!.data[i]).toBeCloseTo((weights[i]! * (p - targets[i]!)) / weightSum, 6);
    });
    expect(gradients["body.layer0"]!.shape).toEqual([events, 4]);
    expect(gradients["body.layer0"]!.data.some((slope) => slope !== 0)).toBe(true);
    for (let at = 0; at < inputs.length; at++) {
      const slope = gradients.inputs!.data[at]!;
      // A category has no slope.
      if (at % 3 === 2) {
        expect(slope).toBe(0);
        continue;
      }
      const step = 0.02;
      const lossAt = async (shift: number) => {
        const shifted = inputs.slice();
        shifted[at]! += shift;
        return (await model.evaluate({ inputs: shifted, targets, weights })).loss;
      };
      expect(slope).toBeCloseTo(((await lossAt(step)) - (await lossAt(-step))) / (2 * step), 3);
    }
    await model.release();
  });

  test("the slope at a layer is what changing its output does to the loss", async () => {
    const model = network({ body: fullyConnected({ depth: 2, width: 4, activation: "relu" }) });
    const { gradients } = await model.taps(
      { inputs, targets },
      { outputs: [], gradients: ["body.layer0.linear"] },
    );
    // A bias shifts one output of its layer for all events: its slope is the sum of theirs.
    const slopes = gradients["body.layer0.linear"]!.data;
    const { offset } = model.builder.layout.parameters.find(({ name }) => name === "body.layer0.bias")!;
    const labelled = { inputs, targets };
    for (let j = 0; j < 4; j++) {
      const lossAt = async (shift: number) => {
        const parameters = model.parameters.slice();
        parameters[offset + j]! += shift;
        return (await new Model(model.builder, { parameters, buffers: model.buffers }).evaluate(labelled))
          .loss;
      };
      const sum = Array.from({ length: events }, (_, i) => slopes[4 * i + j]!).reduce((a, b) => a + b);
      expect(sum).toBeCloseTo(((await lossAt(0.005)) - (await lossAt(-0.005))) / 0.01, 3);
    }
  });

  test("layers of sequences and sets are named too", () => {
    const x = input("x", [2, 5, 4]);
    const { outputs } = traceNetwork(
      (scope, objects) => {
        const seen = selfAttention(scope.child("attention"), objects, { heads: 2 });
        return recurrentLayer(scope.child("gru"), "gru", seen, { hidden: 3 });
      },
      x,
      { parameters: input("parameters", [1000]), buffers: input("buffers", [0]) },
      false,
    );
    expect([...outputs].map(([name, { shape }]) => `${name} ${shape}`)).toEqual([
      "attention.query.linear 2,5,4",
      "attention.key.linear 2,5,4",
      "attention.value.linear 2,5,4",
      "attention.output.linear 2,5,4",
      "attention 2,5,4",
      "gru 2,3",
    ]);
  });

  test("what does not fit is refused", async () => {
    const model = network({});
    await expect(model.taps({ inputs }, { outputs: ["body.layer9"] })).rejects.toThrow(
      'part "body.layer9" is not known. Did you mean "body.layer0"?',
    );
    await expect(model.taps({ inputs }, { gradients: ["body"] })).rejects.toThrow(
      "Model.taps: gradients are those of the loss, which needs targets. Give them.",
    );
    await expect(model.taps({ inputs: inputs.subarray(1) })).rejects.toThrow(
      "Model.taps: inputs need 3 numbers for each event, but 20 came.",
    );
    await expect(
      model.taps({ inputs, targets: targets.subarray(1) }, { gradients: ["body"] }),
    ).rejects.toThrow("Model.taps: 7 events need 7 targets and 7 weights, but 6 and no came.");
    await expect(
      model.taps({ inputs, targets, weights: new Float32Array(events) }, { gradients: ["body"] }),
    ).rejects.toThrow("Model.taps: the mean weight of the events is 0; it must be positive.");
  });
});
