/** The tail of the normal distribution. */

/**
 * P(X > z) of a standard normal X, to a relative error of 1e-13 far into the tail.
 *
 * Series of Φ below |z| = 3, above Laplace's continued fraction of the tail (Abramowitz and Stegun 26.2.11, 26.2.14).
 *
 * @example
 * normalTail(0) // 0.5
 */
export function normalTail(z: number): number {
  if (Number.isNaN(z)) return Number.NaN;
  if (z < 0) return 1 - normalTail(-z);
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  if (z < 3) {
    let term = z;
    let sum = z;
    for (let k = 3; term > 1e-18 * sum; k += 2) {
      term *= (z * z) / k;
      sum += term;
    }
    return 0.5 - density * sum;
  }
  let fraction = z;
  for (let k = 120; k >= 1; k--) fraction = z + k / fraction;
  return density / fraction;
}
