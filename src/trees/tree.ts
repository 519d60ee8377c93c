/** One decision tree as flat arrays, and the way of an event through it. */
import type { Numbers } from "../array/index.ts";

/**
 * A binary tree. Nodes are numbered depth first, so that the left child of node i is i + 1.
 *
 * An event goes left where its value x ≤ threshold, or where its category is in the node's set; a missing value
 * (NaN) goes where `missingLeft` says.
 */
export interface Tree {
  /** Feature that a node splits on; −1: a leaf. */
  readonly feature: Int32Array;
  /** Right child. */
  readonly right: Int32Array;
  readonly threshold: Float64Array;
  readonly missingLeft: Uint8Array;
  /** `[nodes, outputs]`; zero where the node is no leaf. */
  readonly value: Float64Array;
  /** How much the split lowers the loss (boosting) or the weighted impurity (forest). */
  readonly gain: Float32Array;
  /** Σ of hessians (boosting) or of weights (forest) of the training events in the node. */
  readonly cover: Float32Array;
  /** First word of the node's set of categories in `categories`; −1: the split is on a continuous feature. */
  readonly categoryStart: Int32Array;
  /** Sets of categories: a count of words, then bit (c mod 32) of word ⌊c/32⌋ for category c. */
  readonly categories: Uint32Array;
}

/** Columns of a prediction; the values of a row may be missing (NaN). */
export type Columns = readonly Numbers[];

/** Where a missing value or a category goes; splits on categories have the threshold NaN. */
export function goesLeftSpecially(tree: Tree, node: number, x: number): boolean {
  if (Number.isNaN(x)) return tree.missingLeft[node] === 1;
  return hasCategory(tree.categories, tree.categoryStart[node]!, x);
}

/** Whether a category is in the set that begins at word `start`. */
export function hasCategory(sets: Uint32Array, start: number, category: number): boolean {
  const word = Math.floor(category / 32);
  return word >= 0 && word < sets[start]! && (sets[start + 1 + word]! & (1 << (category & 31))) !== 0;
}

/** The categories of the set that begins at word `start`, rising. */
export function categoriesOf(sets: Uint32Array, start: number): number[] {
  const found: number[] = [];
  for (let category = 0; category < sets[start]! * 32; category++) {
    if (hasCategory(sets, start, category)) found.push(category);
  }
  return found;
}

/** A set of categories as words, as `Tree.categories` has them. */
export function categorySet(categories: readonly number[]): number[] {
  const words = new Array<number>(Math.floor(Math.max(0, ...categories) / 32) + 1).fill(0);
  for (const category of categories)
    words[category >> 5] = (words[category >> 5]! | (1 << (category & 31))) >>> 0;
  return [words.length, ...words];
}
