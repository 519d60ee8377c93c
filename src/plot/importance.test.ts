import { describe, expect, test } from "vitest";
import { plotImportance } from "./importance.ts";
import { renderSvg } from "./render.ts";
import type { Layer, PlotSpec } from "./spec.ts";

const rows = [
  { name: "DER_mass_vis", value: 0.02, uncertainty: 0.001 },
  { name: "DER_mass_MMC", value: 0.094, uncertainty: 0.002 },
  { name: "PRI_jet_num", value: -0.0004, uncertainty: 0.0009 },
  { name: "PRI_tau_pt", value: 0.03, uncertainty: null },
];

const layerOf = (spec: PlotSpec, name: string): Layer | undefined =>
  spec.layer.find((layer): layer is Layer => "name" in layer && layer.name === name);

describe("plotImportance", () => {
  test("has a bar for each feature, the highest at the top, errors where there are some, and the threshold", async () => {
    const spec = plotImportance(rows, { threshold: 0.01 });
    const bars = layerOf(spec, "bars")!.data.values;
    expect(bars.map(({ name }) => name)).toEqual([
      "DER_mass_MMC",
      "PRI_tau_pt",
      "DER_mass_vis",
      "PRI_jet_num",
    ]);
    expect(bars.map(({ place }) => place)).toEqual([3, 2, 1, 0]);
    expect(bars[0]).toMatchObject({ zero: 0, value: 0.094, low: 0.092, high: 0.096 });
    expect(layerOf(spec, "uncertainties")!.data.values).toHaveLength(3);
    expect(layerOf(spec, "threshold")!.data.values).toEqual([{ threshold: 0.01 }]);
    const svg = await renderSvg(spec);
    for (const { name } of rows) expect(svg).toContain(name);
    expect(svg).toContain("threshold: 0.01");
  });

  test("shows as many as are wanted, and is as high as they need", () => {
    const many = Array.from({ length: 100 }, (_, i) => ({ name: `x${i}`, value: i / 100 }));
    expect(layerOf(plotImportance(many), "bars")!.data.values).toHaveLength(30);
    const few = plotImportance(many, { limit: 3 });
    expect(layerOf(few, "bars")!.data.values.map(({ name }) => name)).toEqual(["x99", "x98", "x97"]);
    expect(few.height).toBeLessThan(plotImportance(many).height);
    expect(layerOf(few, "threshold")).toBeUndefined();
  });

  test("leaves out what is undefined, and refuses nothing at all", () => {
    const some = plotImportance([...rows, { name: "empty", value: Number.NaN }]);
    expect(layerOf(some, "bars")!.data.values).toHaveLength(4);
    expect(() => plotImportance([{ name: "a", value: null }])).toThrow(
      "plotImportance: a finite importance was expected, but there is none among 1.",
    );
  });
});
