export {
  type AugmentedArrays,
  augmentEvents,
  augmentFixed,
  augmentRandomly,
  type EventsToAugment,
  restorePredictions,
  viewTransform,
} from "./augment.ts";
export type { AnglePlan, EventVectors, VectorPlan } from "./event-vectors.ts";
export { loadAugmentation } from "./load-augmentation.ts";
export { type AugmentationPlan, type AugmentationPlanOptions, augmentationPlan } from "./plan.ts";
export type { DrawnStep, EventBlock, StreamOf } from "./step.ts";
export { azimuthTransform, type FixedTransform, fixedTransform, type SymmetryStep } from "./symmetries.ts";
export type * from "./transforms.ts";
export type { AugmentedEvents, EventsFunction, EventsFunctionContext } from "./user-function.ts";
