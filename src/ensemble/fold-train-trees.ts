/** `foldTrainTrees`: the members of an ensemble as forests or boosted trees, on the same folds as networks. */
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeText } from "../data/atomic-file.ts";
import { ConfigurationError, InterruptedError } from "../errors/index.ts";
import { fingerprintOf, trainingIdentity } from "../train/fingerprint.ts";
import {
  compiledFile,
  formatHistory,
  type History,
  type MemberResult,
  memberDirectory,
  type ProgressEvent,
  parseHistory,
  runJobs,
  type SendableFolds,
  type TrainingEvent,
} from "../train/index.ts";
import { parseTrees, type TreeTask } from "../trees/index.ts";
import { checkSize, type EnsembleOptions } from "./choose-members.ts";
import { Ensemble } from "./ensemble.ts";
import type { EnsembleTraining } from "./fold-train-ensemble.ts";
import { type TreeMember, type TreeProgress, type TreesSpec, trainTreeMember } from "./train-tree-member.ts";
import { TreeModel } from "./tree-model.ts";

/** How the members are trained. */
export interface TreesTrainingOptions {
  readonly memberCount: number;
  readonly seed: number;
  /** Worker processes; 0 trains in this one. Default 0. */
  readonly workers?: number;
  readonly ensemble?: EnsembleOptions;
  /** Where members are written as soon as they are finished; those that are there already are kept. */
  readonly outputDirectory?: string;
  /** Called as the members go on. */
  onProgress?(event: ProgressEvent): void;
  /** Called when a member starts, ends or fails. */
  onEvent?(event: TrainingEvent): void;
  readonly signal?: AbortSignal;
}

/** Names and number of the features, as a `FoldYielder` has them. */
export interface TreeFolds extends SendableFolds {
  readonly continuousFeatures: readonly string[];
  readonly categoricalFeatures: readonly string[];
}

/**
 * Trains `memberCount` forests or sets of boosted trees and makes a weighted ensemble of them. Member m keeps fold
 * m mod foldCount out; boosting ends, or goes back to, where the loss of that fold is lowest. Inputs are those of
 * networks; events are taken as stored, without augmentation. The same seed gives the same bytes for any number of
 * workers.
 */
export async function foldTrainTrees(
  folds: TreeFolds,
  task: TreeTask,
  spec: TreesSpec,
  options: TreesTrainingOptions,
): Promise<EnsembleTraining> {
  const { memberCount, seed, workers = 0, outputDirectory, onEvent, onProgress, signal } = options;
  if (options.ensemble?.size !== undefined) checkSize(options.ensemble.size, memberCount);
  const features = [...folds.continuousFeatures, ...folds.categoricalFeatures];
  const shared = {
    spec,
    task,
    features,
    categorical: folds.categoricalFeatures.map((_, i) => folds.continuousFeatures.length + i),
    seed,
  };
  const { path: _, cacheBytes: __, readAhead: ___, ...where } = folds.toSpec();
  const fingerprint = fingerprintOf(trainingIdentity({ ...shared, folds: where }, folds));
  const members: TreeMember[] = [];
  const seconds: (number | undefined)[] = [];
  const missing: number[] = [];
  for (let member = 0; member < memberCount; member++) {
    const kept = outputDirectory && (await readTreeMember(outputDirectory, member, fingerprint));
    if (kept) {
      members[member] = kept;
      onEvent?.({ kind: "memberKept", member, result: kept.result });
    } else missing.push(member);
  }
  const stepCount = spec.type === "boosting" ? (spec.rounds ?? 100) : 1;
  const progress = (member: number, { round, trainingLoss, validationLoss }: TreeProgress): void =>
    onProgress?.({
      ...{ member, epoch: round, epochCount: stepCount, fold: undefined, step: round, stepCount },
      ...{ trainingLoss, validationLoss, best: undefined, learningRate: 0, firstStep: 0, momentum: 0 },
      finished: round === stepCount,
    } as ProgressEvent);
  const finish = async (trained: TreeMember): Promise<void> => {
    const { member } = trained.result;
    if (outputDirectory) await writeTreeMember(outputDirectory, trained, fingerprint);
    members[member] = trained;
    seconds[member] = trained.seconds;
    onEvent?.({ kind: "memberFinished", member, result: trained.result, seconds: trained.seconds });
  };
  if (workers > 0) {
    const module = compiledFile("train-tree-member", import.meta.url).href;
    const jobs = missing.map((member) => ({
      module,
      name: "trainTreeMemberTask",
      payload: { folds: folds.toSpec(), settings: { ...shared, member } },
    }));
    await runJobs<TreeProgress, TreeMember>(jobs, {
      workers,
      signal,
      nameOf: (job) => `member ${missing[job]}`,
      onMessage: (job, message) => progress(missing[job]!, message),
      onResult: (_, result) => finish(result),
    });
  } else {
    for (const member of missing) {
      await new Promise((resolve) => setImmediate(resolve));
      if (signal?.aborted) throw new InterruptedError("foldTrainTrees: interrupted.");
      await finish(trainTreeMember(folds, { ...shared, member }, (each) => progress(member, each)));
    }
  }
  const ensemble = Ensemble.fromResults(
    members.map(({ result: { member, validationFold, validationLoss }, trees }) => ({
      member,
      validationFold,
      validationLoss,
      model: new TreeModel(parseTrees(trees)),
    })),
    options.ensemble,
  );
  if (outputDirectory !== undefined) await ensemble.saveIndex(outputDirectory);
  return {
    results: members.map(({ result }) => result),
    histories: members.map(({ history }): History => history),
    ensemble,
    timings: members.map((_, member) => ({ member, seconds: seconds[member], firstStep: 0 })),
  };
}

async function writeTreeMember(directory: string, trained: TreeMember, fingerprint: string): Promise<void> {
  const folder = memberDirectory(directory, trained.result.member);
  await mkdir(folder, { recursive: true });
  await writeText(join(folder, "trees.json"), [trained.trees]);
  await writeText(join(folder, "history.jsonl"), [formatHistory(trained.history)]);
  const content = { ...trained.result, fingerprint };
  await writeText(join(folder, "result.json"), [`${JSON.stringify(content, null, 2)}\n`]);
}

/** A finished member of the same training; undefined where there is none. */
async function readTreeMember(
  directory: string,
  member: number,
  fingerprint: string,
): Promise<TreeMember | undefined> {
  const folder = memberDirectory(directory, member);
  let content: MemberResult & { readonly fingerprint?: string };
  try {
    content = JSON.parse(await readFile(join(folder, "result.json"), "utf8"));
  } catch {
    return undefined;
  }
  const { fingerprint: own, ...result } = content;
  if (own !== fingerprint) {
    throw new ConfigurationError(
      `"${folder}" holds a member of another training: data, trees, seed or options differ. Use an empty folder.`,
    );
  }
  const trees = await readFile(join(folder, "trees.json"), "utf8");
  const history = parseHistory(await readFile(join(folder, "history.jsonl"), "utf8"));
  return { result, history, trees, seconds: 0 };
}
