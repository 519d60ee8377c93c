/** Ensembles: training many networks, predicting with them together, and taking them to other programs. */
export * from "./assemble.ts";
export * from "./average-networks.ts";
export type { EnsembleOptions, TrainedResult, Weighting } from "./choose-members.ts";
export * from "./compare-members.ts";
export * from "./compare-predictions.ts";
export * from "./ensemble.ts";
export * from "./export/index.ts";
export * from "./fold-predictions.ts";
export * from "./fold-train-ensemble.ts";
export { foldTrainTrees, type TreeFolds, type TreesTrainingOptions } from "./fold-train-trees.ts";
export type { ForeignModelOptions } from "./foreign-interface.ts";
export { ForeignModel } from "./foreign-model.ts";
export { type EnsembleMember, isOutOfFold, type MemberDescription, type Predictor } from "./member.ts";
export { type AugmentedInputs, augmentedInputs, type PredictionFolds } from "./prediction-inputs.ts";
export type { SnapshotOptions } from "./snapshot-members.ts";
export type { TreesSpec } from "./train-tree-member.ts";
export { TreeModel } from "./tree-model.ts";
