/** The trainings in a run's folder: final networks and the snapshots beside them. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ConfigurationError } from "../errors/index.ts";
import { Model } from "../model/index.ts";
import {
  finishedMembers,
  type MemberResult,
  memberDirectory,
  readSnapshots,
  type Snapshot,
} from "../train/index.ts";

/** A finished training, as it lies in a folder. */
export interface StoredTraining {
  /** Its own folder. */
  readonly folder: string;
  readonly result: MemberResult;
  /** What the callback `Snapshots` saved, in the order of time. */
  readonly snapshots: readonly Snapshot[];
}

/**
 * The finished trainings in `members/<number>` of a folder, all or those of the given numbers.
 *
 * @throws ConfigurationError for a number that is not there, or when there is none.
 */
export async function storedTrainings(
  directory: string,
  wanted?: readonly number[],
): Promise<StoredTraining[]> {
  const finished = await finishedMembers(directory);
  const missing = wanted?.find((member) => !finished.includes(member));
  if (finished.length === 0 || missing !== undefined) {
    const what = missing === undefined ? "a finished training" : `training ${missing}`;
    throw new ConfigurationError(
      `Ensemble: ${what} is not in "${directory}". It has ${finished.length === 0 ? "none" : finished.join(", ")}.`,
    );
  }
  const trainings: StoredTraining[] = [];
  for (const member of wanted ?? finished) {
    const folder = memberDirectory(directory, member);
    const result = JSON.parse(await readFile(join(folder, "result.json"), "utf8")) as MemberResult;
    trainings.push({ folder, result, snapshots: await readSnapshots(folder) });
  }
  return trainings;
}

/** Reads networks so that those of one description share their builder, and with it what is compiled. */
export function sharedLoader(): (directory: string) => Promise<Model> {
  const builders = new Map<string, Model["builder"]>();
  return async (directory) => {
    const model = await Model.load(directory);
    const key = JSON.stringify(model.builder.toSpec());
    const builder = builders.get(key) ?? model.builder;
    builders.set(key, builder);
    return new Model(builder, model);
  };
}
