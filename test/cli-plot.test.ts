/** `lumin plot`: every kind of picture from files of events, from a run, and from saved numbers; and bad input. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { plotKindTexts } from "../src/cli/plot-kind-texts.ts";
import { plotKinds } from "../src/cli/plot-kinds.ts";
import { presentError } from "../src/cli/present-error.ts";
import { buildProgram } from "../src/cli/program.ts";
import { StreamReporter } from "../src/cli/reporter.ts";
import { readTable, writeTable } from "../src/data/index.ts";
import { lumin, scratchFolder, small, writeSample } from "./cli-harness.ts";

const folder = scratchFolder();
const at = (name: string): string => join(folder, name);
const run = at("run");
const events = at("events.csv");
const scores = at("scores.csv");

/** What a user types, in this process; gives the message of an error. */
async function plot(...words: readonly string[]): Promise<string | undefined> {
  const context = { signal: new AbortController().signal, debug: false, reporter: new StreamReporter() };
  try {
    await buildProgram(context).parseAsync(["plot", ...words], { from: "user" });
    return undefined;
  } catch (error) {
    return presentError(error).text;
  }
}

beforeAll(async () => {
  writeSample(folder, 1500);
  const more = [
    "model.body={kind: multiBlock, blocks: [{features: ['DER_*'], depth: 1, width: 8}, {features: ['PRI_*'], depth: 1, width: 8, bottleneck: 1}]}",
    "plots={experiment: ATLAS, status: Open Data, samples: {s: {name: H → ττ}}}",
  ];
  const callbacks = [
    "- { callback: OneCycle, options: { learningRates: [1.0e-3, 1.0e-2, 0] } }",
    "- { callback: MetricLogger, options: { metrics: [rocAuc] } }",
  ];
  const settings = [...more, `training.callbacks=${callbacks.join("\n")}`];
  const trained = await lumin(["train", ...small(events, settings), "--out", run, "--workers", "2"]);
  expect(trained.stderr).not.toContain("lumin:");
  expect(trained.code).toBe(0);
  const pair = ["--features", "DER_mass_vis", "--pair", "DER_mass_vis", "DER_sum_pt", "--events", "60"];
  for (const words of [
    ["explain", run, "--events", "300", "--repeats", "1", "--workers", "0"],
    ["explain", run, "--method", "shap", "--events", "20"],
    ["explain", run, "--method", "effects", ...pair.slice(0, 2), "--events", "200"],
    ["explain", run, "--method", "dependence", ...pair],
    ["lr-find", ...small(events), "--sweeps", "1", "--workers", "0", "--out", at("rates.json")],
  ]) {
    const { code, stderr } = await lumin(words);
    expect(code, stderr).toBe(0);
  }
  writeFileSync(scores, readFileSync(join(run, "predictions", "validation.csv")));
}, 240_000);

/** Kind, source, options as typed; options that the drawing of saved numbers needs again; a text of the picture. */
type Case = readonly [kind: string, source: string, words: string, again: string, text: string];

