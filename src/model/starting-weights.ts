/** Starting weights: parameters of trained networks that a new one begins with, by name. */
import { ConfigurationError, counted, unknownName } from "../errors/index.ts";
import type { NetworkLayout } from "../nn/index.ts";
import { elementCount } from "../tensor/index.ts";
import type { StoredTensor } from "./safetensors.ts";

/** Parameters and running statistics by name: "head.jets.weight", "body.layer0.bias". */
export type NamedWeights = Readonly<Record<string, StoredTensor>>;

/** Embedding tables [categories, size] by feature. */
export type Embeddings = Readonly<Record<string, StoredTensor>>;

/** Where the embedding of a feature lies in a network. */
export function embeddingName(feature: string): string {
  return `head.${feature}.weight`;
}

/**
 * Checks that a network has what is to be put into it.
 * @throws UnknownNameError for a name that the network does not have; ConfigurationError for another shape.
 */
export function checkStartingWeights(start: NamedWeights, layout: NetworkLayout): void {
  const entries = [...layout.parameters, ...layout.buffers];
  for (const [name, { shape, data }] of Object.entries(start)) {
    const entry = entries.find((other) => other.name === name);
    if (entry === undefined) {
      throw unknownName(
        "starting weight",
        name,
        entries.map((other) => other.name),
      );
    }
    if (shape.join() !== entry.shape.join() || data.length !== elementCount(shape)) {
      throw new ConfigurationError(
        `starting weights: "${name}" is [${shape.join(", ")}] with ${counted(data.length, "number")}, but this network has ` +
          `[${entry.shape.join(", ")}] there. Take weights of a network of the same shape, or leave this name out.`,
      );
    }
  }
}

/** @throws ConfigurationError where the tables are of other features, or of other numbers of categories. */
export function checkEmbeddings(
  embeddings: Embeddings,
  features: { readonly categoricalFeatures: readonly string[]; readonly categorySizes: readonly number[] },
): void {
  const { categoricalFeatures, categorySizes } = features;
  for (const [name, { shape }] of Object.entries(embeddings)) {
    const place = categoricalFeatures.indexOf(name);
    if (place < 0) throw unknownName("categorical feature", name, categoricalFeatures);
    if (shape.length !== 2 || shape[0] !== categorySizes[place]) {
      throw new ConfigurationError(
        `embeddings: the table of "${name}" has ${shape[0]} categories, but here the feature has ` +
          `${categorySizes[place]}. Embeddings can be taken over where both have the same categories.`,
      );
    }
  }
}
