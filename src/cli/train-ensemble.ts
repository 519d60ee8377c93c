/** Training the ensemble of an analysis on labelled events: preprocessing, folds, networks. */
import {
  type AugmentationPlan,
  DiskStore,
  FoldYielder,
  type FoldYielderOptions,
  HEPAugFoldYielder,
  MemoryStore,
  type Pipeline,
} from "../data/index.ts";
import { type EnsembleTraining, foldTrainEnsemble, foldTrainTrees, TreeModel } from "../ensemble/index.ts";
import { ConfigurationError } from "../errors/index.ts";
import { type CallbackSpec, makeCallbacks, type ProgressEvent, type TrainingEvent } from "../train/index.ts";
import { type Analysis, isTrees, type TreesConfiguration } from "./analysis.ts";
import { planFolds } from "./fold-events.ts";
import { type LabelledEvents, type LabelledSource, sourceOf } from "./labelled-events.ts";
import { canReadAhead, checkFoldFits, type MemoryPlan } from "./memory-plan.ts";
import { builderFor, startOf } from "./network-of-analysis.ts";
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
  readonly training: EnsembleTraining;
  /** Of one member: its network's parameters, or the leaves of its trees. */
  readonly parameterCount: number;
}

/** Preprocessing and folds, before anything is trained. */
export interface PreparedTraining {
  readonly pipeline: Pipeline;
  /** For each fold the rows of the training events in it. */
  readonly foldRows: readonly Int32Array[];
  /**
   * Writes pipeline.json and the fold file, and opens it.
   *
   * @param folder an existing folder, in which the prepared events are put aside; default: in memory.
   */
  write(paths: RunPaths, folder?: string): Promise<FoldYielder>;
}

/** Fits the preprocessing on the training events and deals them into folds; checks all that can be checked early. */
export async function prepareTraining(
  analysis: Analysis,
  events: LabelledEvents | LabelledSource,
  directory: string,
  memory?: MemoryPlan,
): Promise<PreparedTraining> {
  const source = "table" in events ? sourceOf(events) : events;
  const plan = await planFolds(analysis, source, directory, memory && 0);
  const { pipeline, foldRows } = plan;
  checkFolds(analysis, foldRows);
  const largest = Math.max(...foldRows.map((rows) => rows.length));
  const featureCount = pipeline.continuous.length + pipeline.categorical.length;
  if (memory) checkFoldFits(memory, largest, featureCount, foldRows.length);
  return {
    pipeline,
    foldRows,
    async write(paths, folder) {
      await writeJson(paths.pipeline, pipeline);
      const store = folder === undefined ? new MemoryStore() : await DiskStore.create(folder);
      try {
        await plan.write(paths.folds, store);
      } finally {
        await store.remove();
      }
      return openFolds(
        analysis,
        paths.folds,
        directory,
        memory && { cacheBytes: memory.fold, readAhead: canReadAhead(memory, largest, featureCount) },
      );
    },
  };
}

/** Opens the fold file of a run, with the augmentation of its analysis. */
export function openFolds(
  analysis: Analysis,
  path: string,
  directory: string,
  memory: Pick<FoldYielderOptions, "cacheBytes" | "readAhead"> = {},
): Promise<FoldYielder> {
  const { augmentation, training } = analysis;
  const options = { directory, transforms: training.foldTransforms, ...memory };
  return augmentation === "off"
    ? FoldYielder.open(path, options)
    : HEPAugFoldYielder.open(path, { ...options, ...augmentationSettings(analysis), augmentation });
}

/** What augmentation needs to know of an analysis. */
export function augmentationSettings({ seed, features }: Analysis): {
  readonly seed: number;
  readonly scaler: "required" | "none";
} {
  return { seed, scaler: features.scaling === "none" ? "none" : "required" };
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

/**
 * Finds what is wrong with callbacks and with weights to start with before any event is read.
 *
 * @throws ConfigurationError, FileFormatError as making the networks and training them would.
 */
export async function checkTrainingParts(analysis: Analysis, directory: string): Promise<void> {
  if (isTrees(analysis.model)) return;
  await makeCallbacks(analysis.training.callbacks as readonly CallbackSpec[], directory);
  await startOf(analysis, directory);
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
