import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { columns, eventsWith, positiveWeight } from "../../test/support/random-events.ts";
import { ams } from "./ams.ts";
import { amsOverFractions, amsScan } from "./ams-scan.ts";
import { cutByAms } from "./cut.ts";

interface Golden {
  readonly events: { predictions: number[]; targets: number[]; weights: number[] };
  readonly amsScanQuick: GoldenScan[];
  readonly amsScanSlow: GoldenScan[];
  readonly binaryClassCutByAms: GoldenScan[];
}
interface GoldenScan {
  readonly options: Readonly<Record<string, number | boolean | undefined>>;
  readonly out: number[];
}
const golden: Golden = JSON.parse(
  readFileSync(new URL("../../test/golden/hep-metrics.json", import.meta.url), "utf8"),
);
const { predictions, targets, weights } = golden.events;

/** Recounts signal and background for one cut. */
function recount(p: ArrayLike<number>, t: ArrayLike<number>, w: ArrayLike<number>, cut: number) {
  let s = 0;
  let b = 0;
  for (let i = 0; i < p.length; i++) {
    if (p[i]! < cut) continue;
    if (t[i] === 1) s += w[i]!;
    else b += w[i]!;
  }
  return { s, b };
}

describe("amsScan", () => {
  test("finds LUMIN's maxima and cuts of the quick scan", () => {
    for (const { options, out } of golden.amsScanQuick) {
      const { maximum } = amsScan(predictions, targets, weights, {
        regularisation: Number(options.br ?? 0),
        backgroundUncertainty: Number(options.syst_unc_b ?? 0),
        scale: Number(options.wgt_factor ?? 1),
      });
      expect(maximum.ams).toBeCloseTo(out[0]!, 11);
      expect(maximum.threshold).toBe(out[1]);
    }
  });

  test("finds LUMIN's maxima and cuts of the slow scan, with its limits and statistical uncertainty", () => {
    for (const { options, out } of golden.amsScanSlow) {
      const { maximum } = amsScan(predictions, targets, weights, {
        regularisation: Number(options.br ?? 0),
        backgroundUncertainty: Number(options.syst_unc_b ?? 0),
        statisticalUncertainty: options.use_stat_unc ? "counts" : "none",
        minimumPrediction: Number(options.start_cut ?? 0.9),
        minimumBackgroundCount: Number(options.min_events ?? 10),
      });
      // LUMIN says 0 at cut 0 where no cut is allowed; here it is undefined.
      if (out[0] === 0) expect(maximum).toEqual({ ams: NaN, threshold: NaN, signal: NaN, background: NaN });
      else {
        expect(maximum.ams).toBeCloseTo(out[0]!, 11);
        expect(maximum.threshold).toBe(out[1]);
      }
    }
  });

  test("every cut is what recounting gives, ties together, thresholds falling", () => {
    fc.assert(
      fc.property(eventsWith(positiveWeight), fc.constantFrom(0, 10), (events, regularisation) => {
        const [p, t, w] = columns(events);
        const scan = amsScan(p, t, w, { regularisation, backgroundUncertainty: 0.1 });
        expect([...scan.thresholds]).toEqual([...new Set(p)].sort((a, b) => b - a));
        scan.thresholds.forEach((cut, i) => {
          const { s, b } = recount(p, t, w, cut);
          expect(scan.signal[i]).toBeCloseTo(s, 10);
          expect(scan.background[i]).toBeCloseTo(b, 10);
          const value = ams({
            s: scan.signal[i]!,
            b: scan.background[i]!,
            regularisation,
            backgroundUncertainty: 0.1,
          });
          if (Number.isNaN(value)) expect(scan.ams[i]).toBeNaN();
          else expect(scan.ams[i]).toBeCloseTo(value, 11);
        });
        const defined = [...scan.ams].filter((x, i) => !Number.isNaN(x) && scan.backgroundCount[i]! > 0);
        expect(scan.maximum.ams).toBe(defined.length ? Math.max(...defined) : NaN);
      }),
    );
  });

  test("statistical uncertainty of weighted events is √Σw², and equals that of counts for equal weights", () => {
    const p = [0.9, 0.8, 0.7];
    const scan = (statisticalUncertainty: "counts" | "weights", w: number[]) =>
      amsScan(p, [1, 0, 0], w, { statisticalUncertainty }).ams;
    expect(scan("weights", [1, 2, 2])[2]).toBeCloseTo(scan("counts", [1, 2, 2])[2]!, 12);
    const relative = Math.sqrt(1 + 25) / 6;
    expect(scan("weights", [1, 1, 5])[2]).toBeCloseTo(
      ams({ s: 1, b: 6, backgroundUncertainty: relative }),
      12,
    );
  });

  test("no weights are ones; weight 2 is the event twice; weight 0 is no event; negative weights are legal", () => {
    const regularisation = 10;
    fc.assert(
      fc.property(eventsWith(positiveWeight), (events) => {
        const [p, t] = columns(events);
        const scan = (w?: Float64Array) => amsScan(p, t, w, { regularisation });
        expect(scan()).toEqual(scan(new Float64Array(p.length).fill(1)));
        const twice = amsScan([...p, ...p], [...t, ...t], undefined, { regularisation });
        expect(scan(new Float64Array(p.length).fill(2)).ams).toEqual(twice.ams);
        const [p0, t0, w0] = columns([
          { prediction: 0.05, target: 1, weight: 0 },
          ...events,
          { prediction: 2, target: 0, weight: 0 },
        ]);
        const [, , w] = columns(events);
        expect(amsScan(p0, t0, w0, { regularisation })).toEqual(amsScan(p, t, w, { regularisation }));
      }),
    );
    expect(amsScan([0.9, 0.5, 0.1], [1, 1, 0], [-1, 4, 20]).maximum).toMatchObject({
      signal: 3,
      threshold: 0.1,
    });
  });

  test("a million small weights lose no digits", () => {
    const count = 1_000_000;
    const p = new Float64Array(count).fill(0.5);
    const t = Float64Array.from({ length: count }, (_, i) => i % 2);
    const scan = amsScan(p, t, new Float64Array(count).fill(0.1));
    expect(scan.signal[0]).toBe(50_000);
    expect(scan.background[0]).toBe(50_000);
  });

  test("says what is wrong with the events", () => {
    const message = (...args: Parameters<typeof amsScan>) => expect(() => amsScan(...args));
    message([0.1, 0.2], [0, 1, 1]).toThrow(
      "amsScan: 2 predictions, but 3 targets. Every event needs one of each.",
    );
    message([0.1, 0.2], [0, 1], [1]).toThrow(
      "amsScan: 2 targets, but 1 weight. Every event needs one of each.",
    );
    message([0.1, 0.2], [0, 0]).toThrow(
      "amsScan: all 2 events with a weight are background (0); some signal (1) events are needed too.",
    );
    message([0.1, 0.2, 0.3], [1, 1, 0], [1, 1, 0]).toThrow(
      "amsScan: all 2 events with a weight are signal (1); some background (0) events are needed too.",
    );
    message([0.1, 0.2], [0, 1], [0, 0]).toThrow("amsScan: all weights are zero, so no event is left.");
    message([0.1, NaN], [0, 1]).toThrow(
      "amsScan: the prediction of event 1 is NaN. Look at the inputs of this event.",
    );
    message([0.1, 0.2], [0, 2]).toThrow(
      "amsScan: the target of event 1 is 2; it must be 0 (background) or 1 (signal).",
    );
    message([0.1, 0.2], [0, 1], [1, Infinity]).toThrow(
      "amsScan: the weight of event 1 is Infinity; it must be a finite number.",
    );
    message([], []).toThrow("amsScan: there are no events.");
    message([0.1, 0.2], [0, 1], undefined, { scale: 0 }).toThrow(
      "amsScan: scale is 0; it must be a positive number.",
    );
  });
});

