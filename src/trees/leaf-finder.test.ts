import { describe, expect, it } from "vitest";
import { toyEvents } from "../../test/support/tree-events.ts";
import { Stream } from "../array/index.ts";
import { trainForest } from "./forest.ts";
import { LeafFinder, packTree } from "./leaf-finder.ts";
import { goesLeftSpecially, type Tree } from "./tree.ts";

/** The rule of `Tree`, word by word. */
function leafByRule(tree: Tree, row: readonly number[]): number {
  let node = 0;
  while (tree.feature[node]! >= 0) {
    const x = row[tree.feature[node]!]!;
    const goesLeft =
      Number.isNaN(x) || tree.categoryStart[node]! >= 0
        ? goesLeftSpecially(tree, node, x)
        : x <= tree.threshold[node]!;
    node = goesLeft ? node + 1 : tree.right[node]!;
  }
  return node;
}

describe("LeafFinder", () => {
  it.each([
    ["values", []],
    ["values and categories", [3]],
  ])("finds the leaf of every event in trees of %s, with missing values and infinities", (_, categorical) => {
    const { model } = trainForest(toyEvents(600), { task: "binary", trees: 5, categorical });
    const stream = new Stream(3, "events");
    const eventCount = 5003;
    const columns = Array.from({ length: 4 }, (_, f) =>
      Float64Array.from({ length: eventCount }, () => {
        if (stream.uniform() < 0.1) return Number.NaN;
        if (f < 3 && stream.uniform() < 0.02) return stream.uniform() < 0.5 ? -Infinity : Infinity;
        return f === 3 ? stream.integer(8) : stream.normal();
      }),
    );
    const finder = new LeafFinder(
      4,
      Math.max(...model.trees.map(({ feature }) => feature.length)),
      eventCount,
    );
    for (let start = 0; start < eventCount; start += finder.capacity) {
      const count = Math.min(finder.capacity, eventCount - start);
      finder.setEvents(columns, start, count);
      for (const tree of model.trees) {
        const leaves = finder.find(packTree(tree), count);
        for (let i = 0; i < count; i++) {
          const row = columns.map((column) => column[start + i]!);
          expect(leaves[i]).toBe(leafByRule(tree, row));
        }
      }
    }
  });

  it("forgets the missing values of the block before", () => {
    const { model } = trainForest(toyEvents(200), { task: "binary", trees: 1 });
    const [tree] = model.trees as [Tree];
    const finder = new LeafFinder(4, tree.feature.length, 5);
    for (const x of [Number.NaN, 0.3]) {
      finder.setEvents([[x], [x], [x], [x]], 0, 1);
      expect(finder.find(packTree(tree), 1)[0]).toBe(leafByRule(tree, [x, x, x, x]));
    }
  });

  it("knows a tree of one leaf, and no events", () => {
    const { model } = trainForest({ columns: [[1, 2]], targets: [1, 1] }, { task: "binary", trees: 2 });
    expect(Array.from(model.predict([[5, Number.NaN]]))).toEqual([1, 1]);
    expect(model.predict([[]]).length).toBe(0);
  });
});
