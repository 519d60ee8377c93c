/** Members against the ensemble: each one's metrics on the same events, with paired uncertainties. */
import { type BootstrapOptions, bootstrapDeviations, type Numbers, weightedMoments } from "../array/index.ts";
import { counted, DataError } from "../errors/index.ts";
import { eventLogLosses } from "../metrics/classification.ts";
import { cumulativeYields, requirePositiveTotals } from "../metrics/cumulative-yields.ts";
import { meanOf } from "../metrics/index.ts";
import { eventLogLossesOfClasses, eventsCorrect } from "../metrics/multiclass.ts";
import { areaUnderRoc } from "../metrics/roc.ts";
import { scoredEvents } from "../metrics/scored-events.ts";
import type { Task } from "../nn/index.ts";
import type { MemberPredictions } from "./ensemble.ts";
import { type EnsembleMember, memberName } from "./member.ts";

/** A metric of one member, or of the ensemble. */
export interface ComparedMetric {
  readonly value: number | null;
  /** From a Poisson bootstrap over the events; null where it is undefined. */
  readonly uncertainty: number | null;
  /** The ensemble's value minus this one, on the same events; absent for the ensemble itself. */
  readonly gain?: { readonly value: number | null; readonly uncertainty: number | null };
}

/** A row of the table. */
export interface ComparedMember {
  /** `member2.cycle-3`, or `ensemble`. */
  readonly name: string;
  readonly weight: number;
  readonly validationLoss: number | null;
  /** By the names in `metricNames`. */
  readonly metrics: Readonly<Record<string, ComparedMetric>>;
}

/** Members and ensemble side by side: plain data. */
export interface MemberComparison {
  readonly eventCount: number;
  readonly metricNames: readonly string[];
  readonly members: readonly ComparedMember[];
  readonly ensemble: ComparedMember;
  /** Weighted correlation of the predictions of each pair of members (of all outputs); mean and largest. */
  readonly correlation: { readonly mean: number; readonly largest: number } | null;
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
 * The metrics of each member and of the ensemble: for two classes the area under the ROC curve and the log loss with
 * balanced classes, for several accuracy and log loss, for a regression root mean square and mean absolute difference;
 * all with the events' weights. The same bootstrap replicas serve all, so that the uncertainty of a gain is that of the
 * paired difference.
 *
 * @throws DataError where predictions and events do not fit.
 */
export function compareMembers(
  task: Task,
  members: readonly EnsembleMember[],
  predictions: MemberPredictions,
  { targets, weights }: ComparedEvents,
  bootstrap: BootstrapOptions = {},
): MemberComparison {
  const eventCount = task.kind === "regression" ? targets.length / task.targetCount : targets.length;
  const outputs =
    task.kind === "binary" ? 1 : task.kind === "multiclass" ? task.classCount : task.targetCount;
  if (predictions.ensemble.length !== eventCount * outputs || predictions.members.length !== members.length) {
    throw new DataError(
      `compareMembers: ${counted(targets.length, "target")} need ${members.length} times ${counted(eventCount * outputs, "prediction")}, but ${predictions.members.length} times ${predictions.ensemble.length} came.`,
    );
  }
  if (weights !== undefined && weights.length !== eventCount) {
    throw new DataError(
      `compareMembers: ${counted(eventCount, "event")}, but ${counted(weights.length, "weight")}.`,
    );
  }
  const w = weights === undefined ? new Float64Array(eventCount).fill(1) : Float64Array.from(weights);
  const all = [predictions.ensemble, ...predictions.members];
  const metrics = all.map((own) => metricsOf(task, own, targets, w));
  const metricNames = Object.keys(metrics[0]!);
  const statistics = metrics.map((own) => metricNames.map((name) => own[name]!));
  const values = statistics.map((own) => own.map((statistic) => statistic(undefined)));
  // Per replica: the metrics of all, then the gains of the members.
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
    const uncertainty = finite(deviations[(all.length + place - 1) * width + k]);
    return { ...own, gain: { value: finite(values[0]![k]! - values[place]![k]!), uncertainty } };
  };
  const row = (place: number, known: Omit<ComparedMember, "metrics">): ComparedMember => ({
    ...known,
    metrics: Object.fromEntries(metricNames.map((name, k) => [name, metric(place, k)])),
  });
  return {
    eventCount,
    metricNames,
    members: members.map((member, i) =>
      row(i + 1, {
        name: memberName(member),
        weight: member.weight,
        validationLoss: finite(member.validationLoss),
      }),
    ),
    ensemble: row(0, { name: "ensemble", weight: 1, validationLoss: null }),
    correlation: correlationsOf(predictions.members, w),
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
  const events = scoredEvents("compareMembers", predictions, targets, weights);
  requirePositiveTotals("compareMembers", cumulativeYields(events));
  return (counts) => {
    const { signal, background } = cumulativeYields(events, counts);
    return areaUnderRoc(signal, background);
  };
}

function balanced(predictions: Float64Array, targets: Numbers, weights: Float64Array): Statistic {
  const losses = eventLogLosses(predictions, targets);
  if (typeof losses === "number") {
    throw new DataError(
      `compareMembers: the prediction of event ${losses} is ${predictions[losses]}; it must be a probability in [0, 1].`,
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

/** Pairwise Pearson correlations, weighted; events of negative weight count with it. */
function correlationsOf(
  members: readonly Float64Array[],
  weights: Float64Array,
): MemberComparison["correlation"] {
  if (members.length < 2) return null;
  const width = members[0]!.length / weights.length;
  const w = Float64Array.from(members[0]!, (_, at) => weights[Math.floor(at / width)]!);
  const standard = members.map((values) => {
    const { mean, variance } = weightedMoments(values, w);
    const deviation = Math.sqrt(variance);
    return values.map((value) => (value - mean) / deviation);
  });
  const found: number[] = [];
  for (let i = 0; i < standard.length; i++) {
    for (let j = 0; j < i; j++)
      found.push(
        meanOf(
          standard[i]!.map((value, at) => value * standard[j]![at]!),
          w,
        ),
      );
  }
  const mean = found.reduce((total, each) => total + each, 0) / found.length;
  const largest = Math.max(...found);
  return Number.isFinite(mean) ? { mean, largest } : null;
}

function finite(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}
