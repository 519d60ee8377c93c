/**
 * What event weights mean, as laws: for every statistic that `lumin-hep/metrics`, `/statistics`, `/array` and `/hep` export. An
 * export that is neither in the table nor excused with a reason fails.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as array from "../src/array/index.ts";
import { DataError } from "../src/errors/index.ts";
import * as hep from "../src/hep/index.ts";
import * as metrics from "../src/metrics/index.ts";
import * as statistical from "../src/statistics/index.ts";

/** An event as classifiers, regressions and histograms see it; few distinct values, so that most are tied. */
interface Event {
  /** Prediction and target of a binary classifier. */
  readonly p: number;
  readonly y: 0 | 1;
  /** Predictions of three classes, and the true one. */
  readonly classes: readonly number[];
  readonly code: number;
  /** Prediction and truth of a regression. */
  readonly guess: number;
  readonly truth: number;
  readonly weight: number;
}

/** The columns of events; weights undefined where there are none. */
class Sample {
  readonly events: readonly Event[];
  readonly w: Float64Array | undefined;

  constructor(events: readonly Event[], weighted = true) {
    this.events = events;
    this.w = weighted ? this.column((e) => e.weight) : undefined;
  }

  column(of: (event: Event) => number): Float64Array {
    return Float64Array.from(this.events, of);
  }

  get p(): Float64Array {
    return this.column((e) => e.p);
  }

  get y(): Float64Array {
    return this.column((e) => e.y);
  }

  get truth(): Float64Array {
    return this.column((e) => e.truth);
  }

  get differences(): Float64Array {
    return metrics.pulls(
      this.column((e) => e.guess),
      this.truth,
    );
  }

  /** Names of physics processes. */
  get processes(): string[] {
    return this.events.map((e) => ["top", "Z", "ggH"][e.code]!);
  }

  get templates(): statistical.Template[] {
    const events = { discriminant: this.p, processes: this.processes, weights: this.w };
    return statistical.templatesOf(events, edges, ["top", "Z", "ggH"]);
  }

  /** The predictions of background and of signal, as two samples. */
  get halves(): [statistical.WeightedValues, statistical.WeightedValues] {
    const half = (y: number): statistical.WeightedValues => {
      const own = new Sample(
        this.events.filter((e) => e.y === y),
        this.w !== undefined,
      );
      return { values: own.p, weights: own.w };
    };
    return [half(0), half(1)];
  }

  /** Predictions of three classes, row by row. */
  get several(): metrics.ClassifiedEvents {
    return {
      predictions: Float64Array.from(this.events.flatMap((e) => e.classes)),
      classCount: 3,
      targets: this.column((e) => e.code),
      weights: this.w,
    };
  }
}

/** A statistic and the laws it obeys. */
interface Statistic {
  readonly of: (sample: Sample) => ArrayLike<number>;
  /** All weights times f multiply the statistic by f to this power; 0: invariant. Default 0. */
  readonly degree?: number | readonly number[];
  /** "refused": a DataError; a sentence: it does not cancel them, and why. Default: cancel their double. */
  readonly negative?: "refused" | `because ${string}`;
  /** Why weight 2 is not the event twice: true of statistical uncertainties, and where events are counted. */
  readonly notTwice?: `because ${string}`;
}

const bootstrap = { replicaCount: 8, seed: 5 };
const uncertainty = "because one event of weight 2 fluctuates more than two events";
const drawsEvents = {
  notTwice: uncertainty,
  negative: "because replicas draw the two events of a pair independently",
} as const;
const relabelled = { permutationCount: 8, seed: 3 };
const groups = { signal: [0], background: [1, 2] };
const totals = { signal: 50, background: 400 };
const edges = [0, 0.25, 0.5, 0.75, 1];
const reported = ({ value }: metrics.ReportedMeasurement) => value!;
const uncertain = (measured: metrics.Measurement) => [measured.uncertainty];

