/** What graph hooks carry along is in the checkpoint: a training goes on with the same bytes. */
import { expect, test } from "vitest";
import { cloudFolds } from "../../test/support/logistic-regression.ts";
import { ModelBuilder } from "../model/index.ts";
import { fullyConnected } from "../nn/index.ts";
import { ema, makeCallbacks, metricLogger, pivotTraining } from "./callback-specs.ts";
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from "./checkpoint.ts";
import type { CheckpointStore } from "./member-settings.ts";
import { trainMember } from "./train-member.ts";

const clouds = cloudFolds([96, 96, 96], { weighted: true });
const folds = {
  ...clouds,
  getColumn: (_: string, fold: number) => clouds.getFold(fold).inputs.filter((__, i) => i % 3 === 0),
};

test("an adversary, a moving average and metrics", async () => {
  const builder = new ModelBuilder({
    task: { kind: "binary" },
    features: { continuousFeatures: ["a", "b", "c"], categoricalFeatures: [], categorySizes: [] },
    body: fullyConnected({ depth: 1, width: 8, dropout: 0.2, batchNorm: true }),
  });
  const specs = [
    pivotTraining({ nuisances: ["a"], coefficient: 1, adversarySteps: 1, riseEpochs: 1 }),
    ema({ decay: 0.9 }),
    metricLogger({ metrics: ["rocAuc"] }),
  ];
  const settings = { member: 1, seed: 7, epochs: 4, batchSize: 16 };
  const train = async (checkpoints: CheckpointStore) =>
    trainMember(folds, builder, await makeCallbacks(specs), settings, { checkpoints });
  const all: Uint8Array[] = [];
  const keep = async (checkpoint: Checkpoint) => void all.push(encodeCheckpoint(checkpoint, "a training"));
  const whole = await train({ isDue: true, write: keep, read: async () => undefined });
  const count = all.length;
  expect(count).toBeGreaterThan(5);
  for (const bytes of all.slice(0, count)) {
    const read = async () => decodeCheckpoint(bytes, "memory").checkpoint;
    expect(await train({ isDue: false, write: keep, read })).toEqual(whole);
  }
});