const byLabel = "--by Label --weight Weight --missing -999";
const prediction = "--column pred --by target --weight weight";
const scaled = "--line-scale 50 --log-y";
const display = "--objects lepton=PRI_lep jet=PRI_jet_leading missing=PRI_met --rows 1 3 --missing -999";
const truth = "--truth DER_mass_vis --missing -999 --weight Weight --bins 4 --replicas 5";
const ofFiles: readonly Case[] = [
  ["feature", events, `--column DER_mass_MMC --unit GeV ${byLabel}`, "", "DER_mass_MMC [GeV]"],
  ["densities", events, `--column DER_mass_vis --unit GeV --replicas 5 ${byLabel}`, "", " GeV, σ "],
  ["stack", events, `--column DER_mass_vis ${byLabel} --lines s ${scaled}`, scaled, "H → ττ × 50"],
  ["predictions", scores, `${prediction} --cut 0.7`, "", "Probability density"],
  ["roc", scores, `${prediction} --replicas 10`, "", "AUC = 0."],
  ["rejection", scores, `${prediction} --replicas 0`, "", "1 / background efficiency"],
  ["ams", scores, `${prediction} --regularisation 1 10`, "", "b_reg = 10: maximum"],
  ["reliability", scores, `${prediction} --replicas 5`, "", "Fraction of signal"],
  ["resolution", events, `--column DER_mass_MMC ${truth}`, "", "True DER_mass_vis"],
  ["correlation", events, `--column DER_mass_* ${byLabel}`, "", "DER_mass_jet_jet"],
  ["dendrogram", events, `--column PRI_*_pt --threshold 0.5 ${byLabel}`, "--threshold 0.5", "PRI_lep_pt"],
  ["events", events, display, "", "event 3: p_y [GeV]"],
  ["learning-rates", at("rates.json"), "", "", "suggested: "],
];
const ofRun: readonly Case[] = [
  ["feature", run, "--column DER_mass_vis", "", "H → ττ"],
  ["densities", run, "--column DER_mass_vis --replicas 5", "", "H → ττ"],
  ["stack", run, "--zoom 0.5,1", "--zoom 0.5,1", "statistical uncertainty"],
  ["predictions", run, "", "", ", training"],
  ["roc", run, "", "", "training, out of fold, AUC = 0."],
  ["rejection", run, "", "", "validation, AUC = 0."],
  ["ams", run, "", "", "chosen cut"],
  ["reliability", run, "", "", "validation, error 0."],
  ["correlation", run, "--column DER_*", "", "DER_sum_pt"],
  ["dendrogram", run, "--column DER_*", "", "DER_sum_pt"],
  ["losses", run, "", "", "validation, mean of 2 members"],
  ["overtraining", run, "", "", "Validation / training loss"],
  ["metric", run, "--metric rocAuc", "", "rocAuc"],
  ["schedule", run, "--member 1", "", "Learning rate"],
  ["importance", run, "--limit 5", "--limit 5", "Loss when shuffled"],
  ["attributions", run, "--limit 5", "--limit 5", "high value"],
  ["effects", run, "", "", "Effect on the prediction"],
  ["dependence", run, "", "", "single events"],
  ["plane", run, "", "", "DER_sum_pt"],
  ["embedding", run, "--column PRI_jet_num", "", "Component of the embedding"],
  ["contributions", run, "--block 1", "", "Size of what is added to value 0 of the bottleneck"],
];
const typed = (words: string): string[] => words.split(" ").filter((word) => word !== "");
const looks = ["--experiment", "ATLAS", "--status", "Open Data", "--name", "s=H → ττ"];

