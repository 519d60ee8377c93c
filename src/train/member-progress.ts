/** How far the training of a member is. */
import type { HistoryRow } from "./history.ts";
import { LossRecord, type SavedLosses } from "./loss-record.ts";

/** Where a training is. */
export interface ProgressEvent {
  readonly member: number;
  /** From 1. */
  readonly epoch: number;
  readonly epochCount: number;
  /** Number of the training fold in the file; undefined at the end of an epoch. */
  readonly fold: number | undefined;
  readonly step: number;
  readonly stepCount: number;
  /** Mean over the steps of this epoch so far. */
  readonly trainingLoss: number;
  readonly validationLoss: number | undefined;
  /** The epoch with the best weights so far, their validation loss, and the value by which they were chosen. */
  readonly best:
    | { readonly epoch: number; readonly validationLoss: number; readonly value: number }
    | undefined;
  /** What callbacks measured in the last epoch. */
  readonly metrics?: Readonly<Record<string, number>>;
  readonly learningRate: number;
  /** Step at which this process took the training up: 0, or where the checkpoint was. */
  readonly firstStep?: number;
  /** The member's last event. */
  readonly finished: boolean;
}

/** How far a training is, as plain data. */
export interface SavedProgress {
  readonly epoch: number;
  readonly step: number;
  readonly losses: Float32Array;
  readonly record: SavedLosses;
  readonly validationLoss?: number | undefined;
  readonly best?: ProgressEvent["best"];
  readonly history: readonly HistoryRow[];
  readonly stopReason?: string | undefined;
}

/** The position and the record of one training: moved on by the fit loop, read by everything else. */
export class MemberProgress {
  readonly member: number;
  readonly epochCount: number;
  readonly stepCount: number;
  epoch = 0;
  fold: number | undefined;
  step = 0;
  /** Step at which this process took the training up. */
  firstStep = 0;
  /** Losses of the steps of the last call, or of the fold that just ended. */
  losses: Float32Array = new Float32Array(0);
  /** The losses of this epoch. */
  readonly record: LossRecord = new LossRecord();
  validationLoss: number | undefined;
  /** The epoch with the best weights so far. */
  best: ProgressEvent["best"];
  readonly history: HistoryRow[] = [];
  #stopReason: string | undefined;

  constructor(counts: { readonly member: number; readonly epochCount: number; readonly stepCount: number }) {
    this.member = counts.member;
    this.epochCount = counts.epochCount;
    this.stepCount = counts.stepCount;
  }

  /** Ends the training at the next chance; of several reasons the first is kept. */
  stop(reason: string): void {
    this.#stopReason ??= reason;
  }

  get stopReason(): string | undefined {
    return this.#stopReason;
  }

  get isStopped(): boolean {
    return this.#stopReason !== undefined;
  }

  /** What `restore` needs to go on from the end of a fold. */
  saved(): SavedProgress {
    const { epoch, step, losses, validationLoss, best, history, stopReason } = this;
    return { epoch, step, losses, record: this.record.saved(), validationLoss, best, history, stopReason };
  }

  /** Goes on from there. */
  restore(saved: SavedProgress): void {
    this.epoch = saved.epoch;
    this.step = saved.step;
    this.firstStep = saved.step;
    this.losses = saved.losses;
    this.record.restore(saved.record);
    this.validationLoss = saved.validationLoss;
    this.best = saved.best;
    this.history.push(...saved.history);
    this.#stopReason = saved.stopReason;
  }

  /** What is told of it. */
  event(learningRate: number, finished: boolean): ProgressEvent {
    const metrics = this.history.at(-1)?.metrics;
    return {
      member: this.member,
      epoch: this.epoch,
      epochCount: this.epochCount,
      fold: this.fold,
      step: this.step,
      stepCount: this.stepCount,
      trainingLoss: this.record.mean,
      validationLoss: this.validationLoss,
      best: this.best,
      ...(metrics ? { metrics } : {}),
      learningRate,
      firstStep: this.firstStep,
      finished,
    };
  }
}
