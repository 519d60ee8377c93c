/** Metrics by name: what a training monitors and an analysis file asks for, on any arrays. */
import type { BootstrapOptions, Numbers } from "../array/index.ts";
import { ConfigurationError, counted, DataError, unknownName } from "../errors/index.ts";
import { ams } from "./ams.ts";
import { type AmsScanOptions, amsScan } from "./ams-scan.ts";
import { calibrationError } from "./calibration.ts";
import { accuracy, type ClassBalance, logLoss } from "./classification.ts";
import type { Measurement } from "./measurement.ts";
import {
  brierScore,
  type ClassGroups,
  type ClassifiedEvents,
  meanAuc,
  multiclassAccuracy,
  multiclassLogLoss,
  regroupClasses,
} from "./multiclass.ts";
import { type PullOptions, pulls, type RegressionResolution, regressionResolution } from "./regression.ts";
import { backgroundRejection, type PartialRocOptions, rocAuc } from "./roc.ts";
import { measure } from "./weighted-events.ts";
import { type ClassTotals, renormalise, yieldsAtCut } from "./yields.ts";

/** Events as a network leaves them. */
export interface PredictedEvents {
  /** [events, outputs], row by row. */
  readonly predictions: Numbers;
  /** 1: a binary classifier or a regression of one target. */
  readonly outputCount: number;
  /** 0 or 1, or class codes, [events]; values of a regression, [events, outputs]. */
  readonly targets: Numbers;
  /** [events]; absent: every event counts once. */
  readonly weights?: Numbers | undefined;
}

/** A metric: a number from events with weights. */
export interface Metric {
  readonly name: string;
  /** Which values are the better ones; "nearer 0": of a number with a sign, such as a bias. */
  readonly better: "higher" | "lower" | "nearer 0";
  /** @throws DataError where it is undefined for these events, such as a ROC area of one class alone. */
  of(events: PredictedEvents): number;
}

/** A metric with its options: plain data, as an analysis file has it. */
export interface NamedMetric {
  readonly name: string;
  readonly options?: Readonly<Record<string, unknown>>;
}

/** Options of the metric "ams". */
export interface AmsMetricOptions extends Omit<AmsScanOptions, "scale">, Partial<ClassGroups> {
  /** The weights of each class are scaled to these sums, so that the part of the sample does not matter. */
  readonly totals?: ClassTotals;
  /** The AMS of this cut; absent: the highest of all cuts. */
  readonly cut?: number;
}

/** Options of the metrics of a regression. */
export interface RegressionMetricOptions {
  /** "truth": of differences over |truth|; default "none": of differences. */
  readonly over?: "none" | "truth";
  /** Only this output, from 0; absent: all together. */
  readonly output?: number;
}

/** How a metric is made from its options. */
interface Maker extends Pick<Metric, "better"> {
  readonly options: readonly string[];
  readonly make: (options: never) => (events: PredictedEvents) => number;
}

const makers: Readonly<Record<string, Maker>> = {
  accuracy: {
    better: "higher",
    options: ["threshold", "balanced"],
    make: (options: ClassBalance & { readonly threshold?: number }) => (events) =>
      events.outputCount === 1
        ? accuracy(events.predictions, events.targets, events.weights, options)
        : multiclassAccuracy(withClasses(events)),
  },
  logLoss: {
    better: "lower",
    options: ["balanced"],
    make: (options: ClassBalance) => (events) =>
      events.outputCount === 1
        ? logLoss(events.predictions, events.targets, events.weights, options)
        : multiclassLogLoss(withClasses(events)),
  },
  brierScore: {
    better: "lower",
    options: [],
    make: () => (events) => brierScore(withClasses(events)),
  },
  calibrationError: {
    better: "lower",
    options: ["binCount"],
    make: (options: { readonly binCount?: number }) => (events) =>
      calibrationError(onlyOutput("calibrationError", events), events.targets, events.weights, options),
  },
  rocAuc: {
    better: "higher",
    options: ["maximumFalsePositiveRate", "average"],
    make: (options: PartialRocOptions & { readonly average?: "macro" | "weighted" }) => (events) =>
      events.outputCount === 1
        ? rocAuc(events.predictions, events.targets, events.weights, options)
        : meanAuc(withClasses(events), options),
  },
  backgroundRejection: {
    better: "higher",
    options: ["efficiency"],
    make: ({ efficiency }: { readonly efficiency: number }) => {
      if (!(efficiency > 0 && efficiency <= 1)) {
        throw new ConfigurationError(
          `metric backgroundRejection: give the signal efficiency in (0, 1], such as options: { efficiency: 0.3 }; it is ${efficiency}.`,
        );
      }
      return (events) =>
        backgroundRejection(onlyOutput("backgroundRejection", events), events.targets, events.weights, {
          efficiency,
        });
    },
  },
  ams: {
    better: "higher",
    options: [
      "regularisation",
      "backgroundUncertainty",
      "statisticalUncertainty",
      "minimumBackgroundCount",
      "minimumPrediction",
      "totals",
      "cut",
      "signal",
      "background",
    ] satisfies (keyof AmsMetricOptions)[],
    make: makeAms,
  },
  bias: ofDifferences("bias"),
  deviation: ofDifferences("deviation"),
  rootMeanSquare: ofDifferences("rootMeanSquare"),
  meanAbsolute: ofDifferences("meanAbsolute"),
  median: ofDifferences("median"),
  halfWidth68: ofDifferences("halfWidth68"),
};

