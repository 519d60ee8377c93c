import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeCloudFoldFile } from "../../test/support/fold-file.ts";
import { augmentFixed, type FoldTransform, FoldYielder, HEPAugFoldYielder } from "../data/index.ts";
import { InterruptedError, TrainingError } from "../errors/index.ts";
import { type LossChoice, type Model, ModelBuilder } from "../model/index.ts";
import { fullyConnected, type LossFunction } from "../nn/index.ts";
import { mean, mul, reshape, square, sub } from "../tensor/index.ts";
import {
  oneCycle,
  type ProgressEvent,
  type TrainingEvent,
  type TrainingOptions,
  type TrainingView,
} from "../train/index.ts";
import { Ensemble } from "./ensemble.ts";
import { type EnsembleTraining, foldTrainEnsemble } from "./fold-train-ensemble.ts";
import { augmentedInputs } from "./prediction-inputs.ts";

const folder = mkdtempSync(join(tmpdir(), "lumin-fold-train-"));
const userModule = fileURLToPath(new URL("../../test/support/user-callbacks.mjs", import.meta.url));
let folds: HEPAugFoldYielder;

beforeAll(async () => {
  await writeCloudFoldFile(join(folder, "train.h5"), 4, 200);
  folds = await HEPAugFoldYielder.open(join(folder, "train.h5"));
});
afterAll(() => {
  folds.close();
  rmSync(folder, { recursive: true, force: true });
});

function builder(dropout = 0.1): ModelBuilder {
  return new ModelBuilder({
    task: { kind: "binary" },
    features: folds,
    body: fullyConnected({ depth: 2, width: 10, activation: "swish", connect: "dense", dropout }),
  });
}

function train(
  options: Partial<TrainingOptions> = {},
  network: ModelBuilder = builder(),
): Promise<EnsembleTraining> {
  return foldTrainEnsemble(folds, network, {
    memberCount: 3,
    epochs: 3,
    batchSize: 32,
    seed: 11,
    callbacks: [oneCycle({ learningRates: [1e-3, 2e-2], momenta: [0.95, 0.85] })],
    ...options,
  });
}

/** Every file below a folder with a hash of its content. */
function contents(directory: string): Record<string, string> {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return Object.fromEntries(
    files
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((path) => [
        relative(directory, path),
        createHash("sha256").update(readFileSync(path)).digest("hex"),
      ]),
  );
}

