/** Steps of the preprocessing that are applied while events are read: reading waits for the file most of the time. */
import { eventwiseSteps, expandNames, type PlainStep, stepsOf } from "../data/index.ts";
import { unknownName } from "../errors/index.ts";
import type { Analysis } from "./analysis.ts";

/** The steps, where all of them can be applied to events before it is known which are for training. */
export function earlySteps({ input, transforms }: Analysis): readonly PlainStep[] | undefined {
  // Of derived columns the features may need only some, which is known later.
  if (Object.keys(input.columns).length > 0) return undefined;
  return eventwiseSteps(stepsOf({ missing: input.missing, transforms }));
}

/**
 * The columns, in the order of the file, that are used as they are there: of targets, weights, ids, and those by which
 * folds are made or that they carry along.
 *
 * @throws UnknownNameError for one that is not there.
 */
export function columnsBesideSteps(analysis: Analysis, known: readonly string[]): string[] {
  const { target, weights, input, folds, features } = analysis;
  if (folds.column !== undefined && !known.includes(folds.column))
    throw unknownName("folds.column", folds.column, known);
  const used = new Set([
    ...target.columns,
    ...[weights.column, folds.column].filter((name) => name !== undefined),
    ...input.id,
    ...mentioned(folds.by ?? [], known, "folds.by: column"),
    ...mentioned(folds.columns, known, "folds.columns: column"),
    ...(typeof folds.stratify === "boolean"
      ? features.categorical
      : mentioned(folds.stratify, known, "folds.stratify: column")),
  ]);
  return known.filter((name) => used.has(name));
}

/** All columns that patterns mean, also those that they take away: later on a pattern must find some. */
function mentioned(patterns: readonly string[], known: readonly string[], what: string): string[] {
  expandNames(patterns, known, what);
  const positive = patterns.map((name) => (known.includes(name) ? name : name.replace(/^!/, "")));
  return expandNames(positive, known, what);
}
