/** Fully connected bodies: layers one after the other, with sums around pairs, or each seeing all before it. */
import { ConfigurationError } from "../errors/index.ts";
import { add, type Tensor } from "../tensor/index.ts";
import {
  type Activation,
  activate,
  alphaDropout,
  batchNorm,
  dropout,
  initialiserFor,
  joinFeatures,
  linear,
} from "./layers.ts";
import type { Scope } from "./scope.ts";

/** How layers are connected: one after the other, with sums around pairs, or each seeing all before it. */
export type Connection = "plain" | "residual" | "dense";

/** Options of `fullyConnected`. */
export interface FullyConnectedOptions {
  /** Number of hidden layers. */
  readonly depth: number;
  /** Outputs of the first layer. */
  readonly width: number;
  readonly activation?: Activation;
  readonly connect?: Connection;
  /** Layer d has width·(1 + d·growthRate) outputs, rounded towards zero, at least one. */
  readonly growthRate?: number;
  readonly dropout?: number;
  readonly batchNorm?: boolean;
}

/** A body's description: plain data that travels to worker processes. */
export interface FullyConnectedSpec extends Required<FullyConnectedOptions> {
  readonly kind: "fullyConnected";
}

/**
 * Fully connected layers: linear → activation → (batch norm) → (dropout).
 *
 * - "residual": a first layer, then ⌊depth/2⌋ pairs of layers x ← x + pair(x), all of one width (so a growth
 *   rate is refused); with batch norm, after the first layer of a pair and after each sum.
 *   LUMIN's residual bodies always normalise; ours do when asked.
 * - "dense": layer d sees the body's inputs and the outputs of all layers before it; the last layer's output
 *   alone leaves the body (Huang et al., arXiv 1608.06993).
 */
export function fullyConnected(options: FullyConnectedOptions): FullyConnectedSpec {
  return {
    activation: "relu",
    connect: "plain",
    growthRate: 0,
    dropout: 0,
    batchNorm: false,
    ...options,
    kind: "fullyConnected",
  };
}

/** Outputs of layer `index`. */
export function layerWidth({ width, growthRate }: FullyConnectedSpec, index: number): number {
  return Math.max(1, width + Math.trunc(width * index * growthRate));
}

/** Traces the body on [events, features]. */
export function applyFullyConnected(scope: Scope, inputs: Tensor, body: FullyConnectedSpec): Tensor {
  switch (body.connect) {
    case "plain": {
      let x = inputs;
      for (let d = 0; d < body.depth; d++) x = layer(scope.child(`layer${d}`), x, body, layerWidth(body, d));
      return x;
    }
    case "dense": {
      let seen = inputs;
      for (let d = 0; d < body.depth - 1; d++) {
        const output = layer(scope.child(`layer${d}`), seen, body, layerWidth(body, d));
        seen = joinFeatures([seen, output]);
      }
      return layer(scope.child(`layer${body.depth - 1}`), seen, body, layerWidth(body, body.depth - 1));
    }
    case "residual": {
      let x = layer(scope.child("layer0"), inputs, body, body.width);
      for (let pair = 0; pair < Math.floor(body.depth / 2); pair++) {
        const part = scope.child(`pair${pair}`);
        const first = layer(part.child("layer0"), x, body, body.width);
        const second = layer(part.child("layer1"), first, { ...body, batchNorm: false }, body.width);
        x = add(x, second);
        if (body.batchNorm) x = batchNorm(part.child("norm"), x);
        part.output(x);
      }
      return x;
    }
  }
}

function layer(scope: Scope, x: Tensor, body: FullyConnectedSpec, width: number): Tensor {
  const fanIn = x.shape[1] as number;
  let y = linear(scope, x, width, initialiserFor(body.activation, fanIn, width));
  y = activate(scope, y, body.activation);
  if (body.batchNorm) y = batchNorm(scope.child("norm"), y);
  const drop = body.activation === "selu" ? alphaDropout : dropout;
  return scope.output(drop(scope, y, body.dropout));
}

/** @throws ConfigurationError for a body that cannot be built. */
export function checkFullyConnected(body: FullyConnectedSpec): void {
  const { depth, width, connect, growthRate, dropout } = body;
  const refuse = (what: string) => {
    throw new ConfigurationError(`fullyConnected: ${what}`);
  };
  if (!(Number.isInteger(depth) && depth >= 1)) refuse(`depth must be 1 or more, but is ${depth}.`);
  if (!(Number.isInteger(width) && width >= 1)) refuse(`width must be 1 or more, but is ${width}.`);
  if (!(dropout >= 0 && dropout < 1)) refuse(`dropout must be in [0, 1), but is ${dropout}.`);
  if (connect === "residual" && growthRate !== 0) {
    refuse("layers of a residual body have one width; leave growthRate at 0.");
  }
}
