import { expect, test } from "vitest";
import { type MeasuredEpoch, plotMetricHistory, plotTraining } from "./metric-history.ts";
import { renderSvg } from "./render.ts";
import type { PlotSpec } from "./spec.ts";

const member = (shift: number, epochs = 8): MeasuredEpoch[] =>
  Array.from({ length: epochs }, (_, i) => ({
    epoch: i + 1,
    trainingLoss: 0.5 / (i + 1) + shift,
    validationLoss: 0.4 / (i + 1) + 0.1 + shift,
    metrics: { rocAuc: 0.9 - 0.2 / (i + 1) - shift, ams: i === 0 ? Number.NaN : 3 + i / 10 },
  }));
const histories = [member(0), member(0.02, 5)];
const names = (spec: PlotSpec) => spec.layer.map((layer) => ("name" in layer ? layer.name : ""));

test("a metric has a line a member, and the best value of all as a dashed line", async () => {
  const spec = plotMetricHistory(histories, "rocAuc", { best: "highest" });
  expect(names(spec)).toEqual(expect.arrayContaining(["member 0", "member 1", "best"]));
  const svg = await renderSvg(spec);
  expect(svg).toContain("rocAuc");
  expect(svg).toContain("best: 0.875");
  expect(names(plotMetricHistory(histories, "rocAuc"))).not.toContain("best");
  const lowest = await renderSvg(plotMetricHistory(histories, "ams", { best: "lowest" }));
  expect(lowest).toContain("best: 3.1");
});

test("one epoch is a point, one without a value is left out", () => {
  const one = plotMetricHistory([member(0, 1)], "rocAuc");
  expect(JSON.stringify(one.layer)).toContain('"point":{"filled":true');
  const [layer] = plotMetricHistory([member(0)], "ams").layer as unknown as { data: { values: object[] } }[];
  expect(layer!.data.values).toHaveLength(7);
});

test("a training at a glance: losses, their ratio, the change an epoch, and each metric", async () => {
  const specs = plotTraining(histories);
  expect(specs).toHaveLength(5);
  const pictures = await Promise.all(specs.map((spec) => renderSvg(spec)));
  const titles = ["Loss", "Validation / training loss", "Change of the validation loss", "rocAuc", "ams"];
  for (const [i, title] of titles.entries()) expect(pictures[i]).toContain(title);
  const ratio = specs[1]!.layer as unknown as { data: { values: { value: number }[] } }[];
  expect(ratio[0]!.data.values[0]!.value).toBeCloseTo(1, 12);
  expect(plotTraining([member(0, 1)])).toHaveLength(3);
});

test("refuses what was not measured, and names what was", () => {
  expect(() => plotMetricHistory(histories, "roc")).toThrow(
    'plotMetricHistory: no epoch has a finite "roc". Measured: rocAuc, ams.',
  );
  expect(() => plotMetricHistory([[{ epoch: 1, trainingLoss: 1, validationLoss: 1 }]], "roc")).toThrow(
    "Measured: nothing; give metricLogger to the training.",
  );
});
