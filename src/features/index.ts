/** Which features matter, and what a model has learned of them. */

export * from "./accumulated-effects.ts";
export { type AttributionSize, type Attributions, attributionSizes } from "./attributions.ts";
export * from "./block-contributions.ts";
export * from "./correlation.ts";
export * from "./correlation-clusters.ts";
export * from "./dependence.ts";
export type { DependenceEvents } from "./dependence-events.ts";
export * from "./discrimination.ts";
export * from "./expected-gradients.ts";
export * from "./feature-importance.ts";
export type { SavedEnsemble } from "./importance-task.ts";
export * from "./integrated-gradients.ts";
export type { LabelledArrays, LabelledFold, LabelledFolds } from "./labelled-folds.ts";
export * from "./partial-dependence.ts";
export type { FeaturePredictor } from "./predictor.ts";
export * from "./select-features.ts";
export * from "./selection-check.ts";
export * from "./selection-filters.ts";
export * from "./selection-forest.ts";
export * from "./selection-ranking.ts";
export * from "./selection-removal.ts";
export * from "./selection-scan.ts";
export * from "./tree-attributions.ts";
