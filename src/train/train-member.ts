/** The fit loop: trains one member of an ensemble on all folds but one and validates it on that one. */
import type { TrainingProgram } from "../model/index.ts";
import {
  type Callback,
  type Candidate,
  isResumable,
  type RunContext,
  type TrainingView,
} from "./callback.ts";
import { Candidates } from "./candidates.ts";
import { columnsWanted } from "./columns.ts";
import { graphHooksOf } from "./graph-hooks-of.ts";
import { Hooks } from "./hooks.ts";
import { validationDiverged } from "./loss-record.ts";
import { measured } from "./measured.ts";
import { MemberEvents, meanWeight } from "./member-events.ts";
import { foldsOfMember, stepsPerEpoch } from "./member-folds.ts";
import { MemberProgress } from "./member-progress.ts";
import type {
  CheckpointStore,
  MemberSettings,
  MemberSurroundings,
  TrainedMember,
} from "./member-settings.ts";
import { MemberView } from "./member-view.ts";
import { NetworkState } from "./network-state.ts";
import { PieceLength } from "./piece-length.ts";
import type { Trainable, TrainingFolds } from "./programs.ts";
import { refreshStatistics } from "./refresh-statistics.ts";
import { RunSchedule } from "./run-schedule.ts";
import { saveBestCallback } from "./save-best.ts";
import { type EpochParts, trainEpoch } from "./train-epoch.ts";
import { Turns } from "./turns.ts";
import { Validation } from "./validation.ts";

/**
 * Trains one member. Each epoch visits the training folds in a random order and the events of a fold in a
 * random order, in batches of `batchSize`; what is left over of a fold is dropped, as in LUMIN.
 *
 * Weights are normalised by their mean over the training folds, so that a loss is the mean loss of an event
 * of mean weight. The validation loss is the weighted mean Σw·loss/Σw over the stored, never augmented fold.
 *
 * @throws DataError when a training fold has fewer events than a batch.
 * @throws TrainingError when a loss is not finite.
 * @throws InterruptedError when the signal is aborted.
 */
export async function trainMember(
  folds: TrainingFolds,
  network: Trainable,
  callbacks: readonly Callback[],
  settings: MemberSettings,
  surroundings: MemberSurroundings = {},
): Promise<TrainedMember> {
  const run = new MemberRun(folds, network, callbacks, settings, surroundings);
  return run.train();
}

/** One training from begin to end: puts its parts together and takes them through the epochs. */
class MemberRun {
  readonly #network: Trainable;
  readonly #callbacks: readonly Callback[];
  readonly #settings: MemberSettings;
  readonly #surroundings: MemberSurroundings;
  readonly #validationFold: number;
  readonly #trainingFolds: readonly number[];
  readonly #progress: MemberProgress;
  readonly #schedule: RunSchedule;
  readonly #events: MemberEvents;
  readonly #pieces: PieceLength;
  readonly #turns: Turns;
  readonly #state: NetworkState;
  readonly #candidates = new Candidates();
  readonly #checkpoints: CheckpointStore | undefined;

