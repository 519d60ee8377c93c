/** XGBoost's JSON models, for prediction. */
import { FileFormatError } from "../errors/index.ts";
import { treeFromNodes } from "./import-trees.ts";
import type { TreeTask } from "./objective.ts";
import { linkOf, TreeEnsemble } from "./tree-ensemble.ts";

interface XgboostTree {
  readonly left_children: readonly number[];
  readonly right_children: readonly number[];
  readonly split_indices: readonly number[];
  /** Null where the split is on categories. */
  readonly split_conditions: readonly (number | null)[];
  readonly default_left: readonly (number | boolean)[];
  readonly loss_changes: readonly number[];
  readonly sum_hessian: readonly number[];
  readonly split_type?: readonly number[];
  readonly categories?: readonly number[];
  readonly categories_nodes?: readonly number[];
  readonly categories_segments?: readonly number[];
  readonly categories_sizes?: readonly number[];
}

interface XgboostFile {
  readonly learner: {
    readonly feature_names?: readonly string[];
    readonly gradient_booster: {
      readonly name: string;
      readonly model: { readonly trees: readonly XgboostTree[]; readonly tree_info: readonly number[] };
    };
    readonly learner_model_param: {
      readonly base_score: string;
      readonly num_class: string;
      readonly num_feature: string;
    };
    readonly objective: { readonly name: string };
  };
}

const tasks: Readonly<Record<string, TreeTask>> = {
  "binary:logistic": "binary",
  "multi:softprob": "multiclass",
  "multi:softmax": "multiclass",
  "reg:squarederror": "regression",
};

/**
 * The model that XGBoost wrote with `save_model("model.json")`: boosted trees of the objectives binary:logistic,
 * multi:softprob and multi:softmax (class probabilities in both cases) and reg:squarederror. All its trees are used.
 *
 * XGBoost takes features in single precision and goes left where x < threshold.
 *
 * @throws {FileFormatError} for other text, other boosters and other objectives.
 */
export function importXgboost(text: string, where: string = "importXgboost"): TreeEnsemble {
  let file: XgboostFile;
  try {
    // XGBoost writes NaN, which is no JSON, for the threshold of a split on categories.
    file = JSON.parse(text.replace(/(?<=[[,]\s*)NaN(?=\s*[\],])/g, "null")) as XgboostFile;
  } catch {
    throw new FileFormatError(
      `${where}: it is not JSON. Save the model as model.json, not in a binary format.`,
    );
  }
  const learner = file?.learner;
  if (!learner?.gradient_booster || !learner.objective || !learner.learner_model_param) {
    throw new FileFormatError(`${where}: it is no model of XGBoost: there is no "learner" with its parts.`);
  }
  const { name, model } = learner.gradient_booster;
  if (name !== "gbtree") {
    throw new FileFormatError(`${where}: the booster is "${name}"; only "gbtree" can be read.`);
  }
  const task = tasks[learner.objective.name];
  if (!task) {
    throw new FileFormatError(
      `${where}: the objective is "${learner.objective.name}"; only ${Object.keys(tasks).join(", ")} can be read.`,
    );
  }
  const { base_score, num_class, num_feature } = learner.learner_model_param;
  const outputs = task === "multiclass" ? Number(num_class) : 1;
  const score = Number.parseFloat(base_score.replace(/[[\]]/g, ""));
  const base = task === "binary" ? Math.log(score / (1 - score)) : score;
  const trees = model.trees.map((tree, t) => {
    const built = treeFromNodes((index) => nodeOf(tree, index), 0);
    if (!built) throw new FileFormatError(`${where}: tree ${t} is damaged.`);
    return built;
  });
  const { feature_names } = learner;
  return new TreeEnsemble({
    task,
    featureCount: Number(num_feature),
    featureNames: feature_names && feature_names.length > 0 ? feature_names : undefined,
    outputs,
    base: new Float64Array(outputs).fill(base),
    link: linkOf(task),
    trees,
    treeOutput: Int32Array.from(model.tree_info),
  });
}

function nodeOf(tree: XgboostTree, index: number): ReturnType<Parameters<typeof treeFromNodes>[0]> {
  const condition = tree.split_conditions[index];
  const cover = tree.sum_hessian[index] ?? 0;
  const left = tree.left_children[index];
  const right = tree.right_children[index];
  if (condition === undefined || left === undefined || right === undefined) return undefined;
  if (left < 0) return { leaf: Math.fround(condition ?? 0), cover };
  const missingLeft = Number(tree.default_left[index]) === 1;
  const shared = { feature: tree.split_indices[index]!, gain: tree.loss_changes[index] ?? 0, cover };
  const segment = tree.split_type?.[index] === 1 ? tree.categories_nodes?.indexOf(index) : -1;
  if (segment !== undefined && segment >= 0) {
    const start = tree.categories_segments![segment]!;
    const categories = tree.categories!.slice(start, start + tree.categories_sizes![segment]!);
    // In XGBoost the named categories go right: children change places.
    return { ...shared, left: right, right: left, threshold: 0, categories, missingLeft: !missingLeft };
  }
  return { ...shared, left, right, threshold: singleBelow(condition ?? 0), missingLeft };
}

/** The largest number of single precision below x: x' < x and x' ≤ this are the same for such numbers. */
export function singleBelow(x: number): number {
  const single = new Float32Array([x]);
  if (single[0]! < x) return single[0]!;
  const bits = new Int32Array(single.buffer);
  if (single[0] === 0) return -1.401298464324817e-45;
  bits[0]! += single[0]! > 0 ? -1 : 1;
  return single[0]!;
}
