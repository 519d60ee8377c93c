/** Gradient boosting of trees, second order. */
import { Stream } from "../array/index.ts";
import { ConfigurationError } from "../errors/index.ts";
import { binFeatures } from "./bins.ts";
import { GradientTreeGrower } from "./grow-gradient-tree.ts";
import { packTree } from "./leaf-finder.ts";
import { objectiveOf } from "./objective.ts";
import {
  checkedOption,
  checkTrainingData,
  type TreeData,
  type TreeTrainingOptions,
  weightedEvents,
} from "./training-data.ts";
import type { Tree } from "./tree.ts";
import { addTrees, linkOf, TreeEnsemble } from "./tree-ensemble.ts";

/** Options of boosting; names and meanings of XGBoost, in full words. */
export interface BoostingOptions extends TreeTrainingOptions {
  /** Trees, or rounds of one tree a class. Default 100. */
  readonly rounds?: number;
  /** Every tree's values are multiplied by this. Default 0.1. */
  readonly learningRate?: number;
  /** Default 6, or without limit when `maxLeaves` is given. */
  readonly maxDepth?: number;
  /** Leaves of a tree; those of largest gain are split first. Default: no limit. */
  readonly maxLeaves?: number;
  /** Least Σ of hessians (w · p(1 − p), or w) of a leaf. Default 1; scale it as the weights. */
  readonly minChildWeight?: number;
  /** L2 penalty on leaf values. Default 1; scale it as the weights. */
  readonly lambda?: number;
  /** Least gain of a split. Default 0; scale it as the weights. */
  readonly gamma?: number;
  /** Part of the events that each tree sees. Default 1. */
  readonly subsample?: number;
  /** Part of the features that each tree sees. Default 1. */
  readonly columnSubsample?: number;
  /** Rounds without a lower validation loss before it stops. Default: never. Needs `validation`. */
  readonly patience?: number;
  /** Events that no tree sees; the rounds up to their lowest loss are kept. */
  readonly validation?: TreeData;
  /** Called after every round. */
  onRound?(round: BoostingRound): void;
}

/** Losses after a round. */
export interface BoostingRound {
  readonly round: number;
  /** Like the next: without validation events neither is computed. */
  readonly trainingLoss: number;
  /** NaN without validation events. */
  readonly validationLoss: number;
}

/** A trained model with how it came about. */
export interface BoostingResult {
  readonly model: TreeEnsemble;
  readonly history: readonly BoostingRound[];
  /** Rounds that were kept. */
  readonly bestRound: number;
}

/**
 * Trains boosted trees: each round fits a tree to the gradients of the loss at the present scores, with leaf values
 * −η G/(H + λ) (Friedman 2001; Chen and Guestrin, arXiv 1603.02754).
 *
 * Negative weights enter with their sign in gradient and hessian; a leaf needs a positive Σ of hessians, at least
 * `minChildWeight`, so the more of a region's weight cancels, the less finely it is divided. The same seed gives the same
 * bytes. Scaling all weights by c changes nothing when `minChildWeight`, `lambda` and `gamma` are scaled by c.
 *
 * @throws {DataError} for unusable events, {ConfigurationError} for options out of range.
 * @example
 * const { model } = trainBoosting({ columns: [[1, 2, 3, 4]], targets: [0, 0, 1, 1] }, { task: "binary", minChildWeight: 0 });
 * model.predict([[1, 4]])[0] < 0.1 // true
 */
