import { describe, expect, test } from "vitest";
import { Stream } from "../array/index.ts";
import { ConfigurationError, DataError } from "../errors/index.ts";
import { ams, amsScan, binnedSignificance, binsBySignificance, cutsByAms } from "./index.ts";

/** Signal near 1, background near 0. */
function events(count: number, key = "bins") {
  const stream = new Stream(5, key);
  const targets = Float64Array.from({ length: count }, () => (stream.uniform() < 0.4 ? 1 : 0));
  const predictions = targets.map((y) => {
    const u = stream.uniform();
    return y === 1 ? Math.sqrt(u) : 1 - Math.sqrt(u);
  });
  const weights = targets.map((y) => (y === 1 ? 0.02 : 1) * (0.5 + stream.uniform()));
  return { targets, predictions, weights };
}

describe("bins by significance", () => {
  test("bins together are worth the root of the sum of squares", () => {
    const { significance, bins } = binnedSignificance(
      [0.1, 0.2, 0.7, 0.9, 0.8],
      [0, 1, 0, 1, 1],
      undefined,
      [0, 0.5, 1],
    );
    expect(bins[0]).toBeCloseTo(ams({ s: 1, b: 1 }), 12);
    expect(bins[1]).toBeCloseTo(ams({ s: 2, b: 1 }), 12);
    expect(significance).toBeCloseTo(Math.hypot(bins[0]!, bins[1]!), 12);
  });

  test("the choice is the best of all choices of edges", () => {
    const { targets, predictions, weights } = events(400);
    const options = { maximumBins: 3, slices: 12, minimumBackgroundCount: 5 };
    const edges = binsBySignificance(predictions, targets, weights, options);
    const chosen = binnedSignificance(predictions, targets, weights, edges).significance;
    const all = binsBySignificance(predictions, targets, weights, { ...options, maximumBins: 12 });
    const sorted = Float64Array.from(predictions).sort();
    const candidates = Array.from({ length: 11 }, (_, k) => sorted[Math.floor(((k + 1) * 400) / 12)]!);
    let best = 0;
    for (const low of candidates) {
      for (const high of candidates.filter((edge) => edge > low)) {
        const trial = [sorted[0]!, low, high, sorted.at(-1)!];
        const counts = [0, 1, 2].map((bin) =>
          predictions.reduce(
            (n, p, i) =>
              n + (targets[i] === 0 && p >= trial[bin]! && (p < trial[bin + 1]! || bin === 2) ? 1 : 0),
            0,
          ),
        );
        if (Math.min(...counts) < 5) continue;
        best = Math.max(best, binnedSignificance(predictions, targets, weights, trial).significance);
      }
    }
    expect(chosen).toBeGreaterThanOrEqual(best - 1e-12);
    expect(binnedSignificance(predictions, targets, weights, all).significance).toBeGreaterThanOrEqual(
      chosen - 1e-12,
    );
  });

  test("more bins than one are worth more than the best cut", () => {
    const { targets, predictions, weights } = events(4000);
    const edges = binsBySignificance(predictions, targets, weights);
    const one = binsBySignificance(predictions, targets, weights, { maximumBins: 1 });
    expect(edges.length).toBeGreaterThan(3);
    expect(binnedSignificance(predictions, targets, weights, edges).significance).toBeGreaterThan(
      1.2 * binnedSignificance(predictions, targets, weights, one).significance,
    );
  });

  test("nothing to bin is refused", () => {
    expect(() => binsBySignificance([0.5, 0.5], [0, 1])).toThrow(DataError);
    expect(() => binsBySignificance([0.1, 0.5], [0, 1], undefined)).toThrow(/10 background events/);
  });
});

describe("several cuts", () => {
  test("one cut is the maximum of the scan among the edges", () => {
    const { targets, predictions, weights } = events(300);
    const options = { cutCount: 1, slices: 300, minimumBackgroundCount: 5, regularisation: 2 };
    const { cuts, significance } = cutsByAms(predictions, targets, weights, options);
    const scan = amsScan(predictions, targets, weights, { minimumBackgroundCount: 5, regularisation: 2 });
    expect(cuts.length).toBe(1);
    expect(cuts[0]).toBe(scan.maximum.threshold);
    expect(significance.significance).toBeCloseTo(scan.maximum.ams, 12);
  });

  test("two cuts are the best of all pairs, and better than one", () => {
    const { targets, predictions, weights } = events(400);
    const options = { slices: 15, minimumBackgroundCount: 5 };
    const { cuts, significance } = cutsByAms(predictions, targets, weights, options);
    const sorted = Float64Array.from(predictions).sort();
    const edges = Array.from({ length: 15 }, (_, k) => sorted[Math.floor((k * 400) / 15)]!);
    let best = 0;
    for (const low of edges) {
      for (const high of edges.filter((edge) => edge > low)) {
        const passing = (from: number, to: number) =>
          predictions.filter((p, i) => targets[i] === 0 && p >= from && p < to).length;
        if (passing(low, high) < 5 || passing(high, 2) < 5) continue;
        const trial = binnedSignificance(predictions, targets, weights, [low, high, sorted.at(-1)!]);
        best = Math.max(best, trial.significance);
      }
    }
    expect(significance.significance).toBeCloseTo(best, 12);
    expect(cuts.length).toBe(2);
    const one = cutsByAms(predictions, targets, weights, { ...options, cutCount: 1 });
    expect(significance.significance).toBeGreaterThan(one.significance.significance);
  });

  test("more categories than there are background events for are refused", () => {
    const { targets, predictions } = events(40);
    expect(() => cutsByAms(predictions, targets, undefined, { cutCount: 9 })).toThrow(
      "cutsByAms: not even 9 bins hold 10 background events with a positive sum of weights.",
    );
    expect(() => cutsByAms(predictions, targets, undefined, { cutCount: 0 })).toThrow(ConfigurationError);
  });
});

test("the uncertainty of the simulated background lowers the significance of a bin, as in a scan", () => {
  const [predictions, targets, weights] = [
    [0.1, 0.9, 0.9, 0.9],
    [0, 0, 0, 1],
    [5, 3, 4, 2],
  ];
  const options = { statisticalUncertainty: "weights" as const, backgroundUncertainty: 0.1 };
  const { bins } = binnedSignificance(predictions, targets, weights, [0, 0.5, 1], options);
  const relative = Math.hypot(0.1, Math.hypot(3, 4) / 7);
  expect(bins[1]).toBeCloseTo(ams({ s: 2, b: 7, backgroundUncertainty: relative }), 12);
  expect(bins[1]).toBeCloseTo(amsScan(predictions, targets, weights, options).ams[0]!, 12);
});
