/** Callbacks that change the events of a fold: `Bootstrap`, `TargetReplacement` and `WeightFunction`. */
import { loadModule, type ModuleReference } from "../data/user-module.ts";
import { ConfigurationError, DataError } from "../errors/index.ts";
import type { Callback } from "./callback.ts";
import { mapColumns, takeRows } from "./columns.ts";
import type { FoldArrays } from "./programs.ts";

/** Options of `Bootstrap`. */
export interface BootstrapOptions {
  /** A new draw in every epoch; else each member has one draw of its own a fold. Default false. */
  readonly everyEpoch?: boolean;
  /** Weights are scaled so that each class keeps its sum of weights. Default true. */
  readonly restoreSums?: boolean;
}

/**
 * Each training fold is drawn anew from its own events, with replacement: members see different data. Classes
 * are the values of a single target; several targets are one class. A class whose sum of weights cannot be
 * restored (it was not drawn, or its drawn sum has another sign) keeps its weights.
 */
export function bootstrapCallback(options: BootstrapOptions = {}): Callback {
  const { everyEpoch = false, restoreSums = true } = options;
  return {
    name: "Bootstrap",
    events: (events, { purpose, fold, epoch, stream }) => {
      if (purpose !== "training") return events;
      const { eventCount, featureCount, targetCount, inputs, targets, weights, columns } = events;
      const random = everyEpoch ? stream(fold, epoch) : stream(fold);
      const rows = Int32Array.from({ length: eventCount }, () => random.integer(eventCount));
      const drawn: FoldArrays = {
        ...events,
        inputs: takeRows(inputs, rows, featureCount),
        targets: takeRows(targets, rows, targetCount),
        weights: weights && takeRows(weights, rows, 1),
        ...(columns ? { columns: mapColumns(columns, (column) => takeRows(column, rows, 1)) } : {}),
      };
      return restoreSums ? withSumsOf(events, drawn) : drawn;
    },
  };
}

/** Options of `TargetReplacement`. */
export interface TargetReplacementOptions {
  /** Columns of the fold file, one a target of the network. */
  readonly columns: readonly string[];
}

/** Other columns of the fold file take the place of the targets, in training and validation. */
export function targetReplacementCallback({ columns }: TargetReplacementOptions): Callback {
  if (!(Array.isArray(columns) && columns.length > 0)) {
    throw new ConfigurationError('TargetReplacement: give the columns as a list, such as columns: ["mass"].');
  }
  return {
    name: "TargetReplacement",
    columns,
    events: (events) => {
      const targetCount = columns.length;
      const targets = new Float32Array(events.eventCount * targetCount);
      for (const [j, name] of columns.entries()) {
        for (const [i, value] of events.columns![name]!.entries()) targets[i * targetCount + j] = value;
      }
      return { ...events, targets, targetCount };
    },
  };
}

/** Weights of the events of a fold, from all that is known of them; the arrays are not to be changed. */
export type WeightsOfEvents = (
  events: FoldArrays & { readonly weights: Float32Array },
  options: unknown,
) => Float32Array;

/** Options of `WeightFunction`. */
export interface WeightFunctionOptions {
  /** The function (`WeightsOfEvents`), by the module that exports it. */
  readonly function: ModuleReference;
  /** The validation fold gets these weights as well. Default false. */
  readonly inValidation?: boolean;
}

/** Training with weights that a function works out; their mean over the training folds is divided out. */
export async function weightFunctionCallback(
  options: WeightFunctionOptions,
  baseDirectory?: string,
): Promise<Callback> {
  const { function: reference, inValidation = false } = options;
  const weightsOf = (await loadModule(reference, baseDirectory)) as WeightsOfEvents;
  return {
    name: "WeightFunction",
    events: (events, { purpose, fold }) => {
      if (purpose === "validation" && !inValidation) return events;
      const { eventCount } = events;
      const before = events.weights ?? new Float32Array(eventCount).fill(1);
      const weights = weightsOf({ ...events, weights: before }, reference.options);
      if (!(weights instanceof Float32Array && weights.length === eventCount)) {
        throw new DataError(
          `WeightFunction: "${reference.name}" must return a Float32Array with a weight for each of the ${eventCount} events of fold ${fold}.`,
        );
      }
      return { ...events, weights };
    },
  };
}

/** The drawn events with weights that sum up to those of the given ones, class by class. */
function withSumsOf(events: FoldArrays, drawn: FoldArrays): FoldArrays {
  const classOf = ({ targets, targetCount }: FoldArrays, row: number): number =>
    targetCount === 1 && Number.isInteger(targets[row]) ? targets[row]! : 0;
  const sums = (of: FoldArrays): Map<number, number> => {
    const total = new Map<number, number>();
    for (let i = 0; i < of.eventCount; i++) {
      const key = classOf(of, i);
      total.set(key, (total.get(key) ?? 0) + (of.weights?.[i] ?? 1));
    }
    return total;
  };
  const [wanted, came] = [sums(events), sums(drawn)];
  const weights = new Float32Array(drawn.eventCount);
  for (let i = 0; i < weights.length; i++) {
    const key = classOf(drawn, i);
    const factor = wanted.get(key)! / came.get(key)!;
    weights[i] = (drawn.weights?.[i] ?? 1) * (factor > 0 && Number.isFinite(factor) ? factor : 1);
  }
  return { ...drawn, weights };
}
