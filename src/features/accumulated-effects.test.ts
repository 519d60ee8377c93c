import { describe, expect, test } from "vitest";
import { Stream } from "../array/index.ts";
import { TreeModel } from "../ensemble/index.ts";
import { trainBoosting } from "../trees/index.ts";
import { accumulatedEffects, type FeaturePredictor, jointEffects, partialDependence } from "./index.ts";

const eventCount = 4000;
const stream = new Stream(6, "effects");
const inputs = new Float32Array(eventCount * 3);
for (let i = 0; i < eventCount; i++) {
  inputs[3 * i] = stream.normal();
  // Strongly correlated: b = a + 0.1 n.
  inputs[3 * i + 1] = inputs[3 * i]! + 0.1 * stream.normal();
  inputs[3 * i + 2] = stream.integer(4);
}
const events = {
  features: ["mass", "pt", "jets"],
  inputs,
  scaler: { means: [125, 40], standardDeviations: [10, 20] },
};
const predictor = (f: (a: number, b: number, jets: number) => number): FeaturePredictor => ({
  featureCount: 3,
  outputCount: 2,
  predict: async (x, count) =>
    Float64Array.from({ length: 2 * count }, (_, k) => {
      const at = 3 * (k >> 1);
      return k % 2 === 0 ? f(x[at]!, x[at + 1]!, x[at + 2]!) : -1;
    }),
});
const additive = predictor((a, b, jets) => 2 * a + b ** 2 + [0, 1, 5, 2][jets]!);
const few = { bootstrap: { replicaCount: 4 } };

describe("accumulatedEffects", () => {
  test("of an additive model are its parts exactly, in physical units, although the features are correlated", async () => {
    const { values, effect, counts } = await accumulatedEffects(additive, events, "mass", few);
    expect(values).toHaveLength(21);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(eventCount);
    for (const [k, count] of counts.entries()) {
      const share = 0.98 / 20 + (k % 19 === 0 ? 0.01 : 0);
      expect(Math.abs(count - eventCount * share)).toBeLessThanOrEqual(2);
    }
    for (let k = 0; k < values.length; k++) {
      expect(effect[k]! - effect[0]!).toBeCloseTo((2 * (values[k]! - values[0]!)) / 10, 4);
    }
    const square = await accumulatedEffects(additive, events, "pt", few);
    const b = (value: number) => (value - 40) / 20;
    for (const [k, value] of square.values.entries()) {
      expect(square.effect[k]! - square.effect[0]!).toBeCloseTo(b(value) ** 2 - b(square.values[0]!) ** 2, 4);
    }
  });

  test("ask only for events that exist: a difference of twins does nothing, other than in partial dependence", async () => {
    // Large where the twins differ, which they never do by more than a little.
    const twins = predictor((a, b) => 100 * Math.max(0, Math.abs(a - b) - 0.6) + a);
    const { values, effect } = await accumulatedEffects(twins, events, "mass", few);
    const { mean } = await partialDependence(twins, events, "mass", { values: [105, 145] });
    const inside = effect.subarray(2, 19);
    for (const [k, value] of values.subarray(2, 19).entries()) {
      expect(inside[k]! - inside[0]!).toBeCloseTo((value - values[2]!) / 10, 3);
    }
    expect(Math.abs(mean[1]! - mean[0]! - 4)).toBeGreaterThan(1);
  });

  test("of a category step from code to code", async () => {
    const { values, effect, counts } = await accumulatedEffects(additive, events, "jets", few);
    expect([...values]).toEqual([0, 1, 2, 3]);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(eventCount);
    [0, 1, 5, 2].forEach((value, code) => {
      expect(effect[code]! - effect[0]!).toBeCloseTo(value, 9);
    });
    const mean = effect.reduce((sum, value, code) => sum + value * counts[code]!, 0);
    expect(mean / eventCount).toBeCloseTo(0, 9);
  });

  test("have uncertainties that bootstraps of the same size scatter by", async () => {
    const curved = predictor((a, b) => a * b);
    const { uncertainty } = await accumulatedEffects(curved, events, "mass");
    const subset = (seed: number) => {
      const rows = new Stream(seed, "subset");
      const chosen = new Float32Array(eventCount * 3);
      for (let i = 0; i < eventCount; i++) {
        const row = 3 * rows.integer(eventCount);
        chosen.set(inputs.subarray(row, row + 3), 3 * i);
      }
      return { ...events, inputs: chosen };
    };
    const edges = [...(await accumulatedEffects(curved, events, "mass", few)).values];
    const ends: number[] = [];
    for (let seed = 0; seed < 60; seed++) {
      ends.push((await accumulatedEffects(curved, subset(seed), "mass", { ...few, edges })).effect[20]!);
    }
    const mean = ends.reduce((sum, value) => sum + value, 0) / 60;
    const scatter = Math.sqrt(ends.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 59);
    expect(uncertainty[20]! / scatter).toBeGreaterThan(0.7);
    expect(uncertainty[20]! / scatter).toBeLessThan(1.4);
  });

  test("obey the laws of weights: scale, weight 0, weight 2, and a pair of opposite weights that cancels", async () => {
    const curved = predictor((a, b, jets) => a * b + jets * a);
    const rows = (picked: readonly number[]) =>
      Float32Array.from(picked.flatMap((row) => [...inputs.subarray(3 * row, 3 * row + 3)]));
    const all = Array.from({ length: 200 }, (_, i) => i);
    const edges = [100, 115, 120, 125, 130, 135, 150];
    const of = async (picked: readonly number[], weights: readonly number[], more: object = { edges }) => {
      const own = { ...events, inputs: rows(picked), weights: Float32Array.from(weights) };
      const { effect } = await accumulatedEffects(curved, own, "mass", { ...few, ...more });
      return [...effect];
    };
    const plain = all.map((i) => (i < 50 ? 2 : 1));
    const close = (found: readonly number[], expected: readonly number[]) => {
      expect(found).toHaveLength(expected.length);
      for (const [k, value] of found.entries()) expect(value).toBeCloseTo(expected[k]!, 6);
    };
    for (const more of [{ edges }, {}]) {
      const expected = await of(all, plain, more);
      close(
        await of(
          all,
          plain.map((w) => 4 * w),
          more,
        ),
        expected,
      );
      close(
        await of([...all, ...all.slice(0, 50)], [...all.map(() => 1), ...Array(50).fill(1)], more),
        expected,
      );
      close(await of([...all, 300, 301], [...plain, 0, 0], more), expected);
    }
    close(await of([...all, 300, 300], [...plain, 1.5, -1.5]), await of(all, plain));
  });

  test("of trees", async () => {
    const columns = [0, 1, 2].map((j) =>
      Float64Array.from({ length: eventCount }, (_, i) => inputs[3 * i + j]!),
    );
    const targets = columns[0]!.map((a) => 3 * a);
    const trees = new TreeModel(
      trainBoosting({ columns, targets }, { task: "regression", rounds: 60 }).model,
    );
    const { values, effect } = await accumulatedEffects(trees, events, "mass", few);
    const slope = (effect[18]! - effect[2]!) / ((values[18]! - values[2]!) / 10);
    expect(slope).toBeGreaterThan(1.5);
    expect(slope).toBeLessThan(3.3);
  });

  test("refuse what does not fit", async () => {
    await expect(accumulatedEffects(additive, events, "masss")).rejects.toThrow(/Did you mean "mass"/);
    await expect(accumulatedEffects(additive, events, "mass", { intervalCount: 0 })).rejects.toThrow(
      "accumulatedEffects: intervalCount is 0; give a whole number, at least 1.",
    );
    const flat = { ...events, inputs: new Float32Array(30) };
    await expect(accumulatedEffects(additive, flat, "pt")).rejects.toThrow(
      'accumulatedEffects: "pt" has a single value; there is nothing that changes.',
    );
    await expect(
      accumulatedEffects(additive, { ...events, weights: new Float32Array(eventCount) }, "pt"),
    ).rejects.toThrow(
      "accumulatedEffects: the weights of the 4000 events sum to 0; the sum must be positive.",
    );
  });
});

