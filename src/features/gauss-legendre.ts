/** Gauss–Legendre quadrature on [0, 1]. */

/** Nodes and weights: ∫₀¹ f dt = Σ weights f(nodes), exact for polynomials of degree 2 count − 1. */
export function gaussLegendre(count: number): {
  readonly nodes: Float64Array;
  readonly weights: Float64Array;
} {
  const nodes = new Float64Array(count);
  const weights = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    // Newton's method on the Legendre polynomial, from Tricomi's approximation of its roots.
    let x = Math.cos((Math.PI * (i + 0.75)) / (count + 0.5));
    let slope = 1;
    for (let iteration = 0; iteration < 100; iteration++) {
      let [below, value] = [1, x];
      for (let k = 2; k <= count; k++)
        [below, value] = [value, ((2 * k - 1) * x * value - (k - 1) * below) / k];
      slope = (count * (x * value - below)) / (x * x - 1);
      const step = value / slope;
      x -= step;
      if (Math.abs(step) < 1e-15) break;
    }
    nodes[count - 1 - i] = (1 + x) / 2;
    weights[count - 1 - i] = 1 / ((1 - x * x) * slope * slope);
  }
  return { nodes, weights };
}
