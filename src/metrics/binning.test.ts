import { describe, expect, test } from "vitest";
import { Stream } from "../array/index.ts";
import { ConfigurationError, DataError } from "../errors/index.ts";
import { ams, binnedSignificance, binsBySignificance, binsByUncertainty } from "./index.ts";

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

const inBin = (edges: Float64Array, bin: number, value: number): boolean =>
  value > edges[bin]! && value <= edges[bin + 1]!;

describe("bins by uncertainty", () => {
  test("every sample fills every bin but the last, and would not with the edge one step higher", () => {
    const { targets, predictions } = events(4000);
    const edges = binsByUncertainty(predictions, targets, undefined, { maximumUncertainty: 0.1 });
    expect(edges[0]).toBe(0);
    expect(edges.at(-1)).toBe(1);
    expect(edges.length).toBeGreaterThan(5);
    const count = (y: number, low: number, high: number): number =>
      predictions.filter((p, i) => targets[i] === y && p > low && p <= high).length;
    for (let bin = edges.length - 2; bin > 0; bin--) {
      const [low, high] = [edges[bin]!, edges[bin + 1]!];
      const counts = [count(0, low, high), count(1, low, high)];
      expect(Math.min(...counts)).toBeGreaterThanOrEqual(100);
      expect(Math.min(count(0, low + 0.001 + 1e-9, high), count(1, low + 0.001 + 1e-9, high))).toBeLessThan(
        100,
      );
    }
  });

  test("by hand: two events of each class to a bin", () => {
    const predictions = [0.95, 0.91, 0.85, 0.81, 0.55, 0.51, 0.35, 0.31, 0.2];
    const samples = ["s", "b", "s", "b", "s", "b", "s", "b", "b"];
    const edges = binsByUncertainty(predictions, samples, undefined, {
      maximumUncertainty: Math.SQRT1_2 - 1e-9,
      step: 0.1,
    });
    expect([...edges]).toEqual([0, 0.3, 0.8, 1]);
  });

  test("by weights, the uncertainty of what is predicted is small enough", () => {
    const { targets, predictions, weights } = events(4000);
    const edges = binsByUncertainty(predictions, targets, weights, {
      maximumUncertainty: 0.1,
      rule: "weights",
    });
    for (let bin = edges.length - 2; bin > 0; bin--) {
      for (const y of [0, 1]) {
        const inside = weights.filter((_, i) => targets[i] === y && inBin(edges, bin, predictions[i]!));
        const sum = inside.reduce((total, w) => total + w, 0);
        const squares = inside.reduce((total, w) => total + w * w, 0);
        expect(Math.sqrt(squares) / sum).toBeLessThanOrEqual(0.1);
      }
    }
  });

  test("a pure signal bin stands above all background where it holds enough", () => {
    const predictions = [...Array.from({ length: 30 }, (_, i) => 0.9 + i / 400), 0.85, 0.5, 0.4, 0.3];
    const samples = [...new Array<string>(30).fill("s"), "b", "b", "s", "b"];
    const options = { maximumUncertainty: 1, pureSignal: { samples: ["s"], maximumUncertainty: 0.2 } };
    expect(binsByUncertainty(predictions, samples, undefined, options).at(-2)).toBe(0.85);
    const strict = { ...options, pureSignal: { samples: ["s"], maximumUncertainty: 0.1 } };
    expect(binsByUncertainty(predictions, samples, undefined, strict).at(-2)).not.toBe(0.85);
  });

  test("what makes no sense is refused", () => {
    expect(() => binsByUncertainty([0.5], [1], undefined, { maximumUncertainty: 0 })).toThrow(
      ConfigurationError,
    );
    expect(() => binsByUncertainty([1.5], [1], undefined, { maximumUncertainty: 0.1 })).toThrow(DataError);
    expect(() => binsByUncertainty([0.5], [1, 0], undefined, { maximumUncertainty: 0.1 })).toThrow(DataError);
  });
});

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
