/** The kinds of pictures of `lumin plot`: where its numbers come from, which options it takes, how it is drawn. */
import type { z } from "zod";
import { ConfigurationError } from "../errors/index.ts";
import {
  lossHistory,
  type MeasuredEpoch,
  type PlotSettings,
  type PlotSpec,
  plotAmsScan,
  plotAttributions,
  plotContributions,
  plotDendrogram,
  plotDensities,
  plotEffects,
  plotEmbedding,
  plotEvents,
  plotFeature,
  plotFeatureMap,
  plotImportance,
  plotJointDependence,
  plotLearningRates,
  plotLosses,
  plotMetricHistory,
  plotPartialDependence,
  plotPredictions,
  plotReliability,
  plotResolution,
  plotRoc,
  plotSchedule,
  plotStack,
  plotTraining,
  type Sample,
  sampleHistograms,
} from "../plot/index.ts";
import { sampleMoments } from "../plot/samples.ts";
import * as numbers from "./plot-numbers.ts";
import { displayedEvents } from "./plot-objects.ts";
import * as ofEvents from "./plot-of-events.ts";
import * as ofRun from "./plot-of-run.ts";
import { eventOptions, type PlotEvents, type PlotOptions } from "./plot-options.ts";

/** A picture before it is drawn: its numbers, as `--data` writes them, and how they become a plot. */
export interface Picture {
  readonly numbers: unknown;
  readonly draw: (settings: PlotSettings) => PlotSpec;
}

/** A kind of picture. */
export interface PlotKind {
  /** Options that it uses. */
  readonly options: readonly (keyof PlotOptions)[];
  /** Columns of a file that it needs, less class and weight; undefined: all. */
  readonly columns?: (options: PlotOptions) => readonly string[] | undefined;
  readonly fromEvents?: (events: PlotEvents, options: PlotOptions) => Picture | Promise<Picture>;
  readonly fromRun?: (run: ofRun.PlottedRun, options: PlotOptions) => Picture | Promise<Picture>;
  readonly fromHistories?: (
    histories: readonly (readonly MeasuredEpoch[])[],
    options: PlotOptions,
  ) => Picture;
  /** From the content of a JSON file. */
  readonly fromNumbers?: (path: string, content: unknown, options: PlotOptions) => Picture;
}

interface Parts<N> {
  readonly options?: readonly (keyof PlotOptions)[];
  readonly schema?: z.ZodType<N>;
  readonly columns?: (options: PlotOptions) => readonly string[] | undefined;
  readonly events?: (events: PlotEvents, options: PlotOptions) => N | Promise<N>;
  readonly run?: (run: ofRun.PlottedRun, options: PlotOptions) => N | Promise<N>;
  /** The part of another program's file that has the numbers. */
  readonly within?: (content: unknown) => unknown;
  readonly draw: (numbers: N, settings: PlotSettings, options: PlotOptions) => PlotSpec;
  /** What is saved in the place of the numbers. */
  readonly saved?: (numbers: N, options: PlotOptions) => unknown;
}

function kind<N>(name: string, parts: Parts<N>): readonly [string, PlotKind] {
  const { schema, events, run, draw, saved, within = (content) => content } = parts;
  const picture = (found: N, options: PlotOptions): Picture => ({
    numbers: saved ? saved(found, options) : found,
    draw: (settings) => draw(found, settings, options),
  });
  return [
    name,
    {
      options: [...(parts.options ?? []), ...(events ? eventOptions : [])],
      ...(parts.columns ? { columns: parts.columns } : {}),
      ...(events ? { fromEvents: async (own, options) => picture(await events(own, options), options) } : {}),
      ...(run ? { fromRun: async (own, options) => picture(await run(own, options), options) } : {}),
      ...(schema
        ? {
            fromNumbers: (path, content, options) =>
              picture(numbers.parsedNumbers(name, path, within(content), schema), options),
          }
        : {}),
    },
  ];
}

