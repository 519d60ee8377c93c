/** Tree models as JSON: everything as it was, exactly, in few bytes. */
import { FileFormatError } from "../errors/index.ts";
import type { TreeTask } from "./objective.ts";
import { packNumbers, packSmallest, unpackNumbers } from "./packed-numbers.ts";
import type { Tree } from "./tree.ts";
import { type Link, TreeEnsemble } from "./tree-ensemble.ts";

const format = "lumin-trees";
const version = 1;

interface TreeFile {
  readonly format: string;
  readonly version: number;
  readonly task: TreeTask;
  readonly link: Link;
  readonly featureCount: number;
  readonly featureNames?: readonly string[];
  readonly outputs: number;
  readonly base: string;
  /** Output and number of nodes of each tree. */
  readonly treeOutput: string;
  readonly nodeCount: string;
  /** All nodes of all trees; −1: a leaf. Depth first, so that this alone is the shape of the trees. */
  readonly feature: string;
  readonly cover: string;
  /** Of the splits alone. */
  readonly threshold: string;
  readonly missingLeft: string;
  readonly gain: string;
  /** Start of the set of categories in its tree's sets; −1: none. */
  readonly categoryStart: string;
  readonly categoryCount: string;
  readonly categories: string;
  /** Of the leaves alone, all that the tree's leaves hold. */
  readonly value: string;
}

/** The model as JSON text; `parseTrees` gives the same model back, bit for bit. */
export function treesToJson(model: TreeEnsemble): string {
  const { task, link, featureCount, featureNames, outputs, base, trees, treeOutput } = model;
  const splitsOf = ({ feature }: Tree, values: ArrayLike<number>): number[] =>
    Array.from(values).filter((_, node) => feature[node]! >= 0);
  const leavesOf = (tree: Tree, t: number): number[] => {
    const width = treeOutput[t]! < 0 ? outputs : 1;
    return Array.from(tree.value).filter((_, i) => tree.feature[Math.floor(i / width)]! < 0);
  };
  const gathered = (of: (tree: Tree, t: number) => ArrayLike<number>): number[] => {
    const all: number[] = [];
    for (const [t, tree] of trees.entries()) for (const value of Array.from(of(tree, t))) all.push(value);
    return all;
  };
  const file: TreeFile = {
    format,
    version,
    task,
    link,
    featureCount,
    ...(featureNames ? { featureNames } : {}),
    outputs,
    base: packSmallest(base),
    treeOutput: packNumbers(Int16Array.from(treeOutput)),
    nodeCount: packNumbers(Int32Array.from(trees, (tree) => tree.feature.length)),
    feature: packNumbers(
      featureCount <= 32767
        ? Int16Array.from(gathered((tree) => tree.feature))
        : Int32Array.from(gathered((tree) => tree.feature)),
    ),
    cover: packNumbers(Float32Array.from(gathered((tree) => tree.cover))),
    threshold: packSmallest(Float64Array.from(gathered((tree) => splitsOf(tree, tree.threshold)))),
    missingLeft: packNumbers(Uint8Array.from(gathered((tree) => splitsOf(tree, tree.missingLeft)))),
    gain: packNumbers(Float32Array.from(gathered((tree) => splitsOf(tree, tree.gain)))),
    categoryStart: packNumbers(
      trees.some((tree) => tree.categories.length > 0)
        ? Int32Array.from(gathered((tree) => splitsOf(tree, tree.categoryStart)))
        : new Int32Array(0),
    ),
    categoryCount: packNumbers(Int32Array.from(trees, (tree) => tree.categories.length)),
    categories: packNumbers(Uint32Array.from(gathered((tree) => tree.categories))),
    value: packSmallest(Float64Array.from(gathered(leavesOf))),
  };
  return `${JSON.stringify(file)}\n`;
}

/**
 * The model of a JSON text.
 *
 * @param where what the text is called in messages, for example the file.
 * @throws {FileFormatError} for anything but a whole file of ours.
 */
