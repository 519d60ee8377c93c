/** Trains the members of an ensemble, in this process or side by side in worker processes. */
import { join } from "node:path";
import { removeTemporaryFiles } from "../data/atomic-file.ts";
import { compiledFile } from "../data/compiled-file.ts";
import type { FoldYielderSpec } from "../data/fold-yielder.ts";
import { chooseDevice, type Device } from "../engine/index.ts";
import { ConfigurationError } from "../errors/index.ts";
import type { ModelBuilder } from "../model/index.ts";
import { type Callback, isResumable } from "./callback.ts";
import {
  type CallbackSpec,
  earlyStopping,
  isCallbackSpec,
  makeCallbacks,
  sendableCallbacks,
} from "./callback-specs.ts";
import {
  CheckpointFile,
  type CheckpointSettings,
  defaultCheckpointSeconds,
  removeCheckpoint,
} from "./checkpoint-file.ts";
import { fingerprintOf, type TrainingIdentity, trainingIdentity } from "./fingerprint.ts";
import { checkIdentity, writeIdentity } from "./identity-file.ts";
import {
  type MemberOutcome,
  type MemberResult,
  outcomeOf,
  readMember,
  weightsSaver,
  writeMember,
} from "./member-files.ts";
import {
  chosenFolds,
  type FoldChoice,
  foldsOfMember,
  type MemberFolds,
  stepsPerEpoch,
} from "./member-folds.ts";
import type { ProgressEvent } from "./member-progress.ts";
import type { MemberPayload, TimedMember } from "./member-task.ts";
import type { TrainingFolds } from "./programs.ts";
import { trainMember } from "./train-member.ts";
import { runJobs } from "./worker-pool.ts";

/** Folds that worker processes can open for themselves: a `FoldYielder`. */
export interface SendableFolds extends TrainingFolds {
  /** What a worker process needs to open the same folds. */
  toSpec(): FoldYielderSpec;
}

/** How an ensemble is trained. */
export interface TrainingOptions extends FoldChoice {
  readonly memberCount: number;
  readonly epochs: number;
  readonly batchSize: number;
  /** Rules all random numbers; the same seed gives the same bytes for any number of workers. */
  readonly seed: number;
  /** Worker processes; 0 trains in this one. Default 0. */
  readonly workers?: number;
  /** Objects with hooks need `workers: 0`; they are used for one member after the other. */
  readonly callbacks?: readonly (CallbackSpec | Callback)[];
  /** Early stopping after so many epochs without improvement; absent: none. */
  readonly patience?: number;
  /** End with the weights of the epoch with the lowest validation loss. Default true. */
  readonly keepBest?: boolean;
  /** Where members are written as soon as they are finished; those that are there already are kept. */
  readonly outputDirectory?: string;
  /**
   * Go on with the training in the output directory: members that it had begun go on from their checkpoints, and
   * a directory of another training is refused with what differs. Default false: such members begin again.
   */
  readonly resume?: boolean;
  /** Least time between two checkpoints of a member; 0: at the end of every fold. Default 5. */
  readonly checkpointSeconds?: number;
  /**
   * What trains the members, or several devices in the order of preference: the first that works here trains all of
   * them. Default "cpu". The last digits of the weights differ from device to device.
   */
  readonly device?: Device | readonly Device[];
  /** What paths of user modules are relative to. Default: the working folder. */
  readonly baseDirectory?: string;
  /** Called as the members go on. */
  onProgress?(event: ProgressEvent): void;
  /** Called when a member starts, ends or fails. */
  onEvent?(event: TrainingEvent): void;
  readonly signal?: AbortSignal;
}

/** Things that happen now and then while an ensemble is trained. */
export type TrainingEvent =
  | { readonly kind: "memberKept"; readonly member: number; readonly result: MemberResult }
  | {
      /** It goes on from a checkpoint. */
      readonly kind: "memberResumed";
      readonly member: number;
      readonly epoch: number;
      /** Steps done, of `stepCount`. */
      readonly step: number;
      readonly stepCount: number;
    }
  | {
      /** There will be no checkpoints, because a callback cannot say what it remembers. */
      readonly kind: "notResumable";
      readonly callback: string;
      readonly message: string;
    }
  | {
      readonly kind: "memberFinished";
      readonly member: number;
      readonly result: MemberResult;
      readonly seconds: number;
    }
  | {
      readonly kind: "workerLost";
      readonly member: number;
      /** For example "SIGKILL". */
      readonly reason: string;
      readonly restarted: boolean;
      readonly message: string;
    };

/** Wall-clock time of a member's training; none for one that was kept from an earlier run. */
export interface MemberTiming {
  readonly member: number;
  readonly seconds: number | undefined;
  /** Step at which this process took it up: above 0 where it went on from a checkpoint. */
  readonly firstStep: number;
}

/** All members in order, and their times, which are no part of the results. */
export interface TrainedMembers {
  readonly outcomes: readonly MemberOutcome[];
  readonly timings: readonly MemberTiming[];
}

