import { describe, expect, test } from "vitest";
import { layerOf, layersOf, legendOf } from "../../test/plot/spec-layers.ts";
import { plotEvents } from "./event.ts";
import { compilePlot, renderSvg } from "./render.ts";

const event = {
  label: "event 17",
  particles: [
    { name: "muon", px: 30, py: -40, pz: 120 },
    { name: "jet", px: -10, py: 0, pz: -10 },
    { name: "missing", px: -20, py: 40 },
  ],
};

describe("plotEvents", () => {
  test("shows momenta along the beam, from the side, and in pseudorapidity and azimuth", async () => {
    const spec = plotEvents([event]);
    const [muon, jet] = layerOf(spec, "event 0 xy momenta").data.values;
    expect(muon).toMatchObject({ name: "muon", px: 30, py: -40, pt: 50 });
    expect(muon!.eta).toBeCloseTo(Math.asinh(120 / 50), 12);
    expect(muon!.phi).toBeCloseTo(Math.atan2(-40, 30), 12);
    const [first, second] = layerOf(spec, "event 0 directions").data.values;
    expect(Number(first!.area) / Number(second!.area)).toBeCloseTo(50 / 10, 12);
    expect(jet!.phi).toBeCloseTo(Math.PI, 12);
    // Without p_z an object has a line in the first plane, a direction at all pseudorapidities, and none from the side.
    expect(layerOf(spec, "event 0 xy momenta without p_z").data.values).toHaveLength(1);
    expect(layerOf(spec, "event 0 directions without p_z").data.values).toHaveLength(1);
    expect(layerOf(spec, "event 0 zy momenta").data.values.map(({ name }) => name)).toEqual(["muon", "jet"]);
    expect(legendOf(spec)).toEqual(["muon", "jet", "missing"]);
    expect((await compilePlot(spec)).warnings).toEqual([]);
    expect(await renderSvg(spec)).toContain("event 17: p_y [GeV]");
  });

  test("has a row for each event, one colour for objects of one name, ticks on four sides in the HEP style alone", () => {
    const two = plotEvents([event, { particles: [{ name: "jet", px: 5, py: 5, pz: 1 }] }]);
    const one = plotEvents([event]);
    expect(two.height).toBeGreaterThan(1.8 * one.height);
    const colour = (name: string, i: number) => layerOf(two, name).data.values[i]!.colour;
    expect(colour("event 1 directions", 0)).toBe(colour("event 0 directions", 1));
    const tops = (spec: typeof one) => layersOf(spec).filter(({ name }) => / top major ticks$/.test(name));
    expect(tops(one)).toHaveLength(3);
    expect(tops(plotEvents([event], { style: "plain" }))).toHaveLength(0);
  });

  test("refuses no event, and one without a momentum", () => {
    expect(() => plotEvents([])).toThrow(
      "plotEvents: at least one event was expected, but the list is empty.",
    );
    expect(() => plotEvents([event, { particles: [{ name: "jet", px: Number.NaN, py: 1 }] }])).toThrow(
      "plotEvents: event 1 should have an object with a finite transverse momentum, but has none among 1 object.",
    );
  });
});
