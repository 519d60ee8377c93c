import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bootstrapDeviations, poissonCounts } from "./bootstrap.ts";
import { histogram } from "./histogram.ts";
import { weightedQuantiles } from "./quantile.ts";
import { Stream } from "./random.ts";
import { CompensatedSum, sum, weightedMoments } from "./sum.ts";

const values = fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { minLength: 1, maxLength: 60 });

describe("sums", () => {
  test("CompensatedSum keeps small terms beside huge ones that cancel", () => {
    const total = new CompensatedSum();
    for (const x of [1, 1e100, 1, -1e100]) total.add(x);
    expect(total.value).toBe(2);
    expect(sum(new Float64Array(1_000_000).fill(0.1))).toBe(100_000);
    expect(sum([])).toBe(0);
  });

  test("weightedMoments: weight 2 is the value twice, NaN and weight 0 are no value", () => {
    fc.assert(
      fc.property(values, (xs) => {
        const once = weightedMoments([...xs, Number.NaN, 7], [...xs.map(() => 2), 3, 0]);
        const twice = weightedMoments([...xs, ...xs]);
        expect(once.mean).toBeCloseTo(twice.mean, 9);
        expect(once.variance).toBeCloseTo(twice.variance, 6);
        expect(once.weightSum).toBe(twice.weightSum);
      }),
    );
    expect(weightedMoments([1, 3, Number.NaN], [3, 1, 5])).toEqual({
      mean: 1.5,
      variance: 0.75,
      weightSum: 4,
    });
    expect(weightedMoments([]).mean).toBeNaN();
    expect(() => weightedMoments([1], [1, 2])).toThrow("weightedMoments: 1 value, but 2 weights.");
  });

  test("weightedMoments of values far from zero does not cancel", () => {
    expect(weightedMoments([1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16]).variance).toBe(22.5);
  });
});

describe("weightedQuantiles", () => {
  test("the median of an even number of values is the mean of the middle two", () => {
    expect([...weightedQuantiles([4, 2, 1, 3], [0, 0.5, 1])]).toEqual([1, 2.5, 4]);
    expect([...weightedQuantiles([1, 2, 3], [0.5, 0.1])]).toEqual([2, 1]);
    expect([...weightedQuantiles([1, 2], [0.5], [1, 3])]).toEqual([2]);
  });

  test("weight k is the value k times, weight 0 and NaN are no value, a common factor changes nothing", () => {
    const weights = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 60, maxLength: 60 });
    const fractions = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 5 });
    fc.assert(
      fc.property(values, weights, fractions, (xs, ws, at) => {
        const repeated = xs.flatMap((x, i) => Array<number>(ws[i]!).fill(x));
        const direct = weightedQuantiles([...xs, Number.NaN], at, [...ws.slice(0, xs.length), 1]);
        expect(direct).toEqual(weightedQuantiles(repeated, at));
        const scaled = [...ws.slice(0, xs.length).map((w) => w * 0.1), 1];
        expect(weightedQuantiles([...xs, Number.NaN], at, scaled)).toEqual(direct);
      }),
    );
  });

  test("refuses negative weights and fractions outside [0, 1]", () => {
    expect(() => weightedQuantiles([1, 2], [0.5], [1, -1])).toThrow(
      "weightedQuantiles: the weight of value 1 is -1; none may be negative.",
    );
    expect(() => weightedQuantiles([1], [1.5])).toThrow(
      "weightedQuantiles: the fraction 1.5 is not in [0, 1].",
    );
  });
});

describe("histogram", () => {
  test("every value is in exactly one of the bins, underflow, overflow, missing; edges belong to the bin above", () => {
    const filled = histogram(
      [0, 0.1, 0.5, 1, -1, 2, Number.NaN],
      { binCount: 2, range: [0, 1] },
      [1, 2, 4, 8, 16, 32, 64],
    );
    expect([...filled.sums]).toEqual([3, 12]);
    expect([...filled.squares]).toEqual([5, 80]);
    expect([...filled.counts]).toEqual([2, 2]);
    expect([filled.underflow, filled.overflow, filled.missing]).toEqual([16, 32, 64]);
  });

  test("equal bins by count and the same bins by edges agree, also on the edges", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.double({ min: -3, max: 3, noNaN: true }),
        values,
        (n, low, xs) => {
          const range: [number, number] = [low, low + 0.7];
          const { edges } = histogram([], { binCount: n, range });
          const all = [...xs.map((x) => x / 500), ...edges];
          expect(histogram(all, { binCount: n, range }).counts).toEqual(histogram(all, { edges }).counts);
        },
      ),
    );
  });

  test("refuses edges that do not rise", () => {
    expect(() => histogram([], { edges: [0, 1, 1] })).toThrow(
      "histogram: the edges must rise, but 1 follows 1.",
    );
  });
});

describe("bootstrap", () => {
  test("Poisson counts have mean and variance 1 and the probabilities of 0 and 1", () => {
    const count = 200_000;
    const counts = poissonCounts(count, new Stream(1, "poisson"));
    const { mean, variance } = weightedMoments(counts);
    expect(Math.abs(mean - 1)).toBeLessThan(4 / Math.sqrt(count));
    expect(Math.abs(variance - 1)).toBeLessThan(4 * Math.sqrt(3 / count));
    for (const k of [0, 1]) {
      const share = counts.filter((c) => c === k).length / count;
      expect(Math.abs(share - Math.exp(-1))).toBeLessThan(4 * Math.sqrt(0.24 / count));
    }
  });

  test("gives √Σw² for a sum of weights, the same for the same seed, another for another seed", () => {
    const weights = Float64Array.from({ length: 2000 }, (_, i) => 1 + (i % 7));
    const total = (counts: Uint8Array) => [counts.reduce((s, c, i) => s + c * weights[i]!, 0), Number.NaN];
    const [deviation, undefinedOne] = bootstrapDeviations(2000, total, { replicaCount: 400, seed: 5 });
    const exact = Math.sqrt(weights.reduce((s, w) => s + w * w, 0));
    expect(Math.abs(deviation! / exact - 1)).toBeLessThan(4 / Math.sqrt(800));
    expect(undefinedOne).toBeNaN();
    expect(bootstrapDeviations(2000, total, { replicaCount: 400, seed: 5 })[0]).toBe(deviation);
    expect(bootstrapDeviations(2000, total, { replicaCount: 400, seed: 6 })[0]).not.toBe(deviation);
  });
});
