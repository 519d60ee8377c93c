/** One tree of a random forest or of extremely randomised trees. */
import type { Numbers, Stream } from "../array/index.ts";
import { type BinnedFeatures, missingBin, otherCategoriesBin } from "./bins.ts";
import { ForestScan } from "./forest-scan.ts";
import { isPure, leafValue, type NodeSums, weightOf } from "./impurity.ts";
import { featureStride, PairHistogram } from "./pair-histogram.ts";
import { leftTable, type Split, TreeBuilder } from "./tree-builder.ts";

/** How far a tree of a forest grows. */
export interface ForestTreeSettings {
  /** Features that are tried for the split of a node. */
  readonly maxFeatures: number;
  readonly maxDepth: number;
  readonly minLeafWeight: number;
  /** Draw the cut of each tried feature at random. */
  readonly randomCuts: boolean;
}

/** Nodes of fewer events are summed here: a call to WebAssembly and a pass over 256 bins would cost more. */
const smallNode = 96;

interface OpenNode {
  readonly node: number;
  readonly start: number;
  readonly end: number;
  readonly depth: number;
  readonly sums: Float64Array;
}

/** Grows trees on one set of binned features; holds the memory that all its trees use. */
export class ForestTreeGrower {
  readonly #binned: BinnedFeatures;
  readonly #kind: NodeSums;
  readonly #settings: ForestTreeSettings;
  /** Classes by twos; all lists of rows are the first one's. */
  readonly #histograms: readonly PairHistogram[];
  readonly #rows: Int32Array;
  readonly #spare: Int32Array;
  readonly #features: Int32Array;
  /** With which place each drawn feature changed its own. */
  readonly #places: Int32Array;
  readonly #scan: ForestScan;
  /** Sums of a small node's bins; zero but while a feature is tried. */
  readonly #smallSums: Float64Array;
  readonly #occupiedWords = new Int32Array(8);
  /** The occupied bins of the feature in question, and their sums. */
  readonly #bins = new Int32Array(256);
  readonly #occupied: { count: number; readonly sums: Float64Array };
  readonly #missing: Float64Array;
  readonly #bestLeft: Float64Array;
  #best: Split | undefined;

  constructor(binned: BinnedFeatures, kind: NodeSums, settings: ForestTreeSettings) {
    this.#binned = binned;
    this.#kind = kind;
    this.#settings = settings;
    const pairs = Math.ceil(kind.stride / 2);
    this.#histograms = Array.from({ length: pairs }, () => new PairHistogram(binned));
    this.#rows = this.#histograms[0]!.rows;
    this.#spare = new Int32Array(binned.eventCount);
    this.#features = Int32Array.from(binned.features, (_, f) => f);
    this.#places = this.#features.slice();
    this.#scan = new ForestScan(kind);
    this.#smallSums = new Float64Array(256 * kind.stride);
    this.#occupied = { count: 0, sums: new Float64Array(256 * kind.stride) };
    this.#missing = new Float64Array(kind.stride);
    this.#bestLeft = new Float64Array(kind.stride);
  }

