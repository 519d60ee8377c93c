/** Which of the features that are stored are used: all but the ignored ones. */
import type { CategoryMap } from "./categories.ts";
import { expandNames } from "./expand-names.ts";
import type { Pipeline } from "./pipeline.ts";
import type { Scaler } from "./scaler.ts";

/** The features of a fold file or pipeline, in the order of the inputs: continuous, then categorical. */
export interface FeatureSet {
  readonly continuous: readonly string[];
  readonly categorical: readonly CategoryMap[];
  readonly scaler?: Scaler | undefined;
}

/** The used ones of a set of features. */
export interface FeatureChoice extends FeatureSet {
  readonly ignored: readonly string[];
  /** Their places among all; undefined where all are used. */
  readonly places: Int32Array | undefined;
}

/**
 * @param ignore names and globs, as `expandNames` takes them: `["*", "!jet_*"]` leaves those that begin with jet_.
 * @throws UnknownNameError for a name or glob that no feature matches.
 */
export function chosenFeatures(all: FeatureSet, ignore: readonly string[] = []): FeatureChoice {
  const { continuous, categorical, scaler } = all;
  const names = [...continuous, ...categorical.map(({ name }) => name)];
  const ignored = new Set(expandNames(ignore, names, "ignore: feature"));
  if (ignored.size === 0) return { ...all, ignored: [], places: undefined };
  const isUsed = (name: string | undefined): boolean => name !== undefined && !ignored.has(name);
  const used = <T>(values: readonly T[]): T[] => values.filter((_, i) => isUsed(continuous[i]));
  return {
    continuous: continuous.filter(isUsed),
    categorical: categorical.filter(({ name }) => isUsed(name)),
    scaler: scaler && {
      means: used(scaler.means),
      standardDeviations: used(scaler.standardDeviations),
    },
    ignored: names.filter((name) => ignored.has(name)),
    places: Int32Array.from(names.keys()).filter((place) => isUsed(names[place])),
  };
}

/** Inputs `[events, used features]` from those of all features, `[events, width]`. */
export function chosenColumns(inputs: Float32Array, width: number, places: Int32Array): Float32Array {
  const eventCount = inputs.length / width;
  const chosen = new Float32Array(eventCount * places.length);
  for (let i = 0, at = 0; i < eventCount; i++) {
    for (const place of places) chosen[at++] = inputs[i * width + place]!;
  }
  return chosen;
}

/**
 * The pipeline without some of its features: what gives raw events the inputs of a network that was trained on folds
 * opened with the same `ignore`.
 *
 * @throws UnknownNameError as `FoldYielder.open`.
 * @example
 * withoutFeatures({ version: 1, steps: [], continuous: ["pt", "eta"], categorical: [] }, ["e*"]).continuous // ["pt"]
 */
export function withoutFeatures(pipeline: Pipeline, ignore: readonly string[]): Pipeline {
  const { continuous, categorical, scaler } = chosenFeatures(pipeline, ignore);
  return { ...pipeline, continuous, categorical, ...(scaler === undefined ? {} : { scaler }) };
}
