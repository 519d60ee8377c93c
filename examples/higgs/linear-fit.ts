/** A weighted least-squares fit of a line in many dimensions: what a network has to be better than. */

/** Fits targets [events, targets] to inputs [events, features] and a constant; gives the predictions for other inputs. */
export function linearFit(
  inputs: Float32Array,
  targets: Float32Array,
  eventCount: number,
): (others: Float32Array) => Float64Array {
  const width = inputs.length / eventCount + 1;
  const outputs = targets.length / eventCount;
  // Normal equations (XᵀX) β = Xᵀy, one row [XᵀX | Xᵀy] a feature; the smallest ridge keeps equal columns apart.
  const rows = Array.from({ length: width }, () => new Float64Array(width + outputs));
  const x = new Float64Array(width).fill(1);
  for (let i = 0; i < eventCount; i++) {
    for (let f = 1; f < width; f++) x[f] = inputs[i * (width - 1) + f - 1]!;
    for (let f = 0; f < width; f++) {
      for (let g = 0; g < width; g++) rows[f]![g]! += x[f]! * x[g]!;
      for (let t = 0; t < outputs; t++) rows[f]![width + t]! += x[f]! * targets[i * outputs + t]!;
    }
  }
  for (let f = 0; f < width; f++) rows[f]![f]! += 1e-6 * eventCount;
  for (let f = 0; f < width; f++) {
    for (let g = 0; g < width; g++) {
      if (g === f) continue;
      const factor = rows[g]![f]! / rows[f]![f]!;
      for (let c = f; c < width + outputs; c++) rows[g]![c]! -= factor * rows[f]![c]!;
    }
  }
  const coefficient = (f: number, t: number): number => rows[f]![width + t]! / rows[f]![f]!;
  return (others) =>
    Float64Array.from({ length: (others.length / (width - 1)) * outputs }, (_, at) => {
      const [i, t] = [Math.floor(at / outputs), at % outputs];
      let sum = coefficient(0, t);
      for (let f = 1; f < width; f++) sum += coefficient(f, t) * others[i * (width - 1) + f - 1]!;
      return sum;
    });
}

/** √ of the mean squared difference of each target. */
export function rootMeanSquares(
  predictions: ArrayLike<number>,
  targets: ArrayLike<number>,
  outputs: number,
): number[] {
  const sums = new Array<number>(outputs).fill(0);
  for (let i = 0; i < targets.length; i++) sums[i % outputs]! += (predictions[i]! - targets[i]!) ** 2;
  return sums.map((sum) => Math.sqrt((sum * outputs) / targets.length));
}
