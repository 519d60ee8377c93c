/** Trees as ONNX's operator for trees: alone, and as members of an ensemble with its preprocessing. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { Stream } from "../../array/index.ts";
import { fitPipeline, tableOf } from "../../data/index.ts";
import { Session } from "../../engine/index.ts";
import { type TreeData, type TreeEnsemble, trainBoosting, trainForest } from "../../trees/index.ts";
import { Ensemble } from "../ensemble.ts";
import { TreeModel } from "../tree-model.ts";
import { exportOnnx, exportTreesOnnx } from "./index.ts";

const folder = mkdtempSync(join(tmpdir(), "lumin-export-trees-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const count = 400;
const stream = new Stream(3, "export trees");
const x = Float64Array.from({ length: count }, () => stream.normal());
const y = Float64Array.from({ length: count }, () => (stream.uniform() < 0.2 ? Number.NaN : stream.normal()));
const z = Float64Array.from({ length: count }, () => stream.integer(4));
const data = (targets: (i: number) => number): TreeData => ({
  columns: [x, y, z],
  targets: Float64Array.from({ length: count }, (_, i) => targets(i)),
  weights: Float64Array.from({ length: count }, (_, i) => (i % 7 === 0 ? -0.3 : 1)),
});
const binary = data((i) => (x[i]! + (y[i]! || 0.7) > 0 ? 1 : 0));
const classes = data((i) => (x[i]! > 0.5 ? 2 : z[i]! > 1 ? 1 : 0));
const sets = data((i) => (z[i] === 0 || z[i] === 3 ? 2 : x[i]! > 0 ? 1 : 0));
const number = data((i) => 100 * x[i]! + (y[i]! || -50));

const models: Readonly<Record<string, () => TreeEnsemble>> = {
  "boosting of two classes": () => trainBoosting(binary, { task: "binary", rounds: 20, maxDepth: 4 }).model,
  "boosting of several classes": () => trainBoosting(classes, { task: "multiclass", rounds: 10 }).model,
  "boosting of a number": () => trainBoosting(number, { task: "regression", rounds: 20 }).model,
  "boosting with sets of categories": () =>
    trainBoosting(sets, { task: "multiclass", rounds: 10, categorical: [2] }).model,
  "a forest of two classes": () => trainForest(binary, { task: "binary", trees: 10, seed: 1 }).model,
  "a forest of several classes": () => trainForest(classes, { task: "multiclass", trees: 10, seed: 1 }).model,
};

describe("exportTreesOnnx", () => {
  it.each(Object.keys(models))("%s: the file predicts as the trees do, with missing values", async (name) => {
    const trees = models[name]!();
    const path = join(folder, `${name}.onnx`);
    const { columns } = binary;
    const { eventCount, largestDifference } = await exportTreesOnnx(path, trees, { columns });
    expect(eventCount).toBe(count);
    expect(largestDifference).toBeLessThan(1e-6);
    const file = readFileSync(path);
    expect(file.includes("TreeEnsembleRegressor") && file.includes("ai.onnx.ml")).toBe(true);
    const session = await Session.create(file);
    const data = Float32Array.of(0.3, Number.NaN, 2, -1, 0.5, 0);
    const { prediction } = await session.run({ inputs: { data, shape: [2, 3] } });
    const expected = trees.predict([
      data.filter((_, i) => i % 3 === 0),
      data.filter((_, i) => i % 3 === 1),
      data.filter((_, i) => i % 3 === 2),
    ]);
    expect(prediction!.shape).toEqual([2, trees.outputs]);
    for (const [i, value] of expected.entries()) {
      expect(Math.abs(prediction!.data[i]! - value) / Math.max(1, Math.abs(value))).toBeLessThan(1e-6);
    }
    await session.release();
  });

  it("refuses to write a file that was checked on no events", async () => {
    const path = join(folder, "unchecked.onnx");
    await expect(
      exportTreesOnnx(path, models["boosting of a number"]!(), { columns: [[], [], []] }),
    ).rejects.toThrow("export: there is no event to check the file on.");
    expect(existsSync(path)).toBe(false);
  });
});

it("an ensemble of trees with its preprocessing is exported in both forms, which agree with it", async () => {
  const events = tableOf({ x, y, z });
  const pipeline = await fitPipeline(events, { continuous: ["x", "y", "z"] });
  const ensemble = new Ensemble(
    [1, 2].map((member) => ({
      member,
      weight: 0.5,
      validationFold: 0,
      model: new TreeModel(trainBoosting(binary, { task: "binary", rounds: 5 * member }).model),
    })),
  );
  for (const trees of ["plain", "operator"] as const) {
    const path = join(folder, `${trees}.onnx`);
    const { largestDifference } = await exportOnnx(path, { ensemble, pipeline, events, trees });
    expect(largestDifference).toBeLessThan(1e-5);
    expect(readFileSync(path).includes("TreeEnsembleRegressor")).toBe(trees === "operator");
  }
});
