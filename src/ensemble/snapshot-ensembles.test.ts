import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeCloudFoldFile } from "../../test/support/fold-file.ts";
import { FoldYielder } from "../data/index.ts";
import { Model, ModelBuilder } from "../model/index.ts";
import { fullyConnected } from "../nn/index.ts";
import { cyclic, memberDirectory, readSnapshots, type Snapshot } from "../train/index.ts";
import { assembleEnsemble, type EnsembleRecipe } from "./assemble.ts";
import { averageNetworks } from "./average-networks.ts";
import { compareMembers } from "./compare-members.ts";
import { Ensemble } from "./ensemble.ts";
import { predictIntoFolds } from "./fold-predictions.ts";
import { type EnsembleTraining, foldTrainEnsemble } from "./fold-train-ensemble.ts";

const folder = mkdtempSync(join(tmpdir(), "lumin-snapshots-"));
const run = join(folder, "run");
let folds: FoldYielder;
let training: EnsembleTraining;
let saved: Snapshot[];

const settings = {
  memberCount: 2,
  epochs: 6,
  batchSize: 32,
  seed: 5,
  callbacks: [cyclic({ learningRates: [0, 2e-2], length: 2 })],
};
const task = { kind: "binary" } as const;
const network = (batchNorm = true): ModelBuilder =>
  new ModelBuilder({ task, features: folds, body: fullyConnected({ depth: 2, width: 8, batchNorm }) });

beforeAll(async () => {
  await writeCloudFoldFile(join(folder, "train.h5"), 3, 400);
  folds = await FoldYielder.open(join(folder, "train.h5"));
  training = await foldTrainEnsemble(folds, network(), {
    ...settings,
    outputDirectory: run,
    ensemble: { kind: "snapshots" },
  });
  saved = await readSnapshots(memberDirectory(run, 0));
});
afterAll(() => {
  folds.close();
  rmSync(folder, { recursive: true, force: true });
});

const described = ({ members }: Ensemble): [number, string | undefined, number][] =>
  members.map(({ member, snapshot, weight }) => [member, snapshot, Number(weight.toFixed(6))]);
const assemble = (recipe: EnsembleRecipe): Promise<Ensemble> =>
  assembleEnsemble(run, recipe, { ...settings, folds });

describe("a snapshot ensemble", () => {
  test("has the weights at the end of every cycle, the latest first, by 1/rank", () => {
    const norm = 2 * (1 + 1 / 2 + 1 / 3);
    expect(described(training.ensemble)).toEqual(
      [0, 1].flatMap((member) =>
        [3, 2, 1].map((cycle, i) => [member, `cycle-${cycle}`, Number((1 / (i + 1) / norm).toFixed(6))]),
      ),
    );
    expect(training.ensemble.members.slice(0, 3).map(({ validationLoss }) => validationLoss)).toEqual(
      saved.map(({ validationLoss }) => validationLoss).reverse(),
    );
  });

  test("is what it was when its folder is loaded, and when it is made again without training", async () => {
    const { inputs } = folds.getFold(2);
    const expected = await training.ensemble.predict(inputs, 400);
    expect(await (await Ensemble.load(run)).predict(inputs, 400)).toEqual(expected);
    expect(await (await assemble({ kind: "snapshots" })).predict(inputs, 400)).toEqual(expected);
  });

  test("takes size, power, patience, losses and final networks as asked", async () => {
    const of = async (options: object) =>
      described(await Ensemble.fromSnapshots(run, { trainings: [0], ...options }));
    expect(await of({ size: 2 })).toEqual([
      [0, "cycle-3", 0.5],
      [0, "cycle-2", 0.5],
    ]);
    expect(await of({ patience: 1, power: 1 })).toEqual([
      [0, "cycle-2", 0.333333],
      [0, "cycle-1", 0.666667],
    ]);
    const losses = [...saved].sort((a, b) => a.validationLoss - b.validationLoss);
    expect((await of({ choose: "best" })).map(([, name]) => name)).toEqual(losses.map(({ name }) => name));
    const sum = saved.reduce((total, { validationLoss }) => total + 1 / validationLoss, 0);
    expect(await of({ weighting: "reciprocal" })).toEqual(
      saved
        .toReversed()
        .map(({ name, validationLoss }) => [0, name, Number((1 / validationLoss / sum).toFixed(6))]),
    );
    const withFinal = await of({ cyclesOnly: false, power: -1 });
    const isSnapshot = saved.some(({ epoch }) => epoch === training.results[0]!.bestEpoch);
    expect(withFinal).toHaveLength(isSnapshot ? 3 : 4);
    expect(withFinal[0]![1]).toBeUndefined();
    expect(withFinal[1]![2] / withFinal[0]![2]).toBeCloseTo(1 / 2, 4);
  });

  test("refuses what cannot be had", async () => {
    await expect(Ensemble.fromSnapshots(run, { trainings: [7] })).rejects.toThrow(
      `Ensemble: training 7 is not in "${run}". It has 0, 1.`,
    );
    await expect(Ensemble.fromSnapshots(run, { patience: 3 })).rejects.toThrow(
      "snapshots: training 0 has 3 cycles; without the last 3 none is left. Give a smaller patience.",
    );
    await expect(Ensemble.fromSnapshots(run, { size: 0 })).rejects.toThrow("snapshots: size is 0;");
    const plain = join(folder, "plain");
    cpSync(run, plain, { recursive: true });
    for (const member of [0, 1]) rmSync(join(plain, "members", String(member), "cycles.jsonl"));
    await expect(Ensemble.fromSnapshots(plain)).rejects.toThrow(
      "snapshots: training 0 has saved none. Train with the callback Snapshots and a cyclic schedule whose cycles end within the training.",
    );
    await expect(
      foldTrainEnsemble(folds, network(), { ...settings, ensemble: { kind: "average" } }),
    ).rejects.toThrow(
      'foldTrainEnsemble: an ensemble of the kind "average" is made of weights that are saved on the way. Give an outputDirectory.',
    );
  });
});

