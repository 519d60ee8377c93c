/** The invariant mass of tau and lepton from what the detector measured: one network against a linear fit. */
import { fileURLToPath } from "node:url";
import {
  applyPipeline,
  fitPipeline,
  fullyConnected,
  gradClip,
  ModelBuilder,
  oneCycle,
  readTable,
  regressionTargets,
  Stream,
  selectRows,
  stratifiedSplit,
  fit as train,
} from "lumin-hep";
import { linearFit, rootMeanSquares } from "./linear-fit.ts";

const file = fileURLToPath(new URL("data/atlas-higgs-challenge-2014-v2.first18000.csv.gz", import.meta.url));

/** Root mean square errors (GeV) of a network and of a linear fit, on events that neither has seen. */
export async function visibleMass({
  epochs = 20,
  seed = 1,
}: {
  epochs?: number;
  seed?: number;
} = {}): Promise<{ network: number; linear: number }> {
  const events = await readTable([file]);
  const split = stratifiedSplit(events.rowCount, 0.2, [], new Stream(seed, "split"));
  const [training, held] = [selectRows(events, split.training), selectRows(events, split.validation)];
  const pipeline = await fitPipeline(training, {
    missing: [-999],
    transforms: [
      { kind: "rename", columns: { PRI_met: "PRI_met_pt" } },
      {
        kind: "cartesian",
        keep: ["PRI_tau_pt", "PRI_lep_pt", "PRI_met_pt"],
        align: { reference: "PRI_lep", second: "PRI_tau", y: true, z: true },
      },
    ],
    continuous: ["PRI_*", "!PRI_jet_num"],
  });
  const targets = regressionTargets(training, "DER_mass_vis");
  const { inputs, continuousFeatures } = await applyPipeline(pipeline, training);
  const mean = targets.reduce((sum, x) => sum + x / targets.length, 0);
  const variance = targets.reduce((sum, x) => sum + (x - mean) ** 2 / targets.length, 0);
  const builder = new ModelBuilder({
    // The network learns (mass − mean)/deviation, and predicts in GeV.
    task: {
      kind: "regression",
      targetCount: 1,
      scaling: { means: [mean], deviations: [Math.sqrt(variance)] },
    },
    features: { continuousFeatures, categoricalFeatures: [], categorySizes: [] },
    body: fullyConnected({ depth: 4, width: 100, activation: "relu", connect: "residual" }),
  });
  const { model } = await train(
    builder,
    { inputs, targets },
    {
      epochs,
      batchSize: 256,
      seed,
      callbacks: [oneCycle({ learningRates: [1e-4, 3e-3, 0] }), gradClip({ norm: 1 })],
    },
  );

  const unseen = await applyPipeline(pipeline, held);
  const truth = regressionTargets(held, "DER_mass_vis");
  const line = linearFit(inputs, targets, training.rowCount);
  const [network] = rootMeanSquares(await model.predict(unseen.inputs, unseen.eventCount), truth, 1);
  const [linear] = rootMeanSquares(line(unseen.inputs), truth, 1);
  return { network: network!, linear: linear! };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(await visibleMass());