/** Every weighted statistic; the same export may have several lines. */
const statistics: readonly (readonly [name: string, statistic: Statistic])[] = [
  ["metrics.accuracy", { of: ({ p, y, w }) => [metrics.accuracy(p, y, w)] }],
  ["metrics.accuracy", { of: ({ p, y, w }) => [metrics.accuracy(p, y, w, { balanced: true })] }],
  ["metrics.logLoss", { of: ({ p, y, w }) => [metrics.logLoss(p, y, w)] }],
  ["metrics.logLoss", { of: ({ p, y, w }) => [metrics.logLoss(p, y, w, { balanced: true })] }],
  ["metrics.rocAuc", { of: ({ p, y, w }) => [metrics.rocAuc(p, y, w)] }],
  ["metrics.rocAuc", { of: ({ p, y, w }) => [metrics.rocAuc(p, y, w, { maximumFalsePositiveRate: 0.3 })] }],
  [
    "metrics.rocAucWithUncertainty",
    { of: ({ p, y, w }) => [metrics.rocAucWithUncertainty(p, y, w, bootstrap).value] },
  ],
  [
    "metrics.rocAucWithUncertainty",
    { of: ({ p, y, w }) => uncertain(metrics.rocAucWithUncertainty(p, y, w, bootstrap)), ...drawsEvents },
  ],
  [
    "metrics.rocCurve",
    {
      of: ({ p, y, w }) => {
        const curve = metrics.rocCurve(p, y, w);
        return [...curve.falsePositiveRate, ...curve.truePositiveRate, ...curve.thresholds.slice(1)];
      },
    },
  ],
  [
    "metrics.backgroundRejection",
    { of: ({ p, y, w }) => [metrics.backgroundRejection(p, y, w, { efficiency: 0.7 })] },
  ],
  ["metrics.calibrationError", { of: ({ p, y, w }) => [metrics.calibrationError(p, y, w)] }],
  [
    "metrics.calibrationBins",
    {
      of: ({ p, y, w }) =>
        metrics.calibrationBins(p, y, w, { binCount: 2 }).flatMap((b) => [b.predicted, b.observed]),
    },
  ],
  [
    "metrics.calibrationBins",
    {
      of: ({ p, y, w }) => metrics.calibrationBins(p, y, w, { binCount: 2 }).map((b) => b.weight),
      degree: 1,
    },
  ],
  ["metrics.brierScore", { of: ({ several }) => [metrics.brierScore(several)] }],
  [
    "metrics.brierScore",
    { of: ({ p, y, w }) => [metrics.brierScore({ predictions: p, classCount: 1, targets: y, weights: w })] },
  ],
  ["metrics.multiclassAccuracy", { of: ({ several }) => [metrics.multiclassAccuracy(several)] }],
  ["metrics.confusionMatrix", { of: ({ several }) => metrics.confusionMatrix(several).flat() }],
  ["metrics.multiclassLogLoss", { of: ({ several }) => [metrics.multiclassLogLoss(several)] }],
  ["metrics.oneVersusRestAuc", { of: ({ several }) => metrics.oneVersusRestAuc(several) }],
  [
    "metrics.oneVersusRestAucWithUncertainty",
    {
      of: ({ several }) =>
        metrics.oneVersusRestAucWithUncertainty(several, bootstrap).map(({ value }) => value),
    },
  ],
  [
    "metrics.oneVersusRestAucWithUncertainty",
    {
      of: ({ several }) =>
        metrics.oneVersusRestAucWithUncertainty(several, bootstrap).map(({ uncertainty }) => uncertainty),
      ...drawsEvents,
    },
  ],
  ["metrics.meanAuc", { of: ({ several }) => [metrics.meanAuc(several)] }],
  ["metrics.meanAuc", { of: ({ several }) => [metrics.meanAuc(several, { average: "weighted" })] }],
  [
    "metrics.multiclassAms",
    { of: ({ several }) => [metrics.multiclassAms(several, groups).ams], degree: 0.5 },
  ],
  [
    "metrics.amsScan",
    {
      of: ({ p, y, w }) => {
        const { maximum } = metrics.amsScan(p, y, w);
        return [maximum.ams, maximum.threshold, maximum.signal, maximum.background];
      },
      degree: [0.5, 0, 1, 1],
    },
  ],
  [
    "metrics.amsScan",
    {
      of: ({ p, y, w }) => {
        const total = (w ?? y.map(() => 1)).reduce((sum, x) => sum + x, 0);
        const options = { regularisation: 10, backgroundUncertainty: 0.1, scale: 1000 / total };
        return metrics.amsScan(p, y, w, options).ams;
      },
    },
  ],
  [
    "metrics.amsScan",
    {
      of: ({ p, y, w }) => {
        const total = (w ?? y.map(() => 1)).reduce((sum, x) => sum + x, 0);
        return metrics.amsScan(p, y, w, { statisticalUncertainty: "weights", scale: 1000 / total }).ams;
      },
      notTwice: uncertainty,
      negative: "because the squares of both weights add up",
    },
  ],
  [
    "metrics.cutByAms",
    {
      of: ({ p, y, w }) => {
        const found = metrics.cutByAms(p, y, w, { minimumPrediction: 0 });
        return [found.maximumAms, found.maximumCut];
      },
      degree: [0.5, 0],
    },
  ],
  [
    "metrics.cutByAms",
    {
      of: ({ p, y, w }) => [metrics.cutByAms(p, y, w, { minimumPrediction: 0, topPercent: 30 }).cut],
      notTwice: "because the best are a fraction of the number of events, as in LUMIN",
      negative: "because the best are a fraction of the number of events, as in LUMIN",
    },
  ],
  [
    "metrics.amsOverFractions",
    {
      of: ({ p, y, w }) => [metrics.amsOverFractions(metrics.amsScan(p, y, w), { from: 0.2, to: 0.9 })],
      degree: 0.5,
      notTwice: "because the fractions are of the number of events",
      negative: "because the fractions are of the number of events",
    },
  ],
  [
    "metrics.yieldsAtCut",
    {
      of: ({ p, y, w }) => {
        const { signal, background } = metrics.yieldsAtCut(p, y, w, 0.5);
        return [signal.passing.sum, signal.total.sum, background.passing.sum, background.total.sum];
      },
      degree: 1,
    },
  ],
  [
    "metrics.yieldsAtCut",
    {
      of: ({ p, y, w }) => [metrics.yieldsAtCut(p, y, w, 0.5).background.total.uncertainty],
      degree: 1,
      notTwice: uncertainty,
      negative: "because the squares of both weights add up",
    },
  ],
  [
    "metrics.renormalise",
    {
      of: ({ p, y, w }) => {
        const scaled = metrics.renormalise(y, w, totals);
        const sumOf = (of: (i: number) => number) => p.reduce((sum, _, i) => sum + of(i) * scaled[i]!, 0);
        return [sumOf((i) => y[i]!), sumOf((i) => 1 - y[i]!), sumOf((i) => p[i]!)];
      },
    },
  ],
  [
    "metrics.binaryClassificationMetrics",
    {
      of: ({ p, y, w }) => {
        const found = metrics.binaryClassificationMetrics(p, y, w, { ...bootstrap, totals, cut: 0.5 });
        return [
          ...[found.auc, found.logLoss, found.logLossBalanced, found.accuracyBalanced].map(reported),
          ...[found.brier, found.calibrationError].map(reported),
          ...found.significance.flatMap((s) => [s.amsMaximum, s.amsMaximumCut, s.amsAtCut].map(reported)),
          found.yields.signal.passing.sum,
          found.yields.background.passing.sum,
        ];
      },
    },
  ],
  [
    "metrics.binaryClassificationMetrics",
    {
      of: ({ p, y, w }) => {
        const found = metrics.binaryClassificationMetrics(p, y, w, { ...bootstrap, totals, cut: 0.5 });
        return [found.auc, found.logLoss, found.significance[0]!.amsAtCut].map((m) => m.uncertainty!);
      },
      ...drawsEvents,
    },
  ],
  [
    "metrics.regressionResolution",
    {
      of: ({ differences, w }) => {
        const found = metrics.regressionResolution(differences, w, bootstrap);
        return [found.bias, found.deviation, found.rootMeanSquare, found.meanAbsolute].map((m) => m.value);
      },
    },
  ],
  [
    "metrics.regressionResolution",
    {
      of: ({ differences, w }) => {
        const found = metrics.regressionResolution(differences, w, bootstrap);
        return [found.median, found.halfWidth68].map((m) => m.value);
      },
      negative: "because there are no quantiles then: they are NaN",
    },
  ],
  [
    "metrics.regressionResolution",
    {
      of: ({ differences, w }) => uncertain(metrics.regressionResolution(differences, w, bootstrap).bias),
      ...drawsEvents,
    },
  ],
  [
    "metrics.resolutionInBins",
    {
      of: ({ differences, truth, w }) =>
        metrics
          .resolutionInBins(differences, truth, [0, 2, 6], w, bootstrap)
          .flatMap((bin) => (bin ? [bin.bias.value, bin.deviation.value] : [])),
    },
  ],
  [
    "metrics.mutualInformation",
    {
      of: ({ p, truth, w }) => [metrics.mutualInformation(p, truth, w, { bins: 3 })],
      notTwice: "because bins have equal numbers of events, and the correction is for events that fluctuate",
      negative: "because bins have equal numbers of events, and the correction is for events that fluctuate",
    },
  ],
  ["metrics.meanOf", { of: ({ p, w }) => [metrics.meanOf(p, w ?? p.map(() => 1))] }],
  [
    "metrics.measure",
    {
      of: ({ p, w }) => [
        metrics.measure(p.length, (replica) => metrics.meanOf(p, replica), w, bootstrap).value,
      ],
    },
  ],
  [
    "metrics.measure",
    {
      of: ({ p, w }) =>
        uncertain(metrics.measure(p.length, (replica) => metrics.meanOf(p, replica), w, bootstrap)),
      ...drawsEvents,
    },
  ],
  ...metrics.metricNames.map((name): [string, Statistic] => {
    const options: Record<string, object> = {
      backgroundRejection: { efficiency: 0.7 },
      ams: { regularisation: 10, totals },
    };
    const metric = metrics.makeMetric({ name, options: { ...options[name] } });
    const hasQuantiles = name === "median" || name === "halfWidth68";
    return [
      "metrics.makeMetric",
      {
        of: ({ p, y, w }) => [metric.of({ predictions: p, outputCount: 1, targets: y, weights: w })],
        ...(hasQuantiles ? { negative: "because there are no quantiles then: they are NaN" } : {}),
      },
    ];
  }),
  [
    "metrics.metricWithUncertainty",
    {
      of: ({ p, y, w }) => {
        const events = { predictions: p, outputCount: 1, targets: y, weights: w };
        return uncertain(metrics.metricWithUncertainty(metrics.makeMetric("accuracy"), events, bootstrap));
      },
      ...drawsEvents,
    },
  ],
  [
    "array.weightedMoments",
    {
      of: ({ truth, w }) => {
        const { mean, variance, weightSum } = array.weightedMoments(truth, w);
        return [mean, variance, weightSum];
      },
      degree: [0, 0, 1],
    },
  ],
  [
    "array.weightedQuantiles",
    { of: ({ truth, w }) => array.weightedQuantiles(truth, [0.1, 0.5, 0.68], w), negative: "refused" },
  ],
  [
    "metrics.binnedSignificance",
    {
      of: ({ p, y, w }) => {
        const { signal, background } = metrics.binnedSignificance(p, y, w, [0, 0.25, 0.5, 1]);
        return [...signal, ...background];
      },
      degree: 1,
    },
  ],
  [
    "metrics.binsByUncertainty",
    {
      of: ({ p, y, w }) => metrics.binsByUncertainty(p, y, w, { maximumUncertainty: 0.8, step: 0.1 }),
      notTwice: "because events are counted",
      negative: "because events are counted",
    },
  ],
  [
    "metrics.binsBySignificance",
    {
      of: ({ p, y, w }) => [
        metrics.binsBySignificance(p, y, w, { minimumBackgroundCount: 1, maximumBins: 1 }).length,
      ],
      notTwice: "because events are counted",
      negative: "because slices hold equally many events",
    },
  ],
  [
    "array.histogram",
    {
      of: ({ p, w }) => {
        const filled = array.histogram(p, { binCount: 5, range: [0.1, 0.8] }, w);
        return [...filled.sums, filled.underflow, filled.overflow];
      },
      degree: 1,
    },
  ],
  [
    "array.histogram",
    {
      of: ({ p, w }) => array.histogram(p, { edges }, w).squares,
      degree: 2,
      notTwice: uncertainty,
      negative: "because the squares of both weights add up",
    },
  ],
  [
    "array.histogram",
    {
      of: ({ p, w }) => array.histogram(p, { edges }, w).counts,
      notTwice: "because entries are counted",
      negative: "because entries are counted",
    },
  ],
  [
    "metrics.rocBand",
    {
      of: ({ p, y, w }) => metrics.rocBand(p, y, w, { pointCount: 8, ...bootstrap }).truePositiveRate,
    },
  ],
  [
    "metrics.rocBand",
    {
      of: ({ p, y, w }) => metrics.rocBand(p, y, w, { pointCount: 4, ...bootstrap }).uncertainty,
      ...drawsEvents,
    },
  ],
  [
    "metrics.yieldsByProcess",
    {
      of: (sample) =>
        metrics
          .yieldsByProcess(sample.p, sample.processes, sample.w, 0.5)
          .flatMap(({ passing, total }) => [passing.sum, total.sum]),
      degree: 1,
    },
  ],
  [
    "metrics.yieldsByProcess",
    {
      of: (sample) =>
        metrics
          .yieldsByProcess(sample.p, sample.processes, sample.w, 0.5)
          .map(({ total }) => total.uncertainty),
      degree: 1,
      notTwice: uncertainty,
      negative: "because the squares of both weights add up",
    },
  ],
  [
    "metrics.cutByAmsWithUncertainty",
    {
      of: ({ p, y, w }) => {
        const found = metrics.cutByAmsWithUncertainty(p, y, w, { minimumPrediction: 0, ...bootstrap });
        return [found.maximumAms.value, found.maximumCut.value];
      },
      degree: [0.5, 0],
    },
  ],
  [
    "metrics.cutByAmsWithUncertainty",
    {
      of: ({ p, y, w }) => {
        const found = metrics.cutByAmsWithUncertainty(p, y, w, { minimumPrediction: 0, ...bootstrap });
        return [...uncertain(found.maximumCut), ...uncertain(found.cut)];
      },
      ...drawsEvents,
    },
  ],
  [
    "metrics.cutByAms",
    {
      of: ({ p, y, w }) => {
        const rule = { minimumPrediction: 0, topPercent: 30, smoothingPercent: 10 };
        return [metrics.cutByAms(p, y, w, rule).cut];
      },
      notTwice: "because the best are a fraction of the number of events, as in LUMIN",
      negative: "because the best are a fraction of the number of events, as in LUMIN",
    },
  ],
  [
    "metrics.cutsByAms",
    {
      of: ({ p, y, w }) => {
        const options = { cutCount: 1, slices: 50, minimumBackgroundCount: 1 };
        return [metrics.cutsByAms(p, y, w, options).significance.significance];
      },
      degree: 0.5,
      notTwice: "because slices hold equally many events",
      negative: "because slices hold equally many events",
    },
  ],
  [
    "statistics.fitTemperature",
    {
      of: ({ p, y, w }) => {
        const fitted = statistical.fitTemperature(p, y, w);
        // Where the loss is flat the temperature is not determined.
        const q = statistical.calibrated(fitted, p);
        return [Math.round(1e3 * metrics.logLoss(q, y, w)) / 1e3];
      },
      negative: "because rounding may fall on either side",
      notTwice: "because rounding may fall on either side",
    },
  ],
  [
    "statistics.fitIsotonic",
    {
      of: ({ p, y, w }) => statistical.calibrated(statistical.fitIsotonic(p, y, w), edges),
      negative: "refused",
    },
  ],
  [
    "statistics.distributionDifference",
    {
      of: (sample) => [statistical.distributionDifference(...sample.halves, relabelled).distance],
    },
  ],
  [
    "statistics.distributionDifference",
    {
      of: (sample) => [statistical.distributionDifference(...sample.halves, relabelled).pValue],
      notTwice: uncertainty,
      negative: "because every event is relabelled by itself",
    },
  ],
  [
    "statistics.pairedDifference",
    {
      of: ({ p, y, truth, w }) => [
        statistical.pairedDifference(p, truth, (q, v) => metrics.rocAuc(q, y, v), w, bootstrap).value,
      ],
    },
  ],
  [
    "statistics.pairedDifference",
    {
      of: ({ p, y, truth, w }) => {
        const found = statistical.pairedDifference(p, truth, (q, v) => metrics.rocAuc(q, y, v), w, bootstrap);
        return [found.uncertainty, found.pValue];
      },
      ...drawsEvents,
    },
  ],
  [
    "statistics.kernelDensity",
    { of: ({ p, w }) => statistical.kernelDensity(p, edges, w, { bandwidth: 0.2, ...bootstrap }).density },
  ],
  [
    "statistics.kernelDensity",
    {
      of: ({ p, w }) => {
        const found = statistical.kernelDensity([0, 1, ...p], edges, w && [w[0]!, w[0]!, ...w], bootstrap);
        return [found.bandwidth, ...found.uncertainty];
      },
      ...drawsEvents,
    },
  ],
  [
    "statistics.summariseDistribution",
    {
      of: ({ p, w }) => {
        const found = statistical.summariseDistribution(p, w, bootstrap);
        return [found.mean.value, found.deviation.value];
      },
    },
  ],
  [
    "statistics.summariseDistribution",
    {
      of: ({ p, w }) => {
        const found = statistical.summariseDistribution(p, w, bootstrap);
        return [found.median, found.halfWidth68, ...found.interval68].map(({ value }) => value);
      },
      negative: "because there are no quantiles then: they are NaN",
    },
  ],
  [
    "statistics.summariseDistribution",
    {
      of: ({ p, w }) => uncertain(statistical.summariseDistribution(p, w, bootstrap).mean),
      ...drawsEvents,
    },
  ],
  [
    "statistics.templatesOf",
    {
      of: (sample) => sample.templates.flatMap(({ sums }) => [...sums]),
      degree: 1,
    },
  ],
  [
    "statistics.templatesOf",
    {
      of: (sample) => sample.templates.flatMap(({ uncertainties }) => [...uncertainties]),
      degree: 1,
      notTwice: uncertainty,
      negative: "because the squares of both weights add up",
    },
  ],
];

