export type { Numbers } from "../array/numbers.ts";
export { type AmsOptions, type AmsYields, ams } from "./ams.ts";
export {
  type AmsMaximum,
  type AmsScan,
  type AmsScanOptions,
  amsOverFractions,
  amsScan,
} from "./ams-scan.ts";
export {
  type BinaryClassificationMetrics,
  type BinaryClassificationOptions,
  binaryClassificationMetrics,
  type ReportedMeasurement,
  type ReportedSignificance,
} from "./binary-classification.ts";
export { binsByUncertainty, type UncertaintyBinning } from "./binning.ts";
export {
  type CalibrationBin,
  calibrationBins,
  calibrationError,
} from "./calibration.ts";
export { accuracy, type ClassBalance, logLoss } from "./classification.ts";
export {
  type AmsCut,
  type AmsCutMeasured,
  type CutRule,
  cutByAms,
  cutByAmsWithUncertainty,
} from "./cut.ts";
export type { Measurement } from "./measurement.ts";
export {
  brierScore,
  type ClassGroups,
  type ClassifiedEvents,
  confusionMatrix,
  eventBrierScores,
  eventLogLossesOfClasses,
  eventsCorrect,
  meanAuc,
  multiclassAccuracy,
  multiclassAms,
  multiclassLogLoss,
  oneVersusRestAuc,
  oneVersusRestAucWithUncertainty,
  regroupClasses,
  toBinaryClass,
} from "./multiclass.ts";
export { type MutualInformationOptions, mutualInformation } from "./mutual-information.ts";
export {
  type AmsMetricOptions,
  costOf,
  type Metric,
  makeMetric,
  metricNames,
  metricWithUncertainty,
  type NamedMetric,
  type PredictedEvents,
  type RegressionMetricOptions,
} from "./named-metrics.ts";
export {
  type PullOptions,
  pulls,
  type RegressionResolution,
  regressionResolution,
  resolutionInBins,
} from "./regression.ts";
export {
  backgroundRejection,
  type PartialRocOptions,
  type RocCurve,
  rocAuc,
  rocAucWithUncertainty,
  rocCurve,
} from "./roc.ts";
export { type RocBand, rocBand } from "./roc-band.ts";
export {
  type AmsCuts,
  type BinAmsOptions,
  type BinnedSignificance,
  binnedSignificance,
  binsBySignificance,
  type CutsOptions,
  cutsByAms,
  type SignificanceBinning,
} from "./significance-bins.ts";
export { meanOf, measure, type WeightedStatistic } from "./weighted-events.ts";
export {
  type ClassTotals,
  type ClassYields,
  type CutYields,
  type ProcessYields,
  renormalise,
  type Yield,
  yieldsAtCut,
  yieldsByProcess,
} from "./yields.ts";
