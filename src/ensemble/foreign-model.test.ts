import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { writeForeignOnnx } from "../../test/support/foreign-onnx.ts";
import { cloudFolds } from "../../test/support/logistic-regression.ts";
import { Model, ModelBuilder } from "../model/index.ts";
import { fullyConnected } from "../nn/index.ts";
import { Ensemble } from "./ensemble.ts";
import { exportSafetensors } from "./export/index.ts";
import type { ForeignModelOptions } from "./foreign-interface.ts";
import { ForeignModel } from "./foreign-model.ts";

const folder = mkdtempSync(join(tmpdir(), "lumin-foreign-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const features = ["a", "b", "c"];
const { inputs } = cloudFolds([5000]).getFold(0);
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const value = (event: number, feature: number): number => inputs[3 * event + feature]!;

let files = 0;
function written(content: Parameters<typeof writeForeignOnnx>[1]): string {
  const path = join(folder, `${files++}.onnx`);
  writeForeignOnnx(path, content);
  return path;
}
const oneInput = { inputs: [{ name: "x", columns: 3 }], weights: [1, -1, 0.5], outputs: 1 };

describe("a foreign model", () => {
  test("predicts from the pre-processed inputs, logits through a sigmoid", async () => {
    const model = await ForeignModel.open(written(oneInput), { features, activation: "sigmoid" });
    expect([model.kind, model.featureCount, model.outputCount]).toEqual(["onnx", 3, 1]);
    const prediction = await model.predict(inputs, 5000);
    for (const event of [0, 17, 4095, 4096, 4999]) {
      const logit = value(event, 0) - value(event, 1) + 0.5 * value(event, 2);
      expect(prediction[event]).toBeCloseTo(sigmoid(logit), 6);
    }
    await model.release();
  });

  test("takes several inputs of several types, and one column of several outputs", async () => {
    const path = written({
      inputs: [
        { name: "floats", type: "float64", columns: 2 },
        { name: "code", type: "int64", columns: null },
      ],
      weights: [1, 0, 0, 1, 0.25, -0.25],
      outputs: 2,
      softmax: true,
      second: true,
    });
    const whole = inputs.map((each, i) => (i % 3 === 2 ? Math.trunc(each) : each));
    const model = await ForeignModel.open(path, {
      features,
      inputs: { code: ["c"], floats: ["b", "a"] },
      output: "scores",
      columns: [1],
    });
    const prediction = await model.predict(whole, 5000);
    for (const event of [1, 2, 3]) {
      const [a, b, c] = [0, 1, 2].map((j) => whole[3 * event + j]!) as [number, number, number];
      expect(prediction[event]).toBeCloseTo(sigmoid(a - 0.25 * c - (b + 0.25 * c)), 6);
    }
    await model.release();
  });

  const two = () =>
    written({
      ...oneInput,
      inputs: [
        { name: "x", columns: 2 },
        { name: "y", columns: 1 },
      ],
    });
  const refusals: [string, () => string, Partial<ForeignModelOptions>, string | RegExp][] = [
    [
      "several inputs of which nothing is said",
      two,
      {},
      'it has 2 inputs (x, y). Say which features each takes, inputs: { x: ["pt", …], … }.',
    ],
    [
      "an input of which nothing is said",
      two,
      { inputs: { x: ["a", "b"] } },
      'nothing is said of its input "y".',
    ],
    [
      "an input that it does not have",
      two,
      { inputs: { x: ["a", "b"], z: ["c"] } },
      /the input "z" is not known\. .*Known: x, y\.$/,
    ],
    [
      "a feature that is not known",
      two,
      { inputs: { x: ["a", "bb"], y: ["c"] } },
      /the feature "bb" is not known\. Did you mean "b"\? Known: a, b, c\.$/,
    ],
    [
      "another number of columns",
      () => written(oneInput),
      { inputs: { x: ["a", "b"] } },
      'its input "x" has 3 columns, but 2 features are given to it (a, b).',
    ],
    [
      "a fixed number of events",
      () => written({ ...oneInput, inputs: [{ name: "x", columns: 3, events: 1 }] }),
      {},
      'its input "x" takes 1 event at a time. Export it with a free number of events.',
    ],
    [
      "elements of another kind",
      () => written({ ...oneInput, inputs: [{ name: "x", type: "uint8", columns: 3 }] }),
      {},
      'its input "x" holds uint8; only float32, float64, int32, int64 can be given.',
    ],
    [
      "several outputs",
      () => written({ ...oneInput, second: true }),
      {},
      'it has 2 outputs (scores, label). Say which is the prediction, output: "scores".',
    ],
    ["an output it does not have", () => written(oneInput), { output: "score" }, 'Did you mean "scores"?'],
    [
      "an output of whole numbers",
      () => written({ ...oneInput, second: true }),
      { output: "label" },
      'its output "label" has the shape [2, 1]; expected [events, outputs] of floats.',
    ],
    [
      "a column it does not give",
      () => written(oneInput),
      { columns: [1] },
      "column 1 of its output is asked for, but it has 1, counted from 0.",
    ],
  ];
  test.each(refusals)("is refused for %s", async (_, path, options, message) => {
    await expect(ForeignModel.open(path(), { features, ...options })).rejects.toThrow(message);
  });

  test("must be an ONNX file", async () => {
    const path = join(folder, "text.onnx");
    writeFileSync(path, "no model");
    await expect(ForeignModel.open(path, { features })).rejects.toThrow(
      /^foreign model "text\.onnx": ONNX Runtime cannot load it \(.*\)\.$/,
    );
    await expect(ForeignModel.open(join(folder, "none.onnx"), { features })).rejects.toThrow(
      "this file cannot be read.",
    );
  });
});

describe("an ensemble with a foreign member", () => {
  const builder = new ModelBuilder({
    task: { kind: "binary" },
    features: { continuousFeatures: features, categoricalFeatures: [], categorySizes: [] },
    body: fullyConnected({ depth: 1, width: 4 }),
  });
  const own = () =>
    Ensemble.fromResults([
      { member: 0, model: Model.fresh(builder, 1), validationLoss: 0.5, validationFold: 0 },
    ]);

  test("predicts by the weights, is saved and loaded, and scores out of fold what it never saw", async () => {
    const foreign = await ForeignModel.open(written(oneInput), { features, activation: "sigmoid" });
    const alone = own();
    const ensemble = alone.with(foreign, { weight: 3, validationFold: "every" });
    expect(ensemble.members.map(({ member, weight }) => [member, weight])).toEqual([
      [0, 0.25],
      [1, 0.75],
    ]);
    const some = inputs.subarray(0, 300);
    const [network, theirs] = [await alone.predict(some, 100), await foreign.predict(some, 100)];
    const together = await ensemble.predict(some, 100);
    for (let i = 0; i < 100; i++) expect(together[i]).toBeCloseTo(0.25 * network[i]! + 0.75 * theirs[i]!, 12);

    const directory = join(folder, "mixed");
    await ensemble.save(directory);
    const loaded = await Ensemble.load(directory);
    expect(loaded.members.map(({ model }) => model.kind)).toEqual(["network", "onnx"]);
    expect(await loaded.predict(some, 100)).toEqual(together);

    const folds = {
      ...cloudFolds([60, 40]),
      augmentationCount: 1,
      getPredictionFold: cloudFolds([60, 40]).getFold,
    };
    const [first, second] = await ensemble.predictOutOfFold(folds);
    expect(first).toEqual(await ensemble.predict(folds.getFold(0).inputs, 60));
    expect(second).toEqual(Float64Array.from(await foreign.predict(folds.getFold(1).inputs, 40)));
    writeFileSync(
      join(directory, "members", "1", "model.onnx"),
      await import("node:fs").then((fs) => fs.readFileSync(written({ ...oneInput, weights: [1, 1, 1] }))),
    );
    await expect(Ensemble.load(directory)).rejects.toThrow(
      "is not the model that foreign.json beside it describes.",
    );
  });

  test("must fit the others", async () => {
    const narrow = await ForeignModel.open(
      written({ ...oneInput, inputs: [{ name: "x", columns: 2 }], weights: [1, 1] }),
      { features: ["a", "b"] },
    );
    expect(() => own().with(narrow, { weight: 1 })).toThrow(
      "Ensemble: member1 takes 2 features, but member0 3; all members must agree.",
    );
  });

  test("cannot be exported, and says so", async () => {
    const foreign = await ForeignModel.open(written(oneInput), { features });
    const ensemble = own().with(foreign, { weight: 1 });
    await expect(exportSafetensors(join(folder, "weights"), ensemble)).rejects.toThrow(
      'safetensors: member1 is of the kind "onnx", not a network of ours. Take it out with ensemble.without(…), or use a run without it.',
    );
    expect(ensemble.without(1).members).toHaveLength(1);
  });
});
