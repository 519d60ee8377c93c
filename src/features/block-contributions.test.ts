import { describe, expect, test } from "vitest";
import { Stream } from "../array/index.ts";
import { Model, ModelBuilder } from "../model/index.ts";
import { fullyConnected, multiBlock } from "../nn/index.ts";
import { blockContributions, bottleneckContributions } from "./index.ts";

const features = {
  continuousFeatures: ["a", "b", "c"],
  categoricalFeatures: ["jets"],
  categorySizes: [4],
};
const layer = { depth: 1, width: 5, activation: "swish" } as const;
const model = Model.fresh(
  new ModelBuilder({
    task: { kind: "binary" },
    features,
    body: multiBlock({
      bottleneck: 2,
      blocks: [
        { features: ["a", "b"], ...layer },
        { features: ["c", "jets"], ...layer, width: 7 },
        { features: ["*"], ...layer },
      ],
    }),
  }),
  3,
);
const eventCount = 40;
const stream = new Stream(2, "blocks");
const inputs = Float32Array.from({ length: eventCount * 4 }, (_, i) =>
  i % 4 === 3 ? stream.integer(4) : stream.normal(),
);
const sumAt = (parts: readonly { readonly values: Float64Array }[], bias: number, event: number): number =>
  parts.reduce((sum, { values }) => sum + values[event]!, bias);

describe("blockContributions", () => {
  test("sum with the bias to the logit of every event", async () => {
    const { of, parts, bias } = await blockContributions(model, { inputs });
    const predictions = await model.predict(inputs, eventCount);
    expect(of).toBe("output 0");
    expect(parts.map(({ name }) => name)).toEqual(["block 0", "block 1", "block 2"]);
    for (let event = 0; event < eventCount; event++) {
      const prediction = 1 / (1 + Math.exp(-sumAt(parts, bias, event)));
      expect(prediction).toBeCloseTo(predictions[event]!, 5);
    }
  });

  test("weigh their means and quantiles: weight 2 is the event twice, and signs have no quantiles", async () => {
    const weights = Float32Array.from({ length: eventCount }, (_, i) => (i < 10 ? 2 : 1));
    const twice = new Float32Array([...inputs.subarray(0, 40), ...inputs]);
    const [weighted, doubled] = [
      await blockContributions(model, { inputs, weights }),
      await blockContributions(model, { inputs: twice }),
    ];
    for (const [i, part] of weighted.parts.entries()) {
      expect(part.mean).toBeCloseTo(doubled.parts[i]!.mean, 6);
      part.quantiles.forEach((value, k) => {
        expect(value).toBeCloseTo(doubled.parts[i]!.quantiles[k]!, 6);
      });
    }
    const signed = await blockContributions(model, { inputs, weights: weights.map((w) => 1.5 - w) });
    expect(signed.parts[0]!.mean).not.toBeNaN();
    expect(signed.parts[0]!.quantiles).toEqual([NaN, NaN, NaN, NaN, NaN]);
  });

  test("refuse what has no blocks, and outputs that there are not", async () => {
    const plain = Model.fresh(
      new ModelBuilder({ task: { kind: "binary" }, features, body: fullyConnected(layer) }),
      1,
    );
    await expect(blockContributions(plain, { inputs })).rejects.toThrow(
      "blockContributions: the network's body is fullyConnected; only a multiBlock one has blocks.",
    );
    await expect(blockContributions(model, { inputs }, { output: 1 })).rejects.toThrow(
      "blockContributions: output 1 is none of the 1 output, counted from 0.",
    );
  });
});

describe("bottleneckContributions", () => {
  test("are of the features that the block does not see, and sum with the bias to the bottleneck's value", async () => {
    for (const [block, value, names] of [
      [0, 1, ["c", "jets"]],
      [1, 0, ["a", "b"]],
    ] as const) {
      const { parts, bias } = await bottleneckContributions(model, { inputs }, { block, value });
      expect(parts.map(({ name }) => name)).toEqual(names);
      const tap = `body.block${block}.bottleneck`;
      const { outputs } = await model.taps({ inputs }, { outputs: [tap] });
      for (let event = 0; event < eventCount; event++) {
        expect(sumAt(parts, bias, event)).toBeCloseTo(outputs[tap]!.data[event * 2 + value]!, 5);
      }
    }
  });

  test("refuse blocks without a bottleneck", async () => {
    await expect(bottleneckContributions(model, { inputs }, { block: 2 })).rejects.toThrow(
      "bottleneckContributions: block 2 has no bottleneck.",
    );
    await expect(bottleneckContributions(model, { inputs }, { block: 3 })).rejects.toThrow(
      "bottleneckContributions: block 3 is none of the 3 blocks, counted from 0.",
    );
    await expect(bottleneckContributions(model, { inputs }, { block: 0, value: 2 })).rejects.toThrow(
      "bottleneckContributions: value 2 is none of the 2 values of the bottleneck, counted from 0.",
    );
  });
});
