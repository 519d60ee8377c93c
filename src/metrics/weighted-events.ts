/** Checks and weighted means shared by metrics of several classes and of regressions. */
import { type BootstrapOptions, bootstrapDeviations, CompensatedSum, type Numbers } from "../array/index.ts";
import { counted, DataError } from "../errors/index.ts";
import type { Measurement } from "./measurement.ts";

/** Any statistic of weighted events; NaN where it is undefined. */
export type WeightedStatistic = (weights: Float64Array) => number;

/**
 * The value of a statistic and its uncertainty from a seeded Poisson bootstrap over the events.
 *
 * The statistic is a function of the events' weights; a replica multiplies them by how often an event was drawn. A
 * replica for which it is NaN or throws a DataError (a class was not drawn) is left out.
 *
 * @throws {DataError} for a weight that is not finite, or when all weights are zero.
 * @example
 * measure(3, (w) => (2 * w[0] + w[1]) / (w[0] + w[1] + w[2]), undefined, { replicaCount: 10 }).value // 1
 */
export function measure(
  eventCount: number,
  statistic: WeightedStatistic,
  weights?: Numbers,
  bootstrap: BootstrapOptions = {},
): Measurement {
  const w = checkedWeights("measure", eventCount, weights);
  const value = statistic(w);
  const ofReplica = (counts: Uint8Array): number => {
    try {
      return statistic(weightsOfReplica(w, counts));
    } catch (error) {
      if (error instanceof DataError) return Number.NaN;
      throw error;
    }
  };
  const [uncertainty] = bootstrapDeviations(eventCount, (counts) => [ofReplica(counts)], bootstrap);
  return { value, uncertainty: uncertainty ?? Number.NaN };
}

/** Weights of a bootstrap replica; a loop, for `map` takes ten times as long. */
export function weightsOfReplica(weights: Float64Array, counts: Uint8Array): Float64Array {
  const replica = new Float64Array(weights.length);
  for (let i = 0; i < replica.length; i++) replica[i] = weights[i]! * counts[i]!;
  return replica;
}

/** The weights, ones where there are none. */
export function checkedWeights(
  where: string,
  eventCount: number,
  weights: Numbers | undefined,
): Float64Array {
  if (eventCount === 0) throw new DataError(`${where}: there are no events.`);
  if (weights === undefined) return new Float64Array(eventCount).fill(1);
  if (weights.length !== eventCount) {
    throw new DataError(
      `${where}: ${counted(eventCount, "event")}, but ${counted(weights.length, "weight")}.`,
    );
  }
  const result = Float64Array.from(weights);
  const wrong = result.findIndex((w) => !Number.isFinite(w));
  if (wrong >= 0) {
    throw new DataError(
      `${where}: the weight of event ${wrong} is ${result[wrong]}; it must be a finite number.`,
    );
  }
  if (result.every((w) => w === 0)) {
    throw new DataError(`${where}: all weights are zero, so no event is left.`);
  }
  return result;
}

/** Σ w·value / Σ w; NaN where the weights do not sum to a positive number. */
export function meanOf(values: Numbers, weights: Numbers): number {
  const [total, sum] = [new CompensatedSum(), new CompensatedSum()];
  for (let i = 0; i < values.length; i++) {
    if (weights[i] === 0) continue;
    total.add(weights[i]!);
    sum.add(weights[i]! * values[i]!);
  }
  return total.value > 0 ? sum.value / total.value : Number.NaN;
}
