export * from "./bootstrap.ts";
export * from "./histogram.ts";
export * from "./numbers.ts";
export * from "./quantile.ts";
export * from "./random.ts";
export * from "./rounding.ts";
export * from "./sort.ts";
export * from "./sum.ts";
