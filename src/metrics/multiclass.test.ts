import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { columns, eventsWith, positiveWeight } from "../../test/support/random-events.ts";
import { amsScan } from "./ams-scan.ts";
import { calibrationBins, calibrationError } from "./calibration.ts";
import { accuracy, logLoss } from "./classification.ts";
import {
  brierScore,
  type ClassifiedEvents,
  meanAuc,
  multiclassAccuracy,
  multiclassAms,
  multiclassLogLoss,
  oneVersusRestAuc,
  toBinaryClass,
} from "./multiclass.ts";
import { backgroundRejection, rocAuc, rocAucWithUncertainty } from "./roc.ts";
import { measure } from "./weighted-events.ts";

/** Three classes: predictions are a function of a binary event's prediction. */
function three(events: readonly { prediction: number; target: number; weight: number }[]): ClassifiedEvents {
  return {
    predictions: events.flatMap(({ prediction: p }) => {
      const raw = [Math.exp(p), Math.exp(1 - p), Math.exp(Math.sin(9 * p))];
      const total = raw[0]! + raw[1]! + raw[2]!;
      return raw.map((x) => x / total);
    }),
    classCount: 3,
    targets: events.map((e, i) => (i === 2 ? 2 : e.target)),
    weights: events.map((e) => e.weight),
  };
}

const groups = { signal: [1], background: [0, 2] };
/** Every metric of scored events, as a function of (prediction, target, weight) of each. */
const metrics: Readonly<Record<string, (e: ClassifiedEvents) => number>> = {
  accuracy: multiclassAccuracy,
  "log loss": multiclassLogLoss,
  Brier: brierScore,
  "one-versus-rest AUC": (e) => oneVersusRestAuc(e)[1]!,
  "mean AUC": (e) => meanAuc(e, { average: "weighted" }),
};
const binaryMetrics: Readonly<Record<string, (p: number[], t: number[], w?: number[]) => number>> = {
  "partial AUC": (p, t, w) => rocAuc(p, t, w, { maximumFalsePositiveRate: 0.3 }),
  rejection: (p, t, w) => 1 / backgroundRejection(p, t, w, { efficiency: 0.6 }),
  calibration: (p, t, w) => calibrationError(p, t, w, { binCount: 4 }),
  "Brier, binary": (p, t, w) => brierScore({ predictions: p, classCount: 1, targets: t, weights: w }),
};

interface Row {
  readonly prediction: number;
  readonly target: number;
  readonly weight: number;
}
const all: Readonly<Record<string, (rows: readonly Row[], weighted?: boolean) => number>> = {
  ...Object.fromEntries(
    Object.entries(metrics).map(([name, metric]) => [
      name,
      (rows: readonly Row[], weighted = true) => {
        const events = { ...three(rows), targets: rows.map((e) => e.target) };
        return metric(weighted ? events : { ...events, weights: undefined });
      },
    ]),
  ),
  ...Object.fromEntries(
    Object.entries(binaryMetrics).map(([name, metric]) => [
      name,
      (rows: readonly Row[], weighted = true) =>
        metric(
          rows.map((e) => e.prediction),
          rows.map((e) => e.target),
          weighted ? rows.map((e) => e.weight) : undefined,
        ),
    ]),
  ),
};

test.each(Object.keys(all))(
  "%s: no weights are ones; 2 is twice; 0 is none; a factor changes nothing; a negative weight cancels its double",
  (name) => {
    const metric = all[name]!;
    const same = (a: number, b: number) => {
      if (Number.isNaN(b)) expect(a).toBeNaN();
      else expect(a).toBeCloseTo(b, 9);
    };
    fc.assert(
      fc.property(eventsWith(positiveWeight), fc.nat(), (events, at) => {
        const picked = events[at % events.length]!;
        const reference = metric(events);
        same(metric(events.map((e) => ({ ...e, weight: 1 }))), metric(events, false));
        same(
          metric(events.map((e) => (e === picked ? { ...e, weight: 2 * e.weight } : e))),
          metric([...events, picked]),
        );
        same(metric([...events, { prediction: 0.31, target: 1, weight: 0 }]), reference);
        same(metric(events.map((e) => ({ ...e, weight: 4 * e.weight }))), reference);
        same(metric([{ ...picked, weight: -1 }, ...events, { ...picked, weight: 1 }]), reference);
      }),
      { numRuns: 40 },
    );
  },
);

describe("metrics of several classes", () => {
  test("with two classes are the binary ones", () => {
    const [p, t, w] = [
      [0.9, 0.4, 0.2, 0.6],
      [1, 1, 0, 0],
      [1, 2, 1, 0.5],
    ];
    const events = { predictions: p.flatMap((x) => [1 - x, x]), classCount: 2, targets: t, weights: w };
    expect(multiclassAccuracy(events)).toBeCloseTo(accuracy(p, t, w), 12);
    expect(multiclassLogLoss(events)).toBeCloseTo(logLoss(p, t, w), 12);
    expect(brierScore(events)).toBeCloseTo(
      2 * brierScore({ predictions: p, classCount: 1, targets: t, weights: w }),
      12,
    );
    oneVersusRestAuc(events).forEach((area) => {
      expect(area).toBeCloseTo(rocAuc(p, t, w), 12);
    });
  });

  test("a class that does not occur has no AUC", () => {
    const events = {
      ...three([
        { prediction: 0.2, target: 0, weight: 1 },
        { prediction: 0.7, target: 1, weight: 1 },
      ]),
    };
    expect(oneVersusRestAuc(events)[2]).toBeNaN();
  });

  test("events that cannot be are refused", () => {
    expect(() => multiclassAccuracy({ predictions: [0.1, 0.9], classCount: 2, targets: [2] })).toThrow(
      "multiclassAccuracy: the target of event 0 is 2; it must be a class from 0 to 1.",
    );
    expect(() => brierScore({ predictions: [0.1], classCount: 2, targets: [1] })).toThrow(
      "brierScore: 1 prediction, but 1 target of 2 classes.",
    );
  });
});

