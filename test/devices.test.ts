/** The device of a training, from the option to the worker processes, the predictions and the analysis file. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FoldYielder } from "../src/data/index.ts";
import type { Device } from "../src/engine/index.ts";
import { type EnsembleTraining, foldTrainEnsemble } from "../src/ensemble/index.ts";
import { ConfigurationError } from "../src/errors/index.ts";
import { Model, ModelBuilder } from "../src/model/index.ts";
import { fullyConnected } from "../src/nn/index.ts";
import { findLearningRate, fit as fitOne } from "../src/train/index.ts";
import { lumin, scratchFolder, small, writeSample } from "./cli-harness.ts";
import { writeCloudFoldFile } from "./support/fold-file.ts";
import { workingDevices } from "./support/working-devices.ts";

const folder = scratchFolder();
const working = await workingDevices();
let folds: FoldYielder;
let builder: ModelBuilder;
beforeAll(async () => {
  await writeCloudFoldFile(join(folder, "train.h5"), 4, 100);
  folds = await FoldYielder.open(join(folder, "train.h5"));
  builder = new ModelBuilder({
    task: { kind: "binary" },
    features: folds,
    body: fullyConnected({ depth: 2, width: 8, activation: "swish", dropout: 0.2 }),
  });
});
afterAll(() => folds.close());

function train(device: Device | readonly Device[] | undefined, workers: number): Promise<EnsembleTraining> {
  return foldTrainEnsemble(folds, builder, {
    ...{ memberCount: 2, epochs: 2, batchSize: 25, seed: 3, workers },
    ...(device === undefined ? {} : { device }),
  });
}

const weightsOf = ({ ensemble }: EnsembleTraining) =>
  ensemble.members.flatMap(({ model }) => (model instanceof Model ? [...model.parameters] : []));

function furthest(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  return Array.from(a, (value, i) => Math.abs(value - b[i]!)).reduce((x, y) => Math.max(x, y));
}

describe("an ensemble", () => {
  let here: EnsembleTraining;
  beforeAll(async () => {
    here = await train(undefined, 0);
  });

  test.each(working)(
    "trains and predicts on %s as on the processor, but for the last digits",
    async (device) => {
      const there = await train(device, 0);
      expect(furthest(weightsOf(there), weightsOf(here))).toBeLessThan(1e-4);
      const [mine, others] = [
        await there.ensemble.predictFold(folds, 1),
        await here.ensemble.predictFold(folds, 1),
      ];
      expect(furthest(mine, others)).toBeLessThan(1e-4);
      // The same weights on the other device: only the rounding of one prediction.
      const moved = here.ensemble.onDevice(device);
      expect(furthest(await moved.predictFold(folds, 1), others)).toBeLessThan(1e-6);
      for (const ensemble of [there.ensemble, moved]) await ensemble.release();
    },
  );

  test("WebAssembly gives the same bytes in this process and in workers, and not those of native code", async () => {
    const [alone, beside] = [await train("wasm", 0), await train("wasm", 2)];
    expect(weightsOf(beside)).toEqual(weightsOf(alone));
    expect(weightsOf(alone)).not.toEqual(weightsOf(here));
  });

  test("of several devices the first that works trains all members", async () => {
    const missing = (["cuda", "webgpu"] as const).filter((device) => !working.includes(device));
    const chosen = await train([...missing, "wasm", "cpu"], 0);
    expect(weightsOf(chosen)).toEqual(weightsOf(await train("wasm", 0)));
  });

  test("one that does not work is refused before anything is trained", async () => {
    await expect(train("tpu" as Device, 0)).rejects.toThrow(
      /^device "tpu" is not known\. .*Known: cpu, webgpu, cuda, wasm\.$/,
    );
    await expect(train([], 0)).rejects.toThrow("device: the list is empty. Name at least one of cpu,");
    if (working.includes("cuda")) return;
    for (const workers of [0, 2]) {
      await expect(train("cuda", workers)).rejects.toThrow(ConfigurationError);
      await expect(train("cuda", workers)).rejects.toThrow(
        /^device "cuda" does not work here: .* otherwise use cpu\.$/,
      );
    }
  });

  test("members of one device are not taken for those of another", async () => {
    const options = {
      memberCount: 1,
      epochs: 1,
      batchSize: 25,
      seed: 3,
      outputDirectory: join(folder, "run"),
    };
    await foldTrainEnsemble(folds, builder, { ...options, device: "wasm" });
    await foldTrainEnsemble(folds, builder, { ...options, device: "wasm" });
    await expect(foldTrainEnsemble(folds, builder, options)).rejects.toThrow(
      "holds a member of another training",
    );
  });
});

test("fit and findLearningRate take a device", async () => {
  const options = { epochs: 1, batchSize: 25, seed: 3 };
  const [native, wasm] = [
    await fitOne(builder, folds, options),
    await fitOne(builder, folds, { ...options, device: "wasm" }),
  ];
  expect(wasm.model.parameters).not.toEqual(native.model.parameters);
  expect(furthest(wasm.model.parameters, native.model.parameters)).toBeLessThan(1e-4);
  const rates = await findLearningRate(folds, builder, { batchSize: 25, seed: 3, sweeps: 1, device: "wasm" });
  expect(rates.suggested).toBeGreaterThan(0);
});

describe("training.device of an analysis file", () => {
  test("trains and predicts there, and is in the run's record", async () => {
    const events = writeSample(folder, 1200);
    const run = join(folder, "wasm-run");
    const sizes = ["training.epochs=1", "model.body.depth=2"];
    const words = small(events, [...sizes, "training.device=[cuda,wasm]"]);
    const { code, stderr } = await lumin(["train", ...words, "--workers", "2", "--out", run]);
    expect(stderr).not.toContain("error");
    expect(code).toBe(0);
    const record = JSON.parse(readFileSync(join(run, "run.json"), "utf8"));
    expect(record.analysis.training.device).toEqual(["cuda", "wasm"]);
    const predictions = join(folder, "predictions.csv");
    const predicted = await lumin(["predict", run, "--input", events, "--output", predictions]);
    expect(predicted.stderr).not.toContain("error");
    expect(predicted.code).toBe(0);
    expect(readFileSync(predictions, "utf8").trim().split("\n")).toHaveLength(1201);
  });

  test("one that is missing or unknown is one sentence", async () => {
    const events = writeSample(folder, 1200);
    const unknown = await lumin([
      "train",
      ...small(events, ["training.device=gpu"]),
      "--out",
      join(folder, "a"),
    ]);
    expect(unknown.code).not.toBe(0);
    expect(unknown.stderr).toContain("training.device");
    if (working.includes("cuda")) return;
    const missing = await lumin([
      "train",
      ...small(events, ["training.device=cuda"]),
      "--out",
      join(folder, "b"),
    ]);
    expect(missing.code).not.toBe(0);
    expect(missing.stderr).toMatch(/device "cuda" does not work here: .*otherwise use cpu\./);
  });
});
