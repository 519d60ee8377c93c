/** The numbers of pictures of a run: its predictions, its course, what it has learnt. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Pipeline, readTable, tableOf } from "../data/index.ts";
import { ConfigurationError, unknownName } from "../errors/index.ts";
import { blockContributions, bottleneckContributions } from "../features/index.ts";
import { Model } from "../model/index.ts";
import type {
  AmsScans,
  ContributionBox,
  LabelledRocCurve,
  MeasuredEpoch,
  ReliabilityCurve,
  ResolutionProfile,
  RunReport,
  ScheduleHistory,
} from "../plot/index.ts";
import {
  type CallbackSpec,
  combineSchedules,
  type History,
  makeCallbacks,
  parseHistory,
} from "../train/index.ts";
import { classNames, isTrees } from "./analysis.ts";
import type { ExplainMethod } from "./explain-methods.ts";
import { explainedEvents } from "./explained-events.ts";
import { type Interpretation, readInterpretation } from "./interpretation.ts";
import type { NamedEmbedding, NamedPredictions } from "./plot-numbers.ts";
import type { PlotEvents, PlotOptions } from "./plot-options.ts";
import { matrixOf, readPredictions } from "./predictions-file.ts";
import { openFolds } from "./prepare-training.ts";
import { figuresOfTask, type ScoredSets } from "./run-figures.ts";
import { type RunPaths, readJson, readMetrics } from "./run-folder.ts";
import type { RunRecord } from "./run-record.ts";
import { setIsRenormalised } from "./run-report.ts";
import { calibration } from "./run-sections.ts";

/** A finished run, to be drawn. */
export interface PlottedRun {
  readonly paths: RunPaths;
  readonly record: RunRecord;
}

/** Training events of a run at most, drawn at random. */
const eventLimit = 50_000;

/** Training events with their features in physical units, their classes and their own weights. */
export async function trainingEvents(
  { paths, record }: PlottedRun,
  options: PlotOptions,
): Promise<PlotEvents> {
  const { analysis } = record;
  const folds = await openFolds(analysis, paths.folds, dirname(record.analysisFile));
  try {
    const { features, physical, targets, weights } = explainedEvents(
      folds,
      eventLimit,
      options.seed ?? record.seed,
    );
    const width = features.length;
    const eventCount = physical.length / width;
    const columns = features.map((name, column): [string, Float64Array] => [
      name,
      Float64Array.from({ length: eventCount }, (_, event) => physical[event * width + column]!),
    ]);
    const names = classNames(analysis.target);
    return {
      table: tableOf(Object.fromEntries(columns)),
      weights: weights && Float64Array.from(weights),
      names: analysis.target.task === "regression" ? undefined : Array.from(targets, (code) => names[code]!),
    };
  } finally {
    folds.close();
  }
}

/** Validation events with the columns of their predictions. */
export async function validationEvents({ paths, record }: PlottedRun): Promise<PlotEvents> {
  const table = await readTable([join(paths.predictions, "validation.csv")]);
  const { target } = record.analysis;
  const names = classNames(target);
  return {
    table,
    weights: Object.hasOwn(table.columns, "weight") ? matrixOf(table, "weight").values : undefined,
    names:
      target.task === "regression"
        ? undefined
        : Array.from(matrixOf(table, "target").values, (code) => names[code]!),
  };
}

async function scoredSets({ paths, record }: PlottedRun): Promise<ScoredSets> {
  const names = Object.keys(readMetrics(paths).sets);
  const sets = names.map(async (name) => {
    const isRenormalised = setIsRenormalised(record.analysis, name);
    return [name, await readPredictions(paths.predictions, name, isRenormalised)] as const;
  });
  return Object.fromEntries(await Promise.all(sets));
}

async function figures(run: PlottedRun): Promise<Partial<RunReport>> {
  return figuresOfTask(run.record.analysis, await scoredSets(run));
}