/** Trains the members; see `foldTrainEnsemble`, which makes an `Ensemble` of them. */
export async function trainMembers(
  folds: SendableFolds,
  builder: ModelBuilder,
  options: TrainingOptions,
): Promise<TrainedMembers> {
  checkOptions(options);
  return new MembersRun(folds, builder, options).run();
}

class MembersRun {
  readonly #folds: SendableFolds;
  readonly #builder: ModelBuilder;
  readonly #options: TrainingOptions;
  readonly #callbacks: readonly (CallbackSpec | Callback)[];
  readonly #baseDirectory: string;
  readonly #outcomes: MemberOutcome[] = [];
  readonly #seconds: (number | undefined)[] = [];
  readonly #lastEvents = new Map<number, ProgressEvent>();
  readonly #firstSteps = new Map<number, number>();
  #fingerprint: string | undefined;
  #device: Device = "cpu";

  constructor(folds: SendableFolds, builder: ModelBuilder, options: TrainingOptions) {
    const { callbacks = [], patience } = options;
    this.#folds = folds;
    this.#builder = builder;
    this.#options = options;
    this.#callbacks = patience === undefined ? callbacks : [...callbacks, earlyStopping({ patience })];
    this.#baseDirectory = options.baseDirectory ?? process.cwd();
  }