/** Exports without weights, and why. */
const weightless: Readonly<Record<string, string>> = {
  "metrics.ams": "takes yields, which are sums of weights",
  "metrics.costOf": "turns a value round",
  "metrics.eventBrierScores": "one number an event",
  "metrics.eventLogLossesOfClasses": "one number an event",
  "metrics.eventsCorrect": "one number an event",
  "metrics.pulls": "one number an event",
  "metrics.regroupClasses": "one number an event",
  "metrics.toBinaryClass": "one number an event",
  "array.Stream": "random numbers",
  "array.argsort": "an order",
  "array.bootstrapDeviations": "of statistics that take the weights",
  "array.CompensatedSum": "adds what it is given",
  "array.poissonCounts": "how often events are drawn, whatever they weigh",
  "array.roundToUncertainty": "rounds what it is given",
  "array.sum": "adds what it is given",
  "array.uniqueIds": "one number an event",
  "statistics.HistFactoryModel": "of sums of weights",
  "statistics.calibrated": "one number an event",
  "statistics.combineDatacard": "writes templates",
  "statistics.discoverySignificance": "of sums of weights",
  "statistics.exclusion": "of sums of weights",
  "statistics.expectedSignificance": "of sums of weights",
  "statistics.fitWorkspace": "of sums of weights",
  "statistics.histFactoryWorkspace": "takes templates, which are sums of weights",
  "statistics.normalTail": "a function of a number",
};

