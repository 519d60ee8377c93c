/** Whatever predicts events: what importances, dependences and attributions are measured on. */
import type { Numbers } from "../array/index.ts";
import { ConfigurationError, counted, ShapeError } from "../errors/index.ts";

/** Anything that predicts pre-processed events: a `Model`, an `Ensemble`, a `TreeModel`, … */
export interface FeaturePredictor {
  /** Columns of its inputs. */
  readonly featureCount: number;
  /** Outputs for one event. */
  readonly outputCount: number;
  /** Prediction `[events, outputs]` for inputs `[events, features]`. */
  predict(inputs: Float32Array, eventCount: number): Promise<Numbers>;
}

/** @throws ConfigurationError for an output that there is not. */
export function checkOutput(where: string, output: number, outputCount: number): void {
  if (Number.isInteger(output) && output >= 0 && output < outputCount) return;
  throw new ConfigurationError(
    `${where}: output ${output} is none of the ${counted(outputCount, "output")}, counted from 0.`,
  );
}

/**
 * The number of events in inputs that the model can take.
 * @throws ShapeError for inputs or weights that do not fit.
 */
export function checkEvents(
  where: string,
  { featureCount }: Pick<FeaturePredictor, "featureCount">,
  {
    features,
    inputs,
    weights,
  }: {
    readonly features: readonly string[];
    readonly inputs: Float32Array;
    readonly weights?: Float32Array | undefined;
  },
): number {
  const eventCount = inputs.length / features.length;
  if (featureCount !== features.length || !Number.isInteger(eventCount)) {
    throw new ShapeError(
      `${where}: the model takes ${counted(featureCount, "feature")}, but ${counted(inputs.length, "input")} of ${features.length} came.`,
    );
  }
  if (weights && weights.length !== eventCount) {
    throw new ShapeError(
      `${where}: ${counted(eventCount, "event")}, but ${counted(weights.length, "weight")}.`,
    );
  }
  return eventCount;
}
