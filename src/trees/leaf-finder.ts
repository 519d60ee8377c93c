/** In which leaf of a tree events end, many events at once: the inner loop of predictions, in WebAssembly. */
import { goesLeftSpecially, type Tree } from "./tree.ts";
import { type Code, instantiate, op, type WasmFunction } from "./wasm-module.ts";

/** A tree as the loop reads it: 16 bytes a node, so that a step waits for memory once. */
export interface PackedTree {
  readonly tree: Tree;
  /**
   * Threshold of node i (a leaf's is NaN) at byte 16 i, 8 × its feature at 16 i + 8, and at 16 i + 12 the byte where its
   * right child begins (a leaf: itself), plus 1 where missing values go left.
   */
  readonly bytes: Uint8Array;
  readonly hasCategories: boolean;
}

const nodeBytes = 16;

/** A tree for fast prediction. */
export function packTree(tree: Tree): PackedTree {
  const count = tree.feature.length;
  const numbers = new Float64Array(2 * count);
  const words = new Int32Array(numbers.buffer);
  for (let node = 0; node < count; node++) {
    const isLeaf = tree.feature[node]! < 0;
    numbers[2 * node] = isLeaf ? Number.NaN : tree.threshold[node]!;
    words[4 * node + 2] = isLeaf ? 0 : 8 * tree.feature[node]!;
    words[4 * node + 3] =
      nodeBytes * (isLeaf ? node : tree.right[node]!) + (isLeaf ? 0 : tree.missingLeft[node]!);
  }
  return {
    tree,
    bytes: new Uint8Array(numbers.buffer),
    hasCategories: tree.categoryStart.some((start) => start >= 0),
  };
}

/** Events that walk through one tree after the other, while they and the tree stay near the processor. */
const blockSize = 2048;

/** Events that walk at the same time: while one waits for memory, the others go on. */
const walkers = 4;

/** Memory for a block of events and one tree, and the walk of all of them. */
export class LeafFinder {
  /** Events of a block at most. */
  readonly capacity: number;
  readonly #width: number;
  readonly #memory: Uint8Array;
  readonly #rows: Float64Array;
  readonly #leaves: Int32Array;
  readonly #addresses: { readonly rows: number; readonly leaves: number };
  readonly #run: readonly ((...values: number[]) => void)[];
  #hasMissing = false;

  /** @param nodeCount of the largest tree. */
  constructor(width: number, nodeCount: number, eventCount: number) {
    this.#width = width;
    this.capacity = Math.max(1, Math.min(blockSize, eventCount));
    const padded = Math.ceil(this.capacity / walkers) * walkers;
    const rows = nodeCount * nodeBytes;
    const leaves = rows + padded * width * 8;
    const { buffer, run } = instantiate(leaves + padded * 4, kernels);
    this.#memory = new Uint8Array(buffer);
    this.#rows = new Float64Array(buffer, rows, padded * width);
    this.#leaves = new Int32Array(buffer, leaves, padded);
    this.#addresses = { rows, leaves };
    this.#run = run;
  }

  /** Reads the events start … start + count of the columns. */
  setEvents(columns: readonly ArrayLike<number>[], start: number, count: number): void {
    const width = this.#width;
    const rows = this.#rows;
    this.#hasMissing = false;
    for (let f = 0; f < width; f++) {
      const column = columns[f]!;
      for (let i = 0; i < count; i++) {
        const x = column[start + i]!;
        rows[i * width + f] = x;
        if (Number.isNaN(x)) this.#hasMissing = true;
      }
    }
  }

  /** The leaf of each of the first `count` events; overwritten by the next call. */
  find({ tree, bytes, hasCategories }: PackedTree, count: number): Int32Array {
    const leaves = this.#leaves;
    if (hasCategories) {
      for (let i = 0; i < count; i++) leaves[i] = leafOf(tree, this.#rows, i * this.#width);
      return leaves;
    }
    this.#memory.set(bytes);
    const { rows, leaves: into } = this.#addresses;
    const run = this.#run[this.#hasMissing ? 1 : 0]!;
    const groups = Math.ceil(count / walkers);
    run(rows, this.#width * 8, into, into + groups * walkers * 4);
    return leaves;
  }
}

/** One event through a tree with sets of categories, whose splits have the threshold NaN. */
function leafOf(tree: Tree, rows: Float64Array, offset: number): number {
  let node = 0;
  for (let f = tree.feature[0]!; f >= 0; f = tree.feature[node]!) {
    const x = rows[offset + f]!;
    const threshold = tree.threshold[node]!;
    if (x <= threshold) node += 1;
    else if (x > threshold) node = tree.right[node]!;
    else node = goesLeftSpecially(tree, node, x) ? node + 1 : tree.right[node]!;
  }
  return node;
}

/** Without and with missing values: (row, bytes of a row, place of the first leaf, end of the leaves). */
const kernels: readonly WasmFunction[] = [kernel(false), kernel(true)];

function kernel(hasMissing: boolean): WasmFunction {
  const [row, width, leaf, end, moved, right] = [0, 1, 2, 3, 4, 5];
  const node = (k: number): number => 6 + k;
  const place = (k: number): number => 6 + walkers + k;
  const each = (code: (k: number) => Code): Code => Array.from({ length: walkers }, (_, k) => code(k)).flat();
  const value = (k: number): Code => [
    ...[...op.get(node(k)), ...op.loadFrom(8), ...op.get(place(k)), ...op.add, ...op.loadDouble],
  ];
  // A leaf's threshold is NaN and its right child itself: there the walker stays.
  const step = (k: number): Code => [
    ...[...op.get(node(k)), ...op.loadFrom(12), ...op.set(right)],
    ...[...op.get(node(k)), ...op.constant(nodeBytes), ...op.add],
    ...[...op.get(right), ...op.constant(-2), ...op.and],
    ...[...value(k), ...op.get(node(k)), ...op.loadDouble, ...op.lessOrEqualDoubles],
    ...(hasMissing
      ? [
          ...value(k),
          ...value(k),
          ...op.unequalDoubles,
          ...op.get(right),
          ...op.constant(1),
          ...op.and,
          ...op.and,
          ...op.or,
        ]
      : []),
    ...[
      ...op.select,
      ...op.tee(right),
      ...op.get(node(k)),
      ...op.xor,
      ...op.get(moved),
      ...op.or,
      ...op.set(moved),
    ],
    ...[...op.get(right), ...op.set(node(k))],
  ];
  const code = op.loopWhile([
    ...each((k) => [
      ...[...op.constant(0), ...op.set(node(k)), ...op.get(row), ...op.tee(place(k))],
      ...[...op.get(width), ...op.add, ...op.set(row)],
    ]),
    ...op.loopWhile([...op.constant(0), ...op.set(moved), ...each(step), ...op.get(moved)]),
    ...each((k) => [
      ...op.get(leaf),
      ...op.get(node(k)),
      ...op.constant(4),
      ...op.shiftRight,
      ...op.storeAt(4 * k),
    ]),
    ...[
      ...op.get(leaf),
      ...op.constant(4 * walkers),
      ...op.add,
      ...op.tee(leaf),
      ...op.get(end),
      ...op.lessUnsigned,
    ],
  ]);
  return { parameters: 4, integerLocals: 2 + 2 * walkers, pairLocals: 0, code };
}
