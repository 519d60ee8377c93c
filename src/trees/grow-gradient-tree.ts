/** One tree of gradient boosting. */
import type { BinnedFeatures } from "./bins.ts";
import { bestGradientSplit, type GainSettings, type GradientSplit } from "./gradient-split.ts";
import { featureStride, PairHistogram } from "./pair-histogram.ts";
import { leftTable, TreeBuilder } from "./tree-builder.ts";

/** How far a tree grows. */
export interface TreeSettings extends GainSettings {
  readonly maxDepth: number;
  readonly maxLeaves: number;
  readonly learningRate: number;
}

interface Open {
  readonly node: number;
  readonly start: number;
  readonly end: number;
  readonly depth: number;
  readonly G: number;
  readonly H: number;
  readonly histogram: Float64Array;
  readonly split: GradientSplit;
}

/**
 * Grows trees on one set of binned features; holds the memory that all its trees use.
 *
 * Only the smaller child's histogram is summed, the other is the parent's less that one. With a limit of leaves the
 * leaf of largest gain is split next; without one the order does not matter.
 */
export class GradientTreeGrower {
  readonly #binned: BinnedFeatures;
  readonly #settings: TreeSettings;
  readonly #histogram: PairHistogram;
  readonly #spare: Int32Array;
  readonly #free: Float64Array[] = [];

  constructor(binned: BinnedFeatures, settings: TreeSettings) {
    this.#binned = binned;
    this.#settings = settings;
    this.#histogram = new PairHistogram(binned);
    this.#spare = new Int32Array(binned.eventCount);
  }

  /** Gradient and hessian of event i at 2 i and 2 i + 1: to be set before a tree is grown. */
  get pairs(): Float64Array {
    return this.#histogram.pairs;
  }

  /**
   * A tree from the events `events` and the columns `features`.
   *
   * @param scores `[events × stride]`: the leaf values are added at `event · stride + output` for the rows.
   */
  grow(
    events: Int32Array,
    features: Int32Array,
    scores: Float64Array,
    stride: number,
    output: number,
  ): TreeBuilder {
    const { maxDepth, maxLeaves, learningRate, lambda } = this.#settings;
    const builder = new TreeBuilder(this.#binned, 1);
    const { pairs } = this;
    const rows = this.#histogram.rows.subarray(0, events.length);
    rows.set(events);
    const open: Open[] = [];
    let G = 0;
    let H = 0;
    for (let i = 0; i < rows.length; i++) {
      G += pairs[2 * rows[i]!]!;
      H += pairs[2 * rows[i]! + 1]!;
    }
    const finish = (node: number, start: number, end: number, g: number, h: number): void => {
      // Without positive curvature there is no minimum to step to.
      const value = h + lambda > 0 ? (-learningRate * g) / (h + lambda) : 0;
      builder.setValue(node, 0, value);
      for (let i = start; i < end; i++) scores[rows[i]! * stride + output]! += value;
    };
    /** Puts a node among those to be split, or makes it a leaf. */
    const consider = (
      node: number,
      start: number,
      end: number,
      depth: number,
      g: number,
      h: number,
      histogram: Float64Array | undefined,
    ): void => {
      const split = histogram && bestGradientSplit(this.#binned, features, histogram, g, h, this.#settings);
      if (histogram && split) open.push({ node, start, end, depth, G: g, H: h, histogram, split });
      else {
        if (histogram) this.#free.push(histogram);
        finish(node, start, end, g, h);
      }
    };
    const root = builder.add(H);
    const canSplit = maxDepth > 0 && maxLeaves > 1 && H > 0;
    const summed = canSplit ? this.#summed(features, 0, rows.length) : undefined;
    consider(root, 0, rows.length, 0, G, H, summed);
    const table = new Uint8Array(256);
    for (let leaves = 1; open.length > 0; leaves++) {
      const next = takeBest(open);
      const { node, start, end, depth, split, histogram } = next;
      if (leaves >= maxLeaves) {
        this.#free.push(histogram);
        finish(node, start, end, next.G, next.H);
        continue;
      }
      const middle = this.#partition(rows, start, end, split, table);
      const rightG = next.G - split.leftG;
      const rightH = next.H - split.leftH;
      const left = builder.add(split.leftH);
      const right = builder.add(rightH);
      builder.split(node, split, left, right);
      let leftHistogram: Float64Array | undefined;
      let rightHistogram: Float64Array | undefined;
      if (depth + 1 < maxDepth && leaves + 1 < maxLeaves) {
        const leftIsSmaller = middle - start <= end - middle;
        const smaller = leftIsSmaller
          ? this.#summed(features, start, middle)
          : this.#summed(features, middle, end);
        const length = features.length * featureStride;
        for (let i = 0; i < length; i++) histogram[i]! -= smaller[i]!;
        leftHistogram = leftIsSmaller ? smaller : histogram;
        rightHistogram = leftIsSmaller ? histogram : smaller;
      } else {
        this.#free.push(histogram);
      }
      consider(left, start, middle, depth + 1, split.leftG, split.leftH, leftHistogram);
      consider(right, middle, end, depth + 1, rightG, rightH, rightHistogram);
    }
    return builder;
  }

  #summed(features: Int32Array, start: number, end: number): Float64Array {
    const result = this.#free.pop() ?? new Float64Array(features.length * featureStride);
    this.#histogram.sum(features, 0, features.length, start, end);
    result.set(this.#histogram.histogram.subarray(0, result.length));
    return result;
  }

  /** Rows that go left first, both sides in their old order. */
  #partition(rows: Int32Array, start: number, end: number, split: GradientSplit, table: Uint8Array): number {
    const { bins, eventCount } = this.#binned;
    const offset = split.feature * eventCount;
    leftTable(split, table);
    const spare = this.#spare;
    let left = start;
    let right = 0;
    for (let i = start; i < end; i++) {
      const event = rows[i]!;
      // Both are written, one counts: no branch that the processor could guess wrongly.
      const goesLeft = table[bins[offset + event]!]!;
      rows[left] = event;
      spare[right] = event;
      left += goesLeft;
      right += 1 - goesLeft;
    }
    rows.set(spare.subarray(0, right), left);
    return left;
  }
}

/** Takes the node of largest gain out of the list; of equal ones the first. */
function takeBest(open: Open[]): Open {
  let best = 0;
  for (let i = 1; i < open.length; i++) if (open[i]!.split.gain > open[best]!.split.gain) best = i;
  const [taken] = open.splice(best, 1);
  return taken!;
}
