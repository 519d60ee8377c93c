/** The numbers of pictures of events: what a file's columns and weights give. */

import { type Numbers, Stream } from "../array/index.ts";
import { expandNames, kindOf } from "../data/index.ts";
import { ConfigurationError, DataError } from "../errors/index.ts";
import { correlationClusters, rankCorrelation } from "../features/index.ts";
import { amsScan, pulls, rocAucWithUncertainty, rocBand, rocCurve } from "../metrics/index.ts";
import {
  type AmsScans,
  classHistograms,
  type LabelledRocCurve,
  type PredictionHistograms,
  type ReliabilityCurve,
  type ResolutionProfile,
  type Sample,
  sampleHistograms,
  samplesOf,
} from "../plot/index.ts";
import { kernelDensity, summariseDistribution } from "../statistics/index.ts";
import type { NamedDendrogram, NamedDensities, NamedStack } from "./plot-numbers.ts";
import {
  oneColumn,
  type PlotEvents,
  type PlotOptions,
  probabilityRange,
  targetsOf,
  valuesOf,
} from "./plot-options.ts";
import { resolutionProfile } from "./run-figures.ts";
import { reliabilityCurve } from "./run-sections.ts";

/** Events of a sample at most for a density, which is a Gaussian for each of them at each point; its band is that of these events. */
const densityEvents = 10_000;

const binsOf = ({ bins, range }: PlotOptions, otherwise?: readonly [number, number]) => ({
  ...(bins === undefined ? {} : { binCount: bins }),
  ...(range || otherwise ? { range: range ?? otherwise! } : {}),
});
/** Limits at the halves, where all values are whole numbers and few, and nobody has asked for other bins. */
export function wholeBins(samples: readonly Sample[], { bins, range }: PlotOptions): number[] | undefined {
  if (bins !== undefined || range !== undefined) return undefined;
  const found = new Set<number>();
  for (const { values } of samples) {
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      if (Number.isNaN(value)) continue;
      if (!Number.isInteger(value) || found.size > 30) return undefined;
      found.add(value);
    }
  }
  const [low, high] = [Math.min(...found), Math.max(...found)];
  if (!(high - low <= 60)) return undefined;
  return Array.from({ length: high - low + 2 }, (_, i) => low - 0.5 + i);
}

const bootstrapOf = ({ replicas = 50, seed = 0 }: PlotOptions) => ({ replicaCount: replicas, seed });

/** Values of the column, sample by sample. */
export function featureSamples(kind: string, events: PlotEvents, options: PlotOptions): readonly Sample[] {
  const values = valuesOf(events, oneColumn(kind, "what is drawn", options), options);
  const { weights } = events;
  if (events.names === undefined) return [{ name: "all events", values, weights }];
  return samplesOf(values, events.names, weights);
}

/** Kernel densities of each sample with bootstrap bands and moments. */
export function densities(events: PlotEvents, options: PlotOptions): NamedDensities {
  const samples = featureSamples("densities", events, options);
  const [first] = sampleHistograms(samples, binsOf(options));
  const [low, high] = [first!.edges[0]!, first!.edges.at(-1)!];
  const grid = Array.from({ length: 101 }, (_, i) => low + (i * (high - low)) / 100);
  const found = samples.map((sample, i) => {
    const { values, weights } = drawn(sample, new Stream(options.seed ?? 0, "plot", i));
    const { points, density, uncertainty } = kernelDensity(values, grid, weights, bootstrapOf(options));
    const { mean, deviation } = summariseDistribution(values, weights, bootstrapOf(options));
    return { name: sample.name, points, density, uncertainty, moments: { mean, deviation } };
  });
  const { column: [feature] = [], unit } = options;
  return { feature: feature!, ...(unit === undefined ? {} : { unit }), densities: found };
}

function drawn({ name, values, weights }: Sample, stream: Stream): Sample {
  const rows = stream.permutation(values.length).filter((row) => Number.isFinite(values[row]!));
  const few = rows.subarray(0, densityEvents).sort();
  const pick = (of: Numbers): Float64Array => Float64Array.from(few, (row) => of[row]!);
  return { name, values: pick(values), weights: weights && pick(weights) };
}

/** Histograms in the same bins: a stack, lines over it, data. */
export function stackedSamples(events: PlotEvents, options: PlotOptions): NamedStack {
  const samples = featureSamples("stack", events, options);
  const { points, lines = [] } = options;
  const known = samples.map(({ name }) => name);
  for (const name of [...lines, ...(points === undefined ? [] : [points])]) {
    if (!known.includes(name)) {
      throw new ConfigurationError(
        `plot stack: there is no sample "${name}". Samples are the values of --by: ${known.join(", ")}.`,
      );
    }
  }
  const values = samples.flatMap((sample) => Array.from(sample.values));
  const whole = wholeBins(samples, options);
  const binned = sampleHistograms(
    samples,
    whole ? { edges: whole } : binsOf(options, probabilityRange(values)),
  );
  return {
    quantity: oneColumn("stack", "what is drawn", options),
    stacked: binned.filter(({ name }) => name !== points && !lines.includes(name)),
    lines: binned.filter(({ name }) => lines.includes(name)),
    data: binned.find(({ name }) => name === points),
  };
}

