#!/usr/bin/env node
/**
 * What each part of the recipe brings, in score, training time and prediction time: from one ReLU network to an
 * ensemble of dense ones on augmented events.
 *
 *   node examples/higgs/breakdown/breakdown.mjs --out runs/breakdown
 *
 * Every event is scored by networks that never saw it: the events are dealt into outer folds, and each fold is scored
 * by ensembles that were trained on the others. Writes breakdown.json and breakdown.svg.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { classTargets, eventWeights, readTable, Stream, selectRows, stratifiedFolds } from "lumin-hep";
import { renderSvg } from "lumin-hep/plot";
import { compare } from "./compare.mjs";
import { outerFold } from "./outer-folds.mjs";
import { picture } from "./picture.mjs";
import { steps } from "./steps.mjs";

const file = fileURLToPath(
  new URL("../data/atlas-higgs-challenge-2014-v2.first18000.csv.gz", import.meta.url),
);
const { values } = parseArgs({
  options: {
    out: { type: "string", default: "runs/breakdown" },
    events: { type: "string", default: "18000" },
    outer: { type: "string", default: "3" },
    members: { type: "string", default: "5" },
    epochs: { type: "string", default: "14" },
    batch: { type: "string", default: "256" },
    workers: { type: "string", default: String(Math.min(4, availableParallelism())) },
    bootstrap: { type: "string", default: "100" },
    seed: { type: "string", default: "1" },
  },
});
// All flags but the folder are whole numbers.
const number = {};
for (const [name, text] of Object.entries(values).filter(([flag]) => flag !== "out")) {
  const least = { workers: 0, seed: 0, outer: 2, members: 2 }[name] ?? 1;
  number[name] = Number(text);
  if (!(Number.isInteger(number[name]) && number[name] >= least)) {
    console.error(`breakdown: --${name} ${text}: expected a whole number of at least ${least}.`);
    process.exit(2);
  }
}

const { seed, members, epochs, workers } = number;
const recipes = steps({ members });
const all = await readTable([file]);
const events = selectRows(all, new Stream(seed, "events").permutation(all.rowCount).slice(0, number.events));
const targets = classTargets(events, "Label", { b: 0, s: 1 });
const weights = eventWeights(events, "KaggleWeight");
const outer = stratifiedFolds(events.rowCount, number.outer, [targets], new Stream(seed, "outer"));

const predictions = recipes.map(() => new Float64Array(events.rowCount));
const costs = recipes.map(() => ({ training: 0, prediction: 0 }));
for (const [i, held] of outer.entries()) {
  console.error(`outer fold ${i + 1} of ${outer.length}`);
  const folder = mkdtempSync(join(tmpdir(), "breakdown-"));
  const training = Int32Array.from(outer.flatMap((rows, j) => (i === j ? [] : [...rows])));
  const options = {
    folds: members,
    epochs,
    batchSize: number.batch,
    workers,
    seed: seed + i,
    folder,
  };
  const results = await outerFold(recipes, events, { training, held }, options);
  rmSync(folder, { recursive: true });
  for (const [step, result] of results.entries()) {
    for (const [j, row] of held.entries()) predictions[step][row] = result.predictions[j];
    costs[step].training += result.trainingSeconds / outer.length;
    costs[step].prediction += result.predictionSeconds;
  }
}

const scores = compare(predictions, targets, weights, { replicaCount: number.bootstrap, seed });
const rows = recipes.map(({ name }, i) => ({
  name,
  ...scores[i],
  trainingSeconds: costs[i].training,
  predictionMilliseconds: (costs[i].prediction * 1e6) / events.rowCount,
}));
mkdirSync(values.out, { recursive: true });
writeFileSync(
  join(values.out, "breakdown.json"),
  `${JSON.stringify({ settings: values, eventCount: events.rowCount, steps: rows }, null, 2)}\n`,
);
writeFileSync(join(values.out, "breakdown.svg"), await renderSvg(picture(rows), { idPrefix: "breakdown" }));

const text = ({ value, uncertainty }, digits) => `${value.toFixed(digits)} ± ${uncertainty.toFixed(digits)}`;
const signed = (measured, digits) => `${measured.value < 0 ? "" : "+"}${text(measured, digits)}`;
const head = ["step", "weighted AUC", "gained", "mean AMS", "gained", "training [s]", "predicting 1000 [ms]"];
const cells = rows.map((row, i) => [
  row.name,
  text(row.auc, 4),
  i === 0 ? "" : signed(row.aucGain, 4),
  text(row.ams, 3),
  i === 0 ? "" : signed(row.amsGain, 3),
  row.trainingSeconds.toFixed(1),
  row.predictionMilliseconds.toFixed(1),
]);
const widths = head.map((title, c) => Math.max(title.length, ...cells.map((row) => row[c].length)));
for (const row of [head, ...cells])
  console.log(
    row
      .map((cell, c) => cell.padEnd(widths[c]))
      .join("  ")
      .trimEnd(),
  );
console.log(
  `\n${events.rowCount} events, each scored by networks that never saw it; ± from events drawn anew,`,
);
console.log("the same for all steps. Training: all networks of one outer fold, one after the other.");
console.log(`written: ${join(values.out, "breakdown.json")} and breakdown.svg`);
