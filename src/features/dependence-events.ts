/** Events along whose features dependences and effects are asked for, with the way to physical units. */
import type { Scaler } from "../data/index.ts";
import { unknownName } from "../errors/index.ts";

/** Events whose features are set: `{ ...folds.getFold(0), features: folds.features, scaler: folds.scaler }`. */
export interface DependenceEvents {
  /** Names of the columns of the inputs. */
  readonly features: readonly string[];
  /** Pre-processed inputs [events, features]. */
  readonly inputs: Float32Array;
  /** [events], of any sign; absent: all 1. */
  readonly weights?: Float32Array | undefined;
  /** Of the continuous features, which come first: values are in physical units. Absent: as the inputs are. */
  readonly scaler?: Scaler | undefined;
}

/** One feature of the events. */
export interface FeatureColumn {
  readonly column: number;
  /** Whether the values are codes of categories. */
  readonly isCode: boolean;
  /** As the model takes them, [events]. */
  readonly own: Float64Array;
  toPhysical(stored: number): number;
  toStored(physical: number): number;
}

/** @throws UnknownNameError for an unknown feature. */
export function featureColumn(
  { features, inputs, scaler }: DependenceEvents,
  feature: string,
): FeatureColumn {
  const column = features.indexOf(feature);
  if (column < 0) throw unknownName("feature", feature, features);
  const deviation = scaler?.standardDeviations[column] ?? 1;
  const offset = scaler?.means[column] ?? 0;
  const own = new Float64Array(inputs.length / features.length);
  for (let i = 0; i < own.length; i++) own[i] = inputs[i * features.length + column]!;
  return {
    column,
    isCode: scaler !== undefined && column >= scaler.means.length,
    own,
    toPhysical: (stored) => stored * deviation + offset,
    toStored: (physical) => (physical - offset) / deviation,
  };
}
