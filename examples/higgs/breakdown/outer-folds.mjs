/** Training and predicting all steps in one outer fold: on its other events, and for its own. */
import { join } from "node:path";
import {
  applyPipeline,
  augmentedInputs,
  classTargets,
  eventWeights,
  FoldYielder,
  fitPipeline,
  foldTrainEnsemble,
  HEPAugFoldYielder,
  ModelBuilder,
  Stream,
  selectRows,
  stratifiedFolds,
  trainingWeights,
  writeFoldFile,
} from "lumin-hep";

/** What the events are learnt from: with the number of jets as categories, or as one more number. */
const momenta = [
  "DER_*",
  "PRI_met_sumet",
  "PRI_jet_all_pt",
  "PRI_met_pt",
  "PRI_*_px",
  "PRI_*_py",
  "PRI_*_pz",
];

/**
 * Predictions of every step for the held events, and what they cost.
 *
 * @param {readonly (import("./steps.mjs").Recipe & { name: string })[]} recipes
 * @param {import("lumin-hep").Table} events
 * @param {{ training: Int32Array, held: Int32Array }} rows
 * @param {{ folds: number, epochs: number, batchSize: number, workers: number, seed: number, folder: string }} options
 * @returns {Promise<{ predictions: Float64Array, trainingSeconds: number, predictionSeconds: number }[]>}
 */
export async function outerFold(recipes, events, rows, options) {
  const prepared = new Map();
  for (const embedding of new Set(recipes.map((recipe) => recipe.embedding))) {
    prepared.set(embedding, await prepare(events, rows, embedding, options));
  }
  const results = [];
  let trained;
  for (const [i, recipe] of recipes.entries()) {
    const { path, held } = prepared.get(recipe.embedding);
    const before = recipes[i - 1];
    // The same networks, asked once more.
    const isTrained = recipe.augmentation === "both" && before?.augmentation === "training";
    if (!isTrained) trained = await train(recipe, path, options);
    // What happens once, at the first prediction, is not counted.
    await trained.ensemble.predict(held.inputs.subarray(0, held.featureCount), 1);
    const started = performance.now();
    const inputs =
      recipe.augmentation === "both" ? augmentedInputs(held.features, trained.plan) : held.inputs;
    const predictions = await trained.ensemble.predict(inputs, held.eventCount);
    const predictionSeconds = (performance.now() - started) / 1000;
    results.push({ predictions, trainingSeconds: trained.seconds, predictionSeconds });
    if (recipes[i + 1]?.augmentation !== "both" || recipe.augmentation === "both")
      await trained.ensemble.release();
  }
  return results;
}

/** Fits the preprocessing to the training events, writes them as folds, and prepares the held ones. */
async function prepare(events, rows, embedding, { folds, seed, folder }) {
  const training = selectRows(events, rows.training);
  const targets = classTargets(training, "Label", { b: 0, s: 1 });
  const pipeline = await fitPipeline(training, {
    missing: [-999],
    transforms: [
      { kind: "rename", columns: { PRI_met: "PRI_met_pt" } },
      { kind: "cartesian", keep: ["PRI_met_pt"] },
    ],
    continuous: embedding ? momenta : [...momenta, "PRI_jet_num"],
    categorical: embedding ? ["PRI_jet_num"] : [],
  });
  const path = join(folder, `${embedding ? "embedded" : "numbers"}.h5`);
  await writeFoldFile(path, {
    ...(await applyPipeline(pipeline, training)),
    categories: pipeline.categorical,
    scaler: pipeline.scaler,
    folds: stratifiedFolds(training.rowCount, folds, [targets], new Stream(seed, "folds")),
    targetFeatures: ["Label"],
    targets,
    weights: trainingWeights(targets, eventWeights(training, "KaggleWeight")),
  });
  return { path, held: await applyPipeline(pipeline, selectRows(events, rows.held)) };
}

/** Trains the ensemble of a recipe; seconds are those of all members together. */
async function train(recipe, path, { epochs, batchSize, workers, seed }) {
  const isAugmented = recipe.augmentation !== "none";
  const folds = isAugmented ? await HEPAugFoldYielder.open(path) : await FoldYielder.open(path);
  const builder = new ModelBuilder({ task: { kind: "binary" }, features: folds, body: recipe.body });
  const { ensemble, timings } = await foldTrainEnsemble(folds, builder, {
    memberCount: recipe.members,
    epochs,
    batchSize,
    seed,
    workers: Math.min(workers, recipe.members),
    callbacks: recipe.schedule(epochs),
  });
  const plan = isAugmented ? folds.plan : undefined;
  folds.close();
  return { ensemble, plan, seconds: timings.reduce((sum, { seconds }) => sum + (seconds ?? 0), 0) };
}
