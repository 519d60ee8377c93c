/** A binary tree from another program's arrays, in any order of nodes, as a `Tree`. */
import { categorySet, type Tree } from "./tree.ts";

/** A node as another program describes it. */
export type ForeignNode =
  | { readonly leaf: number; readonly cover: number }
  | {
      readonly feature: number;
      readonly left: number;
      readonly right: number;
      /** x ≤ threshold goes left. */
      readonly threshold: number;
      /** Categories that go left, instead of the threshold. */
      readonly categories?: readonly number[] | undefined;
      readonly missingLeft: boolean;
      readonly gain: number;
      readonly cover: number;
    };

/** The tree whose root is node `root`; undefined when the nodes do not make a tree. */
export function treeFromNodes(
  nodeAt: (index: number) => ForeignNode | undefined,
  root: number,
): Tree | undefined {
  const nodes: ForeignNode[] = [];
  const rights: number[] = [];
  const open: { readonly index: number; readonly parent: number }[] = [{ index: root, parent: -1 }];
  for (let next = open.pop(); next; next = open.pop()) {
    const node = nodeAt(next.index);
    if (!node || nodes.length > 1e7) return undefined;
    if (next.parent >= 0) rights[next.parent] = nodes.length;
    const place = nodes.push(node) - 1;
    if ("leaf" in node) continue;
    open.push({ index: node.right, parent: place }, { index: node.left, parent: -1 });
  }
  const count = nodes.length;
  const categories: number[] = [];
  const tree = {
    feature: new Int32Array(count).fill(-1),
    right: new Int32Array(count),
    threshold: new Float64Array(count),
    missingLeft: new Uint8Array(count),
    value: new Float64Array(count),
    gain: new Float32Array(count),
    cover: Float32Array.from(nodes, ({ cover }) => cover),
    categoryStart: new Int32Array(count).fill(-1),
  };
  for (const [place, node] of nodes.entries()) {
    if ("leaf" in node) {
      tree.value[place] = node.leaf;
      continue;
    }
    tree.feature[place] = node.feature;
    tree.right[place] = rights[place]!;
    tree.threshold[place] = node.categories ? Number.NaN : node.threshold;
    tree.missingLeft[place] = node.missingLeft ? 1 : 0;
    tree.gain[place] = node.gain;
    if (!node.categories) continue;
    tree.categoryStart[place] = categories.length;
    categories.push(...categorySet(node.categories));
  }
  return { ...tree, categories: Uint32Array.from(categories) };
}