test("every export of metrics, statistics and array has laws or a reason; hep knows no weights", () => {
  const exported = Object.entries({ metrics, array, statistics: statistical }).flatMap(([folder, module]) =>
    Object.entries(module)
      .filter(([, value]) => typeof value === "function")
      .map(([name]) => `${folder}.${name}`),
  );
  const listed = [...new Set([...statistics.map(([name]) => name), ...Object.keys(weightless)])];
  expect(listed.sort()).toEqual(exported.sort());
  const weighted = Object.entries(hep).filter(([, value]) => /weight/i.test(String(value)));
  expect(weighted.map(([name]) => name)).toEqual([]);
});

const grid = (count: number) => fc.integer({ min: 0, max: count }).map((k) => k / count);
const drawnEvent = fc.record({
  p: grid(10),
  classes: fc.tuple(grid(4), grid(4), grid(4)),
  guess: fc.integer({ min: 0, max: 6 }),
  truth: fc.integer({ min: 0, max: 5 }),
  weight: fc.double({ min: 0.1, max: 10, noNaN: true }),
});
/** At least two events of each class, in no order. */
const drawnEvents = fc
  .array(drawnEvent, { minLength: 6, maxLength: 20 })
  .map((events): Event[] =>
    events.map((e, i) => ({ ...e, y: i % 3 === 1 ? 0 : ((i % 2) as 0 | 1), code: i % 3 })),
  );
