/** Attributions: what each feature adds to the prediction of single events, and summaries of it. */
import { type Numbers, weightedMoments } from "../array/index.ts";
import { ShapeError } from "../errors/index.ts";
import type { Measurement } from "../metrics/index.ts";

/** What each feature adds to the prediction, event by event. */
export interface Attributions {
  /** Names of the columns of `values`. */
  readonly features: readonly string[];
  /** [events, features]. */
  readonly values: Float64Array;
  /** What the attributions are counted from, [events]. */
  readonly base: Float64Array;
  /** Prediction, [events]: base + Σ values, but for the error of an integral. */
  readonly prediction: Float64Array;
}

/** How large the attributions of a feature are. */
export interface AttributionSize extends Measurement {
  readonly name: string;
}

/**
 * Weighted mean of |attribution| of each feature, the largest first, with its standard error
 * √(Σ w² (|φ| − mean)²) / Σ w. Negative weights enter with their sign.
 *
 * @throws ShapeError for weights that are not one for each event.
 */
export function attributionSizes({ features, values }: Attributions, weights?: Numbers): AttributionSize[] {
  const width = features.length;
  const eventCount = values.length / width;
  if (weights !== undefined && weights.length !== eventCount) {
    throw new ShapeError(
      `attributionSizes: ${eventCount} events, but ${weights.length} weights. Give one for each.`,
    );
  }
  const sizes = features.map((name, feature) => {
    const size = Float64Array.from({ length: eventCount }, (_, event) =>
      Math.abs(values[event * width + feature]!),
    );
    const { mean, weightSum } = weightedMoments(size, weights);
    let squares = 0;
    for (let event = 0; event < eventCount; event++) {
      squares += ((weights?.[event] ?? 1) * (size[event]! - mean)) ** 2;
    }
    return { name, value: mean, uncertainty: Math.sqrt(squares) / weightSum };
  });
  return sizes.sort((a, b) => b.value - a.value);
}

/** Σ shareᵢ × attributionsᵢ of several models for the same events and features. */
export function combineAttributions(
  parts: readonly { readonly share: number; readonly attributions: Attributions }[],
): Attributions {
  const first = parts[0]!.attributions;
  const total = (of: (attributions: Attributions) => Float64Array): Float64Array => {
    const sum = new Float64Array(of(first).length);
    for (const { share, attributions } of parts) {
      const own = of(attributions);
      for (let i = 0; i < sum.length; i++) sum[i]! += share * own[i]!;
    }
    return sum;
  };
  return {
    features: first.features,
    values: total(({ values }) => values),
    base: total(({ base }) => base),
    prediction: total(({ prediction }) => prediction),
  };
}
