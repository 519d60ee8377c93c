/** Signal or background, every event turned the same way: one network, no augmentation, one prediction an event. */
import { fileURLToPath } from "node:url";
import {
  applyPipeline,
  classTargets,
  eventWeights,
  fitPipeline,
  fullyConnected,
  ModelBuilder,
  oneCycle,
  readTable,
  rocAuc,
  Stream,
  selectRows,
  stratifiedSplit,
  fit as train,
  trainingWeights,
} from "lumin-hep";

const file = fileURLToPath(new URL("data/atlas-higgs-challenge-2014-v2.first18000.csv.gz", import.meta.url));
const classes = { b: 0, s: 1 };

/** Weighted AUC of unseen events, with the events as they come and with all turned the same way. */
export async function aligned({
  epochs = 10,
  seed = 1,
}: {
  epochs?: number;
  seed?: number;
} = {}): Promise<{ asTheyCome: number; aligned: number }> {
  const events = await readTable([file]);
  const labels = classTargets(events, "Label", classes);
  const split = stratifiedSplit(events.rowCount, 0.2, [labels], new Stream(seed, "split"));
  const [training, held] = [selectRows(events, split.training), selectRows(events, split.validation)];
  const targets = classTargets(training, "Label", classes);
  const weights = trainingWeights(targets, eventWeights(training, "KaggleWeight"));

  const aucWith = async (align: { reference: string; second: string; y: true; z: true } | undefined) => {
    const pipeline = await fitPipeline(training, {
      missing: [-999],
      transforms: [
        { kind: "rename", columns: { PRI_met: "PRI_met_pt" } },
        { kind: "cartesian", keep: ["PRI_met_pt"], align },
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
    });
    const { inputs, continuousFeatures } = await applyPipeline(pipeline, training);
    const builder = new ModelBuilder({
      task: { kind: "binary" },
      features: { continuousFeatures, categoricalFeatures: [], categorySizes: [] },
      body: fullyConnected({ depth: 6, width: 33, activation: "swish", connect: "dense" }),
    });
    const { model } = await train(
      builder,
      { inputs, targets, weights: Float32Array.from(weights) },
      { epochs, batchSize: 256, seed, callbacks: [oneCycle({ learningRates: [1e-4, 1e-2, 0] })] },
    );
    const unseen = await applyPipeline(pipeline, held);
    const predictions = await model.predict(unseen.inputs, unseen.eventCount);
    return rocAuc(predictions, classTargets(held, "Label", classes), eventWeights(held, "KaggleWeight"));
  };
  return {
    asTheyCome: await aucWith(undefined),
    aligned: await aucWith({ reference: "PRI_lep", second: "PRI_tau", y: true, z: true }),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(await aligned());
