/** A regression of a vector: augmentation turns inputs and targets, and prediction turns its views back. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Stream } from "../array/index.ts";
import {
  type Augmentation,
  augmentationPlan,
  augmentFixed,
  FoldYielder,
  fitPipeline,
  HEPAugFoldYielder,
  type Table,
  tableOf,
  viewTransform,
  writeFoldFile,
} from "../data/index.ts";
import { Model, ModelBuilder } from "../model/index.ts";
import { fullyConnected } from "../nn/index.ts";
import { oneCycle } from "../train/index.ts";
import { Ensemble } from "./ensemble.ts";
import { exportOnnx } from "./export/export-onnx.ts";
import { type EnsembleTraining, foldTrainEnsemble } from "./fold-train-ensemble.ts";
import { augmentedInputs } from "./prediction-inputs.ts";

const folder = mkdtempSync(join(tmpdir(), "lumin-vectors-"));
const noise = fileURLToPath(new URL("../../test/support/user-augmentation.mjs", import.meta.url));
const features = ["lep_px", "lep_py", "lep_pz", "met_px", "met_py"];
const targets = ["nu_px", "nu_py", "nu_pz"];
const eventCount = 1200;
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/**
 * ν = 0.6 ℓ + 0.8 MET, with ν_z from ℓ_z, of events whose lepton points within ±0.3 of an azimuth: what a network learns
 * of one direction is nothing of another.
 */
function eventsAround(azimuth: number, seed: number): Table {
  const stream = new Stream(seed, "vectors");
  const columns = Object.fromEntries(
    [...features, ...targets].map((name) => [name, new Float32Array(eventCount)]),
  );
  for (let i = 0; i < eventCount; i++) {
    const [pt, phi] = [20 + 30 * stream.uniform(), azimuth + 0.6 * (stream.uniform() - 0.5)];
    const lepton = [pt * Math.cos(phi), pt * Math.sin(phi), 50 * stream.normal()] as const;
    const met = [15 * stream.normal(), 15 * stream.normal()] as const;
    const row = [
      ...lepton,
      ...met,
      0.6 * lepton[0] + 0.8 * met[0],
      0.6 * lepton[1] + 0.8 * met[1],
      0.5 * lepton[2],
    ];
    for (const [k, name] of [...features, ...targets].entries()) columns[name]![i] = row[k]!;
  }
  return tableOf(columns);
}

const rowsOf = (table: Table, names: readonly string[]): Float32Array =>
  Float32Array.from(
    { length: table.rowCount * names.length },
    (_, k) => (table.columns[names[k % names.length]!] as Float32Array)[Math.floor(k / names.length)]!,
  );

const table = eventsAround(0.4, 1);
const path = join(folder, "train.h5");
let scaler: { readonly means: readonly number[]; readonly standardDeviations: readonly number[] };
const stored = (events: Table): Float32Array =>
  rowsOf(events, features).map((value, k) => {
    const f = k % features.length;
    return (value - scaler.means[f]!) / scaler.standardDeviations[f]!;
  });

beforeAll(async () => {
  scaler = (await fitPipeline(table, { continuous: features })).scaler!;
  await writeFoldFile(path, {
    continuousFeatures: features,
    categoricalFeatures: [],
    categories: [],
    targetFeatures: targets,
    scaler: { means: [...scaler.means], standardDeviations: [...scaler.standardDeviations] },
    folds: [0, 1, 2].map((fold) => Int32Array.from({ length: 400 }, (_, i) => 400 * fold + i)),
    features: stored(table),
    targets: rowsOf(table, targets),
    columns: { up: new Float32Array(eventCount).fill(1), down: new Float32Array(eventCount).fill(-1) },
  });
});

function train(
  folds: FoldYielder,
  options: { epochs?: number; workers?: number; outputDirectory?: string } = {},
): Promise<EnsembleTraining> {
  const builder = new ModelBuilder({
    task: { kind: "regression", targetCount: 3 },
    features: folds,
    body: fullyConnected({ depth: 2, width: 24, activation: "swish" }),
  });
  return foldTrainEnsemble(folds, builder, {
    memberCount: 2,
    epochs: 25,
    batchSize: 40,
    seed: 3,
    callbacks: [oneCycle({ learningRates: [1e-3, 1e-2], momenta: [0.95, 0.85] })],
    ...options,
  });
}

