/** What a template is between its variations at −1 and +1 standard deviation. */

/** `smooth`: twice differentiable everywhere; `kinked`: a kink at 0. */
export type TemplateInterpolation = "smooth" | "kinked";

interface ValueAndSlope {
  readonly value: number;
  readonly slope: number;
}

/** A factor that is `low` at −1, 1 at 0 and `high` at +1; exponential, and within ±1 a polynomial if smooth. */
export function multiplied(
  x: number,
  low: number,
  high: number,
  interpolation: TemplateInterpolation,
): ValueAndSlope {
  if (interpolation === "kinked" || Math.abs(x) >= 1) {
    const [base, sign] = x >= 0 ? [high, 1] : [low, -1];
    const value = base ** Math.abs(x);
    return { value, slope: sign * Math.log(base) * value };
  }
  const c = polynomial(low, high);
  let value = 0;
  let slope = 0;
  for (let k = 6; k >= 1; k--) {
    slope = slope * x + k * c[k]!;
    value = value * x + c[k]!;
  }
  return { value: 1 + value * x, slope };
}

/** Coefficients of the polynomial of degree 6 that is 1 at 0 and meets the exponentials at ±1 with two derivatives. */
function polynomial(low: number, high: number): readonly number[] {
  const [l, h] = [Math.log(low), Math.log(high)];
  // Even and odd halves of value, first and second derivative at the edge.
  const even = [(high + low) / 2 - 1, (high * h + low * l) / 2, (high * h * h + low * l * l) / 2];
  const odd = [(high - low) / 2, (high * h - low * l) / 2, (high * h * h - low * l * l) / 2];
  return [
    1,
    (15 * odd[0]! - 7 * odd[1]! + odd[2]!) / 8,
    (24 * even[0]! - 9 * even[1]! + even[2]!) / 8,
    (-5 * odd[0]! + 5 * odd[1]! - odd[2]!) / 4,
    (-12 * even[0]! + 7 * even[1]! - even[2]!) / 4,
    (3 * odd[0]! - 3 * odd[1]! + odd[2]!) / 8,
    (8 * even[0]! - 5 * even[1]! + even[2]!) / 8,
  ];
}

/** A shift that is `low` at −1, 0 at 0 and `high` at +1; linear, and within ±1 a polynomial if smooth. */
export function shifted(
  x: number,
  low: number,
  high: number,
  interpolation: TemplateInterpolation,
): ValueAndSlope {
  if (interpolation === "kinked" || Math.abs(x) >= 1) {
    return x >= 0 ? { value: x * high, slope: high } : { value: -x * low, slope: -low };
  }
  const odd = (high - low) / 2;
  const even = (high + low) / 16;
  const square = x * x;
  return {
    value: odd * x + even * square * (15 + square * (-10 + 3 * square)),
    slope: odd + even * x * (30 + square * (-40 + 18 * square)),
  };
}
