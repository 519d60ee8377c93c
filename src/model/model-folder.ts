/** A saved model as files in a folder. Needs Node; bundles for browsers hold model-folder-browser.ts instead. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { writeAtomically } from "../data/atomic-file.ts";
import { FileFormatError } from "../errors/index.ts";

/** The contents of the files that make up a saved model. */
export interface ModelFiles {
  /** What it is. */
  readonly "model.json": Uint8Array;
  /** Its weights. */
  readonly "model.safetensors": Uint8Array;
}

/** Writes the files into the folder, which is made if it is missing. */
export async function writeModelFolder(directory: string, files: ModelFiles): Promise<void> {
  await mkdir(directory, { recursive: true });
  // The description comes last: a folder that has one is complete.
  for (const name of ["model.safetensors", "model.json"] as const) {
    await writeAtomically(join(directory, name), (path) => writeFile(path, files[name]));
  }
}

/** The files of the folder, and what they are called in messages. */
export async function readModelFolder(
  directory: string,
): Promise<{ readonly files: ModelFiles; readonly paths: Readonly<Record<keyof ModelFiles, string>> }> {
  const paths = {
    "model.json": join(directory, "model.json"),
    "model.safetensors": join(directory, "model.safetensors"),
  };
  const files = {
    "model.json": await readBytes(paths["model.json"]),
    "model.safetensors": await readBytes(paths["model.safetensors"]),
  };
  return { files, paths };
}

async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch {
    throw new FileFormatError(
      `"${path}" cannot be read. A model's folder holds model.json and model.safetensors.`,
    );
  }
}

/** Writes a file of embeddings, whole or not at all. */
export async function writeEmbeddings(path: string, bytes: Uint8Array): Promise<void> {
  await writeAtomically(path, (temporary) => writeFile(temporary, bytes));
}

/** The bytes of a file of embeddings. */
export async function readEmbeddings(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch {
    throw new FileFormatError(`"${path}" cannot be read. Give the file that saveEmbeddings wrote.`);
  }
}
