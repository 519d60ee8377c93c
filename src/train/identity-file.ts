/** What a folder of members was trained with (`training.json`), to say what differs when another training comes. */
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { writeText } from "../data/atomic-file.ts";
import { ConfigurationError, plainDifference } from "../errors/index.ts";
import type { TrainingIdentity } from "./fingerprint.ts";
import { softwareVersions } from "./software-versions.ts";

function pathIn(directory: string): string {
  return join(directory, "training.json");
}

/** Writes it; removes what was there where the training cannot be compared with others. */
export async function writeIdentity(
  directory: string,
  identity: TrainingIdentity | undefined,
): Promise<void> {
  if (identity === undefined) return rm(pathIn(directory), { force: true });
  await mkdir(directory, { recursive: true });
  await writeText(pathIn(directory), [`${JSON.stringify(withVersions(identity), null, 2)}\n`]);
}

/**
 * Does nothing in a folder without one.
 *
 * @throws ConfigurationError when the folder's training had other settings, events or versions.
 */
export async function checkIdentity(directory: string, identity: TrainingIdentity): Promise<void> {
  let before: unknown;
  try {
    before = JSON.parse(await readFile(pathIn(directory), "utf8"));
  } catch {
    return;
  }
  const difference = plainDifference(before, JSON.parse(JSON.stringify(withVersions(identity))));
  if (difference === undefined) return;
  throw new ConfigurationError(
    `foldTrainEnsemble: "${directory}" holds another training and cannot be resumed (${difference}). Give what it was trained with, or another output directory.`,
  );
}

function withVersions(identity: TrainingIdentity): object {
  return { versions: softwareVersions(), ...identity };
}
