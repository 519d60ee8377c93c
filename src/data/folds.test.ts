/** Folds by hash, by column, contiguous: partitions that keep events and their weights. */
import { describe, expect, test } from "vitest";
import { Stream } from "../array/random.ts";
import {
  contiguousFolds,
  foldsByColumn,
  foldsByHash,
  splitByHash,
  stratifiedFolds,
  stratifiedSplit,
} from "./folds.ts";
import { trainingWeights } from "./training-weights.ts";

const count = 5000;
const stream = new Stream(4, "folds");
const numbers = BigInt64Array.from({ length: count }, (_, i) => 2n ** 60n + BigInt(i));
const classes = Int32Array.from({ length: count }, () => stream.integer(2));
const weights = Float64Array.from({ length: count }, () => stream.uniform() - 0.2);

const ways: Readonly<Record<string, () => readonly Int32Array[]>> = {
  stratified: () => stratifiedFolds(count, 7, [classes], new Stream(1, "a")),
  "by hash": () => foldsByHash([numbers], 7),
  "by column": () => foldsByColumn(Int32Array.from({ length: count }, (_, i) => ((i * i) % 4 === 0 ? 0 : 1))),
  contiguous: () => contiguousFolds(count, 7),
  "split by hash": () => Object.values(splitByHash([numbers], 0.3)),
  "stratified split": () => Object.values(stratifiedSplit(count, 0.3, [classes], new Stream(1, "b"))),
};

test.each(Object.entries(ways))(
  "%s: every event in one fold, in order; the sums of weights of each class stay",
  (_, make) => {
    const folds = make();
    expect(folds.flatMap((fold) => [...fold]).sort((a, b) => a - b)).toEqual(
      Array.from({ length: count }, (__, i) => i),
    );
    const normalised = trainingWeights(classes, weights, "sumOnePerClass");
    for (const each of [weights, normalised]) {
      for (const wanted of [0, 1]) {
        const sum = (rows: Iterable<number>): number => {
          let total = 0;
          for (const row of rows) if (classes[row] === wanted) total += each[row]!;
          return total;
        };
        const whole = sum(classes.keys());
        expect(folds.reduce((total, fold) => total + sum(fold), 0)).toBeCloseTo(whole, 9);
      }
    }
    for (const fold of folds) expect([...fold]).toEqual([...fold].sort((a, b) => a - b));
  },
);

describe("foldsByHash", () => {
  const foldOf = (folds: readonly Int32Array[], event: number): number =>
    folds.findIndex((fold) => fold.includes(event));

  test("an event keeps its fold among other events, in another order and type", () => {
    const all = foldsByHash([numbers], 5);
    const some = numbers.filter((_, i) => i % 3 === 1).reverse();
    const part = foldsByHash([Array.from(some, String)], 5);
    for (let i = 0; i < 200; i++) {
      expect(foldOf(part, i)).toBe(foldOf(all, Number(some[i]! - 2n ** 60n)));
    }
    const [a, b] = [
      foldsByHash([Float64Array.of(2, 3, 5, 7, 11)], 2),
      foldsByHash([BigInt64Array.of(2n, 3n, 5n, 7n, 11n)], 2),
    ];
    expect(a).toEqual(b);
  });

  test("folds are equally large within chance, of two columns too, and independent of the split", () => {
    const runs = Int32Array.from({ length: count }, (_, i) => Math.floor(i / 100));
    const numbersInRun = Int32Array.from({ length: count }, (_, i) => i % 100);
    for (const folds of [foldsByHash([numbers], 10), foldsByHash([runs, numbersInRun], 10)]) {
      // 500 ± 21 events each: χ² of 9 degrees of freedom is below 27.9 with 99.9 %.
      expect(folds.reduce((sum, { length }) => sum + (length - 500) ** 2 / 500, 0)).toBeLessThan(27.9);
    }
    const { validation } = splitByHash([numbers], 0.2);
    expect(Math.abs(validation.length - 1000)).toBeLessThan(100);
    const held = new Set(validation);
    const shared = foldsByHash([numbers], 2)[0]!.filter((event) => held.has(event)).length;
    expect(Math.abs(shared / validation.length - 0.5)).toBeLessThan(0.06);
    const more = new Set(splitByHash([numbers], 0.4).validation);
    expect(validation.every((event) => more.has(event))).toBe(true);
  });
});

test("folds say what is wrong", () => {
  expect(() => foldsByHash([Float64Array.of(1, Number.NaN)], 2, "EventId")).toThrow(
    'folds by "EventId": row 2 has no value, so nothing identifies the event.',
  );
  expect(() => foldsByHash([Int32Array.of(1, 1)], 2, "EventId")).toThrow(
    /^folds by "EventId": fold [01] of 2 has no events; use fewer folds or another column\.$/,
  );
  expect(() => foldsByColumn(Float64Array.of(0, 1, 1.5), "fold")).toThrow(
    'folds of column "fold": row 3 holds 1.5, but the numbers 0, 1, 2, … are expected.',
  );
  expect(() => foldsByColumn(Int32Array.of(0, 2), "fold")).toThrow(
    'folds by "fold": fold 1 of 3 has no events; use fewer folds or another column.',
  );
  expect(() => contiguousFolds(3, 4)).toThrow("folds: 3 events cannot fill 4 folds.");
});
