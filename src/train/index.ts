/** Training: schedules, callbacks, the fit loop and worker processes. */

export { compiledFile } from "../data/compiled-file.ts";
export type { AdversaryOptions } from "./adversary.ts";
export * from "./callback.ts";
export * from "./callback-specs.ts";
export type { Checkpoint } from "./checkpoint.ts";
export { type CheckpointSettings, checkpointPath, defaultCheckpointSeconds } from "./checkpoint-file.ts";
export { columnsWanted, withColumns } from "./columns.ts";
export type { CycleStepOptions } from "./cycle-step.ts";
export type { CyclicOptions } from "./cyclic.ts";
export type { EarlyStoppingOptions } from "./early-stopping.ts";
export type { EmaOptions } from "./ema.ts";
export type {
  BootstrapOptions,
  TargetReplacementOptions,
  WeightFunctionOptions,
  WeightsOfEvents,
} from "./event-callbacks.ts";
export * from "./find-learning-rate.ts";
export { type FitOptions, type Fitted, fit } from "./fit.ts";
export type { GradClipOptions, LabelSmoothingOptions } from "./graph-callbacks.ts";
export { graphHooksOf } from "./graph-hooks-of.ts";
export * from "./history.ts";
export type { SavedLosses } from "./loss-record.ts";
export type { LearningRateRecord, LRFinderOptions } from "./lr-finder.ts";
export type { LsuvInitOptions } from "./lsuv-init.ts";
export type { MemberOutcome, MemberResult } from "./member-files.ts";
export { finishedMembers, memberDirectory, readSnapshots } from "./member-files.ts";
export * from "./member-folds.ts";
export type { ProgressEvent, SavedProgress } from "./member-progress.ts";
export * from "./member-settings.ts";
export type { MetricLoggerOptions } from "./metric-logger.ts";
export type { OneCycleOptions } from "./one-cycle.ts";
export {
  type FoldsToPredict,
  type ParametrisedTrainingOptions,
  parametrised,
  parametrisedFolds,
} from "./parametrised.ts";
export type { PivotTrainingOptions } from "./pivot-training.ts";
export type { FoldArrays, Trainable, TrainingFolds } from "./programs.ts";
export * from "./refresh-network.ts";
export * from "./schedules.ts";
export type { Snapshot } from "./snapshots.ts";
export { softwareVersions } from "./software-versions.ts";
export type { SwaOptions } from "./swa.ts";
export * from "./train-member.ts";
export * from "./train-members.ts";
export { type LostWorker, type PoolOptions, runJobs } from "./worker-pool.ts";
export type { Job, JobFunction } from "./worker-protocol.ts";
