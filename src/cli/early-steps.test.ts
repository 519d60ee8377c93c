/** Events whose preprocessing is applied while they are read become the same folds. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { readAnalysisFile } from "./analysis-file.ts";
import { columnsBesideSteps, earlySteps } from "./early-steps.ts";
import { writeFurtherFolds } from "./fold-events.ts";
import { readSplitSources } from "./prepare-events.ts";
import { prepareTraining } from "./prepare-training.ts";
import { runPaths } from "./run-folder.ts";

const folder = mkdtempSync(join(tmpdir(), "lumin-early-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const example = fileURLToPath(new URL("../../examples/higgs/", import.meta.url));
const sample = readFileSync(join(example, "data", "atlas-higgs-challenge-2014-v2.first18000.csv.gz"));
const events = join(folder, "events.csv");
writeFileSync(events, `${gunzipSync(sample).toString().split("\n").slice(0, 3001).join("\n")}\n`);

const analysisOf = (settings: readonly string[]) =>
  readAnalysisFile(join(example, "higgs.yaml"), [
    `input.files=["${events}"]`,
    "training.batchSize=16",
    "folds.count=4",
    ...settings,
  ]);

/** The bytes of folds and validation events. */
async function filesOf(settings: readonly string[], early: boolean): Promise<readonly Buffer[]> {
  const { analysis, directory, inputFiles } = analysisOf(settings);
  const split = await readSplitSources(analysis, inputFiles, { early });
  const hasSteps = split.training.transformed !== undefined;
  expect(hasSteps).toBe(early && earlySteps(analysis) !== undefined);
  const paths = runPaths(folder);
  const validation = join(folder, "validation.h5");
  const prepared = await prepareTraining(analysis, split.training, directory);
  (await prepared.write(paths)).close();
  await writeFurtherFolds(validation, analysis, prepared.pipeline, split.validation, directory);
  return [paths.folds, validation, paths.pipeline].map((path) => readFileSync(path));
}

const rename = "{ kind: rename, columns: { PRI_met: PRI_met_pt } }";
const cartesian = "{ kind: cartesian, keep: [PRI_met_pt, PRI_tau_pt] }";
const turned = "{ kind: cartesian, keep: [PRI_met_pt], align: { reference: PRI_lep, phi: true } }";

test.each<[string, readonly string[]]>([
  ["the example as it is", []],
  [
    "no missing values, no transforms",
    ["input.missing=[]", "transforms=[]", "features.continuous=[DER_*]", "augmentation=off"],
  ],
  ["columns carried along, raw", ["folds.columns=[DER_mass_*, PRI_jet_num, PRI_met, KaggleSet, '!*_vis']"]],
  ["folds by the hash of the event", ["folds.by=[EventId, PRI_jet_num]"]],
  ["folds by a column", ["folds.column=PRI_jet_num"]],
  ["folds in the order of the file", ["folds.order=contiguous", "folds.stratify=false"]],
  ["strata of chosen columns", ["folds.stratify=[PRI_jet_num, KaggleSet]"]],
  ["validation by a selection", ["folds.validation={ select: EventId % 5 = 0 }"]],
  ["a fit with weights", ["weights.preprocessing=true", "features.scaling=robust"]],
  ["a step that is fitted", [`transforms=[${rename}, ${cartesian}, { kind: quantile, columns: [DER_*] }]`]],
  ["events that are turned", [`transforms=[${rename}, ${turned}]`, "augmentation=off"]],
  ["derived columns", ["input.columns={ twice: 2 * DER_mass_vis }", "folds.columns=[twice]"]],
  ["a target that is computed", ["target={ compute: { high: DER_mass_vis > 80 }, column: high }"]],
  [
    "a target that is missing at times",
    [
      "target={ task: regression, column: DER_pt_h }",
      "features.continuous=['DER_mass*', PRI_*_p?, PRI_met_pt]",
    ],
  ],
])("%s", async (_, settings) => {
  const late = await filesOf(settings, false);
  const early = await filesOf(settings, true);
  expect(early.map((content, i) => content.equals(late[i]!))).toEqual([true, true, true]);
});

test("columns beside the steps are those that something names, also to take it away", () => {
  const { analysis } = analysisOf(["folds.columns=['DER_*', '!DER_mass_*']", "folds.by=[EventId]"]);
  const known = ["EventId", "DER_mass_vis", "DER_pt_h", "PRI_met", "PRI_jet_num", "Label", "KaggleWeight"];
  expect(columnsBesideSteps(analysis, known)).toEqual(known.filter((name) => name !== "PRI_met"));
  expect(() => columnsBesideSteps(analysis, ["EventId", "Label"])).toThrow(
    'folds.columns: column "DER_*" is not known. Known: EventId, Label.',
  );
});
