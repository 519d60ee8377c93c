/** The values that the schema of an analysis file is made of, each with the sentence for a wrong one. */
import { z } from "zod";

/** Text that is not empty. */
export const text = (meaning: string): z.ZodString =>
  z.string({ error: "expected text" }).min(1, "expected text that is not empty").describe(meaning);
/** A finite number. */
export const number = (meaning: string): z.ZodNumber =>
  z.number({ error: "expected a number" }).describe(meaning);
/** True or false. */
export const flag = (meaning: string): z.ZodBoolean =>
  z.boolean({ error: "expected true or false" }).describe(meaning);
/** A whole number of at least `least`. */
export const wholeNumber = (least: number, meaning: string): z.ZodNumber => {
  const error = `expected a whole number of at least ${least}`;
  return z
    .number({ error })
    .int(error)
    .min(least, error)
    .max(2 ** 32, error)
    .describe(meaning);
};
/** A number from `low` to `high`. */
export const between = (low: number, high: number, meaning: string): z.ZodNumber => {
  const error = `expected a number from ${low} to ${high}`;
  return z.number({ error }).min(low, error).max(high, error).describe(meaning);
};
/** A list of names. */
export const names = (meaning: string): z.ZodArray<z.ZodString> =>
  z.array(text(meaning), { error: "expected a list of names" }).describe(meaning);

/** The keys of a reference to the user's code. */
export const moduleKeys: {
  module: z.ZodString;
  name: z.ZodString;
  options: z.ZodOptional<z.ZodUnknown>;
} = {
  module: text("path of a JavaScript module, relative to the analysis file"),
  name: text("name of the exported function"),
  options: z.unknown().optional().describe("handed to the function"),
};
/** User code in a module of its own. */
export const moduleReference: z.ZodObject<typeof moduleKeys, z.core.$strict> = z.strictObject(moduleKeys);
