import { describe, expect, test } from "vitest";
import { layerOf, legendOf } from "../../test/plot/spec-layers.ts";
import { kernelDensity } from "../statistics/index.ts";
import { plotDensities } from "./densities.ts";
import { compilePlot } from "./render.ts";

const points = [0, 1, 2, 3];
const density = [0.1, 0.4, null, 0.2];

describe("plotDensities", () => {
  test("has a line and a band of ± one uncertainty for each density; missing points are left out", async () => {
    const spec = plotDensities(
      [
        { name: "b", points, density, uncertainty: [0.01, 0.02, 0.02, 0.03] },
        { name: "s", points, density: [0, 0, 1, 0] },
      ],
      { feature: "m", unit: "GeV", samples: { b: { name: "Background" } } },
    );
    const rows = layerOf(spec, "density 0 band").data.values;
    expect(rows.map(({ x }) => x)).toEqual([0, 1, 3]);
    expect(rows[1]!.low).toBeCloseTo(0.38, 12);
    expect(rows[1]!.high).toBeCloseTo(0.42, 12);
    expect(() => layerOf(spec, "density 1 band")).toThrow("no layer");
    expect(legendOf(spec)).toEqual(["Background", "s"]);
    expect((await compilePlot(spec)).warnings).toEqual([]);
  });

  test("shows moments, and takes what kernelDensity gives, with weights of any sign", () => {
    const values = Array.from({ length: 400 }, (_, i) => Math.sin(i * i));
    const weights = values.map((_, i) => (i % 7 === 0 ? -1 : 1));
    const found = kernelDensity(values, points, weights, { replicaCount: 10 });
    const moments = {
      mean: { value: 0.123, uncertainty: 0.011 },
      deviation: { value: 0.7, uncertainty: 0.02 },
    };
    const spec = plotDensities([{ name: "a", ...found, moments }], { unit: "GeV" });
    expect(legendOf(spec)).toEqual(["a", "mean 0.123 ± 0.011 GeV, σ 0.700 ± 0.020 GeV"]);
    expect(layerOf(spec, "density 0").data.values.map(({ y }) => y)).toEqual(Array.from(found.density));
  });

  test("refuses an empty list, and a density of one point", () => {
    expect(() => plotDensities([])).toThrow(
      "plotDensities: at least one density was expected, but the list is empty.",
    );
    expect(() => plotDensities([{ name: "one", points: [1, 2], density: [1, null] }])).toThrow(
      'plotDensities: density "one" should have at least two finite points, but has 1.',
    );
  });
});
