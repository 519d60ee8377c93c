/** Signal and three kinds of background; the networks start with a binary network's embedding of the number of jets. */
import { fileURLToPath } from "node:url";
import {
  applyPipeline,
  classTargets,
  computeColumns,
  eventWeights,
  fitPipeline,
  fullyConnected,
  ModelBuilder,
  multiclassAccuracy,
  multiclassLogLoss,
  oneCycle,
  readTable,
  Stream,
  selectRows,
  stratifiedSplit,
  fit as train,
  trainingWeights,
} from "lumin-hep";

const file = fileURLToPath(new URL("data/atlas-higgs-challenge-2014-v2.first18000.csv.gz", import.meta.url));
const classes = { light: 0, middle: 1, heavy: 2, signal: 3 };

/** Both weighted, of events that the network has not seen. */
export interface Quality {
  readonly accuracy: number;
  readonly logLoss: number;
}

/** Accuracy and log loss of unseen events, weighted, of networks that trained with the events' weights and without. */
export async function multiclass({
  epochs = 10,
  seed = 1,
}: {
  epochs?: number;
  seed?: number;
} = {}): Promise<{ weighted: Quality; unweighted: Quality }> {
  const events = await computeColumns(await readTable([file]), {
    process: `CASE WHEN Label = 's' THEN 'signal' WHEN KaggleWeight < 1.05 THEN 'light'
                   WHEN KaggleWeight < 3.7 THEN 'middle' ELSE 'heavy' END`,
  });
  const all = classTargets(events, "process", classes);
  const split = stratifiedSplit(events.rowCount, 0.2, [all], new Stream(seed, "split"));
  const [training, held] = [selectRows(events, split.training), selectRows(events, split.validation)];
  const pipeline = await fitPipeline(training, {
    missing: [-999],
    transforms: [{ kind: "cartesian", align: { reference: "PRI_lep", second: "PRI_tau", y: true, z: true } }],
    continuous: ["DER_*", "PRI_*"],
    categorical: ["PRI_jet_num"],
  });
  const { inputs, ...features } = await applyPipeline(pipeline, training);
  const targets = classTargets(training, "process", classes);
  const network = {
    features: { ...features, categorySizes: [4] },
    body: fullyConnected({ depth: 4, width: 100, activation: "selu" }),
  };
  const options = {
    epochs,
    batchSize: 256,
    seed,
    callbacks: [oneCycle({ learningRates: [1e-4, 5e-3, 0] })],
  };

  const isSignal = targets.map((code) => (code === 3 ? 1 : 0));
  const binary = new ModelBuilder({ ...network, task: { kind: "binary" } });
  const first = await train(binary, { inputs, targets: isSignal }, { ...options, epochs: 3 });
  const builder = new ModelBuilder({
    ...network,
    task: { kind: "multiclass", classCount: 4 },
    embeddings: first.model.embeddings(),
  });
  const unseen = await applyPipeline(pipeline, held);
  const judged = async (weights: Float32Array | undefined) => {
    const { model } = await train(builder, { inputs, targets, ...(weights ? { weights } : {}) }, options);
    const events = {
      predictions: await model.predict(unseen.inputs, unseen.eventCount),
      classCount: 4,
      targets: classTargets(held, "process", classes),
      weights: eventWeights(held, "KaggleWeight"),
    };
    return { accuracy: multiclassAccuracy(events), logLoss: multiclassLogLoss(events) };
  };
  // Weights as they are: a class counts as much as its cross-section.
  const weights = trainingWeights(targets, eventWeights(training, "KaggleWeight"), "meanOne");
  return { weighted: await judged(Float32Array.from(weights)), unweighted: await judged(undefined) };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(await multiclass());
