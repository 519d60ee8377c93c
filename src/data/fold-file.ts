/** Fold files: events in folds, in HDF5, in Python LUMIN's own layout. */
import { ConfigurationError, counted, FileFormatError } from "../errors/index.ts";
import { writeAtomically } from "./atomic-file.ts";
import type { CategoryMap } from "./categories.ts";
import { DealtFoldThread } from "./dealt-fold-thread.ts";
import { DealtFoldWriter } from "./dealt-fold-writer.ts";
import type { StoredDigests } from "./fold-digest.ts";
import { type FoldOrigin, readOrigin } from "./fold-origin.ts";
import { FoldWriter } from "./fold-writer.ts";
import type { Hdf5File } from "./hdf5.ts";
import { checkMatrix, type MatrixInputs, readMatrixHeader } from "./matrix-inputs.ts";
import type { Scaler } from "./scaler.ts";
import { type Column, selectValues } from "./table.ts";

/** What a fold file holds, beside the events: LUMIN's `meta_data`, and our scaler. */
export interface FoldFileHeader {
  readonly continuousFeatures: readonly string[];
  readonly categoricalFeatures: readonly string[];
  /** The values of each categorical feature by code; empty for a feature whose values are not known. */
  readonly categories: readonly CategoryMap[];
  readonly targetFeatures: readonly string[];
  readonly weightFeature?: string | undefined;
  readonly scaler?: Scaler | undefined;
  /** The files and settings that the folds were made from, if they are known. */
  readonly origin?: FoldOrigin | undefined;
  /** How matrix inputs are laid out, where there are some: `matrixLayout`, `tensorLayout`. */
  readonly matrix?: MatrixInputs | undefined;
}

/** What a stored fold file says of itself. */
export interface StoredFoldFileHeader extends FoldFileHeader {
  readonly foldCount: number;
}

/** Events to be written as folds. */
export interface FoldFileContent extends FoldFileHeader {
  /** The events of each fold, as rows of the arrays below. */
  readonly folds: readonly Int32Array[];
  /** `[events, continuous + categorical]`, NaN where missing. */
  readonly features: Float32Array;
  /** `[events, targets]`. */
  readonly targets: Float32Array;
  readonly weights?: Float32Array | Float64Array | undefined;
  /** `[events, …shape]` of `matrix`, NaN where an object or entry is missing. */
  readonly matrixInputs?: Float32Array | undefined;
  /** Further columns, carried along: ids, original weights. */
  readonly columns?: Readonly<Record<string, Column>> | undefined;
  /** Compression level of gzip, 1 … 9 (default: none, which reads fastest). */
  readonly compression?: number | undefined;
}

/** The events of one fold, as they are stored. */
export interface FoldEvents {
  /** `[events, continuous + categorical]`, NaN where missing. */
  readonly features: Float32Array;
  /** `[events, targets]`. */
  readonly targets: Float32Array;
  readonly weights?: Float32Array | undefined;
  /** `[events, …shape]` of the header's `matrix`, NaN where missing. */
  readonly matrix?: Float32Array | undefined;
  readonly columns: Readonly<Record<string, Column>>;
}

/** How folds are stored that are written one by one. */
export interface FoldFormat {
  /** Targets as 64-bit integers, as LUMIN has classes. */
  readonly wholeTargets: boolean;
  /** Compression level of gzip, 1 … 9 (default: none, which reads fastest). */
  readonly compression?: number | undefined;
}

/** How folds are stored whose events come in pieces. */
export interface DealtFormat extends FoldFormat {
  /** Events of each fold. */
  readonly sizes: readonly number[];
}

/** Some of the events, with their rows in each fold. */
export interface DealtPiece {
  /** Without matrix inputs. */
  readonly events: FoldEvents;
  readonly rowsOfFold: readonly Int32Array[];
}

const reserved = ["inputs", "targets", "weights", "matrix_inputs"];

/**
 * Writes a fold file that Python LUMIN reads as its own: `fold_i/{inputs, targets, weights, …}` and `meta_data`, with
 * our scaler and the origin as more entries, and the checksums of all. Whole-number targets are stored as 64-bit
 * integers, as LUMIN does for classes. The file is whole or absent.
 *
 * @throws ConfigurationError for a further column of a reserved name; DataError for a full disk.
 */
export async function writeFoldFile(path: string, content: FoldFileContent): Promise<void> {
  const { folds, features, targets, weights, matrixInputs, columns = {}, compression } = content;
  const featureCount = content.continuousFeatures.length + content.categoricalFeatures.length;
  const targetCount = content.targetFeatures.length;
  checkColumnNames(Object.keys(columns));
  if (matrixInputs && content.matrix) {
    checkMatrix(matrixInputs, targets.length / targetCount, content.matrix);
  }
  const format = { wholeTargets: targets.every((target) => Number.isInteger(target)), compression };
  await writeFolds(path, content, format, async function* () {
    for (const rows of folds) {
      yield {
        features: selectRows(features, rows, featureCount),
        targets: selectRows(targets, rows, targetCount),
        weights: weights && Float32Array.from(rows, (row) => weights[row]!),
        matrix: matrixInputs && selectRows(matrixInputs, rows, content.matrix?.names.length ?? 0),
        columns: Object.fromEntries(
          Object.entries(columns).map(([name, column]) => [name, selectValues(column, rows)]),
        ),
      };
    }
  });
}

