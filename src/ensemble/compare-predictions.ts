/** Several models' predictions for the same events: each one's metrics, with paired uncertainties of the differences. */
import { type BootstrapOptions, bootstrapDeviations, type Numbers } from "../array/index.ts";
import { counted, DataError } from "../errors/index.ts";
import { eventLogLosses } from "../metrics/classification.ts";
import { cumulativeYields, requirePositiveTotals } from "../metrics/cumulative-yields.ts";
import { meanOf } from "../metrics/index.ts";
import { eventLogLossesOfClasses, eventsCorrect } from "../metrics/multiclass.ts";
import { areaUnderRoc } from "../metrics/roc.ts";
import { scoredEvents } from "../metrics/scored-events.ts";
import type { Task } from "../nn/index.ts";

/** A metric of one model. */
export interface ComparedMetric {
  readonly value: number | null;
  /** From a Poisson bootstrap over the events; null where it is undefined. */
  readonly uncertainty: number | null;
  /** The first model's value minus this one, on the same events; absent for the first itself. */
  readonly gain?: { readonly value: number | null; readonly uncertainty: number | null };
}

/** Metrics of several models on the same events, in the order they were given. */
export interface PredictionComparison {
  readonly eventCount: number;
  readonly metricNames: readonly string[];
  /** By the names in `metricNames`. */
  readonly models: readonly Readonly<Record<string, ComparedMetric>>[];
}

/** The events that are compared on. */
export interface ComparedEvents {
  /** Class numbers, or values `[events, targets]`. */
  readonly targets: Numbers;
  readonly weights?: Numbers | undefined;
}

/** A statistic of one set of predictions for any multiplicities of the events. */
type Statistic = (counts: Uint8Array | undefined) => number;

/**
 * The metrics of several models: for two classes the area under the ROC curve and the log loss with balanced classes,
 * for several accuracy and log loss, for a regression root mean square and mean absolute difference; all with the
 * events' weights. The same bootstrap replicas serve all, so that the uncertainty of a gain of the first over another is
 * that of the paired difference.
 *
 * @param predictions of each model, `[events, outputs]`.
 * @throws DataError where predictions and events do not fit.
 */
export function comparePredictions(
  task: Task,
  predictions: readonly Float64Array[],
  { targets, weights }: ComparedEvents,
  bootstrap: BootstrapOptions = {},
): PredictionComparison {
  const eventCount = task.kind === "regression" ? targets.length / task.targetCount : targets.length;
  const outputs =
    task.kind === "binary" ? 1 : task.kind === "multiclass" ? task.classCount : task.targetCount;
  const odd = predictions.find((own) => own.length !== eventCount * outputs);
  if (odd) {
    throw new DataError(
      `comparePredictions: ${counted(targets.length, "target")} need ${counted(eventCount * outputs, "prediction")} of each model, but ${odd.length} came.`,
    );
  }
  if (weights !== undefined && weights.length !== eventCount) {
    throw new DataError(
      `comparePredictions: ${counted(eventCount, "event")}, but ${counted(weights.length, "weight")}.`,
    );
  }
  const w = weights === undefined ? new Float64Array(eventCount).fill(1) : Float64Array.from(weights);
  const metrics = predictions.map((own) => metricsOf(task, own, targets, w));
  const metricNames = Object.keys(metrics[0] ?? {});
  const statistics = metrics.map((own) => metricNames.map((name) => own[name]!));
  const values = statistics.map((own) => own.map((statistic) => statistic(undefined)));
  // Per replica: the metrics of all, then the gains over all but the first.
  const deviations = bootstrapDeviations(
    eventCount,
    (counts) => {
      const replica = statistics.map((own) => own.map((statistic) => statistic(counts)));
      return [
        ...replica.flat(),
        ...replica.slice(1).flatMap((own) => own.map((value, k) => replica[0]![k]! - value)),
      ];
    },
    bootstrap,
  );
  const width = metricNames.length;
  const metric = (place: number, k: number): ComparedMetric => {
    const own = { value: finite(values[place]![k]), uncertainty: finite(deviations[place * width + k]) };
    if (place === 0) return own;
    const uncertainty = finite(deviations[(predictions.length + place - 1) * width + k]);
    return { ...own, gain: { value: finite(values[0]![k]! - values[place]![k]!), uncertainty } };
  };
  return {
    eventCount,
    metricNames,
    models: predictions.map((_, place) =>
      Object.fromEntries(metricNames.map((name, k) => [name, metric(place, k)])),
    ),
  };
}

/** What each metric is called where it is shown. */
export const comparedMetricTitles: Readonly<Record<string, string>> = {
  auc: "AUC, weighted",
  logLossBalanced: "log loss, classes balanced",
  accuracy: "accuracy, weighted",
  logLoss: "log loss, weighted",
  rootMeanSquare: "root mean square",
  meanAbsolute: "mean absolute difference",
};

function metricsOf(
  task: Task,
  predictions: Float64Array,
  targets: Numbers,
  weights: Float64Array,
): Record<string, Statistic> {
  switch (task.kind) {
    case "binary":
      return {
        auc: areaOf(predictions, targets, weights),
        logLossBalanced: balanced(predictions, targets, weights),
      };
    case "multiclass": {
      const events = { predictions, classCount: task.classCount, targets, weights };
      return {
        accuracy: weightedMean(eventsCorrect(events), weights),
        logLoss: weightedMean(eventLogLossesOfClasses(events), weights),
      };
    }
    case "regression": {
      const width = task.targetCount;
      const perEvent = (of: (difference: number) => number): Float64Array =>
        Float64Array.from({ length: weights.length }, (_, event) => {
          let sum = 0;
          for (let k = event * width; k < (event + 1) * width; k++) sum += of(predictions[k]! - targets[k]!);
          return sum / width;
        });
      const squares = weightedMean(
        perEvent((d) => d * d),
        weights,
      );
      return {
        rootMeanSquare: (counts) => Math.sqrt(squares(counts)),
        meanAbsolute: weightedMean(perEvent(Math.abs), weights),
      };
    }
  }
}

/** The area from events sorted once. */
function areaOf(predictions: Float64Array, targets: Numbers, weights: Float64Array): Statistic {
  const events = scoredEvents("comparePredictions", predictions, targets, weights);
  requirePositiveTotals("comparePredictions", cumulativeYields(events));
  return (counts) => {
    const { signal, background } = cumulativeYields(events, counts);
    return areaUnderRoc(signal, background);
  };
}

function balanced(predictions: Float64Array, targets: Numbers, weights: Float64Array): Statistic {
  const losses = eventLogLosses(predictions, targets);
  if (typeof losses === "number") {
    throw new DataError(
      `comparePredictions: the prediction of event ${losses} is ${predictions[losses]}; it must be a probability in [0, 1].`,
    );
  }
  const ofClass = (code: number): Statistic =>
    weightedMean(
      losses,
      weights.map((weight, i) => (targets[i] === code ? weight : 0)),
    );
  const [background, signal] = [ofClass(0), ofClass(1)];
  return (counts) => (background(counts) + signal(counts)) / 2;
}

function weightedMean(values: Float64Array, weights: Float64Array): Statistic {
  return (counts) =>
    meanOf(values, counts === undefined ? weights : weights.map((weight, i) => weight * counts[i]!));
}

function finite(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}
