/** LightGBM's text models, for prediction. */
import { FileFormatError } from "../errors/index.ts";
import { type ForeignNode, treeFromNodes } from "./import-trees.ts";
import type { TreeTask } from "./objective.ts";
import { categoriesOf, type Tree } from "./tree.ts";
import { linkOf, TreeEnsemble } from "./tree-ensemble.ts";

const tasks: Readonly<Record<string, TreeTask>> = {
  binary: "binary",
  multiclass: "multiclass",
  regression: "regression",
};

/**
 * The model that LightGBM wrote with `save_model("model.txt")`: objectives binary, multiclass and regression, boosted
 * or a random forest of it. Numbers are compared in double precision, as LightGBM does.
 *
 * @throws {FileFormatError} for other text, other objectives, linear leaves, and splits that take zero for missing
 * and send it where its value would not go.
 */
export function importLightgbm(text: string, where: string = "importLightgbm"): TreeEnsemble {
  const [header = "", ...blocks] = text.split(/\r?\n(?=Tree=\d)/);
  const settings = keyValues(header);
  if (!/^tree\s/.test(header) || !settings.has("max_feature_idx") || blocks.length === 0) {
    throw new FileFormatError(`${where}: it is no text model of LightGBM.`);
  }
  const [name = "", ...options] = (settings.get("objective") ?? "").split(" ");
  const task = tasks[name];
  const sigmoid = options.find((each) => each.startsWith("sigmoid:"));
  if (!task || (sigmoid !== undefined && Number(sigmoid.slice(8)) !== 1) || options.includes("sqrt")) {
    throw new FileFormatError(
      `${where}: the objective is "${[name, ...options].join(" ")}"; only ${Object.keys(tasks).join(", ")} (sigmoid:1) can be read.`,
    );
  }
  const outputs = task === "multiclass" ? Number(settings.get("num_class")) : 1;
  const divisor = header.includes("\naverage_output") ? blocks.length / outputs : 1;
  const trees = blocks.map((block, t) =>
    treeOf(block.split(/\r?\nend of trees/)[0]!, divisor, `${where}: tree ${t}`),
  );
  const featureNames = settings.get("feature_names")?.split(" ");
  return new TreeEnsemble({
    task,
    featureCount: Number(settings.get("max_feature_idx")) + 1,
    featureNames,
    outputs,
    base: new Float64Array(outputs),
    link: linkOf(task),
    trees,
    treeOutput: Int32Array.from(trees, (_, t) => t % outputs),
  });
}

function keyValues(block: string): Map<string, string> {
  const lines = block.split(/\r?\n/).filter((line) => line.includes("="));
  return new Map(lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
}

function treeOf(block: string, divisor: number, where: string): Tree {
  const entries = keyValues(block);
  if (entries.get("is_linear") === "1") throw new FileFormatError(`${where}: linear leaves cannot be read.`);
  const numbers = (key: string): number[] => (entries.get(key) ?? "").split(" ").filter(Boolean).map(Number);
  const [feature, threshold, kind] = [
    numbers("split_feature"),
    numbers("threshold"),
    numbers("decision_type"),
  ];
  const [left, right, gain] = [numbers("left_child"), numbers("right_child"), numbers("split_gain")];
  const [leafValue, leafCount, count] = [
    numbers("leaf_value"),
    numbers("leaf_count"),
    numbers("internal_count"),
  ];
  const [boundaries, sets] = [numbers("cat_boundaries"), numbers("cat_threshold")];
  /** Splits are 0, 1, …; leaf i is −1 − i. */
  const nodeAt = (index: number): ForeignNode | undefined => {
    if (index < 0) {
      const value = leafValue[-1 - index];
      return value === undefined ? undefined : { leaf: value / divisor, cover: leafCount[-1 - index] ?? 0 };
    }
    const [at, type] = [threshold[index], kind[index]];
    if (at === undefined || type === undefined) return undefined;
    const shared = {
      feature: feature[index]!,
      left: left[index]!,
      right: right[index]!,
      gain: gain[index] ?? 0,
      cover: count[index] ?? 0,
    };
    if (type & 1) {
      const words = sets.slice(boundaries[at]!, boundaries[at + 1]!);
      const categories = categoriesOf(Uint32Array.from([words.length, ...words]), 0);
      return { ...shared, threshold: 0, categories, missingLeft: false };
    }
    const missing = (type >> 2) & 3;
    const zeroLeft = 0 <= at;
    const defaultLeft = (type & 2) !== 0;
    if (missing === 1 && zeroLeft !== defaultLeft) {
      throw new FileFormatError(
        `${where}: it takes zero for missing and sends it against its value. Train with zero_as_missing=false.`,
      );
    }
    // Without missing values in the training LightGBM takes NaN for zero.
    return { ...shared, threshold: at, missingLeft: missing === 0 ? zeroLeft : defaultLeft };
  };
  const tree = treeFromNodes(nodeAt, feature.length > 0 ? 0 : -1);
  if (!tree) throw new FileFormatError(`${where} is damaged.`);
  return tree;
}