/** Predictions of validation and training events by class; of one class of several, or one target of a regression. */
export async function runPredictions(
  run: PlottedRun,
  { column, cut }: PlotOptions,
): Promise<NamedPredictions> {
  const { predictions, classResponses, regressions } = await figures(run);
  if (predictions) {
    const chosen = cut ?? readMetrics(run.paths).cut?.value;
    return { ...predictions, ...(typeof chosen === "number" ? { cut: chosen } : {}) };
  }
  const several = [
    ...(classResponses ?? []).map((each) => ({
      ...{ name: each.class, histograms: each.predictions },
      quantity: `Predicted probability of ${each.class}`,
    })),
    ...(regressions ?? []).map(({ target, differences }) => ({
      ...{ name: target, histograms: differences },
      quantity: `Prediction − truth of ${target}`,
    })),
  ];
  const { histograms, quantity } = chosenOf("predictions", several, column);
  return { ...histograms, quantity };
}

/** ROC curves of all sets of events. */
export async function runRocCurves(kind: string, run: PlottedRun): Promise<readonly LabelledRocCurve[]> {
  const { rocCurves } = await figures(run);
  return rocCurves ?? noClasses(kind, run);
}

/** AMS scans with the cut of the analysis. */
export async function runAmsScans(run: PlottedRun): Promise<AmsScans> {
  const { amsScans: scans } = await figures(run);
  return scans ? { scans, cut: readMetrics(run.paths).cut?.value ?? null } : noClasses("ams", run);
}

/** Reliability of the probability of signal. */
export async function runReliability(run: PlottedRun): Promise<readonly ReliabilityCurve[]> {
  const { reliability } = calibration(run.record.analysis, await scoredSets(run));
  return reliability ?? noClasses("reliability", run);
}

/** Bias and resolution of a target. */
export async function runResolution(run: PlottedRun, { column }: PlotOptions): Promise<ResolutionProfile> {
  const { regressions = [] } = await figures(run);
  if (regressions.length === 0) {
    throw new ConfigurationError(
      `plot resolution: the run "${run.paths.folder}" is a classification; only regressions have a resolution.`,
    );
  }
  const several = regressions.map((each) => ({ ...each, name: each.target }));
  return chosenOf("resolution", several, column).profile;
}

/** Signal and background are what these pictures are of. */
function noClasses(kind: string, { paths }: PlottedRun): never {
  throw new ConfigurationError(
    `plot ${kind}: the run "${paths.folder}" has no signal and background; a classification was expected, of several classes one with evaluation.signal.`,
  );
}

/** The rows of all members. */
export function runHistories(run: PlottedRun): readonly (readonly MeasuredEpoch[])[] {
  return run.record.training.members.map(({ member }) => historyOf(run, member));
}

/**
 * Learning rate and momentum of each step of a member's training; at the ends of its epochs, where callbacks may have
 * changed them on the way.
 */
export async function runSchedule(run: PlottedRun, { member = 0 }: PlotOptions): Promise<ScheduleHistory> {
  const { analysis, analysisFile } = run.record;
  const { builder } = await memberModel(run, member);
  const { stepCount, epochCount } = memberOf(run, member);
  const specs = analysis.training.callbacks as readonly CallbackSpec[];
  if (!specs.every((spec) => "callback" in spec && spec.callback !== "CycleStep")) {
    const rows = historyOf(run, member);
    return {
      steps: rows.map(({ step }) => step),
      learningRate: rows.map(({ learningRate }) => learningRate),
      momentum: rows.map(({ momentum }) => momentum),
    };
  }
  const shape = {
    epochCount: analysis.training.epochs,
    stepsPerEpoch: stepCount / epochCount,
    ...{ learningRate: builder.learningRate, momentum: builder.momentum },
  };
  const { values } = combineSchedules(await makeCallbacks(specs, dirname(analysisFile)), shape);
  const steps = Array.from({ length: stepCount }, (_, step) => step);
  const taken = steps.map((step) => values(step, shape.epochCount * shape.stepsPerEpoch));
  return {
    steps,
    learningRate: taken.map(({ learningRate }) => learningRate),
    momentum: taken.map(({ momentum }) => momentum),
  };
}

