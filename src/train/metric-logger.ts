/** `MetricLogger`: metrics of the validation fold in every epoch, and the choice of the best epoch by one of them. */
import { ConfigurationError, DataError } from "../errors/index.ts";
import { costOf, type Metric, makeMetric, type NamedMetric } from "../metrics/index.ts";
import type { Callback, ValidationPredictions } from "./callback.ts";

/** Options of `MetricLogger`. */
export interface MetricLoggerOptions {
  /** By name, such as "rocAuc", or with options: `{ name: "ams", options: { regularisation: 10 } }`. */
  readonly metrics: readonly (string | NamedMetric)[];
  /** Name of the one that decides on the best epoch and early stopping. Default: the loss decides. */
  readonly monitor?: string;
}

/**
 * The metrics of `makeMetric` on the validation fold at the end of each epoch, with the weights that it is validated
 * with: `metrics` in the history and in the events of progress. One that is undefined (one class alone) is NaN.
 *
 * With `monitor`, early stopping and the best weights go by that metric instead of the loss, for averages (`SWA`,
 * `EMA`) as well. Where it is undefined the epoch does not count.
 */
export function metricLoggerCallback({ metrics: choices, monitor }: MetricLoggerOptions): Callback {
  if (!(Array.isArray(choices) && choices.length > 0)) {
    throw new ConfigurationError('MetricLogger: give the metrics as a list, such as metrics: ["rocAuc"].');
  }
  const metrics = choices.map((choice: string | NamedMetric) => makeMetric(choice));
  const names = metrics.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new ConfigurationError(`MetricLogger: "${twice}" is in the list twice.`);
  const monitored = metrics.find(({ name }) => name === monitor);
  if (monitor !== undefined && !monitored) {
    throw new ConfigurationError(
      `MetricLogger: it is to monitor "${monitor}", which is none of its metrics: ${names.join(", ")}.`,
    );
  }
  return {
    name: "MetricLogger",
    measure: async (view) => {
      const validation = await view.validationPredictions();
      return Object.fromEntries(metrics.map((metric) => [metric.name, metricOf(metric, validation)]));
    },
    ...(monitored
      ? {
          judge: async ({ source, weights }, view) => {
            const own = source === undefined ? undefined : weights();
            const cost = costOf(monitored, metricOf(monitored, await view.validationPredictions(own)));
            return Number.isNaN(cost) ? undefined : cost;
          },
        }
      : {}),
    state: () => undefined,
  };
}

function metricOf(
  metric: Metric,
  { predictions, outputCount, events, weights }: ValidationPredictions,
): number {
  try {
    return metric.of({ predictions, outputCount, targets: events.targets, weights });
  } catch (error) {
    if (error instanceof DataError) return Number.NaN;
    throw error;
  }
}
