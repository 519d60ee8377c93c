import { describe, expect, it } from "vitest";
import { plotDendrogram } from "./dendrogram.ts";
import { plotFeatureMap } from "./feature-map.ts";
import { renderSvg } from "./render.ts";
import type { Layer } from "./spec.ts";

const leaf = (feature: number) => ({ height: 0, feature, children: [] });
const root = { height: 0.9, children: [{ height: 0.1, children: [leaf(0), leaf(2)] }, leaf(1)] };

describe("plotDendrogram", () => {
  it("joins branches at their height, coloured below the threshold", async () => {
    const spec = plotDendrogram(root, ["a", "b", "c"], { height0: 0.2 });
    const { values } = (spec.layer[0] as Layer).data;
    // Two horizontal lines and a vertical one for each of two joints.
    expect(values.length).toBe(6);
    expect(values[2]).toMatchObject({ left: 0.1, right: 0.1, bottom: 1, top: 2, ink: "#5790fc" });
    expect(values[5]).toMatchObject({ left: 0.9, right: 0.9, bottom: 0, top: 1.5, ink: "#8c8c8c" });
    const svg = await renderSvg(spec);
    expect(svg.indexOf(">a<")).toBeGreaterThan(0);
  });

  it("refuses a single leaf", () => {
    expect(() => plotDendrogram(leaf(0), ["a"])).toThrow(
      "plotDendrogram: at least two leaves were expected, but there are 1.",
    );
  });
});

describe("plotFeatureMap", () => {
  it("colours a cell by its number and leaves undefined ones grey", async () => {
    const spec = plotFeatureMap(
      ["a", "b"],
      [
        [0, 1],
        [Number.NaN, 0],
      ],
      {
        total: { label: "R²", values: [0.5, -0.01] },
      },
    );
    const { values } = (spec.layer[0] as Layer).data;
    expect(values.map(({ colour }) => colour)).toEqual([
      "#f4a582",
      "#f7f7f7",
      "#b2182b",
      "#f5f6f7",
      "#e6e6e6",
      "#f7f7f7",
    ]);
    expect(await renderSvg(spec)).toContain("a  1");
  });

  it("refuses rows that do not fit", () => {
    expect(() => plotFeatureMap(["a", "b"], [[0, 1], [0]])).toThrow(
      "plotFeatureMap: 2 rows of 2 numbers were expected, but there are 2 rows, and row 1 has 1 numbers.",
    );
  });
});
