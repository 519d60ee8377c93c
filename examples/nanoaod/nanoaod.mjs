#!/usr/bin/env node
/**
 * From NanoAOD files to a trained network and back: trains nanoaod.yaml, joins its predictions to the trees by run,
 * luminosity block and event, compares them with the estimate a physicist would make without a network, predicts an
 * RNTuple, and exports the network to ONNX, checked on those events.
 *
 *   npm run example:nanoaod                        # into runs/nanoaod
 *   node examples/nanoaod/nanoaod.mjs FOLDER
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { comparePredictions, joinTables, numbersOf, readTable } from "lumin-hep";
import { deriveColumns } from "lumin-hep/data";

const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const [W, Z, top] = [
  "nanoAOD_2015_CMS_Open_Data_ttbar.root",
  "nano_dy.root",
  "cmsopendata2015_ttbar_19980_NANOAOD_RNTupleImporter_rntuple_v1-0-0-1.root",
].map((name) => path(`../../test/data/root/${name}`));
const folder = process.argv[2] ?? path("../../runs/nanoaod");
const [run, scores, onnx] = ["run", "top.parquet", "boson-pt.onnx"].map((name) => join(folder, name));
const lumin = (...words) =>
  execFileSync(process.execPath, [path("../../dist/cli/main.js"), ...words], { stdio: "inherit" });

mkdirSync(folder, { recursive: true });
lumin("train", path("nanoaod.yaml"), "--out", run);

/** What identifies an event, in the tree as in the file of predictions. */
const on = ["run", "luminosityBlock", "event"];
const tree = "Events";

// The predictions of networks that did not train on the event, beside the branches of its tree.
const columns = [...on, "PuppiMET_pt", "PuppiMET_phi", "Muon[0]", "Muon[1]", "Electron[0]", "Electron[1]"];
const predictions = await readTable([join(run, "predictions", "outOfFold.csv")]);
const events = joinTables(predictions, await readTable([W, Z], { tree, columns }), { on });

// Without a network: two leptons of a kind are a Z, one and missing momentum a W, missing momentum alone what is seen of
// either.
const { columns: known } = deriveColumns(events, {
  is_mu: "where(isMissing(Electron_pt[0]), 1, where(isMissing(Muon_pt[0]), 0, Muon_pt[0] > Electron_pt[0]))",
  lep_pt: "where(is_mu, Muon_pt[0], Electron_pt[0])",
  lep_phi: "where(is_mu, Muon_phi[0], Electron_phi[0])",
  ll_pt: "where(is_mu, pt(Muon[0] + Muon[1]), pt(Electron[0] + Electron[1]))",
  w_pt: "where(isMissing(lep_pt), PuppiMET_pt, pt(lep + PuppiMET))",
  estimate: "where(isMissing(ll_pt), w_pt, ll_pt)",
});
const { models } = comparePredictions(
  { kind: "regression", targetCount: 1 },
  [numbersOf(events, "pred"), known.estimate],
  { targets: numbersOf(events, "target"), weights: numbersOf(events, "weight") },
  { replicaCount: 500, seed: 1 },
);
const [network, estimate] = models.map(({ rootMeanSquare }) => rootMeanSquare);

// The same columns of another file, in ROOT's new format; the scores find their events again.
lumin("predict", run, "--input", top, "--output", scores);
const topEvents = await readTable([top], { tree, columns: [...on, "MET_pt", "Jet_pt[]"] });
const scored = joinTables(topEvents, await readTable([scores]), { on });
lumin("export", run, "--onnx", onnx, "--input", top);

const summary = { eventCount: events.rowCount, network, estimate, topCount: scored.rowCount };
writeFileSync(join(folder, "summary.json"), `${JSON.stringify(summary, null, 2)}\n`);
const gev = ({ value, uncertainty }) => `${value.toFixed(1)} ± ${uncertainty.toFixed(1)} GeV`;
console.log(`
root mean square of (prediction − pT of the boson), ${events.rowCount} events out of fold:
  network                 ${gev(network)}
  leptons and p_T^miss    ${gev(estimate)}
  paired difference       ${gev(estimate.gain)}
predictions of the RNTuple joined to their events: ${scored.rowCount} of ${topEvents.rowCount}`);
