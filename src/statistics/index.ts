export { type Calibrator, calibrated, fitIsotonic, fitTemperature } from "./calibrators.ts";
export {
  type DistributionDifference,
  distributionDifference,
  type PairedDifference,
  pairedDifference,
  type WeightedValues,
} from "./comparison.ts";
export { combineDatacard, type Datacard, type DatacardShape } from "./datacard.ts";
export {
  type DistributionSummary,
  type KernelDensity,
  kernelDensity,
  summariseDistribution,
} from "./distribution.ts";
export type { TemplateInterpolation } from "./interpolation.ts";
export { type FitData, type FitParameter, HistFactoryModel } from "./likelihood.ts";
export { normalTail } from "./normal.ts";
export {
  type Discovery,
  discoverySignificance,
  type Exclusion,
  exclusion,
  expectedSignificance,
  type FitResult,
  fitWorkspace,
} from "./profile.ts";
export { type ProcessEvents, type Template, templatesOf } from "./templates.ts";
export {
  histFactoryWorkspace,
  type Modifier,
  type NormalisationUncertainty,
  type ParameterSettings,
  type ShapeUncertainty,
  type StatisticalModel,
  type Workspace,
} from "./workspace.ts";