export function parseTrees(text: string, where: string = "parseTrees"): TreeEnsemble {
  let file: TreeFile;
  try {
    file = JSON.parse(text) as TreeFile;
  } catch {
    throw new FileFormatError(`${where}: it is not JSON.`);
  }
  if (file?.format !== format || file.version !== version) {
    throw new FileFormatError(`${where}: it is no file of trees of version ${version}.`);
  }
  if (!isHeader(file)) throw new FileFormatError(`${where}: what it says of its trees is damaged.`);
  const numbers = (key: keyof TreeFile): ArrayLike<number> => unpackNumbers(`${where}: ${key}`, file[key]);
  const treeOutput = Int32Array.from(numbers("treeOutput"));
  const reader = {
    feature: numbers("feature"),
    cover: numbers("cover"),
    threshold: numbers("threshold"),
    missingLeft: numbers("missingLeft"),
    gain: numbers("gain"),
    categoryStart: numbers("categoryStart"),
    categories: numbers("categories"),
    value: numbers("value"),
  };
  const categoryCount = numbers("categoryCount");
  const at = { node: 0, split: 0, leaf: 0, category: 0 };
  const trees = Array.from(numbers("nodeCount"), (count, t) => {
    const width = treeOutput[t]! < 0 ? file.outputs : 1;
    const tree = readTree(reader, at, count, width, categoryCount[t]!);
    if (!tree || !pointsInside(tree, file.featureCount)) {
      throw new FileFormatError(`${where}: tree ${t} is damaged; the file is not whole.`);
    }
    return tree;
  });
  const { task, link, featureCount, featureNames, outputs } = file;
  const base = Float64Array.from(numbers("base"));
  const isWhole =
    base.length === outputs &&
    treeOutput.length === trees.length &&
    treeOutput.every((output) => output >= -1 && output < outputs) &&
    at.node === reader.feature.length &&
    at.leaf === reader.value.length;
  if (!isWhole) throw new FileFormatError(`${where}: its parts do not fit together; the file is damaged.`);
  return new TreeEnsemble({
    task,
    link,
    featureCount,
    featureNames,
    outputs,
    base,
    trees,
    treeOutput,
  });
}

function isHeader({ task, link, featureCount, outputs, featureNames }: TreeFile): boolean {
  const isCount = (value: number): boolean => Number.isSafeInteger(value) && value > 0;
  return (
    ["binary", "multiclass", "regression"].includes(task) &&
    ["identity", "logistic", "softmax"].includes(link) &&
    isCount(featureCount) &&
    isCount(outputs) &&
    (featureNames === undefined || featureNames?.length === featureCount)
  );
}

/** Whether the features and sets of categories that a tree names are there. */
function pointsInside({ feature, categoryStart, categories }: Tree, featureCount: number): boolean {
  return (
    feature.every((f) => f >= -1 && f < featureCount) &&
    categoryStart.every((start) => start >= -1 && start < Math.max(1, categories.length))
  );
}

/** One tree; undefined when its nodes do not make one. */
function readTree(
  all: Readonly<
    Record<
      "feature" | "cover" | "threshold" | "missingLeft" | "gain" | "categoryStart" | "categories" | "value",
      ArrayLike<number>
    >
  >,
  at: { node: number; split: number; leaf: number; category: number },
  count: number,
  width: number,
  words: number,
): Tree | undefined {
  const tree = {
    feature: new Int32Array(count),
    right: new Int32Array(count),
    threshold: new Float64Array(count),
    missingLeft: new Uint8Array(count),
    value: new Float64Array(count * width),
    gain: new Float32Array(count),
    cover: new Float32Array(count),
    categoryStart: new Int32Array(count).fill(-1),
    categories: Uint32Array.from({ length: words }, () => all.categories[at.category++]!),
  };
  /** Splits whose right child is still to come. */
  const open: number[] = [];
  for (let node = 0; node < count; node++) {
    tree.feature[node] = all.feature[at.node]!;
    tree.cover[node] = all.cover[at.node++]!;
    if (tree.feature[node]! >= 0) {
      tree.threshold[node] = all.threshold[at.split]!;
      tree.missingLeft[node] = all.missingLeft[at.split]!;
      tree.gain[node] = all.gain[at.split]!;
      tree.categoryStart[node] = all.categoryStart[at.split] ?? -1;
      at.split += 1;
      open.push(node);
    } else {
      for (let k = 0; k < width; k++) tree.value[node * width + k] = all.value[at.leaf++] ?? Number.NaN;
      const parent = open.pop();
      if (parent !== undefined) tree.right[parent] = node + 1;
      else if (node !== count - 1) return undefined;
    }
  }
  return open.length === 0 && !Number.isNaN(tree.value.at(-1)!) ? tree : undefined;
}
