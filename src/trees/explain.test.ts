import { describe, expect, it } from "vitest";
import { toyEvents } from "../../test/support/tree-events.ts";
import { weightedMoments } from "../array/index.ts";
import { DataError } from "../errors/index.ts";
import { trainBoosting } from "./boosting.ts";
import { trainForest } from "./forest.ts";
import { gainImportance, permutationImportance } from "./importance.ts";
import { shapValues } from "./shap.ts";
import { goesLeftSpecially, type Tree } from "./tree.ts";
import type { TreeEnsemble } from "./tree-ensemble.ts";
import { parseTrees, treesToJson } from "./tree-file.ts";

const data = toyEvents(400);
const few = data.columns.map((column) => column.slice(0, 40));
const models: readonly (readonly [string, TreeEnsemble])[] = [
  ["boosting", trainBoosting(data, { task: "binary", rounds: 20, categorical: [3] }).model],
  ["forest", trainForest(data, { task: "binary", trees: 10, categorical: [3] }).model],
  ["multiclass forest", trainForest(data, { task: "multiclass", trees: 5 }).model],
  ["softmax", trainBoosting(data, { task: "multiclass", rounds: 5 }).model],
  ["regression", trainBoosting({ ...data, targets: data.columns[0]! }, { task: "regression" }).model],
];

/** E[tree | the features of the coalition], with covers. */
function conditional(tree: Tree, row: readonly number[], known: ReadonlySet<number>, node = 0): number {
  const f = tree.feature[node]!;
  if (f < 0) return tree.value[node]!;
  const [left, right] = [node + 1, tree.right[node]!];
  const x = row[f]!;
  if (known.has(f)) {
    const goesLeft =
      x <= tree.threshold[node]! || (!(x > tree.threshold[node]!) && goesLeftSpecially(tree, node, x));
    return conditional(tree, row, known, goesLeft ? left : right);
  }
  const share = tree.cover[left]! / (tree.cover[left]! + tree.cover[right]!);
  return share * conditional(tree, row, known, left) + (1 - share) * conditional(tree, row, known, right);
}

describe("shapValues", () => {
  it.each(models)("of a %s add up to the scores to 1e-9", (_, model) => {
    const { values, expected } = shapValues(model, few);
    const scores = model.scores(few);
    const { outputs, featureCount } = model;
    for (let i = 0; i < 40; i++) {
      for (let k = 0; k < outputs; k++) {
        let sum = expected[k]!;
        for (let f = 0; f < featureCount; f++) sum += values[(i * featureCount + f) * outputs + k]!;
        expect(Math.abs(sum - scores[i * outputs + k]!)).toBeLessThan(1e-9);
      }
    }
  });

  it("are the Shapley values of the trees' conditional expectation, over all coalitions", () => {
    const [, model] = models[0]!;
    const { values } = shapValues(model, few);
    const factor = [6 / 24, 2 / 24, 2 / 24, 6 / 24]; // |S|! (3 − |S|)! / 4!
    for (let i = 0; i < 10; i++) {
      const row = few.map((column) => column[i]!);
      for (let f = 0; f < 4; f++) {
        let shapley = 0;
        for (let set = 0; set < 16; set++) {
          if (set & (1 << f)) continue;
          const known = new Set([0, 1, 2, 3].filter((g) => set & (1 << g)));
          const withFeature = new Set([...known, f]);
          for (const tree of model.trees) {
            shapley +=
              factor[known.size]! * (conditional(tree, row, withFeature) - conditional(tree, row, known));
          }
        }
        expect(values[i * 4 + f]).toBeCloseTo(shapley, 9);
      }
    }
  });
});

