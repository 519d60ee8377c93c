import { expect, test } from "vitest";
import { Stream } from "../array/index.ts";
import { amsScan, cutByAms, cutByAmsWithUncertainty } from "./index.ts";

/** Signal near 1, background near 0. */
function events(count: number, seed: number) {
  const stream = new Stream(seed, "cut");
  const targets = Float64Array.from({ length: count }, () => (stream.uniform() < 0.4 ? 1 : 0));
  const predictions = targets.map((y) => {
    const u = stream.uniform();
    return y === 1 ? Math.sqrt(u) : 1 - Math.sqrt(u);
  });
  const weights = targets.map((y) => (y === 1 ? 0.02 : 1) * (0.5 + stream.uniform()));
  return [predictions, targets, weights] as const;
}
const options = { minimumPrediction: 0.5, regularisation: 5 };

test("smoothing is the mean over the cuts that keep a few events more or fewer", () => {
  const [p, y, w] = events(200, 1);
  const { ams, thresholds } = amsScan(p, y, w, { regularisation: 5 });
  const smoothingPercent = 3;
  const { cut } = cutByAms(p, y, w, { ...options, topPercent: 0.5, smoothingPercent });
  // Of 200 events without ties: cut i keeps i + 1, and 3 % are 6 events. Candidates begin at the first background event.
  const sorted = Array.from(p.keys()).sort((a, b) => p[b]! - p[a]!);
  const first = sorted.findIndex((event) => y[event] === 0);
  let best = Number.NEGATIVE_INFINITY;
  let wanted = Number.NaN;
  for (let i = first; thresholds[i]! >= 0.5; i++) {
    const reach = Math.min(6, i - first);
    let sum = 0;
    for (let k = i - reach; k <= i + reach; k++) sum += ams[k]! / (2 * reach + 1);
    if (sum > best) [best, wanted] = [sum, thresholds[i]!];
  }
  expect(cut).toBeCloseTo(wanted, 12);
});

test("a smoothed cut is worth more on other events", () => {
  const many = amsScan(...events(100_000, 999), { scale: 600 / 100_000, regularisation: 5 });
  const worth = (smoothingPercent: number): number => {
    let sum = 0;
    for (let seed = 0; seed < 60; seed++) {
      const { cut } = cutByAms(...events(600, seed), { ...options, topPercent: 0.1, smoothingPercent });
      sum += many.ams[many.thresholds.findIndex((threshold) => threshold < cut)]!;
    }
    return many.maximum.ams - sum / 60;
  };
  expect(worth(8)).toBeLessThan(0.8 * worth(0));
});

test("the uncertainty of the cut is the spread over repeated samples", () => {
  const rule = { ...options, topPercent: 5 };
  const found = Array.from({ length: 60 }, (_, seed) => cutByAms(...events(800, 50 + seed), rule));
  const deviation = (values: readonly number[]): number => {
    const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
    return Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (values.length - 1));
  };
  const own = Array.from({ length: 6 }, (_, seed) =>
    cutByAmsWithUncertainty(...events(800, 50 + seed), { ...rule, replicaCount: 60 }),
  );
  const mean = (of: (m: (typeof own)[number]) => number): number =>
    own.reduce((sum, each) => sum + of(each) / own.length, 0);
  expect(own[0]!.cut.value).toBe(found[0]!.cut);
  expect(own[0]!.amsAtCut.value).toBe(found[0]!.amsAtCut);
  for (const ratio of [
    mean((m) => m.cut.uncertainty) / deviation(found.map(({ cut }) => cut)),
    mean((m) => m.maximumAms.uncertainty) / deviation(found.map(({ maximumAms }) => maximumAms)),
  ]) {
    expect(ratio).toBeGreaterThan(0.6);
    expect(ratio).toBeLessThan(1.6);
  }
});

test("smoothing over more than half of the events is refused", () => {
  expect(() => cutByAms([0.9, 0.95], [0, 1], undefined, { smoothingPercent: 60 })).toThrow(
    "cutByAms: smoothingPercent is 60; it must be in [0, 50].",
  );
});
