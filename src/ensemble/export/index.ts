/** Trained ensembles for other programs: ONNX and safetensors. */
export { type ExportCheck, exportTolerance } from "./check-export.ts";
export type { TreeForm } from "./export-graph.ts";
export * from "./export-onnx.ts";
export * from "./export-safetensors.ts";
export * from "./export-trees.ts";
export { checkExportable, type InputForm } from "./trace-pipeline.ts";
export type { ExportedInput } from "./traced-columns.ts";
