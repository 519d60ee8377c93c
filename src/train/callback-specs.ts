/** Callbacks as plain data: what a YAML file, a worker process or a saved run can hold. */
import { loadModule, type ModuleReference, resolveModule } from "../data/user-module.ts";
import { ConfigurationError, unknownName } from "../errors/index.ts";
import type { Callback } from "./callback.ts";
import { type CycleStepOptions, cycleStepCallback } from "./cycle-step.ts";
import { type CyclicOptions, cyclicCallback } from "./cyclic.ts";
import { type EarlyStoppingOptions, earlyStoppingCallback } from "./early-stopping.ts";
import { type EmaOptions, emaCallback } from "./ema.ts";
import {
  type BootstrapOptions,
  bootstrapCallback,
  type TargetReplacementOptions,
  targetReplacementCallback,
  type WeightFunctionOptions,
  weightFunctionCallback,
} from "./event-callbacks.ts";
import {
  type GradClipOptions,
  gradClipCallback,
  type LabelSmoothingOptions,
  labelSmoothingCallback,
} from "./graph-callbacks.ts";
import { type LRFinderOptions, lrFinderCallback } from "./lr-finder.ts";
import { type LsuvInitOptions, lsuvInitCallback } from "./lsuv-init.ts";
import { type MetricLoggerOptions, metricLoggerCallback } from "./metric-logger.ts";
import { type OneCycleOptions, oneCycleCallback } from "./one-cycle.ts";
import { type ParametrisedTrainingOptions, parametrisedTrainingCallback } from "./parametrised.ts";
import { type PivotTrainingOptions, pivotTrainingCallback } from "./pivot-training.ts";
import { saveBestCallback } from "./save-best.ts";
import { epochSaverCallback, snapshotsCallback } from "./snapshots.ts";
import { type SwaOptions, swaCallback } from "./swa.ts";

/** The callbacks that come with the library, and their options. */
export interface BuiltInCallbacks {
  OneCycle: OneCycleOptions;
  Cyclic: CyclicOptions;
  EarlyStopping: EarlyStoppingOptions;
  SaveBest: Record<string, never>;
  CycleStep: CycleStepOptions;
  SWA: SwaOptions;
  Snapshots: Record<string, never>;
  EpochSaver: Record<string, never>;
  GradClip: GradClipOptions;
  LabelSmoothing: LabelSmoothingOptions;
  Bootstrap: BootstrapOptions;
  TargetReplacement: TargetReplacementOptions;
  WeightFunction: WeightFunctionOptions;
  LRFinder: LRFinderOptions;
  LsuvInit: LsuvInitOptions;
  EMA: EmaOptions;
  MetricLogger: MetricLoggerOptions;
  ParametrisedTraining: ParametrisedTrainingOptions;
  PivotTraining: PivotTrainingOptions;
}

/** A built-in callback as plain data. */
export type BuiltInCallbackSpec = {
  [Name in keyof BuiltInCallbacks]: { readonly callback: Name; readonly options?: BuiltInCallbacks[Name] };
}[keyof BuiltInCallbacks];

/** A user's callback: `name` is a function exported by the module, `(options) => Callback`. */
export type ModuleCallbackSpec = ModuleReference;

/** A callback that can travel to a worker process. */
export type CallbackSpec = BuiltInCallbackSpec | ModuleCallbackSpec;

const factories: {
  readonly [Name in keyof BuiltInCallbacks]: (
    options: BuiltInCallbacks[Name],
    baseDirectory?: string,
  ) => Callback | Promise<Callback>;
} = {
  OneCycle: oneCycleCallback,
  Cyclic: cyclicCallback,
  EarlyStopping: earlyStoppingCallback,
  SaveBest: saveBestCallback,
  CycleStep: cycleStepCallback,
  SWA: swaCallback,
  Snapshots: snapshotsCallback,
  EpochSaver: epochSaverCallback,
  GradClip: gradClipCallback,
  LabelSmoothing: labelSmoothingCallback,
  Bootstrap: bootstrapCallback,
  TargetReplacement: targetReplacementCallback,
  WeightFunction: weightFunctionCallback,
  LRFinder: lrFinderCallback,
  LsuvInit: lsuvInitCallback,
  EMA: emaCallback,
  MetricLogger: metricLoggerCallback,
  ParametrisedTraining: parametrisedTrainingCallback,
  PivotTraining: pivotTrainingCallback,
};

/** One rise and one fall of the learning rate: see `OneCycleOptions`. */
export function oneCycle(options: OneCycleOptions): CallbackSpec {
  return { callback: "OneCycle", options };
}

/** Repeated cycles of learning rate and momentum: see `CyclicOptions`. */
export function cyclic(options: CyclicOptions): CallbackSpec {
  return { callback: "Cyclic", options };
}

/** Stops a training that no longer improves: see `EarlyStoppingOptions`. */
export function earlyStopping(options: EarlyStoppingOptions): CallbackSpec {
  return { callback: "EarlyStopping", options };
}

/** Ends with the weights of the best epoch. Training an ensemble has it switched on already. */
export function saveBest(): CallbackSpec {
  return { callback: "SaveBest" };
}

/** A one-cycle, then steps of the learning rate: see `CycleStepOptions`. */
export function cycleStep(options: CycleStepOptions): CallbackSpec {
  return { callback: "CycleStep", options };
}

