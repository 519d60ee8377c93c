/** Trees as plain operators: all events walk down all trees at once, one level a step. */
import type { Link, TreeEnsemble } from "../../trees/index.ts";
import { categoriesOf, type Tree } from "../../trees/index.ts";
import type { NodeBuilder } from "./node-builder.ts";

/** Arrays over the nodes of all trees, one after the other; leaves lead to themselves. */
interface FlatTrees {
  readonly roots: number[];
  readonly feature: number[];
  readonly threshold: Float32Array;
  readonly left: number[];
  readonly right: number[];
  /** `[nodes, outputs]`. */
  readonly value: Float32Array;
  readonly depth: number;
  /** Where a node's row of `isLeft` begins; row 0 is all zero. Empty without splits on categories. */
  readonly setStart: number[];
  readonly isLeft: number[];
  readonly categoryCount: number;
}

/**
 * Writes the nodes that predict `[events, outputs]` from inputs `[events, features]` without missing values: for each
 * level Gather the split, compare, Where the child (the "tree traversal" of Hummingbird, arXiv 2010.04804).
 */
export function traceTrees(builder: NodeBuilder, trees: TreeEnsemble, inputs: string, part: string): string {
  const flat = flatten(trees);
  const { names } = builder;
  const feature = names.integers(flat.feature);
  const left = names.integers(flat.left);
  const right = names.integers(flat.right);
  const threshold = builder.floats(`${part}/threshold`, flat.threshold, [flat.threshold.length]);
  const { outputs } = trees;
  const value = builder.floats(`${part}/value`, flat.value, [flat.feature.length, outputs]);
  const gather = (from: string, index: string): string =>
    builder.node("Gather", [from, index], { axis: { i: 0 } });
  const shape = builder.node("Shape", [inputs]);
  const eventCount = builder.node("Gather", [shape, names.integers([0])], { axis: { i: 0 } });
  const wanted = builder.node("Concat", [eventCount, names.integers([flat.roots.length])], {
    axis: { i: 0 },
  });
  let node = builder.node("Expand", [names.integers(flat.roots), wanted]);
  const hasSets = flat.setStart.length > 0;
  for (let level = 0; level < flat.depth; level++) {
    const x = builder.node("GatherElements", [inputs, gather(feature, node)], { axis: { i: 1 } });
    let goesLeft = builder.node("LessOrEqual", [x, gather(threshold, node)]);
    if (hasSets) {
      const limits = [builder.float(0), builder.float(flat.categoryCount - 1)];
      const code = builder.node("Cast", [builder.node("Clip", [x, ...limits])], { to: { i: 7 } });
      const at = builder.node("Add", [gather(names.integers(flat.setStart), node), code]);
      const isIn = builder.node("Equal", [gather(names.integers(flat.isLeft), at), names.integers([1])]);
      goesLeft = builder.node("Or", [goesLeft, isIn]);
    }
    node = builder.node("Where", [goesLeft, gather(left, node), gather(right, node)]);
  }
  const sum = builder.node("ReduceSum", [gather(value, node), names.integers([1])], { keepdims: { i: 0 } });
  const base = builder.floats(`${part}/base`, Float32Array.from(trees.base), [outputs]);
  return linked(builder, trees.link, builder.node("Add", [sum, base]));
}

/** The prediction from scores `[events, outputs]`. */
export function linked(builder: NodeBuilder, link: Link, score: string): string {
  switch (link) {
    case "identity":
      return score;
    case "logistic":
      return builder.node("Sigmoid", [score]);
    case "softmax":
      return builder.node("Softmax", [score], { axis: { i: 1 } });
  }
}

function flatten({ trees, treeOutput, outputs }: TreeEnsemble): FlatTrees {
  const count = trees.reduce((sum, tree) => sum + tree.feature.length, 0);
  const [roots, feature, left, right] = [[], [], [], []] as [number[], number[], number[], number[]];
  const threshold = new Float32Array(count);
  const value = new Float32Array(count * outputs);
  const hasSets = trees.some(({ categories }) => categories.length > 0);
  const sets: number[][] = [];
  const setOf: number[] = [];
  let depth = 0;
  for (const [t, tree] of trees.entries()) {
    const first = feature.length;
    roots.push(first);
    depth = Math.max(depth, depthOf(tree));
    const output = treeOutput[t]!;
    for (let i = 0; i < tree.feature.length; i++) {
      const node = first + i;
      const isLeaf = tree.feature[i]! < 0;
      feature.push(isLeaf ? 0 : tree.feature[i]!);
      left.push(isLeaf ? node : node + 1);
      right.push(isLeaf ? node : first + tree.right[i]!);
      threshold[node] = isLeaf ? 0 : singleAtMost(tree.threshold[i]!);
      const start = tree.categoryStart[i]!;
      setOf.push(start >= 0 ? sets.push(categoriesOf(tree.categories, start)) : 0);
      if (!isLeaf) continue;
      if (output >= 0) value[node * outputs + output] = tree.value[i]!;
      else value.set(tree.value.subarray(i * outputs, (i + 1) * outputs), node * outputs);
    }
  }
  // One more than any category of a set: every other category is in none.
  const categoryCount = 2 + sets.flat().reduce((most, category) => Math.max(most, category), 0);
  const isLeft = hasSets ? new Array<number>((sets.length + 1) * categoryCount).fill(0) : [];
  for (const [s, set] of sets.entries()) {
    for (const category of set) isLeft[(s + 1) * categoryCount + category] = 1;
  }
  const setStart = hasSets ? setOf.map((set) => set * categoryCount) : [];
  return { roots, feature, threshold, left, right, value, depth, setStart, isLeft, categoryCount };
}

/** Splits on the longest path. */
function depthOf({ feature, right }: Tree): number {
  const depths = new Int32Array(feature.length);
  let most = 0;
  for (let node = 0; node < feature.length; node++) {
    most = Math.max(most, depths[node]!);
    if (feature[node]! < 0) continue;
    depths[node + 1] = depths[node]! + 1;
    depths[right[node]!] = depths[node]! + 1;
  }
  return most;
}

/** The largest number of single precision that is not above t: single-precision values are split alike. */
export function singleAtMost(t: number): number {
  const single = Float32Array.of(t);
  if (!(single[0]! > t)) return single[0]!;
  const bits = new Int32Array(single.buffer);
  bits[0]! += single[0]! > 0 ? -1 : 1;
  return single[0]!;
}