  constructor(
    folds: TrainingFolds,
    network: Trainable,
    callbacks: readonly Callback[],
    settings: MemberSettings,
    surroundings: MemberSurroundings,
  ) {
    const { member, seed, epochs } = settings;
    this.#network = network;
    this.#callbacks = settings.keepBest === false ? callbacks : [...callbacks, saveBestCallback()];
    this.#settings = settings;
    this.#surroundings = surroundings;
    const { validationFold, trainingFolds } = settings.folds ?? foldsOfMember(member, folds.foldCount);
    this.#validationFold = validationFold;
    this.#trainingFolds = trainingFolds;
    const steps = stepsPerEpoch(folds.foldSizes, trainingFolds, settings.batchSize);
    this.#progress = new MemberProgress({ member, epochCount: epochs, stepCount: steps * epochs });
    this.#schedule = new RunSchedule(callbacks, {
      epochCount: epochs,
      stepsPerEpoch: steps,
      learningRate: network.learningRate,
      momentum: network.momentum,
    });
    this.#events = new MemberEvents(folds, this.#callbacks, settings);
    this.#pieces = new PieceLength(surroundings.pieceMilliseconds);
    this.#turns = new Turns(this.#progress, this.#schedule, surroundings);
    this.#state = new NetworkState(network, network.initialState(seed, member));
    this.#checkpoints = this.#callbacks.every(isResumable) ? surroundings.checkpoints : undefined;
  }

  async train(): Promise<TrainedMember> {
    const validationEvents = this.#events.stored(this.#validationFold, "validation");
    const validationWeights = this.#events.weightsOf(validationEvents);
    await this.#turns.give({ silent: true });
    const { device = "cpu" } = this.#settings;
    const program = await this.#network.compileTraining({
      device,
      batchSize: this.#settings.batchSize,
      meanWeight: this.#events.meanWeight(this.#trainingFolds),
      graphHooks: graphHooksOf(this.#callbacks, (name) => ({
        ...this.#runContext(name),
        epochCount: this.#progress.epochCount,
        stepsPerEpoch: this.#progress.stepCount / this.#progress.epochCount,
      })),
      columns: columnsWanted(this.#callbacks),
    });
    const evaluation = await this.#network.compileEvaluation({
      device,
      meanWeight: meanWeight(validationWeights, `validation fold ${this.#validationFold}`),
    });
    const validation = new Validation(evaluation, validationEvents, validationWeights, this.#turns);
    let validationLoss: number;
    try {
      validationLoss = await this.#fit(program, validation);
    } finally {
      await program.release();
      await evaluation.release();
    }
    this.#turns.report({ finished: true });
    return {
      member: this.#settings.member,
      validationFold: this.#validationFold,
      ...(this.#settings.folds === undefined ? {} : { trainingFolds: this.#trainingFolds }),
      validationLoss,
      bestEpoch: this.#progress.best?.epoch ?? this.#progress.epoch,
      stepCount: this.#progress.step,
      history: this.#progress.history,
      stopReason: this.#progress.stopReason,
      reports: this.#reports(),
      ...this.#state.weights(),
    };
  }

  /** All epochs; gives the validation loss of the weights at the end. */
  async #fit(program: TrainingProgram, validation: Validation): Promise<number> {
    const progress = this.#progress;
    const view = this.#view(program, validation);
    const hooks = this.#hooks(view);
    const parts: EpochParts = {
      program,
      network: this.#state,
      events: this.#events,
      schedule: this.#schedule,
      progress,
      hooks,
      pieces: this.#pieces,
      turns: this.#turns,
      trainingFolds: this.#trainingFolds,
      batchSize: this.#settings.batchSize,
      seed: this.#settings.seed,
      survivesDivergence: this.#survivesDivergence,
      foldEnded: (done) => this.#keepCheckpoint(done),
    };
    let foldsDone = await this.#resume();
    if (foldsDone === undefined) {
      await this.#chooseStart();
      await hooks.call("onTrainBegin");
    }
    while (foldsDone !== undefined || (progress.epoch < progress.epochCount && !progress.isStopped)) {
      this.#candidates.clear();
      await trainEpoch(parts, foldsDone);
      foldsDone = undefined;
      const loss = await validation.lossOf(this.#state.weights());
      progress.validationLoss = loss;
      const lowest = await this.#compare(loss, view);
      this.#keepRecord(loss, lowest, await measured(this.#callbacks, view));
      await hooks.call("onEpochEnd");
      this.#turns.report();
    }
    const { replacements } = this.#state;
    await hooks.call("onTrainEnd");
    if (this.#state.replacements > replacements || progress.validationLoss === undefined)
      progress.validationLoss = await validation.lossOf(this.#state.weights());
    return progress.validationLoss;
  }

  #view(program: TrainingProgram, validation: Validation): MemberView {
    return new MemberView({
      progress: this.#progress,
      schedule: this.#schedule,
      network: this.#state,
      candidates: this.#candidates,
      lossOf: (weights) => validation.lossOf(weights),
      validationPredictions: (weights) => validation.predictionsOf(weights),
      refreshStatistics: (weights) =>
        refreshStatistics(weights, {
          program,
          network: this.#state,
          events: this.#events,
          pieces: this.#pieces,
          turns: this.#turns,
          folds: this.#trainingFolds,
          epoch: this.#progress.epoch,
          batchSize: this.#settings.batchSize,
          momentum: this.#schedule.at(this.#progress.step).momentum,
        }),
    });
  }

  #hooks(view: TrainingView): Hooks {
    return new Hooks(this.#callbacks, view, {
      progress: this.#progress,
      schedule: this.#schedule,
      network: this.#state,
      surroundings: this.#surroundings,
    });
  }

  /** Goes on from the checkpoint, if there is one; gives the number of folds that were done in its epoch. */
  async #resume(): Promise<number | undefined> {
    const checkpoint = await this.#checkpoints?.read();
    if (checkpoint === undefined) return undefined;
    this.#progress.restore(checkpoint.progress);
    this.#state.advance(checkpoint.network);
    this.#schedule.scaleLearningRate(checkpoint.learningRateScale);
    for (const [i, { state }] of checkpoint.callbacks.entries()) {
      // The type of the state is the callback's own affair.
      if (state !== undefined) this.#callbacks[i]!.restore?.(state as never);
    }
    this.#turns.report();
    return checkpoint.foldsDone;
  }

  async #keepCheckpoint(foldsDone: number): Promise<void> {
    if (!this.#checkpoints?.isDue) return;
    await this.#checkpoints.write({
      foldsDone,
      progress: this.#progress.saved(),
      network: this.#state.state,
      learningRateScale: this.#schedule.scale,
      callbacks: this.#callbacks.map(({ name, state }) => ({ name, state: state?.() })),
    });
  }

  async #chooseStart(): Promise<void> {
    for (const { name, initialWeights } of this.#callbacks) {
      if (!initialWeights) continue;
      const weights = await initialWeights({ ...this.#runContext(name), weights: this.#state.weights() });
      this.#state.replaceWeights(weights, name);
    }
  }

  /** What the callback of that name is told before the first step. */
  #runContext(name: string): RunContext {
    return {
      network: this.#network,
      member: this.#settings.member,
      trainingFolds: this.#trainingFolds,
      getFold: (fold) => this.#events.stored(fold, "normalisation"),
      stream: (...key) => this.#events.stream(name, ...key),
    };
  }

  #compare(loss: number, view: TrainingView): Promise<Candidate | undefined> {
    const validated = this.#state.state;
    const network = { loss, weights: () => this.#state.weights(validated) };
    return this.#candidates.compare(network, this.#callbacks, view);
  }

  /** The epoch's row of the history, and whether it is the best so far. */
  #keepRecord(
    validationLoss: number,
    lowest: Candidate | undefined,
    metrics: Readonly<Record<string, number>> | undefined,
  ): void {
    const progress = this.#progress;
    const { epoch, step, best } = progress;
    if (!Number.isFinite(validationLoss) && !this.#survivesDivergence) {
      throw validationDiverged({
        loss: validationLoss,
        lastFinite: best?.validationLoss,
        member: this.#settings.member,
        epoch,
        fold: this.#validationFold,
      });
    }
    if (lowest && lowest.value <= (best?.value ?? Infinity))
      progress.best = { epoch, validationLoss: lowest.loss, value: lowest.value };
    const { alternatives } = this.#candidates;
    progress.history.push({
      epoch,
      step,
      trainingLoss: progress.record.mean,
      validationLoss,
      ...(alternatives === undefined ? {} : { alternatives }),
      ...(metrics === undefined ? {} : { metrics }),
      ...this.#schedule.at(step),
    });
  }

  #reports(): Record<string, unknown> {
    const told = this.#callbacks.filter(({ report }) => report !== undefined);
    return Object.fromEntries(told.map((callback) => [callback.name, callback.report!()]));
  }

  get #survivesDivergence(): boolean {
    return this.#callbacks.some((callback) => callback.survivesDivergence);
  }
}