const column = ({ column: names = [] }: PlotOptions): readonly string[] => names;
const feature = ({ column: [name] = [], unit }: PlotOptions) => ({
  ...(name === undefined ? {} : { feature: name }),
  ...(unit === undefined ? {} : { unit }),
});
const binning = (samples: readonly Sample[], options: PlotOptions) => {
  const { bins, range } = options;
  const edges = ofEvents.wholeBins(samples, options);
  // Between whole numbers there is nothing: a smooth curve would say otherwise.
  if (edges !== undefined) return { edges, smooth: false };
  return {
    ...(bins === undefined ? {} : { binCount: bins }),
    ...(range === undefined ? {} : { range }),
  };
};
/** The usual title of an axis, where the settings have no other. */
const titled = (settings: PlotSettings, labels: NonNullable<PlotSettings["labels"]>): PlotSettings => ({
  ...settings,
  labels: { ...labels, ...settings.labels },
});
const xTitle = (settings: PlotSettings, x: string | undefined): PlotSettings =>
  x === undefined ? settings : titled(settings, { x });
/** What stands under a key of a file of `lumin explain` or `lumin features`. */
const under =
  (key: string) =>
  (content: unknown): unknown => {
    const value = (content as Record<string, unknown> | null)?.[key];
    return Array.isArray(content) || value === undefined ? content : value;
  };

