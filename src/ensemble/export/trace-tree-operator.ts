/** Trees as one node, TreeEnsembleRegressor of the operators of classical machine learning (ai.onnx.ml 3). */
import { type AttributeValue, classicalOperators } from "../../engine/onnx-messages.ts";
import { categoriesOf, type TreeEnsemble } from "../../trees/index.ts";
import type { NodeBuilder } from "./node-builder.ts";
import { linked, singleAtMost } from "./trace-trees.ts";

/**
 * Writes the nodes that predict `[events, outputs]` from single-precision inputs `[events, features]`; a missing value
 * (NaN) goes where the training sent it. A split on a set of categories is a chain of comparisons with each of them that
 * lead to the same child, as in other programs' exports, which ONNX Runtime takes for one node again.
 */
export function traceTreeOperator(builder: NodeBuilder, trees: TreeEnsemble, inputs: string): string {
  const score = builder.nodeOf(
    classicalOperators.domain,
    "TreeEnsembleRegressor",
    [inputs],
    attributesOf(trees),
  );
  return linked(builder, trees.link, score);
}

/** The trees as lists over all nodes, and over what the leaves add to which output. */
function attributesOf({ trees, treeOutput, outputs, base }: TreeEnsemble): Record<string, AttributeValue> {
  const nodes: TreeNode[] = [];
  const leaves: Leaf[] = [];
  for (const [t, tree] of trees.entries()) {
    let nextId = tree.feature.length;
    for (let i = 0; i < tree.feature.length; i++) {
      if (tree.feature[i]! < 0) {
        nodes.push({ ...leafNode, tree: t, id: i });
        const only = treeOutput[t]!;
        const width = only < 0 ? outputs : 1;
        for (let k = 0; k < width; k++) {
          leaves.push({ tree: t, id: i, output: only < 0 ? k : only, value: tree.value[i * width + k]! });
        }
        continue;
      }
      const common = {
        tree: t,
        feature: tree.feature[i]!,
        left: i + 1,
        missingLeft: tree.missingLeft[i]!,
      };
      const right = tree.right[i]!;
      const start = tree.categoryStart[i]!;
      if (start < 0) {
        const value = singleAtMost(tree.threshold[i]!);
        nodes.push({ ...common, id: i, mode: "BRANCH_LEQ", value, right });
        continue;
      }
      const categories = categoriesOf(tree.categories, start);
      // No category is negative: an empty set is a comparison that never holds.
      if (categories.length === 0) categories.push(-1);
      let id = i;
      for (const [c, value] of categories.entries()) {
        const isLast = c === categories.length - 1;
        nodes.push({ ...common, id, mode: "BRANCH_EQ", value, right: isLast ? right : nextId });
        if (!isLast) id = nextId++;
      }
    }
  }
  return {
    n_targets: { i: outputs },
    base_values: { floats: [...base] },
    nodes_treeids: { ints: nodes.map(({ tree }) => tree) },
    nodes_nodeids: { ints: nodes.map(({ id }) => id) },
    nodes_featureids: { ints: nodes.map(({ feature }) => feature) },
    nodes_values: { floats: nodes.map(({ value }) => value) },
    nodes_modes: { strings: nodes.map(({ mode }) => mode) },
    nodes_truenodeids: { ints: nodes.map(({ left }) => left) },
    nodes_falsenodeids: { ints: nodes.map(({ right }) => right) },
    nodes_missing_value_tracks_true: { ints: nodes.map(({ missingLeft }) => missingLeft) },
    target_treeids: { ints: leaves.map(({ tree }) => tree) },
    target_nodeids: { ints: leaves.map(({ id }) => id) },
    target_ids: { ints: leaves.map(({ output }) => output) },
    target_weights: { floats: leaves.map(({ value }) => value) },
  };
}

/** A node as the operator has it: where its condition holds, an event goes left. */
interface TreeNode {
  readonly tree: number;
  readonly id: number;
  readonly mode: "BRANCH_LEQ" | "BRANCH_EQ" | "LEAF";
  readonly feature: number;
  readonly value: number;
  readonly left: number;
  readonly right: number;
  readonly missingLeft: number;
}

interface Leaf {
  readonly tree: number;
  readonly id: number;
  readonly output: number;
  readonly value: number;
}

const leafNode = { mode: "LEAF", feature: 0, value: 0, left: 0, right: 0, missingLeft: 0 } as const;