  /** A tree from the events whose weight is not 0. */
  grow(weights: Numbers, targets: Numbers, stream: Stream): TreeBuilder {
    const { outputs } = this.#kind;
    const builder = new TreeBuilder(this.#binned, outputs);
    const total = new Float64Array(this.#kind.stride);
    const count = this.#begin(weights, targets, total);
    const table = new Uint8Array(256);
    // What a node draws depends on its number alone, not on how many events of a weight make up its weight.
    const streamOf = stream.numbered();
    const root = builder.add(weightOf(this.#kind, total, 0));
    const open: OpenNode[] = [{ node: root, start: 0, end: count, depth: 0, sums: total }];
    for (let next = open.pop(); next; next = open.pop()) {
      const { node, start, end, depth, sums } = next;
      const split =
        depth < this.#settings.maxDepth ? this.#bestSplit(start, end, sums, streamOf(node)) : undefined;
      if (!split) {
        for (let k = 0; k < outputs; k++) builder.setValue(node, k, leafValue(this.#kind, sums, k));
        continue;
      }
      const middle = this.#partition(start, end, split, table);
      const leftSums = this.#bestLeft.slice();
      const rightSums = new Float64Array(sums.length);
      for (let k = 0; k < sums.length; k++) rightSums[k] = sums[k]! - leftSums[k]!;
      const left = builder.add(weightOf(this.#kind, leftSums, 0));
      const right = builder.add(weightOf(this.#kind, rightSums, 0));
      builder.split(node, split, left, right);
      open.push({ node: right, start: middle, end, depth: depth + 1, sums: rightSums });
      open.push({ node: left, start, end: middle, depth: depth + 1, sums: leftSums });
    }
    return builder;
  }

  /** Lists the events, sets their pairs, adds up the root; gives the number of events. */
  #begin(weights: Numbers, targets: Numbers, total: Float64Array): number {
    const { isRegression } = this.#kind;
    for (const { pairs } of this.#histograms) pairs.fill(0);
    let count = 0;
    for (let i = 0; i < targets.length; i++) {
      const w = weights[i]!;
      if (w === 0) continue;
      this.#rows[count++] = i;
      const target = targets[i]!;
      if (isRegression) {
        const { pairs } = this.#histograms[0]!;
        pairs[2 * i] = w * target;
        pairs[2 * i + 1] = w;
        total[0]! += w * target;
        total[1]! += w;
      } else {
        this.#histograms[target >> 1]!.pairs[2 * i + (target & 1)] = w;
        total[target]! += w;
      }
    }
    for (const { rows } of this.#histograms.slice(1)) rows.set(this.#rows.subarray(0, count));
    return count;
  }

  #bestSplit(start: number, end: number, sums: Float64Array, stream: Stream): Split | undefined {
    const { maxFeatures, minLeafWeight } = this.#settings;
    const weight = weightOf(this.#kind, sums, 0);
    if (end - start < 2 || !(weight > 0) || weight < 2 * minLeafWeight || isPure(this.#kind, sums))
      return undefined;
    this.#best = undefined;
    const least = Math.max(minLeafWeight, 1e-9 * weight);
    const isSmall = end - start < smallNode;
    const features = this.#features;
    let drawn = 0;
    // As in scikit-learn features that do not vary in the node count, but the search goes on until a split is found.
    while (drawn < features.length && (drawn < maxFeatures || !this.#best)) {
      const first = drawn;
      const wanted = Math.max(1, maxFeatures - drawn);
      for (; drawn < features.length && drawn - first < wanted; drawn++) {
        const place = drawn + stream.integer(features.length - drawn);
        const feature = features[place]!;
        features[place] = features[drawn]!;
        features[drawn] = feature;
        this.#places[drawn] = place;
      }
      if (!isSmall) for (const each of this.#histograms) each.sum(features, first, drawn, start, end);
      for (let k = first; k < drawn; k++) {
        if (isSmall) this.#occupySmall(features[k]!, start, end);
        else this.#occupyLarge(k - first);
        this.#tryFeature(features[k]!, sums, weight, least, stream);
      }
    }
    while (drawn > 0) {
      drawn -= 1;
      const place = this.#places[drawn]!;
      const feature = features[place]!;
      features[place] = features[drawn]!;
      features[drawn] = feature;
    }
    return this.#best;
  }

  /** Lists the occupied bins with their sums, from the histograms. */
  #occupyLarge(slot: number): void {
    const { stride } = this.#kind;
    const bins = this.#bins;
    const { sums } = this.#occupied;
    const base = slot * featureStride;
    let count = 0;
    if (stride === 2) {
      const { histogram } = this.#histograms[0]!;
      for (let bin = 0; bin < 256; bin++) {
        const a = histogram[base + 2 * bin]!;
        const b = histogram[base + 2 * bin + 1]!;
        bins[count] = bin;
        sums[2 * count] = a;
        sums[2 * count + 1] = b;
        if (a !== 0 || b !== 0) count += 1;
      }
    } else {
      for (let bin = 0; bin < 256; bin++) {
        let isOccupied = false;
        for (let k = 0; k < stride; k++) {
          const sum = this.#histograms[k >> 1]!.histogram[base + 2 * bin + (k & 1)]!;
          sums[count * stride + k] = sum;
          isOccupied ||= sum !== 0;
        }
        bins[count] = bin;
        if (isOccupied) count += 1;
      }
    }
    this.#occupied.count = count;
  }

  /** The same from the events themselves. */
  #occupySmall(feature: number, start: number, end: number): void {
    const { bins: all, eventCount } = this.#binned;
    const { stride } = this.#kind;
    const offset = feature * eventCount;
    const words = this.#occupiedWords;
    const rows = this.#rows;
    const small = this.#smallSums;
    if (stride === 2) {
      const { pairs } = this.#histograms[0]!;
      for (let i = start; i < end; i++) {
        const event = rows[i]!;
        const bin = all[offset + event]!;
        words[bin >> 5]! |= 1 << (bin & 31);
        small[2 * bin]! += pairs[2 * event]!;
        small[2 * bin + 1]! += pairs[2 * event + 1]!;
      }
    } else {
      for (let i = start; i < end; i++) {
        const event = rows[i]!;
        const bin = all[offset + event]!;
        words[bin >> 5]! |= 1 << (bin & 31);
        for (let k = 0; k < stride; k++) {
          small[bin * stride + k]! += this.#histograms[k >> 1]!.pairs[2 * event + (k & 1)]!;
        }
      }
    }
    const { sums } = this.#occupied;
    let count = 0;
    for (let word = 0; word < 8; word++) {
      for (let bits = words[word]!; bits !== 0; bits &= bits - 1) {
        const bin = word * 32 + 31 - Math.clz32(bits & -bits);
        this.#bins[count] = bin;
        for (let k = 0; k < stride; k++) {
          sums[count * stride + k] = small[bin * stride + k]!;
          small[bin * stride + k] = 0;
        }
        count += 1;
      }
      words[word] = 0;
    }
    this.#occupied.count = count;
  }

  /** Looks for a better split on the feature. */
  #tryFeature(feature: number, node: Float64Array, weight: number, least: number, stream: Stream): void {
    const { stride } = this.#kind;
    const bins = this.#bins;
    let { count } = this.#occupied;
    if (count < 2) return;
    const hasMissing = bins[count - 1] === missingBin;
    if (hasMissing) {
      count -= 1;
      for (let k = 0; k < stride; k++) this.#missing[k] = this.#occupied.sums[count * stride + k]!;
    }
    const { isCategorical } = this.#binned.features[feature]!;
    if (isCategorical) {
      // Categories beyond the table always go right.
      if (bins[count - 1] === otherCategoriesBin) count -= 1;
      this.#orderCategories(count, node);
    }
    const { randomCuts } = this.#settings;
    // Random cuts: missing values right, left, or alone on the right. Otherwise the last is one of the cuts of the first.
    for (let side = 0; side < (hasMissing ? (randomCuts ? 3 : 2) : 1); side++) {
      const missingLeft = hasMissing && side === 1;
      const isAlone = side === 2;
      const last = isAlone || (hasMissing && !missingLeft && !randomCuts) ? count : count - 1;
      if (last === 0) continue;
      let only = -1;
      let drawnBin = -1;
      if (isAlone) only = count - 1;
      else if (randomCuts && isCategorical) only = stream.integer(last);
      else if (randomCuts) {
        drawnBin = this.#drawBin(feature, bins[0]!, bins[last]!, stream);
        only = 0;
        while (bins[only + 1]! <= drawnBin) only += 1;
      }
      const begin = missingLeft ? this.#missing : undefined;
      const scan = this.#scan;
      const gain = this.#best?.gain ?? 1e-12 * weight;
      if (!scan.run(this.#occupied, last, begin, node, least, only, gain)) continue;
      this.#bestLeft.set(scan.left);
      const { place } = scan;
      const bin = bins[place]!;
      const leftWeight = weightOf(this.#kind, scan.left, 0);
      this.#best = {
        feature,
        // Where it was drawn, or half way to the next bin that holds events.
        bin: isCategorical
          ? -1
          : drawnBin >= 0
            ? drawnBin
            : place + 1 < count
              ? (bin + bins[place + 1]! - 1) >> 1
              : bin,
        missingLeft: hasMissing ? missingLeft : leftWeight >= weight - leftWeight,
        leftBins: isCategorical ? Array.from(bins.subarray(0, place + 1)) : undefined,
        gain: scan.gain,
      };
    }
  }

  /**
   * The bin behind which a cut lies that is drawn uniformly between the lowest and the highest value of the node's bins.
   * One that falls within the first or the last bin lies at its inner edge: features with long tails mostly get cuts that
   * win little there, as with exact values, and do not crowd out those that matter. Within gaps cuts stay where they were
   * drawn: they differ from tree to tree, and the mean is smooth.
   */
  #drawBin(feature: number, first: number, last: number, stream: Stream): number {
    const { edges, lowest, highest } = this.#binned.features[feature]!;
    const low = lowest[first]!;
    const cut = low + stream.uniform() * (highest[last]! - low);
    if (!Number.isFinite(cut)) return first + stream.integer(last - first);
    let [below, above] = [first - 1, last - 1];
    while (above - below > 1) {
      const middle = (below + above) >> 1;
      if (edges[middle]! >= cut) above = middle;
      else below = middle;
    }
    return above;
  }

  /** Puts the bins of a categorical feature in the order of their mean target (share of the largest class). */
  #orderCategories(count: number, node: Float64Array): void {
    const { stride, isRegression } = this.#kind;
    const { sums } = this.#occupied;
    let wanted = isRegression ? 0 : 1;
    if (stride > 2) for (let k = 0; k < stride; k++) if (node[k]! > node[wanted]!) wanted = k;
    const means = Float64Array.from({ length: count }, (_, place) => {
      const weight = weightOf(this.#kind, sums, place * stride);
      return weight > 0 ? sums[place * stride + wanted]! / weight : 0;
    });
    const order = Array.from(means.keys()).sort((a, b) => means[a]! - means[b]! || a - b);
    const oldBins = this.#bins.slice(0, count);
    const oldSums = sums.slice(0, count * stride);
    for (const [place, old] of order.entries()) {
      this.#bins[place] = oldBins[old]!;
      sums.set(oldSums.subarray(old * stride, (old + 1) * stride), place * stride);
    }
  }

  /** Events that go left first, both sides in their old order. */
  #partition(start: number, end: number, split: Split, table: Uint8Array): number {
    const { bins, eventCount } = this.#binned;
    const offset = split.feature * eventCount;
    leftTable(split, table);
    const rows = this.#rows;
    const spare = this.#spare;
    let left = start;
    let right = 0;
    for (let i = start; i < end; i++) {
      const event = rows[i]!;
      const goesLeft = table[bins[offset + event]!]!;
      rows[left] = event;
      spare[right] = event;
      left += goesLeft;
      right += 1 - goesLeft;
    }
    for (let i = 0; i < right; i++) rows[left + i] = spare[i]!;
    for (const each of this.#histograms.slice(1)) each.rows.set(rows.subarray(start, end), start);
    return left;
  }
}
