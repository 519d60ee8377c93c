/** The kinds of pictures of `lumin plot`, for its help. */

/** What each kind shows, in the order of the help. */
export const plotKindTexts = {
  feature: "distribution of a column, class by class, with densities and moments",
  densities: "kernel densities of a column, class by class, with bootstrap bands",
  stack: "samples stacked, signals as lines, data as points with their ratio",
  predictions: "distribution of the prediction by class; of a run, training over validation",
  roc: "signal efficiency against background efficiency, with AUC and bootstrap bands",
  rejection: "background rejection against signal efficiency",
  ams: "AMS against the cut on the prediction",
  reliability: "fraction of signal where a probability is predicted",
  resolution: "bias and resolution of a regression in bins of the truth",
  correlation: "rank correlation of columns as a heat map",
  dendrogram: "clusters of columns by rank correlation",
  events: "momenta of single events in three projections",
  losses: "loss against epoch of all members",
  overtraining: "validation loss over training loss against epoch",
  metric: "a logged metric against epoch",
  "learning-rates": "loss against learning rate, from the JSON file of lumin lr-find",
  schedule: "learning rate and momentum against step",
  importance: "importances of features with their errors, as lumin explain finds them",
  attributions: "SHAP values of single events",
  effects: "accumulated local effect of a feature, with its band",
  dependence: "partial dependence on a feature, with single events",
  plane: "partial dependence on two features together",
  embedding: "learnt vectors of a categorical feature",
  contributions: "what blocks of a multi-block network give the output, or features a bottleneck",
} as const;

/** The name of a kind. */
export type PlotKindName = keyof typeof plotKindTexts;
