/** `foldTrainEnsemble` with `excludedFolds` and `disjointFolds`. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeCloudFoldFile } from "../../test/support/fold-file.ts";
import { FoldYielder } from "../data/index.ts";
import { ModelBuilder } from "../model/index.ts";
import { fullyConnected } from "../nn/index.ts";
import { cyclic, type SendableFolds } from "../train/index.ts";
import { Ensemble } from "./ensemble.ts";
import { type EnsembleTrainingOptions, foldTrainEnsemble } from "./fold-train-ensemble.ts";

const folder = mkdtempSync(join(tmpdir(), "lumin-fold-choice-"));
let folds: FoldYielder;

beforeAll(async () => {
  await writeCloudFoldFile(join(folder, "train.h5"), 5, 100);
  folds = await FoldYielder.open(join(folder, "train.h5"));
});
afterAll(() => {
  folds.close();
  rmSync(folder, { recursive: true, force: true });
});

function train(options: Partial<EnsembleTrainingOptions>, from: SendableFolds = folds) {
  const builder = new ModelBuilder({
    task: { kind: "binary" },
    features: folds,
    body: fullyConnected({ depth: 1, width: 6, batchNorm: true }),
  });
  return foldTrainEnsemble(from, builder, { memberCount: 2, epochs: 2, batchSize: 25, seed: 3, ...options });
}

/** The folds, and which of them were read. */
function watched() {
  const read = new Set<number>();
  const note = (index: number): number => {
    read.add(index);
    return index;
  };
  const of: SendableFolds = {
    foldCount: folds.foldCount,
    foldSizes: folds.foldSizes,
    features: folds.features,
    toSpec: () => folds.toSpec(),
    getFold: (index) => folds.getFold(note(index)),
    getTrainingFold: (index, stream) => folds.getTrainingFold(note(index), stream),
  };
  return { of, read };
}

const usedBy = ({ results }: Awaited<ReturnType<typeof train>>) =>
  results.map(({ validationFold, trainingFolds }) => [validationFold, trainingFolds]);

describe("excludedFolds", () => {
  test("are neither trained nor validated on, and every member scores them out of fold", async () => {
    const { of, read } = watched();
    const training = await train({ memberCount: 4, excludedFolds: [4, 1] }, of);
    expect(usedBy(training)).toEqual([
      [0, [2, 3]],
      [2, [0, 3]],
      [3, [0, 2]],
      [0, [2, 3]],
    ]);
    expect([...read].sort()).toEqual([0, 2, 3]);
    expect(training.ensemble.outOfFold(1).members).toHaveLength(4);
    expect(training.ensemble.outOfFold(2).members.map(({ member }) => member)).toEqual([1]);
  });

  test("that are none leave the training as it is, to the byte", async () => {
    const [plain, none] = [await train({}), await train({ excludedFolds: [], disjointFolds: false })];
    expect(none.results).toEqual(plain.results);
    expect(none.ensemble.members).toEqual(plain.ensemble.members);
  });
});

describe("disjointFolds", () => {
  test("give every member folds of its own; it scores those of the others out of fold", async () => {
    const { of, read } = watched();
    const training = await train({ disjointFolds: true, excludedFolds: [1] }, of);
    expect(usedBy(training)).toEqual([
      [0, [2]],
      [3, [4]],
    ]);
    expect([...read].sort()).toEqual([0, 2, 3, 4]);
    const { ensemble } = training;
    const scorers = [0, 1, 2, 3, 4].map((fold) => ensemble.outOfFold(fold).members.map((m) => m.member));
    expect(scorers).toEqual([[0, 1], [0, 1], [1], [0, 1], [0]]);
  });

  test("give the same weights in worker processes", async () => {
    const [here, there] = [
      await train({ disjointFolds: true }),
      await train({ disjointFolds: true, workers: 1 }),
    ];
    expect(usedBy(there)).toEqual(usedBy(here));
    const weights = ({ ensemble }: typeof here) =>
      ensemble.members.map(({ model }) => "parameters" in model && model.parameters);
    expect(weights(there)).toEqual(weights(here));
  });
});

test("the choice is kept with the members, and another one is another training", async () => {
  const outputDirectory = join(folder, "run");
  const options = { outputDirectory, disjointFolds: true };
  const first = await train(options);
  const again = await train({ ...options, onProgress: () => expect.unreachable("trained again") });
  expect(again.results).toEqual(first.results);
  const loaded = await Ensemble.load(outputDirectory);
  expect(loaded.members.map(({ trainingFolds }) => trainingFolds)).toEqual([[1], [3]]);
  await expect(train({ outputDirectory })).rejects.toThrow(/another training/);
  for (const other of [{ disjointFolds: false }, { excludedFolds: [4] }, { memberCount: 1 }]) {
    await expect(train({ ...options, ...other, resume: true })).rejects.toThrow(
      /holds another training and cannot be resumed/,
    );
  }
});

test("averaged and snapshot ensembles know the folds of their trainings", async () => {
  for (const kind of ["snapshots", "average"] as const) {
    const { ensemble } = await train({
      ...{ outputDirectory: join(folder, kind), ensemble: { kind }, excludedFolds: [0] },
      callbacks: [cyclic({ learningRates: [1e-3, 1e-2], length: 1 })],
    });
    for (const { member, validationFold, trainingFolds } of ensemble.members) {
      expect([validationFold, trainingFolds]).toEqual(
        [
          [1, [2, 3, 4]],
          [2, [1, 3, 4]],
        ][member]!,
      );
    }
  }
});

test("refuses folds that are not there, and too few", async () => {
  await expect(train({ excludedFolds: [5] })).rejects.toThrow(
    "foldTrainEnsemble: excludedFolds has 5, but there are 5 folds, counted from 0.",
  );
  await expect(train({ excludedFolds: [0, 1, 2, 3] })).rejects.toThrow(
    "foldTrainEnsemble: the number of folds to use, 1, is too small; a member needs at least 2, one of them to validate on.",
  );
  await expect(train({ memberCount: 3, disjointFolds: true })).rejects.toThrow(
    "foldTrainEnsemble: the number of folds to use, 5, is too small for 3 members with folds of their own; a member needs at least 2, one of them to validate on.",
  );
});
