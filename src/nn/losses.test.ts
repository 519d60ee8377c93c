import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { grad } from "../autodiff/index.ts";
import { evaluate, type Values, values } from "../engine/index.ts";
import { ams } from "../metrics/index.ts";
import { input, square, sub, type Tensor } from "../tensor/index.ts";
import { declareLoss, type Loss, weightedMean } from "./loss.ts";
import { lossNames, makeLoss } from "./losses.ts";
import {
  binaryCrossEntropy,
  binaryCrossEntropyOfProbabilities,
  crossEntropy,
  focal,
} from "./losses-classification.ts";
import { binnedHuber } from "./losses-huber.ts";
import { fractionalMeanSquaredError } from "./losses-regression.ts";
import { significanceLoss } from "./losses-significance.ts";
import { describeNetwork, traceNetwork } from "./scope.ts";

interface Event {
  readonly prediction: readonly number[];
  /** One, or one an output. */
  readonly target: number | readonly number[];
  readonly weight: number;
}

/** The loss, its slopes in the predictions, and what it carries afterwards. */
function of(loss: Loss, events: readonly Event[], before: readonly number[] = [], training = true) {
  const [n, outputs] = [events.length, events[0]!.prediction.length];
  const p = input("p", [n, outputs]);
  const targets = events.map(({ target }) => (typeof target === "number" ? [target] : target));
  const y = input("y", [n, targets[0]!.length]);
  const w = input("w", [n]);
  const state = input("buffers", [before.length]);
  const traced = traceNetwork(
    (scope, x) => {
      declareLoss(scope, loss);
      return x;
    },
    p,
    { parameters: input("none", [0]), buffers: state },
    training,
  );
  const value = loss.of(traced.output, y, w, traced.scope.child("loss"));
  const feeds = new Map<Tensor, Values>([
    [
      p,
      values(
        [n, outputs],
        events.flatMap((e) => e.prediction),
      ),
    ],
    [y, values([n, targets[0]!.length], targets.flat())],
    [
      w,
      values(
        [n],
        events.map((e) => e.weight),
      ),
    ],
    [state, values([before.length], before)],
  ]);
  const [result, slopes, ...after] = evaluate([value, grad(value, [p])[0]!, ...traced.buffers], feeds);
  return { value: result!.data[0]!, slopes: [...slopes!.data], after: after.flatMap((b) => [...b.data]) };
}

const edges = [-1, 1, 2, 4];
/** A user's function, as a closure. */
const quartic: Loss = {
  name: "quartic",
  takes: "prediction",
  of: (p, y, w) => weightedMean(square(square(sub(p, y))), w),
};
const choices: Readonly<Record<string, Loss>> = {
  ...Object.fromEntries(
    lossNames
      .filter((name) => !["significance", "binnedHuber", "fractionalBinnedHuber"].includes(name))
      .map((name) => [name, makeLoss(name)]),
  ),
  binnedHuber: makeLoss({ name: "binnedHuber", options: { edges } }),
  fractionalBinnedHuber: makeLoss({ name: "fractionalBinnedHuber", options: { edges } }),
  significance: makeLoss({
    name: "significance",
    options: { signal: 10, background: 100, backgroundUncertainty: 0.1 },
  }),
  "focal, three classes": focal({ gamma: 1.5 }),
  "focal, alpha": focal({ alpha: 0.3 }),
  "meanSquaredError, two targets": makeLoss("meanSquaredError"),
  "binnedHuber, two targets": makeLoss({ name: "binnedHuber", options: { edges } }),
  "a user's function": quartic,
};

test("every exported loss is in the table", () => {
  const folder = new URL(".", import.meta.url);
  const exported = readdirSync(folder)
    .filter((file) => /^losses-.*(?<!test)\.ts$/.test(file))
    .flatMap((file) => [
      ...readFileSync(new URL(file, folder), "utf8").matchAll(
        /^export (?:const|function) (\w+)(?:\([^)]*\))?: Loss\b/gm,
      ),
    ])
    .map((match) => match[1]!.replace(/Loss$/, ""));
  expect(exported.length).toBeGreaterThanOrEqual(10);
  expect(exported.filter((name) => choices[name] === undefined)).toEqual([]);
  expect([...lossNames].sort()).toEqual(exported.sort());
});