function historyOf({ paths }: PlottedRun, member: number): History {
  return parseHistory(readFileSync(join(paths.folder, "members", String(member), "history.jsonl"), "utf8"));
}

/** What `lumin explain` has found by a method. @throws ConfigurationError where it was not run. */
export function runInterpretation<M extends ExplainMethod>(
  kind: string,
  { paths }: PlottedRun,
  method: M,
): Extract<Interpretation, { method: M }> {
  const found = readInterpretation(paths, method);
  if (found !== undefined) return found as Extract<Interpretation, { method: M }>;
  throw new ConfigurationError(
    `plot ${kind}: nothing is known yet of the run "${paths.folder}". Run this first: lumin explain ${paths.folder} --method ${method}`,
  );
}

/** The vectors that a member has learnt for the categories of a feature. */
export async function runEmbedding(
  run: PlottedRun,
  { column, member = 0 }: PlotOptions,
): Promise<NamedEmbedding> {
  const model = await memberModel(run, member);
  const { categorical } = readJson(run.paths.pipeline) as Pipeline;
  const several = Object.entries(model.embeddings()).map(([name, tensor]) => ({ name, tensor }));
  const { name, tensor } = chosenOf("embedding", several, column);
  const categories = categorical.find((each) => each.name === name)?.values.map(String) ?? [];
  const { shape, data } = tensor;
  return { feature: name, shape, data, ...(categories.length === shape[0] ? { categories } : {}) };
}

/** What the blocks of a member's body add to the output, or features to the bottleneck of a block. */
export async function runContributions(
  run: PlottedRun,
  options: PlotOptions,
): Promise<{ readonly of: string; readonly parts: readonly ContributionBox[] }> {
  const { paths, record } = run;
  const model = await memberModel(run, options.member ?? 0);
  const folds = await openFolds(record.analysis, paths.folds, dirname(record.analysisFile));
  try {
    const events = explainedEvents(folds, 5000, options.seed ?? record.seed);
    const { of, parts } = await (options.block === undefined
      ? blockContributions(model, events)
      : bottleneckContributions(model, events, { block: options.block }));
    return { of, parts: parts.map(({ name, mean, quantiles }) => ({ name, mean, quantiles })) };
  } finally {
    folds.close();
    await model.release();
  }
}

async function memberModel(run: PlottedRun, member: number): Promise<Model> {
  if (isTrees(run.record.analysis.model)) {
    throw new ConfigurationError(
      `plot: the run "${run.paths.folder}" is of trees; this picture is of a network.`,
    );
  }
  memberOf(run, member);
  return Model.load(join(run.paths.folder, "members", String(member)));
}

function memberOf({ record, paths }: PlottedRun, member: number): RunRecord["training"]["members"][number] {
  const found = record.training.members.find((each) => each.member === member);
  if (found) return found;
  const known = record.training.members.map((each) => each.member).join(", ");
  throw new ConfigurationError(
    `plot: --member ${member}: the run "${paths.folder}" has the members ${known}.`,
  );
}

/** The one of that name; without a name the only one. */
export function chosenOf<T extends { readonly name: string }>(
  kind: string,
  several: readonly T[],
  column: readonly string[] = [],
): T {
  const names = several.map(({ name }) => name);
  if (column.length === 0 && several.length === 1) return several[0]!;
  if (column.length !== 1) {
    throw new ConfigurationError(
      `plot ${kind}: --column says which one: ${names.join(", ") || "there is none"}.`,
    );
  }
  const found = several.find(({ name }) => name === column[0]);
  if (found === undefined) throw unknownName(`plot ${kind}: --column`, column[0]!, names);
  return found;
}
