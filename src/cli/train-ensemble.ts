/** Training the ensemble of an analysis on labelled events: preprocessing, folds, networks. */
import { Stream } from "../array/index.ts";
import {
  type AugmentationPlan,
  applyPipeline,
  columnOf,
  contiguousFolds,
  expandNames,
  FoldYielder,
  fitPipeline,
  foldsByColumn,
  foldsByHash,
  HEPAugFoldYielder,
  type Pipeline,
  stratifiedFolds,
  type Table,
  trainingWeights,
  writeFoldFile,
} from "../data/index.ts";
import { type EnsembleTraining, foldTrainEnsemble, foldTrainTrees, TreeModel } from "../ensemble/index.ts";
import { ConfigurationError, unknownName } from "../errors/index.ts";
import type { CallbackSpec, ProgressEvent, TrainingEvent } from "../train/index.ts";
import { type Analysis, classNames, isTrees, type TreesConfiguration } from "./analysis.ts";
import { builderFor } from "./network-of-analysis.ts";
import { type LabelledEvents, stratificationKeys } from "./prepare-events.ts";
import type { RunPaths } from "./run-folder.ts";
import { writeJson } from "./run-folder.ts";

/** How the work is done; nothing here changes the result. */
export interface TrainingSurroundings {
  /** Folder of the analysis file, which paths of user modules are relative to. */
  readonly directory: string;
  readonly workers: number;
  readonly signal?: AbortSignal | undefined;
  /** Members go on from their checkpoints. */
  readonly resume?: boolean;
  readonly checkpointSeconds?: number | undefined;
  trainingBegins(): void;
  onProgress(event: ProgressEvent): void;
  onEvent(event: TrainingEvent): void;
  trainingEnds(): void;
}

/** A trained ensemble with all that predicting and evaluating need. */
export interface TrainedAnalysis {
  readonly pipeline: Pipeline;
  /** The open fold file; to be closed by the caller. */
  readonly folds: FoldYielder;
  /** For each fold the rows of the training events in it. */
  readonly foldRows: readonly Int32Array[];
  readonly training: EnsembleTraining;
  /** Of one member: its network's parameters, or the leaves of its trees. */
  readonly parameterCount: number;
}

/** Preprocessing and folds, before anything is trained. */
export interface PreparedTraining {
  readonly pipeline: Pipeline;
  readonly foldRows: readonly Int32Array[];
  /** Writes pipeline.json and the fold file, and opens it. */
  write(paths: RunPaths): Promise<FoldYielder>;
}

/** Fits the preprocessing on the training events and deals them into folds; checks all that can be checked early. */
export async function prepareTraining(
  analysis: Analysis,
  events: LabelledEvents,
  directory: string,
): Promise<PreparedTraining> {
  const { folds, features, input, transforms, target } = analysis;
  const { table, targets, weights } = events;
  const carried = expandNames(folds.columns, Object.keys(table.columns), "folds.columns: column");
  const pipeline = await fitPipeline(
    table,
    {
      missing: input.missing,
      transforms:
        Object.keys(input.columns).length > 0
          ? [{ kind: "columns", columns: input.columns }, ...transforms]
          : transforms,
      continuous: features.continuous,
      categorical: features.categorical,
      scaling: features.scaling,
      unseen: features.unseen,
    },
    { directory, weights: analysis.weights.preprocessing ? weights : undefined },
  );
  checkNoTargetIsFeature(target.columns, pipeline);
  const prepared = await applyPipeline(pipeline, table, { directory });
  const scaled = weightsForTraining(analysis, events);
  const foldRows = foldsOf(analysis, table);
  checkFolds(analysis, foldRows);
  return {
    pipeline,
    foldRows,
    async write(paths) {
      await writeJson(paths.pipeline, pipeline);
      await writeFoldFile(paths.folds, {
        folds: foldRows,
        features: prepared.features,
        targets,
        continuousFeatures: prepared.continuousFeatures,
        categoricalFeatures: prepared.categoricalFeatures,
        categories: pipeline.categorical,
        targetFeatures: target.columns,
        ...(scaled === undefined ? {} : { weights: scaled }),
        ...(analysis.weights.column === undefined ? {} : { weightFeature: analysis.weights.column }),
        ...(pipeline.scaler === undefined ? {} : { scaler: pipeline.scaler }),
        columns: {
          ...(input.id === undefined ? {} : { [input.id]: table.columns[input.id]! }),
          ...(weights === undefined ? {} : { original_weight: weights }),
          ...Object.fromEntries(carried.map((name) => [name, columnOf(table, name)])),
        },
      });
      return openFolds(analysis, paths.folds, directory);
    },
  };
}

/** The rows of each fold, as the analysis asks for them. */
function foldsOf(analysis: Analysis, table: Table): Int32Array[] {
  const { folds, seed } = analysis;
  const known = Object.keys(table.columns);
  if (folds.by !== undefined) {
    const names = expandNames(folds.by, known, "folds.by: column");
    return foldsByHash(
      names.map((name) => columnOf(table, name)),
      folds.count,
      names.join(", "),
    );
  }
  if (folds.column !== undefined) {
    if (!known.includes(folds.column)) throw unknownName("folds.column", folds.column, known);
    return foldsByColumn(columnOf(table, folds.column), folds.column);
  }
  if (folds.order === "contiguous") return contiguousFolds(table.rowCount, folds.count);
  return stratifiedFolds(
    table.rowCount,
    folds.count,
    stratificationKeys(analysis, table),
    new Stream(seed, "folds"),
  );
}

