/** Fingerprints: what files were when they were read. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { basename } from "node:path";

/** A data file as it was when it was read. */
export interface FileFingerprint {
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  readonly sha256: string;
}

/** Name, size and SHA-256 of files, in their order. @throws Error of Node for one that cannot be read. */
export async function fingerprintFiles(
  paths: readonly string[],
  signal?: AbortSignal,
): Promise<FileFingerprint[]> {
  const result: FileFingerprint[] = [];
  for (const path of paths) {
    const hash = createHash("sha256");
    const options = { highWaterMark: 1 << 20, ...(signal ? { signal } : {}) };
    for await (const chunk of createReadStream(path, options)) hash.update(chunk as Buffer);
    result.push({ name: basename(path), size: (await stat(path)).size, sha256: hash.digest("hex") });
  }
  return result;
}
