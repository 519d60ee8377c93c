/** What the fit loop needs of a network and of its data: the two seams between training and the rest. */
import type { Stream } from "../array/index.ts";
import type { ModelBuilder } from "../model/index.ts";

/** A network that can be trained: the part of a `ModelBuilder` that the fit loop uses. */
export type Trainable = Pick<
  ModelBuilder,
  | "initialState"
  | "compileTraining"
  | "compileEvaluation"
  | "evaluationParameters"
  | "replaceParameters"
  | "learningRate"
  | "momentum"
>;

/** Events of one fold, as `FoldYielder` gives them. */
export interface FoldArrays {
  readonly eventCount: number;
  readonly featureCount: number;
  /** `[events, features]`, row-major. */
  readonly inputs: Float32Array;
  readonly targetCount: number;
  /** `[events, targets]`. */
  readonly targets: Float32Array;
  readonly weights: Float32Array | undefined;
  /** Further columns that callbacks asked for, `[events]` each, by name. */
  readonly columns?: Readonly<Record<string, Float32Array>>;
}

/** The part of a `FoldYielder` that the fit loop uses. */
export interface TrainingFolds {
  readonly foldCount: number;
  readonly foldSizes: readonly number[];
  /** Names of the columns of the inputs. */
  readonly features?: readonly string[];
  /** As stored, never augmented. */
  getFold(index: number): FoldArrays;
  /** Randomly augmented where the yielder augments. */
  getTrainingFold(index: number, stream: Stream): FoldArrays;
  /** Begins to read a fold that trains next; resolves when it is there. Undefined: there is nothing to wait for. */
  prefetch?(index: number): Promise<void> | undefined;
  /** A further column of the fold file. */
  getColumn?(
    name: string,
    fold: number,
  ): Float32Array | Float64Array | Int32Array | BigInt64Array | readonly string[];
}
