import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { columns, eventsWith, positiveWeight } from "../../test/support/random-events.ts";
import { accuracy, logLoss } from "./classification.ts";
import { renormalise, yieldsAtCut, yieldsByProcess } from "./yields.ts";

describe("yieldsAtCut", () => {
  test("counts events at the cut as passing, errors are √Σw², weight 0 is no event", () => {
    const yields = yieldsAtCut([0.9, 0.5, 0.2, 0.7, 0.7], [1, 1, 1, 0, 0], [3, 4, 5, -2, 0], 0.5);
    expect(yields).toEqual({
      signal: {
        passing: { sum: 7, uncertainty: 5, count: 2 },
        total: { sum: 12, uncertainty: Math.sqrt(50), count: 3 },
      },
      background: {
        passing: { sum: -2, uncertainty: 2, count: 1 },
        total: { sum: -2, uncertainty: 2, count: 1 },
      },
    });
  });

  test("one class alone is fine", () => {
    expect(yieldsAtCut([0.9], [1], undefined, 0.5).background.total).toEqual({
      sum: 0,
      uncertainty: 0,
      count: 0,
    });
  });
});

describe("renormalise", () => {
  test("each class sums to its total, ratios within a class stay", () => {
    fc.assert(
      fc.property(eventsWith(positiveWeight), (events) => {
        const [, t, w] = columns(events);
        const scaled = renormalise(t, w, { signal: 691.9886, background: 410999.8473 });
        const total = (target: number) => scaled.reduce((sum, x, i) => sum + (t[i] === target ? x : 0), 0);
        expect(total(1)).toBeCloseTo(691.9886, 8);
        expect(total(0)).toBeCloseTo(410999.8473, 5);
        expect(scaled[2] === undefined || scaled[2] / scaled[t[2]!]! / (w[2]! / w[t[2]!]!)).toBeTruthy();
      }),
    );
    expect([...renormalise([1, 0, 0], [1, 1, 3], { signal: 10, background: 8 })]).toEqual([10, 2, 6]);
    expect([...renormalise([1, 0, 0], undefined, { signal: 10 })]).toEqual([10, 1, 1]);
  });

  test("says which class cannot be scaled", () => {
    expect(() => renormalise([0, 0], undefined, { signal: 5 })).toThrow(
      "renormalise: there is no signal (target 1) to scale to 5.",
    );
    expect(() => renormalise([1, 0], [1, -1], { background: 5 })).toThrow(
      "renormalise: the weights of the background sum to -1; the sum must be positive.",
    );
    expect(() => renormalise([1, 0], undefined, { signal: -5 })).toThrow(
      "renormalise: the expected signal is -5; it must be a positive number.",
    );
  });
});

describe("accuracy and logLoss", () => {
  test("are weighted means, or means over classes of equal weight", () => {
    expect(accuracy([0.9, 0.4, 0.2], [1, 1, 0], [1, 1, 2])).toBe(0.75);
    expect(accuracy([0.9, 0.4, 0.2, 0.1], [1, 1, 0, 0], [1, 1, 7, 7], { balanced: true })).toBe(0.75);
    expect(logLoss([0.5, 0.25], [1, 0])).toBeCloseTo((Math.log(2) - Math.log(0.75)) / 2, 14);
    expect(logLoss([0.5, 0.25], [1, 0], [3, 1])).toBeCloseTo((3 * Math.log(2) - Math.log(0.75)) / 4, 14);
  });

  test("no weights are ones, weight 2 is the event twice, weight 0 is no event, a common factor changes nothing", () => {
    fc.assert(
      fc.property(eventsWith(positiveWeight), (events) => {
        const [p, t, w] = columns(events);
        for (const metric of [accuracy, logLoss]) {
          expect(metric(p, t)).toBe(metric(p, t, new Float64Array(p.length).fill(1)));
          const twice = columns([...events, events[0]!]);
          const doubled = w.map((x, i) => (i === 0 ? 2 * x : x));
          expect(metric(p, t, doubled)).toBeCloseTo(metric(...twice), 10);
          const more = columns([...events, { prediction: 0.31, target: 1, weight: 0 }]);
          expect(metric(...more)).toBe(metric(p, t, w));
          expect(
            metric(
              p,
              t,
              w.map((x) => 4 * x),
            ),
          ).toBe(metric(p, t, w));
        }
      }),
    );
  });

  test("a certain but wrong prediction costs a finite loss", () => {
    expect(logLoss(Float32Array.of(0), [1])).toBeCloseTo(25 * Math.LN2, 12);
    expect(logLoss(Float32Array.of(1), [0])).toBeCloseTo(25 * Math.LN2, 12);
    expect(logLoss(Float64Array.of(1), [0])).toBeCloseTo(54 * Math.LN2, 12);
    expect(logLoss([1, 0], [1, 0])).toBe(0);
  });

  test("say what is wrong", () => {
    expect(() => logLoss([1.5, 0], [1, 0])).toThrow(
      "logLoss: the prediction of event 0 is 1.5; it must be a probability in [0, 1].",
    );
    expect(() => accuracy([0.5, 0], [1, 0], [1, -1])).toThrow(
      "accuracy: the weights sum to -1 for background and 1 for signal; the sum of both must be positive.",
    );
  });
});

test("yields of processes sum to those of all, with √Σw², the largest after the cut first", () => {
  const processes = ["top", "ggH", "top", "Z", "ggH", "W"];
  const found = yieldsByProcess([0.9, 0.8, 0.7, 0.1, 0.2, 0.9], processes, [2, 3, -1, 5, 4, 0], 0.5);
  expect(found.map(({ process }) => process)).toEqual(["ggH", "top", "Z"]);
  expect(found[1]!.passing).toEqual({ sum: 1, uncertainty: Math.sqrt(5), count: 2 });
  expect(found[0]!.total).toEqual({ sum: 7, uncertainty: 5, count: 2 });
  expect(found[2]!.passing).toEqual({ sum: 0, uncertainty: 0, count: 0 });
});
