import { describe, expect, test } from "vitest";
import { layerOf, layersOf, legendOf } from "../../test/plot/spec-layers.ts";
import { compilePlot } from "./render.ts";
import { sampleHistograms } from "./samples.ts";
import { plotStack } from "./stack.ts";

const [wide, small, signal, data] = sampleHistograms(
  [
    { name: "tt", values: [0.5, 0.5, 1.5], weights: [4, 3, 10] },
    { name: "zz", values: [0.5, 1.5, 1.5], weights: [2, -1, 3] },
    { name: "H", values: [1.5], weights: [0.25] },
    { name: "data", values: [0.5, 0.5, 1.5, 1.5, 1.5] },
  ],
  { edges: [0, 1, 2] },
);

describe("plotStack", () => {
  test("stacks the smallest sum of weights at the bottom, with √Σw² of the total as its band", async () => {
    const spec = plotStack({ stacked: [wide!, small!] });
    const level = (name: string) => layerOf(spec, name).data.values.map(({ low, high }) => [low, high]);
    expect(level("stack 0")).toEqual([
      [0, 2],
      [0, 2],
    ]);
    expect(level("stack 1")).toEqual([
      [2, 9],
      [2, 12],
    ]);
    const half = [Math.sqrt(16 + 9 + 4), Math.sqrt(100 + 1 + 9)];
    for (const [i, [low, high]] of level("uncertainty").entries()) {
      expect(low).toBeCloseTo([9, 12][i]! - half[i]!, 10);
      expect(high).toBeCloseTo([9, 12][i]! + half[i]!, 10);
    }
    // The colours are those of the order given; the legend goes from the top of the stack down.
    expect(layerOf(spec, "stack 1").mark.color).toBe("#5790fc");
    expect(legendOf(spec)).toEqual(["tt", "zz", "statistical uncertainty"]);
    expect((await compilePlot(spec)).warnings).toEqual([]);
  });

  test("has data as points with √n bars and their ratio to the total below, lines times their scale", async () => {
    const spec = plotStack(
      { stacked: [wide!, small!], lines: [signal!], data: data! },
      { lineScale: 40, ratioRange: [0, 2] },
    );
    expect(layerOf(spec, "data").data.values).toEqual([
      { x: 0.5, y: 2, low: 2 - Math.SQRT2, high: 2 + Math.SQRT2 },
      { x: 1.5, y: 3, low: 3 - Math.sqrt(3), high: 3 + Math.sqrt(3) },
    ]);
    const ratios = layerOf(spec, "ratio").data.values;
    expect(ratios.map(({ y }) => y)).toEqual([2 / 9, 3 / 12]);
    expect(ratios[0]!.high).toBeCloseTo((2 + Math.SQRT2) / 9, 12);
    const band = layerOf(spec, "ratio uncertainty").data.values;
    expect(band[0]!.high).toBeCloseTo(1 + Math.sqrt(29) / 9, 12);
    expect(Math.max(...layerOf(spec, "line 0").data.values.map(({ y }) => Number(y)))).toBe(10);
    expect(legendOf(spec)).toContain("H × 40");
    expect((await compilePlot(spec)).warnings).toEqual([]);
  });

  test("enlarges a part in a panel of its own, in both styles", async () => {
    for (const style of ["hep", "plain"] as const) {
      const spec = plotStack({ stacked: [wide!, small!] }, { zoom: { x: [1, 2] }, style });
      expect(layerOf(spec, "zoom stack 1").data).toEqual(layerOf(spec, "stack 1").data);
      const sides = layersOf(spec).filter(({ name }) => /^zoom (top|right) major ticks$/.test(name));
      expect(sides).toHaveLength(style === "hep" ? 2 : 0);
      expect((await compilePlot(spec)).warnings).toEqual([]);
    }
  });

  test("on a logarithmic axis a bin below zero stands at its foot, and what is not positive has no ratio", () => {
    const [negative, points] = sampleHistograms(
      [
        { name: "n", values: [0.5, 1.5], weights: [-1, 5] },
        { name: "data", values: [0.5, 1.5] },
      ],
      { edges: [0, 1, 2] },
    );
    const spec = plotStack({ stacked: [negative!], data: points! }, { logY: true, ratioRange: [0, 2] });
    const [first, second] = layerOf(spec, "stack 0").data.values;
    expect(first!.high).toBe(first!.low);
    expect(second!.high).toBe(5);
    expect(layerOf(spec, "ratio").data.values.map(({ x }) => x)).toEqual([1.5]);
  });

  test("refuses nothing to stack, and samples of other bins", () => {
    expect(() => plotStack({ stacked: [] })).toThrow(
      "plotStack: at least one sample to stack was expected, but there is none.",
    );
    const [other] = sampleHistograms([{ name: "other", values: [1] }], { edges: [0, 2] });
    expect(() => plotStack({ stacked: [wide!], data: other! })).toThrow(
      'plotStack: the samples should have the same bins, but those of "other" differ from those of "tt".',
    );
  });
});
