/** Event weights scaled for training. */
import { counted, DataError } from "../errors/index.ts";

/**
 * How weights are scaled: each class to mean 1 (the loss keeps its size whatever the sample), each class to sum 1
 * (LUMIN's way), all together to mean 1, or not at all.
 */
export type WeightNormalisation = "meanOnePerClass" | "sumOnePerClass" | "meanOne" | "none";

/**
 * The weights scaled for training; negative ones are legal and keep their sign. Without weights every event counts 1
 * before the scaling.
 *
 * @param classNames names of the classes for the messages.
 * @throws DataError when all weights are zero, or those of a class (of all) sum to zero or less.
 */
export function trainingWeights(
  targets: ArrayLike<number>,
  weights: Float32Array | Float64Array | undefined,
  normalisation: WeightNormalisation = "meanOnePerClass",
  classNames: readonly string[] = [],
): Float64Array {
  const given = weights ? Float64Array.from(weights) : new Float64Array(targets.length).fill(1);
  if (given.length !== targets.length) {
    throw new RangeError(
      `trainingWeights: ${counted(targets.length, "target")}, but ${counted(given.length, "weight")}.`,
    );
  }
  if (given.length > 0 && given.every((weight) => weight === 0)) {
    throw new DataError(`all ${given.length} event weights are zero: there is nothing to learn from.`);
  }
  if (normalisation === "none") return given;
  const sums = new Map<number, { sum: number; count: number }>();
  const group = (i: number): number => (normalisation === "meanOne" ? 0 : targets[i]!);
  for (let i = 0; i < given.length; i++) {
    const entry = sums.get(group(i)) ?? { sum: 0, count: 0 };
    entry.sum += given[i]!;
    entry.count++;
    sums.set(group(i), entry);
  }
  const factors = new Map<number, number>();
  for (const [key, { sum, count }] of sums) {
    if (!(sum > 0)) {
      const whose = normalisation === "meanOne" ? "the events" : `class "${classNames[key] ?? key}"`;
      throw new DataError(
        `the weights of ${whose} sum to ${sum}: they cannot be scaled to ${normalisation === "sumOnePerClass" ? "sum" : "mean"} 1, which needs a positive sum.`,
      );
    }
    factors.set(key, (normalisation === "sumOnePerClass" ? 1 : count) / sum);
  }
  return given.map((weight, i) => weight * factors.get(group(i))!);
}
