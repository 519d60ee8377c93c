/** The schema of an analysis file, how the ensemble is trained. */
import { z } from "zod";
import type { Analysis } from "./analysis.ts";
import { callback } from "./analysis-schema-callbacks.ts";
import { moduleReference, wholeNumber } from "./analysis-schema-values.ts";

/** `training` of an analysis file. */
export const training: z.ZodType<Analysis["training"]> = z
  .strictObject({
    members: wholeNumber(1, "networks of the ensemble").default(10),
    epochs: wholeNumber(1, "passes over the training folds").default(15),
    batchSize: wholeNumber(1, "events a training step").default(256),
    callbacks: z
      .array(z.union([callback, moduleReference]))
      .default([])
      .describe("schedules and other callbacks"),
    foldTransforms: z
      .array(moduleReference)
      .default([])
      .describe("functions that change each training fold when it is read"),
    patience: wholeNumber(1, "epochs without improvement before a member stops").optional(),
    ensemble: z
      .strictObject({
        weighting: z.enum(["reciprocal", "uniform"]).default("reciprocal").describe("weight of a member"),
      })
      .prefault({}),
  })
  .prefault({})
  .describe("how the ensemble is trained");