/** Names of all metrics that `makeMetric` knows. */
export const metricNames: readonly string[] = Object.keys(makers);

/**
 * The metric of a name, with its options.
 *
 * Of classifiers: accuracy, logLoss, brierScore, rocAuc (of several classes the mean of each against the rest),
 * calibrationError, backgroundRejection (`efficiency`), ams (of several classes with the codes of `signal` and
 * `background`). Of regressions: bias, deviation, rootMeanSquare, meanAbsolute, median and halfWidth68 of prediction −
 * truth.
 *
 * @throws {UnknownNameError} for an unknown metric or option; ConfigurationError for options out of range.
 * @example
 * makeMetric("rocAuc").of({ predictions: [0.9, 0.8, 0.8, 0.1], outputCount: 1, targets: [1, 1, 0, 0] }) // 0.875
 */
export function makeMetric(choice: string | NamedMetric): Metric {
  const { name, options = {} } = typeof choice === "string" ? { name: choice } : choice;
  const maker = Object.hasOwn(makers, name) ? makers[name] : undefined;
  if (maker === undefined) throw unknownName("metric", name, metricNames);
  for (const option of Object.keys(options)) {
    if (!maker.options.includes(option)) {
      throw unknownName(`option of metric ${name}`, option, maker.options);
    }
  }
  // The names were checked; the metric checks the values.
  return { name, better: maker.better, of: maker.make(options as never) };
}

/**
 * A metric with its statistical uncertainty from a seeded Poisson bootstrap over the events.
 *
 * @throws {DataError} where the metric is undefined for these events.
 * @example
 * const events = { predictions: [0.9, 0.8, 0.3, 0.1], outputCount: 1, targets: [1, 0, 1, 0] };
 * metricWithUncertainty(makeMetric("accuracy"), events, { seed: 1 }).value // 0.5
 */
export function metricWithUncertainty(
  metric: Metric,
  events: PredictedEvents,
  bootstrap: BootstrapOptions = {},
): Measurement {
  const { predictions, outputCount, weights } = events;
  const eventCount = predictions.length / outputCount;
  return measure(eventCount, (replica) => metric.of({ ...events, weights: replica }), weights, bootstrap);
}

/** A value of a metric as a cost: the lower the better. */
export function costOf({ better }: Pick<Metric, "better">, value: number): number {
  return better === "higher" ? -value : better === "lower" ? value : Math.abs(value);
}

function makeAms(options: AmsMetricOptions): (events: PredictedEvents) => number {
  const { totals, cut, signal, background, ...scan } = options;
  return (events) => {
    const { predictions, targets, weights } =
      events.outputCount === 1
        ? events
        : regroupClasses("metric ams", withClasses(events), {
            signal: signal ?? [],
            background: background ?? [],
          });
    const scaled = totals ? renormalise(targets, weights, totals) : weights;
    if (cut === undefined) return amsScan(predictions, targets, scaled, scan).maximum.ams;
    const yields = yieldsAtCut(predictions, targets, scaled, cut);
    return ams({ ...scan, s: yields.signal.passing.sum, b: yields.background.passing.sum });
  };
}

function ofDifferences(what: Exclude<keyof RegressionResolution, "eventCount">): Maker {
  return {
    better: what === "bias" || what === "median" ? "nearer 0" : "lower",
    options: ["over", "output"] satisfies (keyof RegressionMetricOptions)[],
    make:
      ({ over = "none", output }: RegressionMetricOptions) =>
      (events) => {
        const chosen = output === undefined ? events : outputOf(events, output);
        const differences = pulls(chosen.predictions, chosen.targets, { over } satisfies PullOptions);
        const { outputCount, weights } = chosen;
        return regressionResolution(differences, weights, { outputCount, replicaCount: 0 })[what].value;
      },
  };
}

function outputOf({ predictions, targets, outputCount, weights }: PredictedEvents, output: number) {
  if (!(Number.isInteger(output) && output >= 0 && output < outputCount)) {
    throw new ConfigurationError(
      `metric: output ${output} is none of the ${counted(outputCount, "output")}, counted from 0.`,
    );
  }
  const column = (values: Numbers): Float64Array =>
    Float64Array.from({ length: values.length / outputCount }, (_, i) => values[i * outputCount + output]!);
  return { predictions: column(predictions), targets: column(targets), outputCount: 1, weights };
}

function withClasses({ predictions, outputCount, targets, weights }: PredictedEvents): ClassifiedEvents {
  return { predictions, classCount: outputCount, targets, weights };
}

function onlyOutput(name: string, { predictions, outputCount }: PredictedEvents): Numbers {
  if (outputCount === 1) return predictions;
  throw new DataError(
    `metric ${name}: it is of one prediction an event, but there are ${counted(outputCount, "output")}.`,
  );
}
