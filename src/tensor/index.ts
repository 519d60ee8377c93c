export * from "./attention.ts";
export * from "./functions.ts";
export * from "./graph-text.ts";
export * from "./operations.ts";
export type {
  Attributes,
  AxisRange,
  ConstantValues,
  GradientRule,
  NoAttributes,
  PrimitiveName,
} from "./primitives.ts";
export * from "./recurrent.ts";
export * from "./selection.ts";
export * from "./tensor.ts";
export * from "./windows.ts";
