export * from "./ams-scan.ts";
export * from "./attributions.ts";
export * from "./compact-report.ts";
export * from "./contributions.ts";
export * from "./dendrogram.ts";
export * from "./densities.ts";
export * from "./effects.ts";
export * from "./embedding.ts";
export * from "./event.ts";
export { type FeaturePlotOptions, plotFeature } from "./feature.ts";
export * from "./feature-map.ts";
export * from "./features-report.ts";
export * from "./format.ts";
export * from "./histogram.ts";
export {
  type ImportancePlotOptions,
  type ImportanceRow,
  plotImportance,
} from "./importance.ts";
export * from "./learning-rates.ts";
export * from "./losses.ts";
export * from "./metric-history.ts";
export * from "./partial-dependence.ts";
export { plotPage } from "./plot-page.ts";
export * from "./predictions.ts";
export * from "./reliability.ts";
export { type RenderOptions, renderSvg } from "./render.ts";
export * from "./render-pdf.ts";
export * from "./render-png.ts";
export * from "./report.ts";
export * from "./report-data.ts";
export * from "./resolution.ts";
export * from "./roc.ts";
export {
  type Sample,
  type SampleBinning,
  type SampleHistogram,
  sampleHistograms,
  samplesOf,
} from "./samples.ts";
export { savePlot } from "./save-plot.ts";
export * from "./schedule.ts";
export {
  defaultPalette,
  type FontSizes,
  type LegendPlace,
  type PlotSettings,
  type SampleLook,
} from "./settings.ts";
export * from "./spec.ts";
export { plotStack, type StackedSamples, type StackPlotOptions, type Zoom } from "./stack.ts";
export { finitePoints, type Point, thinColumns, thinPath } from "./thin.ts";
