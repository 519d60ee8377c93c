/** Heads: from an event's stored inputs to what the body sees. */
import { mul, slice, type Tensor } from "../tensor/index.ts";
import { columnsOf, type HeadOutput, takeColumns } from "./feature-columns.ts";
import { dropout, embedding, joinFeatures } from "./layers.ts";
import type { Scope } from "./scope.ts";

/** A categorical feature: its number of categories, and the length of the vector that stands for one. */
export interface EmbeddedFeature {
  readonly name: string;
  readonly categoryCount: number;
  readonly size: number;
}

/** The columns of an event's stored inputs: continuous features, then codes of categorical ones. */
export interface StoredFeatures {
  readonly continuous: readonly string[];
  readonly categorical: readonly EmbeddedFeature[];
  /** Some networks of an ensemble see only some of the continuous features; the others are 0. */
  readonly mask?: FeatureMask | undefined;
  /** How the continuous features were standardised, for heads that need physical units. */
  readonly scaler?: FeatureScaler | undefined;
}

/** Means and standard deviations that continuous features were standardised with. */
export interface FeatureScaler {
  readonly means: readonly number[];
  readonly standardDeviations: readonly number[];
}

/** How many continuous features a network sees; which ones beside `always` is drawn anew for each member. */
export interface FeatureMask {
  readonly count: number;
  /** Places of continuous features that every network sees. */
  readonly always: readonly number[];
}

/** Where a network's mask of continuous features lies among its running statistics. */
export const maskName = "head.mask";

/** Options of `catEmbHead`. */
export interface CatEmbHeadOptions {
  /** Share of the continuous values that is dropped in training. */
  readonly inputDropout?: number;
  /** Share of the embeddings' values that is dropped in training. */
  readonly embeddingDropout?: number;
}

/** A `catEmbHead`'s description. */
export interface CatEmbHeadSpec extends Required<CatEmbHeadOptions> {
  readonly kind: "catEmbHead";
}

/** The usual head: continuous features as they are, followed by the embeddings of the categorical ones. */
export function catEmbHead(options: CatEmbHeadOptions = {}): CatEmbHeadSpec {
  return { inputDropout: 0, embeddingDropout: 0, ...options, kind: "catEmbHead" };
}

/** Length of an embedding where none is given: 1 + ⌊n/2⌋, at most 50 (the rule of the 2020 paper; 4 → 3). */
export function embeddingSize(categoryCount: number): number {
  return Math.min(50, 1 + Math.floor(categoryCount / 2));
}

/** Traces the head on stored inputs [events, continuous + categorical]; `hidden` features are left out. */
export function applyCatEmbHead(
  scope: Scope,
  inputs: Tensor,
  { continuous, categorical }: StoredFeatures,
  head: CatEmbHeadSpec,
  hidden: readonly string[] = [],
): HeadOutput {
  const columns = columnsOf(continuous.map((name) => ({ name, size: 1 })));
  const seen = columns.filter(({ name }) => !hidden.includes(name));
  const embedded = categorical.map(({ name, categoryCount, size }, i) =>
    embedding(scope.child(name), inputs, continuous.length + i, categoryCount, size),
  );
  const parts: Tensor[] = [];
  if (seen.length > 0) parts.push(dropout(scope, takeColumns(inputs, seen), head.inputDropout));
  if (embedded.length > 0) parts.push(dropout(scope, joinFeatures(embedded), head.embeddingDropout));
  return {
    values: parts.length === 1 ? parts[0]! : joinFeatures(parts),
    features: columnsOf([...seen.map(({ name }) => ({ name, size: 1 })), ...categorical]),
  };
}

/** The inputs, 0 in the continuous columns that this network does not see. */
export function maskedInputs(
  scope: Scope,
  inputs: Tensor,
  { continuous, categorical, mask }: StoredFeatures,
): Tensor {
  if (mask === undefined) return inputs;
  const count = continuous.length;
  const seen = scope.buffer("mask", [count], { kind: "subset", ...mask });
  const masked = mul(slice(inputs, 1, 0, count), seen);
  if (categorical.length === 0) return masked;
  return joinFeatures([masked, slice(inputs, 1, count, count + categorical.length)]);
}
