/** LUMIN: deep learning and data science for high-energy physics. Tensors, plots and arrays are subpaths. */
export { type Numbers, Stream } from "./array/index.ts";
export * from "./data/index.ts";
export * from "./ensemble/index.ts";
export * from "./errors/index.ts";
export * from "./features/index.ts";
export * from "./hep/index.ts";
export * from "./metrics/index.ts";
export * from "./model/index.ts";
export type { Task } from "./nn/index.ts";
export * from "./nn/index.ts";
export * from "./statistics/index.ts";
export * from "./train/index.ts";
export * from "./trees/index.ts";
