import { describe, expect, test } from "vitest";
import { Stream } from "../array/index.ts";
import { ams } from "./ams.ts";
import { amsScan } from "./ams-scan.ts";
import { accuracy } from "./classification.ts";
import { meanAuc, multiclassAms } from "./multiclass.ts";
import { costOf, makeMetric, metricNames, metricWithUncertainty } from "./named-metrics.ts";
import { pulls, regressionResolution } from "./regression.ts";
import { renormalise } from "./yields.ts";

const stream = new Stream(4, "events");
const count = 300;
const draw = (of: (i: number) => number) => Float64Array.from({ length: count }, (_, i) => of(i));
const targets = draw((i) => i % 2);
const predictions = draw((i) => Math.min(1, Math.max(0, 0.35 + 0.3 * targets[i]! + 0.2 * stream.normal())));
const weights = draw(() => 0.5 + stream.uniform());
const binary = { predictions, outputCount: 1, targets, weights };
const codes = draw((i) => i % 3);
const classes = Float64Array.from({ length: 3 * count }, (_, i) =>
  Math.exp((i % 3 === codes[Math.floor(i / 3)] ? 1 : 0) + stream.normal()),
);
const several = { predictions: classes, outputCount: 3, targets: codes, weights };

describe("metrics by name", () => {
  test("are the functions of the same arrays, with their options", () => {
    expect(makeMetric("accuracy").of(binary)).toBe(accuracy(predictions, targets, weights));
    expect(makeMetric({ name: "accuracy", options: { balanced: true } }).of(binary)).toBe(
      accuracy(predictions, targets, weights, { balanced: true }),
    );
    const groups = { signal: [0], background: [1, 2] };
    const events = { predictions: classes, classCount: 3, targets: codes, weights };
    expect(makeMetric({ name: "rocAuc", options: { average: "weighted" } }).of(several)).toBe(
      meanAuc(events, { average: "weighted" }),
    );
    expect(makeMetric({ name: "ams", options: { ...groups, regularisation: 10 } }).of(several)).toBe(
      multiclassAms(events, groups, { regularisation: 10 }).ams,
    );
    const differences = pulls(predictions, targets);
    expect(makeMetric("halfWidth68").of(binary)).toBe(
      regressionResolution(differences, weights).halfWidth68.value,
    );
  });

  test("ams with totals is that of the whole sample, whatever part of it the events are", () => {
    const totals = { signal: 70, background: 4000 };
    const metric = makeMetric({ name: "ams", options: { totals, regularisation: 10 } });
    const scaled = renormalise(targets, weights, totals);
    const { maximum } = amsScan(predictions, targets, scaled, { regularisation: 10 });
    expect(metric.of(binary)).toBe(maximum.ams);
    expect(metric.of({ ...binary, weights: weights.map((w) => w / 20) })).toBeCloseTo(maximum.ams, 10);
    const atCut = makeMetric({
      name: "ams",
      options: { totals, regularisation: 10, cut: maximum.threshold },
    });
    expect(atCut.of(binary)).toBeCloseTo(
      ams({ s: maximum.signal, b: maximum.background, regularisation: 10 }),
      10,
    );
  });

  test("one output of a regression of several targets", () => {
    const both = { predictions: [1, 10, 2, 20], targets: [0, 12, 0, 26], outputCount: 2 };
    const of = (output: number) => makeMetric({ name: "bias", options: { output } }).of(both);
    expect([of(0), of(1)]).toEqual([1.5, -4]);
    expect(makeMetric("meanAbsolute").of(both)).toBe((1 + 2 + 2 + 6) / 4);
    expect(() => of(2)).toThrow("metric: output 2 is none of the 2 outputs, counted from 0.");
  });

  test("every one has an uncertainty, half as large for four times the events", () => {
    const options: Record<string, object> = {
      backgroundRejection: { efficiency: 0.9 },
      ams: { regularisation: 10 },
    };
    const four = (values: Float64Array) =>
      Float64Array.from([values, values, values, values].flatMap((x) => [...x]));
    const larger = {
      predictions: four(predictions),
      targets: four(targets),
      weights: four(weights).map((w) => w / 4),
      outputCount: 1,
    };
    for (const name of metricNames) {
      const metric = makeMetric({ name, options: { ...options[name] } });
      const { value, uncertainty } = metricWithUncertainty(metric, binary, { replicaCount: 60, seed: 2 });
      expect(value).toBe(metric.of(binary));
      expect(uncertainty).toBeLessThan(0.6 * Math.abs(value) + 0.05);
      const ofLarger = metricWithUncertainty(metric, larger, { replicaCount: 60, seed: 3 });
      expect(ofLarger.uncertainty / uncertainty).toBeGreaterThan(0.3);
      expect(ofLarger.uncertainty / uncertainty).toBeLessThan(0.75);
    }
  });

  test("as costs, the lower is the better", () => {
    expect(costOf(makeMetric("rocAuc"), 0.9)).toBe(-0.9);
    expect(costOf(makeMetric("logLoss"), 0.4)).toBe(0.4);
    expect(costOf(makeMetric("bias"), -2)).toBe(2);
  });

  test("what is not known or cannot be is refused in one sentence", () => {
    expect(() => makeMetric("rocAcu")).toThrow('metric "rocAcu" is not known. Did you mean "rocAuc"?');
    expect(() => makeMetric({ name: "accuracy", options: { treshold: 0.4 } })).toThrow(
      'option of metric accuracy "treshold" is not known. Did you mean "threshold"? Known: threshold, balanced.',
    );
    expect(() => makeMetric("backgroundRejection")).toThrow(
      "metric backgroundRejection: give the signal efficiency in (0, 1], such as options: { efficiency: 0.3 }; it is undefined.",
    );
    expect(() => makeMetric("calibrationError").of(several)).toThrow(
      "metric calibrationError: it is of one prediction an event, but there are 3 outputs.",
    );
    expect(() => makeMetric("ams").of(several)).toThrow(
      "metric ams: signal and background need one class each at least.",
    );
  });
});
