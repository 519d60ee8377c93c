/** Bodies of parallel blocks, each on some of the features, with bottlenecks between them. */
import { expandNames } from "../data/expand-names.ts";
import { ConfigurationError } from "../errors/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { type HeadOutput, takeColumns } from "./feature-columns.ts";
import {
  applyFullyConnected,
  checkFullyConnected,
  type FullyConnectedOptions,
  type FullyConnectedSpec,
  fullyConnected,
} from "./fully-connected.ts";
import { type Activation, activate, initialiserFor, joinFeatures, linear } from "./layers.ts";
import type { Scope } from "./scope.ts";

/** Options of a block: those of `fullyConnected`, and what it sees. */
export interface BlockOptions extends FullyConnectedOptions {
  /** The features that the block sees: names with `*`, `?` and `!`. Several blocks may see the same. */
  readonly features: readonly string[];
  /** How many values it is told of the features that it does not see. Default: the body's. */
  readonly bottleneck?: number;
}

/** Options of `multiBlock`. */
export interface MultiBlockOptions {
  readonly blocks: readonly BlockOptions[];
  /** How many values each block is told of the features that it does not see: 0, the default, for none. */
  readonly bottleneck?: number;
  /** What follows the linear layer of a bottleneck. Default: nothing. */
  readonly bottleneckActivation?: Activation;
}

/** A block of a multi-block body. */
export interface BlockSpec {
  readonly features: readonly string[];
  readonly bottleneck: number;
  readonly body: FullyConnectedSpec;
}

/** A multi-block body's description: plain data that travels to worker processes. */
export interface MultiBlockSpec {
  readonly kind: "multiBlock";
  readonly blocks: readonly BlockSpec[];
  readonly bottleneckActivation: Activation;
}

/**
 * Fully connected blocks beside each other, each on its own features; their outputs leave the body together. A
 * bottleneck is a linear layer from all features that a block does not see to a few values, which the block sees
 * beside its own. A block that sees all features has none.
 *
 * @example
 * multiBlock({
 *   bottleneck: 1,
 *   blocks: [
 *     { features: ["DER_*"], depth: 1, width: 50 },
 *     { features: ["PRI_*"], depth: 6, width: 20, connect: "dense" },
 *   ],
 * }).blocks.length // 2
 */
export function multiBlock(options: MultiBlockOptions): MultiBlockSpec {
  const { blocks, bottleneck = 0, bottleneckActivation = "linear" } = options;
  return {
    kind: "multiBlock",
    bottleneckActivation,
    blocks: blocks.map(({ features, bottleneck: own = bottleneck, ...body }) => ({
      features,
      bottleneck: own,
      body: fullyConnected(body),
    })),
  };
}

/**
 * Traces the body on what leaves a head: [events, outputs of all blocks].
 * @throws UnknownNameError for a feature that the head does not give; ConfigurationError for one that no block sees.
 */
export function applyMultiBlock(scope: Scope, head: HeadOutput, body: MultiBlockSpec): Tensor {
  const { features, values } = head;
  const known = features.map(({ name }) => name);
  const seen = body.blocks.map((block) => new Set(expandNames(block.features, known, "feature")));
  const unseen = known.filter((name) => !seen.some((names) => names.has(name)));
  if (unseen.length > 0 && body.blocks.every(({ bottleneck }) => bottleneck === 0)) {
    throw new ConfigurationError(
      `multiBlock: no block sees ${unseen.map((name) => `"${name}"`).join(", ")}. ` +
        "Name it in a block, leave it out of the features, or give a bottleneck.",
    );
  }
  const outputs = body.blocks.map((block, i) => {
    const part = scope.child(`block${i}`);
    const own = takeColumns(
      values,
      features.filter(({ name }) => seen[i]!.has(name)),
    );
    const others = features.filter(({ name }) => !seen[i]!.has(name));
    if (block.bottleneck === 0 || others.length === 0) {
      return part.output(applyFullyConnected(part, own, block.body));
    }
    const told = throughBottleneck(
      part.child("bottleneck"),
      takeColumns(values, others),
      block.bottleneck,
      body.bottleneckActivation,
    );
    return part.output(applyFullyConnected(part, joinFeatures([own, told]), block.body));
  });
  return outputs.length === 1 ? outputs[0]! : joinFeatures(outputs);
}

function throughBottleneck(scope: Scope, x: Tensor, size: number, activation: Activation): Tensor {
  const initialiser = initialiserFor(activation, x.shape[1] as number, size);
  return scope.output(activate(scope, linear(scope, x, size, initialiser), activation));
}

/** @throws ConfigurationError for a body that cannot be built. */
export function checkMultiBlock({ blocks }: MultiBlockSpec): void {
  if (blocks.length === 0) throw new ConfigurationError("multiBlock: there are no blocks.");
  for (const [i, { bottleneck, features, body }] of blocks.entries()) {
    if (features.length === 0) throw new ConfigurationError(`multiBlock: block ${i} has no features.`);
    if (!(Number.isInteger(bottleneck) && bottleneck >= 0)) {
      throw new ConfigurationError(
        `multiBlock: the bottleneck of block ${i} must be a whole number of values, 0 for none, but is ${bottleneck}.`,
      );
    }
    checkFullyConnected(body);
  }
}
