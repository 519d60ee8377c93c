/** The learning-rate finder: sweeps with every fold left out once, side by side, and what to choose from them. */
import { compiledFile } from "../data/compiled-file.ts";
import { chooseDevice, type Device } from "../engine/index.ts";
import { ConfigurationError, counted, TrainingError } from "../errors/index.ts";
import type { ModelBuilder } from "../model/index.ts";
import type { Callback } from "./callback.ts";
import { type CallbackSpec, makeCallbacks, sendableCallbacks } from "./callback-specs.ts";
import { type LearningRateRecord, type LRFinderOptions, lrFinderCallback } from "./lr-finder.ts";
import { foldsOfMember, stepsPerEpoch } from "./member-folds.ts";
import type { ProgressEvent } from "./member-progress.ts";
import type { MemberPayload, TimedMember } from "./member-task.ts";
import { trainMember } from "./train-member.ts";
import type { SendableFolds } from "./train-members.ts";
import { runJobs } from "./worker-pool.ts";

/** How learning rates are tried. */
export interface FindLearningRateOptions extends LRFinderOptions {
  readonly batchSize: number;
  readonly seed: number;
  /** Passes over the training folds, over which one sweep goes. Default 1. */
  readonly epochs?: number;
  /** Sweeps, each with a fresh network and another fold left out. Default: one for each fold. */
  readonly sweeps?: number;
  /** Worker processes; 0 works in this one. Default 0. */
  readonly workers?: number;
  /** What trains, or several devices: the first that works here. Default "cpu". */
  readonly device?: Device | readonly Device[];
  /** Others that change the step or the events; schedules of the rate are overruled. */
  readonly callbacks?: readonly (CallbackSpec | Callback)[];
  /** What paths of user modules are relative to. Default: the working folder. */
  readonly baseDirectory?: string;
  /** Called as the sweeps go on. */
  onProgress?(event: ProgressEvent): void;
  readonly signal?: AbortSignal;
}

/** Losses against the learning rate, over all sweeps: plain data. */
export interface LearningRates {
  /** Up to the first at which a sweep had ended. */
  readonly rates: readonly number[];
  /** Mean over the sweeps of their smoothed losses at each rate. */
  readonly mean: readonly number[];
  /** Standard deviation over the sweeps, with n − 1 in the denominator; 0 for one sweep. */
  readonly deviation: readonly number[];
  readonly sweeps: readonly LearningRateRecord[];
  /** Where the mean falls most steeply with the logarithm of the rate, before its lowest point. */
  readonly steepest: number;
  /** The rate of the lowest mean loss, divided by 10. */
  readonly belowLowest: number;
  /** The smaller of the two: a highest rate for a cycle, or a constant one. */
  readonly suggested: number;
}

/**
 * Tries learning rates from low to high on fresh networks, each trained on all folds but one, and suggests one.
 * Sweeps of different length (folds of different sizes) are compared by rate, with linear interpolation in
 * log(rate). Losses are smoothed over a twentieth of the sweep before anything is compared.
 *
 * @throws TrainingError when the loss diverged before there was anything to compare.
 */
export async function findLearningRate(
  folds: SendableFolds,
  builder: ModelBuilder,
  options: FindLearningRateOptions,
): Promise<LearningRates> {
  const { sweeps = folds.foldCount, batchSize, seed, epochs = 1, workers = 0 } = options;
  if (!(Number.isInteger(sweeps) && sweeps >= 1 && Number.isInteger(epochs) && epochs >= 1)) {
    throw new ConfigurationError(
      `findLearningRate: sweeps is ${sweeps} and epochs ${epochs}; give whole numbers of at least 1.`,
    );
  }
  const members = Array.from({ length: sweeps }, (_, member) => member);
  for (const member of members)
    stepsPerEpoch(folds.foldSizes, foldsOfMember(member, folds.foldCount).trainingFolds, batchSize);
  const device = await chooseDevice({ device: options.device ?? "cpu" });
  const settings = (member: number): MemberPayload["settings"] => ({
    ...{ member, seed, epochs, batchSize, device },
    keepBest: false,
  });
  const records = new Array<LearningRateRecord>(sweeps);
  const keep = (member: number, { reports }: TimedMember["trained"]): void => {
    records[member] = reports.LRFinder as LearningRateRecord;
  };
  if (workers === 0) {
    const { onProgress, signal, callbacks = [], baseDirectory } = options;
    for (const member of members) {
      const all = [...(await makeCallbacks(callbacks, baseDirectory)), lrFinderCallback(options)];
      const around = { ...(onProgress ? { onProgress } : {}), signal };
      keep(member, await trainMember(folds, builder, all, settings(member), around));
    }
  } else await sweepInWorkers(folds, builder, options, members.map(settings), keep);
  return learningRatesOf(records);
}

