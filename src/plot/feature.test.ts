import { describe, expect, test } from "vitest";
import { layerOf, legendOf } from "../../test/plot/spec-layers.ts";
import { plotFeature } from "./feature.ts";
import { compilePlot, renderSvg } from "./render.ts";
import type { Sample } from "./samples.ts";

const edges = [0, 1, 2, 3];
const samples: readonly Sample[] = [
  { name: "b", values: [0.5, 0.5, 1.5, 2.5, Number.NaN], weights: [1, 2, -1, 2, 9] },
  { name: "s", values: [1.2, 1.4, 1.6, 7], weights: [1, 1, 2, 4] },
];

describe("plotFeature", () => {
  test("draws unit area from signed weights: Σw of a bin over Σw of the range and the width", async () => {
    const spec = plotFeature(samples, { edges, feature: "mass", unit: "GeV" });
    const heights = layerOf(spec, "sample 0 outline").data.values.map(({ y }) => y);
    expect(heights).toEqual([0, 3 / 4, -1 / 4, 2 / 4, 2 / 4, 0]);
    // What lies outside the range is not drawn, and does not count for the area.
    expect(layerOf(spec, "sample 1 outline").data.values.map(({ y }) => y)).toEqual([0, 0, 1, 0, 0, 0]);
    expect((await compilePlot(spec)).warnings).toEqual([]);
    expect(await renderSvg(spec)).toContain("mass [GeV]");
  });

  test("has the moments of all values, those outside the range too, in the legend; names and colours of samples", () => {
    const spec = plotFeature(samples, {
      ...{ edges, unit: "GeV" },
      samples: { s: { name: "Signal", colour: "#00ff00" } },
    });
    // Of s: mean (1.2 + 1.4 + 3.2 + 28) / 8 = 4.225 ± √(Σw²(x − 4.225)²) / 8.
    expect(legendOf(spec)).toEqual([
      "b",
      "mean 1.25 ± 0.76 GeV, σ 1.09 ± 0.22 GeV",
      "Signal",
      "mean 4.2 ± 1.6 GeV, σ 2.777 ± 0.050 GeV",
    ]);
    expect(layerOf(spec, "sample 1").mark.color).toBe("#00ff00");
    expect(legendOf(plotFeature(samples, { edges, moments: false }))).toEqual(["b", "s"]);
  });

  test("the smooth density keeps the area of the bins; doubling all weights changes nothing", () => {
    const values = Array.from({ length: 4000 }, (_, i) => Math.sin(i) + Math.sin(1.7 * i));
    const weights = values.map((_, i) => (i % 5 === 0 ? -0.5 : 1));
    const options = { range: [-3, 3], binCount: 30 } as const;
    const spec = plotFeature([{ name: "a", values, weights }], options);
    const curve = layerOf(spec, "sample 0 density").data.values as readonly { x: number; y: number }[];
    const area = curve.slice(1).reduce((sum, p, i) => {
      return sum + ((p.y + curve[i]!.y) / 2) * (p.x - curve[i]!.x);
    }, 0);
    expect(area).toBeCloseTo(1, 2);
    const twice = plotFeature([{ name: "a", values, weights: weights.map((w) => 2 * w) }], options);
    expect(layerOf(twice, "sample 0 density").data).toEqual(layerOf(spec, "sample 0 density").data);
    expect(layerOf(twice, "sample 0").data).toEqual(layerOf(spec, "sample 0").data);
  });

  test("refuses no sample, one without values, and unit area of weights that cancel", () => {
    expect(() => plotFeature([])).toThrow(
      "plotFeature: at least one sample was expected, but the list is empty.",
    );
    expect(() => plotFeature([{ name: "data", values: [Number.NaN] }])).toThrow(
      'sampleHistograms: sample "data" has no finite value among its 1 value.',
    );
    expect(() => plotFeature([{ name: "x", values: [1, 2], weights: [1, -1] }], { edges })).toThrow(
      'plotFeature: the weights of "x" in the range should sum to a positive number, but sum to 0. Use normalise: false.',
    );
  });
});
