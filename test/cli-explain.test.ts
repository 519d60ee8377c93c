/** `lumin explain`: what a run's model needs and makes of its features, and what the report shows of it. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { type Finished, lumin, scratchFolder, small, writeSample } from "./cli-harness.ts";

const folder = scratchFolder();
const run = join(folder, "run");
const explain = (...words: string[]): Promise<Finished> => lumin(["explain", run, ...words]);
const numbers = (method: string) =>
  JSON.parse(readFileSync(join(run, "interpretation", `${method}.json`), "utf8"));

beforeAll(async () => {
  const trained = await lumin(["train", ...small(writeSample(folder, 2000)), "--out", run, "--workers", "2"]);
  expect(trained.stderr).not.toContain("Error");
  expect(trained.code).toBe(0);
});

describe("lumin explain", () => {
  it("prints importances out of fold, of groups too, and writes numbers and picture, for any number of workers", async () => {
    const picture = join(folder, "importance.svg");
    const words = ["--features", "DER_*", "--groups", "jets=PRI_jet_*,DER_*_jet_jet", "--plot", picture];
    const { code, stdout, stderr } = await explain(...words, "--workers", "2");
    expect(stderr).toMatch(/explained the predictions of 8\d\d events/);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^what rocAuc \(0\.\d+ ± 0\.\d+\) loses when a feature is shuffled; 8\d\d events, out of fold:$/m,
    );
    expect(stdout).toMatch(/^ {2}jets +-?\d/m);
    expect(stdout).not.toContain("PRI_");
    expect(readFileSync(picture, "utf8")).toContain("DER_mass_vis");
    const found = numbers("importance");
    expect(found).toMatchObject({ format: "lumin-interpretation", method: "importance", metric: "rocAuc" });
    // Two members: only two of the four folds have one that did not see them.
    expect(found.importances[0].folds).toHaveLength(2);
    const alone = await explain(...words.slice(0, 4), "--workers", "0", "--json");
    expect(JSON.parse(alone.stdout)).toEqual(found);
  });

  it("gives SHAP values that add up, in physical units, null where a value is missing", async () => {
    const { code, stdout } = await explain("--method", "shap", "--events", "40");
    expect(code).toBe(0);
    expect(stdout).toContain("mean size of what a feature adds to the prediction; 40 events:");
    const { features, values, inputs, base, prediction } = numbers("shap");
    const width = features.length;
    for (const [event, expected] of prediction.entries()) {
      const own = values.slice(event * width, (event + 1) * width);
      expect(
        Math.abs(own.reduce((sum: number, value: number) => sum + value, base[event]) - expected),
      ).toBeLessThan(1e-3);
    }
    const visible = features.indexOf("DER_mass_vis");
    const jets = features.indexOf("DER_mass_jet_jet");
    const column = (j: number) => prediction.map((_: number, event: number) => inputs[event * width + j]);
    expect(Math.max(...column(visible))).toBeGreaterThan(90);
    expect(column(jets)).toContain(null);
  });

  it("draws effects and dependences along features and over pairs, one picture each", async () => {
    const words = [
      "--features",
      "DER_mass_vis",
      "PRI_jet_num",
      "--pair",
      "DER_mass_vis",
      "DER_sum_pt",
      "--events",
      "300",
    ];
    for (const method of ["effects", "dependence"]) {
      const { code, stdout } = await explain(
        "--method",
        method,
        ...words,
        "--plot",
        join(folder, `${method}.svg`),
      );
      expect(code).toBe(0);
      expect(stdout).toMatch(/^ {2}DER_mass_vis +0\.\d/m);
      for (const name of ["DER_mass_vis", "PRI_jet_num", "DER_mass_vis-DER_sum_pt"]) {
        expect(existsSync(join(folder, `${method}-${name}.svg`))).toBe(true);
      }
    }
    expect(numbers("effects").effects[1].values).toEqual([0, 1, 2, 3]);
    expect(numbers("effects").pair.mean).toHaveLength(13 * 13);
    const { code } = await explain("--method", "gradients", "--events", "20");
    expect(code).toBe(0);
    expect(numbers("gradients").values).toHaveLength(20 * numbers("gradients").features.length);
  });

  it("is shown by the report, and --full adds the rest without writing to the run", async () => {
    const page = readFileSync(join(run, "report.html"), "utf8");
    for (const part of ['id="importance"', 'id="reliability"', 'id="feature-choice"', 'id="cut-choice"']) {
      expect(page).toContain(part);
    }
    expect(page).toContain("Bins of the prediction (validation, 400 events)");
    expect(page).not.toContain("The report has no");
    expect(page).not.toContain('id="effect-0"');
    const later = join(folder, "later.html");
    expect((await lumin(["report", run, "--output", later])).code).toBe(0);
    const known = readFileSync(later, "utf8");
    for (const part of ['id="effect-0"', 'id="attributions"']) expect(known).toContain(part);
    const full = join(folder, "full.html");
    expect((await lumin(["report", run, "--full", "--output", full])).code).toBe(0);
    expect(readFileSync(full, "utf8")).toMatch(
      /Training against validation<\/h2>\n<p>A forest cannot tell them apart|They/,
    );
  });

  it("refuses what does not fit, with one sentence, before it works", async () => {
    const bad: readonly (readonly [words: readonly string[], message: string])[] = [
      [
        ["--method", "shap", "--metric", "rocAuc"],
        "explain: --metric is not for --method shap, only for importance.",
      ],
      [
        ["--groups", "jets"],
        'explain: --groups "jets": give a name and features, such as jets=PRI_jet_*,DER_*_jet_*.',
      ],
      [["--method", "effects", "--pair", "DER_mass_vis"], "explain: --pair takes two features, but 1 came."],
      [["--method", "effects", "--output", "s"], "explain: --output s: there is only one output."],
      [["--plot", "out.doc"], "plot: a picture is written as"],
    ];
    for (const [words, message] of bad) {
      const { code, stderr, stdout } = await explain(...words);
      expect(code).toBe(1);
      expect(stderr).toContain(message);
      expect(stdout).toBe("");
    }
    const { code, stderr } = await explain("--features", "DER_mas_vis");
    expect(code).toBe(1);
    expect(stderr).toContain('Did you mean "DER_mass_vis"');
  });
});
