/** The names of the ways to look at a model. */

export const explainMethods = ["importance", "shap", "gradients", "effects", "dependence"] as const;

export type ExplainMethod = (typeof explainMethods)[number];
