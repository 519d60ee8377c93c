/** Metrics of a classification into several classes, as JSON. */
import type { BootstrapOptions } from "../array/index.ts";
import {
  confusionMatrix,
  eventBrierScores,
  eventLogLossesOfClasses,
  eventsCorrect,
  type Measurement,
  meanOf,
  measure,
  oneVersusRestAucWithUncertainty,
  type ReportedMeasurement,
} from "../metrics/index.ts";
import type { ScoredSet } from "./evaluation.ts";

export interface MulticlassMetrics {
  readonly eventCount: number;
  /** Weighted fraction of events whose highest prediction is their class. */
  readonly accuracy: ReportedMeasurement;
  /** Weighted mean of −ln p of the true class. */
  readonly logLoss: ReportedMeasurement;
  /** Weighted mean of Σ over classes of (p − [class is true])². */
  readonly brier: ReportedMeasurement;
  /** For each true class the shares of its weight that each class wins, by class name; null without events. */
  readonly confusion: Readonly<Record<string, Readonly<Record<string, number | null>>>>;
  /** Weighted area under the ROC curve of each class against all others; null where a class is missing. */
  readonly auc: Readonly<Record<string, ReportedMeasurement>>;
}

/** Accuracy, log loss, Brier score and the AUC of each class against the rest, with bootstrap uncertainties. */
export function multiclassMetrics(
  {
    predictions,
    outputCount,
    targets,
    weights,
  }: Pick<ScoredSet, "predictions" | "outputCount" | "targets" | "weights">,
  classes: readonly string[],
  bootstrap: BootstrapOptions,
): MulticlassMetrics {
  const events = { predictions, classCount: outputCount, targets, weights };
  const areas = oneVersusRestAucWithUncertainty(events, bootstrap);
  const shares = confusionMatrix(events);
  const mean = (values: Float64Array): ReportedMeasurement =>
    measured(measure(targets.length, (replica) => meanOf(values, replica), weights, bootstrap));
  return {
    eventCount: targets.length,
    accuracy: mean(eventsCorrect(events)),
    logLoss: mean(eventLogLossesOfClasses(events)),
    brier: mean(eventBrierScores(events)),
    confusion: byName(classes, (i) => byName(classes, (j) => finite(shares[i]![j]!))),
    auc: byName(classes, (code) => measured(areas[code]!)),
  };
}

function byName<T>(names: readonly string[], value: (place: number) => T): Record<string, T> {
  return Object.fromEntries(names.map((name, place) => [name, value(place)]));
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** A number and its uncertainty as JSON can hold them. */
export function measured({ value, uncertainty }: Measurement): ReportedMeasurement {
  return { value: finite(value), uncertainty: finite(uncertainty) };
}
