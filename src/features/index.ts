/** Which features matter, and what a model has learned of them. */

export * from "./feature-importance.ts";
export type { LabelledArrays, LabelledFold, LabelledFolds } from "./labelled-folds.ts";