describe("jointEffects", () => {
  const free = Float32Array.from(inputs, (value, i) =>
    i % 3 === 1 ? inputs[(i * 7 + 3) % inputs.length]! : value,
  );
  const stored = { features: ["a", "b", "c"], inputs: free };

  test("of an additive model are 0", async () => {
    const { effect } = await jointEffects(additive, events, ["mass", "pt"], few);
    for (const value of effect) expect(Math.abs(value)).toBeLessThan(1e-4);
  });

  test("of a product are the product of the distances from the means", async () => {
    const uniform = new Float32Array(eventCount * 3);
    for (let i = 0; i < uniform.length; i++) uniform[i] = stream.uniform();
    const found = await jointEffects(
      predictor((a, b) => 6 * a * b + a),
      { ...stored, inputs: uniform },
      ["a", "b"],
      few,
    );
    expect(found.effect).toHaveLength(169);
    for (const [row, b] of found.y.entries()) {
      for (const [column, a] of found.x.entries()) {
        expect(Math.abs(found.effect[row * 13 + column]! - 6 * (a - 0.5) * (b - 0.5))).toBeLessThan(0.08);
      }
    }
    expect(found.counts.reduce((sum, count) => sum + count, 0)).toBe(eventCount);
  });

  test("are finite where cells are empty, with uncertainties; categories are refused", async () => {
    const { effect, uncertainty } = await jointEffects(
      predictor((a, b) => a * b),
      events,
      ["mass", "pt"],
      few,
    );
    expect([...effect, ...uncertainty].every(Number.isFinite)).toBe(true);
    await expect(jointEffects(additive, events, ["mass", "jets"])).rejects.toThrow(
      'jointEffects: "jets" is categorical; effects of the second order are of continuous features.',
    );
  });
});
