/** What the transforms of a plan have in common: they change a block of events in place. */
import type { Stream } from "../../array/random.ts";
import type { Invariant } from "./transforms.ts";

/** Events as transforms change them. */
export interface EventBlock {
  readonly eventCount: number;
  /** `[events, features]` as stored, scaled and with NaN where missing; changed in place. */
  readonly features: Float32Array;
  /** A further column of the fold file, for these events. */
  column(name: string): ArrayLike<number>;
}

/** Random numbers of an event by its place in the block. */
export type StreamOf = (event: number) => Stream;

/** A transform that is no symmetry: it draws in training, and in the views of prediction if there are some. */
export interface DrawnStep {
  readonly kind: "smearing" | "variation" | "dropping" | "function";
  readonly views: number;
  readonly keeps: readonly Invariant[];
  /** The columns that it may change. */
  readonly changes: readonly number[];
  /**
   * Changes the events in place.
   *
   * @param view which further view of prediction (1, 2, …); undefined in training.
   */
  change(block: EventBlock, streamOf: StreamOf, view: number | undefined): void;
}

/** The units of features: physical = stored · deviation + mean. */
export interface Units {
  readonly names: readonly string[];
  /** How many of them are continuous; categories come behind them and are never changed. */
  readonly continuousCount: number;
  readonly means: Float64Array;
  readonly deviations: Float64Array;
}

/** All columns of a name: one, or two where a matrix repeats a flat feature. */
export function columnsNamed({ names, continuousCount }: Units, name: string): number[] {
  const found: number[] = [];
  for (let f = 0; f < continuousCount; f++) if (names[f] === name) found.push(f);
  return found;
}
