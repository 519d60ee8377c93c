/** Partial dependence: the mean prediction when one or two features of all events are set to a value. */
import { Stream, weightedQuantiles } from "../array/index.ts";
import { ConfigurationError, counted, DataError } from "../errors/index.ts";
import { type DependenceEvents, featureColumn } from "./dependence-events.ts";
import { takeRows } from "./labelled-folds.ts";
import { checkEvents, checkOutput, type FeaturePredictor } from "./predictor.ts";

/** What is asked for. */
export interface DependenceOptions {
  /** Points of the grid along a continuous feature, between its 1 % and 99 % quantiles. Default 20. */
  readonly pointCount?: number;
  /** Values to set instead, in physical units. */
  readonly values?: readonly number[];
  /** Events, drawn at random, that the mean is over. Default 2000, or all if fewer. */
  readonly eventCount?: number;
  /** Which output of the model, from 0. Default 0. */
  readonly output?: number;
  /** Default 0. */
  readonly seed?: number;
}

/** What a model predicts on average along a feature. */
export interface PartialDependence {
  readonly feature: string;
  /** Values of the feature, in physical units if the scaler is known. */
  readonly values: Float64Array;
  /** Weighted mean prediction at each value. */
  readonly mean: Float64Array;
  /** The prediction of single events at each value, [curves] of [values]: individual conditional expectations. */
  readonly curves: readonly Float64Array[];
}

/** What a model predicts on average over the plane of two features. */
export interface JointDependence {
  readonly features: readonly [string, string];
  /** Values of the first feature. */
  readonly x: Float64Array;
  /** Values of the second feature. */
  readonly y: Float64Array;
  /** Weighted mean prediction, [y, x] row by row. */
  readonly mean: Float64Array;
}

/**
 * Partial dependence on one feature (Friedman, Annals of Statistics 29, 1189, 2001) with curves of single events
 * (Goldstein et al., arXiv 1309.6392): each event is predicted with the feature set to each value.
 *
 * A categorical feature takes the codes that occur. Where features are correlated, some of these events cannot exist.
 *
 * @throws UnknownNameError for an unknown feature; ShapeError for events that the model cannot take; DataError for
 * weights that do not sum to a positive number; ConfigurationError for options out of range.
 * @example
 * const mass = await partialDependence(ensemble, { ...folds.getFold(0), ...folds }, "DER_mass_MMC");
 */
export async function partialDependence(
  model: FeaturePredictor,
  events: DependenceEvents,
  feature: string,
  options: DependenceOptions & {
    /** Curves of single events, the first of those drawn. Default 50. */
    readonly curveCount?: number;
  } = {},
): Promise<PartialDependence> {
  const sample = new Sample(model, events, options);
  const grid = sample.grid(feature, options.values);
  const curveCount = Math.min(options.curveCount ?? 50, sample.eventCount);
  const curves = Array.from({ length: curveCount }, () => new Float64Array(grid.values.length));
  const mean = new Float64Array(grid.values.length);
  for (const [point, value] of grid.stored.entries()) {
    const predictions = await sample.predict([[grid.column, value]]);
    mean[point] = sample.mean(predictions);
    for (const [event, curve] of curves.entries()) curve[point] = predictions[event]!;
  }
  return { feature, values: grid.values, mean, curves };
}

/** Partial dependence on two features at once, as `partialDependence`; `values` is not used. */
export async function jointDependence(
  model: FeaturePredictor,
  events: DependenceEvents,
  features: readonly [string, string],
  options: Omit<DependenceOptions, "values"> = {},
): Promise<JointDependence> {
  const sample = new Sample(model, events, options);
  const [x, y] = [sample.grid(features[0]), sample.grid(features[1])];
  const mean = new Float64Array(x.values.length * y.values.length);
  for (const [row, second] of y.stored.entries()) {
    for (const [column, first] of x.stored.entries()) {
      const predictions = await sample.predict([
        [x.column, first],
        [y.column, second],
      ]);
      mean[row * x.values.length + column] = sample.mean(predictions);
    }
  }
  return { features, x: x.values, y: y.values, mean };
}

/** Values along a feature, physical and as the model takes them. */
interface Grid {
  readonly column: number;
  readonly values: Float64Array;
  readonly stored: Float64Array;
}

/** The events that are drawn, and the model. */
class Sample {
  readonly eventCount: number;
  readonly #model: FeaturePredictor;
  readonly #events: DependenceEvents;
  readonly #options: DependenceOptions;
  readonly #inputs: Float32Array;
  readonly #weights: Float32Array;
  readonly #weightSum: number;

  constructor(model: FeaturePredictor, events: DependenceEvents, options: DependenceOptions) {
    const { features, inputs, weights } = events;
    const { eventCount = 2000, output = 0, seed = 0 } = options;
    const available = checkEvents("partialDependence", model, events);
    checkOutput("partialDependence", output, model.outputCount);
    this.eventCount = Math.min(eventCount, available);
    const rows = new Stream(seed, "partial dependence").permutation(available).subarray(0, this.eventCount);
    this.#model = model;
    this.#events = events;
    this.#options = options;
    this.#inputs = takeRows(inputs, rows, features.length);
    this.#weights = weights ? takeRows(weights, rows, 1) : new Float32Array(this.eventCount).fill(1);
    this.#weightSum = this.#weights.reduce((sum, weight) => sum + weight, 0);
    if (!(this.#weightSum > 0)) {
      throw new DataError(
        `partialDependence: the weights of the ${counted(this.eventCount, "event")} drawn sum to ${this.#weightSum}; the sum must be positive.`,
      );
    }
  }

  grid(feature: string, wanted?: readonly number[]): Grid {
    const { column, isCode, own, toPhysical, toStored } = featureColumn(this.#events, feature);
    if (wanted !== undefined) {
      const values = Float64Array.from(wanted);
      return { column, values, stored: values.map(toStored) };
    }
    const { pointCount = 20 } = this.#options;
    if (!(Number.isInteger(pointCount) && pointCount >= 2)) {
      throw new ConfigurationError(
        `partialDependence: pointCount is ${pointCount}; give a whole number, at least 2.`,
      );
    }
    const [low, high] = weightedQuantiles(own, [0.01, 0.99]) as unknown as [number, number];
    const stored = isCode
      ? Float64Array.from(new Set(own)).sort()
      : Float64Array.from({ length: pointCount }, (_, i) => low + ((high - low) * i) / (pointCount - 1));
    return { column, values: stored.map(toPhysical), stored };
  }

  /** The chosen output of every event with some columns set. */
  async predict(settings: readonly (readonly [column: number, value: number])[]): Promise<Float64Array> {
    const { featureCount, outputCount } = this.#model;
    const inputs = this.#inputs.slice();
    for (const [column, value] of settings) {
      for (let i = column; i < inputs.length; i += featureCount) inputs[i] = value;
    }
    const predictions = await this.#model.predict(inputs, this.eventCount);
    const { output = 0 } = this.#options;
    return Float64Array.from({ length: this.eventCount }, (_, i) => predictions[i * outputCount + output]!);
  }

  mean(predictions: Float64Array): number {
    return predictions.reduce((sum, value, i) => sum + value * this.#weights[i]!, 0) / this.#weightSum;
  }
}