/**
 * As {@link writeFoldFile}, one fold after the other: only one of them need be in memory.
 *
 * @throws as writeFoldFile.
 */
export async function writeFolds(
  path: string,
  header: FoldFileHeader,
  format: FoldFormat,
  folds: () => AsyncIterable<FoldEvents>,
): Promise<void> {
  await writeAtomically(path, async (temporary) => {
    const writer = await FoldWriter.create(temporary, header, format);
    await writeAll(writer, folds(), (events) => {
      checkColumnNames(Object.keys(events.columns));
      if ((events.matrix === undefined) !== (header.matrix === undefined)) {
        throw new RangeError(
          "writeFoldFile: matrix inputs need their layout, and a layout needs matrix inputs.",
        );
      }
    });
  });
}

/**
 * As {@link writeFolds}, of events in pieces, which are dealt into the folds in memory.
 *
 * @param inThread whether that, and the writing, is done in a thread of its own, while the next piece is made; features
 * and weights are handed over to it and cannot be used afterwards.
 * @param dealt called when the last piece is with the writer, which has still to write.
 */
export async function writeDealtFolds(
  path: string,
  header: FoldFileHeader,
  format: DealtFormat,
  pieces: () => AsyncIterable<DealtPiece>,
  inThread: boolean,
  dealt?: () => void,
): Promise<void> {
  if (header.matrix)
    throw new RangeError("writeDealtFolds: matrix inputs come with whole folds; use writeFolds.");
  await writeAtomically(path, async (temporary) => {
    const Writer = inThread ? DealtFoldThread : DealtFoldWriter;
    const writer = await Writer.create(temporary, header, format);
    const check = ({ events }: DealtPiece): void => checkColumnNames(Object.keys(events.columns));
    await writeAll(writer, pieces(), check, dealt);
  });
}

async function writeAll<T>(
  writer: { add(part: T): Promise<void>; finish(): Promise<void>; abandon(): Promise<void> },
  parts: AsyncIterable<T>,
  check: (part: T) => void,
  added?: () => void,
): Promise<void> {
  try {
    for await (const part of parts) {
      check(part);
      await writer.add(part);
    }
    added?.();
    await writer.finish();
  } catch (error) {
    await writer.abandon();
    throw error;
  }
}

function checkColumnNames(names: readonly string[]): void {
  const refused = names.find((name) => reserved.includes(name) || name.includes("/"));
  if (refused !== undefined) {
    throw new ConfigurationError(`writeFoldFile: a further column cannot be called "${refused}"; rename it.`);
  }
}

/**
 * Reads what a fold file says about itself.
 *
 * @throws FileFormatError for a file that is not a fold file, or is not what was written.
 */
export function readHeader(file: Hdf5File, digests: StoredDigests): StoredFoldFileHeader {
  const names = file.keys();
  const folds = names.filter((name) => /^fold_\d+$/.test(name));
  if (folds.length === 0 || !names.includes("meta_data")) {
    throw new FileFormatError(
      `"${file.path}" is an HDF5 file but not a fold file: it has ${folds.length === 0 ? "no groups fold_0, fold_1, …" : 'no group "meta_data"'}.`,
    );
  }
  for (let i = 0; i < folds.length; i++) {
    if (!names.includes(`fold_${i}`)) {
      throw new FileFormatError(
        `"${file.path}" has ${counted(folds.length, "fold")}, but fold_${i} is not among them.`,
      );
    }
  }
  for (const name of file.keys("meta_data").map((key) => `meta_data/${key}`)) {
    if (digests.areThere && file.has(name)) digests.check(name, file.read(name));
  }
  const entry = (name: string): unknown =>
    file.has(`meta_data/${name}`) ? file.readJson(`meta_data/${name}`) : undefined;
  const continuousFeatures = texts(file, "cont_feats", entry("cont_feats"));
  const categoricalFeatures = texts(file, "cat_feats", entry("cat_feats"));
  const maps = (entry("cat_maps") ?? {}) as Record<string, Record<string, string | number>>;
  const weightFeature = entry("wgt_feat");
  const scaler = entry("scaler") as { means: number[]; stds: number[] } | undefined;
  if (
    scaler &&
    (scaler.means?.length !== continuousFeatures.length || scaler.stds?.length !== scaler.means.length)
  ) {
    throw new FileFormatError(
      `"${file.path}": its scaler does not fit its ${counted(continuousFeatures.length, "feature")}.`,
    );
  }
  return {
    foldCount: folds.length,
    continuousFeatures,
    categoricalFeatures,
    categories: categoricalFeatures.map((name) => ({ name, values: Object.values(maps[name] ?? {}) })),
    targetFeatures: texts(file, "targ_feats", entry("targ_feats")),
    weightFeature: typeof weightFeature === "string" ? weightFeature : undefined,
    scaler: scaler && { means: scaler.means, standardDeviations: scaler.stds },
    origin: readOrigin(file),
    matrix: readMatrixHeader(file),
  };
}

function texts(file: Hdf5File, name: string, value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value;
  if (value === undefined || value === null) return [];
  throw new FileFormatError(`"${file.path}": "meta_data/${name}" is not a list of names.`);
}

function selectRows(matrix: Float32Array, rows: Int32Array, width: number): Float32Array {
  const result = new Float32Array(rows.length * width);
  for (let i = 0; i < rows.length; i++) {
    const from = rows[i]! * width;
    result.set(matrix.subarray(from, from + width), i * width);
  }
  return result;
}
