/** `--resume`: an unfinished run goes on, a finished one takes more members. */
import { existsSync, readdirSync, rmSync } from "node:fs";
import { type FileFingerprint, isTemporary, removeTemporaryFiles } from "../data/index.ts";
import { ConfigurationError, plainDifference } from "../errors/index.ts";
import type { Analysis } from "./analysis.ts";
import { beginRun, type RunPaths, readJson, readRun, writeJson } from "./run-folder.ts";

/** What a run must agree on to be gone on with: everything that decides on its bytes. */
export interface RunIdentity {
  readonly versions: Readonly<Record<string, string>>;
  /** Without the list of files, which may lie elsewhere. */
  readonly analysis: Omit<Analysis, "input"> & { readonly input: object };
  readonly files: readonly FileFingerprint[];
  /** The user's modules that the analysis names. */
  readonly modules: readonly FileFingerprint[];
}

/** What was there: nothing, a part, a whole run with fewer members, or all that is asked for. */
export type RunState = "new" | "unfinished" | "extended" | "finished";

/**
 * Takes up the run in the folder, or begins it where there is none. The number of members may grow.
 *
 * @throws ConfigurationError when the run differs in anything else, or the folder holds no run.
 */
export async function resumeRun(paths: RunPaths, identity: RunIdentity): Promise<RunState> {
  const { folder } = paths;
  if (existsSync(folder)) removeTemporaryFiles(folder);
  if (existsSync(paths.record)) {
    const { record } = readRun(folder);
    const { versions, data, modules = [] } = record;
    const before = { versions, analysis: withoutFiles(record.analysis), files: data.files, modules };
    const isWhole = !hasMoreMembers(folder, before, identity);
    if (isWhole) {
      rmSync(paths.unfinished, { force: true }); // It was killed just before it would have done so.
      return "finished";
    }
    await writeJson(paths.unfinished, identity);
    rmSync(paths.record);
    return "extended";
  }
  if (existsSync(paths.unfinished)) {
    // Its members may be more now, never fewer.
    if (hasMoreMembers(folder, readJson(paths.unfinished) as RunIdentity, identity))
      await writeJson(paths.unfinished, identity);
    return "unfinished";
  }
  // Killed before it wrote anything: the folder is empty.
  if (existsSync(folder) && readdirSync(folder).every(isTemporary)) {
    await writeJson(paths.unfinished, identity);
    return "new";
  }
  await beginRun(paths, identity);
  return "new";
}

/** The analysis as runs are compared: where its files lie does not matter. */
export function withoutFiles(analysis: Analysis): RunIdentity["analysis"] {
  const { files: _, ...input } = analysis.input;
  const friends = input.friends.map((friend) => ({ ...friend, files: [] }));
  return { ...analysis, input: { ...input, friends } };
}

/**
 * Whether the run now has more members than before, all else being equal.
 *
 * @throws ConfigurationError when anything else differs, or there are fewer.
 */
function hasMoreMembers(folder: string, before: RunIdentity, now: RunIdentity): boolean {
  const [had, wanted] = [before.analysis.training.members, now.analysis.training.members];
  const difference = plainDifference(
    JSON.parse(JSON.stringify(withMembers(before, 0))),
    JSON.parse(JSON.stringify(withMembers(now, 0))),
  );
  if (difference !== undefined) {
    throw new ConfigurationError(
      `--resume: the run in "${folder}" is another one (${difference}). Go on with what it was begun with, or choose another --out.`,
    );
  }
  if (wanted < had) {
    throw new ConfigurationError(
      `--resume: the run in "${folder}" has ${had} members, and training.members is ${wanted}. Members can be added, not taken away; choose another --out.`,
    );
  }
  return wanted > had;
}

function withMembers(identity: RunIdentity, members: number): RunIdentity {
  const { analysis } = identity;
  return { ...identity, analysis: { ...analysis, training: { ...analysis.training, members } } };
}
