/** What is known of a run's model: importances, attributions and effects, as the files of `interpretation/` hold them. */
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { expandNames, type FoldYielder } from "../data/index.ts";
import { type Ensemble, TreeModel } from "../ensemble/index.ts";
import { ConfigurationError, unknownName } from "../errors/index.ts";
import {
  type AccumulatedEffects,
  type AttributionSize,
  type Attributions,
  accumulatedEffects,
  attributionSizes,
  expectedGradients,
  type FeatureImportances,
  featureImportance,
  integratedGradients,
  type JointDependence,
  jointDependence,
  jointEffects,
  type PartialDependence,
  partialDependence,
  treeAttributions,
} from "../features/index.ts";
import { type Analysis, classNames } from "./analysis.ts";
import type { ExplainMethod } from "./explain-methods.ts";
import { type ExplainedEvents, explainedEvents, foldsOutOfFold } from "./explained-events.ts";
import { type RunPaths, readJson, writeJson } from "./run-folder.ts";

/** What is asked for; how many events, by default, depends on the method. */
export interface ExplainSettings {
  readonly method: ExplainMethod;
  readonly features?: readonly string[];
  readonly groups?: Readonly<Record<string, readonly string[]>>;
  /** Two features to be looked at together. */
  readonly pair?: readonly string[];
  readonly metric?: string;
  readonly repeats?: number;
  readonly events?: number;
  /** A class or target. */
  readonly output?: string;
  readonly seed: number;
  readonly workers: number;
  readonly signal?: AbortSignal;
  onProgress?(share: number): void;
}

/** Which events the numbers were found on, and what of the model they are of. */
interface Origin {
  readonly format: "lumin-interpretation";
  readonly formatVersion: 1;
  readonly seed: number;
  readonly eventCount: number;
  /** The class or target whose prediction it is; absent where there is one. */
  readonly output?: string;
}

/** The content of `interpretation/METHOD.json`. */
export type Interpretation = Origin &
  (
    | ({ readonly method: "importance" } & FeatureImportances)
    | {
        readonly method: "shap" | "gradients";
        /** Weighted mean |attribution| of each feature. */
        readonly sizes: readonly AttributionSize[];
        readonly features: readonly string[];
        /** [events, features]. */
        readonly values: readonly number[];
        /** In physical units, [events, features]; null for missing values. */
        readonly inputs: readonly (number | null)[];
        readonly base: readonly number[];
        readonly prediction: readonly number[];
        /** What the attributions add up to. */
        readonly unit: "prediction" | "score";
      }
    | { readonly method: "effects"; readonly effects: readonly PlainEffects[]; readonly pair?: PlainPlane }
    | {
        readonly method: "dependence";
        readonly dependences: readonly PlainDependence[];
        readonly pair?: PlainPlane;
      }
  );

/** `AccumulatedEffects` with plain arrays. */
export interface PlainEffects {
  readonly feature: string;
  readonly values: readonly number[];
  readonly effect: readonly number[];
  readonly uncertainty: readonly number[];
  readonly counts: readonly number[];
}

/** `PartialDependence` with plain arrays. */
export interface PlainDependence {
  readonly feature: string;
  readonly values: readonly number[];
  readonly mean: readonly number[];
  readonly curves: readonly (readonly number[])[];
}

/** What two features do together, [y, x] row by row. */
export interface PlainPlane {
  readonly features: readonly [string, string];
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly mean: readonly number[];
}

/** Path of a method's numbers in a run. */
export function interpretationPath({ folder }: RunPaths, method: ExplainMethod): string {
  return join(folder, "interpretation", `${method}.json`);
}

/** What an earlier `lumin explain` has found; undefined where there is nothing. */
export function readInterpretation(paths: RunPaths, method: ExplainMethod): Interpretation | undefined {
  const path = interpretationPath(paths, method);
  return existsSync(path) ? (readJson(path) as Interpretation) : undefined;
}

export async function writeInterpretation(paths: RunPaths, found: Interpretation): Promise<void> {
  mkdirSync(join(paths.folder, "interpretation"), { recursive: true });
  await writeJson(interpretationPath(paths, found.method), found);
}

/** Events at most, by default: importance is quick, the others show single events or means that few are enough for. */
const usualEvents: Readonly<Record<ExplainMethod, number>> = {
  importance: 50_000,
  shap: 500,
  gradients: 500,
  effects: 5000,
  dependence: 2000,
};

/**
 * Explains the ensemble of a run on its training events: importances out of fold, by members that did not see the
 * fold; everything else, which judges nothing, by all members.
 */
