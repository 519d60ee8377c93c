/** Forests of feature selection: the events, what a forest is grown with, how it is scored. */
import type { Numbers, Stream } from "../array/index.ts";
import { DataError } from "../errors/index.ts";
import { meanAuc, rocAuc } from "../metrics/index.ts";
import { type Columns, type TreeEnsemble, type TreeTask, trainForest } from "../trees/index.ts";

/** Events by features. */
export interface FeatureEvents {
  readonly names: readonly string[];
  /** One array a feature; NaN: missing. */
  readonly columns: Columns;
  /** Features whose values are categories: whole numbers from 0. */
  readonly categorical?: readonly string[];
  /** Class numbers 0, 1, …, or the numbers of a regression. */
  readonly targets: Numbers;
  /** Event weights of any sign. Default: all 1. */
  readonly weights?: Numbers | undefined;
}

/** What forests learn from, and other events that score them. */
export interface SelectionEvents {
  readonly task: TreeTask;
  readonly training: FeatureEvents;
  readonly held: FeatureEvents;
}

/** What every forest of a selection is grown with. */
export interface SelectionForest {
  /** Default 40. */
  readonly trees: number;
  /** Least number of events in a leaf, each of the mean |w|. */
  readonly minLeafEvents: number;
  /** Features tried a split. */
  readonly maxFeatures: "sqrt" | { readonly part: number };
}

/** Forests before anything was optimised. */
export const defaultSelectionForest: SelectionForest = {
  trees: 40,
  minLeafEvents: 3,
  maxFeatures: { part: 0.5 },
};

/** A forest on some of the features. */
export function growSelectionForest(
  events: FeatureEvents,
  task: TreeTask,
  forest: SelectionForest,
  seed: number,
): TreeEnsemble {
  const { names, columns, categorical = [], targets, weights } = events;
  return trainForest(
    { columns, targets, weights },
    {
      task,
      featureNames: names,
      categorical: categorical.map((name) => names.indexOf(name)),
      trees: forest.trees,
      maxFeatures: forest.maxFeatures,
      minLeafWeight: forest.minLeafEvents * meanSize(weights),
      seed,
    },
  ).model;
}

/**
 * How good predictions are, 1 at best: the weighted area under the ROC curve for two classes, the mean of the areas of
 * each class against the rest for several, and R² = 1 − Σ w (y − p)² / Σ w (y − ȳ)² for a regression.
 */
export function selectionScore(
  task: TreeTask,
  predictions: Float64Array,
  targets: Numbers,
  weights?: Numbers,
): number {
  switch (task) {
    case "binary":
      return rocAuc(predictions, targets, weights);
    case "multiclass":
      return meanAuc({ predictions, classCount: predictions.length / targets.length, targets, weights });
    case "regression":
      return explainedShare(predictions, targets, weights);
  }
}

/**
 * R², 1 − Σ w (y − p)² / Σ w (y − ȳ)²; of class probabilities `[events, classes]` the same of the class indicators
 * (Brier skill). NaN where the targets do not vary.
 */
export function explainedShare(predictions: Float64Array, targets: Numbers, weights?: Numbers): number {
  const outputs = predictions.length / targets.length;
  const value = (event: number, k: number): number =>
    outputs === 1 ? targets[event]! : Number(targets[event] === k);
  let residual = 0;
  let variance = 0;
  for (let k = 0; k < outputs; k++) {
    let sum = 0;
    let total = 0;
    for (let i = 0; i < targets.length; i++) {
      const w = weights ? weights[i]! : 1;
      total += w;
      sum += w * value(i, k);
    }
    const mean = sum / total;
    for (let i = 0; i < targets.length; i++) {
      const w = weights ? weights[i]! : 1;
      residual += w * (value(i, k) - predictions[i * outputs + k]!) ** 2;
      variance += w * (value(i, k) - mean) ** 2;
    }
  }
  return variance > 0 ? 1 - residual / variance : Number.NaN;
}

/** The events with some of their features, in the order of the names. */
export function withFeatures(events: FeatureEvents, names: readonly string[]): FeatureEvents {
  return {
    ...events,
    names,
    columns: names.map((name) => {
      const place = events.names.indexOf(name);
      if (place < 0) throw new DataError(`withFeatures: there is no feature "${name}".`);
      return events.columns[place]!;
    }),
    categorical: (events.categorical ?? []).filter((name) => names.includes(name)),
  };
}

/** Some of the events; one may come several times. */
export function withEvents(events: FeatureEvents, rows: ArrayLike<number>): FeatureEvents {
  const pick = (values: Numbers): Float64Array => Float64Array.from(rows, (row) => values[row]!);
  return {
    ...events,
    columns: events.columns.map(pick),
    targets: pick(events.targets),
    weights: events.weights && pick(events.weights),
  };
}

/** The events in two parts at random, the second with the given share of each class. */
export function splitFeatureEvents(
  task: TreeTask,
  events: FeatureEvents,
  heldShare: number,
  stream: Stream,
): SelectionEvents {
  const groups = new Map<number, number[]>();
  for (const event of stream.permutation(events.targets.length)) {
    const key = task === "regression" ? 0 : events.targets[event]!;
    const group = groups.get(key);
    if (group) group.push(event);
    else groups.set(key, [event]);
  }
  const training: number[] = [];
  const held: number[] = [];
  for (const key of [...groups.keys()].sort((a, b) => a - b)) {
    const group = groups.get(key)!;
    const heldCount = Math.round(group.length * heldShare);
    held.push(...group.slice(0, heldCount));
    training.push(...group.slice(heldCount));
  }
  const rising = (rows: number[]): Int32Array => Int32Array.from(rows).sort();
  return {
    task,
    training: withEvents(events, rising(training)),
    held: withEvents(events, rising(held)),
  };
}

/** Mean and standard error of repeated scores; the error of a single one is NaN. */
export interface RepeatedScore {
  readonly mean: number;
  readonly standardError: number;
}

/** Mean of the values and the standard error of that mean. */
export function repeatedScore(values: Numbers): RepeatedScore {
  const count = values.length;
  let sum = 0;
  for (let i = 0; i < count; i++) sum += values[i]!;
  const mean = sum / count;
  let squares = 0;
  for (let i = 0; i < count; i++) squares += (values[i]! - mean) ** 2;
  return { mean, standardError: Math.sqrt(squares / (count - 1) / count) };
}

/** Score of forests on some of the features, on the held events; forest r has the seed `seed + r`. */
export function scoreFeatures(
  { task, training, held }: SelectionEvents,
  names: readonly string[],
  forest: SelectionForest,
  forestCount: number,
  seed: number,
): RepeatedScore {
  const [own, others] = [withFeatures(training, names), withFeatures(held, names)];
  const scores = Array.from({ length: forestCount }, (_, r) =>
    selectionScore(
      task,
      growSelectionForest(own, task, forest, seed + r).predict(others.columns),
      held.targets,
      held.weights,
    ),
  );
  return repeatedScore(scores);
}

function meanSize(weights: Numbers | undefined): number {
  if (weights === undefined) return 1;
  let [sum, count] = [0, 0];
  for (let i = 0; i < weights.length; i++) {
    if (weights[i] === 0) continue;
    sum += Math.abs(weights[i]!);
    count++;
  }
  return count > 0 ? sum / count : 1;
}
