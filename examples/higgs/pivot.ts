/** Learning to pivot: how much a network's prediction tells of the visible mass of background, with and without adversary. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  applyPipeline,
  type CallbackSpec,
  classTargets,
  eventWeights,
  FoldYielder,
  fitPipeline,
  foldTrainEnsemble,
  fullyConnected,
  ModelBuilder,
  mutualInformation,
  numbersOf,
  pivotTraining,
  readTable,
  rocAuc,
  Stream,
  stratifiedFolds,
  trainingWeights,
  writeFoldFile,
} from "lumin-hep";

const file = fileURLToPath(new URL("data/atlas-higgs-challenge-2014-v2.first18000.csv.gz", import.meta.url));

/** Weighted AUC, and what a background event's prediction tells of its mass, in nats. */
export interface Pivoted {
  readonly auc: number;
  readonly dependence: number;
}

/** One network with an adversary and one without, on the fifth of the events that neither trained on. */
export async function pivot({
  epochs = 12,
  coefficient = 1,
  workers = 1,
  seed = 1,
}: {
  epochs?: number;
  coefficient?: number;
  workers?: number;
  seed?: number;
} = {}): Promise<{ plain: Pivoted; pivoted: Pivoted }> {
  const events = await readTable([file]);
  const targets = classTargets(events, "Label", { b: 0, s: 1 });
  const weights = eventWeights(events, "KaggleWeight");
  const pipeline = await fitPipeline(events, {
    missing: [-999],
    continuous: [
      ...["DER_mass_transverse_met_lep", "DER_pt_*", "DER_deltar_tau_lep", "DER_met_phi_centrality"],
      ...["PRI_*_pt", "PRI_met"],
    ],
    categorical: ["PRI_jet_num"],
  });
  const folder = mkdtempSync(join(tmpdir(), "pivot-"));
  await writeFoldFile(join(folder, "folds.h5"), {
    ...(await applyPipeline(pipeline, events)),
    categories: pipeline.categorical,
    folds: stratifiedFolds(events.rowCount, 5, [targets], new Stream(seed, "folds")),
    targetFeatures: ["Label"],
    targets,
    weights: trainingWeights(targets, weights),
    columns: { KaggleWeight: weights, DER_mass_vis: numbersOf(events, "DER_mass_vis") },
  });
  const folds = await FoldYielder.open(join(folder, "folds.h5"));
  const builder = new ModelBuilder({
    task: { kind: "binary" },
    features: folds,
    body: fullyConnected({ depth: 3, width: 64, activation: "swish" }),
    optimiser: { name: "adam", learningRate: 1e-3 },
  });
  const unseen = folds.getTable({ folds: [0] });
  const [truth, own, mass] = ["Label", "KaggleWeight", "DER_mass_vis"].map((name) => numbersOf(unseen, name));
  const background = [...truth!.keys()].filter((i) => truth![i] === 0);
  const trained = async (callbacks: readonly CallbackSpec[]): Promise<Pivoted> => {
    const options = { memberCount: 1, epochs, batchSize: 256, seed, workers, callbacks };
    const { ensemble } = await foldTrainEnsemble(folds, builder, options);
    const scores = await ensemble.predictFold(folds, 0);
    const ofBackground = (values: ArrayLike<number>): Float64Array =>
      Float64Array.from(background, (i) => values[i]!);
    return {
      auc: rocAuc(scores, truth!, own!),
      dependence: mutualInformation(ofBackground(scores), ofBackground(mass!), ofBackground(own!)),
    };
  };
  const plain = await trained([]);
  const pivoted = await trained([
    pivotTraining({ nuisances: ["DER_mass_vis"], coefficient, class: 0, networkEpochs: 2 }),
  ]);
  folds.close();
  rmSync(folder, { recursive: true });
  return { plain, pivoted };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(await pivot());
