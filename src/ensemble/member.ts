/** Members of an ensemble: anything that predicts, with a weight and what is known of its training. */
import { ConfigurationError } from "../errors/index.ts";
import { Model } from "../model/index.ts";
import type { MemberResult } from "../train/index.ts";

/** Anything that can be a member: a network, another program's ONNX model, … */
export interface Predictor {
  /** What it is, as `ensemble.json` names it: `network`, `onnx`. */
  readonly kind: string;
  /** Columns of its inputs. */
  readonly featureCount: number;
  /** Outputs for one event. */
  readonly outputCount: number;
  /** Prediction `[events, outputs]` for pre-processed inputs `[events, features]`. */
  predict(inputs: Float32Array, eventCount: number): Promise<Float32Array | Float64Array>;
  /** Writes what it takes to have it again into a folder. */
  save(directory: string): Promise<void>;
  /** Gives the memory of compiled sessions back. */
  release(): Promise<void>;
}

/** What is known of a member besides its predictor and weight: plain data. */
export interface MemberDescription {
  /** Its number in the training; snapshots of one training share it. */
  readonly member: number;
  /** Which weights of the training it has, if not the final ones: `cycle-3`, `average`. */
  readonly snapshot?: string;
  /** Undefined for one that was trained elsewhere. */
  readonly validationLoss?: number | undefined;
  /**
   * The fold that it did not train on, and scores out of fold: `every` for one that saw none of the events,
   * `none` for one that may have seen all.
   */
  readonly validationFold: number | "every" | "none";
  /** The folds that it trained on, where they are not all but the validation fold; it scores the others out of fold. */
  readonly trainingFolds?: readonly number[];
}

/** One of an ensemble. */
export interface EnsembleMember extends MemberDescription {
  readonly model: Predictor;
  /** Share in the prediction; all shares sum to 1. */
  readonly weight: number;
}

/** A name for messages and files: `member2`, `member2.cycle-3`. */
export function memberName({ member, snapshot }: MemberDescription): string {
  return snapshot === undefined ? `member${member}` : `member${member}.${snapshot}`;
}

/** What is known of the folds that a training used. */
export function foldsKnown({
  validationFold,
  trainingFolds,
}: MemberResult): Pick<MemberResult, "trainingFolds" | "validationFold"> {
  return trainingFolds === undefined ? { validationFold } : { validationFold, trainingFolds };
}

/** Whether a member did not train on the events of a fold. */
export function isOutOfFold({ validationFold, trainingFolds }: MemberDescription, fold: number): boolean {
  if (trainingFolds !== undefined) return !trainingFolds.includes(fold);
  return validationFold === fold || validationFold === "every";
}

/**
 * The member's network.
 *
 * @throws ConfigurationError for a member of another kind; `purpose` says what it was needed for.
 */
export function networkOf(member: EnsembleMember, purpose: string): Model {
  if (member.model instanceof Model) return member.model;
  throw new ConfigurationError(
    `${purpose}: ${memberName(member)} is of the kind "${member.model.kind}", not a network of ours. Take it out with ensemble.without(…), or use a run without it.`,
  );
}
