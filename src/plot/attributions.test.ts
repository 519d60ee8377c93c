import { describe, expect, test } from "vitest";
import { plotAttributions, plotEffects, renderSvg } from "./index.ts";

const cloud = {
  features: ["small", "large"],
  values: [0.01, -0.5, 0.02, 0.4, 0.0, 0.3],
  inputs: [1, 10, 2, 20, null, 30],
};
const layersOf = ({ layer }: ReturnType<typeof plotAttributions>) =>
  layer.flatMap((part) => ("layer" in part ? part.layer : [part]));

describe("plotAttributions", () => {
  test("has a point for each event and feature, the largest mean at the top, coloured by rank", async () => {
    const spec = plotAttributions(cloud);
    const events = layersOf(spec).find(({ name }) => name === "events")!;
    expect(events.data.values.map(({ x, y }) => [x, Math.round(Number(y))])).toEqual([
      [-0.5, 1],
      [0.4, 1],
      [0.3, 1],
      [0.01, 0],
      [0.02, 0],
      [0, 0],
    ]);
    const tones = events.data.values.map(({ colour }) => colour);
    expect(tones[0]).toBe("#2166ac");
    expect(tones[2]).toBe("#b2182b");
    expect(tones[5]).toBe("#c9cbd0");
    expect(await renderSvg(spec)).toContain("large");
  });

  test("keeps to the limits", () => {
    const events = layersOf(plotAttributions(cloud, { limit: 1, eventLimit: 2 })).find(
      ({ name }) => name === "events",
    )!;
    expect(events.data.values.map(({ x }) => x)).toEqual([-0.5, 0.4]);
  });

  test("says what does not fit", () => {
    expect(() => plotAttributions({ ...cloud, inputs: [1] })).toThrow(
      "plotAttributions: as many inputs as attributions were expected, and some; but 6 attributions of 2 features and 1 inputs came.",
    );
    expect(() => plotAttributions({ ...cloud, values: cloud.values.map(() => Number.NaN) })).toThrow(
      "plotAttributions: no attribution is finite.",
    );
  });
});

describe("plotEffects", () => {
  test("draws the effect and its band, about 0", async () => {
    const curve = {
      feature: "mass",
      values: [100, 125, 150],
      effect: [-0.2, 0.3, -0.1],
      uncertainty: [0.1, 0.02, 0.1],
    };
    const spec = plotEffects(curve);
    const [nothing, band] = layersOf(spec);
    expect(nothing!.data.values).toEqual([{ effect: 0 }]);
    expect(band!.data.values[0]).toEqual({ value: 100, effect: -0.2, low: -0.2 - 0.1, high: -0.2 + 0.1 });
    expect(await renderSvg(spec)).toContain("mass");
    expect(() => plotEffects({ ...curve, effect: [1, null, Number.NaN] })).toThrow(
      "plotEffects: at least two finite effects were expected, but there are 1.",
    );
  });
});
