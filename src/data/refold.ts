/** Fold files made of fold files: dealt anew, or several as one. */
import { ConfigurationError, DataError } from "../errors/index.ts";
import {
  columnOfFolds,
  eventsOfFold,
  hasWholeTargets,
  headerOf,
  joinedEvents,
  pickEvents,
} from "./fold-events.ts";
import { type FoldFileHeader, writeFolds } from "./fold-file.ts";
import type { FoldOrigin } from "./fold-origin.ts";
import { type FoldRule, rowsByRule } from "./fold-rule.ts";
import { FoldYielder } from "./fold-yielder.ts";

/** How the new file is stored. */
export interface FoldFileStorage {
  /** Compression level of gzip, 1 … 9 (default: none, which reads fastest). */
  readonly compression?: number | undefined;
}

/**
 * Deals the events of a fold file into other folds, in a new file: features, targets, weights, matrix inputs and further
 * columns stay what they are, each event is in exactly one fold. Within a fold events keep their order. Needs memory for
 * one old and one new fold.
 *
 * @param to may be the path of the old file, which is then replaced.
 * @throws FileFormatError for what is no fold file; UnknownNameError for a column that it does not have; what the rule
 * throws.
 */
export async function refoldFile(
  from: string,
  to: string,
  rule: FoldRule,
  { compression }: FoldFileStorage = {},
): Promise<void> {
  const folds = await FoldYielder.open(from);
  try {
    const { foldSizes, foldCount, targetFeatures, categoricalFeatures } = folds;
    const wholeTargets = hasWholeTargets(folds);
    const usualKeys = [...(wholeTargets ? targetFeatures : []), ...categoricalFeatures];
    const eventCount = foldSizes.reduce((sum, size) => sum + size, 0);
    const newFolds = rowsByRule(rule, eventCount, (name) => columnOfFolds(folds, name), usualKeys);
    const { origin } = folds;
    const header = {
      ...headerOf(folds),
      origin: origin && { files: origin.files, configuration: { refolded: rule, of: origin.configuration } },
    };
    await writeFolds(to, header, { wholeTargets, compression }, async function* () {
      for (const rows of newFolds) {
        let first = 0;
        const parts = Array.from({ length: foldCount }, (_, i) => {
          const size = foldSizes[i]!;
          const start = first;
          first += size;
          const own = rows.filter((row) => row >= start && row < start + size).map((row) => row - start);
          return pickEvents(eventsOfFold(folds, i), own, size);
        });
        yield joinedEvents(
          parts,
          parts.map((_, i) => `fold ${i}`),
        );
      }
    });
  } finally {
    folds.close();
  }
}

/** What becomes of the folds of several files. */
export interface ConcatenateFoldsOptions extends FoldFileStorage {
  /**
   * `append`: the folds of one file after those of the other; `merge`: the first folds of all files are one fold, the
   * second folds are, …, which needs equally many (default: append).
   */
  readonly folds?: "append" | "merge" | undefined;
}

/**
 * Several fold files as one. They must have the same features, categories, targets, weight, scaler, matrix inputs and
 * further columns: files of one preprocessing.
 *
 * @throws ConfigurationError for no file, and for other numbers of folds in a merger; DataError that names the files and
 * what differs.
 */
export async function concatenateFoldFiles(
  from: readonly string[],
  to: string,
  { folds: how = "append", compression }: ConcatenateFoldsOptions = {},
): Promise<void> {
  if (from.length === 0) throw new ConfigurationError("concatenateFoldFiles: no file was given.");
  const files: FoldYielder[] = [];
  try {
    for (const path of from) files.push(await FoldYielder.open(path));
    const [first, ...others] = files as [FoldYielder, ...FoldYielder[]];
    for (const other of others) checkAlike(first, other);
    const different = others.find(({ foldCount }) => foldCount !== first.foldCount);
    if (how === "merge" && different) {
      throw new ConfigurationError(
        `concatenateFoldFiles: "${first.path}" has ${first.foldCount} folds and "${different.path}" ${different.foldCount}; fold by fold they can only be merged where these are equal. Append them, or refold one.`,
      );
    }
    const format = { wholeTargets: files.every(hasWholeTargets), compression };
    const labels = files.map(({ path }) => `"${path}"`);
    const origins = files.flatMap(({ origin }) => origin ?? []);
    const origin = origins.length === files.length ? originOfAll(origins) : undefined;
    await writeFolds(to, { ...headerOf(first), origin }, format, async function* () {
      if (how === "merge") {
        for (let i = 0; i < first.foldCount; i++) {
          yield joinedEvents(
            files.map((file) => eventsOfFold(file, i)),
            labels,
          );
        }
      } else {
        for (const file of files) for (let i = 0; i < file.foldCount; i++) yield eventsOfFold(file, i);
      }
    });
  } finally {
    for (const file of files) file.close();
  }
}

function originOfAll(origins: readonly FoldOrigin[]): FoldOrigin {
  return {
    files: origins.flatMap(({ files }) => files),
    configuration: { concatenated: origins.map(({ configuration }) => configuration) },
  };
}

/** @throws DataError where two files cannot be one. */
function checkAlike(first: FoldYielder, other: FoldYielder): void {
  const [a, b] = [first, other].map(describe) as [Record<string, unknown>, Record<string, unknown>];
  const different = Object.keys(a).find((what) => JSON.stringify(a[what]) !== JSON.stringify(b[what]));
  if (different === undefined) return;
  throw new DataError(
    `concatenateFoldFiles: the ${different} of "${first.path}" and "${other.path}" differ: ${shown(a[different])} and ${shown(b[different])}. Make both with one preprocessing.`,
  );
}

/** What files must share to be one, in words. */
function describe(folds: FoldYielder): Record<string, unknown> {
  const header: FoldFileHeader = headerOf(folds);
  return {
    "continuous features": header.continuousFeatures,
    "categorical features": header.categoricalFeatures,
    categories: header.categories,
    targets: header.targetFeatures,
    weights: [header.weightFeature, folds.getStoredFold(0).weights !== undefined],
    "means and deviations": header.scaler,
    "matrix inputs": header.matrix,
    "further columns": folds.columnNames.toSorted(),
  };
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "none";
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
