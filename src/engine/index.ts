export { type Device, devices, type EngineOptions } from "./device.ts";
export * from "./model-bytes.ts";
export { checkMemory, freeMemory } from "./needed-memory.ts";
export * from "./profile.ts";
export { chooseDevice } from "./provider.ts";
export { evaluate, type Values, values } from "./reference.ts";
export { referenceSession } from "./reference-session.ts";
export * from "./session.ts";