/** √⟨|ν̂ − ν|²⟩ in GeV. */
function error(predictions: ArrayLike<number>, truth: Float32Array): number {
  let sum = 0;
  for (let k = 0; k < truth.length; k++) sum += (predictions[k]! - truth[k]!) ** 2;
  return Math.sqrt((3 * sum) / truth.length);
}

test("learns in one direction what holds in all, and predicts vectors that turn with the event", async () => {
  const folds = await HEPAugFoldYielder.open(path, {
    augmentation: [{ kind: "rotation", views: 4 }, { kind: "reflection" }],
  });
  const plain = await FoldYielder.open(path);
  const [{ ensemble }, { ensemble: unaware }] = [await train(folds), await train(plain)];
  const behind = eventsAround(0.4 + Math.PI, 2);
  const [inputs, truth] = [stored(behind), rowsOf(behind, targets)];
  const predict = (model: Ensemble, views: Float32Array | ReturnType<typeof augmentedInputs>) =>
    model.predict(views, eventCount);
  const spread = error(new Float64Array(truth.length), truth);
  const augmented = error(await predict(ensemble, augmentedInputs(inputs, folds.plan)), truth);
  expect(spread).toBeGreaterThan(30);
  expect(augmented).toBeLessThan(0.1 * spread);
  expect(error(await predict(ensemble, inputs), truth)).toBeGreaterThan(augmented);
  expect(error(await predict(unaware, inputs), truth)).toBeGreaterThan(2 * augmented);

  // The mean over views that are turned back turns as the event does, to rounding.
  const whole = await predict(ensemble, augmentedInputs(inputs, folds.plan));
  for (let view = 0; view < folds.plan.count; view++) {
    const turned = augmentFixed(inputs, eventCount, folds.plan, view);
    const prediction = await predict(ensemble, augmentedInputs(turned, folds.plan));
    const { xx, xy, yx, yy, zz } = viewTransform(folds.plan, view);
    let largest = 0;
    for (let i = 0; i < whole.length; i += 3) {
      const [x, y, z] = [whole[i]!, whole[i + 1]!, whole[i + 2]!];
      const wanted = [xx * x + xy * y, yx * x + yy * y, zz * z];
      for (const [k, value] of wanted.entries()) {
        largest = Math.max(largest, Math.abs(value - prediction[i + k]!));
      }
    }
    expect(largest).toBeLessThan(1e-3);
  }

  // The fold yielder, one network of the ensemble and the exported graph do the same.
  const fold = folds.getStoredFold(0);
  const ofFold = await ensemble.predictFold(folds, 0);
  expect(ofFold).toEqual(await ensemble.predict(augmentedInputs(fold.features, folds.plan), 400));
  expect(error(ofFold, fold.targets)).toBeLessThan(0.1 * spread);
  const [first] = ensemble.members;
  const alone = await (first!.model as Model).predictFold(folds, 0);
  expect(error(alone, fold.targets)).toBeLessThan(0.15 * spread);
  const pipeline = await fitPipeline(table, { continuous: features });
  const graph = join(folder, "vectors.onnx");
  const { largestDifference } = await exportOnnx(graph, {
    ensemble,
    pipeline,
    plan: folds.plan,
    events: behind,
  });
  expect(largestDifference).toBeLessThan(1e-4);
  for (const each of [ensemble, unaware]) await each.release();
  folds.close();
  plain.close();
});

