import { describe, expect, it } from "vitest";
import { toyEvents } from "../../test/support/tree-events.ts";
import { type ForestOptions, trainForest } from "./forest.ts";
import { treesToJson } from "./tree-file.ts";

const options: ForestOptions = { task: "binary", trees: 12, bootstrap: false, categorical: [3] };

describe("trainForest", () => {
  it("without weights is the same as with all weights one", () => {
    const { columns, targets } = toyEvents(300);
    const settings = { ...options, bootstrap: true };
    const ones = trainForest({ columns, targets, weights: new Float64Array(300).fill(1) }, settings);
    expect(treesToJson(trainForest({ columns, targets }, settings).model)).toBe(treesToJson(ones.model));
  });

  it.each(["random", "extra"] as const)(
    "%s: takes weight 2 for the event twice, weight 0 for no event",
    (kind) => {
      const { columns, targets } = toyEvents(300);
      const weights = Float64Array.from(targets, (_, i) => [1, 2, 0][i % 3]!);
      const rows = Array.from(weights, (w, i) => Array<number>(w).fill(i)).flat();
      const repeated = trainForest(
        {
          columns: columns.map((column) => Float64Array.from(rows, (row) => column[row]!)),
          targets: rows.map((row) => targets[row]!),
        },
        { ...options, kind, minLeafWeight: 4 },
      );
      const weighted = trainForest({ columns, targets, weights }, { ...options, kind, minLeafWeight: 4 });
      const [a, b] = [weighted.model.predict(columns), repeated.model.predict(columns)];
      for (let i = 0; i < 300; i++) expect(a[i]).toBeCloseTo(b[i]!, 12);
    },
  );

  it("is unchanged by a scale of all weights with minLeafWeight scaled alike", () => {
    const { columns, targets, weights } = toyEvents(300);
    const a = trainForest({ columns, targets, weights }, { ...options, bootstrap: true, minLeafWeight: 3 });
    const b = trainForest(
      { columns, targets, weights: weights.map((w) => w / 512) },
      { ...options, bootstrap: true, minLeafWeight: 3 / 512 },
    );
    expect(b.model.predict(columns)).toEqual(a.model.predict(columns));
  });

  it("gives finite shares in [0, 1] with negative weights", () => {
    const { columns, targets, weights } = toyEvents(400);
    const signed = weights.map((w, i) => (i % 5 === 0 ? -w : w));
    for (const task of ["binary", "multiclass"] as const) {
      const predictions = trainForest(
        { columns, targets, weights: signed },
        { ...options, task },
      ).model.predict(columns);
      for (const p of predictions) expect(p >= 0 && p <= 1).toBe(true);
    }
  });

  it("of two classes is the same as binary and as multiclass", () => {
    const { columns, targets } = toyEvents(300);
    const binary = trainForest({ columns, targets }, options).model.predict(columns);
    const several = trainForest({ columns, targets }, { ...options, task: "multiclass" }).model.predict(
      columns,
    );
    for (let i = 0; i < 300; i++) expect(several[2 * i + 1]).toBeCloseTo(binary[i]!, 12);
  });

  it("sums three classes in pairs without mixing them", () => {
    const x = Float64Array.from({ length: 600 }, (_, i) => i % 300);
    const targets = x.map((v) => Math.floor(v / 100));
    const { model } = trainForest({ columns: [x], targets }, { task: "multiclass", trees: 3 });
    expect(Array.from(model.predict([[50, 150, 250]]))).toEqual([1, 0, 0, 0, 1, 0, 0, 0, 1]);
  });

  it("scores out of the bag as well as unseen events, and worse than the events that it saw", () => {
    const data = toyEvents(1500);
    const { model, outOfBag } = trainForest(data, { ...options, trees: 60, bootstrap: true, outOfBag: true });
    const fresh = toyEvents(3000, 9);
    const brier = (predictions: Float64Array, targets: ArrayLike<number>): number =>
      predictions.reduce((sum, p, i) => sum + (p - targets[i]!) ** 2, 0) / predictions.length;
    const unseen = brier(model.predict(fresh.columns), fresh.targets);
    expect(Math.abs(brier(outOfBag!, data.targets) - unseen)).toBeLessThan(0.015);
    expect(brier(model.predict(data.columns), data.targets)).toBeLessThan(0.6 * unseen);
  });

  it("predicts the mean of a regression's leaves", () => {
    const x = Float64Array.from({ length: 200 }, (_, i) => i);
    const { model } = trainForest(
      { columns: [x], targets: x.map((v) => (v < 100 ? 2 : 7)) },
      { task: "regression", trees: 5, bootstrap: false },
    );
    expect(Array.from(model.predict([[99, 100]]))).toEqual([2, 7]);
  });

  it("refuses weights that cancel", () => {
    const data = { columns: [[1, 2]], targets: [0, 1], weights: [1, -1] };
    expect(() => trainForest(data, options)).toThrow(
      "trainForest: the weights sum to 0. Trees need a positive sum of weights.",
    );
  });
});
