/**
 * Callbacks: optional hooks into training, and the order in which they are called.
 *
 * ```
 * initialWeights                         the weights to start from
 * onTrainBegin
 *   onEpochBegin                         for every epoch
 *     onFoldBegin                        for every training fold, in the epoch's random order
 *       events                           the fold as it is trained on
 *       onBatchBegin, step, onBatchEnd   for every batch, only if some callback has a batch hook
 *     onFoldEnd
 *   (validation)
 *   alternative                          other weights with their validation loss, such as averages
 *   measure                              further numbers of the epoch, for its row of the history
 *   judge                                what the weights are compared by, in the place of the validation loss
 *   onEpochEnd                           the validation losses are known here
 * onTrainEnd
 * report
 * ```
 *
 * At each point the callbacks are called in the order of the list; those made by options (`patience`, the
 * best weights) come last. A hook reads the view and may return actions. `stop` takes effect at once: no
 * further batch or fold is trained, but the epoch is still validated and ended.
 *
 * A training that goes on from a checkpoint calls `restore` of the callbacks that have a state, and neither
 * `initialWeights` nor `onTrainBegin`: both were called when it began.
 */
import type { Stream } from "../array/index.ts";
import type { GraphHooks, ModelWeights, TrainingState } from "../model/index.ts";
import type { History } from "./history.ts";
import type { FoldArrays, Trainable, TrainingFolds } from "./programs.ts";
import type { PartialStepValues, Schedule, StepValues } from "./schedules.ts";

/** What a hook can see. It is one living object: read what is needed, do not keep it. */
export interface TrainingView {
  /** Which network of the ensemble, from 0. */
  readonly member: number;
  /** From 1; 0 before the first. */
  readonly epoch: number;
  readonly epochCount: number;
  /** Number of the training fold in the file, from 0; undefined between folds. */
  readonly fold: number | undefined;
  /** Steps done, of `stepCount` planned. */
  readonly step: number;
  readonly stepCount: number;
  /** Losses of the steps of the last call: one value in batch hooks, the whole fold in `onFoldEnd`. */
  readonly losses: Float32Array;
  /** Mean over the steps of this epoch so far; NaN before the first. */
  readonly trainingLoss: number;
  /** Loss of the validation fold at the end of the last epoch; undefined before the first. */
  readonly validationLoss: number | undefined;
  /** Finished epochs; in `onEpochEnd` with the one that ends. */
  readonly history: History;
  /** Values of the next step. */
  readonly learningRate: number;
  readonly momentum: number;
  /** Number of cycles of the schedule that are over; undefined when no cycle is under way. */
  readonly cyclesDone: number | undefined;
  /** A copy of the weights to predict with now: the averages, where the optimiser keeps some. */
  weights(): ModelWeights;
  /** Parameters, running statistics and the optimiser's state; not to be changed. */
  readonly state: TrainingState;
  /**
   * What the epoch leaves to choose from with the lowest validation loss, or value of a callback's `judge`: the
   * network, or an alternative. From its validation to the begin of the next.
   */
  readonly lowest: Candidate | undefined;
  /** Loss of the validation fold with other weights. */
  lossOf(weights: ModelWeights): Promise<number>;
  /** The validation fold with its predictions, of the network or of other weights. */
  validationPredictions(weights?: ModelWeights): Promise<ValidationPredictions>;
  /**
   * The weights with running statistics that belong to their parameters: the training folds pass through the
   * network once more, in training with the learning rate 0, from the statistics given. Costs nothing where
   * there are no running statistics.
   */
  refreshStatistics(weights: ModelWeights): Promise<ModelWeights>;
}

/** Weights that could be kept, and their validation loss. */
export interface Candidate {
  readonly loss: number;
  /** What is compared: the loss, or what a callback's `judge` makes of the weights; the lower the better. */
  readonly value: number;
  /** A copy of the weights. */
  weights(): ModelWeights;
  /** Name of the callback whose weights they are; undefined for the network itself. */
  readonly source: string | undefined;
}

