/**
 * What do checkpoints cost? Size, time of a write (encoded, flushed to the disk, renamed), and the share of the training's
 * time at the default of one in five seconds and at the end of every fold; minima and medians of many.
 */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Stream } from "../src/array/index.ts";
import { ModelBuilder } from "../src/model/index.ts";
import { fullyConnected } from "../src/nn/index.ts";
import { CheckpointFile } from "../src/train/checkpoint-file.ts";
import {
  type CheckpointStore,
  checkpointPath,
  defaultCheckpointSeconds,
  type FoldArrays,
  makeCallbacks,
  swa,
  type TrainingFolds,
  trainMember,
} from "../src/train/index.ts";
import { median, printTable } from "./table.ts";

const [features, rows, batchSize] = [30, 25_600, 256];
const networks = { "4×32": [4, 32], "4×100": [4, 100], "6×256": [6, 256] } as const;

const stream = new Stream(1, "checkpoints");
const fold: FoldArrays = {
  eventCount: rows,
  featureCount: features,
  inputs: Float32Array.from({ length: rows * features }, () => stream.normal()),
  targetCount: 1,
  targets: Float32Array.from({ length: rows }, (_, i) => i % 2),
  weights: undefined,
};
const folds: TrainingFolds = {
  foldCount: 3,
  foldSizes: [rows, rows, rows],
  getFold: () => fold,
  getTrainingFold: () => fold,
};

const folder = mkdtempSync(join(tmpdir(), "lumin-checkpoints-"));
const table: string[][] = [];
for (const [name, [depth, width]] of Object.entries(networks)) {
  const builder = new ModelBuilder({
    task: { kind: "binary" },
    features: {
      continuousFeatures: Array.from({ length: features }, (_, i) => `f${i}`),
      categoricalFeatures: [],
      categorySizes: [],
    },
    body: fullyConnected({ depth, width }),
  });
  const file = new CheckpointFile({ directory: folder, fingerprint: "0".repeat(64), seconds: 0 }, 0);
  const writes: number[] = [];
  const foldTimes: number[] = [];
  let begun = performance.now();
  const timed: CheckpointStore = {
    isDue: true,
    read: async () => undefined,
    write: async (checkpoint) => {
      foldTimes.push(performance.now() - begun);
      for (let i = 0; i < 5; i++) {
        const started = performance.now();
        await file.write(checkpoint);
        writes.push(performance.now() - started);
      }
      begun = performance.now();
    },
  };
  const callbacks = await makeCallbacks([swa({ renewalPeriod: 1 })]);
  const epochs = 5;
  await trainMember(
    folds,
    builder,
    callbacks,
    { member: 0, seed: 1, epochs, batchSize },
    { checkpoints: timed },
  );
  const { size } = statSync(checkpointPath(folder, 0));
  const [write, between] = [median(writes), Math.min(...foldTimes)];
  // Further apart where a write takes long: at most a hundredth of the time.
  const interval = Math.max(1000 * defaultCheckpointSeconds, 100 * write);
  table.push([
    name,
    String(builder.parameterCount),
    `${(size / 1e6).toFixed(2)} MB`,
    `${Math.min(...writes).toFixed(1)} ms`,
    `${write.toFixed(1)} ms`,
    `${((100 * write) / (interval + write)).toFixed(2)} %`,
    `${between.toFixed(0)} ms`,
    `${((100 * write) / (between + write)).toFixed(1)} %`,
  ]);
}
rmSync(folder, { recursive: true, force: true });
printTable(
  [
    "network",
    "parameters",
    "file",
    "fastest write",
    "median",
    "default",
    `fold of ${rows / batchSize} steps`,
    "every fold",
  ],
  table,
);
