/** `lumin features` and `lumin compare` as a user runs them. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readAnalysisFile } from "../src/cli/analysis-file.ts";
import { filesOf, lumin, scratchFolder, small, writeChanged, writeSample } from "./cli-harness.ts";

const folder = scratchFolder();
const events = writeSample(folder, 3000);

interface Features {
  readonly continuous: readonly string[];
  readonly categorical: readonly string[];
  readonly ranking: { readonly features: readonly { readonly name: string }[] };
  readonly validation: { readonly cost: number };
}

describe("lumin features", () => {
  const words = (out: string): string[] => {
    const [analysis, ...settings] = small(events);
    return [
      "features",
      analysis!,
      "--out",
      join(folder, out),
      "--bootstraps",
      "2",
      "--max",
      "12",
      ...settings,
    ];
  };

  it("ranks, reports, and writes an analysis of the selected features; the same bytes again", async () => {
    const [first, second] = await Promise.all([lumin(words("first")), lumin(words("second"))]);
    expect(first.stderr).toContain("ranking features");
    expect(first.code).toBe(0);
    expect(second.code).toBe(0);
    const result = JSON.parse(readFileSync(join(folder, "first", "features.json"), "utf8")) as Features;
    const top = result.ranking.features.slice(0, 2).map(({ name }) => name);
    expect(top).toContain("DER_mass_MMC");
    const count = result.continuous.length + result.categorical.length;
    expect(count).toBeGreaterThan(1);
    expect(count).toBeLessThanOrEqual(12);
    const { analysis, inputFiles } = readAnalysisFile(join(folder, "first", "features.yaml"));
    expect(analysis.features).toMatchObject({
      continuous: result.continuous,
      categorical: result.categorical,
    });
    expect(analysis.training.batchSize).toBe(64);
    expect(inputFiles).toEqual([events]);
    const page = readFileSync(join(folder, "first", "report.html"), "utf8");
    expect(page.match(/<svg /g)?.length).toBe(3);
    expect(page).not.toMatch(/NaN|undefined|https?:\/\/(?!www\.w3\.org)/);
    expect(filesOf(join(folder, "second"))).toEqual(filesOf(join(folder, "first")));

    const again = await lumin(words("first"));
    expect(again.code).not.toBe(0);
    expect(again.stderr).toContain("this already exists. Choose another name, or delete it.");
  });

  it("has nothing left behind when the analysis is wrong", async () => {
    const { code, stderr } = await lumin([...words("wrong"), "target.column=Lable"]);
    expect(code).not.toBe(0);
    expect(stderr).toContain('"Lable" is not known. Did you mean "Label"?');
    expect(existsSync(join(folder, "wrong"))).toBe(false);
  });
});

describe("lumin compare", () => {
  it("finds the column that was shifted", async () => {
    const shifted = writeChanged(folder, 3000, "shifted.csv", "PRI_tau_pt", (value) =>
      String(1.3 * Number(value)),
    );
    const { code, stdout } = await lumin([
      "compare",
      events,
      shifted,
      "--columns",
      "DER_*",
      "PRI_*",
      "--json",
    ]);
    expect(code).toBe(0);
    const result = JSON.parse(stdout) as { pValue: number; features: { name: string }[] };
    expect(result.pValue).toBeLessThan(0.01);
    expect(result.features[0]!.name).toBe("PRI_tau_pt");
  });

  it("cannot tell two parts of one sample apart, with weights, and says so", async () => {
    const [header = "", ...rows] = readFileSync(events, "utf8").trim().split("\n");
    const parts = [0, 1].map((k) => {
      const path = join(folder, `part-${k}.csv`);
      writeFileSync(path, [header, ...rows.filter((_, i) => i % 2 === k)].join("\n"));
      return path;
    });
    const { code, stdout } = await lumin([
      "compare",
      ...parts,
      "--weight",
      "Weight",
      "--columns",
      "DER_*",
      "PRI_*",
    ]);
    expect(code).toBe(0);
    expect(stdout).toContain("A forest cannot tell the two sets apart.");
  });

  it("refuses a weight that is not there", async () => {
    const { code, stderr } = await lumin(["compare", events, events, "--weight", "Wieght"]);
    expect(code).not.toBe(0);
    expect(stderr).toContain('--weight: column "Wieght" is not known. Did you mean "Weight"?');
  });
});
