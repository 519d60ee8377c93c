/** The parts of a run's report beside the metrics: features, importance, calibration, cut, discrimination. */
import { dirname } from "node:path";
import {
  type BootstrapOptions,
  bootstrapDeviations,
  type Numbers,
  poissonCounts,
  Stream,
  weightedQuantiles,
} from "../array/index.ts";
import { applyPipeline, type FoldYielder, type Pipeline } from "../data/index.ts";
import { Ensemble } from "../ensemble/index.ts";
import { DataError, LuminError } from "../errors/index.ts";
import { type ComparedSet, compareSets } from "../features/index.ts";
import { ams, calibrationBins, calibrationError, renormalise } from "../metrics/index.ts";
import {
  type CutScan,
  type FeatureDistribution,
  formatNumber,
  type ReliabilityCurve,
  type ReportImportances,
  type RunReport,
} from "../plot/index.ts";
import { columnsOfMatrix } from "../trees/index.ts";
import { type Analysis, classNames } from "./analysis.ts";
import { reopenedAnalysis } from "./analysis-file.ts";
import { binTable } from "./bin-table.ts";
import { binaryView, classTotals } from "./binary-view.ts";
import { type ScoredSet, setTitle } from "./evaluation.ts";
import { type ExplainedEvents, explainedEvents } from "./explained-events.ts";
import { explainRun, type Interpretation, readInterpretation } from "./interpretation.ts";
import { importanceLabel } from "./interpretation-plots.ts";
import { readAndSplit } from "./prepare-events.ts";
import { openFolds } from "./prepare-training.ts";
import type { ScoredSets } from "./run-figures.ts";
import { type RunPaths, readJson } from "./run-folder.ts";
import type { RunRecord } from "./run-record.ts";

/** Events at most for importances and distributions: enough for a picture, and a second's work. */
const usualEvents = { importance: 15_000, distributions: 50_000 };
const cutCount = 160;
const cutReplicas = 40;

/**
 * What is cheap for every run, and, with `full`, what takes longer: effects and SHAP values, and training against
 * validation events, for which the files of the run are read again. A part that cannot be made is left out with a note.
 */
export async function runSections(
  paths: RunPaths,
  record: RunRecord,
  sets: ScoredSets,
  {
    full,
    cut,
    cacheBytes,
  }: { readonly full: boolean; readonly cut: number | null; readonly cacheBytes?: number | undefined },
): Promise<Partial<RunReport> & { readonly notes: readonly string[] }> {
  const { analysis } = record;
  const notes: string[] = [];
  const attempt = async <T extends object>(what: string, make: () => Promise<T> | T): Promise<Partial<T>> => {
    try {
      return await make();
    } catch (error) {
      if (!(error instanceof LuminError)) throw error;
      notes.push(`The report has no ${what}: ${error.message}`);
      return {};
    }
  };
  const folds = await openFolds(analysis, paths.folds, dirname(record.analysisFile), { cacheBytes });
  const ensemble = await Ensemble.load(paths.folder);
  try {
    const found = await attempt("importances", () => interpretations(paths, record, ensemble, folds, full));
    const order = found.importances?.rows.map(({ name }) => name) ?? [];
    const parts = [
      found,
      await attempt("distributions of features", () => ({
        features: distributions(paths, analysis, folds, order, record.seed),
      })),
      await attempt("calibration", () => calibration(analysis, sets)),
      await attempt("cut to choose", () => cutScan(analysis, sets, cut)),
      await attempt("bins of the prediction", () => {
        const table = binTable(analysis, sets);
        return table === undefined ? {} : { tables: [table] };
      }),
      ...(full
        ? [await attempt("comparison of training and validation", () => discrimination(paths, record))]
        : []),
    ];
    return { ...Object.assign({}, ...parts), notes };
  } finally {
    folds.close();
    await ensemble.release();
  }
}

type Interpretations = Pick<RunReport, "importances" | "attributions" | "effects">;

/** What `lumin explain` has found; else the importances, and with `full` everything that the page has room for. */
async function interpretations(
  paths: RunPaths,
  { analysis, seed }: RunRecord,
  ensemble: Ensemble,
  folds: FoldYielder,
  full: boolean,
): Promise<Interpretations> {
  const explain = (method: "importance" | "shap" | "effects", more: object): Promise<Interpretation> =>
    explainRun(paths, analysis, ensemble, folds, { method, seed, workers: 0, ...more });
  const known = readInterpretation(paths, "importance");
  const found =
    known ?? (await explain("importance", full ? { repeats: 3 } : { events: usualEvents.importance }));
  const importances = found.method === "importance" ? importancesOf(found) : undefined;
  const best = importances?.rows.slice(0, 6).map(({ name }) => name) ?? [];
  const shap =
    readInterpretation(paths, "shap") ?? (full ? await explain("shap", { events: 250 }) : undefined);
  const effects =
    readInterpretation(paths, "effects") ??
    (full
      ? await explain("effects", { features: best.filter((name) => folds.features.includes(name)) })
      : undefined);
  return {
    ...(importances === undefined ? {} : { importances }),
    ...(shap?.method === "shap" ? { attributions: shap } : {}),
    ...(effects?.method === "effects" ? { effects: effects.effects.slice(0, 6) } : {}),
  };
}