describe("lumin plot", () => {
  it("lists the kinds in its help, all of which are drawn here", () => {
    expect(Object.keys(plotKinds)).toEqual(Object.keys(plotKindTexts));
    expect([...new Set([...ofFiles, ...ofRun].map(([kind]) => kind))].sort()).toEqual(
      Object.keys(plotKindTexts).sort(),
    );
  });

  it.each([...ofFiles, ...ofRun])("draws %s of %s %s, and the same again of its numbers", async (...own) => {
    const [kind, source, words, again, text] = own;
    const [picture, data, redrawn] = [at("picture.svg"), at("numbers.json"), at("redrawn.svg")];
    const files = ["--out", picture, "--data", data];
    expect(await plot(kind, source, ...typed(words), ...looks, ...files)).toBeUndefined();
    const svg = readFileSync(picture, "utf8");
    expect(svg).toContain(text);
    expect(svg).toContain("Open Data");
    const saved = JSON.parse(readFileSync(data, "utf8"));
    expect(saved).toMatchObject({ format: "lumin-plot", formatVersion: 1, kind });
    if (plotKinds[kind]!.fromNumbers === undefined) return;
    expect(await plot(kind, data, ...typed(again), ...looks, "--out", redrawn)).toBeUndefined();
    expect(readFileSync(redrawn, "utf8")).toBe(svg);
  });

  it("weighs events: weight 2 is the event twice, and the numbers are Σw and √Σw² of signed weights", async () => {
    const [weighted, repeated] = [at("weighted.csv"), at("repeated.csv")];
    writeFileSync(weighted, "x,c,w\n0.2,a,2\n0.7,a,1\n0.3,b,-1\n0.6,b,3\n");
    writeFileSync(repeated, "x,c,w\n0.2,a,1\n0.2,a,1\n0.7,a,1\n0.3,b,-1\n0.6,b,3\n");
    const words = ["--column", "x", "--by", "c", "--weight", "w", "--bins", "2"];
    const numbersOf = async (file: string) => {
      expect(
        await plot("stack", file, ...words, "--out", at("w.svg"), "--data", at("w.json")),
      ).toBeUndefined();
      return JSON.parse(readFileSync(at("w.json"), "utf8")).numbers;
    };
    const { stacked } = await numbersOf(weighted);
    expect(stacked[0]).toEqual({ name: "a", edges: [0, 0.5, 1], sums: [2, 1], uncertainties: [2, 1] });
    expect(stacked[1]).toEqual({ name: "b", edges: [0, 0.5, 1], sums: [-1, 3], uncertainties: [1, 3] });
    expect((await numbersOf(repeated)).stacked[0].sums).toEqual([2, 1]);
  });

  it("bins whole numbers about each of them, without a curve between", async () => {
    const words = ["feature", events, "--column", "PRI_jet_num", ...typed(byLabel)];
    expect(await plot(...words, "--out", at("jets.json"), "--data", at("jets-numbers.json"))).toBeUndefined();
    const { numbers } = JSON.parse(readFileSync(at("jets-numbers.json"), "utf8"));
    expect(numbers[0].edges).toEqual([-0.5, 0.5, 1.5, 2.5, 3.5]);
    expect(readFileSync(at("jets.json"), "utf8")).not.toContain("sample 0 density");
    const two = [...words, "--bins", "2", "--out", at("jets.svg"), "--data", at("jets-numbers.json")];
    expect(await plot(...two)).toBeUndefined();
    expect(JSON.parse(readFileSync(at("jets-numbers.json"), "utf8")).numbers[0].sums).toHaveLength(2);
  });

  it("takes looks from a YAML file, below options, above those of the analysis", async () => {
    const settings = at("looks.yaml");
    writeFileSync(
      settings,
      "style: plain\nstatus: Preliminary\nluminosity: 20.3\nenergy: 8\nfontSizes: { axis: 17 }\n",
    );
    const words = ["roc", run, "--settings", settings, "--energy", "13 TeV, pp"];
    expect(await plot(...words, "--out", at("looks.svg"))).toBeUndefined();
    const svg = readFileSync(at("looks.svg"), "utf8");
    for (const part of [">ATLAS<", ">Preliminary<", ">20.3 fb⁻¹ (13 TeV, pp)<", 'font-size="17px"']) {
      expect(svg).toContain(part);
    }
    const spec = at("looks.json");
    expect(await plot(...words, "--out", spec)).toBeUndefined();
    expect(JSON.parse(readFileSync(spec, "utf8"))).toMatchObject({ usermeta: { mirrored: false } });
  });

  it("draws the losses of history.jsonl files, and several files of events as one", async () => {
    const files = [0, 1].map((member) => join(run, "members", String(member), "history.jsonl"));
    expect(await plot("losses", ...files, "--out", at("two.svg"))).toBeUndefined();
    expect(readFileSync(at("two.svg"), "utf8")).toContain("mean of 2 members");
    const words = ["--column", "DER_mass_vis", "--sums", "--bins", "3", "--range", "0,100"];
    const sums = async (...sources: string[]): Promise<number[]> => {
      const data = at("sums.json");
      expect(
        await plot("feature", ...sources, ...words, "--out", at("s.svg"), "--data", data),
      ).toBeUndefined();
      return JSON.parse(readFileSync(data, "utf8")).numbers[0].sums;
    };
    const once = await sums(events);
    expect(await sums(events, events)).toEqual(once.map((sum) => 2 * sum));
  });

  it("reads every format alike", async () => {
    const table = await readTable([events], { columns: ["DER_mass_vis", "Label", "Weight"] });
    const pictures: string[] = [];
    for (const file of [at("same.csv"), at("same.parquet"), at("same.h5")]) {
      await writeTable(file, table);
      expect(
        await plot(
          "feature",
          file,
          "--column",
          "DER_mass_vis",
          "--by",
          "Label",
          "--weight",
          "Weight",
          "--out",
          at("same.svg"),
        ),
      ).toBeUndefined();
      pictures.push(readFileSync(at("same.svg"), "utf8"));
    }
    expect(new Set(pictures).size).toBe(1);
  });

  it("writes SVG, PNG, PDF, a page and the specification, as the compiled program too", async () => {
    const words = ["plot", "roc", scores, ...typed(prediction), "--replicas", "0"];
    const starts = { svg: "<svg", png: "\u0089PNG", pdf: "%PDF", html: "<!doctype html>", json: "{" };
    for (const [ending, start] of Object.entries(starts)) {
      const out = at(`all.${ending}`);
      expect(await plot(...words.slice(1), "--out", out)).toBeUndefined();
      expect(readFileSync(out, "latin1").slice(0, start.length)).toBe(start);
    }
    const { code, stdout, stderr } = await lumin([...words, "--out", at("compiled.svg")]);
    expect(stderr).toMatch(/^drawing/);
    expect([code, stdout]).toEqual([0, `written: ${at("compiled.svg")}\n`]);
    expect(readFileSync(at("compiled.svg"))).toEqual(readFileSync(at("all.svg")));
    const help = await lumin(["plot", "--help"]);
    for (const [kind, meaning] of Object.entries(plotKindTexts)) {
      expect(help.stdout).toMatch(new RegExp(`^ {2}${kind} +${meaning.replaceAll(/[()]/g, ".")}$`, "m"));
    }
  });

  it("the report of a run has the looks of its analysis, and others with --settings", async () => {
    expect(readFileSync(join(run, "report.html"), "utf8")).toContain("<b>ATLAS</b> <i>Open Data</i>");
    writeFileSync(at("other.yaml"), "experiment: CMS\nlabels: { x: not for a report }\n");
    const { code } = await lumin([
      "report",
      run,
      "--settings",
      at("other.yaml"),
      "--output",
      at("other.html"),
    ]);
    expect(code).toBe(0);
    const page = readFileSync(at("other.html"), "utf8");
    expect(page).toContain("<b>CMS</b> <i>Open Data</i>");
    expect(page).not.toContain("not for a report");
  });
});

