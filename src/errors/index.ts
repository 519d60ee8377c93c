export * from "./counted.ts";
export * from "./errors.ts";
export * from "./nearest-name.ts";
export * from "./plain-difference.ts";