/** Averages of weights beside the network: see `SwaOptions`. */
export function swa(options: SwaOptions = {}): CallbackSpec {
  return { callback: "SWA", options };
}

/** Saves the weights after every cycle, with their validation losses, for ensembles of one training. */
export function snapshots(): CallbackSpec {
  return { callback: "Snapshots" };
}

/** Saves the weights of every epoch. */
export function epochSaver(): CallbackSpec {
  return { callback: "EpochSaver" };
}

/** Limits the gradient: see `GradClipOptions`. */
export function gradClip(options: GradClipOptions): CallbackSpec {
  return { callback: "GradClip", options };
}

/** Softer targets of a classification: see `LabelSmoothingOptions`. */
export function labelSmoothing(options: LabelSmoothingOptions): CallbackSpec {
  return { callback: "LabelSmoothing", options };
}

/** Draws each training fold anew with replacement: see `BootstrapOptions`. */
export function bootstrap(options: BootstrapOptions = {}): CallbackSpec {
  return { callback: "Bootstrap", options };
}

/** Other columns of the fold file as targets: see `TargetReplacementOptions`. */
export function targetReplacement(options: TargetReplacementOptions): CallbackSpec {
  return { callback: "TargetReplacement", options };
}

/** Training weights from a function: see `WeightFunctionOptions`. */
export function weightFunction(options: WeightFunctionOptions): CallbackSpec {
  return { callback: "WeightFunction", options };
}

/** Weights to start from that give every layer unit variance: see `LsuvInitOptions`. */
export function lsuvInit(options: LsuvInitOptions = {}): CallbackSpec {
  return { callback: "LsuvInit", options };
}

/** A moving average of the weights beside the network: see `EmaOptions`. */
export function ema(options: EmaOptions = {}): CallbackSpec {
  return { callback: "EMA", options };
}

/** Metrics of the validation fold in every epoch: see `MetricLoggerOptions`. */
export function metricLogger(options: MetricLoggerOptions): CallbackSpec {
  return { callback: "MetricLogger", options };
}

/** Values of a parametrised network's parameters for events that have none: see `ParametrisedTrainingOptions`. */
export function parametrisedTraining(options: ParametrisedTrainingOptions): CallbackSpec {
  return { callback: "ParametrisedTraining", options };
}

/** Predictions that do not depend on nuisance parameters: see `PivotTrainingOptions`. */
export function pivotTraining(options: PivotTrainingOptions): CallbackSpec {
  return { callback: "PivotTraining", options };
}

/** Whether it is plain data, as opposed to an object with hooks. */
export function isCallbackSpec(value: CallbackSpec | Callback): value is CallbackSpec {
  return "callback" in value || "module" in value;
}

/** A fresh callback for each entry of the list; objects with hooks pass through. */
export async function makeCallbacks(
  list: readonly (CallbackSpec | Callback)[],
  baseDirectory?: string,
): Promise<Callback[]> {
  const callbacks: Callback[] = [];
  for (const entry of list) {
    if (!isCallbackSpec(entry)) callbacks.push(entry);
    else if ("callback" in entry) callbacks.push(await builtIn(entry, baseDirectory));
    else callbacks.push(await fromModule(entry, baseDirectory));
  }
  return callbacks;
}

/** The list as data for a worker process, with the paths of modules made absolute. */
export function sendableCallbacks(
  list: readonly (CallbackSpec | Callback)[],
  baseDirectory: string,
): CallbackSpec[] {
  return list.map((entry) => {
    if (isCallbackSpec(entry)) return withAbsolutePaths(entry, baseDirectory);
    throw new ConfigurationError(
      `foldTrainEnsemble: callback "${entry.name}" is an object of this process and cannot travel to worker processes. Either export a function that makes it and give { module: "./my-callbacks.js", name: "myCallback", options: {} }, or train in this process with workers: 0.`,
    );
  });
}

function withAbsolutePaths(spec: CallbackSpec, baseDirectory: string): CallbackSpec {
  if ("module" in spec) return resolveModule(spec, baseDirectory);
  if (spec.callback !== "WeightFunction" || !spec.options) return spec;
  const { options } = spec;
  return weightFunction({ ...options, function: resolveModule(options.function, baseDirectory) });
}

function builtIn(spec: BuiltInCallbackSpec, baseDirectory: string | undefined): Callback | Promise<Callback> {
  if (!Object.hasOwn(factories, spec.callback))
    throw unknownName("callback", spec.callback, Object.keys(factories));
  const make = factories[spec.callback] as (
    options: unknown,
    baseDirectory?: string,
  ) => Callback | Promise<Callback>;
  return make(spec.options ?? {}, baseDirectory);
}

async function fromModule(spec: ModuleCallbackSpec, baseDirectory: string | undefined): Promise<Callback> {
  // What the user's function takes cannot be known here.
  const make = (await loadModule(spec, baseDirectory)) as (options: unknown) => unknown;
  const callback: unknown = await make(spec.options ?? {});
  if (typeof callback !== "object" || callback === null) {
    throw new ConfigurationError(
      `callback "${spec.name}" of "${spec.module}" returned ${callback === null ? "null" : typeof callback}; it must return an object with hooks, such as { name: "mine", onEpochEnd(view) {} }.`,
    );
  }
  return callback as Callback;
}
