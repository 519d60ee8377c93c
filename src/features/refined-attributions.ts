/** Attributions along paths, with more points for the events whose attributions do not add up yet. */
import { ConfigurationError } from "../errors/index.ts";
import type { Attributions } from "./attributions.ts";
import { takeRows } from "./labelled-folds.ts";

/** No path gets more points. */
const mostSteps = 4096;

/** How far from adding up attributions may be, and how many points a path has at first. */
export interface PathPoints {
  readonly stepCount: number;
  /** Times max(1, |prediction − base|). */
  readonly tolerance: number;
}

/** @throws ConfigurationError for options out of range. */
export function checkPathPoints(where: string, { stepCount, tolerance }: PathPoints): void {
  if (!(Number.isInteger(stepCount) && stepCount >= 1)) {
    throw new ConfigurationError(`${where}: stepCount is ${stepCount}; give a whole number, at least 1.`);
  }
  if (!(tolerance > 0))
    throw new ConfigurationError(`${where}: tolerance is ${tolerance}; give a positive number.`);
}

/**
 * Attributions of all events with `stepCount` points; of those that miss the prediction by more than the tolerance again
 * with four times as many, until none does.
 *
 * @param of the attributions of some events with a number of points.
 */
export async function refinedAttributions(
  inputs: Float32Array,
  width: number,
  { stepCount, tolerance }: PathPoints,
  of: (inputs: Float32Array, stepCount: number) => Promise<Attributions>,
): Promise<Attributions> {
  const found = await of(inputs, stepCount);
  for (let steps = 4 * stepCount; steps <= mostSteps; steps *= 4) {
    const rows = eventsThatMiss(found, tolerance);
    if (rows.length === 0) break;
    const again = await of(takeRows(inputs, rows, width), steps);
    const features = found.features.length;
    for (const [i, row] of rows.entries()) {
      found.values.set(again.values.subarray(i * features, (i + 1) * features), row * features);
    }
  }
  return found;
}

function eventsThatMiss({ features, values, base, prediction }: Attributions, tolerance: number): number[] {
  const width = features.length;
  return Array.from(prediction.keys()).filter((event) => {
    const shift = prediction[event]! - base[event]!;
    let sum = 0;
    for (let j = 0; j < width; j++) sum += values[event * width + j]!;
    return Math.abs(sum - shift) > tolerance * Math.max(1, Math.abs(shift));
  });
}
