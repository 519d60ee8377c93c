/** Made events for the tests of trees. */
import { Stream } from "../../src/array/index.ts";
import type { TreeData } from "../../src/trees/index.ts";

/** A few hundred events with a signal, missing values and a categorical column; weights are sums of powers of two. */
export function toyEvents(count: number, seed = 1): TreeData & { readonly weights: Float64Array } {
  const stream = new Stream(seed, "toy");
  const columns = Array.from({ length: 4 }, () => new Float32Array(count));
  const targets = new Float64Array(count);
  const weights = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    for (const column of columns) column[i] = stream.normal();
    columns[3]![i] = stream.integer(6);
    const score =
      columns[0]![i]! * columns[1]![i]! + (columns[3]![i] === 2 || columns[3]![i] === 5 ? 1.5 : -0.5);
    targets[i] = stream.uniform() < 1 / (1 + Math.exp(-2 * score)) ? 1 : 0;
    if (stream.uniform() < 0.2) columns[1]![i] = Number.NaN;
    weights[i] = 2 ** (stream.integer(3) - 1);
  }
  return { columns, targets, weights };
}
