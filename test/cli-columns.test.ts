/** New columns by expressions, as a user has them: trained on, predicted with, exported, and refused where wrong. */
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { lumin, scratchFolder } from "./cli-harness.ts";

describe("input.columns", () => {
  const folder = scratchFolder();
  const events = resolve("test/data/root/uproot-HZZ.root");
  const yaml = (columns: string): string => {
    const path = join(folder, "columns.yaml");
    writeFileSync(
      path,
      `input:
  files: ${events}
  select: NMuon > 1
  columns:
${columns}
target: { column: heavy, compute: { heavy: CAST(NJet > 0 AS INTEGER) }, task: binary }
features: { continuous: [m, dR, "Muon_Px[0]", MET_px] }
folds: { count: 3 }
training: { members: 1, epochs: 1, batchSize: 64 }
`,
    );
    return path;
  };

  it("are features in training, in prediction for raw events, and in the exported file", async () => {
    const run = join(folder, "run");
    const path = yaml("    m: mass(Muon[0] + Muon[1])\n    dR: deltaR(Muon[0], Muon[1])");
    const trained = await lumin(["train", path, "--out", run, "--workers", "0"]);
    expect(trained.code, trained.stderr).toBe(0);
    const { steps, scaler, continuous } = JSON.parse(readFileSync(join(run, "pipeline.json"), "utf8"));
    expect(steps[1]).toEqual({
      kind: "columns",
      columns: { m: "mass(Muon[0] + Muon[1])", dR: "deltaR(Muon[0], Muon[1])" },
    });
    expect(continuous[0]).toBe("m");
    // Pairs of muons of ZZ: the mean is near the Z.
    expect(scaler.means[0]).toBeGreaterThan(70);
    expect(scaler.means[0]).toBeLessThan(95);
    const scores = join(folder, "scores.csv");
    const predicted = await lumin(["predict", run, "--input", events, "--output", scores]);
    expect(predicted.code, predicted.stderr).toBe(0);
    const exported = await lumin(["export", run, "--onnx", join(folder, "model.onnx")]);
    expect(exported.code, exported.stderr).toBe(0);
    const [, difference] = /differs from lumin predict by (\S+) at most/.exec(exported.stdout)!;
    expect(Number(difference)).toBeLessThan(1e-5);
  });

  it("are refused at the line of the file and the place of the expression", async () => {
    const path = yaml("    m: mass(Muon[0] + Muon[1]\n    dR: deltaR(Muon[0], Muon[1])");
    const { code, stderr } = await lumin(["train", path, "--out", join(folder, "none")]);
    expect(code).not.toBe(0);
    expect(stderr).toContain('columns.yaml:5: input.columns.m: this "(" is not closed.');
    expect(stderr).toContain("lumin:   mass(Muon[0] + Muon[1]\nlumin:       ^");
  });

  it("name the column and the place where the events lack what they need", async () => {
    const path = yaml("    m: mass(Muon[0] + Moun[1])\n    dR: deltaR(Muon[0], Muon[1])");
    const { code, stderr } = await lumin(["train", path, "--out", join(folder, "none"), "--workers", "0"]);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/Moun/);
  });
});
