/** Training from ROOT files and from several files of different origin, as a user does. */
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { lumin, scratchFolder } from "./cli-harness.ts";

describe("lumin train", () => {
  it("learns from vectors of a ROOT file, reports, and predicts for the file again", async () => {
    const folder = scratchFolder();
    const file = resolve("test/data/root/uproot-HZZ.root");
    writeFileSync(
      join(folder, "hzz.yaml"),
      `
input: { files: ${file}, select: NMuon > 0 }
target: { column: isPair, compute: { isPair: CAST(NMuon > 1 AS INTEGER) }, task: binary }
weights: { column: EventWeight }
features: { continuous: ["Muon_Px[0]", "Muon_Py[0]", "Muon_E[0]", "Muon_Px[1]", "Jet_E[]", MET_px, MET_py] }
folds: { count: 3 }
training: { members: 2, epochs: 2, batchSize: 64 }
`,
    );
    const out = join(folder, "run");
    const trained = await lumin(["train", join(folder, "hzz.yaml"), "--out", out, "--workers", "0"]);
    expect(trained.stderr).not.toMatch(/error|lumin:/);
    expect(trained.code).toBe(0);
    const metrics = JSON.parse(readFileSync(join(out, "metrics.json"), "utf8"));
    expect(JSON.stringify(metrics)).toContain("auc");
    const table = join(folder, "scores.csv");
    const predicted = await lumin(["predict", out, "--input", file, "--output", table]);
    expect(predicted.code, predicted.stderr).toBe(0);
    expect(readFileSync(table, "utf8").trim().split("\n").length).toBeGreaterThan(2000);
  });

  it("takes label, weight factor and cut of each file", async () => {
    const folder = scratchFolder();
    for (const [name, mean, count] of [
      ["signal", 1, 300],
      ["background-1", -1, 300],
      ["background-2", -0.5, 300],
    ] as const) {
      const rows = Array.from(
        { length: count },
        (_, i) => `${i},${mean + Math.sin(7 * i)},${Math.cos(3 * i)},2`,
      );
      writeFileSync(join(folder, `${name}.csv`), ["number,x,y,w", ...rows].join("\n"));
    }
    writeFileSync(
      join(folder, "several.yaml"),
      `
input:
  files:
    - { file: signal.csv, label: signal, weight: 0.5 }
    - { file: background-*.csv, label: background, select: number < 200 }
target: { column: source, classes: { background: 0, signal: 1 } }
weights: { column: w, normalise: none }
features: { continuous: [x, y] }
folds: { count: 3, validation: { fraction: 0.2 } }
training: { members: 1, epochs: 1, batchSize: 32 }
`,
    );
    const out = join(folder, "run");
    const { code, stderr } = await lumin([
      "train",
      join(folder, "several.yaml"),
      "--out",
      out,
      "--workers",
      "0",
    ]);
    expect(code, stderr).toBe(0);
    const { columns, rows } = csv(join(out, "predictions", "validation.csv"));
    const weight = columns.findIndex((name) => /weight/i.test(name));
    const target = columns.findIndex((name) => /target/i.test(name));
    const sums = [0, 0];
    for (const row of rows) sums[Number(row[target])]! += Number(row[weight]);
    expect(rows).toHaveLength(140);
    expect(sums).toEqual([80 * 2, 60 * 2 * 0.5]);
  });

  it("refuses files of which only some have a label", async () => {
    const folder = scratchFolder();
    for (const name of ["a", "b"]) writeFileSync(join(folder, `${name}.csv`), "x,y\n1,2\n");
    writeFileSync(
      join(folder, "some.yaml"),
      `
input: { files: [a.csv, { file: b.csv, label: b }] }
target: { column: source, classes: { a: 0, b: 1 } }
features: { continuous: [x] }
`,
    );
    const { code, stderr } = await lumin(["train", join(folder, "some.yaml"), "--out", join(folder, "run")]);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/a\.csv" has no label, others have; give each one/);
  });
});

function csv(path: string): { readonly columns: readonly string[]; readonly rows: readonly string[][] } {
  const [header, ...lines] = readFileSync(path, "utf8").trim().split("\n");
  return { columns: header!.split(","), rows: lines.map((line) => line.split(",")) };
}
