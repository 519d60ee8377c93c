/** The examples' analysis files through the command line: trained, reported, predicted and exported, for every task. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readTable } from "../src/data/index.ts";
import { lumin, sampleLines, scratchFolder, writeSample } from "./cli-harness.ts";

const folder = scratchFolder();
const metrics = (run: string) => JSON.parse(readFileSync(join(folder, run, "metrics.json"), "utf8"));
const report = (run: string): string => readFileSync(join(folder, run, "report.html"), "utf8");
const figures = (run: string): string[] =>
  [...report(run).matchAll(/<figure id="([^"]+)">/g)].map((match) => match[1]!);

async function train(yaml: string, run: string, settings: readonly string[] = []): Promise<void> {
  const words = ["training.members=2", "evaluation.bootstrap=10", ...settings].flatMap((each) => [
    "--set",
    each,
  ]);
  const finished = await lumin([
    "train",
    join("examples", yaml),
    "--out",
    join(folder, run),
    "--workers",
    "2",
    ...words,
  ]);
  expect(finished.code, finished.stderr).toBe(0);
  expect(report(run)).not.toContain("No picture");
}

test("adult census: seven embeddings and more, AUC of 0.91 on the test rows", async () => {
  await train("adult/adult.yaml", "adult");
  expect(metrics("adult").sets.test.auc.value).toBeGreaterThan(0.91);
});

test("aligned events: no augmentation, no py of the lepton", async () => {
  await train("higgs/aligned.yaml", "aligned", ["training.epochs=6"]);
  const { features, augmentation } = JSON.parse(readFileSync(join(folder, "aligned", "run.json"), "utf8"));
  expect(augmentation.isOn).toBe(false);
  expect(features.continuous).not.toContain("PRI_lep_py");
  expect(metrics("aligned").sets.validation.auc.value).toBeGreaterThan(0.92);
});

test("several classes: starts with the binary networks' embedding, has AMS, pictures and a prediction a class", async () => {
  await train("higgs/higgs.yaml", "binary", ["training.epochs=2", "training.members=1"]);
  const run = "multiclass";
  await train("higgs/multiclass.yaml", run, [
    `model.start.model=${join(folder, "binary", "members", "0")}`,
    "training.epochs=4",
  ]);
  const { validation } = metrics(run).sets;
  expect(Object.keys(validation.auc)).toEqual(["light", "middle", "heavy", "signal"]);
  for (const shares of Object.values(validation.confusion)) {
    const sum = Object.values(shares as Record<string, number>).reduce((a, b) => a + b, 0);
    expect(sum).toBeCloseTo(1, 9);
  }
  expect(validation.signal.significance[0].regularisation).toBe(10);
  expect(figures(run)).toEqual([
    "roc",
    "class-0",
    "class-1",
    "class-2",
    "class-3",
    "ams",
    "reliability",
    "losses",
    "importance",
  ]);
  expect(report(run)).toContain("Which class has the highest prediction");

  // Raw events to be predicted have no label; every class has a column.
  const events = withoutColumn(join(folder, "unlabelled.csv"), "Label");
  const output = join(folder, "scores.csv");
  const predicted = await lumin(["predict", join(folder, run), "--input", events, "--output", output]);
  expect(predicted.code, predicted.stderr).toBe(0);
  const { columns } = await readTable([output]);
  expect(Object.keys(columns)).toEqual(["EventId", "pred_0", "pred_1", "pred_2", "pred_3"]);
});

test("two targets: metrics and pictures of each, and one ONNX file", async () => {
  const run = "missing-momentum";
  await train("higgs/missing-momentum.yaml", run, ["training.epochs=8"]);
  const { targets } = metrics(run).sets.validation;
  for (const name of ["met_along", "met_across"]) {
    // A linear fit leaves 0.33 and 0.70 of the spreads; 0.9 of those are asked for.
    const allowed = name === "met_along" ? 0.3 : 0.63;
    expect(targets[name].rootMeanSquare.value / targets[name].spread, name).toBeLessThan(allowed);
  }
  expect(figures(run)).toEqual([
    "differences-0",
    "resolution-0",
    "differences-1",
    "resolution-1",
    "losses",
    "importance",
  ]);
  const scored = await readTable([join(folder, run, "predictions", "validation.csv")]);
  expect(Object.keys(scored.columns)).toEqual(["EventId", "target_0", "target_1", "pred_0", "pred_1"]);
  const events = writeSample(folder, 300);
  const exported = await lumin([
    ...["export", join(folder, run), "--onnx", join(folder, "met.onnx"), "--input", events],
  ]);
  expect(exported.code, exported.stderr).toBe(0);
});

test("one target: a scaled regression in GeV", async () => {
  await train("higgs/visible-mass.yaml", "mass", ["training.epochs=10"]);
  const { DER_mass_vis: found } = metrics("mass").sets.validation.targets;
  // A linear fit leaves 26.5 GeV.
  expect(found.rootMeanSquare.value).toBeLessThan(0.5 * 26.5);
  const evaluated = await lumin(["evaluate", join(folder, "mass")]);
  expect(evaluated.stdout).toContain("standard deviation of the truth");
});

test("parametrised and pivot: a module of one's own, and a column carried for the adversary", async () => {
  await train("higgs/parametrised.yaml", "parametrised", ["training.epochs=4"]);
  expect(metrics("parametrised").sets.validation.auc.value).toBeGreaterThan(0.88);
  await train("higgs/pivot.yaml", "pivot", ["training.epochs=5", "training.members=1"]);
  const history = readFileSync(join(folder, "pivot", "members", "0", "history.jsonl"), "utf8");
  expect(history).toContain('"dependence"');
});

test("a target among the features is refused, an unknown one named", async () => {
  const refused = await lumin([
    ...["train", "examples/higgs/visible-mass.yaml", "--out", join(folder, "leak")],
    ...["--set", "features.continuous=[PRI_met_pt, DER_mass_vis]"],
  ]);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain(
    'features: "DER_mass_vis" is the target; take it away, with "!DER_mass_vis" where a glob names it.',
  );
  const unknown = await lumin([
    ...["train", "examples/higgs/missing-momentum.yaml", "--out", join(folder, "unknown")],
    ...["--set", "target.compute.met_along=PRI_mett + 1"],
  ]);
  expect(unknown.code).toBe(1);
  expect(unknown.stderr).toContain('"PRI_mett" is not known. Did you mean "PRI_met"?');
});

/** The first events without one column. */
function withoutColumn(path: string, column: string): string {
  const [header = "", ...rows] = sampleLines(200);
  const index = header.split(",").indexOf(column);
  const lines = [header, ...rows].map((line) => line.split(",").toSpliced(index, 1).join(","));
  writeFileSync(path, `${lines.join("\n")}\n`);
  return path;
}
