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
  const scale = new WeightScale(normalisation, classNames);
  scale.add(targets, given);
  return scale.scaled(targets, given);
}

/** The sums behind {@link trainingWeights}, for events that come in pieces: add all, then scale each. */
export class WeightScale {
  readonly #normalisation: WeightNormalisation;
  readonly #classNames: readonly string[];
  readonly #sums = new Map<number, { sum: number; count: number }>();
  #count = 0;
  #isAnyNotZero = false;
  #factors: ReadonlyMap<number, number> | undefined;

  constructor(normalisation: WeightNormalisation, classNames: readonly string[] = []) {
    this.#normalisation = normalisation;
    this.#classNames = classNames;
  }

  /** Counts some events in. @throws RangeError where targets and weights differ in number. */
  add(targets: ArrayLike<number>, weights: Float64Array): void {
    if (weights.length !== targets.length) {
      throw new RangeError(
        `trainingWeights: ${counted(targets.length, "target")}, but ${counted(weights.length, "weight")}.`,
      );
    }
    for (let i = 0; i < weights.length; i++) {
      const weight = weights[i]!;
      if (weight !== 0) this.#isAnyNotZero = true;
      const group = this.#group(targets[i]!);
      let entry = this.#sums.get(group);
      if (entry === undefined) {
        entry = { sum: 0, count: 0 };
        this.#sums.set(group, entry);
      }
      entry.sum += weight;
      entry.count++;
    }
    this.#count += weights.length;
  }

  /** The weights of some events, scaled by the sums of all. @throws DataError as {@link trainingWeights}. */
  scaled(targets: ArrayLike<number>, weights: Float64Array): Float64Array {
    this.#factors ??= this.#factorsOfAll();
    const factors = this.#factors;
    if (this.#normalisation === "none") return weights;
    return weights.map((weight, i) => weight * factors.get(this.#group(targets[i]!))!);
  }

  #group(target: number): number {
    return this.#normalisation === "meanOne" ? 0 : target;
  }

  #factorsOfAll(): ReadonlyMap<number, number> {
    if (this.#count > 0 && !this.#isAnyNotZero) {
      throw new DataError(`all ${this.#count} event weights are zero: there is nothing to learn from.`);
    }
    const factors = new Map<number, number>();
    if (this.#normalisation === "none") return factors;
    for (const [key, { sum, count }] of this.#sums) {
      if (!(sum > 0)) {
        const whose =
          this.#normalisation === "meanOne" ? "the events" : `class "${this.#classNames[key] ?? key}"`;
        throw new DataError(
          `the weights of ${whose} sum to ${sum}: they cannot be scaled to ${this.#normalisation === "sumOnePerClass" ? "sum" : "mean"} 1, which needs a positive sum.`,
        );
      }
      factors.set(key, (this.#normalisation === "sumOnePerClass" ? 1 : count) / sum);
    }
    return factors;
  }
}
