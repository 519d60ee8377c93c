/** Which columns of activations stand for which feature: what a head tells the body. */
import { slice, type Tensor } from "../tensor/index.ts";
import { joinFeatures } from "./layers.ts";

/** The columns `start` … `end − 1` stand for the feature. */
export interface FeatureColumns {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/** What leaves a head. */
export interface HeadOutput {
  /** [events, columns]. */
  readonly values: Tensor;
  /** All columns, in their order. */
  readonly features: readonly FeatureColumns[];
}

/** Features of the given widths, one after the other. */
export function columnsOf(
  features: readonly { readonly name: string; readonly size: number }[],
): FeatureColumns[] {
  let end = 0;
  return features.map(({ name, size }) => {
    end += size;
    return { name, start: end - size, end };
  });
}

/** The columns of some features, [events, chosen]; neighbours are taken together. */
export function takeColumns(values: Tensor, features: readonly FeatureColumns[]): Tensor {
  const runs: { start: number; end: number }[] = [];
  for (const { start, end } of features) {
    const last = runs.at(-1);
    if (last?.end === start) last.end = end;
    else runs.push({ start, end });
  }
  if (runs.length === 1 && runs[0]!.start === 0 && runs[0]!.end === values.shape[1]) return values;
  return joinFeatures(runs.map(({ start, end }) => slice(values, 1, start, end)));
}
