import { describe, expect, test } from "vitest";
import { Stream } from "../array/index.ts";
import { ConfigurationError, DataError } from "../errors/index.ts";
import { binsByUncertainty } from "./index.ts";

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
