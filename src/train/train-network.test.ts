/** The fit loop with real networks on ONNX Runtime. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { cloudFolds } from "../../test/support/logistic-regression.ts";
import { FoldYielder, type FoldYielderOptions, writeFoldFile } from "../data/index.ts";
import { ModelBuilder } from "../model/index.ts";
import { type FullyConnectedOptions, fullyConnected } from "../nn/index.ts";
import { mul } from "../tensor/index.ts";
import type { Callback } from "./callback.ts";
import { foldsOfMember } from "./member-folds.ts";
import { oneCycleCallback } from "./one-cycle.ts";
import { trainMember } from "./train-member.ts";

const sizes = [260, 300, 280];
const features = {
  continuousFeatures: ["a", "b", "c"],
  categoricalFeatures: [],
  categorySizes: [],
};

/** The events of `cloudFolds` in a fold file. */
async function writeCloud(path: string): Promise<void> {
  const cloud = sizes.map((_, i) => cloudFolds(sizes, { weighted: true, noise: 0.1 }).getFold(i));
  const joined = (values: readonly Float32Array[]) => Float32Array.from(values.flatMap((part) => [...part]));
  let start = 0;
  await writeFoldFile(path, {
    folds: sizes.map((size) => Int32Array.from({ length: size }, () => start++)),
    continuousFeatures: features.continuousFeatures,
    categoricalFeatures: [],
    categories: [],
    targetFeatures: ["target"],
    weightFeature: "weight",
    features: joined(cloud.map(({ inputs }) => inputs)),
    targets: joined(cloud.map(({ targets }) => targets)),
    weights: joined(cloud.map(({ weights }) => weights!)),
    columns: {},
  });
}

function network(body: Partial<FullyConnectedOptions> = {}): ModelBuilder {
  return new ModelBuilder({
    task: { kind: "binary" },
    features,
    body: fullyConnected({ depth: 2, width: 12, activation: "swish", ...body }),
    optimiser: { name: "adam", learningRate: 1e-2 },
  });
}

const settings = { member: 1, seed: 5, epochs: 4, batchSize: 32 };

describe("a network on ONNX Runtime", () => {
  test("learns, and two trainings with one seed give the same bytes", async () => {
    const folds = cloudFolds(sizes, { weighted: true, noise: 0.1 });
    const first = await trainMember(folds, network(), [], settings);
    const second = await trainMember(folds, network(), [], settings);
    expect(first.history[0]!.trainingLoss).toBeGreaterThan(0.45);
    expect(first.validationLoss).toBeLessThan(0.3);
    expect(second).toEqual(first);
  });

  test("gives the same bytes whether a fold is one call or many, with dropout and batch norm", async () => {
    const folds = cloudFolds(sizes, { noise: 0.1 });
    const builder = network({ dropout: 0.3, batchNorm: true });
    const whole = await trainMember(folds, builder, [], settings, { pieceMilliseconds: 1e6 });
    const pieces = await trainMember(folds, builder, [], settings, { pieceMilliseconds: 1e-6 });
    const batches = await trainMember(
      folds,
      builder,
      [{ name: "watch", onBatchEnd: () => undefined }],
      settings,
    );
    expect(whole.buffers.length).toBeGreaterThan(0);
    expect(pieces).toEqual(whole);
    expect(batches).toEqual(whole);
  });

  test("gives the same bytes whether folds stay in memory, are read when needed, or ahead", async () => {
    const folder = mkdtempSync(join(tmpdir(), "lumin-read-ahead-"));
    const threads: unknown[] = [];
    const notice = (thread: unknown) => void threads.push(thread);
    process.on("worker", notice);
    const ahead = vi.spyOn(FoldYielder.prototype, "prefetch");
    try {
      const path = join(folder, "folds.h5");
      await writeCloud(path);
      const train = async (options: FoldYielderOptions) => {
        const folds = await FoldYielder.open(path, options);
        ahead.mockClear();
        try {
          return await trainMember(folds, network(), [], settings);
        } finally {
          folds.close();
        }
      };
      const inMemory = await train({});
      expect(await train({ cacheBytes: 0, readAhead: false })).toEqual(inMemory);
      expect(threads).toHaveLength(0);
      expect(await train({ cacheBytes: 0 })).toEqual(inMemory);
      expect(threads).toHaveLength(1);
      // Every fold but the very first.
      const { trainingFolds } = foldsOfMember(settings.member, sizes.length);
      expect(ahead).toHaveBeenCalledTimes(settings.epochs * trainingFolds.length - 1);
      expect(ahead.mock.results.every(({ value }) => value instanceof Promise)).toBe(true);
    } finally {
      process.off("worker", notice);
      vi.restoreAllMocks();
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test("momentum and learning rate of a schedule reach the optimiser", async () => {
    const folds = cloudFolds(sizes);
    const run = (callbacks: Callback[]) => trainMember(folds, network(), callbacks, settings);
    const plain = await run([]);
    const cycle = await run([oneCycleCallback({ learningRates: [1e-2, 1e-2, 1e-2], momenta: [0.9, 0.9] })]);
    const otherMomentum = await run([
      oneCycleCallback({ learningRates: [1e-2, 1e-2, 1e-2], momenta: [0.9, 0.8] }),
    ]);
    const otherRate = await run([oneCycleCallback({ learningRates: [1e-2, 2e-2], momenta: [0.9, 0.9] })]);
    expect(cycle.parameters).toEqual(plain.parameters);
    expect(otherMomentum.parameters).not.toEqual(plain.parameters);
    expect(otherRate.parameters).not.toEqual(plain.parameters);
  });

  test("a callback's graph hooks are traced into the step", async () => {
    const folds = cloudFolds(sizes);
    const frozen: Callback = { name: "frozen", graph: { gradient: (gradient) => mul(gradient, 0) } };
    const result = await trainMember(folds, network(), [frozen], settings);
    expect(result.parameters).toEqual(network().initialState(5, 1).parameters);
  });

  test("averages of weights are what is validated, kept as the best, and returned", async () => {
    const folds = cloudFolds(sizes, { weighted: true, noise: 0.1 });
    const averaging = new ModelBuilder({
      task: { kind: "binary" },
      features,
      body: fullyConnected({ depth: 2, width: 12, activation: "swish" }),
      optimiser: { name: "adam", learningRate: 1e-2, average: 0.9 },
    });
    const seen: Float32Array[] = [];
    const watch: Callback = {
      name: "watch",
      onEpochEnd: (view) => {
        seen.push(view.weights().parameters);
      },
    };
    const plain = await trainMember(folds, network(), [], settings);
    const result = await trainMember(folds, averaging, [watch], settings);
    expect(seen.map((p) => p.join())).toContain(result.parameters.join());
    expect(result.parameters).not.toEqual(plain.parameters);
    const evaluation = await averaging.compileEvaluation({ meanWeight: 1 });
    const { inputs, targets, weights, eventCount } = folds.getFold(1);
    const mean = weights!.reduce((a, b) => a + b) / eventCount;
    const loss = await evaluation.loss(
      result.parameters,
      result.buffers,
      inputs,
      targets,
      weights!.map((w) => w / mean),
      eventCount,
    );
    expect(loss).toBeCloseTo(result.validationLoss, 6);
    await evaluation.release();
  });
});
