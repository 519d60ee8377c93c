/** Heads: from an event's stored inputs to what the body sees. */
import { mul, slice, type Tensor } from "../tensor/index.ts";
import { columnsOf, type HeadOutput } from "./feature-columns.ts";
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

/** A head's description: plain data that travels to worker processes. */
export type HeadSpec = CatEmbHeadSpec;

/** Traces the head on stored inputs [events, continuous + categorical]. */
export function applyHead(scope: Scope, inputs: Tensor, stored: StoredFeatures, head: HeadSpec): HeadOutput {
  return applyCatEmbHead(scope, inputs, stored, head);
}

/** Length of an embedding where none is given: 1 + ⌊n/2⌋, at most 50 (the rule of the 2020 paper; 4 → 3). */
export function embeddingSize(categoryCount: number): number {
  return Math.min(50, 1 + Math.floor(categoryCount / 2));
}

/** Traces the head on stored inputs [events, continuous + categorical]. */
export function applyCatEmbHead(
  scope: Scope,
  inputs: Tensor,
  stored: StoredFeatures,
  head: CatEmbHeadSpec,
): HeadOutput {
  const { categorical } = stored;
  const continuous = continuousInputs(scope, inputs, stored);
  const embedded = categorical.map(({ name, categoryCount, size }, i) =>
    embedding(scope.child(name), inputs, stored.continuous.length + i, categoryCount, size),
  );
  const parts: Tensor[] = [];
  if (continuous !== undefined) parts.push(dropout(scope, continuous, head.inputDropout));
  if (embedded.length > 0) parts.push(dropout(scope, joinFeatures(embedded), head.embeddingDropout));
  return {
    values: parts.length === 1 ? parts[0]! : joinFeatures(parts),
    features: columnsOf([...stored.continuous.map((name) => ({ name, size: 1 })), ...categorical]),
  };
}

/** The continuous columns, those 0 that this network does not see; undefined if there are none. */
export function continuousInputs(
  scope: Scope,
  inputs: Tensor,
  { continuous, mask }: StoredFeatures,
): Tensor | undefined {
  const count = continuous.length;
  if (count === 0) return undefined;
  const values = slice(inputs, 1, 0, count);
  if (mask === undefined) return values;
  return mul(values, scope.buffer("mask", [count], { kind: "subset", ...mask }));
}
