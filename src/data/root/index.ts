export { type RootHistogram, readHistogram } from "./histogram.ts";
export * from "./ragged.ts";
export * from "./read-root.ts";
export type { ColumnInfo, RootEvents } from "./root-events.ts";
export { holdsEvents, openRootFile, type RootEntry, type RootReader } from "./root-file.ts";
