/** The YAML file of `lumin export --templates`: bins, processes and uncertainties of the statistical model. */
import { z } from "zod";
import { between, names, number, text, wholeNumber } from "./analysis-schema-values.ts";
import { readSettingsFile } from "./settings-file.ts";

/** One side of a shape uncertainty: the same events with other weights, or other events. */
export type VariationSide = { readonly weight: string } | { readonly files: readonly string[] };

/** What is asked for. */
export interface TemplateSettings {
  readonly channel: string;
  readonly process?: string | undefined;
  readonly signal?: readonly string[] | undefined;
  readonly parameterOfInterest: string;
  readonly bins: { readonly uncertainty: number } | { readonly significance: number } | readonly number[];
  readonly statistical: "staterror" | "shapesys" | "none";
  readonly luminosity?: number | undefined;
  readonly normalisations: Readonly<
    Record<
      string,
      { readonly processes?: readonly string[] | undefined; readonly low: number; readonly high: number }
    >
  >;
  readonly shapes: Readonly<
    Record<
      string,
      {
        readonly processes?: readonly string[] | undefined;
        readonly up: VariationSide;
        readonly down?: VariationSide | undefined;
      }
    >
  >;
  readonly data: "asimov" | { readonly files: readonly string[] };
}

const side: z.ZodType<VariationSide> = z.union([
  z.strictObject({ weight: text("column with the weights of the variation") }),
  z.strictObject({ files: names("raw events of the variation, relative to this file") }),
]);

const schema: z.ZodType<TemplateSettings> = z.strictObject({
  channel: text("name of the channel").default("signal_region"),
  process: text(
    "column that names the process of an event; the target's classes where it is left out",
  ).optional(),
  signal: names("processes that the parameter of interest scales").optional(),
  parameterOfInterest: text("name of the signal strength").default("mu"),
  bins: z
    .union([
      z.strictObject({ uncertainty: between(0.001, 1, "largest √Σw²/Σw of a process in a bin") }),
      z.strictObject({ significance: wholeNumber(1, "most bins, chosen for the highest significance") }),
      z.array(number("edge")).min(2, "expected at least two edges"),
    ])
    .default({ significance: 10 }),
  statistical: z.enum(["staterror", "shapesys", "none"]).default("staterror"),
  luminosity: between(0.0001, 0.9, "relative uncertainty").optional(),
  normalisations: z
    .record(
      z.string(),
      z.strictObject({
        processes: names("processes that change; all where left out").optional(),
        low: between(0.001, 1000, "factor at −1 standard deviation"),
        high: between(0.001, 1000, "factor at +1 standard deviation"),
      }),
    )
    .default({}),
  shapes: z
    .record(
      z.string(),
      z.strictObject({
        processes: names("processes that change").optional(),
        up: side,
        down: side.optional(),
      }),
    )
    .default({}),
  data: z
    .union([
      z.literal("asimov"),
      z.strictObject({ files: names("raw events of the data, relative to this file") }),
    ])
    .default("asimov"),
});

/**
 * Reads the file; all defaults without one.
 *
 * @throws ConfigurationError that names every fault, FileFormatError for a missing file.
 */
export function readTemplateSettings(path: string | undefined): TemplateSettings {
  return path === undefined ? schema.parse({}) : readSettingsFile("--templates", path, schema);
}
