import { describe, expect, it } from "vitest";
import { Stream } from "../array/index.ts";
import { type ComparedSet, compareSets } from "./discrimination.ts";

/** Three normal features; the second is shifted. */
function events(count: number, seed: number, shift = 0): ComparedSet {
  const stream = new Stream(seed, "events");
  const column = (by: number): Float64Array =>
    Float64Array.from({ length: count }, () => stream.normal() + by);
  return { columns: [column(0), column(shift), column(0)] };
}
const names = ["a", "b", "c"];

describe("compareSets", () => {
  it("finds no difference between two halves of one sample", () => {
    const { auc, standardError, pValue } = compareSets(events(1200, 1), events(900, 2), {
      names,
      permutations: 200,
    });
    expect(Math.abs(auc - 0.5)).toBeLessThan(3 * standardError);
    expect(standardError).toBeGreaterThan(0.01);
    expect(standardError).toBeLessThan(0.03);
    expect(pValue).toBeGreaterThan(0.02);
  });

  it("finds a shifted column first, with the smallest p-value that there is", () => {
    const { auc, pValue, features } = compareSets(events(800, 1), events(800, 2, 0.7), {
      names,
      permutations: 200,
    });
    expect(auc).toBeGreaterThan(0.6);
    expect(pValue).toBe(1 / 201);
    expect(features[0]!.name).toBe("b");
    // Two normal distributions 0.7 σ apart: 2 Φ(0.35) − 1 = 0.27.
    expect(features[0]!.distance).toBeGreaterThan(0.2);
    expect(features[0]!.distance).toBeLessThan(0.35);
  });

  it("sees weights: a difference that they take away is none, whatever their scale", () => {
    const stream = new Stream(5, "weights");
    const uniform = (count: number) => Float64Array.from({ length: count }, () => stream.uniform());
    const [flat, other] = [uniform(1500), uniform(1500)];
    // Density 2 x by weights against density 2 x by acceptance.
    const accepted = other.map((x, i) => Math.max(x, flat[(i * 7) % 1500]!));
    const first: ComparedSet = { columns: [flat], weights: flat.map((x) => 1e-6 * x) };
    const second: ComparedSet = { columns: [accepted] };
    const weighted = compareSets(first, second, { names: ["x"], permutations: 200 });
    expect(weighted.pValue).toBeGreaterThan(0.02);
    const bare = compareSets({ columns: [flat] }, second, { names: ["x"], permutations: 200 });
    expect(bare.pValue).toBeLessThan(0.01);
    expect(bare.features[0]!.distance).toBeGreaterThan(3 * weighted.features[0]!.distance);
  });

  it("gives the same for the same seed, and takes negative weights and missing values", () => {
    const set = (seed: number): ComparedSet => {
      const { columns } = events(300, seed);
      return {
        columns: columns.map((column) => Float64Array.from(column, (x, i) => (i % 9 === 0 ? Number.NaN : x))),
        weights: Array.from({ length: 300 }, (_, i) => (i % 10 === 0 ? -0.5 : 1)),
      };
    };
    const run = () => compareSets(set(1), set(2), { names, permutations: 50, seed: 4 });
    const result = run();
    expect(run()).toEqual(result);
    expect(Number.isFinite(result.auc) && Number.isFinite(result.standardError)).toBe(true);
  });

  it("refuses sets that it cannot compare", () => {
    const set = events(30, 1);
    expect(() => compareSets(events(10, 1), set, { names })).toThrow(
      "compareSets: the first set has 10 events; at least 20 are needed.",
    );
    expect(() => compareSets(set, { ...set, weights: new Float64Array(30) }, { names })).toThrow(
      "compareSets: the weights of the second set sum to 0; a positive sum is needed.",
    );
    expect(() => compareSets(set, set, { names: ["a"] })).toThrow(
      "compareSets: the first set has 3 columns for 1 name.",
    );
  });
});
