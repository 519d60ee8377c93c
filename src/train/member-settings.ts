/** What a member's training is given and what it gives. */
import type { Device } from "../engine/index.ts";
import type { ModelWeights } from "../model/index.ts";
import type { Checkpoint } from "./checkpoint.ts";
import type { HistoryRow } from "./history.ts";
import type { MemberFolds } from "./member-folds.ts";
import type { ProgressEvent } from "./member-progress.ts";

/** What a member's training is determined by, besides data, network and callbacks. */
export interface MemberSettings {
  /** From 0; unless `folds` says otherwise, it validates on fold `member mod foldCount` and trains on the others. */
  readonly member: number;
  readonly folds?: MemberFolds;
  readonly seed: number;
  readonly epochs: number;
  readonly batchSize: number;
  /** End with the weights of the epoch with the lowest validation loss. Default true. */
  readonly keepBest?: boolean;
  /** What trains it. Default "cpu"; the last digits differ from device to device. */
  readonly device?: Device;
}

/** Where a training finds its checkpoint when it begins, and leaves it at the ends of folds. */
export interface CheckpointStore {
  /** Whether it is time for one. */
  readonly isDue: boolean;
  /** Takes the place of the one before. */
  write(checkpoint: Checkpoint): Promise<void>;
  /** Undefined where there is none that is whole. */
  read(): Promise<Checkpoint | undefined>;
}

/** What goes on around a training and does not change its result. */
export interface MemberSurroundings {
  /** Called as the training goes on. */
  onProgress?(event: ProgressEvent): void;
  readonly signal?: AbortSignal | undefined;
  /** Called for a callback's `save` action. */
  save?(name: string, weights: ModelWeights): Promise<void>;
  /** Where the checkpoint is read and kept; not used when a callback cannot say what it remembers. */
  readonly checkpoints?: CheckpointStore | undefined;
  /** Longest time without progress event or look at the signal, in milliseconds. */
  readonly pieceMilliseconds?: number;
}

/** A trained member: its weights and how it went. */
export interface TrainedMember extends ModelWeights {
  readonly member: number;
  readonly validationFold: number;
  /** Absent: all folds but that one. */
  readonly trainingFolds?: readonly number[];
  /** Loss of the validation fold with the returned weights. */
  readonly validationLoss: number;
  /** Epoch with the lowest validation loss. */
  readonly bestEpoch: number;
  readonly stepCount: number;
  readonly history: readonly HistoryRow[];
  /** Why it ended before the last epoch. */
  readonly stopReason: string | undefined;
  /** What callbacks report, by their names. */
  readonly reports: Readonly<Record<string, unknown>>;
}
