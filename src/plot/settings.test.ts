import { describe, expect, test } from "vitest";
import { layersOf, legendOf } from "../../test/plot/spec-layers.ts";
import { plotFeature } from "./feature.ts";
import { plotImportance } from "./importance.ts";
import { renderSvg } from "./render.ts";
import { plotRoc } from "./roc.ts";
import { conditionsOf, darker, type PlotSettings } from "./settings.ts";
import type { PlotSpec } from "./spec.ts";

const settings: PlotSettings = {
  ...{ title: "A title", experiment: "CMS", status: "Preliminary", note: "≥ 2 jets" },
  ...{ luminosity: 138, energy: 13, width: 500, height: 400, palette: ["#123456"] },
  labels: { x: "across", y: "up" },
  samples: { s: { name: "Signal" }, b: { name: "Rest", colour: "#00aa00" } },
  fontSizes: { axis: 20 },
};
const samples = ["s", "b"].map((name) => ({ name, values: [1, 2, 2, 3] }));
const plots: Readonly<Record<string, (settings: PlotSettings) => PlotSpec>> = {
  feature: (own) => plotFeature(samples, own),
  roc: (own) => plotRoc([{ label: "s", falsePositiveRate: [0, 0.2, 1], truePositiveRate: [0, 0.9, 1] }], own),
  importance: (own) => plotImportance([{ name: "pt", value: 0.1 }], own),
};

describe("PlotSettings", () => {
  test.each(Object.entries(plots))("are taken by all: %s", async (_, plot) => {
    const spec = plot(settings);
    const { left, right, top, bottom } = spec.padding;
    expect([spec.width + left + right, spec.height + top + bottom]).toEqual([500, 400]);
    const svg = await renderSvg(spec);
    for (const text of ["A title", "CMS", "Preliminary", "≥ 2 jets, 138 fb⁻¹ (13 TeV)", "across", "up"]) {
      expect(svg).toContain(`>${text}<`);
    }
    expect(svg).toContain("#123456");
    expect(svg).toContain('font-size="20px"');
    expect(spec.usermeta?.mirrored).toBe(true);
    expect(plot({ ...settings, style: "plain" }).usermeta?.mirrored).toBe(false);
  });

  test("name and colour samples by what they are called in the data; a name like that of an object's method is none", () => {
    const spec = plotFeature([...samples, { name: "toString", values: [1, 2] }], {
      ...settings,
      moments: false,
    });
    expect(legendOf(spec)).toEqual(["Signal", "Rest", "toString"]);
    const fills = layersOf(spec).filter(({ name }) => /^sample \d$/.test(name));
    expect(fills.map(({ mark }) => mark.color)).toEqual(["#123456", "#00aa00", "#123456"]);
  });

  test("leave a colour that one sample is given to that sample", () => {
    const own = {
      moments: false,
      samples: { s: { colour: "#F89C20" } },
      palette: ["#5790fc", "#f89c20", "#964a8b"],
    };
    const colours = (names: readonly string[]) =>
      layersOf(
        plotFeature(
          names.map((name) => ({ name, values: [1, 2] })),
          own,
        ),
      )
        .filter(({ name }) => /^sample \d$/.test(name))
        .map(({ mark }) => mark.color);
    expect(colours(["s", "b"])).toEqual(["#F89C20", "#964a8b"]);
    expect(colours(["a", "b", "c"])).toEqual(["#5790fc", "#964a8b", "#5790fc"]);
  });

  test("write luminosity and energy as experiments do; texts stand as they are", () => {
    expect(conditionsOf({ luminosity: 36.1, energy: 13 })).toBe("36.1 fb⁻¹ (13 TeV)");
    expect(conditionsOf({ energy: 13.6 })).toBe("13.6 TeV");
    expect(conditionsOf({ luminosity: "5 pb⁻¹", note: "e+jets" })).toBe("e+jets, 5 pb⁻¹");
    expect(conditionsOf({})).toBe("");
  });

  test("darker takes each channel to 60 %, and leaves names of colours", () => {
    expect(darker("#ff6400")).toBe("#993c00");
    expect(darker("red")).toBe("red");
  });
});
