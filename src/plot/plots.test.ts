/** The five plots: what the specifications hold, and what the pictures show. */
import { describe, expect, test } from "vitest";
import { curvesOf, lossHistories, scoredEvents } from "../../test/plot/synthetic-report.ts";
import { DataError } from "../errors/index.ts";
import { amsScan, rocCurve } from "../metrics/index.ts";
import {
  classHistograms,
  compactReport,
  type Layer,
  lossHistory,
  type PlotSpec,
  plotAmsScan,
  plotLosses,
  plotPredictions,
  plotRoc,
  plotSchedule,
  renderSvg,
} from "./index.ts";
import { compilePlot } from "./render.ts";

const events = scoredEvents(3, 4000);
const { roc, scans } = curvesOf("validation", events);
const histograms = classHistograms(events.predictions, events.targets, events.weights, { binCount: 20 });
const steps = Array.from({ length: 1000 }, (_, i) => i);
const schedule = {
  steps,
  learningRate: steps.map((i) => 1e-3 * Math.sin((Math.PI * i) / 999)),
  momentum: steps.map((i) => 0.95 - 0.1 * Math.sin((Math.PI * i) / 999)),
};
const all: Record<string, PlotSpec> = {
  losses: plotLosses(lossHistories(1)),
  roc: plotRoc([roc]),
  rejection: plotRoc([roc], { axes: "rejection" }),
  predictions: plotPredictions({ validation: histograms, training: histograms }),
  logPredictions: plotPredictions({ validation: histograms, training: histograms }, { logY: true }),
  ams: plotAmsScan({ scans, cut: 0.8 }),
  schedule: plotSchedule(schedule),
};

function layersOf(spec: PlotSpec): Layer[] {
  return spec.layer.flatMap((part) => ("layer" in part ? part.layer : [part]));
}

function layer(spec: PlotSpec, name: string): Layer {
  const found = layersOf(spec).find((part) => part.name === name);
  if (!found) throw new Error(`no layer ${name}: ${layersOf(spec).map((part) => part.name)}`);
  return found;
}