const some = { numRuns: 40 };

describe.each(statistics.map(([name, statistic], i) => ({ name, line: i, statistic })))(
  "$name (line $line)",
  ({ statistic: { of, degree = 0, negative, notTwice } }) => {
    const same = (a: Sample, b: Sample, power?: (i: number) => number) => {
      const [left, right] = [[...Array.from(of(a))], [...Array.from(of(b))]];
      expect(left.length).toBe(right.length);
      left.forEach((x, i) => {
        const y = right[i]! * (power?.(i) ?? 1);
        if (!Number.isFinite(y)) expect(x).toBe(y);
        else expect(Math.abs(x - y)).toBeLessThan(1e-8 * Math.max(1, Math.abs(y)));
      });
    };

    test("no weights are ones", () => {
      fc.assert(
        fc.property(drawnEvents, (events) => {
          same(new Sample(events, false), new Sample(events.map((e) => ({ ...e, weight: 1 }))));
        }),
        some,
      );
    });

    test("weight 0 is no event", () => {
      fc.assert(
        fc.property(drawnEvents, drawnEvent, (events, extra) => {
          same(new Sample([...events, { ...extra, y: 1, code: 2, weight: 0 }]), new Sample(events));
        }),
        some,
      );
    });

    test("a factor on all weights changes what it should", () => {
      fc.assert(
        fc.property(drawnEvents, fc.constantFrom(0.125, 3, 1000), (events, factor) => {
          const scaled = events.map((e) => ({ ...e, weight: e.weight * factor }));
          const power = (i: number) => factor ** (typeof degree === "number" ? degree : degree[i]!);
          same(new Sample(scaled), new Sample(events), power);
        }),
        some,
      );
    });

    if (notTwice === undefined) {
      test("weight 2 is the event twice", () => {
        fc.assert(
          fc.property(drawnEvents, fc.nat(), (events, k) => {
            const chosen = events[k % events.length]!;
            const doubled = events.map((e) => (e === chosen ? { ...e, weight: 2 * e.weight } : e));
            same(new Sample(doubled), new Sample([...events, chosen]));
          }),
          some,
        );
      });
    }

    test("a negative weight cancels its double, or a reason says why not", () => {
      const withPair = (events: Event[], k: number) => {
        const chosen = events[k % events.length]!;
        return new Sample([...events, { ...chosen, weight: -1.5 }, { ...chosen, weight: 1.5 }]);
      };
      fc.assert(
        fc.property(drawnEvents, fc.nat(), (events, k) => {
          if (negative === undefined) same(withPair(events, k), new Sample(events));
          else if (negative === "refused") expect(() => of(withPair(events, k))).toThrow(DataError);
          else expect(of(withPair(events, k)).length).toBeGreaterThan(0);
        }),
        some,
      );
    });
  },
);
