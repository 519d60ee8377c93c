/** A tree while it grows: nodes in any order, numbered depth first at the end. */
import { type BinnedFeatures, missingBin } from "./bins.ts";
import { categorySet, type Tree } from "./tree.ts";

/** How a node is split, in terms of bins. */
export interface Split {
  readonly feature: number;
  /** Continuous: bins up to this one go left. Categorical: −1. */
  readonly bin: number;
  readonly missingLeft: boolean;
  /** Bins of the categories that go left. */
  readonly leftBins?: readonly number[] | undefined;
  readonly gain: number;
}

/** For each bin of the feature 1 where it goes left. */
export function leftTable(split: Split, into: Uint8Array = new Uint8Array(256)): Uint8Array {
  into.fill(0);
  if (split.leftBins) for (const bin of split.leftBins) into[bin] = 1;
  else into.fill(1, 0, split.bin + 1);
  into[missingBin] = split.missingLeft ? 1 : 0;
  return into;
}

/** Collects nodes; node 0 is the root. */
export class TreeBuilder {
  readonly #binned: BinnedFeatures;
  readonly #outputs: number;
  readonly #splits: (Split | undefined)[] = [];
  readonly #left: number[] = [];
  readonly #right: number[] = [];
  readonly #cover: number[] = [];
  readonly #value: number[] = [];

  constructor(binned: BinnedFeatures, outputs: number) {
    this.#binned = binned;
    this.#outputs = outputs;
  }

  get nodeCount(): number {
    return this.#cover.length;
  }

  /** A new leaf of value 0. */
  add(cover: number): number {
    this.#splits.push(undefined);
    this.#left.push(-1);
    this.#right.push(-1);
    this.#cover.push(cover);
    for (let k = 0; k < this.#outputs; k++) this.#value.push(0);
    return this.#cover.length - 1;
  }

  /** Sets one output of a leaf. */
  setValue(node: number, output: number, value: number): void {
    this.#value[node * this.#outputs + output] = value;
  }

  /** Makes a leaf a split. */
  split(node: number, split: Split, left: number, right: number): void {
    this.#splits[node] = split;
    this.#left[node] = left;
    this.#right[node] = right;
  }

  /** The leaf of an event, by its bins. */
  leafOfEvent(event: number): number {
    const { bins, eventCount } = this.#binned;
    let node = 0;
    for (let split = this.#splits[0]; split; split = this.#splits[node]) {
      const bin = bins[split.feature * eventCount + event]!;
      const goesLeft =
        bin === missingBin
          ? split.missingLeft
          : split.leftBins
            ? split.leftBins.includes(bin)
            : bin <= split.bin;
      node = goesLeft ? this.#left[node]! : this.#right[node]!;
    }
    return node;
  }

  value(node: number, output: number): number {
    return this.#value[node * this.#outputs + output]!;
  }

  /** The finished tree, its values divided by a number. */
  build(divisor: number = 1): Tree {
    const count = this.nodeCount;
    const outputs = this.#outputs;
    const feature = new Int32Array(count).fill(-1);
    const right = new Int32Array(count);
    const threshold = new Float64Array(count);
    const missingLeft = new Uint8Array(count);
    const value = new Float64Array(count * outputs);
    const gain = new Float32Array(count);
    const cover = new Float32Array(count);
    const categoryStart = new Int32Array(count).fill(-1);
    const categories: number[] = [];
    const open: { readonly node: number; readonly parent: number }[] = [{ node: 0, parent: -1 }];
    for (let place = 0; place < count; place++) {
      const { node, parent } = open.pop()!;
      if (parent >= 0) right[parent] = place;
      cover[place] = this.#cover[node]!;
      const split = this.#splits[node];
      if (!split) {
        for (let k = 0; k < outputs; k++)
          value[place * outputs + k] = this.#value[node * outputs + k]! / divisor;
        continue;
      }
      feature[place] = split.feature;
      gain[place] = split.gain;
      missingLeft[place] = split.missingLeft ? 1 : 0;
      const { edges, categories: codes } = this.#binned.features[split.feature]!;
      if (split.leftBins) {
        threshold[place] = Number.NaN;
        categoryStart[place] = categories.length;
        categories.push(...categorySet(split.leftBins.map((bin) => codes[bin]!)));
      } else {
        // All values left, only missing ones right: no edge lies there.
        threshold[place] = edges[split.bin] ?? Number.POSITIVE_INFINITY;
      }
      open.push({ node: this.#right[node]!, parent: place }, { node: this.#left[node]!, parent: -1 });
    }
    return {
      feature,
      right,
      threshold,
      missingLeft,
      value,
      gain,
      cover,
      categoryStart,
      categories: Uint32Array.from(categories),
    };
  }
}
