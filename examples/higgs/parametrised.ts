/** A network that is told the tau energy scale: how much worse it does when it is told a wrong one. */
import { fileURLToPath } from "node:url";
import {
  applyPipeline,
  classTargets,
  eventWeights,
  fitPipeline,
  fullyConnected,
  logLoss,
  ModelBuilder,
  oneCycle,
  parametrised,
  readTable,
  Stream,
  selectRows,
  stratifiedSplit,
  fit as train,
  trainingWeights,
} from "lumin-hep";

const directory = fileURLToPath(new URL(".", import.meta.url));
const file = `${directory}data/atlas-higgs-challenge-2014-v2.first18000.csv.gz`;
const classes = { b: 0, s: 1 };

/** Log losses of unseen events whose scale is `scale`, when the network is told so, and when it is told `wrong`. */
export async function tauEnergyScale({
  epochs = 10,
  scale = 1.2,
  wrong = 0.8,
  seed = 1,
}: {
  epochs?: number;
  scale?: number;
  wrong?: number;
  seed?: number;
} = {}): Promise<{ told: number; misled: number }> {
  const events = await readTable([file]);
  const labels = classTargets(events, "Label", classes);
  const split = stratifiedSplit(events.rowCount, 0.2, [labels], new Stream(seed, "split"));
  const [training, held] = [selectRows(events, split.training), selectRows(events, split.validation)];
  const shift = (low: number, high: number) =>
    ({ kind: "module", module: "./tau-energy-scale.mjs", name: "shiftTau", options: { low, high } }) as const;
  const pipeline = await fitPipeline(
    training,
    {
      missing: [-999],
      transforms: [shift(0.8, 1.2)],
      continuous: [
        ...["tes", "DER_mass_vis", "PRI_tau_pt", "PRI_tau_eta", "PRI_lep_pt", "PRI_lep_eta"],
        ...["PRI_met", "PRI_jet_all_pt"],
      ],
    },
    { directory },
  );
  const { inputs, continuousFeatures } = await applyPipeline(pipeline, training, { directory });
  const targets = classTargets(training, "Label", classes);
  const weights = Float32Array.from(trainingWeights(targets, eventWeights(training, "KaggleWeight")));
  const builder = new ModelBuilder({
    task: { kind: "binary" },
    features: { continuousFeatures, categoricalFeatures: [], categorySizes: [] },
    body: fullyConnected({ depth: 4, width: 50, activation: "swish" }),
  });
  const { model } = await train(
    builder,
    { inputs, targets, weights },
    { epochs, batchSize: 256, seed, callbacks: [oneCycle({ learningRates: [1e-4, 5e-3, 0] })] },
  );

  // All unseen events at one scale.
  const steps = pipeline.steps.map((step) => (step.kind === "module" ? shift(scale, scale) : step));
  const unseen = await applyPipeline({ ...pipeline, steps }, held, { directory });
  const truth = classTargets(held, "Label", classes);
  const balanced = trainingWeights(truth, eventWeights(held, "KaggleWeight"));
  const lossIfTold = async (tes: number): Promise<number> => {
    const { means, standardDeviations } = pipeline.scaler!;
    const told = parametrised(unseen.inputs, continuousFeatures, {
      tes: (tes - means[0]!) / standardDeviations[0]!,
    });
    return logLoss(await model.predict(told, unseen.eventCount), truth, balanced);
  };
  return { told: await lossIfTold(scale), misled: await lossIfTold(wrong) };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(await tauEnergyScale());
