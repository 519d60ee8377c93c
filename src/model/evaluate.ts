/** Loss and metrics of a network on events. */
import {
  accuracy,
  logLoss,
  meanAuc,
  multiclassAccuracy,
  multiclassLogLoss,
  rocAuc,
} from "../metrics/index.ts";
import { checkedWeights, meanOf } from "../metrics/weighted-events.ts";
import { targetCount } from "../nn/index.ts";
import type { ModelBuilder } from "./builder.ts";

/** Events with their true targets; a fold of a `FoldYielder` is one. */
export interface LabelledInputs {
  /** Pre-processed inputs [events, features]. */
  readonly inputs: Float32Array;
  /** Class codes or values, [events, targets]. */
  readonly targets: Float32Array;
  /** [events]; absent: all 1. */
  readonly weights?: Float32Array | undefined;
}

/** What a network's predictions are worth. */
export interface Evaluation {
  /** The weighted mean of the builder's loss. */
  readonly loss: number;
  /**
   * Weighted: `auc`, `accuracy` and `logLoss` for classes (`auc` of several is the mean of one against the rest);
   * `rootMeanSquare`, `meanAbsolute` and `bias` of prediction − target for a regression, with several targets
   * `rootMeanSquare_0` and so on. None after an endcap, whose outputs are no predictions of the targets.
   */
  readonly metrics: Readonly<Record<string, number>>;
}

/** The metrics of predictions [events, outputs] that go with the builder's task. */
export function metricsOf(
  { task, hasEndcap }: Pick<ModelBuilder, "task" | "hasEndcap">,
  predictions: Float32Array,
  targets: Float32Array,
  weights: Float32Array | undefined,
): Readonly<Record<string, number>> {
  if (hasEndcap) return {};
  switch (task.kind) {
    case "binary":
      return {
        auc: rocAuc(predictions, targets, weights),
        accuracy: accuracy(predictions, targets, weights),
        logLoss: logLoss(predictions, targets, weights),
      };
    case "multiclass": {
      const events = { predictions, classCount: task.classCount, targets, weights };
      return {
        auc: meanAuc(events),
        accuracy: multiclassAccuracy(events),
        logLoss: multiclassLogLoss(events),
      };
    }
    case "regression": {
      const count = targetCount(task);
      const ofTarget = (t: number) => regressionMetrics(predictions, targets, weights, t, count);
      if (count === 1) return ofTarget(0);
      return Object.fromEntries(
        Array.from({ length: count }, (_, t) => t).flatMap((t) =>
          Object.entries(ofTarget(t)).map(([name, value]) => [`${name}_${t}`, value]),
        ),
      );
    }
  }
}

function regressionMetrics(
  predictions: Float32Array,
  targets: Float32Array,
  weights: Float32Array | undefined,
  target: number,
  count: number,
): Readonly<Record<string, number>> {
  const differences = Float64Array.from({ length: targets.length / count }, (_, i) => {
    const place = i * count + target;
    return predictions[place]! - targets[place]!;
  });
  const w = checkedWeights("evaluate", differences.length, weights);
  return {
    rootMeanSquare: Math.sqrt(
      meanOf(
        differences.map((x) => x * x),
        w,
      ),
    ),
    meanAbsolute: meanOf(differences.map(Math.abs), w),
    bias: meanOf(differences, w),
  };
}
