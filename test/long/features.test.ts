/** Feature selection on the 18,000 Higgs events, and the distribution of p-values of set discrimination. */
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Stream } from "../../src/array/index.ts";
import { numbersOf, readTable } from "../../src/data/index.ts";
import { type ComparedSet, compareSets } from "../../src/features/index.ts";
import { lumin } from "../cli-harness.ts";

test("lumin features on the Higgs sample: DER_mass_MMC first, at most 20 features, a cost below 0.003", async () => {
  const out = join(mkdtempSync(join(tmpdir(), "lumin-features-")), "features");
  const start = performance.now();
  const { code } = await lumin(["features", "examples/higgs/higgs.yaml", "--out", out]);
  process.stderr.write(`lumin features: ${((performance.now() - start) / 1000).toFixed(0)} s\n`);
  expect(code).toBe(0);
  const result = JSON.parse(readFileSync(join(out, "features.json"), "utf8")) as {
    continuous: string[];
    categorical: string[];
    ranking: { features: { name: string }[] };
    validation: { cost: number };
  };
  expect(result.ranking.features[0]!.name).toBe("DER_mass_MMC");
  expect(result.continuous.length + result.categorical.length).toBeLessThanOrEqual(20);
  expect(result.validation.cost).toBeLessThan(0.003);
}, 600_000);

test("p-values of equal sets are uniform over 200 repetitions, with weights", () => {
  const set = (seed: number, name: string): ComparedSet => {
    const stream = new Stream(seed, name);
    const columns = [0, 1, 2, 3].map(() => Float64Array.from({ length: 300 }, () => stream.normal()));
    // Weights that go with a feature.
    return { columns, weights: columns[0]!.map((x) => Math.exp(0.5 * x)) };
  };
  const values = Array.from({ length: 200 }, (_, seed) => {
    const names = ["a", "b", "c", "d"];
    return compareSets(set(seed, "first"), set(seed, "second"), { names, permutations: 200, seed }).pValue;
  });
  expect(distanceFromUniform(values)).toBeLessThan(criticalDistance);
}, 600_000);

test("random halves of Higgs events: AUC 0.5 within its error, p-values uniform; a shifted column is found", async () => {
  const table = await readTable(["examples/higgs/data/atlas-higgs-challenge-2014-v2.first18000.csv.gz"]);
  const names = [
    "DER_mass_MMC",
    "DER_mass_vis",
    "DER_pt_h",
    "DER_sum_pt",
    "PRI_tau_pt",
    "PRI_met",
    "PRI_jet_num",
  ];
  const columns = names.map((name) =>
    Float64Array.from(numbersOf(table, name), (x) => (x === -999 ? Number.NaN : x)),
  );
  const weights = numbersOf(table, "KaggleWeight");
  const setOf = (rows: Int32Array): ComparedSet => ({
    columns: columns.map((column) => Float64Array.from(rows, (row) => column[row]!)),
    weights: Float64Array.from(rows, (row) => weights[row]!),
  });
  const found = Array.from({ length: 200 }, (_, seed) => {
    const rows = new Stream(seed, "halves").permutation(table.rowCount);
    const [first, second] = [setOf(rows.subarray(0, 400)), setOf(rows.subarray(400, 800))];
    return compareSets(first, second, { names, permutations: 200, seed });
  });
  expect(distanceFromUniform(found.map(({ pValue }) => pValue))).toBeLessThan(criticalDistance);
  const pulls = found.map(({ auc, standardError }) => (auc - 0.5) / standardError);
  const within = pulls.filter((pull) => Math.abs(pull) < 1).length / pulls.length;
  // 68 % ± three standard deviations of 200 draws.
  expect(Math.abs(within - 0.683)).toBeLessThan(0.1);

  const rows = new Stream(1, "shift").permutation(table.rowCount);
  const [first, second] = [setOf(rows.subarray(0, 9000)), setOf(rows.subarray(9000))];
  const same = compareSets(first, second, { names });
  expect(Math.abs(same.auc - 0.5)).toBeLessThan(3 * same.standardError);
  const shifted = second.columns.map((column, f) =>
    names[f] === "PRI_tau_pt" ? Float64Array.from(column, (x) => 1.1 * x) : column,
  );
  const different = compareSets(first, { ...second, columns: shifted }, { names });
  expect(different.pValue).toBeLessThan(0.002);
  expect(different.features[0]!.name).toBe("PRI_tau_pt");
}, 600_000);

/** Kolmogorov–Smirnov at 1 % for 200 values: 1.63 / √200. */
const criticalDistance = 0.115;

function distanceFromUniform(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const count = sorted.length;
  return Math.max(...sorted.map((p, i) => Math.max(Math.abs(p - i / count), Math.abs(p - (i + 1) / count))));
}