function importancesOf(found: Extract<Interpretation, { method: "importance" }>): ReportImportances {
  return {
    label: importanceLabel(found),
    events: `${formatNumber(found.eventCount)} training events, out of fold`,
    rows: found.importances,
  };
}

/** Distributions of training events by class, those of important features first. */
function distributions(
  paths: RunPaths,
  { target }: Analysis,
  folds: FoldYielder,
  order: readonly string[],
  seed: number,
): NonNullable<RunReport["features"]> {
  const events = explainedEvents(folds, usualEvents.distributions, seed);
  const classes = target.task === "regression" ? ["all events"] : classNames(target);
  const targetCount = (events.targets.length * events.features.length) / events.inputs.length;
  const classOf = (event: number): number =>
    target.task === "regression" ? 0 : events.targets[event * targetCount]!;
  const { categorical } = readJson(paths.pipeline) as Pipeline;
  const columns = columnsOfMatrix(events.physical, events.features.length);
  const known = events.features.map((name, column): FeatureDistribution => {
    const categories = categorical.find((feature) => feature.name === name)?.values.map(String);
    return distribution(name, columns[column]!, { events, classCount: classes.length, classOf, categories });
  });
  const place = (name: string): number => (order.includes(name) ? order.indexOf(name) : order.length);
  return {
    events: `${formatNumber(columns[0]!.length)} training events with their weights`,
    classes,
    features: known.sort((a, b) => place(a.name) - place(b.name)),
  };
}

function distribution(
  name: string,
  values: Numbers,
  {
    events: { weights },
    classCount,
    classOf,
    categories,
  }: {
    readonly events: ExplainedEvents;
    readonly classCount: number;
    readonly classOf: (event: number) => number;
    readonly categories: readonly string[] | undefined;
  },
): FeatureDistribution {
  const binCount = categories?.length ?? 40;
  const [low, high] = categories
    ? [0, binCount]
    : (weightedQuantiles(values, [0.01, 0.99]) as unknown as [number, number]);
  const width = (high - low) / binCount || 1;
  const shares = Array.from({ length: classCount }, () => new Array<number>(binCount).fill(0));
  const [present, all] = [new Float64Array(classCount), new Float64Array(classCount)];
  for (let event = 0; event < values.length; event++) {
    const [own, weight, code] = [values[event]!, weights?.[event] ?? 1, classOf(event)];
    all[code]! += weight;
    if (Number.isNaN(own)) continue;
    present[code]! += weight;
    const bin = Math.floor((own - low) / width);
    // The highest value belongs to the last bin; what lies outside to none.
    const place = own === high && !categories ? binCount - 1 : bin;
    if (place >= 0 && place < binCount) shares[code]![place]! += weight;
  }
  const share = (sum: number, total: number): number =>
    total > 0 ? Number((sum / total).toPrecision(4)) : 0;
  return {
    name,
    ...(categories
      ? { categories }
      : { edges: Array.from({ length: binCount + 1 }, (_, i) => Number((low + i * width).toPrecision(6))) }),
    shares: shares.map((bins, code) => bins.map((sum) => share(sum, present[code]!))),
    missing: Array.from(all, (total, code) => share(total - present[code]!, total)),
  };
}

/** Reliability of the probability of signal, set by set. */
export function calibration(analysis: Analysis, sets: ScoredSets): Pick<RunReport, "reliability"> {
  const reliability = ["validation", "outOfFold"].flatMap((name): ReliabilityCurve[] => {
    const view = sets[name] && binaryView(analysis, sets[name]);
    if (view === undefined) return [];
    return [reliabilityCurve(setTitle(name), view, { replicaCount: 40, seed: analysis.seed })];
  });
  return reliability.length === 0 ? {} : { reliability };
}

/** Fraction of signal (target 1) by prediction, with the classes in the proportions of their numbers of events. */
export function reliabilityCurve(
  label: string,
  {
    predictions,
    targets,
    weights: given,
  }: { readonly predictions: Numbers; readonly targets: Numbers; readonly weights?: Numbers | undefined },
  bootstrap: BootstrapOptions,
): ReliabilityCurve {
  let signal = 0;
  for (let i = 0; i < targets.length; i++) signal += targets[i]!;
  const totals = { signal, background: targets.length - signal };
  const weights = renormalise(targets, given, totals);
  const fractions = (own: Float64Array) => calibrationBins(predictions, targets, own);
  const spread = bootstrapDeviations(
    targets.length,
    (counts) => fractions(weights.map((weight, i) => weight * counts[i]!)).map(({ observed }) => observed),
    bootstrap,
  );
  return {
    label,
    error: calibrationError(predictions, targets, weights),
    bins: fractions(weights).map(({ predicted, observed }, i) => ({
      predicted: finite(predicted),
      observed: finite(observed),
      uncertainty: finite(spread[i]!),
    })),
  };
}

