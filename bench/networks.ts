/** The networks that are timed: each as a function of the table [events, columns], with its products counted. */
import {
  applyFullyConnected,
  classRegMulti,
  conv1dLayer,
  embedding,
  type FullyConnectedSpec,
  fullyConnected,
  glorotNormal,
  joinFeatures,
  layerNormLayer,
  linearObjects,
  type Network,
  recurrentLayer,
  selfAttention,
} from "../src/nn/index.ts";
import { add, mean, relu, reshape, slice, type Tensor, transpose } from "../src/tensor/index.ts";

export const networkNames = ["dense", "wide", "winner", "gru", "conv", "attention"] as const;

/** A network of the table, by the name that torch_step.py knows it by. */
export type NetworkName = (typeof networkNames)[number];

/** A product's sizes: `rows` (per event) × `inputs` × `outputs`, and whether its input needs a gradient. */
type Product = readonly [rows: number, inputs: number, outputs: number];

export interface TimedNetwork {
  readonly title: string;
  /** Columns of the table. */
  readonly columns: number;
  readonly network: Network;
  /** The products of a forward pass, for the arithmetic limit. */
  readonly products: readonly Product[];
}

const CONTINUOUS = 30;
const LENGTH = 10;
/** Features of each object or step of a sequence. */
const FEATURES = 8;
const HIDDEN = 64;
const HEADS = 4;

/** Events with 30 continuous features and one of 4 categories, embedded in 3 numbers. */
export function tabular(title: string, body: FullyConnectedSpec, products: readonly Product[]): TimedNetwork {
  return {
    title,
    columns: CONTINUOUS + 1,
    network: (scope, inputs) => {
      const embedded = embedding(scope.child("head"), inputs, CONTINUOUS, 4, 3);
      const head = joinFeatures([slice(inputs, 1, 0, CONTINUOUS), embedded]);
      const features = applyFullyConnected(scope.child("body"), head, body);
      return classRegMulti(scope.child("tail"), features, { kind: "binary" });
    },
    products,
  };
}

function chain(sizes: readonly number[]): Product[] {
  return sizes.slice(1).map((outputs, i): Product => [1, sizes[i]!, outputs]);
}

/** Events with ten objects of eight features. */
function sequential(title: string, body: Network, products: readonly Product[]): TimedNetwork {
  return {
    title,
    columns: LENGTH * FEATURES,
    network: (scope, inputs) => {
      const objects = reshape(inputs, [inputs.shape[0]!, LENGTH, FEATURES]);
      return classRegMulti(scope.child("tail"), body(scope.child("body"), objects), { kind: "binary" });
    },
    products: [...products, [1, HIDDEN, 1]],
  };
}

/** Three convolutions of three objects' width with 64 channels, then the mean over the sequence. */
const convolutions: Network = (scope, objects) => {
  let x: Tensor = transpose(objects);
  for (let i = 0; i < 3; i++) {
    x = relu(conv1dLayer(scope.child(`layer${i}`), x, { channels: HIDDEN, size: 3, padding: 1 }));
  }
  return mean(x, { axes: 2 });
};

/** Two layers of self-attention in four heads, each added to its input and normalised. */
const attentions: Network = (scope, objects) => {
  let x = linearObjects(scope.child("embedding"), objects, HIDDEN, glorotNormal(FEATURES, HIDDEN));
  for (let i = 0; i < 2; i++) {
    const layer = scope.child(`layer${i}`);
    x = layerNormLayer(layer.child("norm"), add(x, selfAttention(layer, x, { heads: HEADS })));
  }
  return mean(x, { axes: 1 });
};

export const timedNetworks: Readonly<Record<NetworkName, TimedNetwork>> = {
  dense: tabular(
    "dense 6×33",
    fullyConnected({ depth: 6, width: 33, activation: "swish", connect: "dense" }),
    [...[33, 66, 99, 132, 165, 198].map((inputs): Product => [1, inputs, 33]), [1, 33, 1]],
  ),
  wide: tabular(
    "4×100",
    fullyConnected({ depth: 4, width: 100, activation: "swish" }),
    chain([33, 100, 100, 100, 100, 1]),
  ),
  winner: tabular(
    "3×600 relu",
    fullyConnected({ depth: 3, width: 600, activation: "relu" }),
    chain([33, 600, 600, 600, 1]),
  ),
  gru: sequential(
    "GRU 64, 10 steps",
    (scope, objects) => recurrentLayer(scope, "gru", objects, { hidden: HIDDEN }),
    [
      [LENGTH, FEATURES, 3 * HIDDEN],
      [LENGTH - 1, HIDDEN, 3 * HIDDEN],
    ],
  ),
  conv: sequential("conv1d 3×64, 10 steps", convolutions, [
    [LENGTH, 3 * FEATURES, HIDDEN],
    [LENGTH, 3 * HIDDEN, HIDDEN],
    [LENGTH, 3 * HIDDEN, HIDDEN],
  ]),
  attention: sequential("attention 2×64, 10 objects", attentions, [
    [LENGTH, FEATURES, HIDDEN],
    // Queries, keys, values and output; scores and their use as weights.
    ...[1, 2].flatMap((): Product[] => [
      [4 * LENGTH, HIDDEN, HIDDEN],
      [2 * LENGTH, LENGTH, HIDDEN],
    ]),
  ]),
};

/**
 * Floating-point operations of one training step: each product once forwards and twice backwards (for the
 * weights and for what lies below).
 */
export function stepOperations({ products }: TimedNetwork, batchSize: number): number {
  return products.reduce(
    (sum, [rows, inputs, outputs]) => sum + 3 * 2 * batchSize * rows * inputs * outputs,
    0,
  );
}