function event(name: string, i: number, weight: number): Event {
  const value = 0.5 + 0.45 * Math.sin(3 * i + 1);
  switch (name) {
    case "crossEntropy":
    case "focal, three classes":
      return { prediction: [value, Math.cos(i), Math.sin(i)], target: i % 3, weight };
    case "fractionalMeanSquaredError":
    case "fractionalBinnedHuber":
    case "binnedHuber":
    case "meanSquaredError":
    case "meanAbsoluteError":
    case "a user's function":
      return { prediction: [4 * value], target: 0.3 + ((i * 0.77) % 3.5), weight };
    case "meanSquaredError, two targets":
    case "binnedHuber, two targets":
      return {
        prediction: [4 * value, 3 * value],
        target: [0.3 + ((i * 0.77) % 3.5), (i * 0.9) % 4],
        weight,
      };
    default:
      return { prediction: [value], target: i % 2, weight };
  }
}

describe.each(Object.keys(choices))("%s", (name) => {
  const loss = choices[name]!;
  const carried = (loss.buffers ?? []).flatMap(({ shape, start }) => Array<number>(shape[0]!).fill(start));
  const weights = [1, 1.5, 0.5, 2, 1, 0.7, 1.2];
  const base = weights.map((weight, i) => event(name, i, weight));
  /** Σ w·loss / Σ w; the significance is a ratio of sums already. */
  const normalised = (events: readonly Event[]) => {
    const { value, after } = of(loss, events, carried);
    const total = events.reduce((sum, e) => sum + e.weight, 0);
    return [name === "significance" ? value : (value * events.length) / total, ...after];
  };
  const same = (a: readonly Event[], b: readonly Event[]) => {
    const [x, y] = [normalised(a), normalised(b)];
    expect(x.every(Number.isFinite)).toBe(true);
    x.forEach((value, i) => {
      expect(value).toBeCloseTo(y[i]!, 10);
    });
  };

  test("weight 2 is the event twice, and weight 0 no event", () => {
    for (const i of base.keys()) {
      const doubled = base.map((e, j) => (j === i ? { ...e, weight: 2 * e.weight } : e));
      same(doubled, [...base, base[i]!]);
    }
    same([...base, event(name, 9, 0)], base);
  });

  test("one factor on all weights changes nothing, and a negative weight cancels its double", () => {
    same(
      base.map((e) => ({ ...e, weight: 3 * e.weight })),
      base,
    );
    same([event(name, 8, -2.5), ...base, event(name, 8, 2.5)], base);
  });

  test("slopes are those of central differences", () => {
    // Thresholds stay where they are: they have no slope.
    const fixed = carried.map((_, i) => 0.05 + 0.1 * i);
    const { slopes } = of(loss, base, fixed, false);
    base.forEach((e, i) => {
      e.prediction.forEach((x, k) => {
        const at = (step: number) => {
          const prediction = e.prediction.map((value, j) => (j === k ? x + step : value));
          return of(
            loss,
            base.map((other, j) => (j === i ? { ...e, prediction } : other)),
            fixed,
            false,
          ).value;
        };
        expect(slopes[i * e.prediction.length + k]!).toBeCloseTo((at(1e-5) - at(-1e-5)) / 2e-5, 6);
      });
    });
  });
});

const one = (prediction: number[], target: number, weight = 1): Event => ({ prediction, target, weight });

describe("classification losses", () => {
  test("from probabilities is the loss from logits, with logarithms not below −100", () => {
    const z = [-2, -0.5, 0, 1.5];
    const logits = of(
      binaryCrossEntropy,
      z.map((x, i) => one([x], i % 2)),
    );
    const p = of(
      binaryCrossEntropyOfProbabilities,
      z.map((x, i) => one([1 / (1 + Math.exp(-x))], i % 2)),
    );
    expect(p.value).toBeCloseTo(logits.value, 12);
    const certain = of(binaryCrossEntropyOfProbabilities, [
      one([0], 1),
      one([1], 1),
      one([1], 0),
      one([0], 0),
    ]);
    expect(certain.value).toBe(50);
    expect(certain.slopes.every(Number.isFinite)).toBe(true);
  });

  test("focal with gamma 0 is cross-entropy; gamma damps by the power of 1 − p; alpha weights class 1", () => {
    const binary = [one([0.4], 1), one([-1], 0), one([30], 1)];
    expect(of(focal({ gamma: 0 }), binary).value).toBeCloseTo(of(binaryCrossEntropy, binary).value, 12);
    const several = [one([0.4, 1, -2], 1), one([0.3, 0.2, 0.1], 2)];
    expect(of(focal({ gamma: 0 }), several).value).toBeCloseTo(of(crossEntropy, several).value, 12);
    // p = 0.75.
    const z = Math.log(3);
    expect(of(focal(), [one([z], 1)]).value).toBeCloseTo(-(0.25 ** 2) * Math.log(0.75), 12);
    expect(of(focal({ alpha: 0.2 }), [one([z], 1)]).value).toBeCloseTo(-0.2 * 0.25 ** 2 * Math.log(0.75), 12);
    expect(of(focal({ alpha: 0.2 }), [one([z], 0)]).value).toBeCloseTo(-0.8 * 0.75 ** 2 * Math.log(0.25), 12);
  });
});

