/** Huber losses whose thresholds follow the errors in bins of the target. */
import { ConfigurationError } from "../errors/index.ts";
import {
  abs,
  add,
  and,
  broadcastTo,
  cast,
  constant,
  div,
  greater,
  greaterEqual,
  knownSize,
  less,
  lessEqual,
  matmul,
  maximum,
  min,
  mul,
  reshape,
  sqrt,
  square,
  stopGradient,
  sub,
  sum,
  type Tensor,
  where,
} from "../tensor/index.ts";
import { type Loss, weightedMean } from "./loss.ts";
import type { Scope } from "./scope.ts";

/** Options of `binnedHuber` and `fractionalBinnedHuber`. */
export interface BinnedHuberOptions {
  /** Edges of the bins of the target, rising: bin i is [edge i, edge i + 1). */
  readonly edges: readonly number[];
  /** Fraction of a bin's weight whose squared errors lie below its threshold. Default 0.68. */
  readonly quantile?: number;
  /** Share of a batch's own quantile in the threshold. Default 0.1. */
  readonly momentum?: number;
}

/** More than any squared error; thresholds carry it nowhere. */
const beyond = 1e30;

/**
 * Huber loss with one threshold T a bin of the target: squared error Δ² up to T, from there T + 2√T(|Δ| − √T).
 *
 * T is a quantile of the squared errors of the bin's events, by weight: the smallest Δ² up to which the bin's
 * events have the wanted fraction of its weight. The first batch sets it, later ones by T ← (1 − m)·T + m·T_batch.
 * A bin without positive weight in a batch keeps its T; without any T yet, and for targets outside of all bins,
 * the loss is Δ². Prediction and validation use the last T. All targets of a network share the bins.
 *
 * As LUMIN's `WeightedBinnedHuber`, with event weights in the quantile. Takes (events × targets)² numbers of memory.
 *
 * @throws {ConfigurationError} for edges that do not rise, a quantile or a momentum outside (0, 1].
 * @example
 * binnedHuber({ edges: [0, 50, 100, 400] }).buffers[0].shape // [3]
 */
export function binnedHuber(options: BinnedHuberOptions): Loss {
  return makeHuber("binnedHuber", options, (losses) => losses);
}

/** `binnedHuber` divided by |target|; infinite for targets of 0. LUMIN divides by the target with its sign. */
export function fractionalBinnedHuber(options: BinnedHuberOptions): Loss {
  return makeHuber("fractionalBinnedHuber", options, (losses, y) => div(losses, abs(y)));
}

function makeHuber(
  name: string,
  { edges, quantile = 0.68, momentum = 0.1 }: BinnedHuberOptions,
  finish: (losses: Tensor, targets: Tensor) => Tensor,
): Loss {
  const bins = (edges?.length ?? 0) - 1;
  if (bins < 1 || edges.some((edge, i) => i > 0 && !(edge > edges[i - 1]!))) {
    throw new ConfigurationError(
      `${name}: edges must be two or more rising numbers, but are [${edges?.join(", ") ?? ""}].`,
    );
  }
  for (const [what, value] of Object.entries({ quantile, momentum })) {
    if (!(value > 0 && value <= 1)) {
      throw new ConfigurationError(`${name}: ${what} must be in (0, 1], but is ${value}.`);
    }
  }
  return {
    name,
    takes: "prediction",
    // −1: no threshold yet.
    buffers: [{ name: "thresholds", shape: [bins], start: -1 }],
    of: (p, y, w, scope) => {
      const errors = abs(sub(p, y));
      const squares = square(errors);
      const column = reshape(y, [-1, 1]);
      const inBin = cast(
        and(greaterEqual(column, constant(edges.slice(0, -1))), less(column, constant(edges.slice(1)))),
        "float32",
      );
      const thresholds = updated(scope, bins, momentum, () => {
        const count = knownSize(name, y.shape, 0) * knownSize(name, y.shape, 1);
        const perTarget = reshape(broadcastTo(reshape(w, [knownSize(name, w.shape, 0), 1]), y.shape), [
          count,
          1,
        ]);
        return quantiles(reshape(squares, [count, 1]), mul(inBin, perTarget), inBin, quantile);
      });
      // The event's own threshold; −1 outside of all bins.
      const shape = squares.shape;
      const found = sub(sum(mul(inBin, add(thresholds, 1)), { axes: 1, keepDimensions: true }), 1);
      const own = stopGradient(reshape(found, shape));
      const root = sqrt(maximum(own, 0));
      const linear = add(own, mul(mul(root, 2), sub(errors, root)));
      const isLinear = and(greaterEqual(own, 0), greater(squares, own));
      return weightedMean(finish(where(isLinear, linear, squares), y), w);
    },
  };
}

/** The thresholds of this step, kept for the next one; outside of training those that are there. */
function updated(scope: Scope | undefined, bins: number, momentum: number, batch: () => Tensor): Tensor {
  // Used alone: every batch is the first one.
  if (scope === undefined) return stopGradient(batch());
  const before = scope.buffer("thresholds", [bins], -1);
  if (!scope.training) return before;
  const seen = stopGradient(batch());
  const followed = add(mul(before, 1 - momentum), mul(seen, momentum));
  const next = where(less(seen, 0), before, where(less(before, 0), seen, followed));
  scope.updateBuffer("thresholds", next);
  return next;
}

/**
 * For every bin the smallest value up to which its events have the wanted fraction of its weight; −1 where it has
 * no positive weight. Summing over all that is not larger, instead of sorting, gives equal values one common sum:
 * a weight and its negative cancel, weight 2 is the event twice. values [n, 1], weights and inBin [n, bins].
 */
function quantiles(values: Tensor, weights: Tensor, inBin: Tensor, fraction: number): Tensor {
  const upTo = cast(lessEqual(reshape(values, [1, -1]), values), "float32");
  const below = matmul(upTo, weights);
  const total = sum(weights, { axes: 0, keepDimensions: true });
  // The sums are of single precision.
  const enough = and(greaterEqual(below, mul(total, fraction * (1 - 1e-5))), greater(inBin, 0.5));
  const smallest = min(where(enough, values, beyond), { axes: 0 });
  const valid = and(greater(reshape(total, [-1]), 0), less(smallest, beyond));
  return where(valid, smallest, -1);
}
