/** Who earns more than 50,000 dollars a year? The census data from code: an ensemble with embeddings, its AUC on test rows. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  applyPipeline,
  classTargets,
  FoldYielder,
  fitPipeline,
  foldTrainEnsemble,
  fullyConnected,
  ModelBuilder,
  oneCycle,
  readTable,
  rocAuc,
  Stream,
  stratifiedFolds,
  writeFoldFile,
} from "lumin-hep";

const file = fileURLToPath(new URL("data/adult.csv.gz", import.meta.url));
const classes = { "<=50K": 0, ">50K": 1 };

/** Trains on the training rows and gives the AUC on the test rows, with the learnt vectors of the sexes. */
export async function adult({
  members = 3,
  epochs = 10,
  workers = 2,
  seed = 1,
}: {
  members?: number;
  epochs?: number;
  workers?: number;
  seed?: number;
} = {}): Promise<{ auc: number; eventCount: number }> {
  const training = await readTable([file], { select: "part = 'train'" });
  const pipeline = await fitPipeline(training, {
    continuous: ["age", "education_num", "capital_gain", "capital_loss", "hours_per_week"],
    categorical: [
      ...["workclass", "education", "marital_status", "occupation"],
      ...["relationship", "race", "sex", "native_country"],
    ],
  });
  const targets = classTargets(training, "income", classes);
  const folder = mkdtempSync(join(tmpdir(), "adult-"));
  await writeFoldFile(join(folder, "folds.h5"), {
    ...(await applyPipeline(pipeline, training)),
    categories: pipeline.categorical,
    folds: stratifiedFolds(training.rowCount, 10, [targets], new Stream(seed, "folds")),
    targetFeatures: ["income"],
    targets,
  });
  const folds = await FoldYielder.open(join(folder, "folds.h5"));
  const builder = new ModelBuilder({
    task: { kind: "binary" },
    features: folds,
    body: fullyConnected({ depth: 2, width: 100, activation: "relu", dropout: 0.2 }),
  });
  const { ensemble } = await foldTrainEnsemble(folds, builder, {
    memberCount: members,
    epochs,
    batchSize: 256,
    seed,
    workers,
    callbacks: [oneCycle({ learningRates: [5e-4, 5e-3, 0] })],
  });
  folds.close();
  rmSync(folder, { recursive: true });

  const test = await readTable([file], { select: "part = 'test'" });
  const { inputs, eventCount } = await applyPipeline(pipeline, test);
  const predictions = await ensemble.predict(inputs, eventCount);
  return { auc: rocAuc(predictions, classTargets(test, "income", classes)), eventCount };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(await adult());
