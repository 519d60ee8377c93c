/** The folder of a trained member: weights, history, and a result that is written last. */
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeText } from "../data/atomic-file.ts";
import { ConfigurationError } from "../errors/index.ts";
import { Model, type ModelBuilder, type ModelWeights } from "../model/index.ts";
import { formatHistory, type History, parseHistory } from "./history.ts";
import type { TrainedMember } from "./member-settings.ts";
import type { Snapshot } from "./snapshots.ts";

/** What is known of a trained member besides weights and history: plain data, no clock times. */
export interface MemberResult {
  readonly member: number;
  /** The fold that it did not train on. */
  readonly validationFold: number;
  /** The folds that it trained on; absent: all but that one. */
  readonly trainingFolds?: readonly number[];
  /** Loss of that fold with the final weights. */
  readonly validationLoss: number;
  /** Epoch (from 1) with the lowest validation loss. */
  readonly bestEpoch: number;
  readonly epochCount: number;
  readonly stepCount: number;
  /** Why it ended before the last epoch; null when it did not. */
  readonly stopReason: string | null;
}

/** A member with its network. */
export interface MemberOutcome {
  readonly result: MemberResult;
  readonly history: History;
  /** What `Snapshots` saved; empty without that callback. */
  readonly snapshots: readonly Snapshot[];
  readonly model: Model;
}

/** The folder of a member inside an ensemble's. */
export function memberDirectory(directory: string, member: number): string {
  return join(directory, "members", String(member));
}

/** The outcome of a training as it is kept. */
export function outcomeOf(trained: TrainedMember, builder: ModelBuilder): MemberOutcome {
  const { member, validationFold, trainingFolds, validationLoss, bestEpoch } = trained;
  const { stepCount, history, stopReason } = trained;
  return {
    result: {
      member,
      validationFold,
      ...(trainingFolds === undefined ? {} : { trainingFolds }),
      validationLoss,
      bestEpoch,
      epochCount: history.length,
      stepCount,
      stopReason: stopReason ?? null,
    },
    history,
    snapshots: (trained.reports.Snapshots ?? []) as readonly Snapshot[],
    model: new Model(builder, trained),
  };
}

/** Writes model and history, then `result.json`: a folder that has it is whole. */
export async function writeMember(
  directory: string,
  outcome: MemberOutcome,
  fingerprint: string | undefined,
): Promise<void> {
  const folder = memberDirectory(directory, outcome.result.member);
  await mkdir(folder, { recursive: true });
  await outcome.model.save(folder);
  await writeText(join(folder, "history.jsonl"), [formatHistory(outcome.history)]);
  if (outcome.snapshots.length > 0) {
    const lines = outcome.snapshots.map((snapshot) => `${JSON.stringify(snapshot)}\n`);
    await writeText(join(folder, "cycles.jsonl"), lines);
  }
  const content = { ...outcome.result, fingerprint: fingerprint ?? null };
  await writeText(join(folder, "result.json"), [`${JSON.stringify(content, null, 2)}\n`]);
}

/**
 * A finished member of the same training, or undefined if there is none yet.
 *
 * @throws ConfigurationError when the folder holds a member of another training.
 */
export async function readMember(
  directory: string,
  member: number,
  builder: ModelBuilder,
  fingerprint: string | undefined,
): Promise<MemberOutcome | undefined> {
  const folder = memberDirectory(directory, member);
  let content: MemberResult & { readonly fingerprint: string | null };
  try {
    content = JSON.parse(await readFile(join(folder, "result.json"), "utf8")) as typeof content;
  } catch {
    return undefined;
  }
  if (fingerprint === undefined || content.fingerprint !== fingerprint) {
    throw new ConfigurationError(
      `foldTrainEnsemble: "${folder}" holds a member of another training: data, network, seed or options differ${fingerprint === undefined ? ", or cannot be compared because a callback, loss or transform is an object of this process" : ""}. Give an empty output directory, or remove this one.`,
    );
  }
  const { fingerprint: _, ...result } = content;
  try {
    const history = parseHistory(await readFile(join(folder, "history.jsonl"), "utf8"));
    const { parameters, buffers } = await Model.load(folder);
    const snapshots = await readSnapshots(folder);
    return { result, history, snapshots, model: new Model(builder, { parameters, buffers }) };
  } catch {
    return undefined; // Damaged after it was written: trained again.
  }
}

/** What `Snapshots` saved in a member's folder: the rows of `cycles.jsonl`, if there is one. */
export async function readSnapshots(folder: string): Promise<Snapshot[]> {
  const text = await readFile(join(folder, "cycles.jsonl"), "utf8").catch(() => "");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Snapshot);
}

/** Members that a folder has in whole, in order. */
export async function finishedMembers(directory: string): Promise<number[]> {
  const names = await readdir(join(directory, "members")).catch(() => [] as string[]);
  const members: number[] = [];
  for (const name of names.filter((text) => /^\d+$/.test(text))) {
    const found = await readdir(join(directory, "members", name)).catch(() => [] as string[]);
    if (found.includes("result.json")) members.push(Number(name));
  }
  return members.sort((a, b) => a - b);
}

/** Writes weights under a name into the member's folder, for the `save` action of callbacks. */
export function weightsSaver(
  directory: string | undefined,
  member: number,
  builder: ModelBuilder,
): (name: string, weights: ModelWeights) => Promise<void> {
  return async (name, weights) => {
    if (directory === undefined) {
      throw new ConfigurationError(
        `callback: asked to save weights as "${name}", but there is no folder to write to. Give foldTrainEnsemble an outputDirectory.`,
      );
    }
    if (!/^\w[\w.-]*$/.test(name)) {
      throw new ConfigurationError(
        `callback: asked to save weights as "${name}"; a name may have letters, digits, ".", "-" and "_".`,
      );
    }
    await new Model(builder, weights).save(join(memberDirectory(directory, member), name));
  };
}