describe("foldTrainEnsemble", () => {
  test("gives results, histories and an ensemble that has learnt", async () => {
    const { results, histories, ensemble, timings } = await train({ epochs: 6 });
    expect(results.map(({ member, validationFold }) => [member, validationFold])).toEqual([
      [0, 0],
      [1, 1],
      [2, 2],
    ]);
    for (const [m, history] of histories.entries()) {
      expect(history.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4, 5, 6]);
      expect(results[m]!.validationLoss).toBe(Math.min(...history.map((row) => row.validationLoss)));
      expect(results[m]!.validationLoss).toBeLessThan(0.66);
      expect(ensemble.members[m]!.weight).toBeCloseTo(
        1 / results[m]!.validationLoss / results.reduce((sum, r) => sum + 1 / r.validationLoss, 0),
        12,
      );
      expect(timings[m]!.seconds).toBeGreaterThan(0);
    }
  });

  test("writes the same bytes with 0, 1, 2 and 4 workers, and other bytes for another seed", async () => {
    const written: Record<string, string>[] = [];
    for (const [name, options] of Object.entries({
      "workers-0": { workers: 0 },
      "workers-1": { workers: 1 },
      "workers-2": { workers: 2 },
      "workers-4": { workers: 4 },
      "seed-12": { seed: 12 },
    })) {
      const outputDirectory = join(folder, name);
      const { ensemble } = await train({ ...options, outputDirectory });
      const loaded = await Ensemble.load(outputDirectory);
      expect(await loaded.predictFold(folds, 3)).toEqual(await ensemble.predictFold(folds, 3));
      written.push(contents(outputDirectory));
    }
    expect(Object.keys(written[0]!)).toEqual([
      "ensemble.json",
      ...[0, 1, 2].flatMap((member) =>
        ["history.jsonl", "model.json", "model.safetensors", "result.json"].map(
          (file) => `members/${member}/${file}`,
        ),
      ),
      "training.json",
    ]);
    expect(written[1]).toEqual(written[0]);
    expect(written[2]).toEqual(written[0]);
    expect(written[3]).toEqual(written[0]);
    expect(written[4]!["members/1/model.safetensors"]).not.toBe(written[0]!["members/1/model.safetensors"]);
  });

  test("keeps finished members and trains only those that are missing", async () => {
    const outputDirectory = join(folder, "resumed");
    await train({ outputDirectory, workers: 2 });
    const before = contents(outputDirectory);
    rmSync(join(outputDirectory, "members", "1", "result.json"));
    rmSync(join(outputDirectory, "ensemble.json"));
    writeFileSync(join(outputDirectory, "members", "2", "model.safetensors"), "cut off");
    const events: TrainingEvent[] = [];
    const { timings } = await train({ outputDirectory, onEvent: (event) => void events.push(event) });
    expect(events.map((event) => ("member" in event ? `${event.kind} ${event.member}` : event.kind))).toEqual(
      ["memberKept 0", "memberFinished 1", "memberFinished 2"],
    );
    expect(timings[0]!.seconds).toBeUndefined();
    expect(contents(outputDirectory)).toEqual(before);
  });

  test("does not mix with members of another training", async () => {
    const outputDirectory = join(folder, "other");
    await train({ outputDirectory, memberCount: 1 });
    await expect(train({ outputDirectory, memberCount: 1, seed: 12 })).rejects.toThrow(
      `foldTrainEnsemble: "${join(outputDirectory, "members", "0")}" holds a member of another training: data, network, seed or options differ. Give an empty output directory, or remove this one.`,
    );
  });

  test("goes on when a worker process is killed, says so, and gives the same bytes", async () => {
    const callbacks = (marker: string) => [
      oneCycle({ learningRates: [1e-3, 2e-2] }),
      { module: userModule, name: "dieOnce", options: { marker } },
    ];
    const events: TrainingEvent[] = [];
    const marker = join(folder, "marker");
    const killed = await train({
      workers: 2,
      callbacks: callbacks(marker),
      onEvent: (event) => void events.push(event),
    });
    expect(existsSync(marker)).toBe(true);
    expect(events).toContainEqual({
      kind: "workerLost",
      member: 1,
      reason: "SIGKILL",
      restarted: true,
      message: "the worker process of member 1 died (SIGKILL). It starts again in a new process.",
    });
    const whole = await train({ workers: 2, callbacks: callbacks(marker) });
    expect(killed.results).toEqual(whole.results);
    expect(killed.histories).toEqual(whole.histories);
    expect(killed.ensemble.members.map(({ model }) => (model as Model).parameters)).toEqual(
      whole.ensemble.members.map(({ model }) => (model as Model).parameters),
    );
  });

  test("a user's callback by module works in this process and in workers, save included", async () => {
    for (const workers of [0, 2]) {
      const outputDirectory = join(folder, `user-${workers}`);
      const { results } = await train({
        workers,
        outputDirectory,
        callbacks: [{ module: userModule, name: "stopAfter", options: { epochs: 2 } }],
      });
      expect(results.map(({ epochCount, stopReason }) => [epochCount, stopReason])).toEqual(
        Array.from({ length: 3 }, () => [2, "stopAfter asked for it"]),
      );
      expect(readdirSync(join(outputDirectory, "members", "1", "epoch-2"))).toEqual([
        "model.json",
        "model.safetensors",
      ]);
    }
    expect(contents(join(folder, "user-0"))).toEqual(contents(join(folder, "user-2")));
  });

  test("a callback as an object works in this process and is refused for workers", async () => {
    const epochs: number[] = [];
    const count = { name: "count", onEpochEnd: ({ epoch }: TrainingView) => void epochs.push(epoch) };
    await train({ callbacks: [count] });
    expect(epochs).toEqual([1, 2, 3, 1, 2, 3, 1, 2, 3]);
    await expect(train({ callbacks: [count], workers: 2 })).rejects.toThrow(
      'foldTrainEnsemble: callback "count" is an object of this process and cannot travel to worker processes. Either export a function that makes it and give { module: "./my-callbacks.js", name: "myCallback", options: {} }, or train in this process with workers: 0.',
    );
  });

  test("a user's loss and transform work as functions here, by module in workers, and give the same bytes", async () => {
    const module = fileURLToPath(new URL("../../test/support/user-losses.mjs", import.meta.url));
    const { withoutMass } = (await import(module)) as { withoutMass: FoldTransform };
    const brier: LossFunction = (prediction, targets, weights) =>
      mean(mul(square(sub(prediction, targets)), reshape(weights, [weights.shape[0]!, 1])));
    const network = (loss: LossChoice) =>
      new ModelBuilder({
        task: { kind: "binary" },
        features: folds,
        body: fullyConnected({ depth: 1, width: 6 }),
        loss,
      });
    const options = { memberCount: 2, epochs: 2, batchSize: 32, seed: 2 };
    const path = join(folder, "train.h5");
    const here = await FoldYielder.open(path, { transforms: [withoutMass] });
    const there = await FoldYielder.open(path, { transforms: [{ module, name: "withoutMass" }] });
    const functions = await foldTrainEnsemble(here, network(brier), options);
    const modules = await foldTrainEnsemble(there, network({ module, name: "brier" }), {
      ...options,
      workers: 2,
    });
    expect(modules.results).toEqual(functions.results);
    expect(functions.results[0]!.validationLoss).toBeLessThan(0.25);
    const untouched = await foldTrainEnsemble(folds, network({ module, name: "brier" }), {
      ...options,
      workers: 2,
    });
    expect(untouched.results).not.toEqual(functions.results);
    await expect(foldTrainEnsemble(there, network(brier), { ...options, workers: 1 })).rejects.toThrow(
      "train with workers: 0",
    );
    await expect(
      foldTrainEnsemble(here, network({ module, name: "brier" }), { ...options, workers: 1 }),
    ).rejects.toThrow("train in this process with workers: 0");
    here.close();
    there.close();
  });

  test("errors in a worker arrive as they are", async () => {
    const callbacks = [{ module: userModule, name: "explode" }];
    const message =
      /^fit: the loss became NaN at epoch 1, step \d+\. The last finite loss was \d\.\d+\. Lower the learning rate/;
    for (const workers of [0, 2]) {
      const promise = train({ callbacks, workers });
      await expect(promise).rejects.toBeInstanceOf(TrainingError);
      await expect(promise).rejects.toThrow(message);
    }
    await expect(train({ callbacks: [{ module: userModule, name: "explod" }], workers: 1 })).rejects.toThrow(
      'Did you mean "explode"?',
    );
    await expect(train({ callbacks: [{ callback: "OneCylce" } as never] })).rejects.toThrow(
      'callback "OneCylce" is not known. Did you mean "OneCycle"? Known: OneCycle, Cyclic, EarlyStopping, SaveBest, ',
    );
  });

  test("an aborted signal ends it within a second and leaves no half member", async () => {
    for (const workers of [0, 2]) {
      const outputDirectory = join(folder, `aborted-${workers}`);
      const controller = new AbortController();
      let aborted = 0;
      const onProgress = ({ epoch }: ProgressEvent) => {
        if (epoch < 2 || aborted > 0) return;
        aborted = performance.now();
        controller.abort();
      };
      const promise = train({
        workers,
        outputDirectory,
        epochs: 5000,
        onProgress,
        signal: controller.signal,
      });
      await expect(promise).rejects.toBeInstanceOf(InterruptedError);
      expect(performance.now() - aborted).toBeLessThan(1000);
      expect(existsSync(join(outputDirectory, "members", "0", "result.json"))).toBe(false);
    }
  });

  test("a batch larger than a fold and wrong options are refused at once", async () => {
    await expect(train({ batchSize: 201, workers: 2 })).rejects.toThrow(
      "fit: fold 1 has 200 events, fewer than the batch size 201. Use a batch size of at most 200, or fewer folds.",
    );
    await expect(train({ epochs: 0 })).rejects.toThrow(
      "foldTrainEnsemble: epochs is 0; give a whole number, at least 1.",
    );
    await expect(train({ workers: -1 })).rejects.toThrow(
      "foldTrainEnsemble: workers is -1; give a whole number, 0 to train in this process.",
    );
  });
});

describe("test-time augmentation", () => {
  test("is the mean over the yielder's fixed set, for a fold and for the same events in memory", async () => {
    const { ensemble } = await train({ memberCount: 2, epochs: 1 });
    expect(folds.augmentationCount).toBe(8);
    const prediction = await ensemble.predictFold(folds, 2);
    const stored = folds.getStoredFold(2);
    expect(await ensemble.predict(augmentedInputs(stored.features, folds.plan), 200)).toEqual(prediction);
    const expected = new Float64Array(200);
    for (let augmentation = 0; augmentation < 8; augmentation++) {
      const single = await ensemble.predict(
        augmentFixed(stored.features, 200, folds.plan, augmentation),
        200,
      );
      for (let i = 0; i < 200; i++) expected[i]! += single[i]! / 8;
    }
    for (let i = 0; i < 200; i++) expect(prediction[i]).toBeCloseTo(expected[i]!, 14);
    const plain = await ensemble.predictFold(folds, 2, { augment: false });
    expect(plain).not.toEqual(prediction);
    const unaugmented = await FoldYielder.open(join(folder, "train.h5"));
    expect(await ensemble.predictFold(unaugmented, 2)).toEqual(plain);
    unaugmented.close();
  });
});
