/** Which branches of a ROOT file an analysis needs: a NanoAOD tree has more than a thousand, and each year has others. */
import type { Analysis } from "./analysis.ts";
import { patternExpression } from "./file-pattern.ts";

/**
 * Whether a branch of one value an event may be needed: where the analysis has its name in any place, a glob for
 * features or a transform that matches it, or the name of the vector that it is a component of. Undefined where a step
 * may take any column: code of one's own, or one that looks for all vectors.
 *
 * @param further names of columns that are needed beside those of the analysis.
 */
export function neededBranches(
  analysis: Pick<Analysis, "features" | "transforms">,
  further: readonly string[] = [],
): ((name: string) => boolean) | undefined {
  const { features, transforms } = analysis;
  if (transforms.some(({ kind }) => kind === "module" || kind === "cartesian")) return undefined;
  const words = new Set(
    JSON.stringify([analysis, further])
      .toLowerCase()
      .match(/[a-z_][\w.]*/g),
  );
  const patterns = [
    ...features.continuous,
    ...transforms.flatMap((step) => ("columns" in step && Array.isArray(step.columns) ? step.columns : [])),
  ]
    .filter((name) => /[*?]/.test(name))
    .map(patternExpression);
  return (name) => {
    const vector = /^(.+)_(?:pt|eta|phi|px|py|pz|e|energy|m|mass)$/i.exec(name)?.[1];
    return (
      [name, vector].some((word) => word !== undefined && words.has(word.toLowerCase())) ||
      patterns.some((pattern) => pattern.test(name))
    );
  };
}

/** Of the new columns of an analysis those that its features may need: without those of targets, weights and cuts. */
export function columnsForFeatures({
  input,
  features,
  transforms,
}: Analysis): Readonly<Record<string, string>> {
  let kept: Readonly<Record<string, string>> = {};
  for (;;) {
    const isNeeded = neededBranches({ features, transforms }, [...input.id, ...Object.values(kept)]);
    if (isNeeded === undefined) return input.columns;
    const entries = Object.entries(input.columns).filter(([name]) => isNeeded(name));
    if (entries.length === Object.keys(kept).length) return kept;
    kept = Object.fromEntries(entries);
  }
}