describe("cutByAms", () => {
  test("gives LUMIN's cut, AMS at the cut and maximum", () => {
    const cuts = golden.binaryClassCutByAms.map(({ options, out }) => {
      const found = cutByAms(predictions, targets, weights, {
        topPercent: Number(options.top_perc),
        minimumPrediction: Number(options.min_pred),
        regularisation: Number(options.br),
        scale: Number(options.wgt_factor ?? 1),
      });
      expect(found.amsAtCut).toBeCloseTo(out[1]!, 11);
      expect(found.maximumAms).toBeCloseTo(out[2]!, 11);
      return [found.cut, out[0]];
    });
    expect(cuts[0]![0]).toBeCloseTo(cuts[0]![1]!, 12);
    // Here 15 candidates are wanted and 10 have a defined AMS. LUMIN fills up with five of the others, in the
    // order of an unstable sort, and gets 0.525; the mean of the ten is 0.537.
    expect(cuts[1]![0]).toBeCloseTo(0.537, 12);
    expect(cuts[1]![1]).toBeCloseTo(0.525, 12);
  });

  test("is the mean prediction of the best events, event by event, also with ties", () => {
    const percents = fc.constantFrom(1, 10, 35, 100);
    fc.assert(
      fc.property(
        eventsWith(positiveWeight),
        percents,
        fc.constantFrom(0, 0.5),
        (events, topPercent, minimum) => {
          const [p, t, w] = columns(events);
          const candidates = [...p]
            .filter((x) => x >= minimum && t.some((target, i) => target === 0 && p[i]! >= x))
            .map((prediction) => ({
              prediction,
              ams: ams({ ...recount(p, t, w, prediction), regularisation: 5 }),
            }))
            .map((c) => ({ ...c, ams: Number(c.ams.toPrecision(12)) }))
            .sort((a, b) => b.ams - a.ams || b.prediction - a.prediction);
          fc.pre(
            candidates.length > 0 &&
              new Set(candidates.map((c) => c.ams)).size ===
                new Set(candidates.map((c) => c.prediction)).size,
          );
          const best = candidates.slice(0, Math.max(1, Math.floor((p.length * topPercent) / 100)));
          const mean = best.reduce((sum, c) => sum + c.prediction, 0) / best.length;
          const found = cutByAms(p, t, w, { topPercent, minimumPrediction: minimum, regularisation: 5 });
          expect(found.cut).toBeCloseTo(mean, 10);
          // A mean of thresholds may be a unit in the last place beside one of them.
          const near = [found.cut - 1e-12, found.cut + 1e-12].map((cut) =>
            ams({ ...recount(p, t, w, cut), regularisation: 5 }),
          );
          expect(near.some((value) => Math.abs(value - found.amsAtCut) < 1e-9)).toBe(true);
          expect(found.maximumAms).toBeGreaterThanOrEqual(found.amsAtCut - 1e-12);
        },
      ),
    );
  });

  test("averages the candidates there are when topPercent asks for more", () => {
    const found = cutByAms([0.95, 0.91, 0.5, 0.1], [1, 0, 1, 0], undefined, { topPercent: 100 });
    // At 0.95 there is no background: undefined without b_reg, so one candidate is left.
    expect(found.cut).toBe(0.91);
  });

  test("says when no event is a candidate, and when the rule makes no sense", () => {
    expect(() => cutByAms([0.7, 0.2], [1, 0])).toThrow(
      "cutByAms: no event is a candidate: a prediction of at least 0.9 and a defined AMS there, with 1 background " +
        "events or more; the highest prediction is 0.7. Lower minimumPrediction.",
    );
    expect(() => cutByAms([0.7, 0.2], [1, 0], undefined, { topPercent: 0 })).toThrow(
      "cutByAms: topPercent is 0; it must be in (0, 100].",
    );
  });
});

describe("amsOverFractions", () => {
  test("is the plain mean over the ranks in the range when there are no ties", () => {
    const count = 100;
    const p = Float64Array.from({ length: count }, (_, i) => 1 - i / count);
    const t = Float64Array.from({ length: count }, (_, i) => Number(i % 3 === 0));
    const scan = amsScan(p, t, undefined, { regularisation: 10 });
    let expected = 0;
    for (let kept = 12; kept <= 18; kept++) expected += scan.ams[kept - 1]! / 7;
    expect(amsOverFractions(scan)).toBeCloseTo(expected, 13);
    expect(amsOverFractions(scan, { from: 1, to: 1 })).toBe(scan.ams[count - 1]);
  });

  test("weights a tied cut by its events, and is NaN where no cut keeps such a fraction", () => {
    const scan = amsScan([0.9, 0.8, 0.8, 0.1], [1, 1, 0, 0], undefined, { regularisation: 1 });
    expect(amsOverFractions(scan, { from: 0.2, to: 0.8 })).toBeCloseTo(
      (scan.ams[0]! + 2 * scan.ams[1]!) / 3,
      13,
    );
    expect(amsOverFractions(scan, { from: 0.4, to: 0.6 })).toBeNaN();
  });
});
