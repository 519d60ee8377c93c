/** The user's own functions on the features of events, in physical units. */
import type { Stream } from "../../array/random.ts";
import { DataError } from "../../errors/index.ts";
import type { DrawnStep, EventBlock, Units } from "./step.ts";

/** Events as a user's function sees them. */
export interface AugmentedEvents {
  readonly eventCount: number;
  /** The continuous features by name, in physical units, NaN where missing; to be changed in place. */
  readonly columns: Readonly<Record<string, Float64Array>>;
}

/** What a user's function is told. */
export interface EventsFunctionContext {
  /** Random numbers for one of the events: the only source that keeps a run reproducible, however folds are cut. */
  streamOf(event: number): Stream;
  /** Which further view of prediction is made (1, 2, …); undefined in training. */
  readonly view: number | undefined;
  /** The options of the transform. */
  readonly options?: unknown;
}

/**
 * Changes the columns of events in place. What it makes NaN goes missing; what is missing stays so. It must not turn
 * vectors where targets are vectors: rotation and reflection do.
 */
export type EventsFunction = (events: AugmentedEvents, context: EventsFunctionContext) => void;

/** The step of a function. */
export function functionStep(
  {
    apply,
    options,
    views = 1,
  }: { readonly apply: EventsFunction; readonly options?: unknown; readonly views?: number | undefined },
  units: Units,
  where: string,
): DrawnStep {
  return {
    kind: "function",
    views,
    keeps: ["targets"],
    changes: Array.from({ length: units.continuousCount }, (_, column) => column),
    change(block, streamOf, view) {
      const columns = physicalColumns(block, units);
      const returned: unknown = apply({ eventCount: block.eventCount, columns }, { streamOf, view, options });
      if (returned !== undefined) {
        throw new DataError(
          `${where}: the function changes columns in place and gives nothing back, but it gave ${returned instanceof Promise ? "a promise" : typeof returned}.`,
        );
      }
      store(block, columns, units);
    },
  };
}

function physicalColumns(
  { eventCount, features }: EventBlock,
  { names, continuousCount, means, deviations }: Units,
): Record<string, Float64Array> {
  const columns: Record<string, Float64Array> = {};
  for (let f = 0; f < continuousCount; f++) {
    const values = new Float64Array(eventCount);
    for (let i = 0, at = f; i < eventCount; i++, at += names.length) {
      values[i] = features[at]! * deviations[f]! + means[f]!;
    }
    columns[names[f]!] ??= values;
  }
  return columns;
}

function store(
  { eventCount, features }: EventBlock,
  columns: Readonly<Record<string, Float64Array>>,
  { names, continuousCount, means, deviations }: Units,
): void {
  for (let f = 0; f < continuousCount; f++) {
    const values = columns[names[f]!]!;
    for (let i = 0, at = f; i < eventCount; i++, at += names.length) {
      if (!Number.isNaN(features[at]!)) features[at] = (values[i]! - means[f]!) / deviations[f]!;
    }
  }
}
