/** Snapshots of trainings as members: which cycles, and with which weights. */
import { join } from "node:path";
import { ConfigurationError, counted } from "../errors/index.ts";
import type { Snapshot } from "../train/index.ts";
import { weightOf } from "./choose-members.ts";
import { type EnsembleMember, foldsKnown } from "./member.ts";
import { type StoredTraining, sharedLoader, storedTrainings } from "./stored-trainings.ts";

/** Which snapshots become members (LUMIN's `snapshot_args`). */
export interface SnapshotOptions {
  /** Snapshots of each training, at most. Default: all. */
  readonly size?: number;
  /** The latest cycles (default), or those with the lowest validation losses. */
  readonly choose?: "latest" | "best";
  /** Cycles left out at the end of each training: early stopping has gone on that long in vain. Default 0. */
  readonly patience?: number;
  /** Without the final networks, which mostly are one of the snapshots. Default true. */
  readonly cyclesOnly?: boolean;
  /** By rank (default): a power of the place in the choice. By the reciprocal of the validation loss, or all alike. */
  readonly weighting?: "rank" | "reciprocal" | "uniform";
  /** The weight of rank r = 1, 2, … is r^power. Default 0; −1 favours the first chosen. */
  readonly power?: number;
  /** Numbers of the trainings. Default: all that are finished. */
  readonly trainings?: readonly number[];
}

/** A chosen snapshot, or the final network. */
export interface ChosenSnapshot {
  /** Undefined for the final network. */
  readonly snapshot: Snapshot | undefined;
  readonly weight: number;
}

/**
 * The snapshots of all trainings in a folder as members.
 *
 * Ranks count from 1 in each training: from the latest cycle back, or from the lowest loss up; with the final network
 * among the members it has rank 1 and the snapshots follow. Python LUMIN never loads the first cycle and looks at
 * losses of training batches; here every cycle can be a member and losses are those of the validation fold.
 *
 * @throws ConfigurationError where a training has no snapshots.
 */
export async function snapshotMembers(
  directory: string,
  options: SnapshotOptions = {},
): Promise<EnsembleMember[]> {
  const load = sharedLoader();
  const members: EnsembleMember[] = [];
  for (const training of await storedTrainings(directory, options.trainings)) {
    const { member, validationLoss } = training.result;
    const folds = foldsKnown(training.result);
    for (const { snapshot, weight } of chooseSnapshots(training, options)) {
      members.push(
        snapshot === undefined
          ? { member, ...folds, validationLoss, weight, model: await load(training.folder) }
          : {
              member,
              snapshot: snapshot.name,
              ...folds,
              validationLoss: snapshot.validationLoss,
              weight,
              model: await load(join(training.folder, snapshot.name)),
            },
      );
    }
  }
  return members;
}

/** The choice in one training, in the order of its ranks. */
export function chooseSnapshots(
  { result, snapshots }: StoredTraining,
  options: SnapshotOptions,
): ChosenSnapshot[] {
  const { size = Infinity, choose = "latest", patience = 0, cyclesOnly = true } = options;
  const { weighting = "rank", power = 0 } = options;
  if (!(size === Infinity || (Number.isInteger(size) && size >= 1))) {
    throw new ConfigurationError(`snapshots: size is ${size}; give a whole number of at least 1.`);
  }
  if (!(Number.isInteger(patience) && patience >= 0) || !Number.isFinite(power)) {
    throw new ConfigurationError(
      `snapshots: patience is ${patience} and power ${power}; patience must be a whole number, power finite.`,
    );
  }
  if (snapshots.length === 0) {
    throw new ConfigurationError(
      `snapshots: training ${result.member} has saved none. Train with the callback Snapshots and a cyclic schedule whose cycles end within the training.`,
    );
  }
  if (patience >= snapshots.length) {
    throw new ConfigurationError(
      `snapshots: training ${result.member} has ${counted(snapshots.length, "cycle")}; without the last ${patience} none is left. Give a smaller patience.`,
    );
  }
  const usable = snapshots.slice(0, snapshots.length - patience).reverse();
  if (choose === "best") usable.sort((a, b) => a.validationLoss - b.validationLoss || b.cycle - a.cycle);
  const isFinal = ({ epoch, validationLoss }: Snapshot): boolean =>
    epoch === result.bestEpoch && validationLoss === result.validationLoss;
  const others = cyclesOnly ? usable : usable.filter((snapshot) => !isFinal(snapshot));
  const chosen = [...(cyclesOnly ? [] : [undefined]), ...others.slice(0, size)];
  const weights: Record<typeof weighting, (rank: number, loss: number) => number> = {
    rank: (rank) => rank ** power,
    reciprocal: (_, loss) => weightOf(result.member, "loss", loss),
    uniform: () => 1,
  };
  return chosen.map((snapshot, i) => {
    const { validationLoss } = snapshot ?? result;
    return { snapshot, weight: weights[weighting](i + 1, validationLoss) };
  });
}
