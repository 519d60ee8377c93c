/** Signal or background? The challenge from code: dense networks on events turned at random in training and prediction. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  amsScan,
  applyPipeline,
  classTargets,
  eventWeights,
  fitPipeline,
  foldTrainEnsemble,
  fullyConnected,
  HEPAugFoldYielder,
  ModelBuilder,
  numbersOf,
  oneCycle,
  readTable,
  renormalise,
  rocAuc,
  Stream,
  stratifiedFolds,
  trainingWeights,
  writeFoldFile,
} from "lumin-hep";

const file = fileURLToPath(new URL("data/atlas-higgs-challenge-2014-v2.first18000.csv.gz", import.meta.url));

/** Weighted AUC and highest AMS, every event scored by the network that did not train on it. */
export async function higgs({
  members = 5,
  epochs = 10,
  workers = 2,
  seed = 1,
}: {
  members?: number;
  epochs?: number;
  workers?: number;
  seed?: number;
} = {}): Promise<{ auc: number; ams: number }> {
  const events = await readTable([file]);
  const targets = classTargets(events, "Label", { b: 0, s: 1 });
  const weights = eventWeights(events, "KaggleWeight");
  const pipeline = await fitPipeline(events, {
    missing: [-999],
    transforms: [
      { kind: "rename", columns: { PRI_met: "PRI_met_pt" } },
      { kind: "cartesian", keep: ["PRI_met_pt"] },
    ],
    continuous: [
      "DER_*",
      "PRI_met_sumet",
      "PRI_jet_all_pt",
      "PRI_met_pt",
      "PRI_*_px",
      "PRI_*_py",
      "PRI_*_pz",
    ],
    categorical: ["PRI_jet_num"],
  });
  const folder = mkdtempSync(join(tmpdir(), "higgs-"));
  await writeFoldFile(join(folder, "folds.h5"), {
    ...(await applyPipeline(pipeline, events)),
    categories: pipeline.categorical,
    scaler: pipeline.scaler,
    folds: stratifiedFolds(events.rowCount, members, [targets], new Stream(seed, "folds")),
    targetFeatures: ["Label"],
    targets,
    weights: trainingWeights(targets, weights),
    columns: { KaggleWeight: weights },
  });
  const folds = await HEPAugFoldYielder.open(join(folder, "folds.h5"));
  const builder = new ModelBuilder({
    task: { kind: "binary" },
    features: folds,
    body: fullyConnected({ depth: 6, width: 33, activation: "swish", connect: "dense" }),
  });
  const { ensemble } = await foldTrainEnsemble(folds, builder, {
    memberCount: members,
    epochs,
    batchSize: 256,
    seed,
    workers,
    callbacks: [oneCycle({ learningRates: [1e-4, 1e-2, 0] })],
  });
  const scores = (await ensemble.predictOutOfFold(folds)).flatMap((fold) => [...fold]);
  const scored = folds.getTable();
  folds.close();
  rmSync(folder, { recursive: true });

  const [truth, own] = [numbersOf(scored, "Label"), numbersOf(scored, "KaggleWeight")];
  // As many events of each class as in the whole training set.
  const scaled = renormalise(truth, own, { signal: 691.9886, background: 410999.8473 });
  const { ams } = amsScan(scores, truth, scaled, { regularisation: 10 }).maximum;
  return { auc: rocAuc(scores, truth, own), ams };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(await higgs());
