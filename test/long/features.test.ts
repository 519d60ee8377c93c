/** Feature selection on the 18,000 Higgs events, and the distribution of p-values of set discrimination. */
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Stream } from "../../src/array/index.ts";
import { type ComparedSet, compareSets } from "../../src/features/index.ts";
import { lumin } from "../cli-harness.ts";

test("lumin features on the Higgs sample: DER_mass_MMC first, at most 20 features, a cost below 0.003", async () => {
  const out = join(mkdtempSync(join(tmpdir(), "lumin-features-")), "features");
  const { code } = await lumin(["features", "examples/higgs/higgs.yaml", "--out", out]);
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
  }).sort((a, b) => a - b);
  const distance = Math.max(
    ...values.map((p, i) => Math.max(Math.abs(p - i / 200), Math.abs(p - (i + 1) / 200))),
  );
  // Kolmogorov–Smirnov, 1 %: 1.63 / √200.
  expect(distance).toBeLessThan(0.115);
}, 600_000);