describe("bad input of lumin plot is told in one sentence, and leaves files as they were", () => {
  const out = at("kept.svg");
  const cases: readonly (readonly [kind: string, source: string, words: string, message: string])[] = [
    ["rok", scores, "", 'plot: kind "rok" is not known. Did you mean "roc"? Known: feature, densities, '],
    ["feature", events, "--column DER_mas_MMC", '"DER_mas_MMC" is not known. Did you mean "DER_mass_MMC"?'],
    ["feature", events, "--column DER_pt_h --by label", '"label" is not known. Did you mean "Label"?'],
    ["feature", events, "--column DER_pt_h --weight weigh", '"weigh" is not known. Did you mean "Weight"?'],
    ["feature", events, "", "plot feature: --column names what is drawn; it is missing."],
    ["feature", events, "--column Label", 'column "Label": expected numbers, but row 1 holds the text "s".'],
    [
      "feature",
      events,
      "--column DER_pt_h --select DER_pt_h<0",
      `no event of "${events}" passes the selection DER_pt_h<0.`,
    ],
    ["feature", at("none.csv"), "--column x", `"${at("none.csv")}": there is no such file or folder.`],
    [
      "feature",
      run,
      "--column DER_pt_h --weight w",
      `--weight is for files of events; the run "${run}" knows`,
    ],
    ["roc", scores, "--column pred", "plot roc: --by names the column that tells signal from background"],
    [
      "roc",
      events,
      "--column DER_pt_h --by Label",
      'values of "Label" are signal; it is missing. There are b, s.',
    ],
    [
      "roc",
      events,
      "--column DER_pt_h --by Label --signal S",
      'value of "Label" "S" is not known. Did you mean "s"?',
    ],
    [
      "roc",
      scores,
      "--column pred --truth x",
      "plot roc: --truth is not for this kind. It takes --column, --signal, ",
    ],
    ["roc", at("nowhere"), "", `"${at("nowhere")}": there is no such file or folder.`],
    ["losses", events, "", "plot losses: this is drawn of one run folder, or the history.jsonl of members; "],
    ["events", run, "--objects PRI_lep", "this is drawn of files of events, or a JSON file of its numbers; "],
    ["events", events, "--objects PRI_l", "PRI_l_pt and PRI_l_phi, were expected; there are PRI_lep_pt, "],
    [
      "events",
      events,
      "--objects PRI_lep --rows 9999",
      "--rows 9999: there are 1500 events, counted from 1.",
    ],
    [
      "effects",
      run,
      "--column DER_pt_h",
      'plot effects: --column "DER_pt_h" is not known. Known: DER_mass_vis.',
    ],
    ["resolution", run, "", `the run "${run}" is a classification; only regressions have a resolution.`],
    ["embedding", run, "--member 7", `plot: --member 7: the run "${run}" has the members 0, 1.`],
    [
      "stack",
      events,
      "--column DER_pt_h --by Label --points data",
      'there is no sample "data". Samples are the',
    ],
    ["roc", at("other.json"), "", `"${at("other.json")}" has the numbers of the plot "ams", not of "roc".`],
    ["roc", at("wrong.json"), "", "[0].truePositiveRate: is missing; expected a list of numbers."],
    ["importance", at("torn.json"), "", `"${at("torn.json")}" is damaged: it is not valid JSON.`],
    ["roc", run, "--style root", '--style: expected one of hep, plain, got "root".'],
    ["roc", run, `--settings ${at("bad.yaml")}`, 'palete: this key is not known. Did you mean "palette"?'],
    ["roc", run, `--settings ${at("no.yaml")}`, `--settings "${at("no.yaml")}": there is no such file.`],
    ["roc", run, "--name Signal", '--name "Signal": give what a sample is called in the data and its name'],
  ];

  beforeAll(() => {
    writeFileSync(out, "as it was");
    writeFileSync(at("torn.json"), '{"importances": [{"na');
    writeFileSync(at("other.json"), '{"format":"lumin-plot","formatVersion":1,"kind":"ams","numbers":{}}');
    writeFileSync(
      at("wrong.json"),
      '{"format":"lumin-plot","formatVersion":1,"kind":"roc","numbers":[{"label":"a","falsePositiveRate":[0,1]}]}',
    );
    writeFileSync(at("bad.yaml"), "palete: ['#000000']\n");
  });

  it.each(cases)("lumin plot %s %s %s", async (kind, source, words, message) => {
    const text = await plot(kind, source, ...typed(words), "--out", out, "--data", at("never.json"));
    expect(text).toContain(message);
    expect(text?.split("\n")).toHaveLength(1);
    expect(text).not.toContain("internal");
    expect(readFileSync(out, "utf8")).toBe("as it was");
    expect(existsSync(at("never.json"))).toBe(false);
  });

  it("refuses other endings before it reads anything", async () => {
    expect(await plot("feature", at("none.csv"), "--column", "x", "--out", at("picture.jpg"))).toBe(
      `lumin: plot: a picture is written as .svg, .png, .pdf, .html, .json, not as "${at("picture.jpg")}".`,
    );
    expect(await plot("roc", scores, ...typed(prediction), "--out", out, "--data", at("numbers.csv"))).toBe(
      `lumin: plot: the numbers are written as .json, not as "${at("numbers.csv")}".`,
    );
    const { code, stderr } = await lumin([
      "plot",
      "feature",
      events,
      "--column",
      "x",
      "--range",
      "3",
      "--out",
      out,
    ]);
    expect(code).toBe(1);
    expect(stderr).toContain('Expected two numbers, the lower first, such as "0,300".');
    expect(readFileSync(out, "utf8")).toBe("as it was");
  });
});
