/**
 * What does a callback with a batch hook cost? A step of a fold trained in one call, of the same fold trained batch by
 * batch, and with a hook that reads the losses; several networks, minima of interleaved rounds.
 */
import { Stream } from "../src/array/index.ts";
import { ModelBuilder } from "../src/model/index.ts";
import { fullyConnected } from "../src/nn/index.ts";
import { type Callback, type FoldArrays, type TrainingFolds, trainMember } from "../src/train/index.ts";
import { printTable } from "./table.ts";

const [features, rows, batchSize, rounds] = [30, 12_800, 256, 4];
const networks = { "4×32": [4, 32], "4×100": [4, 100] } as const;

const stream = new Stream(1, "batch hook");
const fold: FoldArrays = {
  eventCount: rows,
  featureCount: features,
  inputs: Float32Array.from({ length: rows * features }, () => stream.normal()),
  targetCount: 1,
  targets: Float32Array.from({ length: rows }, (_, i) => i % 2),
  weights: undefined,
};
const folds: TrainingFolds = {
  foldCount: 2,
  foldSizes: [rows, rows],
  getFold: () => fold,
  getTrainingFold: () => fold,
};

/** Milliseconds a step: of the fastest of several epochs. */
async function stepTime(builder: ModelBuilder, callbacks: readonly Callback[]): Promise<number> {
  let [begun, fastest] = [0, Infinity];
  const clock: Callback = {
    name: "clock",
    onFoldBegin: () => {
      begun = performance.now();
    },
    onFoldEnd: () => {
      fastest = Math.min(fastest, performance.now() - begun);
    },
  };
  const settings = { member: 0, seed: 1, epochs: 6, batchSize, keepBest: false };
  await trainMember(folds, builder, [clock, ...callbacks], settings, { pieceMilliseconds: 1e6 });
  return fastest / (rows / batchSize);
}

const table: (string | number)[][] = [];
for (const [name, [depth, width]] of Object.entries(networks)) {
  const builder = new ModelBuilder({
    task: { kind: "binary" },
    features: {
      continuousFeatures: Array.from({ length: features }, (_, i) => `x${i}`),
      categoricalFeatures: [],
      categorySizes: [],
    },
    body: fullyConnected({ depth, width, activation: "swish" }),
  });
  let [whole, single] = [Infinity, Infinity];
  for (let round = 0; round < rounds; round++) {
    whole = Math.min(whole, await stepTime(builder, []));
    single = Math.min(
      single,
      await stepTime(builder, [{ name: "watch", onBatchEnd: ({ losses }) => void losses[0] }]),
    );
  }
  table.push([name, whole, single, single - whole]);
}
printTable(["network", "ms a step, fold in one call", "with a batch hook", "difference"], table);
