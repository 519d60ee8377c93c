/** The zod schema of an analysis file: every key with its meaning, limits and default. */
import { z } from "zod";
import type { Analysis } from "./analysis.ts";
import { augmentation } from "./analysis-schema-augmentation.ts";
import { evaluation } from "./analysis-schema-evaluation.ts";
import { features, folds, input, target, transforms, weights } from "./analysis-schema-events.ts";
import { model } from "./analysis-schema-model.ts";
import { training } from "./analysis-schema-training.ts";
import { wholeNumber } from "./analysis-schema-values.ts";
import { plotSettingsSchema } from "./plot-settings.ts";

/** The schema of an analysis file; parsing fills in all defaults. */
export const analysisSchema: z.ZodType<Analysis> = z.strictObject({
  input,
  target,
  weights,
  transforms,
  features,
  folds,
  augmentation,
  model,
  training,
  evaluation,
  plots: plotSettingsSchema.exactOptional(),
  seed: wholeNumber(0, "rules everything that is random").default(1337),
});

/** The JSON Schema of an analysis file, for editors. */
export function analysisJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(analysisSchema, { io: "input", unrepresentable: "any" });
  return {
    ...schema,
    title: "LUMIN analysis",
    description: "One analysis: events, network, training, evaluation.",
  };
}
