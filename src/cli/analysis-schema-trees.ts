/** The schema of an analysis file, trees: `model: { type: boosting }` and `{ type: forest }`. */
import { z } from "zod";
import { between, flag, wholeNumber } from "./analysis-schema-values.ts";

const boosting = z.strictObject({
  type: z.literal("boosting"),
  rounds: wholeNumber(1, "trees, or rounds of one tree a class").default(300),
  learningRate: between(1e-9, 10, "every tree's values are multiplied by this").default(0.1),
  maxDepth: wholeNumber(1, "splits on a path at most").default(6),
  maxLeaves: wholeNumber(2, "leaves of a tree; those of largest gain are split first").exactOptional(),
  minChildWeight: between(0, 1e300, "least sum of hessians of a leaf").default(1),
  lambda: between(0, 1e300, "L2 penalty on leaf values").default(1),
  gamma: between(0, 1e300, "least gain of a split").default(0),
  subsample: between(1e-6, 1, "part of the events that each tree sees").default(1),
  columnSubsample: between(1e-6, 1, "part of the features that each tree sees").default(1),
  patience: wholeNumber(1, "rounds without a lower validation loss before a member stops").exactOptional(),
});

const forest = z.strictObject({
  type: z.literal("forest"),
  kind: z.enum(["random", "extra"]).default("random").describe("best cuts, or cuts drawn at random"),
  trees: wholeNumber(1, "number of trees").default(100),
  maxFeatures: z
    .union([
      z.literal("sqrt"),
      wholeNumber(1, "number"),
      z.strictObject({ part: between(1e-6, 1, "of the features") }),
    ])
    .exactOptional()
    .describe("features tried a split; sqrt, or all for a regression"),
  maxDepth: wholeNumber(1, "splits on a path at most").exactOptional(),
  minLeafWeight: between(0, 1e300, "least sum of weights of a leaf").exactOptional(),
  bootstrap: flag("draw the events of each tree with replacement").exactOptional(),
});

/** Trees in place of a network. */
export const trees: z.ZodDiscriminatedUnion<[z.ZodObject, z.ZodObject], "type"> = z.discriminatedUnion(
  "type",
  [boosting, forest],
);
