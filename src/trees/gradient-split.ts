/** The best split of a node by second-order gain, from its histogram. */
import { type BinnedFeatures, missingBin, otherCategoriesBin } from "./bins.ts";
import { featureStride } from "./pair-histogram.ts";
import type { Split } from "./tree-builder.ts";

/** What a split must satisfy and what it is worth. */
export interface GainSettings {
  readonly lambda: number;
  readonly gamma: number;
  readonly minChildWeight: number;
}

/** A split with the sums of its left side. */
export interface GradientSplit extends Split {
  readonly leftG: number;
  readonly leftH: number;
}

/** Pulls the order of categories with little hessian to the middle, as LightGBM's cat_smooth. */
const categorySmoothing = 10;

/**
 * The split of largest gain G_L²/(H_L+λ) + G_R²/(H_R+λ) − G²/(H+λ) (Chen and Guestrin, arXiv 1603.02754, eq. 7,
 * without the factor ½, as XGBoost computes it); none when no gain exceeds γ.
 *
 * Each side needs H ≥ the minimum child weight and a positive part of the node's H, so that negative weights
 * never make a leaf from cancelled events. Categories are put in the order of G/H and cut once (Fisher, 1958).
 */
export function bestGradientSplit(
  { features: descriptions }: BinnedFeatures,
  features: Int32Array,
  histogram: Float64Array,
  G: number,
  H: number,
  { lambda, gamma, minChildWeight }: GainSettings,
): GradientSplit | undefined {
  const leastH = Math.max(minChildWeight, 1e-9 * H);
  const parent = (G * G) / (H + lambda);
  // A gain below the rounding of the sums is none.
  let bestGain = Math.max(gamma, 1e-10 * Math.abs(parent), 1e-12);
  let best: GradientSplit | undefined;
  const scan = new Scan();
  for (let k = 0; k < features.length; k++) {
    const feature = features[k]!;
    const { isCategorical, binCount } = descriptions[feature]!;
    const first = k * featureStride;
    const missingG = histogram[first + 2 * missingBin]!;
    const missingH = histogram[first + 2 * missingBin + 1]!;
    const sides = missingG !== 0 || missingH !== 0 ? 2 : 1;
    const order = isCategorical ? categoryOrder(histogram, first, binCount) : undefined;
    // Without missing values they are sent where more of the node's weight goes, below.
    for (let side = 0; side < sides; side++) {
      const startG = side === 1 ? missingG : 0;
      const startH = side === 1 ? missingH : 0;
      const last = isCategorical || sides === 1 ? binCount - 1 : binCount;
      if (scan.run(histogram, first, order, last, startG, startH, G, H, lambda, leastH, parent, bestGain)) {
        bestGain = scan.gain;
        best = {
          feature,
          bin: order ? -1 : scan.at,
          missingLeft: sides === 2 ? side === 1 : scan.leftH >= H - scan.leftH,
          leftBins: order ? Array.from(order.subarray(0, scan.at + 1)) : undefined,
          gain: scan.gain,
          leftG: scan.leftG,
          leftH: scan.leftH,
        };
      }
    }
  }
  return best;
}

/** One pass over the bins of a feature; its result lies in the fields. */
class Scan {
  gain = 0;
  at = 0;
  leftG = 0;
  leftH = 0;

  run(
    histogram: Float64Array,
    first: number,
    order: Int32Array | undefined,
    last: number,
    startG: number,
    startH: number,
    G: number,
    H: number,
    lambda: number,
    leastH: number,
    parent: number,
    threshold: number,
  ): boolean {
    let leftG = startG;
    let leftH = startH;
    let best = threshold;
    let found = false;
    for (let place = 0; place < last; place++) {
      const at = first + 2 * (order ? order[place]! : place);
      leftG += histogram[at]!;
      leftH += histogram[at + 1]!;
      const rightH = H - leftH;
      if (leftH < leastH || rightH < leastH) continue;
      const rightG = G - leftG;
      const gain = (leftG * leftG) / (leftH + lambda) + (rightG * rightG) / (rightH + lambda) - parent;
      if (gain > best) {
        best = gain;
        found = true;
        this.at = place;
        this.leftG = leftG;
        this.leftH = leftH;
      }
    }
    this.gain = best;
    return found;
  }
}

/** The bins of a categorical feature in the order of their smoothed G/H; the rest bin stays out: it goes right. */
function categoryOrder(histogram: Float64Array, first: number, binCount: number): Int32Array {
  const kept = Math.min(binCount, otherCategoriesBin);
  const ratio = (bin: number): number =>
    histogram[first + 2 * bin]! / (Math.abs(histogram[first + 2 * bin + 1]!) + categorySmoothing);
  return Int32Array.from({ length: kept }, (_, bin) => bin).sort((a, b) => ratio(a) - ratio(b) || a - b);
}
