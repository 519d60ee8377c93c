/** Bins, moments and codes against numbers of other programs (`test/golden/statistics.json` says of which). */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { uniqueIds } from "../src/array/index.ts";
import { DataError } from "../src/errors/index.ts";
import { binsByUncertainty } from "../src/metrics/index.ts";
import { summariseDistribution } from "../src/statistics/index.ts";

const golden = JSON.parse(readFileSync(new URL("golden/statistics.json", import.meta.url), "utf8")) as {
  readonly bins: {
    readonly predictions: number[];
    readonly withPureSignal: number[];
    readonly classes: number[];
    readonly processes: string[];
    readonly cases: readonly {
      readonly samples: "class" | "process";
      readonly maximumUncertainty: number;
      readonly step?: number;
      readonly pureUncertainty?: number;
      readonly edges: number[];
    }[];
  };
  readonly moments: { readonly in: number[]; readonly out: [number, number, number, number] };
  readonly uniqueIds: readonly [ids: number[][], codes: number[]][];
};

test.each(golden.bins.cases)("bin edges at $maximumUncertainty by $samples", (each) => {
  const { predictions, withPureSignal, classes, processes } = golden.bins;
  const { samples, maximumUncertainty, step = 1e-3, pureUncertainty, edges } = each;
  const found = binsByUncertainty(
    pureUncertainty ? withPureSignal : predictions,
    samples === "class" ? classes : processes,
    undefined,
    {
      ...{ maximumUncertainty, step },
      ...(pureUncertainty ? { pureSignal: { samples: [1], maximumUncertainty: pureUncertainty } } : {}),
    },
  );
  expect([...found]).toEqual(edges.map((edge) => expect.closeTo(edge, 10)));
});

test("mean, its uncertainty and deviation; the uncertainty of the deviation, where LUMIN takes a fourth root", () => {
  const [mean, ofMean, deviation, ofDeviation] = golden.moments.out;
  const values = golden.moments.in;
  const found = summariseDistribution(values, undefined, { replicaCount: 4000 });
  const count = values.length;
  expect(found.mean.value).toBeCloseTo(mean, 12);
  // LUMIN divides by n − 1; the Poisson bootstrap's spread is that of the population.
  expect(found.deviation.value * Math.sqrt(count / (count - 1))).toBeCloseTo(deviation, 12);
  expect(found.mean.uncertainty / ofMean).toBeGreaterThan(0.85);
  expect(found.mean.uncertainty / ofMean).toBeLessThan(1.15);
  // √((m₄ − σ⁴)/n)/(2σ) is 1.22 for these values.
  expect(found.deviation.uncertainty).toBeGreaterThan(2 * ofDeviation);
});

test("codes of ids are LUMIN's", () => {
  for (const [rows, codes] of golden.uniqueIds) {
    expect([...uniqueIds(rows[0]!.map((_, position) => rows.map((row) => row[position]!)))]).toEqual(codes);
  }
});

test("codes that a number cannot hold are refused", () => {
  expect(() => uniqueIds([[60]])).toThrow(
    "uniqueIds: the code of event 0 is above 2⁵³, where whole numbers are not exact. Use fewer or smaller ids.",
  );
  expect(() => uniqueIds([[1.5]])).toThrow(DataError);
  expect(() => uniqueIds([[1], [1, 2]])).toThrow(DataError);
});