/** Histograms of the prediction, class by class. */
export function predictionHistograms(events: PlotEvents, options: PlotOptions): PredictionHistograms {
  const values = valuesOf(events, oneColumn("predictions", "the prediction", options), options);
  const names = events.names ?? Array.from(values, () => "all events");
  const classes = [...new Set(names)].sort();
  const codes = names.map((name) => classes.indexOf(name));
  const [low, high] = values.reduce(
    ([least, greatest], value) => [Math.min(least, value), Math.max(greatest, value)],
    [Infinity, -Infinity],
  );
  const range = probabilityRange(values) ?? [low!, high!];
  const histogramOptions = { ...binsOf(options, range as readonly [number, number]), classNames: classes };
  return { validation: classHistograms(values, codes, events.weights, histogramOptions) };
}

/** A curve for each column, with bootstrap bands. */
export function rocCurves(
  kind: string,
  events: PlotEvents,
  options: PlotOptions,
): readonly LabelledRocCurve[] {
  const targets = targetsOf(kind, events, options);
  const { column = [] } = options;
  if (column.length === 0) {
    throw new ConfigurationError(`plot ${kind}: --column names the predictions; it is missing.`);
  }
  const { replicas = 50 } = options;
  return column.map((name) => {
    const values = finiteValues(kind, name, valuesOf(events, name, options));
    const { falsePositiveRate, truePositiveRate, auc } = rocCurve(values, targets, events.weights);
    const curve = { label: name, falsePositiveRate, truePositiveRate, auc };
    if (replicas < 2) return curve;
    const bootstrap = bootstrapOf(options);
    const { uncertainty } = rocAucWithUncertainty(values, targets, events.weights, bootstrap);
    const band = rocBand(values, targets, events.weights, bootstrap);
    return { ...curve, aucUncertainty: uncertainty, band };
  });
}

/** AMS at every cut, for each regularisation. */
export function amsScans(events: PlotEvents, options: PlotOptions): AmsScans {
  const targets = targetsOf("ams", events, options);
  const name = oneColumn("ams", "the prediction", options);
  const values = finiteValues("ams", name, valuesOf(events, name, options));
  const { regularisation = [10], cut } = options;
  return {
    scans: regularisation.map((each) => {
      const { thresholds, ams, maximum } = amsScan(values, targets, events.weights, { regularisation: each });
      return { regularisation: each, thresholds, ams, maximum };
    }),
    ...(cut === undefined ? {} : { cut }),
  };
}

/** Fraction of signal by prediction, a curve for each column. */
export function reliabilityCurves(events: PlotEvents, options: PlotOptions): readonly ReliabilityCurve[] {
  const targets = targetsOf("reliability", events, options);
  const { column = [] } = options;
  if (column.length === 0) {
    throw new ConfigurationError("plot reliability: --column names the predictions; it is missing.");
  }
  return column.map((name) => {
    const predictions = finiteValues("reliability", name, valuesOf(events, name, options));
    return reliabilityCurve(name, { predictions, targets, weights: events.weights }, bootstrapOf(options));
  });
}

/** Bias and resolution of a prediction in bins of the truth. */
export function resolution(events: PlotEvents, options: PlotOptions): ResolutionProfile {
  const name = oneColumn("resolution", "the prediction", options);
  if (options.truth === undefined) {
    throw new ConfigurationError(
      "plot resolution: --truth names the column with the true value; it is missing.",
    );
  }
  const truth = valuesOf(events, options.truth, options);
  const predictions = valuesOf(events, name, options);
  const rows = Array.from(truth.keys()).filter((i) => Number.isFinite(truth[i]! - predictions[i]!));
  if (rows.length === 0) {
    throw new DataError(`plot resolution: no event has both "${name}" and "${options.truth}".`);
  }
  const pick = (of: Float64Array): Float64Array => Float64Array.from(rows, (row) => of[row]!);
  return resolutionProfile(
    options.unit === undefined ? options.truth : `${options.truth} [${options.unit}]`,
    {
      differences: pulls(pick(predictions), pick(truth)),
      truth: pick(truth),
      weights: events.weights && pick(events.weights),
      binCount: options.bins,
    },
    bootstrapOf(options),
  );
}

/** Weighted rank correlation of columns: names and rows. */
export function correlations(
  kind: string,
  events: PlotEvents,
  options: PlotOptions,
): { readonly names: readonly string[]; readonly matrix: Float64Array } {
  const { columns } = events.table;
  const known = Object.keys(columns).filter((name) => kindOf(columns[name]!) !== "text");
  const names = expandNames(options.column ?? ["*"], known, "--column: column of numbers").filter(
    (name) => name !== options.weight && name !== options.by,
  );
  if (names.length < 2) {
    throw new ConfigurationError(
      `plot ${kind}: two columns of numbers or more were expected, but there is ${names.length}.`,
    );
  }
  const values = names.map((name) => valuesOf(events, name, options));
  return { names, matrix: rankCorrelation(values, events.weights) };
}

/** The dendrogram of rank correlation. */
export function dendrogram(events: PlotEvents, options: PlotOptions): NamedDendrogram {
  const { names, matrix } = correlations("dendrogram", events, options);
  return { names, root: correlationClusters(matrix, names.length).root };
}

function finiteValues(kind: string, name: string, values: Float64Array): Float64Array {
  const row = values.findIndex((value) => !Number.isFinite(value));
  if (row < 0) return values;
  throw new DataError(
    `plot ${kind}: column "${name}" has no finite value in row ${row + 1}. Leave such events out with --select.`,
  );
}
