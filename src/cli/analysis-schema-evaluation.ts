/** The schema of an analysis file, what is computed from the predictions. */
import { z } from "zod";
import type { Analysis } from "./analysis.ts";
import { between, flag, names, number, text, wholeNumber } from "./analysis-schema-values.ts";

/** `evaluation` of an analysis file. */
export const evaluation: z.ZodType<Analysis["evaluation"]> = z
  .strictObject({
    ams: z
      .strictObject({
        regularisation: z
          .union([
            between(0, 1e12, "b_reg"),
            z.array(between(0, 1e12, "b_reg")).min(1, "expected at least one"),
          ])
          .default([10])
          .transform((value) => (typeof value === "number" ? [value] : value))
          .describe("b_reg; of several the first chooses the cut, all are reported"),
        backgroundUncertainty: between(0, 100, "relative uncertainty of the background").default(0),
      })
      .prefault({}),
    cut: z
      .strictObject({
        topPercent: between(
          0.001,
          100,
          "the cut is the mean prediction of the best this many per cent",
        ).default(5),
        minimumPrediction: number("lowest prediction that may be a cut").default(0.9),
        smoothingPercent: between(
          0,
          50,
          "the AMS is averaged over cuts that keep up to this many per cent of the events more or fewer",
        ).optional(),
      })
      .prefault({}),
    signal: names("classes that count as signal, where there are several: AMS against all others").optional(),
    renormalise: z
      .record(z.string(), between(0, 1e300, "sum of weights"))
      .optional()
      .describe("class sums of weights that the AMS is computed for, e.g. { s: 691.9886, b: 410999.8473 }"),
    bootstrap: wholeNumber(0, "bootstrap samples for the uncertainties; 0: none").default(100),
    events: wholeNumber(
      100,
      "of a set with more events, metrics are computed on so many, chosen at even distances; predictions are of all",
    ).default(1_000_000),
    sets: z
      .record(
        z.string().regex(/^[A-Za-z][A-Za-z0-9_-]*$/, "expected a name of letters, digits, - and _"),
        z.strictObject({
          select: text("SQL expression for the events of the set, instead of input.select"),
          renormalise: flag("scale its class sums to evaluation.renormalise").default(false),
        }),
      )
      .default({})
      .describe(
        "events of the input files that are only scored; training events among them are scored out of fold",
      ),
  })
  .prefault({})
  .describe("what is computed from the predictions");