describe("averaged weights", () => {
  test("are the weighted mean, and that of equal networks is the network", async () => {
    const [a, b] = [Model.fresh(network(), 1), Model.fresh(network(), 2)];
    const { builder, parameters, buffers } = averageNetworks([a, new Model(a.builder, b)], [3, 1]);
    expect(builder).toBe(a.builder);
    for (const at of [0, 11, 57]) {
      expect(parameters[at]).toBeCloseTo(0.75 * a.parameters[at]! + 0.25 * b.parameters[at]!, 7);
    }
    expect(buffers.length).toBeGreaterThan(0);
    expect(averageNetworks([a, a, a]).parameters).toEqual(a.parameters);
    expect(() => averageNetworks([a, Model.fresh(network(false), 1)])).toThrow(
      "averageNetworks: the networks are not of one builder; their weights have no mean.",
    );
    expect(() => averageNetworks([])).toThrow("give at least one network");
  });

  test("need networks that see the same features", () => {
    const masked = new ModelBuilder({
      task: { kind: "binary" },
      features: { continuousFeatures: ["a", "b"], categoricalFeatures: [], categorySizes: [] },
      body: fullyConnected({ depth: 1, width: 2 }),
      inputMask: { fraction: 0.5 },
    });
    const models = Array.from({ length: 6 }, (_, member) => Model.fresh(masked, 1, member));
    const sees = (name: string) => models.filter(({ usedFeatures }) => usedFeatures[0] === name);
    expect(averageNetworks(sees("a")).usedFeatures).toEqual(["a"]);
    expect(() => averageNetworks([...sees("a"), ...sees("b")])).toThrow(
      "averageNetworks: the networks see different features (their input masks differ); their weights have no mean.",
    );
  });

  test("make one network a training, with running statistics of its own and its validation loss", async () => {
    const ensemble = await assemble({ kind: "average", size: 2 });
    expect(described(ensemble).map(([member, name]) => [member, name])).toEqual([
      [0, "average"],
      [1, "average"],
    ]);
    const model = ensemble.members[0]!.model as Model;
    const snapshots = await Promise.all(
      ["cycle-3", "cycle-2"].map((name) => Model.load(join(memberDirectory(run, 0), name))),
    );
    const mean = averageNetworks(snapshots);
    expect(model.parameters).toEqual(mean.parameters);
    expect(model.buffers).not.toEqual(mean.buffers);
    const { inputs, targets, weights } = folds.getFold(0);
    const { loss } = await model.evaluate({ inputs, targets, weights: weights! });
    expect(ensemble.members[0]!.validationLoss).toBeCloseTo(loss, 5);
    expect(loss).toBeLessThan(1.05 * Math.max(...saved.slice(1).map(({ validationLoss }) => validationLoss)));
    expect(existsSync(join(run, "members", "0", "average", "model.safetensors"))).toBe(true);
    const again = await assemble({ kind: "average", size: 2 });
    expect((again.members[0]!.model as Model).buffers).toEqual(model.buffers);
    await ensemble.release();
  });
});