describe("every plot", () => {
  test.each(Object.entries(all))("%s compiles without a warning from Vega-Lite", async (_, spec) => {
    expect((await compilePlot(spec)).warnings).toEqual([]);
  });

  test.each(Object.entries(all))(
    "%s survives JSON: it is plain data without NaN or infinities",
    (_, spec) => {
      expect(JSON.parse(JSON.stringify(spec))).toEqual(spec);
    },
  );

  test("has axes with ticks on all four sides, labels on the bottom and the left only", async () => {
    const axes = (await compilePlot(all.roc!)).spec.axes ?? [];
    expect(axes.map((axis) => [axis.orient, axis.labels !== false])).toEqual([
      ["bottom", true],
      ["left", true],
      ["top", false],
      ["right", false],
    ]);
    const svg = await renderSvg(all.roc!);
    const ticks = [...svg.matchAll(/role-axis-tick"?>(.*?)<\/g>/g)].map((m) => m[1]!.match(/<line/g)!.length);
    expect(ticks).toEqual([21, 21, 21, 21]);
    // Inward: upwards at the bottom, downwards at the top.
    expect(svg).toMatch(/role-axis-tick"?><line transform="translate\(0,0\)" x2="0" y2="-8"/);
    expect(svg).toMatch(/x2="0" y2="8"/);
  });

  test("takes size, axis titles, title, experiment, status and note from its options", async () => {
    const svg = await renderSvg(
      plotRoc([roc], {
        width: 600,
        height: 400,
        title: "A title",
        experiment: "ATLAS",
        status: "Open <data>",
        note: "8 TeV",
        labels: { x: "ε of background" },
        palette: ["#123456"],
      }),
    );
    expect(svg).toContain('viewBox="0 0 600 400"');
    for (const text of ["A title", "ATLAS", "Open &lt;data&gt;", "8 TeV", "ε of background", "#123456"]) {
      expect(svg).toContain(text);
    }
    expect(svg).not.toContain("Background efficiency");
  });

  test("draws the same bytes again, whatever was drawn in between", async () => {
    const first = new Map<string, string>();
    for (const [name, spec] of Object.entries(all)) first.set(name, await renderSvg(spec));
    for (const [name, spec] of Object.entries(all).reverse()) {
      expect(await renderSvg(spec)).toBe(first.get(name));
    }
    const together = await Promise.all(Object.values(all).map((spec) => renderSvg(spec)));
    expect(together).toEqual([...first.values()]);
  });

  test("names its clips after the id prefix, so that pictures can share a page", async () => {
    const svg = await renderSvg(all.losses!, { idPrefix: "losses" });
    expect(svg).toContain('id="losses-1"');
    expect(svg).toContain("url(#losses-1)");
    const used = [...svg.matchAll(/url\(#([^)]+)\)/g)].map((m) => m[1]!);
    for (const id of used) expect(svg).toContain(`id="${id}"`);
  });
});

describe("what metrics and training give", () => {
  test("goes straight into the plots", async () => {
    const { predictions, targets, weights } = events;
    const curve = { label: "ensemble", ...rocCurve(predictions, targets, weights) };
    const scan = { regularisation: 10, ...amsScan(predictions, targets, weights, { regularisation: 10 }) };
    expect(await renderSvg(plotRoc([curve]))).toMatch(/>ensemble, AUC = 0\.\d{4}</);
    const spec = plotAmsScan({ scans: [scan] });
    expect(layer(spec, "maximum 0").data.values).toEqual([
      { cut: scan.maximum.threshold, ams: scan.maximum.ams },
    ]);
    const rows = [
      { epoch: 1, step: 10, trainingLoss: 2, validationLoss: 3, learningRate: 0.1, momentum: 0.9 },
      { epoch: 2, step: 20, trainingLoss: 1, validationLoss: Number.NaN, learningRate: 0.1, momentum: 0.9 },
    ];
    expect(layer(plotLosses([lossHistory(4, rows)]), "training mean").data.values).toEqual([
      { epoch: 1, loss: 2 },
      { epoch: 2, loss: 1 },
    ]);
    const compact = compactReport({
      title: "t",
      provenance: { seed: 1, versions: {}, files: [] },
      headline: [],
      rocCurves: [curve],
      amsScans: [scan],
    });
    expect(JSON.parse(JSON.stringify(compact))).toEqual(compact);
    expect(JSON.stringify(compact).length).toBeLessThan(200_000);
  });
});

describe("plotLosses", () => {
  test("draws each member thin and their mean thick, for training and validation", async () => {
    const spec = plotLosses(lossHistories(1, 3, 5));
    const lines = layersOf(spec).filter((part) => part.mark.type === "line");
    expect(lines.map((part) => part.name)).toEqual([
      "training member 0",
      "training member 1",
      "training member 2",
      "training mean",
      "validation member 0",
      "validation member 1",
      "validation member 2",
      "validation mean",
    ]);
    expect(lines[0]!.mark.strokeWidth).toBeLessThan(Number(lines[3]!.mark.strokeWidth));
    const svg = await renderSvg(spec);
    expect(svg).toContain(">Epoch</text>");
    expect(svg).toContain(">Loss</text>");
    expect(svg).toContain(">validation, mean of 3 members</text>");
    expect(svg.match(/class="mark-line/g)).toHaveLength(8);
  });

  test("takes the mean over members, and ends it where the first member stopped", () => {
    const spec = plotLosses([
      { member: 0, trainingLoss: [1, 0.5, 0.25], validationLoss: [2, 1, 1] },
      { member: 1, trainingLoss: [3, 1.5], validationLoss: [4, 3] },
    ]);
    expect(layer(spec, "training mean").data.values).toEqual([
      { epoch: 1, loss: 2 },
      { epoch: 2, loss: 1 },
    ]);
    expect(layer(spec, "validation mean").data.values[1]).toEqual({ epoch: 2, loss: 2 });
  });

  test("draws one member as one line, and leaves out losses that are missing", () => {
    const spec = plotLosses([{ member: 0, trainingLoss: [1, null, 0.5], validationLoss: [] }]);
    const lines = layersOf(spec).filter((part) => part.mark.type === "line");
    expect(lines.map((part) => part.data.values)).toEqual([
      [
        { epoch: 1, loss: 1 },
        { epoch: 3, loss: 0.5 },
      ],
    ]);
  });

  test("shows a single epoch as a point", async () => {
    const svg = await renderSvg(plotLosses([{ member: 0, trainingLoss: [1], validationLoss: [1.1] }]));
    expect(svg.match(/class="mark-symbol/g)).toHaveLength(2);
    expect(svg).toContain(">1</text>");
    expect(svg).not.toContain(">0.2</text>");
  });

  test("takes a logarithmic axis for losses over many decades", () => {
    const spec = plotLosses([{ member: 0, trainingLoss: [10, 1, 0.1], validationLoss: [] }]);
    expect(layer(spec, "training mean").encoding.y).toMatchObject({ scale: { type: "log" } });
  });

  test("refuses histories without any finite loss", () => {
    expect(() => plotLosses([])).toThrow(
      new DataError(
        "plotLosses: a history with a finite loss was expected, but none of the 0 given has one. Train at least one epoch first.",
      ),
    );
    expect(() => plotLosses([{ member: 0, trainingLoss: [Number.NaN], validationLoss: [null] }])).toThrow(
      DataError,
    );
  });
});

describe("plotRoc", () => {
  test("puts the area with its uncertainty into the legend, and rates on the axes", async () => {
    const spec = plotRoc([
      {
        label: "mine",
        falsePositiveRate: [0, 0.2, 1],
        truePositiveRate: [0, 0.7, 1],
        auc: 0.75,
        aucUncertainty: 0.0123,
      },
    ]);
    expect(layer(spec, "curve 0").data.values).toEqual([
      { background: 0, signal: 0 },
      { background: 0.2, signal: 0.7 },
      { background: 1, signal: 1 },
    ]);
    const svg = await renderSvg(spec);
    expect(svg).toContain(">mine, AUC = 0.750 ± 0.012</text>");
    expect(svg).toContain(">Background efficiency</text>");
    expect(svg).toContain(">Signal efficiency</text>");
  });

  test("shows the inverse background efficiency on a logarithmic axis when asked for rejection", async () => {
    const spec = plotRoc(
      [{ label: "mine", falsePositiveRate: [0, 0.01, 0.1, 1], truePositiveRate: [0, 0.2, 0.7, 1] }],
      { axes: "rejection" },
    );
    expect(layer(spec, "curve 0").data.values.map((row) => row.signal)).toEqual([0.2, 0.7, 1]);
    const values = layer(spec, "curve 0").data.values.map((row) => row.rejection);
    expect(values[0]).toBeCloseTo(100, 9);
    expect(layer(spec, "curve 0").encoding.y).toMatchObject({ scale: { type: "log" } });
    expect(await renderSvg(spec)).toContain(">1 / background efficiency</text>");
  });

  test("thins a curve of 50 000 points to about 500", () => {
    const many = curvesOf("many", scoredEvents(5, 50_000)).roc;
    for (const axes of ["rates", "rejection"] as const) {
      const drawn = layer(plotRoc([many], { axes }), "curve 0").data.values.length;
      expect(drawn).toBeGreaterThan(100);
      expect(drawn).toBeLessThanOrEqual(510);
    }
  });

  test("draws curves with the same label, and labels that look like markup or names of Vega", async () => {
    const labels = ["a", "a", "width", "x", '<b class="c">&', "1+1"];
    const svg = await renderSvg(plotRoc(labels.map((label) => ({ ...roc, auc: null, label }))));
    expect(svg.match(/class="mark-line/g)).toHaveLength(labels.length + 1);
    expect(svg).toContain('>&lt;b class="c"&gt;&amp;, AUC = undefined</text>');
  });

  test("refuses no curve, and a curve without points", () => {
    expect(() => plotRoc([])).toThrow(DataError);
    expect(() =>
      plotRoc([{ label: "empty", falsePositiveRate: [Number.NaN], truePositiveRate: [1] }]),
    ).toThrow(
      new DataError(
        'plotRoc: curve "empty" should have at least two finite points, but has 0. Are both classes there, with weight?',
      ),
    );
  });
});

describe("plotPredictions", () => {
  const small = [
    { label: "Background", edges: [0, 0.5, 1], sums: [6, 2], uncertainties: [2, 1] },
    { label: "Signal", edges: [0, 0.5, 1], sums: [1, 3], uncertainties: [0.5, 1] },
  ];

  test("normalises each class to unit area, uncertainties with it", () => {
    const spec = plotPredictions({ validation: small, training: small });
    expect(layer(spec, "class 0 training").data.values).toEqual([
      { x: 0.25, y: 1.5, low: 1, high: 2 },
      { x: 0.75, y: 0.5, low: 0.25, high: 0.75 },
    ]);
    expect(layer(spec, "class 1 validation").data.values).toEqual([
      { x: 0, y: 0, base: 0 },
      { x: 0, y: 0.5, base: 0 },
      { x: 0.5, y: 1.5, base: 0 },
      { x: 1, y: 1.5, base: 0 },
      { x: 1, y: 0, base: 0 },
    ]);
  });

  test("leaves sums as they are when asked not to normalise", () => {
    const spec = plotPredictions({ validation: small, training: small }, { normalise: false });
    expect(layer(spec, "class 0 training").data.values[0]).toEqual({
      x: 0.25,
      y: 6,
      low: 4,
      high: 8,
    });
  });

  test("draws validation as filled steps and training as points with bars", async () => {
    const svg = await renderSvg(all.predictions!);
    expect(svg.match(/class="mark-area/g)).toHaveLength(2);
    const marks = (name: string): number =>
      new RegExp(`${name}_marks"[^>]*>(.*?)</g>`).exec(svg)![1]!.match(/<(path|line)/g)!.length;
    expect(marks("class_1_training")).toBe(20);
    expect(marks("class_1_training_bars")).toBe(20);
    expect(svg).toContain(">Prediction</text>");
    expect(svg).toContain(">Probability density</text>");
    expect(svg).toContain(">Background, training</text>");
  });

  test("leaves bins that are not positive out of a logarithmic axis", () => {
    const spec = plotPredictions(
      { validation: small, training: [{ ...small[0]!, sums: [6, -1] }] },
      { logY: true },
    );
    expect(layer(spec, "class 0 training").data.values).toHaveLength(1);
    const low = (layer(spec, "class 0 training").encoding.y as { scale: { domain: number[] } }).scale
      .domain[0];
    for (const row of layer(spec, "class 1 validation").data.values) {
      expect(row.y).toBeGreaterThanOrEqual(low!);
    }
  });

  test("shows negative bins below zero on a linear axis", () => {
    const spec = plotPredictions({ validation: [{ ...small[0]!, sums: [6, -1] }] });
    const domain = (layer(spec, "class 0 validation").encoding.y as { scale: { domain: number[] } }).scale
      .domain;
    expect(domain[0]).toBeLessThan(0);
  });

  test("refuses a class whose weights sum to nothing, and no histogram at all", () => {
    expect(() => plotPredictions({ validation: [] })).toThrow(DataError);
    expect(() => plotPredictions({ validation: [{ ...small[0]!, sums: [0, 0] }] })).toThrow(
      new DataError(
        'plotPredictions: the validation histogram of "Background" should have a positive sum of weights and one more limit than bins, but has the sum 0, 3 limits and 2 bins.',
      ),
    );
  });
});

describe("classHistograms", () => {
  test("sums weights and squares of weights by class, and keeps events outside in the outer bins", () => {
    const [background, signal] = classHistograms(
      [0.1, 0.9, 0.6, -3, 7, Number.NaN],
      [0, 0, 1, 1, 1, 1],
      [2, -1, 3, 4, 5, 100],
      { binCount: 2 },
    );
    expect(background).toEqual({
      label: "Background",
      edges: [0, 0.5, 1],
      sums: [2, -1],
      uncertainties: [2, 1],
    });
    expect(signal!.sums).toEqual([4, 8]);
    expect(signal!.uncertainties[1]).toBeCloseTo(Math.sqrt(34), 12);
  });

  test("counts events where there are no weights", () => {
    expect(classHistograms([0.1, 0.2, 0.9], [0, 0, 1], undefined, { binCount: 2 })[0]!.sums).toEqual([2, 0]);
  });

  test("refuses lengths that differ and a class without events", () => {
    expect(() => classHistograms([1], [1, 0])).toThrow(
      new DataError(
        "classHistograms: predictions, targets and weights should have one entry an event, but have 1, 2, 1.",
      ),
    );
    expect(() => classHistograms([0.5], [1])).toThrow(
      new DataError(
        "classHistograms: events with target 0 (Background) were expected, but there are none among 1.",
      ),
    );
  });
});

describe("plotAmsScan", () => {
  const scan = {
    regularisation: 10,
    thresholds: [0.9, 0.8, 0.7, 0.6],
    ams: [Number.NaN, 3.61, 2, 1],
  };

  test("marks the maximum of each scan and the chosen cut", async () => {
    const spec = plotAmsScan({ scans: [scan, { ...scan, regularisation: 0 }], cut: 0.75 });
    expect(layer(spec, "maximum 0").data.values).toEqual([{ cut: 0.8, ams: 3.61 }]);
    expect(layer(spec, "scan 0").data.values).toEqual([
      { cut: 0.6, ams: 1 },
      { cut: 0.7, ams: 2 },
      { cut: 0.8, ams: 3.61 },
    ]);
    const svg = await renderSvg(spec);
    for (const text of [
      "b_reg = 10: maximum 3.61 at 0.800",
      "b_reg = 0: maximum 3.61 at 0.800",
      "chosen cut 0.7500",
      "Cut on the prediction",
      "AMS [σ]",
    ]) {
      expect(svg).toContain(`>${text}</text>`);
    }
  });

  test("draws the cut at its place along the axis", () => {
    const spec = plotAmsScan({ scans: [scan], cut: 0.75 });
    expect(layer(spec, "cut").encoding.x).toMatchObject({ value: expect.closeTo(0.75 * spec.width, 6) });
  });

  test("keeps the height of the regularised scan when the other one runs away", () => {
    const wild = { regularisation: 0, thresholds: [0.9, 0.8], ams: [400, 3] };
    const spec = plotAmsScan({ scans: [scan, wild] });
    const domain = (layer(spec, "scan 1").encoding.y as { scale: { domain: number[] } }).scale.domain;
    expect(domain[1]).toBeLessThan(10);
  });

  test("takes the maximum it is given, and thins scans without losing it", () => {
    const thresholds = Array.from({ length: 100_000 }, (_, i) => 1 - i / 100_000);
    const ams = thresholds.map((t, i) => (i === 5_003 ? 4 : 3 * t));
    const spec = plotAmsScan({ scans: [{ regularisation: 10, thresholds, ams }] });
    const drawn = layer(spec, "scan 0").data.values;
    expect(drawn.length).toBeLessThanOrEqual(600);
    expect(drawn).toContainEqual({ cut: thresholds[5_003], ams: 4 });
    const given = plotAmsScan({ scans: [{ ...scan, maximum: { ams: 3.5, threshold: 0.79 } }] });
    expect(layer(given, "maximum 0").data.values).toEqual([{ cut: 0.79, ams: 3.5 }]);
  });

  test("refuses a scan that is undefined everywhere", () => {
    expect(() => plotAmsScan({ scans: [] })).toThrow(DataError);
    expect(() =>
      plotAmsScan({ scans: [{ regularisation: 0, thresholds: [0.5], ams: [Number.NaN] }] }),
    ).toThrow(
      new DataError(
        "plotAmsScan: the scan with b_reg = 0 should have a finite AMS at some cut, but has none among 1. Are there signal and background events, with weight?",
      ),
    );
  });
});

describe("plotSchedule", () => {
  test("puts the learning rate on the left axis and the momentum on the right one", async () => {
    const { spec } = await compilePlot(all.schedule!);
    expect((spec.axes ?? []).map((axis) => [axis.orient, axis.title])).toEqual([
      ["bottom", "Step"],
      ["left", "Learning rate"],
      ["right", "Momentum"],
      ["top", undefined],
    ]);
    const svg = await renderSvg(all.schedule!);
    for (const text of ["Step", "Learning rate", "Momentum", "0.0010", "0.90"]) {
      expect(svg).toContain(`>${text}</text>`);
    }
  });

  test("draws the learning rate alone where no momentum is given", async () => {
    const svg = await renderSvg(plotSchedule({ learningRate: [0.1, 0.2, 0.1] }));
    expect(svg).not.toContain("Momentum");
    expect(svg.match(/class="mark-line/g)).toHaveLength(1);
  });

  test("refuses a schedule without a finite rate", () => {
    expect(() => plotSchedule({ learningRate: [] })).toThrow(
      new DataError("plotSchedule: a finite learning rate was expected, but there is none among 0 steps."),
    );
  });
});
