import { describe, expect, it } from "vitest";
import { toyEvents } from "../../test/support/tree-events.ts";
import { type BoostingOptions, trainBoosting } from "./boosting.ts";
import type { TreeData } from "./training-data.ts";
import { treesToJson } from "./tree-file.ts";

/** Events of the rows, in their order. */
function rowsOf({ columns, targets, weights }: TreeData, rows: readonly number[]): TreeData {
  return {
    columns: columns.map((column) => Float64Array.from(rows, (row) => column[row]!)),
    targets: rows.map((row) => targets[row]!),
    weights: weights && rows.map((row) => weights[row]!),
  };
}

const options: BoostingOptions = { task: "binary", rounds: 8, maxDepth: 4, categorical: [3] };

describe("trainBoosting", () => {
  it("without weights is the same as with all weights one", () => {
    const { columns, targets } = toyEvents(300);
    const ones = trainBoosting({ columns, targets, weights: new Float64Array(300).fill(1) }, options);
    expect(treesToJson(trainBoosting({ columns, targets }, options).model)).toBe(treesToJson(ones.model));
  });

  it("takes weight 2 for the event twice, weight 0 for no event", () => {
    const { columns, targets } = toyEvents(300);
    const all = Array.from({ length: 300 }, (_, i) => i);
    const weights = all.map((i) => [1, 2, 0][i % 3]!);
    const doubled = all.flatMap((i) => Array<number>(weights[i]!).fill(i));
    const weighted = trainBoosting({ columns, targets, weights }, options).model.predict(columns);
    const repeated = trainBoosting(rowsOf({ columns, targets }, doubled), options).model.predict(columns);
    for (let i = 0; i < 300; i++) expect(weighted[i]).toBeCloseTo(repeated[i]!, 12);
  });

  it("is unchanged by a scale of all weights with minChildWeight, lambda and gamma scaled alike", () => {
    const { columns, targets, weights } = toyEvents(300);
    const scaled = weights.map((w) => 1024 * w);
    const a = trainBoosting({ columns, targets, weights }, { ...options, gamma: 0.5 }).model;
    const b = trainBoosting(
      { columns, targets, weights: scaled },
      { ...options, gamma: 512, lambda: 1024, minChildWeight: 1024 },
    ).model;
    expect(b.predict(columns)).toEqual(a.predict(columns));
  });

  it("forgets events that negative weights cancel", () => {
    const { columns, targets, weights } = toyEvents(200);
    const twice = columns.map((column) => Float32Array.from([...column, ...column, ...column]));
    const labels = [...targets, ...targets, ...Array.from(targets, (y) => y)];
    const signed = [...weights, ...weights, ...weights.map((w) => -w)];
    const cancelled = trainBoosting({ columns: twice, targets: labels, weights: signed }, options).model;
    const plain = trainBoosting({ columns, targets, weights }, options).model;
    // Bins are made of |w|, all splits and values of w: with a bin for each value they agree.
    const [a, b] = [cancelled.predict(columns), plain.predict(columns)];
    for (let i = 0; i < 200; i++) expect(a[i]).toBeCloseTo(b[i]!, 9);
  });

  it("stops early and keeps the round of lowest validation loss", () => {
    const validation = toyEvents(300, 2);
    const { history, bestRound, model } = trainBoosting(toyEvents(300), {
      ...options,
      rounds: 400,
      learningRate: 0.5,
      patience: 10,
      validation,
    });
    const losses = history.map(({ validationLoss }) => validationLoss);
    expect(history.length).toBe(bestRound + 10);
    expect(losses.indexOf(Math.min(...losses)) + 1).toBe(bestRound);
    expect(model.trees.length).toBe(bestRound);
  });

  it("fits a step of a regression and the classes of a softmax exactly enough", () => {
    const x = Float64Array.from({ length: 90 }, (_, i) => i);
    const step = trainBoosting(
      { columns: [x], targets: x.map((v) => (v < 30 ? 1 : 5)) },
      { task: "regression", lambda: 0, learningRate: 1, rounds: 1 },
    ).model.predict([[0, 29, 30, 89]]);
    expect(Array.from(step)).toEqual([1, 1, 5, 5]);
    const classes = trainBoosting(
      { columns: [x], targets: x.map((v) => Math.floor(v / 30)) },
      { task: "multiclass", rounds: 40, learningRate: 0.5 },
    ).model.predict([[10, 40, 80]]);
    for (let k = 0; k < 3; k++) expect(classes[k * 4]).toBeGreaterThan(0.95);
  });

  it("learns where missing values belong", () => {
    const x = Float64Array.from({ length: 100 }, (_, i) => (i % 2 ? Number.NaN : i));
    const targets = Float64Array.from({ length: 100 }, (_, i) => (i % 2 || i < 50 ? 1 : 0));
    const { model } = trainBoosting(
      { columns: [x], targets },
      { task: "binary", rounds: 30, learningRate: 0.5 },
    );
    const [low, high, missing] = model.predict([[10, 90, Number.NaN]]);
    expect(low).toBeGreaterThan(0.9);
    expect(missing).toBeGreaterThan(0.9);
    expect(high).toBeLessThan(0.1);
  });

  it("obeys maxLeaves and the same seed", () => {
    const data = toyEvents(500);
    const settings = {
      ...options,
      maxLeaves: 5,
      maxDepth: 10,
      subsample: 0.7,
      columnSubsample: 0.5,
      seed: 3,
    };
    const { model } = trainBoosting(data, settings);
    for (const tree of model.trees) expect(tree.feature.length).toBeLessThanOrEqual(9);
    expect(treesToJson(trainBoosting(data, settings).model)).toBe(treesToJson(model));
    expect(treesToJson(trainBoosting(data, { ...settings, seed: 4 }).model)).not.toBe(treesToJson(model));
  });

  it("says what is wrong with data and options", () => {
    const { columns, targets } = toyEvents(10);
    const train = (data: Partial<TreeData>, more: Partial<BoostingOptions> = {}) =>
      trainBoosting({ columns, targets, ...data }, { ...options, ...more });
    expect(() => train({ targets: [0, 1] })).toThrow(
      "trainBoosting: column 0 has 10 events, but there are 2 targets.",
    );
    expect(() => train({ targets: new Float64Array(10).fill(2) })).toThrow(
      "trainBoosting: event 0 has the target 2, but a binary target is a class number, 0 or 1.",
    );
    expect(() => train({ weights: new Float64Array(10).fill(-1) })).toThrow(
      "sum to a number that is not positive",
    );
    expect(() => train({}, { learningRate: 0 })).toThrow(
      "learningRate: expected a number from 1e-9 to 10, not 0.",
    );
    expect(() => train({}, { patience: 3 })).toThrow("patience needs validation events");
    expect(() => train({}, { categorical: [0] })).toThrow(
      "column 0 is categorical, but event 0 has the value",
    );
  });
});