describe("an ensemble from folders or models", () => {
  test("has the weights given and scores no training event out of fold", async () => {
    const paths = [0, 1].map((member) => memberDirectory(run, member));
    const ensemble = await Ensemble.fromFolders(paths, [1, 3]);
    expect(ensemble.members.map(({ weight }) => weight)).toEqual([0.25, 0.75]);
    expect((await ensemble.predictOutOfFold(folds))[0]!.every(Number.isNaN)).toBe(true);
    expect(() => Ensemble.fromModels([ensemble.members[0]!.model], [1, 2])).toThrow(
      "Ensemble.fromModels: 1 model, but 2 weights.",
    );
  });

  test("of results can be chosen and weighted by another metric", () => {
    const results = [0.9, 0.7, 0.8].map((auc, member) => ({
      member,
      model: training.ensemble.members[0]!.model,
      validationLoss: 0.5,
      validationFold: member,
      metrics: { auc },
    }));
    const best = Ensemble.fromResults(results, { metric: "auc", higherIsBetter: true, size: 2 });
    expect(described(best)).toEqual([
      [0, undefined, 0.529412],
      [2, undefined, 0.470588],
    ]);
    expect(() => Ensemble.fromResults(results, { metric: "acu" })).toThrow(
      'metric "acu" is not known. Did you mean "auc"? Known: loss, auc.',
    );
  });
});

describe("predictions as fold columns", () => {
  test("are stored beside the events, of all members or out of fold, and replaced", async () => {
    const path = join(folder, "predicted.h5");
    cpSync(join(folder, "train.h5"), path);
    const own = await FoldYielder.open(path);
    const { ensemble } = training;
    expect(await predictIntoFolds(ensemble, own)).toEqual(["pred"]);
    expect(own.getColumn("pred", 1)).toEqual(await ensemble.predictFold(own, 1));
    await predictIntoFolds(ensemble, own, { outOfFold: true });
    const outOfFold = await ensemble.predictOutOfFold(own);
    expect(own.getColumn("pred", 1)).toEqual(outOfFold[1]);
    expect((own.getColumn("pred", 2) as Float64Array).every(Number.isNaN)).toBe(true);
    own.close();
    expect(readFileSync(path).length).toBeGreaterThan(0);
  });
});

describe("members against the ensemble", () => {
  test("share events and replicas; gains are paired", async () => {
    const { inputs, targets, weights } = folds.getFold(2);
    const predictions = await training.ensemble.predictMembers(inputs, 400);
    const events = { targets, weights: weights! };
    const { members } = training.ensemble;
    const table = compareMembers(task, members, predictions, events, { replicaCount: 50, seed: 1 });
    expect(table.members.map(({ name }) => name)).toEqual(
      [0, 1].flatMap((member) => [3, 2, 1].map((cycle) => `member${member}.cycle-${cycle}`)),
    );
    const { auc } = table.ensemble.metrics;
    for (const { metrics } of table.members) {
      expect(metrics.auc!.gain!.value).toBeCloseTo(auc!.value! - metrics.auc!.value!, 12);
      expect(metrics.auc!.gain!.uncertainty).toBeLessThan(2 * auc!.uncertainty!);
    }
    expect(table.correlation!.largest).toBeLessThan(1);
    expect(table.correlation!.mean).toBeGreaterThan(0.5);
    expect(JSON.parse(JSON.stringify(table))).toEqual(table);
    const doubled = { targets, weights: weights!.map((weight) => 2 * weight) };
    const same = compareMembers(task, members, predictions, doubled, { replicaCount: 50, seed: 1 });
    expect(same.ensemble.metrics.auc!.value).toBeCloseTo(auc!.value!, 12);
  });

  test("of one member are the ensemble, without gain or correlation", async () => {
    const { inputs, targets } = folds.getFold(2);
    const one = training.ensemble.without(1, 2, 3, 4, 5);
    const predictions = await one.predictMembers(inputs, 400);
    const table = compareMembers(task, one.members, predictions, { targets }, { replicaCount: 5 });
    expect(table.correlation).toBeNull();
    expect(table.members[0]!.metrics.auc!.gain).toEqual({ value: 0, uncertainty: 0 });
  });

  test("must fit the events", () => {
    const predictions = { ensemble: new Float64Array(3), members: [new Float64Array(3)] };
    expect(() =>
      compareMembers(task, training.ensemble.members.slice(0, 1), predictions, { targets: [0, 1] }),
    ).toThrow("comparePredictions: 2 targets need 2 predictions of each model, but 3 came.");
  });
});
