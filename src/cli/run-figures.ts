/** What the report draws of the predictions, task by task. */
import type { BootstrapOptions, Numbers } from "../array/index.ts";
import { amsScan, pulls, renormalise, resolutionInBins, rocCurve } from "../metrics/index.ts";
import {
  type ClassHistogram,
  classHistograms,
  type Estimate,
  type LabelledAmsScan,
  type LabelledRocCurve,
  type RegressionFigures,
  type ResolutionProfile,
  type RunReport,
} from "../plot/index.ts";
import { type Analysis, classNames } from "./analysis.ts";
import { binaryView, classTotals } from "./binary-view.ts";
import { type ScoredSet, setTitle } from "./evaluation.ts";
import { measured } from "./multiclass-metrics.ts";
import { ofTarget } from "./regression-metrics.ts";

/** Scored sets by name: `validation`, `outOfFold`, and those of the analysis. */
export type ScoredSets = Readonly<Record<string, ScoredSet>>;

/** The figures of the analysis's task. */
export function figuresOfTask(analysis: Analysis, sets: ScoredSets): Partial<RunReport> {
  switch (analysis.target.task) {
    case "binary":
      return { ...binaryFigures(analysis, sets), amsScans: amsScans(analysis, sets) };
    case "multiclass": {
      const scans = amsScans(analysis, sets);
      return { ...classFigures(analysis, sets), ...(scans.length === 0 ? {} : { amsScans: scans }) };
    }
    case "regression":
      return regressionFigures(analysis, sets);
  }
}

function binaryFigures(analysis: Analysis, sets: ScoredSets): Partial<RunReport> {
  const rocCurves = Object.entries(sets).map(([name, { predictions, targets, weights }]) =>
    labelledRoc(setTitle(name), predictions, targets, weights),
  );
  const histograms = ({ predictions, targets, weights }: ScoredSet): ClassHistogram[] =>
    classHistograms(predictions, targets, weights, { classNames: classNames(analysis.target) });
  const { validation, outOfFold } = sets;
  if (validation === undefined) return { rocCurves };
  return {
    rocCurves,
    predictions: {
      validation: histograms(validation),
      ...(outOfFold === undefined ? {} : { training: histograms(outOfFold) }),
    },
  };
}

function amsScans(analysis: Analysis, sets: ScoredSets): LabelledAmsScan[] {
  const { regularisation, backgroundUncertainty } = analysis.evaluation.ams;
  return Object.entries(sets).flatMap(([name, set]) => {
    const view = binaryView(analysis, set);
    if (view === undefined) return [];
    const { predictions, targets } = view;
    const totals = set.renormalise ? classTotals(analysis) : undefined;
    const weights = totals === undefined ? view.weights : renormalise(targets, view.weights, totals);
    return regularisation.map((each): LabelledAmsScan => {
      const scan = amsScan(predictions, targets, weights, { regularisation: each, backgroundUncertainty });
      const { ams, threshold } = scan.maximum;
      return {
        regularisation: each,
        label: `${setTitle(name)}, b_reg = ${each}`,
        thresholds: scan.thresholds,
        ams: scan.ams,
        maximum: { ams, threshold },
      };
    });
  });
}

/** Of validation events: how each class's prediction responds to every class, and its ROC curve against the rest. */
function classFigures({ target }: Analysis, { validation }: ScoredSets): Partial<RunReport> {
  if (validation === undefined) return {};
  const names = classNames(target);
  const { predictions, outputCount, targets, weights } = validation;
  const ofClass = (code: number): Float64Array => predictions.filter((_, i) => i % outputCount === code);
  return {
    rocCurves: names.map((name, code) =>
      labelledRoc(
        name,
        ofClass(code),
        targets.map((each) => (each === code ? 1 : 0)),
        weights,
      ),
    ),
    classResponses: names.map((name, code) => ({
      class: name,
      predictions: { validation: classHistograms(ofClass(code), targets, weights, { classNames: names }) },
    })),
  };
}

function regressionFigures({ target, seed, evaluation }: Analysis, sets: ScoredSets): Partial<RunReport> {
  const { validation, outOfFold } = sets;
  if (validation === undefined) return {};
  const bootstrap = { replicaCount: evaluation.bootstrap, seed };
  const regressions = target.columns.map((name, place): RegressionFigures => {
    const { predictions, truth } = ofTarget(validation, place);
    const differences = pulls(predictions, truth);
    const range = symmetricRange(differences);
    const histogram = (values: Float64Array, weights: Numbers | undefined): ClassHistogram[] =>
      classHistograms(values, new Uint8Array(values.length), weights, { classNames: [name], range });
    const training = outOfFold && ofTarget(outOfFold, place);
    return {
      target: name,
      differences: {
        validation: histogram(differences, validation.weights),
        ...(training === undefined
          ? {}
          : { training: histogram(pulls(training.predictions, training.truth), outOfFold?.weights) }),
      },
      profile: resolutionProfile(name, { differences, truth, weights: validation.weights }, bootstrap),
    };
  });
  return { regressions };
}

/** Bias and resolution of prediction − truth in bins of the truth with about the same number of events. */
export function resolutionProfile(
  target: string,
  {
    differences,
    truth,
    weights,
    binCount = 8,
  }: {
    readonly differences: Float64Array;
    readonly truth: Float64Array;
    readonly weights: Numbers | undefined;
    readonly binCount?: number | undefined;
  },
  bootstrap: BootstrapOptions,
): ResolutionProfile {
  const edges = evenEdges(truth, binCount);
  const bins = resolutionInBins(differences, truth, edges, weights, bootstrap).flatMap((found, i) => {
    if (found === undefined) return [];
    const halfWidth: Estimate = measured(found.halfWidth68);
    const resolution = halfWidth.value === null ? measured(found.deviation) : halfWidth;
    return [{ low: edges[i]!, high: edges[i + 1]!, bias: measured(found.bias), resolution }];
  });
  return { target, bins };
}

function labelledRoc(
  label: string,
  predictions: Float64Array,
  targets: Float32Array,
  weights: Float64Array | undefined,
): LabelledRocCurve {
  const { falsePositiveRate, truePositiveRate, auc } = rocCurve(predictions, targets, weights);
  return { label, falsePositiveRate, truePositiveRate, auc };
}

/** Around 0, so wide that all but 2 % of the differences are inside. */
function symmetricRange(differences: Float64Array): [number, number] {
  const sizes = differences.map(Math.abs).sort();
  const size = sizes[Math.floor(0.98 * sizes.length)] ?? 1;
  const limit = Number((size > 0 ? size : 1).toPrecision(2));
  return [-limit, limit];
}

/** Edges of bins with about the same number of values, over the central 98 % of them. */
function evenEdges(values: Float64Array, count: number): number[] {
  const sorted = values.slice().sort();
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))]!;
  const inner = Array.from({ length: count }, (_, i) => at(0.01 + (0.98 * i) / count));
  const top = at(0.99);
  const above = top + Math.max(Math.abs(top), 1) * 1e-9;
  return [...new Set(inner), above];
}
