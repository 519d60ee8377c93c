/** Several networks from one training, from code: its snapshots together, the mean of their weights, and the last alone. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  applyPipeline,
  assembleEnsemble,
  classTargets,
  compareMembers,
  cyclic,
  Ensemble,
  eventWeights,
  FoldYielder,
  fitPipeline,
  foldTrainEnsemble,
  fullyConnected,
  type MemberComparison,
  ModelBuilder,
  numbersOf,
  readTable,
  rocAuc,
  Stream,
  stratifiedFolds,
  trainingWeights,
  writeFoldFile,
} from "lumin-hep";

const file = fileURLToPath(
  new URL("../higgs/data/atlas-higgs-challenge-2014-v2.first18000.csv.gz", import.meta.url),
);

/** Weighted AUC of each kind of ensemble on the fold that the training left out, and each snapshot against them all. */
export async function ensembles({
  cycles = 4,
  cycleLength = 5,
  seed = 1,
}: {
  cycles?: number;
  cycleLength?: number;
  seed?: number;
} = {}): Promise<{
  auc: { single: number; snapshots: number; best: number; average: number };
  comparison: MemberComparison;
}> {
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
  const folder = mkdtempSync(join(tmpdir(), "ensembles-"));
  await writeFoldFile(join(folder, "folds.h5"), {
    ...(await applyPipeline(pipeline, events)),
    categories: pipeline.categorical,
    scaler: pipeline.scaler,
    folds: stratifiedFolds(events.rowCount, 5, [targets], new Stream(seed, "folds")),
    targetFeatures: ["Label"],
    targets,
    weights: trainingWeights(targets, weights),
    columns: { KaggleWeight: weights },
  });
  const folds = await FoldYielder.open(join(folder, "folds.h5"));
  const task = { kind: "binary" } as const;
  const body = fullyConnected({ depth: 4, width: 33, activation: "swish", connect: "dense" });
  const builder = new ModelBuilder({ task, features: folds, body });

  // One training; the weights at the end of every cycle are kept and become an ensemble, the latest counting most.
  const run = join(folder, "run");
  const training = {
    epochs: cycles * cycleLength,
    batchSize: 256,
    seed,
    callbacks: [cyclic({ learningRates: [0, 1e-2], length: cycleLength })],
  };
  const { ensemble: snapshots } = await foldTrainEnsemble(folds, builder, {
    ...training,
    memberCount: 1,
    outputDirectory: run,
    ensemble: { kind: "snapshots" },
  });
  // The same training put together in other ways, without training again.
  const equal = await Ensemble.fromSnapshots(run, { choose: "best", size: 3 });
  const average = await assembleEnsemble(run, { kind: "average", size: 3 }, { ...training, folds });
  const single = Ensemble.fromModels([snapshots.members[0]!.model]);

  // The training was not on fold 0.
  const { inputs, eventCount } = folds.getFold(0);
  const table = folds.getTable({ folds: [0] });
  const [truth, own] = [numbersOf(table, "Label"), numbersOf(table, "KaggleWeight")];
  const aucOf = async (ensemble: Ensemble) => rocAuc(await ensemble.predict(inputs, eventCount), truth, own);
  const auc = {
    single: await aucOf(single),
    snapshots: await aucOf(snapshots),
    best: await aucOf(equal),
    average: await aucOf(average),
  };
  const predictions = await snapshots.predictMembers(inputs, eventCount);
  const comparison = compareMembers(task, snapshots.members, predictions, { targets: truth, weights: own });
  folds.close();
  rmSync(folder, { recursive: true });
  return { auc, comparison };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { auc, comparison } = await ensembles();
  console.log(auc);
  for (const { name, weight, metrics } of comparison.members) console.log(name, weight, metrics.auc);
}
