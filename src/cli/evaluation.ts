/** The numbers of an analysis: for each set of events that no network trained on, its metrics. */
import { DataError } from "../errors/index.ts";
import { type BinaryClassificationMetrics, binaryClassificationMetrics } from "../metrics/index.ts";
import { type Analysis, classNames } from "./analysis.ts";
import { binaryView, classTotals } from "./binary-view.ts";
import { type MulticlassMetrics, multiclassMetrics } from "./multiclass-metrics.ts";
import { type RegressionMetrics, regressionMetrics } from "./regression-metrics.ts";

/** Events with the ensemble's predictions and the truth. */
export interface ScoredSet {
  /** `[events, outputs]`, row-major. */
  readonly predictions: Float64Array;
  readonly outputCount: number;
  /** Class numbers [events], or the values to be predicted [events, targets]. */
  readonly targets: Float32Array;
  readonly targetCount: number;
  /** As they are in the file. */
  readonly weights: Float64Array | undefined;
  /** Scale the class sums to `evaluation.renormalise` for AMS and yields. */
  readonly renormalise: boolean;
}

/** Number of events of a set. */
export function eventCount({ predictions, outputCount }: ScoredSet): number {
  return predictions.length / outputCount;
}

/** Metrics of one set of events; which, depends on the task. */
export type SetMetrics =
  | ({ readonly task: "binary" } & BinaryClassificationMetrics)
  | ({ readonly task: "multiclass" } & MulticlassMetrics & {
        /** Signal against background, where `evaluation.signal` says which classes are signal. */
        readonly signal?: BinaryClassificationMetrics;
      })
  | ({ readonly task: "regression" } & RegressionMetrics);

/** The content of metrics.json. */
export interface Metrics {
  /** Where the cut was chosen; null without one. */
  readonly cut: { readonly value: number; readonly chosenOn: string; readonly rule: string } | null;
  /** `validation`, `outOfFold`, then the sets of the analysis, or the one of a file. */
  readonly sets: Readonly<Record<string, SetMetrics>>;
}

/** What is said of a set where its name is shown. */
export function setTitle(name: string): string {
  switch (name) {
    case "validation":
      return "validation";
    case "outOfFold":
      return "training, out of fold";
    default:
      return name;
  }
}

/**
 * The metrics of all sets. The cut is chosen on the first one, by the rule of the analysis, unless it is given;
 * the others are judged at that cut.
 */
export function evaluateSets(
  analysis: Analysis,
  sets: Readonly<Record<string, ScoredSet>>,
  given?: Metrics["cut"],
): Metrics {
  const results: Record<string, SetMetrics> = {};
  let cut = given ?? null;
  for (const [name, set] of Object.entries(sets)) {
    const metrics = evaluateSet(analysis, name, set, cut?.value);
    const found = signalMetrics(metrics)?.cut;
    if (cut === null && found !== undefined && found.value !== null) {
      cut = { value: found.value, chosenOn: name, rule: found.rule };
    }
    results[name] = metrics;
  }
  return { cut, sets: results };
}

/** The metrics of signal against background; undefined where there is no signal. */
export function signalMetrics(set: SetMetrics): BinaryClassificationMetrics | undefined {
  if (set.task === "binary") return set;
  return set.task === "multiclass" ? set.signal : undefined;
}

function evaluateSet(analysis: Analysis, name: string, set: ScoredSet, cut: number | undefined): SetMetrics {
  const { target, evaluation, seed } = analysis;
  const bootstrap = { replicaCount: evaluation.bootstrap, seed };
  try {
    switch (target.task) {
      case "binary":
        return { task: "binary", ...binaryMetrics(analysis, set, cut) };
      case "multiclass": {
        const view = binaryView(analysis, set);
        return {
          task: "multiclass",
          ...multiclassMetrics(set, classNames(target), bootstrap),
          ...(view === undefined ? {} : { signal: binaryMetrics(analysis, view, cut) }),
        };
      }
      case "regression":
        return { task: "regression", ...regressionMetrics(set, target.columns, bootstrap) };
    }
  } catch (error) {
    if (error instanceof DataError)
      throw new DataError(`evaluation of the ${setTitle(name)} events: ${error.message}`);
    throw error;
  }
}

function binaryMetrics(
  analysis: Analysis,
  set: ScoredSet,
  cut: number | undefined,
): BinaryClassificationMetrics {
  const { evaluation, seed } = analysis;
  const totals = set.renormalise ? classTotals(analysis) : undefined;
  return binaryClassificationMetrics(set.predictions, set.targets, set.weights, {
    ...(totals === undefined ? {} : { totals }),
    ...(cut === undefined ? {} : { cut }),
    regularisations: evaluation.ams.regularisation,
    backgroundUncertainty: evaluation.ams.backgroundUncertainty,
    cutRule: evaluation.cut,
    replicaCount: evaluation.bootstrap,
    seed,
  });
}
