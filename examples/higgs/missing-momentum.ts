/** Both components of the missing transverse momentum from everything else: one network against a linear fit. */
import { fileURLToPath } from "node:url";
import {
  applyPipeline,
  computeColumns,
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

/** Root mean square errors (GeV), along and across the lepton, of a network and of a linear fit on unseen events. */
export async function missingMomentum({
  epochs = 20,
  seed = 1,
}: {
  epochs?: number;
  seed?: number;
} = {}): Promise<{ network: number[]; linear: number[] }> {
  const events = await computeColumns(await readTable([file]), {
    met_along: "PRI_met * cos(PRI_met_phi - PRI_lep_phi)",
    met_across: "PRI_met * sin(PRI_met_phi - PRI_lep_phi) * sign(sin(PRI_tau_phi - PRI_lep_phi))",
  });
  const split = stratifiedSplit(events.rowCount, 0.2, [], new Stream(seed, "split"));
  const [training, held] = [selectRows(events, split.training), selectRows(events, split.validation)];
  const pipeline = await fitPipeline(training, {
    missing: [-999],
    transforms: [{ kind: "cartesian", align: { reference: "PRI_lep", second: "PRI_tau", y: true, z: true } }],
    continuous: ["DER_*", "PRI_*", "!PRI_met", "!PRI_met_phi", "!PRI_jet_num"],
  });
  const names = ["met_along", "met_across"];
  const targets = regressionTargets(training, names);
  const { inputs, continuousFeatures } = await applyPipeline(pipeline, training);
  const builder = new ModelBuilder({
    // Learnt in units of 40 GeV.
    task: { kind: "regression", targetCount: 2, scaling: { means: [0, 0], deviations: [40, 40] } },
    features: { continuousFeatures, categoricalFeatures: [], categorySizes: [] },
    body: fullyConnected({ depth: 4, width: 100, activation: "swish" }),
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
  const truth = regressionTargets(held, names);
  const line = linearFit(inputs, targets, training.rowCount);
  return {
    network: rootMeanSquares(await model.predict(unseen.inputs, unseen.eventCount), truth, 2),
    linear: rootMeanSquares(line(unseen.inputs), truth, 2),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(await missingMomentum());
