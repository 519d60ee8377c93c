import { describe, expect, test } from "vitest";
import { cloudFolds, logisticRegression } from "../../test/support/logistic-regression.ts";
import type { TrainingView } from "./callback.ts";
import { learningRatesOf } from "./find-learning-rate.ts";
import { type LearningRateRecord, lrFinderCallback } from "./lr-finder.ts";
import { trainMember } from "./train-member.ts";

const settings = { member: 0, seed: 7, epochs: 1, batchSize: 8, keepBest: false };

describe("LRFinder", () => {
  test("sweeps the rates of Python LUMIN's golden sequence, over the number of steps there are", () => {
    const { schedule } = lrFinderCallback({ rates: [1e-5, 10] });
    const { values } = schedule!({} as never);
    // Python LUMIN 0.9.1, LRFinder(lr_bounds=[1e-5, 10], nb=8).
    const golden = [1e-5, 5.623413251903491e-5, 3.1622776601683794e-4, 1.7782794100389219e-3, 1e-2];
    for (const [i, rate] of golden.entries()) expect(values(i, 8).learningRate! / rate).toBeCloseTo(1, 12);
    expect(values(999, 1000).learningRate).toBeGreaterThan(9.8);
  });

  test("records rate and loss of every step, with one call a fold", async () => {
    const [calls, seen]: [number[], { learningRate: number; momentum: number }[]] = [[], []];
    const result = await trainMember(
      cloudFolds([96, 96, 96]),
      logisticRegression({ featureCount: 3, calls, seen }),
      [lrFinderCallback({ rates: [1e-4, 1] })],
      settings,
      { pieceMilliseconds: 1e6 },
    );
    const { rates, losses, hasDiverged } = result.reports.LRFinder as LearningRateRecord;
    expect(rates).toHaveLength(24);
    expect(losses).toHaveLength(24);
    expect(hasDiverged).toBe(false);
    for (const [i, rate] of rates.entries()) expect(seen[i]!.learningRate / rate).toBeCloseTo(1, 5);
    // The very first call is one step, until it is known how long a step takes.
    expect(calls.length).toBeLessThanOrEqual(4);
  });

  test("ends with the fold in which the loss diverged, and leaves out what came after; not a number is no error", async () => {
    for (const high of [1e4, 1e38]) {
      const result = await trainMember(
        cloudFolds([96, 96, 96, 96, 96, 96]),
        logisticRegression({ featureCount: 3, momentum: 0.99 }),
        [lrFinderCallback({ rates: [1e-2, high] })],
        settings,
      );
      const { rates, losses, hasDiverged } = result.reports.LRFinder as LearningRateRecord;
      expect(hasDiverged).toBe(true);
      expect(result.stopReason).toBe("the loss diverged");
      expect(result.stepCount).toBeLessThan(60);
      expect(rates.length).toBeLessThan(result.stepCount);
      expect(rates).toHaveLength(losses.length);
      expect(losses.every(Number.isFinite)).toBe(true);
    }
  });

  test("stops at a multiple of the lowest loss, also for losses below zero", () => {
    const follow = (losses: number[]): LearningRateRecord => {
      const finder = lrFinderCallback({ divergence: 2 });
      finder.onTrainBegin!({} as TrainingView);
      const view = { losses: Float32Array.from(losses), step: losses.length, stepCount: 100 };
      finder.onFoldEnd!(view as TrainingView);
      return finder.report!() as LearningRateRecord;
    };
    const down = Array.from({ length: 20 }, () => 1);
    expect(follow([...down, ...down.map(() => 1.9)]).hasDiverged).toBe(false);
    expect(follow([...down, ...down.map(() => 3)]).hasDiverged).toBe(true);
    expect(follow([...down.map(() => -1), ...down.map(() => -0.1)]).hasDiverged).toBe(false);
    expect(follow([...down.map(() => -1), ...down.map(() => 2)]).hasDiverged).toBe(true);
  });

  test("refuses rates in the wrong order", () => {
    expect(() => lrFinderCallback({ rates: [1, 0.1] })).toThrow(
      "LRFinder: the rates are 1 and 0.1, the divergence is 4; expected 0 < lowest < highest rate and a divergence above 1.",
    );
  });
});

describe("what is learnt from sweeps", () => {
  const steps = 200;
  const rates = Array.from({ length: steps }, (_, i) => 1e-5 * 1e6 ** (i / steps));
  /** Flat, steepest at 1e-2, lowest at 0.3, then rising. */
  const loss = (rate: number): number =>
    1 - 1 / (1 + (1e-2 / rate) ** 2) + 0.5 * Math.max(0, Math.log(rate / 0.3)) ** 2;
  const record = (shift: number, count = steps): LearningRateRecord => {
    const own = Array.from({ length: count }, (_, i) => 1e-5 * 1e6 ** (i / count));
    return { rates: own, losses: own.map((rate) => loss(rate) + shift), hasDiverged: false };
  };

  test("mean and standard deviation at each rate", () => {
    const found = learningRatesOf([record(-0.1), record(0), record(0.1)]);
    expect(found.rates).toEqual(rates);
    for (const i of [0, 50, 120]) {
      expect(found.deviation[i]).toBeCloseTo(0.1, 10);
      expect(found.mean[i]).toBeCloseTo(loss(rates[i]!), 2);
    }
    expect(learningRatesOf([record(0)]).deviation.every((value) => value === 0)).toBe(true);
  });

  test("the steepest descent, a tenth of the lowest, and the smaller of them", () => {
    const { steepest, belowLowest, suggested } = learningRatesOf([record(0)]);
    expect(Math.abs(Math.log(steepest / 1e-2))).toBeLessThan(0.2);
    expect(Math.abs(Math.log(belowLowest / 0.03))).toBeLessThan(0.3);
    expect(suggested).toBe(Math.min(steepest, belowLowest));
  });

  test("sweeps of different lengths are compared by rate, up to the first that ended", () => {
    const ended = record(0, 230);
    const short = { ...ended, rates: ended.rates.slice(0, 150), losses: ended.losses.slice(0, 150) };
    const found = learningRatesOf([record(0), short]);
    expect(found.rates.at(-1)!).toBeLessThanOrEqual(short.rates.at(-1)! * 1.0001);
    expect(Math.max(...found.deviation.slice(5, -5))).toBeLessThan(0.02);
  });

  test("too few steps are an error that says what to do", () => {
    const none = { rates: [1], losses: [1], hasDiverged: true };
    expect(() => learningRatesOf([none])).toThrow(
      "findLearningRate: a sweep has 1 step before the loss diverged; there is nothing to compare. Begin with a lower rate, use a smaller batch size, or more epochs.",
    );
  });
});
