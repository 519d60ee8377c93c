import { describe, expect, test } from "vitest";
import { layerOf, legendOf } from "../../test/plot/spec-layers.ts";
import { plotContributions } from "./contributions.ts";
import { compilePlot } from "./render.ts";

const nan = Number.NaN;
const parts = [
  { name: "block 0", mean: 0.5, quantiles: [0.1, 0.3, 0.4, 0.7, 1] },
  { name: "block 1", mean: 2, quantiles: [nan, nan, nan, nan, nan] },
  { name: "block 2", mean: nan, quantiles: [nan, nan, nan, nan, nan] },
] as const;

describe("plotContributions", () => {
  test("has the largest mean at the top, a box where quantiles are known, and leaves out what has no mean", async () => {
    const spec = plotContributions({ of: "output 0", parts });
    expect(layerOf(spec, "means").data.values.map(({ name, place }) => [name, place])).toEqual([
      ["block 1", 1],
      ["block 0", 0],
    ]);
    expect(layerOf(spec, "boxes").data.values).toEqual([
      expect.objectContaining({ name: "block 0", q25: 0.3, q75: 0.7, bottom: -0.32, top: 0.32 }),
    ]);
    expect(layerOf(spec, "whiskers").data.values[0]).toMatchObject({ q5: 0.1, q95: 1 });
    expect(legendOf(spec)).toEqual(["mean", "5, 25, 50, 75, 95 %"]);
    expect((await compilePlot(spec)).warnings).toEqual([]);
  });

  test("the lowest row stays above the legend, however long its whiskers", () => {
    const spec = plotContributions({ of: "output 0", parts });
    const background = layerOf(spec, "legend background").encoding as { y: { value: number } };
    const { y } = layerOf(spec, "boxes").encoding as { y: { scale: { domain: [number, number] } } };
    const [low, high] = y.scale.domain;
    const foot = (spec.height * (high + 0.32)) / (high - low);
    expect(foot).toBeLessThan(background.y.value);
  });

  test("refuses parts without a finite mean", () => {
    expect(() => plotContributions({ of: "output 0", parts: [parts[2]] })).toThrow(
      "plotContributions: a finite mean was expected, but there is none among 1 parts.",
    );
  });
});