/** Yields and AMS at many cuts on the validation events. */
function cutScan(
  analysis: Analysis,
  { validation }: ScoredSets,
  chosen: number | null,
): Pick<RunReport, "cutScan"> {
  const view = validation && binaryView(analysis, validation);
  if (validation === undefined || view === undefined) return {};
  const totals = view.renormalise ? classTotals(analysis) : undefined;
  const weights =
    totals === undefined
      ? (view.weights ?? new Float64Array(view.targets.length).fill(1))
      : renormalise(view.targets, view.weights, totals);
  const cuts = cutsOf(view.predictions, chosen);
  const place = Int32Array.from(view.predictions, (prediction) => lastNotAbove(cuts, prediction));
  const above = (weight: (event: number) => number): Float64Array => {
    const sums = new Float64Array(cuts.length);
    for (let event = 0; event < place.length; event++) {
      if (place[event]! >= 0) sums[place[event]!]! += weight(event);
    }
    for (let k = cuts.length - 2; k >= 0; k--) sums[k]! += sums[k + 1]!;
    return sums;
  };
  const codes = validation.targets;
  const processes = classNames(analysis.target).map((name, code) => {
    const of = (weight: (event: number) => number): Float64Array =>
      above((event) => (codes[event] === code ? weight(event) : 0));
    const isSignal = view.targets.some((target, event) => target === 1 && codes[event] === code);
    return {
      ...{ name, isSignal },
      sums: Array.from(
        of((event) => weights[event]!),
        digits,
      ),
      uncertainties: Array.from(
        of((event) => weights[event]! ** 2),
        (sum) => digits(Math.sqrt(sum)),
      ),
      counts: [...of(() => 1)],
    };
  });
  return {
    cutScan: {
      events: `${formatNumber(place.length)} validation events${totals === undefined ? "" : ", weights scaled to the class sums of the analysis"}`,
      ...{ cuts, processes, chosen },
      significances: significances(analysis, view, weights, above),
    },
  };
}

function significances(
  { evaluation, seed }: Analysis,
  { targets }: ScoredSet,
  weights: Float64Array,
  above: (weight: (event: number) => number) => Float64Array,
): CutScan["significances"] {
  const { regularisation, backgroundUncertainty } = evaluation.ams;
  const curves = (count: (event: number) => number): number[][] => {
    const s = above((event) => (targets[event] === 1 ? count(event) * weights[event]! : 0));
    const b = above((event) => (targets[event] === 1 ? 0 : count(event) * weights[event]!));
    return regularisation.map((each) =>
      Array.from(s, (signal, k) => ams({ s: signal, b: b[k]!, regularisation: each, backgroundUncertainty })),
    );
  };
  const nominal = curves(() => 1);
  const replicas = Array.from({ length: cutReplicas }, (_, replica) => {
    const counts = poissonCounts(targets.length, new Stream(seed, "cut scan", replica));
    return curves((event) => counts[event]!);
  });
  return regularisation.map((each, r) => ({
    label: `AMS, b_reg = ${each}`,
    ams: nominal[r]!.map(finite),
    uncertainties: nominal[r]!.map((_, k) => {
      const values = replicas.map((curve) => curve[r]![k]!).filter(Number.isFinite);
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
      return values.length < 2 ? null : finite(Math.sqrt(squares / (values.length - 1)));
    }),
  }));
}

/** Cuts that pass 100 % down to about 0.2 % of the events, and the chosen one. */
function cutsOf(predictions: Numbers, chosen: number | null): number[] {
  const fractions = Array.from({ length: cutCount }, (_, i) => {
    const t = i / (cutCount - 1);
    return 1 - 0.002 ** t;
  });
  const found = [...weightedQuantiles(predictions, fractions), ...(chosen === null ? [] : [chosen])];
  const cuts = [...new Set(found.map((cut) => Number(cut.toPrecision(6))))];
  if (cuts.length < 2) throw new DataError("all predictions are the same.");
  return cuts.sort((a, b) => a - b);
}

function lastNotAbove(sorted: readonly number[], value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** A forest that tells training from validation events, both read again from the files of the run. */
async function discrimination(
  paths: RunPaths,
  { analysis, analysisFile, seed }: RunRecord,
): Promise<Pick<RunReport, "discrimination">> {
  const { directory, inputFiles } = reopenedAnalysis(analysis, analysisFile);
  const split = await readAndSplit(analysis, inputFiles);
  const pipeline = readJson(paths.pipeline) as Pipeline;
  const sets: ComparedSet[] = [];
  let names: readonly string[] = [];
  let categorical: readonly string[] = [];
  for (const { table, weights } of [split.training, split.validation]) {
    const prepared = await applyPipeline(pipeline, table, { directory });
    names = [...prepared.continuousFeatures, ...prepared.categoricalFeatures];
    categorical = prepared.categoricalFeatures;
    sets.push({ columns: columnsOfMatrix(prepared.features, prepared.featureCount), weights });
  }
  const { features, ...result } = compareSets(sets[0]!, sets[1]!, { names, categorical, seed });
  return {
    discrimination: { first: "Training", second: "validation", ...result, features: features.slice(0, 8) },
  };
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? digits(value) : null;
}

function digits(value: number): number {
  return Number(value.toPrecision(6));
}