describe("toBinaryClass", () => {
  test("takes the highest of the signal classes, or 1 − the highest of the background classes, ties included", () => {
    const predictions = [0.7, 0.2, 0.1, 0.5, 0.4, 0.1, 0.1, 0.3, 0.6, 0.4, 0.4, 0.2];
    const found = [...toBinaryClass(predictions, 3, { signal: [1, 2], background: [0] })];
    [0.3, 0.5, 0.6, 0.6].forEach((expected, i) => {
      expect(found[i]).toBeCloseTo(expected, 12);
    });
  });

  test("regrouping by hand gives the same AMS", () => {
    const rows = Array.from({ length: 40 }, (_, i) => ({
      prediction: (i * 0.37) % 1,
      target: i % 2,
      weight: 1 + (i % 3),
    }));
    const events = { ...three(rows), targets: rows.map((_, i) => i % 3) };
    const scores = toBinaryClass(events.predictions, 3, groups);
    const expected = amsScan(
      scores,
      Array.from(events.targets, (k) => (k === 1 ? 1 : 0)),
      events.weights!,
      { regularisation: 10 },
    ).maximum;
    expect(multiclassAms(events, groups, { regularisation: 10 })).toEqual(expected);
  });

  test("classes that do not exist or are on both sides are refused", () => {
    expect(() => toBinaryClass([1, 0], 2, { signal: [2], background: [0] })).toThrow(
      "toBinaryClass: class 2 is none of the 2 classes, counted from 0.",
    );
    expect(() => toBinaryClass([1, 0], 2, { signal: [0], background: [0] })).toThrow(
      "class 0 is signal and background",
    );
  });
});

describe("parts of the ROC curve", () => {
  const [p, t] = [
    [0.1, 0.4, 0.35, 0.8],
    [0, 0, 1, 1],
  ];
  test("the partial area is standardised: its limit 1 is the whole, guessing 0.5, the perfect 1", () => {
    expect(rocAuc(p, t)).toBe(0.75);
    // Up to f = 0.5 the curve goes (0, 0.5), (0.5, 0.5): area 0.25; (1 + (0.25 − 0.125)/(0.5 − 0.125))/2.
    expect(rocAuc(p, t, undefined, { maximumFalsePositiveRate: 0.5 })).toBeCloseTo((1 + 1 / 3) / 2, 12);
    expect(rocAuc([1, 1, 1, 1], t, undefined, { maximumFalsePositiveRate: 0.2 })).toBeCloseTo(0.5, 12);
    expect(rocAuc(t, t, undefined, { maximumFalsePositiveRate: 0.2 })).toBeCloseTo(1, 12);
    expect(() => rocAuc(p, t, undefined, { maximumFalsePositiveRate: 0 })).toThrow(
      "rocAuc: maximumFalsePositiveRate must be in (0, 1], but is 0.",
    );
    const measured = rocAucWithUncertainty(p, t, undefined, { maximumFalsePositiveRate: 0.5 });
    expect(measured.value).toBeCloseTo(2 / 3, 12);
  });

  test("the rejection is that of the loosest needed cut", () => {
    expect(backgroundRejection(p, t, undefined, { efficiency: 0.5 })).toBe(Number.POSITIVE_INFINITY);
    expect(backgroundRejection(p, t, undefined, { efficiency: 1 })).toBe(2);
  });
});

test("calibration compares the mean prediction with the fraction of signal, bin by bin", () => {
  const bins = calibrationBins([0.1, 0.3, 0.9, 1], [0, 1, 1, 0], [1, 1, 2, 2], { binCount: 2 });
  expect(bins.map((b) => [b.predicted, b.observed, b.weight])).toEqual([
    [0.2, 0.5, 2],
    [0.95, 0.5, 4],
  ]);
  expect(calibrationError([0.1, 0.3, 0.9, 1], [0, 1, 1, 0], [1, 1, 2, 2], { binCount: 2 })).toBeCloseTo(
    0.4,
    12,
  );
  expect(() => calibrationError([1.2], [1])).toThrow(
    "the prediction of event 0 is 1.2; it must be a probability",
  );
});

test("measure gives any statistic its bootstrap uncertainty: that of a mean is its standard deviation over √n", () => {
  const x = Float64Array.from({ length: 400 }, (_, i) => i % 2);
  const mean = (w: Float64Array) => x.reduce((s, v, i) => s + v * w[i]!, 0) / w.reduce((s, v) => s + v);
  const found = measure(400, mean, undefined, { replicaCount: 200, seed: 1 });
  expect(found.value).toBe(0.5);
  expect(found.uncertainty).toBeGreaterThan(0.8 * 0.025);
  expect(found.uncertainty).toBeLessThan(1.2 * 0.025);
  const [p, t, w] = columns([{ prediction: 0.2, target: 1, weight: 3 }]);
  expect(measure(1, (v) => v[0]! * p[0]! * t[0]!, w).value).toBeCloseTo(0.6, 6);
});
