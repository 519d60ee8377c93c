/** Input masks: networks that see only some of the continuous features. */
import { expandNames } from "../data/expand-names.ts";
import { ConfigurationError, counted } from "../errors/index.ts";
import type { FeatureMask } from "../nn/index.ts";

/** Which continuous features a network sees. Categorical ones are always seen. */
export type InputMask =
  /** These, named with `*`, `?` and `!`. */
  | { readonly features: readonly string[] }
  /**
   * ⌈fraction · n⌉ of them, drawn anew for each member of an ensemble (LUMIN draws once for all), `always` among
   * them.
   */
  | { readonly fraction: number; readonly always?: readonly string[] };

/**
 * The mask over the continuous features.
 * @throws ConfigurationError for a fraction outside (0, 1]; UnknownNameError for a feature that there is not.
 */
export function featureMask(mask: InputMask, continuous: readonly string[]): FeatureMask {
  const placesOf = (patterns: readonly string[]) =>
    expandNames(patterns, continuous, "continuous feature").map((name) => continuous.indexOf(name));
  if ("features" in mask) {
    const always = placesOf(mask.features);
    return { count: always.length, always };
  }
  const { fraction, always = [] } = mask;
  if (!(fraction > 0 && fraction <= 1)) {
    throw new ConfigurationError(
      `inputMask: the fraction must be above 0 and at most 1, but is ${fraction}.`,
    );
  }
  // 0.7 · 10 is a little more than 7 in floating point.
  const count = Math.ceil(fraction * continuous.length - 1e-9);
  const places = placesOf(always);
  if (places.length > count) {
    throw new ConfigurationError(
      `inputMask: ${counted(places.length, "feature")} are always seen, but a fraction of ${fraction} of ${counted(continuous.length, "feature")} is only ${count}.`,
    );
  }
  return { count, always: places };
}