export async function explainRun(
  paths: RunPaths,
  analysis: Analysis,
  ensemble: Ensemble,
  folds: FoldYielder,
  settings: ExplainSettings,
): Promise<Interpretation> {
  const { method, seed, signal, onProgress } = settings;
  const limit = settings.events ?? usualEvents[method];
  const output = outputOf(analysis, settings.output);
  const origin = (eventCount: number): Origin => ({
    ...{ format: "lumin-interpretation", formatVersion: 1, seed, eventCount },
    ...(output.name === undefined ? {} : { output: output.name }),
  });
  if (method === "importance") {
    const chosen = foldsOutOfFold(folds, ensemble, limit, seed);
    const found = await featureImportance(
      { directory: paths.folder, outOfFold: chosen.numbers },
      chosen.folds,
      {
        metric: settings.metric ?? usualMetric(analysis),
        ...(settings.features === undefined ? {} : { features: settings.features }),
        ...(settings.groups === undefined ? {} : { groups: settings.groups }),
        ...(settings.repeats === undefined ? {} : { repeatCount: settings.repeats }),
        ...(signal === undefined ? {} : { signal }),
        ...{ seed, workers: settings.workers, onProgress: (share) => onProgress?.(share) },
      },
    );
    const eventCount = chosen.numbers.reduce((sum, _, i) => sum + chosen.folds.getFold(i).eventCount, 0);
    return { ...origin(eventCount), method, ...found };
  }
  const events = explainedEvents(folds, limit, seed);
  const eventCount = events.inputs.length / events.features.length;
  if (method === "shap" || method === "gradients") {
    const { unit, attributions } = await attributionsOf(
      method,
      ensemble,
      folds,
      events,
      output.index,
      settings,
    );
    return { ...origin(eventCount), method, unit, ...plainAttributions(attributions, events) };
  }
  const names = chosenFeatures(events, settings);
  let done = 0;
  const each = async <T>(of: (name: string) => Promise<T>): Promise<T[]> => {
    const all: T[] = [];
    for (const name of names) {
      signal?.throwIfAborted();
      all.push(await of(name));
      onProgress?.(++done / names.length);
    }
    return all;
  };
  const options = { output: output.index };
  const pair = pairOf(settings);
  if (method === "effects") {
    const bootstrap = { replicaCount: 100, seed };
    const effects = await each((name) =>
      accumulatedEffects(ensemble, events, name, { ...options, bootstrap }),
    );
    const plane = pair && (await jointEffects(ensemble, events, pair, { ...options, bootstrap }));
    return {
      ...origin(eventCount),
      method,
      effects: effects.map(plainEffects),
      ...(plane === undefined ? {} : { pair: plainPlane({ ...plane, mean: plane.effect }) }),
    };
  }
  const all = { ...options, eventCount, seed };
  const dependences = await each((name) => partialDependence(ensemble, events, name, all));
  const plane = pair && (await jointDependence(ensemble, events, pair, all));
  return {
    ...origin(eventCount),
    method,
    dependences: dependences.map(plainDependence),
    ...(plane === undefined ? {} : { pair: plainPlane(plane) }),
  };
}

async function attributionsOf(
  method: "shap" | "gradients",
  ensemble: Ensemble,
  folds: FoldYielder,
  events: ExplainedEvents,
  output: number,
  { seed, signal, onProgress }: ExplainSettings,
): Promise<{ readonly unit: "prediction" | "score"; readonly attributions: Attributions }> {
  if (ensemble.members.every(({ model }) => model instanceof TreeModel)) {
    if (method === "shap")
      return { unit: "score", attributions: treeAttributions(ensemble, events.inputs, output) };
    throw new ConfigurationError("explain: trees have no gradients. Use --method shap.");
  }
  if (method === "gradients") {
    const attributions = await integratedGradients(ensemble, events.inputs, { output, stepCount: 100 });
    return { unit: "prediction", attributions };
  }
  // Other events than those that are explained: drawn with another key.
  const { inputs, weights } = explainedEvents(folds, 1000, seed + 1);
  const attributions = await expectedGradients(
    ensemble,
    events.inputs,
    { inputs, weights },
    { output, seed, ...(signal === undefined ? {} : { signal }), onProgress: (share) => onProgress?.(share) },
  );
  return { unit: "prediction", attributions };
}

/** The output that a class or target has. */
function outputOf(
  { target }: Analysis,
  wanted: string | undefined,
): { readonly index: number; readonly name?: string } {
  const names = target.task === "regression" ? target.columns : classNames(target);
  if (target.task === "binary" || names.length === 1) {
    if (wanted === undefined) return { index: 0 };
    throw new ConfigurationError(`explain: --output ${wanted}: there is only one output.`);
  }
  const name = wanted ?? names[0]!;
  const index = names.indexOf(name);
  if (index < 0) throw unknownName("--output", name, names);
  return { index, name };
}

function usualMetric({ target }: Analysis): string {
  return target.task === "regression" ? "rootMeanSquare" : "rocAuc";
}

function chosenFeatures({ features }: ExplainedEvents, settings: ExplainSettings): readonly string[] {
  const wanted = settings.features ?? (settings.pair === undefined ? ["*"] : settings.pair);
  return expandNames(wanted, features, "--features: feature");
}

function pairOf({ pair }: ExplainSettings): readonly [string, string] | undefined {
  if (pair === undefined) return undefined;
  if (pair.length === 2) return pair as readonly [string, string];
  throw new ConfigurationError(`explain: --pair takes two features, but ${pair.length} came.`);
}

function plainAttributions(attributions: Attributions, events: ExplainedEvents) {
  const { features, values, base, prediction } = attributions;
  const width = events.features.length;
  const columns = features.map((name) => events.features.indexOf(name));
  const inputs = Array.from(values, (_, i) => {
    const column = columns[i % features.length]!;
    const value =
      column < 0 ? Number.NaN : events.physical[Math.floor(i / features.length) * width + column]!;
    return Number.isNaN(value) ? null : rounded(value);
  });
  return {
    sizes: attributionSizes(attributions, events.weights),
    features,
    values: Array.from(values, rounded),
    inputs,
    base: Array.from(base, rounded),
    prediction: Array.from(prediction, rounded),
  };
}

/** Six digits are as many as single precision has. */
function rounded(value: number): number {
  return Number(value.toPrecision(6));
}

function plainEffects({ feature, values, effect, uncertainty, counts }: AccumulatedEffects): PlainEffects {
  return {
    feature,
    values: [...values],
    effect: [...effect],
    uncertainty: [...uncertainty],
    counts: [...counts],
  };
}

function plainDependence({ feature, values, mean, curves }: PartialDependence): PlainDependence {
  return {
    feature,
    values: [...values],
    mean: [...mean],
    curves: curves.map((curve) => Array.from(curve, rounded)),
  };
}

function plainPlane({ features, x, y, mean }: JointDependence): PlainPlane {
  return { features, x: [...x], y: [...y], mean: [...mean] };
}
