/** `lumin export --pyhf --combine` as a user types it, on real events. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { numbersOf, readTable } from "../src/data/index.ts";
import { expectedSignificance, HistFactoryModel, type Workspace } from "../src/statistics/index.ts";
import { lumin, scratchFolder, small, writeChanged, writeSample } from "./cli-harness.ts";

const folder = scratchFolder();
let run: string;
beforeAll(async () => {
  const events = writeSample(folder, 1200);
  writeChanged(folder, 1200, "scaled.csv", "DER_mass_MMC", (value) =>
    Number(value) > 0 ? String(1.03 * Number(value)) : value,
  );
  run = join(folder, "run");
  const { code, stderr } = await lumin(["train", ...small(events, ["training.epochs=1"]), "--out", run]);
  expect(code, stderr).toBe(0);
});
const read = (name: string): Workspace => JSON.parse(readFileSync(join(folder, name), "utf8")) as Workspace;

describe("lumin export --pyhf", () => {
  it("writes templates that sum to the totals of the analysis, with Asimov data", async () => {
    const { code, stdout, stderr } = await lumin(["export", run, "--pyhf", join(folder, "plain.json")]);
    expect(code, stderr).toBe(0);
    const workspace = read("plain.json");
    const sums = workspace.channels[0]!.samples.map(({ name, data }) => [name, data.reduce((a, b) => a + b)]);
    expect(Object.fromEntries(sums)).toEqual({
      b: expect.closeTo(410999.8473, 3),
      s: expect.closeTo(691.9886, 6),
    });
    const found = workspace.observations[0]!.data.reduce((a, b) => a + b);
    expect(found).toBeCloseTo(410999.8473 + 691.9886, 3);
    const { significance } = expectedSignificance(new HistFactoryModel(workspace));
    expect(stdout).toContain(`expected significance ${significance.toFixed(3)}`);
  });

  it("takes edges, uncertainties and variations from a YAML file, for pyhf and for Combine", async () => {
    const settings = join(folder, "templates.yaml");
    writeFileSync(
      settings,
      `channel: higgs
bins: [0, 0.4, 0.7, 1]
luminosity: 0.03
normalisations:
  background_norm: { processes: [b], low: 0.9, high: 1.1 }
shapes:
  tau_scale: { up: { files: [scaled.csv] } }
  weights: { processes: [b], up: { weight: Weight }, down: { weight: KaggleWeight } }
data: { files: [events.csv] }
`,
    );
    const words = ["--pyhf", join(folder, "full.json"), "--combine", join(folder, "card")];
    const { code, stderr } = await lumin(["export", run, ...words, "--templates", settings]);
    expect(code, stderr).toBe(0);
    const workspace = read("full.json");
    const [background, signal] = workspace.channels[0]!.samples;
    expect(background!.modifiers.map(({ name, type }) => `${type} ${name}`)).toEqual([
      "staterror staterror_higgs",
      "lumi lumi",
      "normsys background_norm",
      "histosys tau_scale",
      "histosys weights",
    ]);
    expect(signal!.modifiers.map(({ name }) => name)).toEqual(["mu", "staterror_higgs", "lumi", "tau_scale"]);
    const scale = background!.modifiers.find(({ name }) => name === "tau_scale")!;
    if (scale.type !== "histosys") throw new Error("a shape was expected");
    // The same events, so the same sum, in other bins.
    const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b);
    expect(sum(scale.data.hi_data)).toBeCloseTo(sum(background!.data), 3);
    expect(scale.data.hi_data).not.toEqual(background!.data);
    const weights = background!.modifiers.find(({ name }) => name === "weights")!;
    if (weights.type !== "histosys") throw new Error("a shape was expected");
    weights.data.lo_data.forEach((value, bin) => {
      // A column of its own takes the factor of the class, not its sum: with the nominal weights nothing changes.
      expect(value).toBeCloseTo(background!.data[bin]!, 6);
    });
    expect(sum(workspace.observations[0]!.data)).toBe(1200);
    const shapes = await readTable([join(folder, "card", "shapes.csv")]);
    const content = Array.from(numbersOf(shapes, "content"));
    const names = shapes.columns.histogram as readonly string[];
    const rate = content.reduce((total, value, i) => (names[i] === "higgs/b" ? total + value : total), 0);
    expect(rate).toBeCloseTo(sum(background!.data), 6);
    const card = readFileSync(join(folder, "card", "datacard.txt"), "utf8");
    expect(card).toMatch(/^tau_scale\s+shape\s+1\s+1$/m);
    expect(card).toMatch(/^background_norm\s+lnN\s+-\s+0\.9\/1\.1$/m);
    expect(existsSync(join(folder, "card", "make_shapes.py"))).toBe(true);
  });

  it.each<[string, string, string]>([
    ["a key that is not known", "binz: 3", 'binz: this key is not known. Did you mean "bins"?'],
    ["a column that is not there", "process: sauce\nsignal: [a]", 'column "sauce" is not known'],
    ["a process column without signal", "process: Label", 'needs "signal"'],
    ["variations of no column", "shapes: { a: { up: { weight: Wait } } }", 'column "Wait" is not known'],
  ])("refuses in one sentence: %s", async (_, text, sentence) => {
    const settings = join(folder, "wrong.yaml");
    writeFileSync(settings, text);
    const words = ["--pyhf", join(folder, "no.json"), "--templates", settings];
    const { code, stderr } = await lumin(["export", run, ...words]);
    expect(code).toBe(1);
    expect(stderr).toContain(sentence);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(existsSync(join(folder, "no.json"))).toBe(false);
  });
});
