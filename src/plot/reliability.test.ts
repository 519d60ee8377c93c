import { describe, expect, test } from "vitest";
import { layerOf, legendOf } from "../../test/plot/spec-layers.ts";
import { calibrationBins } from "../metrics/index.ts";
import { plotReliability } from "./reliability.ts";
import { compilePlot } from "./render.ts";

describe("plotReliability", () => {
  test("has a point with its bar where a bin is filled, over the diagonal; the error in the legend", async () => {
    const bins = [
      { predicted: 0.1, observed: 0.2, uncertainty: 0.05 },
      { predicted: null, observed: null },
      { predicted: 0.8, observed: 0.7 },
    ];
    const spec = plotReliability([{ label: "network", error: 0.0314, bins }]);
    const [low, high] = layerOf(spec, "bars 0").data.values;
    expect(low!.low).toBeCloseTo(0.15, 12);
    expect(low!.high).toBeCloseTo(0.25, 12);
    expect(high).toEqual({ predicted: 0.8, observed: 0.7, low: 0.7, high: 0.7 });
    expect(layerOf(spec, "perfect").data.values).toEqual([
      { predicted: 0, observed: 0 },
      { predicted: 1, observed: 1 },
    ]);
    expect(legendOf(spec)).toEqual(["network, error 0.031"]);
    expect((await compilePlot(spec)).warnings).toEqual([]);
  });

  test("takes what calibrationBins gives, weights included", () => {
    const bins = calibrationBins([0.2, 0.3, 0.9], [0, 1, 1], [3, 1, 2], { binCount: 2 });
    const spec = plotReliability([{ label: "a", bins }]);
    expect(layerOf(spec, "points 0").data.values.map(({ observed }) => observed)).toEqual([0.25, 1]);
  });

  test("refuses bins that are all empty", () => {
    expect(() => plotReliability([{ label: "a", bins: [{ predicted: null, observed: null }] }])).toThrow(
      "plotReliability: a bin with events was expected, but there is none.",
    );
  });
});
