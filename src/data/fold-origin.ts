/** What a fold file was made from. */
import { ConfigurationError, FileFormatError, plainDifference } from "../errors/index.ts";
import type { FileFingerprint } from "./file-fingerprint.ts";
import type { Hdf5File } from "./hdf5.ts";

/** The inputs and settings of a fold file, as it carries them. */
export interface FoldOrigin {
  /** The files that the events were read from; folders do not matter. */
  readonly files: readonly FileFingerprint[];
  /** All else that decides on the content, as plain data (JSON). */
  readonly configuration?: unknown;
}

const entry = "meta_data/origin";

/** Writes it beside LUMIN's meta data. */
export function writeOrigin(file: Hdf5File, { files, configuration }: FoldOrigin): void {
  file.writeJson(entry, { files, configuration: configuration ?? null });
}

/** The origin that a file carries; undefined for one of Python LUMIN. */
export function readOrigin(file: Hdf5File): FoldOrigin | undefined {
  if (!file.has(entry)) return undefined;
  const origin = file.readJson(entry) as Partial<FoldOrigin> | null;
  if (!Array.isArray(origin?.files)) {
    throw new FileFormatError(
      `"${file.path}": "${entry}" does not say which files the folds were made from.`,
    );
  }
  return { files: origin.files, configuration: origin.configuration ?? undefined };
}

/**
 * Compares what a fold file was made from with what it is to be used for. A file that does not say passes.
 *
 * @throws ConfigurationError naming the first difference.
 */
export function checkOrigin(
  { path, origin }: { readonly path: string; readonly origin: FoldOrigin | undefined },
  expected: FoldOrigin,
): void {
  if (!origin) return;
  const plain = ({ files, configuration }: FoldOrigin): unknown =>
    JSON.parse(
      JSON.stringify({ files: Object.fromEntries(files.map((f) => [f.name, f])), ...{ configuration } }),
    );
  const difference = plainDifference(plain(origin), plain(expected));
  if (difference !== undefined) {
    throw new ConfigurationError(
      `"${path}" was made from other data or settings (${difference}). Make the folds again, or use what they were made from.`,
    );
  }
}