/** Opens the fold file of a run, with the augmentation of its analysis. */
export function openFolds(analysis: Analysis, path: string, directory: string): Promise<FoldYielder> {
  const { augmentation, training } = analysis;
  const options = { directory, transforms: training.foldTransforms };
  return augmentation === "off"
    ? FoldYielder.open(path, options)
    : HEPAugFoldYielder.open(path, { ...options, augmentation });
}

/** Trains the ensemble; finished members in the folder are kept. */
export async function trainEnsemble(
  analysis: Analysis,
  folds: FoldYielder,
  paths: RunPaths,
  surroundings: TrainingSurroundings,
): Promise<Pick<TrainedAnalysis, "training" | "parameterCount">> {
  if (isTrees(analysis.model)) return trainTrees(analysis, analysis.model, folds, paths, surroundings);
  const { directory, workers, signal, resume = false, checkpointSeconds, onProgress, onEvent } = surroundings;
  const { members, epochs, batchSize, callbacks, patience, device, ensemble } = analysis.training;
  const builder = await builderFor(analysis, folds, directory);
  surroundings.trainingBegins();
  try {
    const training = await foldTrainEnsemble(folds, builder, {
      memberCount: members,
      epochs,
      batchSize,
      seed: analysis.seed,
      device,
      workers: Math.min(workers, members),
      // The schema has the same names and options as the callbacks.
      callbacks: callbacks as readonly CallbackSpec[],
      ensemble,
      outputDirectory: paths.folder,
      baseDirectory: directory,
      resume,
      ...(checkpointSeconds === undefined ? {} : { checkpointSeconds }),
      onProgress,
      onEvent,
      ...(patience === undefined ? {} : { patience }),
      ...(signal === undefined ? {} : { signal }),
    });
    return { training, parameterCount: builder.parameterCount };
  } finally {
    surroundings.trainingEnds();
  }
}

async function trainTrees(
  { augmentation, target, training: { members, ensemble }, seed }: Analysis,
  spec: TreesConfiguration,
  folds: FoldYielder,
  paths: RunPaths,
  { workers, signal, onProgress, onEvent, trainingBegins, trainingEnds }: TrainingSurroundings,
): Promise<Pick<TrainedAnalysis, "training" | "parameterCount">> {
  const refuse = (what: string): never => {
    throw new ConfigurationError(`model.type: ${spec.type}: ${what}`);
  };
  if (augmentation !== "off") refuse("trees take the events as they are. Set augmentation: off.");
  if (target.columns.length > 1) {
    refuse(`trees learn one target, but ${target.columns.length} columns are given in target.column.`);
  }
  if (ensemble.kind !== "members") refuse(`trees have no cycles. Set training.ensemble.kind: members.`);
  trainingBegins();
  try {
    const training = await foldTrainTrees(folds, target.task, spec, {
      memberCount: members,
      seed,
      workers: Math.min(workers, members),
      ensemble: ensemble.kind === "members" ? ensemble : {},
      outputDirectory: paths.folder,
      onProgress,
      onEvent,
      ...(signal === undefined ? {} : { signal }),
    });
    const [first] = training.ensemble.members;
    const parameterCount = first?.model instanceof TreeModel ? first.model.leafCount : 0;
    return { training, parameterCount };
  } finally {
    trainingEnds();
  }
}

/** How prediction augments the events of an analysis; undefined when it does not. */
export function augmentationOf(folds: FoldYielder): AugmentationPlan | undefined {
  return folds instanceof HEPAugFoldYielder ? folds.plan : undefined;
}

/** Event weights as trainings take them: scaled as `weights.normalise` says; undefined where all are alike. */
export function weightsForTraining(
  analysis: Analysis,
  { table, targets, weights }: LabelledEvents,
): Float64Array | undefined {
  const { target } = analysis;
  let { normalise } = analysis.weights;
  if (target.task === "regression") {
    if (normalise === "sumOnePerClass") {
      throw new ConfigurationError(
        "weights.normalise: sumOnePerClass needs classes, which a regression does not have.",
      );
    }
    if (normalise === "meanOnePerClass") normalise = "meanOne";
  }
  if (weights === undefined && normalise !== "sumOnePerClass") return undefined;
  // A regression's values are no classes: all events are one.
  const classes = target.task === "regression" ? new Uint8Array(table.rowCount) : targets;
  return trainingWeights(classes, weights, normalise, classNames(target));
}

/** A network that is given what it should learn would learn nothing else. */
function checkNoTargetIsFeature(targets: readonly string[], pipeline: Pipeline): void {
  const features = [...pipeline.continuous, ...pipeline.categorical.map(({ name }) => name)];
  const both = targets.find((name) => features.includes(name));
  if (both !== undefined) {
    throw new ConfigurationError(
      `features: "${both}" is the target; take it away, with "!${both}" where a glob names it.`,
    );
  }
}

/** A fold smaller than the batch would give no training step. */
function checkFolds({ training, folds, model }: Analysis, foldRows: readonly Int32Array[]): void {
  if (isTrees(model)) return;
  const smallest = Math.min(...foldRows.map((rows) => rows.length));
  if (smallest < training.batchSize) {
    const fold = foldRows.findIndex((rows) => rows.length === smallest);
    throw new ConfigurationError(
      `training.batchSize: fold ${fold} has ${smallest} events, fewer than the batch size ${training.batchSize}. ` +
        `Use a batch size of at most ${smallest}, or fewer than ${folds.count} folds.`,
    );
  }
}
