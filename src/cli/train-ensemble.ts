/** Training the ensemble of an analysis on its folds: networks or trees. */
import type { FoldYielder, Pipeline } from "../data/index.ts";
import { type EnsembleTraining, foldTrainEnsemble, foldTrainTrees, TreeModel } from "../ensemble/index.ts";
import { ConfigurationError } from "../errors/index.ts";
import { type CallbackSpec, makeCallbacks, type ProgressEvent, type TrainingEvent } from "../train/index.ts";
import { type Analysis, isTrees, type TreesConfiguration } from "./analysis.ts";
import { builderFor, startOf } from "./network-of-analysis.ts";
import type { RunPaths } from "./run-folder.ts";

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