/** All kinds, in the order of the help. */
export const plotKinds: Readonly<Record<string, PlotKind>> = Object.fromEntries<PlotKind>([
  kind<readonly Sample[]>("feature", {
    ...{ options: ["column", "bins", "range", "unit", "sums"], columns: column },
    events: (events, options) => ofEvents.featureSamples("feature", events, options),
    run: async (run, options) =>
      ofEvents.featureSamples("feature", await ofRun.trainingEvents(run, options), options),
    draw: (samples, settings, options) =>
      plotFeature(samples, {
        ...{ ...settings, ...feature(options), ...binning(samples, options) },
        normalise: options.sums !== true,
      }),
    saved: (samples, options) =>
      sampleHistograms(samples, binning(samples, options)).map((histogram, i) => ({
        ...histogram,
        moments: sampleMoments(samples[i]!),
      })),
  }),
  kind("densities", {
    ...{ options: ["column", "range", "unit", "replicas", "seed"], columns: column },
    schema: numbers.densityNumbers,
    events: ofEvents.densities,
    run: async (run, options) => ofEvents.densities(await ofRun.trainingEvents(run, options), options),
    draw: ({ densities, ...quantity }, settings) => plotDensities(densities, { ...settings, ...quantity }),
  }),
  kind("stack", {
    options: ["column", "bins", "range", "points", "lines", "lineScale", "zoom"],
    ...{ columns: column, schema: numbers.stackNumbers, events: ofEvents.stackedSamples },
    run: async (run, options) =>
      ofEvents.stackedSamples(await ofRun.validationEvents(run), { column: ["pred"], ...options }),
    draw: (samples, settings, { lineScale, zoom }) =>
      plotStack(samples, {
        ...xTitle(settings, samples.quantity),
        ...(lineScale === undefined ? {} : { lineScale }),
        ...(zoom === undefined ? {} : { zoom: { x: zoom } }),
      }),
  }),
  kind("predictions", {
    options: ["column", "bins", "range", "cut", "sums", "zoom"],
    ...{ columns: column, schema: numbers.predictionNumbers, run: ofRun.runPredictions },
    events: (events, options): numbers.NamedPredictions => ({
      ...ofEvents.predictionHistograms(events, options),
      ...(options.cut === undefined ? {} : { cut: options.cut }),
    }),
    draw: ({ cut, quantity, ...histograms }, settings, { sums, zoom }) =>
      plotPredictions(histograms, {
        ...xTitle(settings, quantity),
        ...(cut === undefined ? {} : { cut }),
        ...(zoom === undefined ? {} : { zoom: { x: zoom } }),
        normalise: sums !== true,
      }),
  }),
  kind("roc", {
    options: ["column", "signal", "replicas", "seed"],
    ...{ columns: column, schema: numbers.rocNumbers },
    events: (events, options) => ofEvents.rocCurves("roc", events, options),
    run: (run) => ofRun.runRocCurves("roc", run),
    draw: (curves, settings) => plotRoc(curves, settings),
  }),
  kind("rejection", {
    options: ["column", "signal", "replicas", "seed"],
    ...{ columns: column, schema: numbers.rocNumbers },
    events: (events, options) => ofEvents.rocCurves("rejection", events, options),
    run: (run) => ofRun.runRocCurves("rejection", run),
    draw: (curves, settings) => plotRoc(curves, { ...settings, axes: "rejection" }),
  }),
  kind("ams", {
    options: ["column", "signal", "regularisation", "cut", "range"],
    ...{ columns: column, schema: numbers.amsNumbers, events: ofEvents.amsScans, run: ofRun.runAmsScans },
    draw: (scans, settings, { range }) => plotAmsScan(scans, { ...settings, ...(range ? { range } : {}) }),
  }),
  kind("reliability", {
    options: ["column", "signal", "replicas", "seed"],
    ...{ columns: column, schema: numbers.reliabilityNumbers },
    ...{ events: ofEvents.reliabilityCurves, run: ofRun.runReliability },
    draw: plotReliability,
  }),
  kind("resolution", {
    options: ["column", "truth", "bins", "unit", "replicas", "seed"],
    columns: (options) => [...column(options), ...(options.truth === undefined ? [] : [options.truth])],
    ...{ schema: numbers.resolutionNumbers, events: ofEvents.resolution, run: ofRun.runResolution },
    draw: plotResolution,
  }),
  kind<numbers.NamedMap>("correlation", {
    ...{ options: ["column", "seed"], schema: numbers.mapNumbers },
    events: (events, options) => mapOf(ofEvents.correlations("correlation", events, options)),
    run: async (run, options) =>
      mapOf(ofEvents.correlations("correlation", await ofRun.trainingEvents(run, options), options)),
    draw: ({ names, rows }, settings) => plotFeatureMap(names, rows, settings),
  }),
  kind<numbers.NamedDendrogram>("dendrogram", {
    ...{ options: ["column", "threshold", "seed"], schema: numbers.dendrogramNumbers },
    events: ofEvents.dendrogram,
    run: async (run, options) => ofEvents.dendrogram(await ofRun.trainingEvents(run, options), options),
    draw: ({ names, root }, settings, { threshold }) =>
      plotDendrogram(root, names, {
        ...settings,
        ...(threshold === undefined ? {} : { height0: threshold }),
      }),
  }),
  kind("events", {
    ...{ options: ["objects", "rows"], schema: numbers.eventNumbers, events: displayedEvents },
    draw: plotEvents,
  }),
  histories("losses", [], (rows, settings) =>
    plotLosses(
      rows.map((own, member) => lossHistory(member, own)),
      settings,
    ),
  ),
  histories("overtraining", [], (rows, settings) => {
    const plot = plotTraining(rows, settings)[1];
    if (plot !== undefined) return plot;
    throw new ConfigurationError("plot overtraining: no epoch has both losses.");
  }),
  histories("metric", ["metric"], (rows, settings, { metric }) => {
    const known = [...new Set(rows.flat().flatMap((row) => Object.keys(row.metrics ?? {})))];
    if (metric !== undefined || known.length === 1) {
      return plotMetricHistory(rows, metric ?? known[0]!, settings);
    }
    throw new ConfigurationError(
      `plot metric: --metric says which one: ${known.join(", ") || "none was logged; give the training the callback MetricLogger"}.`,
    );
  }),
  kind("learning-rates", {
    schema: numbers.learningRateNumbers,
    draw: plotLearningRates,
  }),
  kind("schedule", {
    ...{ options: ["member"], schema: numbers.scheduleNumbers, run: ofRun.runSchedule },
    draw: plotSchedule,
  }),
  kind("importance", {
    ...{ options: ["threshold", "limit"], schema: numbers.importanceNumbers, within: under("importances") },
    run: (run) => ofRun.runInterpretation("importance", run, "importance").importances,
    draw: (rows, settings, { threshold, limit }) =>
      plotImportance(rows, {
        ...titled(settings, { x: "Loss when shuffled" }),
        ...(threshold === undefined ? {} : { threshold }),
        ...(limit === undefined ? {} : { limit }),
      }),
  }),
  kind("attributions", {
    ...{ options: ["limit"], schema: numbers.attributionNumbers },
    run: (run) => ofRun.runInterpretation("attributions", run, "shap"),
    draw: (cloud, settings, { limit }) =>
      plotAttributions(cloud, { ...settings, ...(limit === undefined ? {} : { limit }) }),
    saved: ({ features, values, inputs }) => ({ features, values, inputs }),
  }),
  kind("effects", {
    ...{ options: ["column"], schema: numbers.effectNumbers, within: under("effects") },
    run: (run) => ofRun.runInterpretation("effects", run, "effects").effects,
    draw: (several, settings, options) => plotEffects(ofFeature("effects", several, options), settings),
  }),
  kind("dependence", {
    ...{ options: ["column"], schema: numbers.dependenceNumbers, within: under("dependences") },
    run: (run) => ofRun.runInterpretation("dependence", run, "dependence").dependences,
    draw: (several, settings, options) =>
      plotPartialDependence(ofFeature("dependence", several, options), settings),
  }),
  kind("plane", {
    ...{ schema: numbers.planeNumbers, within: under("pair") },
    run: (run) => {
      const { pair } = ofRun.runInterpretation("plane", run, "dependence");
      if (pair !== undefined) return pair;
      throw new ConfigurationError(
        `plot plane: no pair of features was looked at. Run this first: lumin explain ${run.paths.folder} --method dependence --pair NAME NAME`,
      );
    },
    draw: plotJointDependence,
  }),
  kind<numbers.NamedEmbedding>("embedding", {
    ...{ options: ["column", "member"], schema: numbers.embeddingNumbers, run: ofRun.runEmbedding },
    draw: (table, settings) => {
      const { feature: name, categories } = table;
      return plotEmbedding(table, {
        ...settings,
        ...(name === undefined ? {} : { feature: name }),
        ...(categories === undefined ? {} : { categories }),
      });
    },
  }),
  kind("contributions", {
    ...{ options: ["member", "block", "limit", "seed"], schema: numbers.contributionNumbers },
    run: ofRun.runContributions,
    draw: (found, settings, { limit }) =>
      plotContributions(found, { ...settings, ...(limit === undefined ? {} : { limit }) }),
  }),
]);

/** A kind drawn of the histories of members: of a run, or of files history.jsonl. */
function histories(
  name: string,
  options: readonly (keyof PlotOptions)[],
  draw: (
    rows: readonly (readonly MeasuredEpoch[])[],
    settings: PlotSettings,
    options: PlotOptions,
  ) => PlotSpec,
): readonly [string, PlotKind] {
  const of = (rows: readonly (readonly MeasuredEpoch[])[], own: PlotOptions): Picture => ({
    numbers: rows,
    draw: (settings) => draw(rows, settings, own),
  });
  return [name, { options, fromRun: (run, own) => of(ofRun.runHistories(run), own), fromHistories: of }];
}

function mapOf({ names, matrix }: ReturnType<typeof ofEvents.correlations>): numbers.NamedMap {
  const count = names.length;
  return { names, rows: names.map((_, i) => [...matrix.subarray(i * count, (i + 1) * count)]) };
}

function ofFeature<T extends { readonly feature: string }>(
  name: string,
  several: readonly T[],
  { column: wanted }: PlotOptions,
): T {
  return ofRun.chosenOf(
    name,
    several.map((each) => ({ ...each, name: each.feature })),
    wanted,
  );
}
