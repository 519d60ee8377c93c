/** Schedules of callbacks in whole trainings, batch by batch, against Python LUMIN 0.9.1. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { cloudFolds, logisticRegression } from "../../test/support/logistic-regression.ts";
import type { Callback } from "./callback.ts";
import { CycleTicks } from "./cycle-ticks.ts";
import { type CyclicOptions, cyclicCallback } from "./cyclic.ts";
import { lrFinderCallback } from "./lr-finder.ts";
import { type OneCycleOptions, oneCycleCallback } from "./one-cycle.ts";
import { trainMember } from "./train-member.ts";

interface Golden {
  readonly learningRates: readonly number[];
  readonly momenta: readonly number[];
  readonly cycleEnds: readonly boolean[];
}
const golden = JSON.parse(
  readFileSync(new URL("../../test/golden/schedules.json", import.meta.url), "utf8"),
) as Record<string, Golden>;

/** The network's values of every step, and in which epochs a cycle ended. */
async function follow(callback: Callback, epochs: number) {
  const seen: { learningRate: number; momentum: number }[] = [];
  const cycleEnds: boolean[] = [];
  const ticks = new CycleTicks();
  const watch: Callback = {
    name: "watch",
    onEpochEnd: (view) => void cycleEnds.push(ticks.cycleEnded(view) !== undefined),
  };
  // Training folds of 10, 10 and 13 events in batches of 5: six steps an epoch.
  await trainMember(
    cloudFolds([10, 10, 10, 13]),
    logisticRegression({ featureCount: 3, seen }),
    [callback, watch],
    { member: 2, seed: 1, epochs, batchSize: 5 },
  );
  return { learningRates: seen.map((s) => s.learningRate), momenta: seen.map((s) => s.momentum), cycleEnds };
}

/** Largest difference relative to the largest value; the network gets float32. */
function farthest(found: readonly number[], expected: readonly number[]): number {
  expect(found).toHaveLength(expected.length);
  const scale = Math.max(...expected.map(Math.abs));
  return Math.max(...found.map((value, i) => Math.abs(value - expected[i]!) / scale));
}

describe("in a training, batch by batch as in Python LUMIN", () => {
  const cyclic: [string, CyclicOptions][] = [
    ["CycleLR cosine (0,2e-3) mult2", { learningRates: [0, 2e-3], multiplier: 2 }],
    ["CycleLR cosine (0,2e-3) mult1 scale2", { learningRates: [0, 2e-3], length: 2 }],
    [
      "CycleLR linear (2e-4,2e-3) scale2",
      { learningRates: [2e-4, 2e-3], length: 2, interpolation: "linear" },
    ],
    ["CycleMom cosine (.85,.95)", { momenta: [0.85, 0.95] }],
    ["CycleMom linear (.85,.95)", { momenta: [0.85, 0.95], interpolation: "linear" }],
  ];
  const oneCycles: [string, OneCycleOptions][] = [
    ["OneCycle cosine (1,2) [1e-4,1e-2]", { learningRates: [1e-4, 1e-2], lengths: [1, 2], unit: "epochs" }],
    [
      "OneCycle cosine (2,3) [1e-4,1e-2,1e-6]",
      { learningRates: [1e-4, 1e-2, 1e-6], lengths: [2, 3], unit: "epochs" },
    ],
  ];
  for (const [name, callback] of [
    ...cyclic.map(([name, options]) => [name, cyclicCallback(options)] as const),
    ...oneCycles.map(([name, options]) => [name, oneCycleCallback(options)] as const),
  ]) {
    test(name, async () => {
      const expected = golden[name]!;
      const epochs = expected.cycleEnds.length;
      // A one-cycle ends the training by itself.
      const found = await follow(callback, name.startsWith("OneCycle") ? epochs + 2 : epochs);
      for (const part of ["learningRates", "momenta"] as const) {
        if (expected[part].length > 0) expect(farthest(found[part], expected[part]), part).toBeLessThan(1e-7);
      }
      expect(found.cycleEnds).toEqual(expected.cycleEnds);
    });
  }

  test("CycleMom and CycleLR together, each with a length of its own", async () => {
    const [rate, momentum] = [cyclic[1]!, cyclic[3]!];
    const both: Callback[] = [cyclicCallback(rate[1]), cyclicCallback(momentum[1])];
    const seen: { learningRate: number; momentum: number }[] = [];
    await trainMember(cloudFolds([10, 10, 10, 13]), logisticRegression({ featureCount: 3, seen }), both, {
      ...{ member: 2, seed: 1, epochs: 2, batchSize: 5 },
    });
    const rates = seen.map((s) => s.learningRate);
    expect(farthest(rates, golden[rate[0]]!.learningRates.slice(0, 12))).toBeLessThan(1e-7);
    expect(
      farthest(
        seen.map((s) => s.momentum),
        golden[momentum[0]]!.momenta,
      ),
    ).toBeLessThan(1e-7);
  });

  test("the learning-rate finder", async () => {
    const expected = golden["LRFinder [1e-5,10] over 8 steps"]!.learningRates;
    const seen: { learningRate: number; momentum: number }[] = [];
    const callbacks = [lrFinderCallback({ rates: [1e-5, 10] })];
    await trainMember(cloudFolds([20, 20, 20]), logisticRegression({ featureCount: 3, seen }), callbacks, {
      ...{ member: 0, seed: 1, epochs: 1, batchSize: 5 },
    });
    for (const [i, { learningRate }] of seen.entries()) expect(learningRate / expected[i]!).toBeCloseTo(1, 6);
  });
});

describe("where it is otherwise, and why", () => {
  const options: OneCycleOptions = { learningRates: [1e-4, 1e-2], lengths: [1, 2], unit: "epochs" };

  test("used a second time a one-cycle is the same again; Python LUMIN's begins at the rate 0", async () => {
    const callback = oneCycleCallback(options);
    const first = await follow(callback, 3);
    expect((await follow(callback, 3)).learningRates).toEqual(first.learningRates);
    expect(golden["OneCycle cosine (1,2) [1e-4,1e-2], used a second time"]!.learningRates[0]).toBe(0);
  });

  test("a linear one-cycle is two straight ramps; Python LUMIN's is a triangle in each half", async () => {
    const { learningRates } = await follow(oneCycleCallback({ ...options, interpolation: "linear" }), 3);
    const theirs = golden["OneCycle linear (1,2) [1e-4,1e-2]"]!.learningRates;
    // On the way up they agree for half of it, at twice our speed; then theirs goes down again.
    expect(theirs[3]).toBe(1e-2);
    expect(theirs[5]).toBeLessThan(theirs[4]!);
    for (const [i, rate] of learningRates.entries()) {
      const straight = i < 6 ? 1e-4 + (i / 6) * (1e-2 - 1e-4) : 1e-2 * (1 - (i - 6) / 12);
      expect(rate).toBeCloseTo(straight, 8);
    }
  });
});