/** Other weights than the trained ones, with their validation loss (Python LUMIN's `get_loss`). */
export interface Alternative {
  readonly loss: number;
  readonly weights: ModelWeights;
}

/** The validation fold with what a network makes of it. */
export interface ValidationPredictions {
  /** [events, outputs]. */
  readonly predictions: Float32Array;
  readonly outputCount: number;
  readonly events: FoldArrays;
  /** [events]; all ones when the data have no weights. */
  readonly weights: Float32Array;
}

/** What the events of a fold are wanted for. */
export interface EventsContext {
  /** `normalisation`: once at the beginning, for the mean weight of the training events. */
  readonly purpose: "training" | "validation" | "normalisation";
  readonly member: number;
  /** From 1; 0 before training. */
  readonly epoch: number;
  readonly fold: number;
  readonly folds: TrainingFolds;
  /** Random numbers of this member; the same key gives the same ones. */
  stream(...key: readonly (string | number)[]): Stream;
}

/** What is known before the first step. */
export interface RunContext {
  readonly network: Trainable;
  readonly member: number;
  readonly trainingFolds: readonly number[];
  /** A training fold as it is stored, changed by the `events` of the callbacks. */
  getFold(fold: number): FoldArrays;
  /** Random numbers of this member; the same key gives the same ones. */
  stream(...key: readonly (string | number)[]): Stream;
}

/** What a callback can start from. */
export interface StartContext extends RunContext {
  readonly weights: ModelWeights;
}

/** What graph hooks can be made from. */
export interface GraphContext extends RunContext {
  readonly epochCount: number;
  readonly stepsPerEpoch: number;
}

/** What a hook can ask for. */
export interface TrainingAction {
  /** Ends the training; a text says why. */
  readonly stop?: boolean | string;
  /** Writes the current weights under this name into the member's folder. */
  readonly save?: string;
  /** Replaces the weights; the optimiser's state stays. */
  readonly weights?: ModelWeights;
  /** Goes back to a state of before, with the optimiser's: a `view.state` that was kept. */
  readonly state?: TrainingState;
  /** Multiplies the learning rates of all folds after this one. */
  readonly scaleLearningRate?: number;
}

/** A hook may return actions, now or later. */
// biome-ignore lint/suspicious/noConfusingVoidType: a hook without a return statement is a hook
export type HookResult = TrainingAction | undefined | void | Promise<TrainingAction | undefined | void>;

/** One moment of the training loop. */
export type Hook = (view: TrainingView) => HookResult;

/** The run that a schedule is made for. */
export interface RunShape {
  readonly epochCount: number;
  readonly stepsPerEpoch: number;
  /** The optimiser's own learning rate and momentum. */
  readonly learningRate: number;
  readonly momentum: number;
}

/** A schedule with what else training must know of it. */
export interface BoundSchedule {
  readonly values: Schedule<PartialStepValues>;
  /** Cycles over after `step` steps; undefined when no cycle is under way. */
  readonly cyclesDone?: (step: number) => number | undefined;
  /** Training ends with the epoch in which this step is reached. */
  readonly lastStep?: number;
}

