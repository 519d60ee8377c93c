export * from "./angles.ts";
export * from "./event-shape.ts";
export * from "./four-vectors.ts";
export * from "./object-column.ts";
export * from "./process-event.ts";
export * from "./vector-names.ts";
export * from "./vectors.ts";