export function trainBoosting(data: TreeData, options: BoostingOptions): BoostingResult {
  const { validation, featureNames, seed = 1337, patience, onRound } = options;
  const classCount = checkTrainingData("trainBoosting", data, options);
  const rounds = checkedOption("rounds", options.rounds ?? 100, 1, 1e6, true);
  const maxLeaves = checkedOption("maxLeaves", options.maxLeaves ?? Infinity, 2, Infinity, true);
  const settings = {
    learningRate: checkedOption("learningRate", options.learningRate ?? 0.1, 1e-9, 10),
    maxLeaves,
    maxDepth: checkedOption("maxDepth", options.maxDepth ?? (maxLeaves < Infinity ? 1000 : 6), 1, 1000, true),
    minChildWeight: checkedOption("minChildWeight", options.minChildWeight ?? 1, 0, Infinity),
    lambda: checkedOption("lambda", options.lambda ?? 1, 0, Infinity),
    gamma: checkedOption("gamma", options.gamma ?? 0, 0, Infinity),
  };
  const subsample = checkedOption("subsample", options.subsample ?? 1, 1e-6, 1);
  const columnSubsample = checkedOption("columnSubsample", options.columnSubsample ?? 1, 1e-6, 1);
  if (patience !== undefined && validation === undefined) {
    throw new ConfigurationError(
      "trainBoosting: patience needs validation events. Give `validation`, or leave it out.",
    );
  }
  const { columns, targets, weights } = data;
  const { task } = options;
  const objective = objectiveOf(task, targets, weights, classCount);
  const { outputs, base } = objective;
  const binned = binFeatures(columns, {
    weights,
    categorical: options.categorical ?? [],
    maxBins: checkedOption("maxBins", options.maxBins ?? 255, 2, 255, true),
  });
  const grower = new GradientTreeGrower(binned, settings);
  const usable = weightedEvents(data);
  const scores = repeated(base, targets.length);
  const validationScores = validation && repeated(base, validation.targets.length);
  if (validation) checkTrainingData("trainBoosting: validation", validation, { task });
  const roundScores = outputs > 1 ? new Float64Array(scores.length) : scores;
  const allFeatures = Int32Array.from(columns.keys());
  const trees: Tree[] = [];
  const history: BoostingRound[] = [];
  let bestRound = rounds;
  let bestLoss = Infinity;
  for (let round = 1; round <= rounds; round++) {
    const stream = new Stream(seed, "boosting", round);
    const rows = subsample < 1 ? sampledRows(usable, subsample, stream) : usable;
    const features =
      columnSubsample < 1 ? sampledFeatures(columns.length, columnSubsample, stream) : allFeatures;
    const isIn = subsample < 1 ? marked(rows, targets.length) : undefined;
    // All classes of a round are fitted to the same scores.
    if (outputs > 1) roundScores.set(scores);
    for (let output = 0; output < outputs; output++) {
      objective.derivatives(roundScores, output, grower.pairs);
      const builder = grower.grow(rows, features, scores, outputs, output);
      if (isIn) {
        for (const event of usable) {
          if (!isIn[event]) scores[event * outputs + output]! += builder.value(builder.leafOfEvent(event), 0);
        }
      }
      const tree = builder.build();
      trees.push(tree);
      if (validation && validationScores)
        addTrees([packTree(tree)], validation.columns, validationScores, outputs, [output]);
    }
    const entry = {
      round,
      trainingLoss: validation ? objective.loss(scores, targets, weights) : Number.NaN,
      validationLoss:
        validation && validationScores
          ? objective.loss(validationScores, validation.targets, validation.weights)
          : Number.NaN,
    };
    history.push(entry);
    onRound?.(entry);
    if (entry.validationLoss < bestLoss) {
      bestLoss = entry.validationLoss;
      bestRound = round;
    }
    if (patience !== undefined && round - bestRound >= patience && bestLoss < Infinity) break;
  }
  if (!validation) bestRound = history.length;
  const kept = trees.slice(0, bestRound * outputs);
  const model = new TreeEnsemble({
    task,
    featureCount: columns.length,
    featureNames,
    outputs,
    base,
    link: linkOf(task),
    trees: kept,
    treeOutput: Int32Array.from(kept, (_, i) => i % outputs),
  });
  return { model, history, bestRound };
}

function repeated(base: Float64Array, count: number): Float64Array {
  const scores = new Float64Array(base.length * count);
  for (let i = 0; i < scores.length; i++) scores[i] = base[i % base.length]!;
  return scores;
}

function sampledRows(usable: Int32Array, part: number, stream: Stream): Int32Array {
  const rows = usable.filter(() => stream.uniform() < part);
  return rows.length > 0 ? rows : usable.slice(0, 1);
}

function sampledFeatures(count: number, part: number, stream: Stream): Int32Array {
  const kept = Math.max(1, Math.round(part * count));
  return stream.permutation(count).slice(0, kept).sort();
}

function marked(rows: Int32Array, count: number): Uint8Array {
  const marks = new Uint8Array(count);
  for (const row of rows) marks[row] = 1;
  return marks;
}
