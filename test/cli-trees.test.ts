/** `model: { type: boosting }` and `{ type: forest }` on the command line: train, predict, export, cross-validate. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { gainImportance, parseTrees } from "../src/trees/index.ts";
import { type Finished, lumin, scratchFolder, writeSample } from "./cli-harness.ts";

const folder = scratchFolder();
const boosting = "{ type: boosting, rounds: 60, maxDepth: 3, patience: 10 }";
let trained: Finished;
let events: string;

/** An analysis of the sample with trees. */
function analysis(name: string, model: string, more = ""): string {
  const path = join(folder, `${name}.yaml`);
  writeFileSync(
    path,
    `input: { files: ${events}, id: EventId, missing: [-999] }
target: { column: Label, classes: { b: 0, s: 1 } }
weights: { column: KaggleWeight }
features: { continuous: [DER_*, PRI_*, "!PRI_jet_num"], categorical: [PRI_jet_num] }
folds: { count: 3 }
model: ${model}
training: { members: 3 }
evaluation: { bootstrap: 10 }
${more}`,
  );
  return path;
}

const train = (name: string, model: string, workers: number): Promise<Finished> =>
  lumin(["train", analysis(name, model), "--out", join(folder, name), "--workers", String(workers)]);

beforeAll(async () => {
  events = writeSample(folder, 3000);
  trained = await train("bdt", boosting, 2);
});

describe("lumin train with trees", () => {
  it("scores validation and out-of-fold events by boosted trees, and says so in text and report", () => {
    expect(trained.stderr).not.toContain("Error");
    expect(trained.code).toBe(0);
    expect(trained.stdout).toMatch(/^3 × boosting of \d+ leaves, \d+ rounds$/m);
    const areas = [...trained.stdout.matchAll(/AUC, weighted +(0\.\d+) ± /g)].map((match) =>
      Number(match[1]),
    );
    expect(areas).toHaveLength(2);
    for (const area of areas) expect(area).toBeGreaterThan(0.87);
    expect(readFileSync(join(folder, "bdt", "report.html"), "utf8")).toContain("rounds of boosted trees");
    const model = parseTrees(readFileSync(join(folder, "bdt", "members", "0", "trees.json"), "utf8"));
    const { gain } = gainImportance(model);
    expect(model.featureNames![gain.indexOf(Math.max(...gain))]).toMatch(/^DER_mass/);
  });

  it("writes the same bytes for any number of workers", async () => {
    for (const workers of [0, 1]) {
      expect((await train(`bdt${workers}`, boosting, workers)).code).toBe(0);
      for (const file of [
        "members/2/trees.json",
        "members/2/history.jsonl",
        "ensemble.json",
        "metrics.json",
      ]) {
        const [own, first] = [`bdt${workers}`, "bdt"].map((run) =>
          readFileSync(join(folder, run, file), "utf8"),
        );
        expect(own).toBe(first);
      }
    }
  });

  it("trains forests, exports them and predicts again", async () => {
    expect((await train("forest", "{ type: forest, trees: 20, minLeafWeight: 5 }", 2)).code).toBe(0);
    for (const run of ["forest", "bdt"]) {
      const onnx = join(folder, `${run}.onnx`);
      const form = ["--trees", run === "forest" ? "operator" : "plain"];
      const exported = await lumin(["export", join(folder, run), "--onnx", onnx, ...form]);
      expect(exported.stderr + exported.stdout, exported.stderr).toMatch(/differs from lumin predict by \d/);
      expect(exported.code).toBe(0);
    }
    const out = join(folder, "predicted.csv");
    const predicted = await lumin(["predict", join(folder, "forest"), "--input", events, "--output", out]);
    expect(predicted.code).toBe(0);
    expect(readFileSync(out, "utf8").trim().split("\n")).toHaveLength(3001);
  });

  it("cross-validates", async () => {
    const path = analysis("cv", boosting);
    const words = ["--outer", "2", "--by", "EventId", "--out", join(folder, "cv")];
    const finished = await lumin(["crossvalidate", path, ...words]);
    expect(finished.code).toBe(0);
    expect(finished.stdout).toMatch(/AUC, weighted +0\.(8[7-9]|9)/);
  });

  it("refuses what trees cannot do in one sentence", async () => {
    const path = analysis("augmented", boosting, "augmentation: { rotations: 1 }\n");
    const finished = await lumin(["train", path, "--out", join(folder, "augmented")]);
    expect(finished.code).not.toBe(0);
    expect(finished.stderr).toMatch(/augmentation/);
    const wrong = await lumin([
      "train",
      analysis("wrong", "{ type: boosting, depth: 3 }"),
      "--out",
      join(folder, "x"),
    ]);
    expect(wrong.stderr).toMatch(/model\.depth: this key is not known/);
  });
});
