import { describe, expect, it } from "vitest";
import { Stream } from "../array/index.ts";
import { mutualDependence } from "./dependence.ts";
import { selectFeatures } from "./select-features.ts";
import { compareFeatures } from "./selection-check.ts";
import { filterByCorrelation, filterByDependence } from "./selection-filters.ts";
import {
  explainedShare,
  type FeatureEvents,
  scoreFeatures,
  splitFeatureEvents,
  withFeatures,
} from "./selection-forest.ts";
import { rankFeatures, rankOnBootstraps } from "./selection-ranking.ts";
import { checkRemoval, removeGuarded } from "./selection-removal.ts";
import { scanForest } from "./selection-scan.ts";

/** x decides, y helps, copy is a function of x, sum is x + y, two more are noise. */
function toy(count: number, seed = 1): FeatureEvents {
  const stream = new Stream(seed, "toy");
  const normal = (): Float64Array => Float64Array.from({ length: count }, () => stream.normal());
  const [x, y, noise, more] = [normal(), normal(), normal(), normal()];
  return {
    names: ["noise", "x", "copy", "y", "sum", "more"],
    columns: [noise!, x!, x!.map((v) => v ** 3), y!, x!.map((v, i) => v + y![i]!), more!],
    targets: Uint8Array.from(x!, (v, i) => Number(2 * v + y![i]! + stream.normal() > 0)),
    weights: Float64Array.from({ length: count }, (_, i) => (i % 11 === 0 ? -0.4 : 1 + (i % 3))),
  };
}
const forest = { trees: 15, minLeafEvents: 5, maxFeatures: { part: 0.5 } };
const events = splitFeatureEvents("binary", toy(1500), 0.4, new Stream(1, "split"));
const independent = ["noise", "x", "y", "more"];
const few = {
  ...events,
  training: withFeatures(events.training, independent),
  held: withFeatures(events.held, independent),
};

describe("splitFeatureEvents", () => {
  it("puts every event in one of the parts, and keeps the classes in proportion", () => {
    const all = toy(1500);
    const sum = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => a + b, 0);
    const { training, held } = events;
    expect(training.targets.length + held.targets.length).toBe(1500);
    expect(sum(training.columns[0]!) + sum(held.columns[0]!)).toBeCloseTo(sum(all.columns[0]!), 9);
    expect(Math.abs(sum(held.targets) - 0.4 * sum(all.targets))).toBeLessThanOrEqual(1);
  });
});

describe("scanForest", () => {
  it("tries the values in turn and keeps the forest that scored best", () => {
    const {
      forest: best,
      score,
      tried,
    } = scanForest(events, { trees: 8, minLeafEvents: [1, 50], maxFeatures: [0.5] });
    expect(tried.map((one) => one.forest.minLeafEvents)).toEqual([1, 50, best.minLeafEvents]);
    expect(score).toBe(Math.max(...tried.map((one) => one.score)));
    expect(tried.find((one) => one.score === score)!.forest).toEqual(best);
  });
});

describe("rankFeatures", () => {
  const { features, score, keptScore } = rankFeatures(few, { forest, forestCount: 4 });

  it("puts what decides first, and keeps it", () => {
    expect(features.slice(0, 2).map(({ name }) => name)).toEqual(["x", "y"]);
    expect(features.slice(0, 2).map(({ isKept }) => isKept)).toEqual([true, true]);
    expect(features[0]!.importance).toBeGreaterThan(3 * features[0]!.standardError);
  });

  it("has standard errors that say how far noise is from 0, and seldom keeps it", () => {
    const noise = Array.from({ length: 20 }, (_, sample) => {
      const { task, training, held } = splitFeatureEvents(
        "binary",
        toy(800, 100 + sample),
        0.4,
        new Stream(1, "split"),
      );
      const reduced = {
        task,
        training: withFeatures(training, independent),
        held: withFeatures(held, independent),
      };
      return rankFeatures(reduced, { forest: { ...forest, trees: 8 } }).features.filter(({ name }) =>
        ["noise", "more"].includes(name),
      );
    }).flat();
    // Of Student's t with four degrees of freedom the median size is 0.74; of s/√5 alone pulls are twice as large.
    const pulls = noise.map(({ importance, standardError }) => Math.abs(importance / standardError));
    const median = pulls.sort((a, b) => a - b)[pulls.length / 2]!;
    expect(median).toBeGreaterThan(0.4);
    expect(median).toBeLessThan(1.2);
    expect(noise.filter(({ isKept }) => isKept).length / noise.length).toBeLessThan(0.35);
  });

  it("scores forests on the kept features no worse", () => {
    expect(keptScore!.mean).toBeGreaterThan(score.mean - 0.005);
  });

  it("on bootstraps keeps x every time and noise seldom", () => {
    const fractions = new Map(
      rankOnBootstraps(few, { forest, repetitions: 6 }).map((one) => [one.name, one.keptFraction]),
    );
    expect(fractions.get("x")).toBe(1);
    expect(fractions.get("y")).toBe(1);
    expect(fractions.get("noise")! + fractions.get("more")!).toBeLessThan(2);
  });
});