describe("regression losses", () => {
  test("the fractional error divides by the size of the target", () => {
    const events = [one([3], 2, 2), one([1], -4, 1)];
    expect(of(fractionalMeanSquaredError, events).value).toBeCloseTo((2 * (1 / 2) + 25 / 4) / 2, 12);
  });

  test("the binned Huber loss is squared up to the threshold and goes on along its tangent", () => {
    const loss = binnedHuber({ edges: [0, 10, 20] });
    // Thresholds 4 and none: |Δ| = 1, 3, 3; the last target is in no bin.
    const at = (p: number, y: number) => of(loss, [one([p], y)], [4, -1], false).value;
    expect(at(6, 5)).toBe(1);
    expect(at(8, 5)).toBe(4 + 2 * 2 * (3 - 2));
    expect(at(8, 5)).toBeLessThan(9);
    expect(at(18, 15)).toBe(9);
    expect(at(28, 25)).toBe(9);
  });

  test("the first batch sets the thresholds, later ones move them by the momentum, other calls do not", () => {
    const loss = binnedHuber({ edges: [0, 10, 20], quantile: 0.5, momentum: 0.25 });
    const events = [one([1], 0), one([2], 0), one([3], 0), one([4], 0), one([15], 13)];
    expect(of(loss, events, [-1, -1]).after).toEqual([4, 4]);
    expect(of(loss, events, [8, -1]).after).toEqual([7, 4]);
    expect(of(loss, events.slice(0, 4), [8, 5]).after).toEqual([7, 5]);
    expect(of(loss, events, [8, -1], false).after).toEqual([8, -1]);
    // With weights the fourth event alone has half of the bin.
    const heavy = events.map((e, i) => (i === 3 ? { ...e, weight: 10 } : e));
    expect(of(loss, heavy, [-1, -1]).after).toEqual([16, 4]);
  });
});

describe("significance loss", () => {
  const events = [one([0.9], 1, 2), one([0.4], 1, 1), one([0.3], 0, 1), one([0.1], 0, 3), one([0.7], 0, 0.5)];
  test("is 1 / AMS of the soft counts scaled to the totals", () => {
    const s = (10 * (0.9 * 2 + 0.4)) / 3;
    const b = (100 * (0.3 + 0.3 + 0.35)) / 4.5;
    for (const options of [
      {},
      { backgroundUncertainty: 0.2 },
      { regularisation: 10, backgroundUncertainty: 0.1 },
    ]) {
      const { value } = of(significanceLoss({ signal: 10, background: 100, ...options }), events);
      expect(value).toBeCloseTo(1 / ams({ s, b, ...options }), 10);
    }
  });

  test("a batch without a class gives 0 and no gradient", () => {
    const loss = significanceLoss({ signal: 10, background: 100 });
    for (const cut of [events.slice(0, 2), events.slice(2), [...events.slice(0, 3), one([0.5], 0, -4)]]) {
      const { value, slopes } = of(loss, cut);
      expect([value, ...slopes].every((x) => x === 0)).toBe(true);
    }
  });
});

test("names and options that are not known are refused with what is", () => {
  expect(() => makeLoss("focla")).toThrow('loss "focla" is not known. Did you mean "focal"?');
  expect(() => makeLoss({ name: "focal", options: { gama: 1 } })).toThrow(
    'option of loss focal "gama" is not known. Did you mean "gamma"? Known: gamma, alpha.',
  );
  expect(() => makeLoss("binnedHuber")).toThrow(
    "binnedHuber: edges must be two or more rising numbers, but are [].",
  );
  expect(() => makeLoss({ name: "significance", options: { signal: 5 } })).toThrow(
    "significance: background must be a positive number, but is undefined.",
  );
  expect(() => makeLoss({ name: "meanSquaredError", options: { gamma: 1 } })).toThrow(
    "option of loss meanSquaredError",
  );
});

test("what a loss carries lies behind the network's running statistics", () => {
  const layout = describeNetwork((scope, x) => {
    scope.child("body").buffer("mean", [2], 0);
    declareLoss(scope, choices.binnedHuber!);
    return x;
  }, 3);
  expect(layout.buffers.map(({ name, offset }) => [name, offset])).toEqual([
    ["body.mean", 0],
    ["loss.thresholds", 2],
  ]);
});