test("polar vectors are turned in the exported graph as in prediction", async () => {
  const names = ["lep_pt", "lep_eta", "lep_phi", "met_px", "met_py"];
  const stream = new Stream(6, "polar");
  const events = tableOf(
    Object.fromEntries(
      names.map((name) => [
        name,
        Float32Array.from({ length: 300 }, () =>
          name === "lep_phi" ? (2 * stream.uniform() - 1) * Math.PI : 20 + 5 * stream.normal(),
        ),
      ]),
    ),
  );
  const pipeline = await fitPipeline(events, { continuous: names });
  const features = { continuousFeatures: names, categoricalFeatures: [], categorySizes: [] };
  const builder = new ModelBuilder({
    task: { kind: "binary" },
    features,
    body: fullyConnected({ depth: 1, width: 6 }),
  });
  const ensemble = Ensemble.fromModels([Model.fresh(builder, 1, 0)]);
  const of = (augmentation: Augmentation) => augmentationPlan(names, pipeline.scaler, augmentation);
  const plan = of([
    { kind: "rotation", views: 3 },
    { kind: "smearing", columns: ["lep_pt"], relative: 0.1 },
    { kind: "reflection" },
  ]);
  const { largestDifference } = await exportOnnx(join(folder, "polar.onnx"), {
    ensemble,
    pipeline,
    plan,
    events,
  });
  expect(plan.count).toBe(12);
  expect(largestDifference).toBeLessThan(1e-5);
  const drawn = of([
    { kind: "rotation" },
    { kind: "smearing", columns: ["lep_pt"], relative: 0.1, views: 2 },
  ]);
  await expect(
    exportOnnx(join(folder, "no.onnx"), { ensemble, pipeline, plan: drawn, events }),
  ).rejects.toThrow(
    "export: views by smearing are drawn from each event's values, which an ONNX file cannot do. Export without augmentation (--no-augment), or give it no views.",
  );
  await ensemble.release();
});

const everything: Augmentation = [
  { kind: "rotation" },
  { kind: "reflection" },
  { kind: "smearing", vectors: ["lep"], relative: 0.05 },
  {
    kind: "variation",
    nuisances: { met: { met_px: { up: "up", down: "down" } }, scale: { "lep_p?": { up: 1.02, down: 0.98 } } },
  },
  { kind: "dropping", objects: ["met"], probability: 0.05, views: 2 },
  { kind: "module", module: noise, name: "addNoise", options: { column: "lep_pz", deviation: 2 } },
];

test("every kind of transform trains to the same bytes with 0, 1 and 2 workers", async () => {
  const contents = async (workers: number): Promise<Map<string, string>> => {
    const folds = await HEPAugFoldYielder.open(path, { augmentation: everything, seed: 7 });
    const outputDirectory = join(folder, `workers-${workers}`);
    const { ensemble } = await train(folds, { epochs: 2, workers, outputDirectory });
    const prediction = await ensemble.predictFold(folds, 1);
    await ensemble.release();
    folds.close();
    const files = readdirSync(outputDirectory, { recursive: true, encoding: "utf8" }).filter((name) =>
      /model\.safetensors$|history\.jsonl$/.test(name),
    );
    return new Map<string, string>([
      ["prediction", Buffer.from(prediction.buffer).toString("base64")],
      ...files
        .sort()
        .map((name) => [name, readFileSync(join(outputDirectory, name)).toString("base64")] as const),
    ]);
  };
  const here = await contents(0);
  expect(here.size).toBeGreaterThanOrEqual(3);
  for (const workers of [1, 2]) expect(await contents(workers)).toEqual(here);
});

test("what cannot travel, and a function that gives something back, are refused", async () => {
  const open = (augmentation: Augmentation) => HEPAugFoldYielder.open(path, { augmentation });
  const closure = await open([{ kind: "function", apply: () => undefined }]);
  expect(() => closure.toSpec()).toThrow(
    "augmentation: a function cannot be sent to worker processes. Give it by module, { kind: 'module', module: './noise.js', name: 'addNoise' }, or train in this process with workers: 0.",
  );
  closure.close();
  const wrong = await open([{ kind: "module", module: noise, name: "givesBack" }]);
  expect(() => wrong.getTrainingFold(0, new Stream(1))).toThrow(
    "augmentation: function: the function changes columns in place and gives nothing back, but it gave object.",
  );
  wrong.close();
  await expect(open([{ kind: "module", module: noise, name: "addNoice" }])).rejects.toThrow(
    'Did you mean "addNoise"?',
  );
  const missing = await open([
    { kind: "variation", nuisances: { a: { met_px: { up: "ups", down: "down" } } } },
  ]);
  expect(() => missing.getTrainingFold(0, new Stream(1))).toThrow(
    'column "ups" is not known. Did you mean "up"?',
  );
  missing.close();
});