  async run(): Promise<TrainedMembers> {
    const { memberCount, batchSize, workers = 0, device = "cpu" } = this.#options;
    const members = Array.from({ length: memberCount }, (_, member) => member);
    for (const member of members) {
      const { foldCount } = this.#folds;
      const { trainingFolds } = this.#foldsOf(member) ?? foldsOfMember(member, foldCount);
      stepsPerEpoch(this.#folds.foldSizes, trainingFolds, batchSize);
    }
    this.#device = await chooseDevice({ device });
    const missing = await this.#keepFinished(members);
    if (workers > 0) await this.#trainInWorkers(missing);
    else for (const member of missing) await this.#trainHere(member);
    return {
      outcomes: this.#outcomes,
      timings: members.map((member) => ({
        member,
        seconds: this.#seconds[member],
        firstStep: this.#firstSteps.get(member) ?? 0,
      })),
    };
  }

  /** Takes what the output directory has; returns the members still to be trained. */
  async #keepFinished(members: readonly number[]): Promise<number[]> {
    const { outputDirectory, resume = false, onEvent } = this.#options;
    if (outputDirectory === undefined) return [...members];
    const identity = this.#identity();
    this.#fingerprint = identity && fingerprintOf(identity);
    if (resume) {
      removeTemporaryFiles(join(outputDirectory, "members"));
      if (identity) await checkIdentity(outputDirectory, identity);
    }
    const missing: number[] = [];
    for (const member of members) {
      const outcome = await readMember(outputDirectory, member, this.#builder, this.#fingerprint);
      if (outcome) {
        this.#outcomes[member] = outcome;
        onEvent?.({ kind: "memberKept", member, result: outcome.result });
      } else missing.push(member);
      if (outcome || !resume) await removeCheckpoint(outputDirectory, member);
    }
    await writeIdentity(outputDirectory, identity);
    if (missing.length > 0) await this.#tellUnresumable();
    return missing;
  }

  /** Undefined when something is an object of this process, which cannot be compared with an earlier run's. */
  #identity(): TrainingIdentity | undefined {
    const { epochs, batchSize, seed, keepBest = true } = this.#options;
    const { excludedFolds = [], disjointFolds = false, memberCount } = this.#options;
    if (!this.#callbacks.every(isCallbackSpec)) return undefined;
    try {
      // Neither where the events lie nor how they are kept in memory matters.
      const { path: _, cacheBytes: __, readAhead: ___, ...folds } = this.#folds.toSpec();
      const settings = {
        ...{ epochs, batchSize, seed, keepBest, device: this.#device },
        ...(excludedFolds.length > 0 ? { excludedFolds: [...excludedFolds].sort((a, b) => a - b) } : {}),
        // Who has which folds depends on how many they are.
        ...(disjointFolds ? { disjointFolds, memberCount } : {}),
        callbacks: sendableCallbacks(this.#callbacks, this.#baseDirectory),
        model: this.#builder.toSpec(),
        folds,
      };
      return trainingIdentity(settings, this.#folds);
    } catch (error) {
      if (error instanceof ConfigurationError) return undefined;
      throw error;
    }
  }

  async #tellUnresumable(): Promise<void> {
    const callbacks = await makeCallbacks(this.#callbacks, this.#baseDirectory);
    const callback = callbacks.find((each) => !isResumable(each))?.name;
    if (callback === undefined) return;
    const message = `callback "${callback}" has hooks but no state(): there are no checkpoints, and a member that is interrupted begins again from its start.`;
    this.#options.onEvent?.({ kind: "notResumable", callback, message });
  }

  /** Undefined where a member cannot go on later. */
  #checkpoints(): CheckpointSettings | undefined {
    const { outputDirectory, checkpointSeconds = defaultCheckpointSeconds } = this.#options;
    if (outputDirectory === undefined || this.#fingerprint === undefined) return undefined;
    return { directory: outputDirectory, fingerprint: this.#fingerprint, seconds: checkpointSeconds };
  }

  async #trainHere(member: number): Promise<void> {
    const started = performance.now();
    const { outputDirectory, signal } = this.#options;
    const checkpoints = this.#checkpoints();
    const callbacks = await makeCallbacks(this.#callbacks, this.#baseDirectory);
    const trained = await trainMember(this.#folds, this.#builder, callbacks, this.#settings(member), {
      onProgress: (event) => this.#progress(event),
      signal,
      checkpoints: checkpoints && new CheckpointFile(checkpoints, member),
      save: weightsSaver(outputDirectory, member, this.#builder),
    });
    await this.#finish({ trained, seconds: (performance.now() - started) / 1000 });
  }

  async #trainInWorkers(members: readonly number[]): Promise<void> {
    const { workers = 0, outputDirectory, signal, onEvent } = this.#options;
    const shared = {
      callbacks: sendableCallbacks(this.#callbacks, this.#baseDirectory),
      model: this.#builder.toSpec(),
      folds: this.#folds.toSpec(),
      outputDirectory,
      checkpoints: this.#checkpoints(),
    };
    const module = compiledFile("member-task", import.meta.url).href;
    const jobs = members.map((member) => {
      const payload: MemberPayload = { ...shared, settings: this.#settings(member) };
      return { module, name: "trainMemberTask", payload };
    });
    await runJobs<ProgressEvent, TimedMember>(jobs, {
      workers,
      signal,
      nameOf: (job) => `member ${members[job]}`,
      onMessage: (_, event) => this.#progress(event),
      onResult: (_, timed) => this.#finish(timed),
      onLost: ({ job, reason, restarted }) => {
        const member = members[job]!;
        const next = restarted ? "It starts again in a new process." : "It is given up.";
        const message = `the worker process of member ${member} died (${reason}). ${next}`;
        onEvent?.({ kind: "workerLost", member, reason, restarted, message });
      },
    });
  }

  /** Passes events on, a member's last one only when the member is written: "finished" means that it is safe. */
  #progress(event: ProgressEvent): void {
    const { member, epoch, step, stepCount, firstStep = 0 } = event;
    if (firstStep > 0 && this.#firstSteps.get(member) !== firstStep) {
      this.#firstSteps.set(member, firstStep);
      this.#options.onEvent?.({ kind: "memberResumed", member, epoch, step, stepCount });
    }
    if (event.finished) this.#lastEvents.set(event.member, event);
    else this.#options.onProgress?.(event);
  }

  #settings(member: number): MemberPayload["settings"] {
    const { seed, epochs, batchSize, keepBest = true } = this.#options;
    const folds = this.#foldsOf(member);
    const settings = { member, seed, epochs, batchSize, keepBest, device: this.#device };
    return folds === undefined ? settings : { ...settings, folds };
  }

  #foldsOf(member: number): MemberFolds | undefined {
    return chosenFolds(member, this.#folds.foldCount, this.#options);
  }

  async #finish({ trained, seconds }: TimedMember): Promise<void> {
    const { outputDirectory, onEvent } = this.#options;
    const outcome = outcomeOf(trained, this.#builder);
    const { member } = outcome.result;
    if (outputDirectory !== undefined) {
      await writeMember(outputDirectory, outcome, this.#fingerprint);
      await removeCheckpoint(outputDirectory, member);
    }
    this.#outcomes[member] = outcome;
    this.#seconds[member] = seconds;
    const last = this.#lastEvents.get(member);
    if (last !== undefined) this.#options.onProgress?.(last);
    onEvent?.({ kind: "memberFinished", member, result: outcome.result, seconds });
  }
}

function checkOptions(options: TrainingOptions): void {
  const { memberCount, epochs, batchSize, seed, workers = 0, resume, outputDirectory } = options;
  const { checkpointSeconds = defaultCheckpointSeconds } = options;
  const counts = { memberCount, epochs, batchSize };
  for (const [name, value] of Object.entries(counts)) {
    if (!(Number.isInteger(value) && value >= 1)) {
      throw new ConfigurationError(
        `foldTrainEnsemble: ${name} is ${value}; give a whole number, at least 1.`,
      );
    }
  }
  if (!(Number.isInteger(workers) && workers >= 0)) {
    throw new ConfigurationError(
      `foldTrainEnsemble: workers is ${workers}; give a whole number, 0 to train in this process.`,
    );
  }
  if (resume && outputDirectory === undefined) {
    throw new ConfigurationError(
      "foldTrainEnsemble: resume needs the outputDirectory of the training to go on with.",
    );
  }
  if (!(checkpointSeconds >= 0 && Number.isFinite(checkpointSeconds))) {
    throw new ConfigurationError(
      `foldTrainEnsemble: checkpointSeconds is ${checkpointSeconds}; give the seconds between two checkpoints, 0 for one at the end of every fold.`,
    );
  }
  if (!Number.isSafeInteger(seed)) {
    throw new ConfigurationError(`foldTrainEnsemble: seed is ${seed}; give a whole number.`);
  }
}
