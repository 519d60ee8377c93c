/** The inverse of the significance of a counting experiment, as a loss. */
import { ConfigurationError } from "../errors/index.ts";
import {
  add,
  and,
  div,
  greater,
  log1p,
  maximum,
  mul,
  reshape,
  sqrt,
  sub,
  sum,
  type Tensor,
  where,
} from "../tensor/index.ts";
import type { Loss } from "./loss.ts";

/** Options of `significanceLoss`. */
export interface SignificanceLossOptions {
  /** Expected signal and background before any cut: the batch's class sums are scaled to them. */
  readonly signal: number;
  readonly background: number;
  /** Relative systematic uncertainty of the background. Default 0. */
  readonly backgroundUncertainty?: number;
  /** b_reg, added to the background. Default 0. */
  readonly regularisation?: number;
}

/**
 * 1 / AMS of soft counts: s = S·Σ p·y·w / Σ y·w and b = B·Σ p·(1 − y)·w / Σ (1 − y)·w, y 1 for signal.
 *
 * The AMS is that of `ams` (lumin-hep/metrics). A ratio of sums, not a mean over events: scaling all weights of a
 * class changes nothing, and it needs large batches with many events of both classes. A batch in which the weights of
 * a class do not sum to a positive number, or the soft counts do not, gives 0 and no gradient.
 *
 * Elwood, Krücker, "Direct optimisation of the discovery significance…", arXiv 1806.00322.
 *
 * @throws {ConfigurationError} for totals that are not positive, or a negative uncertainty or b_reg.
 * @example
 * significanceLoss({ signal: 100, background: 1000 }).takes // "prediction"
 */
export function significanceLoss(options: SignificanceLossOptions): Loss {
  const { signal, background, backgroundUncertainty = 0, regularisation = 0 } = options;
  for (const [what, value] of Object.entries({ signal, background })) {
    if (!(value > 0 && Number.isFinite(value))) {
      throw new ConfigurationError(`significance: ${what} must be a positive number, but is ${value}.`);
    }
  }
  for (const [what, value] of Object.entries({ backgroundUncertainty, regularisation })) {
    if (!(value >= 0 && Number.isFinite(value))) {
      throw new ConfigurationError(`significance: ${what} must be 0 or more, but is ${value}.`);
    }
  }
  return {
    name: "significance",
    takes: "prediction",
    of: (p, y, w) => {
      const weights = reshape(w, [-1, 1]);
      const ofSignal = mul(weights, y);
      const ofBackground = mul(weights, sub(1, y));
      const scaled = (passing: Tensor, all: Tensor, total: number): Tensor => {
        const present = greater(all, 0);
        return where(present, mul(div(passing, where(present, all, 1)), total), 0);
      };
      const s = scaled(sum(mul(ofSignal, p)), sum(ofSignal), signal);
      const b = add(scaled(sum(mul(ofBackground, p)), sum(ofBackground), background), regularisation);
      const valid = and(greater(s, 0), greater(b, 0));
      const half = asimov(where(valid, s, 1), where(valid, b, 1), backgroundUncertainty);
      // Rounding may bring a vanishing significance below 0.
      return where(valid, div(1, sqrt(maximum(mul(half, 2), 1e-12))), 0);
    },
  };
}

/** AMS²/2, as in `ams`. */
function asimov(s: Tensor, b: Tensor, relative: number): Tensor {
  const n = add(s, b);
  if (relative === 0) return sub(mul(n, log1p(div(s, b))), s);
  // With σ = u·b: (s + b) log(1 + s/(b + n u²)) − log(1 + u² s/(1 + u² b)/1)/u².
  const u2 = relative * relative;
  const first = mul(n, log1p(div(s, add(b, mul(n, mul(b, u2))))));
  return sub(first, div(log1p(div(mul(s, u2), add(mul(b, u2), 1))), u2));
}