/** An object with optional hooks. Without a batch hook a whole fold is one call of the engine. */
export interface Callback {
  readonly name: string;
  /** Hooks into the traced step: batch, loss, gradients, update. As a function: made for each member anew. */
  readonly graph?: GraphHooks | ((context: GraphContext) => GraphHooks);
  /** Further columns of the fold file that it needs with the events: numbers. */
  readonly columns?: readonly string[];
  /** Learning rate and momentum ahead of time. Of several schedules of one value, the last in the list wins. */
  readonly schedule?: (run: RunShape) => BoundSchedule;
  /** Gives other weights to start from (data-driven initialisation, pretraining). */
  readonly initialWeights?: (context: StartContext) => Promise<ModelWeights> | ModelWeights;
  /** The events as they are trained on or validated with: a new object; arrays that came are not to be changed. */
  readonly events?: (events: FoldArrays, context: EventsContext) => FoldArrays;
  /** Other weights that may be better than the trained ones; called once an epoch, after the validation. */
  readonly alternative?: (view: TrainingView) => Promise<Alternative | undefined> | Alternative | undefined;
  /** Numbers of the epoch for its row of the history, by name; called once an epoch, after the validation. */
  readonly measure?: (
    view: TrainingView,
  ) => Promise<Readonly<Record<string, number>>> | Readonly<Record<string, number>>;
  /**
   * What weights are compared by in the place of their validation loss, for early stopping and the best weights:
   * the lower the better. Undefined: the epoch does not count. Only one callback can judge.
   */
  readonly judge?: (
    candidate: Pick<Candidate, "loss" | "weights" | "source">,
    view: TrainingView,
  ) => Promise<number | undefined> | number | undefined;
  /** What is to be known of it afterwards: plain data, given with the trained member. */
  readonly report?: () => unknown;
  /** A loss that is not finite ends the training without an error. */
  readonly survivesDivergence?: boolean;
  /**
   * All that it remembers from hook to hook, for a checkpoint; undefined if it remembers nothing. Plain data:
   * numbers, texts, booleans, null, typed arrays, and lists and objects of these. A callback with loop hooks, an
   * `alternative` or a `report` and without `state` is taken to remember something that nobody can save: then
   * there are no checkpoints, and an interrupted member begins again from its start.
   */
  readonly state?: () => unknown;
  /** Takes back what `state` gave, in a new process, in the place of `onTrainBegin`. */
  readonly restore?: (state: never) => void;
  readonly onTrainBegin?: Hook;
  readonly onEpochBegin?: Hook;
  readonly onFoldBegin?: Hook;
  readonly onBatchBegin?: Hook;
  readonly onBatchEnd?: Hook;
  readonly onFoldEnd?: Hook;
  readonly onEpochEnd?: Hook;
  readonly onTrainEnd?: Hook;
}

/** Names of the loop hooks, in the order of a training. */
export type HookName = Extract<keyof Callback, `on${string}`>;

/** The hooks that could remember something; the others are functions of what they are given. */
const rememberingHooks: readonly (keyof Callback)[] = [
  "onTrainBegin",
  "onEpochBegin",
  "onFoldBegin",
  "onBatchBegin",
  "onBatchEnd",
  "onFoldEnd",
  "onEpochEnd",
  "onTrainEnd",
  "alternative",
  "measure",
  "judge",
  "report",
];

/** Whether a checkpoint can hold all that it remembers. */
export function isResumable(callback: Callback): boolean {
  if (callback.state !== undefined) return true;
  return rememberingHooks.every((hook) => callback[hook] === undefined);
}

/** All schedules of a training as one. */
export function combineSchedules(
  callbacks: readonly Callback[],
  run: RunShape,
): {
  readonly values: Schedule;
  /** Cycles over after a step; undefined when no cycle is under way. */
  readonly cyclesDone: (step: number) => number | undefined;
  /** Infinity where no schedule ends the training. */
  readonly lastStep: number;
} {
  const schedules = callbacks.flatMap((callback) => (callback.schedule ? [callback.schedule(run)] : []));
  const base: StepValues = { learningRate: run.learningRate, momentum: run.momentum };
  return {
    values: (step, total) => {
      if (schedules.length === 0) return base;
      return Object.assign({ ...base }, ...schedules.map((schedule) => schedule.values(step, total)));
    },
    cyclesDone: (step) => {
      for (const schedule of schedules) {
        const done = schedule.cyclesDone?.(step);
        if (done !== undefined) return done;
      }
      return undefined;
    },
    lastStep: Math.min(...schedules.map((schedule) => schedule.lastStep ?? Infinity), Infinity),
  };
}