describe("mutualDependence", () => {
  it("is near 1 for what follows from others, which it names, and near 0 for noise", () => {
    const { names, dependence, predictors } = mutualDependence(events.training, { forest });
    const at = (name: string): number => names.indexOf(name);
    expect(dependence[at("sum")]).toBeGreaterThan(0.8);
    expect(dependence[at("noise")]).toBeLessThan(0.1);
    const ofSum = predictors[at("sum")]!;
    expect(ofSum[at("y")]).toBeGreaterThan(0.2);
    expect(Math.abs(ofSum[at("noise")]!)).toBeLessThan(0.05);
    expect(ofSum[at("sum")]).toBe(0);
  });

  it("of categories is the skill of their prediction", () => {
    const x = Float64Array.from({ length: 600 }, (_, i) => i % 100);
    const kind = x.map((v) => Math.floor(v / 34));
    const found = mutualDependence({
      names: ["x", "kind"],
      columns: [x, kind],
      categorical: ["kind"],
      targets: x,
    });
    expect(found.dependence[1]).toBeGreaterThan(0.95);
    expect(explainedShare(Float64Array.of(1, 0, 0, 1), [0, 1])).toBe(1);
    expect(explainedShare(Float64Array.of(0.5, 0.5, 0.5, 0.5), [0, 1])).toBe(0);
  });
});

describe("guarded removal", () => {
  it("leaves out noise and keeps what the score needs", () => {
    const { kept, trials } = removeGuarded(few, independent, ["noise", "x"], {
      forest,
      forestCount: 2,
      maximumLoss: 0.01,
    });
    expect(kept).toEqual(["x", "y", "more"]);
    expect(trials.map(({ isRemoved }) => isRemoved)).toEqual([true, false]);
  });

  it("checkRemoval says what each feature is worth, and removes nothing", () => {
    const { kept, score, trials } = checkRemoval(few, ["x"], { forest, forestCount: 2 });
    expect(kept).toEqual(independent);
    expect(trials[0]!.score).toEqual(scoreFeatures(few, ["noise", "y", "more"], forest, 2, 1337));
    expect(trials[0]!.score.mean).toBeLessThan(score.mean - 0.05);
  });
});

describe("filters", () => {
  it("filterByCorrelation leaves one of two monotone functions of each other", () => {
    const names = ["x", "copy", "y"];
    const { kept, clusters, trials } = filterByCorrelation(events, names, {
      forest,
      forestCount: 2,
      maximumLoss: 0.02,
      ranking: ["y", "copy", "x"],
    });
    expect(clusters.clusters.map(({ features }) => features)).toEqual([[0, 1]]);
    expect(trials.map(({ name, isRemoved }) => [name, isRemoved])).toEqual([["x", true]]);
    expect(kept).toEqual(["copy", "y"]);
  });

  it("filterByCorrelation keeps all where the score must rise", () => {
    const { kept } = filterByCorrelation(events, ["x", "copy", "y"], {
      forest,
      forestCount: 2,
      reference: 1,
    });
    expect(kept).toEqual(["x", "copy", "y"]);
  });

  it("filterByDependence leaves out what others predict, but not those others", () => {
    const names = ["x", "y", "sum", "more"];
    const { kept, dependence, trials } = filterByDependence(events, names, {
      forest,
      forestCount: 2,
      maximumLoss: 0.03,
      threshold: 0.6,
      ranking: ["x", "y", "more", "sum"],
      dependence: { forest },
    });
    expect(dependence.dependence[2]).toBeGreaterThan(0.8);
    expect(trials[0]).toMatchObject({ name: "sum", isRemoved: true });
    expect(kept).toEqual(["x", "y", "more"]);
  });
});

describe("selectFeatures", () => {
  const options = { task: "binary", trees: 10, forestCount: 2, bootstraps: 4, maximumLoss: 0.01 } as const;

  it("keeps a few features that score like all, says why the others went, and repeats itself exactly", () => {
    const steps: string[] = [];
    const selection = selectFeatures(toy(900), { ...options, onProgress: (step) => steps.push(step) });
    const { selected, removed } = selection;
    expect(removed.length).toBeGreaterThan(0);
    expect(selected.some((name) => ["x", "copy", "sum"].includes(name))).toBe(true);
    expect([...selected, ...removed.map(({ name }) => name)].sort()).toEqual([...toy(1).names].sort());
    expect([...new Set(steps)]).toEqual([
      "forest",
      "ranking",
      "bootstraps",
      "choice",
      "correlation",
      "dependence",
    ]);
    expect(selectFeatures(toy(900), options)).toEqual(selection);
    const held = toy(900, 2);
    const { cost, uncertainty } = compareFeatures({ task: "binary", training: toy(900), held }, selected, {
      forest,
      forestCount: 2,
    });
    expect(cost).toBeLessThan(0.01 + 2 * uncertainty);
  });

  it("keeps noise in few samples, and in all what decides", () => {
    const samples = Array.from({ length: 8 }, (_, k) => selectFeatures(toy(600, 20 + k), options).selected);
    const times = (names: readonly string[]): number =>
      samples.flat().filter((name) => names.includes(name)).length;
    // Of 16 chances. What noise has in common with the target by chance is in all bootstraps of a sample.
    expect(times(["noise", "more"])).toBeLessThanOrEqual(8);
    expect(samples.every((names) => names.some((name) => ["x", "copy", "sum"].includes(name)))).toBe(true);
  });

  it("keeps to the maximum", () => {
    expect(selectFeatures(toy(600), { ...options, maximum: 1 }).selected.length).toBe(1);
  });

  it("refuses a single feature", () => {
    expect(() => selectFeatures(withFeatures(toy(50), ["x"]), options)).toThrow(
      "selectFeatures: at least two features are needed, but there are 1.",
    );
  });
});
