import { expect, test } from "vitest";
import { plotJointDependence, plotPartialDependence } from "./partial-dependence.ts";
import { renderSvg } from "./render.ts";
import type { Layer, LayerGroup } from "./spec.ts";

const values = [100, 110, 120, 130];
const curve = {
  feature: "DER_mass_MMC",
  values,
  mean: [0.2, 0.5, 0.9, 0.4],
  curves: [[0.1, 0.2, 0.7, 0.3], values.map(() => 0.5)],
};
const plane = { features: ["mass", "pt"] as const, x: values, y: [10, 20], mean: [0, 1, 2, 3, 4, 5, 6, 7] };

test("partial dependence has a line for the mean over those of single events", async () => {
  const spec = plotPartialDependence(curve);
  const names = spec.layer.map((layer) => ("name" in layer ? layer.name : ""));
  expect(names.slice(0, 3)).toEqual(["event 0", "event 1", "mean"]);
  expect((spec.layer[2] as Layer).data.values).toEqual(values.map((x, i) => ({ x, y: curve.mean[i] })));
  const svg = await renderSvg(spec);
  for (const text of ["DER_mass_MMC", "Prediction", "single events"]) expect(svg).toContain(text);
  expect(() => plotPartialDependence({ ...curve, mean: [Number.NaN, 1, null, null] })).toThrow(
    "plotPartialDependence: at least two finite means were expected, but there are 1.",
  );
});

test("joint dependence has a cell about each pair of values, blue where lowest and red where highest", async () => {
  const spec = plotJointDependence(plane);
  const cells = ((spec.layer[0] as LayerGroup).layer[0] as Layer).data.values;
  expect(cells).toHaveLength(8);
  expect(cells[0]).toMatchObject({ left: 95, right: 105, bottom: 5, top: 15, colour: "#2166ac" });
  expect(cells[7]).toMatchObject({ left: 125, right: 135, bottom: 15, top: 25, colour: "#b2182b" });
  const svg = await renderSvg(spec);
  for (const text of ["mass", "pt", "Prediction"]) expect(svg).toContain(text);
  expect(() => plotJointDependence({ ...plane, mean: [1] })).toThrow(
    "plotJointDependence: 4 × 2 means were expected, but 1 came, 1 of them finite.",
  );
});