describe("importance", () => {
  it("finds the features that matter, by gain and by permutation", () => {
    const [, model] = models[0]!;
    const { gain, splits } = gainImportance(model);
    expect(gain.reduce((sum, part) => sum + part, 0)).toBeCloseTo(1, 12);
    expect(gain[2]).toBeLessThan(Math.min(gain[0]!, gain[1]!, gain[3]!));
    expect(splits.reduce((sum, count) => sum + count, 0)).toBe(
      model.trees.reduce((sum, { feature }) => sum + feature.filter((f) => f >= 0).length, 0),
    );
    const fresh = toyEvents(1000, 5);
    const brier = (p: Float64Array): number =>
      -p.reduce((sum, each, i) => sum + (each - fresh.targets[i]!) ** 2, 0) / p.length;
    const { importance, standardError, replicas } = permutationImportance(model, fresh.columns, brier);
    expect(replicas.map(({ length }) => length)).toEqual([0, 0, 0, 0]);
    expect(importance[3]!).toBeGreaterThan(10 * standardError[3]!);
    expect(Math.abs(importance[2]!)).toBeLessThan(importance[3]! / 5);
  });
});

describe("replicas of permutation importance", () => {
  const [, model] = models[0]!;
  const bootstrap = { replicaCount: 40, seed: 3 };
  const brier = (events: ReturnType<typeof toyEvents>) => (p: Float64Array, counts?: Uint8Array) => {
    let [sum, total] = [0, 0];
    for (let i = 0; i < p.length; i++) {
      sum -= (counts?.[i] ?? 1) * (p[i]! - events.targets[i]!) ** 2;
      total += counts?.[i] ?? 1;
    }
    return sum / total;
  };

  it("spread as the importance does from sample to sample", () => {
    const values = Array.from({ length: 40 }, (_, seed) => {
      const events = toyEvents(300, 50 + seed);
      return permutationImportance(model, events.columns, brier(events), { repeats: 1 }).importance[3]!;
    });
    const deviation = (all: ArrayLike<number>): number =>
      Math.sqrt(weightedMoments(Float64Array.from(all)).variance);
    const events = toyEvents(300, 5);
    const { replicas } = permutationImportance(model, events.columns, brier(events), {
      repeats: 1,
      bootstrap,
    });
    expect(deviation(replicas[3]!) / deviation(values)).toBeGreaterThan(0.65);
    expect(deviation(replicas[3]!) / deviation(values)).toBeLessThan(1.5);
  });

  it("are NaN where a class was not drawn", () => {
    const events = toyEvents(40, 5);
    const score = (p: Float64Array, counts?: Uint8Array): number => {
      if (counts && counts[0] === 0) throw new DataError("rocAuc: no events of class 1.");
      return brier(events)(p, counts);
    };
    const { replicas, importance } = permutationImportance(model, events.columns, score, { bootstrap });
    const missing = replicas[0]!.filter(Number.isNaN).length;
    expect(missing).toBeGreaterThan(5);
    expect(missing).toBeLessThan(30);
    expect(importance.every(Number.isFinite)).toBe(true);
  });
});

describe("treesToJson and parseTrees", () => {
  it.each(models)("keep a %s bit for bit", (_, model) => {
    const text = treesToJson(model);
    const again = parseTrees(text);
    expect(again.trees).toEqual(model.trees);
    expect(again.predict(data.columns)).toEqual(model.predict(data.columns));
    expect(treesToJson(again)).toBe(text);
  });

  it("refuse what is not whole", () => {
    const text = treesToJson(models[0]![1]);
    expect(() => parseTrees("{", "trees.json")).toThrow("trees.json: it is not JSON.");
    expect(() => parseTrees("{}", "trees.json")).toThrow("trees.json: it is no file of trees of version 1.");
    const file = JSON.parse(text) as { value: string };
    expect(() => parseTrees(JSON.stringify({ ...file, value: "f32:AAAAAA==" }))).toThrow("is damaged");
    expect(() => parseTrees(JSON.stringify({ ...file, value: 3 }))).toThrow(
      "parseTrees: value: expected packed",
    );
  });
});