async function sweepInWorkers(
  folds: SendableFolds,
  builder: ModelBuilder,
  options: FindLearningRateOptions,
  settings: readonly MemberPayload["settings"][],
  keep: (member: number, trained: TimedMember["trained"]) => void,
): Promise<void> {
  const { workers = 0, callbacks = [], baseDirectory, rates, divergence, signal, onProgress } = options;
  const finder: CallbackSpec = {
    callback: "LRFinder",
    options: { ...(rates ? { rates } : {}), ...(divergence === undefined ? {} : { divergence }) },
  };
  const shared = {
    callbacks: [...sendableCallbacks(callbacks, baseDirectory ?? process.cwd()), finder],
    model: builder.toSpec(),
    folds: folds.toSpec(),
    outputDirectory: undefined,
  };
  const module = compiledFile("member-task", import.meta.url).href;
  const jobs = settings.map((own) => {
    const payload: MemberPayload = { ...shared, settings: own };
    return { module, name: "trainMemberTask", payload };
  });
  await runJobs<ProgressEvent, TimedMember>(jobs, {
    workers,
    signal,
    nameOf: (job) => `sweep ${job}`,
    onMessage: (_, event) => onProgress?.(event),
    onResult: (job, { trained }) => keep(job, trained),
  });
}

/** Mean, deviation and suggestions from recorded sweeps. */
export function learningRatesOf(sweeps: readonly LearningRateRecord[]): LearningRates {
  const shortest = sweeps.reduce((a, b) => (b.rates.length < a.rates.length ? b : a));
  if (shortest.rates.length < 3) {
    throw new TrainingError(
      `findLearningRate: a sweep has ${counted(shortest.rates.length, "step")} before the loss diverged; there is nothing to compare. Begin with a lower rate, use a smaller batch size, or more epochs.`,
    );
  }
  const smooth = sweeps.map(({ rates, losses }) => ({ rates, losses: smoothed(losses) }));
  const end = Math.min(...sweeps.map((sweep) => sweep.rates.at(-1)!));
  const rates = shortest.rates.filter((rate) => rate <= end * (1 + 1e-9));
  const at = smooth.map((sweep) => rates.map((rate) => interpolated(sweep, rate)));
  const mean = rates.map((_, i) => at.reduce((sum, losses) => sum + losses[i]!, 0) / at.length);
  const deviation = rates.map((_, i) => {
    const squares = at.reduce((sum, losses) => sum + (losses[i]! - mean[i]!) ** 2, 0);
    return at.length > 1 ? Math.sqrt(squares / (at.length - 1)) : 0;
  });
  const lowest = mean.indexOf(Math.min(...mean));
  // The slope over a tenth of the sweep: over one step it would be that of the noise.
  const reach = Math.max(1, Math.round(rates.length / 20));
  let [steepest, slope] = [lowest, Infinity];
  for (let i = reach; i <= Math.min(lowest, rates.length - 1 - reach); i++) {
    const [a, b] = [i - reach, i + reach];
    const here = (mean[b]! - mean[a]!) / Math.log(rates[b]! / rates[a]!);
    if (here < slope) [steepest, slope] = [i, here];
  }
  const found = { steepest: rates[steepest]!, belowLowest: rates[lowest]! / 10 };
  const suggested = Math.min(found.steepest, found.belowLowest);
  return { rates, mean, deviation, sweeps, ...found, suggested };
}

/** Mean over a window of a twentieth of the sweep around each step, cut off at the ends. */
function smoothed(losses: readonly number[]): number[] {
  const reach = Math.floor(losses.length / 40);
  return losses.map((_, i) => {
    const [from, to] = [Math.max(0, i - reach), Math.min(losses.length - 1, i + reach)];
    let sum = 0;
    for (let j = from; j <= to; j++) sum += losses[j]!;
    return sum / (to - from + 1);
  });
}

function interpolated({ rates, losses }: Pick<LearningRateRecord, "rates" | "losses">, rate: number): number {
  const after = rates.findIndex((value) => value >= rate * (1 - 1e-9));
  if (after <= 0) return losses[after === 0 ? 0 : losses.length - 1]!;
  const [low, high] = [Math.log(rates[after - 1]!), Math.log(rates[after]!)];
  const share = Math.min(1, (Math.log(rate) - low) / (high - low));
  return losses[after - 1]! + share * (losses[after]! - losses[after - 1]!);
}
