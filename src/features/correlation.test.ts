import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Stream } from "../array/index.ts";
import { rankCorrelation } from "./correlation.ts";
import { correlationClusters } from "./correlation-clusters.ts";

interface Golden {
  readonly x: readonly (readonly number[])[];
  readonly rho: readonly (readonly number[])[];
  readonly heights: readonly number[];
  readonly clusters: readonly number[];
}
const golden = JSON.parse(
  readFileSync(new URL("../../test/golden/rank-correlation.json", import.meta.url), "utf8"),
) as Golden;

const stream = new Stream(3, "test");
const normal = (count: number): Float64Array => Float64Array.from({ length: count }, () => stream.normal());

describe("rankCorrelation", () => {
  it("is SciPy's Spearman correlation, with ties", () => {
    const rho = rankCorrelation(golden.x);
    for (const [i, row] of golden.rho.entries()) {
      for (const [j, value] of row.entries()) expect(rho[i * golden.x.length + j]).toBeCloseTo(value, 12);
    }
  });

  it("takes weight 2 for the event twice, weight 0 for no event, and a common factor for nothing", () => {
    const [x, y] = [normal(60), normal(60)].map((v) => v.map((value) => Math.round(value * 4)));
    const weights = Float64Array.from({ length: 60 }, (_, i) => i % 3);
    const rows = Array.from(weights).flatMap((w, i) => Array<number>(w).fill(i));
    const [rho] = [rankCorrelation([x!, y!], weights)[1]!];
    expect(rho).toBeCloseTo(rankCorrelation([rows.map((i) => x![i]!), rows.map((i) => y![i]!)])[1]!, 12);
    const scaled = weights.map((w) => w * 7);
    expect(rankCorrelation([x!, y!], scaled)[1]).toBeCloseTo(rho, 12);
  });

  it("is 1 for a rising function, −1 for a falling one, NaN for a constant", () => {
    const x = normal(50);
    const rho = rankCorrelation([x, x.map(Math.exp), x.map((v) => -(v ** 3)), new Float64Array(50)]);
    expect(Array.from(rho.subarray(0, 3))).toEqual([1, 1, -1].map((v) => expect.closeTo(v, 12)));
    expect(rho[3]).toBeNaN();
  });

  it("leaves missing values out of the pair, ranks included", () => {
    const [x, y] = [normal(40), normal(40)];
    const gaps = y.map((value, i) => (i % 4 === 0 ? Number.NaN : value));
    const kept = Array.from({ length: 40 }, (_, i) => i).filter((i) => i % 4 !== 0);
    const rho = rankCorrelation([x, gaps])[1]!;
    expect(rho).toBeCloseTo(rankCorrelation([kept.map((i) => x[i]!), kept.map((i) => y[i]!)])[1]!, 12);
  });

  it("refuses columns that do not fit", () => {
    expect(() => rankCorrelation([[1, 2], [1]])).toThrow(
      "rankCorrelation: column 1 has 1 event, but column 0 has 2.",
    );
    expect(() => rankCorrelation([[1, 2]], [1, Number.NaN])).toThrow(
      "rankCorrelation: event 1 has the weight NaN; it must be finite.",
    );
  });
});

describe("correlationClusters", () => {
  it("joins at SciPy's heights of average linkage, and gives its clusters", () => {
    const { root, order, clusters } = correlationClusters(rankCorrelation(golden.x), golden.x.length, 0.8);
    const heights: number[] = [];
    const walk = ({ height, children }: typeof root): void => {
      if (children.length > 0) heights.push(height);
      children.forEach(walk);
    };
    walk(root);
    heights.sort((a, b) => a - b);
    expect(heights).toEqual(golden.heights.map((height) => expect.closeTo(height, 10)));
    expect([...order].sort()).toEqual(golden.x.map((_, i) => i));
    const expected = [...new Set(golden.clusters)]
      .map((id) => golden.clusters.flatMap((own, f) => (own === id ? [f] : [])))
      .filter((features) => features.length > 1);
    const found = clusters.map(({ features }) => [...features]);
    expect(found.sort((a, b) => a[0]! - b[0]!)).toEqual(expected.sort((a, b) => a[0]! - b[0]!));
    expect(found.length).toBeGreaterThan(0);
  });
});
