/** The schema of an analysis file, augmentation: the symmetries of the detector, or a list of transforms. */
import { z } from "zod";
import type { Analysis } from "./analysis.ts";
import { between, moduleKeys, names, number, text, wholeNumber } from "./analysis-schema-values.ts";

const axis = z.enum(["x", "y", "z"]);
const drawnViews = wholeNumber(
  1,
  "views of an event in prediction, the first as it is (default 1: training only)",
).optional();

const symmetries = z.strictObject({
  rotations: wholeNumber(0, "rotations about the beam in prediction; any angle in training; 0: none").default(
    2,
  ),
  reflect: z.array(axis).default(["y", "z"]).describe("axes that may be mirrored"),
});

const rotation = z.strictObject({
  kind: z.literal("rotation"),
  views: wholeNumber(1, "angles in prediction; any angle in training").default(2),
});

const reflection = z.strictObject({
  kind: z.literal("reflection"),
  axes: z
    .array(axis)
    .min(1, "expected at least one axis")
    .default(["y", "z"])
    .describe("axes that may be mirrored"),
  views: wholeNumber(1, "1: in training only (default: all combinations in prediction)").optional(),
});

const deviation = (meaning: string) => number(meaning).min(0, "expected a number of at least 0").optional();

const smearing = z
  .strictObject({
    kind: z.literal("smearing"),
    columns: names("features, each by itself; * and ? match names").min(1, "expected a column").optional(),
    vectors: names("vectors, whose directions and masses stay").min(1, "expected a vector").optional(),
    quantity: z
      .enum(["pt", "energy"])
      .optional()
      .describe("of vectors, what the deviation is of (default pt)"),
    relative: deviation("deviation over the value"),
    absolute: deviation("deviation in the units of the column"),
    views: drawnViews,
  })
  .superRefine((value, context) => {
    const refuse = (message: string): void => context.addIssue({ code: "custom", path: [], message });
    if ((value.columns === undefined) === (value.vectors === undefined))
      refuse("give either columns or vectors");
    if (!(value.relative || value.absolute)) refuse("give relative or absolute, the deviation of the noise");
  });

const shifted = z.union([number("factor"), text("further column with the values")]);

const variation = z.strictObject({
  kind: z.literal("variation"),
  nuisances: z
    .record(
      z.string(),
      z.record(
        z.string(),
        z.strictObject({
          up: shifted.describe("one deviation up: a factor, or a column of the file with the values"),
          down: shifted.describe("one deviation down"),
        }),
      ),
    )
    .describe("nuisance parameter: its features (* and ? match names), each with up and down"),
  amount: z
    .enum(["step", "gaussian"])
    .optional()
    .describe("by ±1 deviation (default), or by a normal number of them"),
  probability: between(0, 1, "how likely an event is varied (default 1)").optional(),
  views: drawnViews,
});

const dropping = z.strictObject({
  kind: z.literal("dropping"),
  objects: names("objects: jet stands for the features jet_px, …; * and ? match names").min(
    1,
    "expected an object",
  ),
  probability: between(0, 1, "how likely each goes missing"),
  views: drawnViews,
});

/** `augmentation` of an analysis file. */
export const augmentation: z.ZodType<Analysis["augmentation"]> = z
  .union([
    z.literal("off"),
    symmetries,
    z.array(
      z.discriminatedUnion("kind", [
        rotation,
        reflection,
        smearing,
        variation,
        dropping,
        z.strictObject({ kind: z.literal("module"), ...moduleKeys, views: drawnViews }),
      ]),
    ),
  ])
  .default("off")
  .describe("what training changes at random; prediction averages over the views of symmetries");
