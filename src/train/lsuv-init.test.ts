import { describe, expect, test } from "vitest";
import { cloudFolds, logisticRegression } from "../../test/support/logistic-regression.ts";
import { Stream } from "../array/index.ts";
import { compileLayerOutputs, ModelBuilder } from "../model/index.ts";
import {
  conv1dHead,
  type FullyConnectedOptions,
  fullyConnected,
  type HeadSpec,
  recurrentHead,
} from "../nn/index.ts";
import type { TrainingView } from "./callback.ts";
import { type LsuvInitOptions, lsuvInitCallback, orthonormalMatrix } from "./lsuv-init.ts";
import { trainMember } from "./train-member.ts";

const folds = cloudFolds([200, 220, 210]);
const settings = { member: 0, seed: 4, epochs: 1, batchSize: 20, keepBest: false };

function network(body: Partial<FullyConnectedOptions> = {}, freeze: string[] = []): ModelBuilder {
  return new ModelBuilder({
    task: { kind: "binary" },
    features: { continuousFeatures: ["a", "b", "c"], categoricalFeatures: [], categorySizes: [] },
    body: fullyConnected({ depth: 4, width: 24, activation: "relu", ...body }),
    optimiser: { name: "adam", learningRate: 1e-3, ...(freeze.length > 0 ? { freeze } : {}) },
  });
}

/** Weights at the beginning of the training, and the deviations of the layers' outputs on the first training fold. */
async function start(builder: ModelBuilder, options?: LsuvInitOptions) {
  let weights = { parameters: new Float32Array(0), buffers: new Float32Array(0) };
  const watch = {
    name: "watch",
    onTrainBegin: (view: TrainingView) => {
      weights = view.weights() as typeof weights;
      return { stop: true };
    },
  };
  const callbacks = options === undefined ? [watch] : [lsuvInitCallback(options), watch];
  await trainMember(folds, builder, callbacks, settings);
  const program = await compileLayerOutputs(builder);
  const { inputs, eventCount } = folds.getFold(1);
  const outputs = await program.run(weights.parameters, weights.buffers, inputs, eventCount);
  await program.release();
  return { layers: program.layers, deviations: outputs.map((output) => output.deviation), ...weights };
}

describe("LsuvInit", () => {
  test.each(["plain", "dense", "residual"] as const)(
    "gives every layer unit deviation: %s",
    async (connect) => {
      const before = await start(network({ connect }));
      const after = await start(network({ connect }), {});
      expect(after.layers.at(-1)).toBe("tail.weight");
      expect(after.layers.length).toBeGreaterThanOrEqual(5);
      expect(before.deviations.some((value) => Math.abs(value - 1) > 0.1)).toBe(true);
      for (const value of after.deviations) expect(Math.abs(value - 1)).toBeLessThanOrEqual(0.1);
    },
  );

  test("convolutions too; a recurrent head's own matrices stay", async () => {
    const features = {
      continuousFeatures: ["a_x", "b_x", "c_x"],
      categoricalFeatures: [],
      categorySizes: [],
    };
    const columns = { objects: ["a", "b", "c"], features: ["x"] };
    const body = fullyConnected({ depth: 2, width: 12 });
    const build = (head: HeadSpec) => new ModelBuilder({ task: { kind: "binary" }, features, head, body });
    const convolution = build(conv1dHead({ ...columns, layers: [{ channels: 6 }] }));
    const after = await start(convolution, {});
    expect(after.layers).toEqual([
      "head.layer0.weight",
      "body.layer0.weight",
      "body.layer1.weight",
      "tail.weight",
    ]);
    for (const value of after.deviations) expect(Math.abs(value - 1)).toBeLessThanOrEqual(0.1);
    const recurrent = build(recurrentHead({ ...columns, cell: "gru", width: 4, depth: 1 }));
    const { layers, parameters } = await start(recurrent, {});
    expect(layers).toEqual(["body.layer0.weight", "body.layer1.weight", "tail.weight"]);
    const own = recurrent.initialState(4, 0).parameters;
    const { offset } = recurrent.layout.parameters.find(({ name }) => name === "body.layer0.weight")!;
    expect(parameters.subarray(0, offset)).toEqual(own.subarray(0, offset));
  });

  test("another deviation, the network's own draw, and batch norm", async () => {
    const options = { deviation: 0.5, tolerance: 0.01, orthonormal: false };
    const { deviations, parameters } = await start(network({ batchNorm: true }), options);
    for (const value of deviations) expect(Math.abs(value - 0.5)).toBeLessThanOrEqual(0.011);
    const own = network({ batchNorm: true }).initialState(4, 0).parameters;
    // The first layer is the network's own, scaled.
    expect(parameters[0]! / own[0]!).toBeCloseTo(parameters[5]! / own[5]!, 5);
  });

  test("frozen weights stay as they are", async () => {
    const builder = network({}, ["body.layer0.*"]);
    const { offset, shape } = builder.layout.parameters[0]!;
    const end = offset + shape[0]! * shape[1]!;
    const { parameters } = await start(builder, {});
    expect(parameters.slice(offset, end)).toEqual(builder.initialState(4, 0).parameters.slice(offset, end));
  });

  test("is the same for the same seed, and training goes on from it", async () => {
    const train = () => trainMember(folds, network(), [lsuvInitCallback()], { ...settings, epochs: 4 });
    const first = await train();
    expect(await train()).toEqual(first);
    expect(first.validationLoss).toBeLessThan(0.5);
  });

  test("refuses what it cannot do", async () => {
    expect(() => lsuvInitCallback({ attempts: 0 })).toThrow(
      "LsuvInit: deviation is 1, tolerance 0.1 and attempts 0; all must be above 0, the attempts a whole number.",
    );
    await expect(
      trainMember(folds, logisticRegression({ featureCount: 3 }), [lsuvInitCallback()], settings),
    ).rejects.toThrow("LsuvInit: it needs a network of a ModelBuilder, whose layers it can see.");
  });
});

test("orthonormal matrices have orthonormal rows, or columns where there are fewer", () => {
  for (const [rows, columns] of [
    [3, 7],
    [7, 3],
    [5, 5],
  ] as const) {
    const m = orthonormalMatrix(rows, columns, new Stream(1, rows));
    const at = (i: number, k: number) => (rows <= columns ? m[i * columns + k]! : m[k * columns + i]!);
    for (let i = 0; i < Math.min(rows, columns); i++) {
      for (let j = 0; j <= i; j++) {
        let product = 0;
        for (let k = 0; k < Math.max(rows, columns); k++) product += at(i, k) * at(j, k);
        expect(product).toBeCloseTo(i === j ? 1 : 0, 12);
      }
    }
  }
});
