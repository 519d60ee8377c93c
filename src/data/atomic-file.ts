/** Files that are whole or absent: written beside their place, flushed to the disk, then renamed. */
import { closeSync, existsSync, fsyncSync, openSync, readdirSync, rmSync } from "node:fs";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { DataError, LuminError } from "../errors/index.ts";

let counter = 0;

/**
 * Calls `write` with a temporary path beside `path`, flushes what it wrote, and renames it to `path`. If anything
 * fails the temporary file is removed and an earlier file of that name is left as it was.
 *
 * @throws DataError with one sentence for a full disk, a missing folder or missing permission.
 */
export async function writeAtomically(
  path: string,
  write: (temporary: string) => Promise<void> | void,
): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.${counter++}.tmp`);
  try {
    await write(temporary);
    await flush(temporary);
    await rename(temporary, path);
    flushFolder(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw writingError(path, error);
  }
}

/** Removes what killed processes left of files that they had not completed, in the folder and below it. */
export function removeTemporaryFiles(folder: string): void {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile() && isTemporary(entry.name)) {
      rmSync(join(entry.parentPath ?? entry.path, entry.name), { force: true });
    }
  }
}

/** Whether it is the name of a file that was being written. */
export function isTemporary(name: string): boolean {
  return /^\..*\.\d+\.\d+\.tmp$/.test(name);
}

/** Writes the pieces of text one after the other, atomically. */
export async function writeText(
  path: string,
  pieces: Iterable<string> | AsyncIterable<string>,
): Promise<void> {
  await writeAtomically(path, async (temporary) => {
    const file = await open(temporary, "w");
    try {
      for await (const piece of pieces) await writeAll(file, Buffer.from(piece, "utf8"));
    } finally {
      await file.close();
    }
  });
}

async function writeAll(file: FileHandle, bytes: Buffer): Promise<void> {
  let done = 0;
  while (done < bytes.length) done += (await file.write(bytes, done, bytes.length - done)).bytesWritten;
}

/** What went wrong while writing `path`, in one sentence. */
export function writingError(path: string, error: unknown): Error {
  if (error instanceof LuminError) return error;
  const text =
    error instanceof Error
      ? `${(error as NodeJS.ErrnoException).code ?? ""} ${error.message}`
      : String(error);
  if (/ENOSPC|EDQUOT|No space left|Disk quota/i.test(text)) {
    return new DataError(
      `"${path}" could not be written: the disk is full. Nothing was left behind; free some space and try again.`,
    );
  }
  if (/ENOENT|No such file or directory/i.test(text)) {
    return new DataError(`"${path}" could not be written: the folder "${dirname(path)}" does not exist.`);
  }
  if (/EACCES|EPERM|EROFS|Permission denied|Read-only/i.test(text)) {
    return new DataError(`"${path}" could not be written: writing there is not permitted.`);
  }
  if (/EISDIR/.test(text)) return new DataError(`"${path}" could not be written: it is a folder.`);
  return error instanceof Error ? error : new DataError(`"${path}" could not be written: ${String(error)}`);
}

async function flush(path: string): Promise<void> {
  const file = await open(path, "r+");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** The new name itself must reach the disk; not every system lets a folder be flushed. */
function flushFolder(path: string): void {
  try {
    const folder = openSync(path, "r");
    try {
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
  } catch {
    // The data is safe already.
  }
}
