/** Layers over sequences and sets of objects: recurrent, convolution, attention. */
import {
  add,
  attention,
  bidirectional,
  constant,
  conv1d,
  div,
  gateCounts,
  knownSize,
  layerNorm,
  matmul,
  type RecurrentKind,
  type RecurrentWeights,
  recurrent,
  reshape,
  softmax,
  sub,
  sum,
  type Tensor,
  transpose,
  type WindowOptions,
  where,
} from "../tensor/index.ts";
import { glorotNormal, heNormal, type Initialiser } from "./initialisers.ts";
import { linear } from "./layers.ts";
import type { Scope } from "./scope.ts";

/** Options of `recurrentLayer`. */
export interface RecurrentOptions {
  readonly hidden: number;
  /** Read the sequence from its end too; twice the features. */
  readonly bidirectional?: boolean;
  /** All hidden states [batch, length, features] instead of the last [batch, features]. */
  readonly wholeSequence?: boolean;
}

/**
 * RNN (tanh), GRU or LSTM over x [batch, length, features]. Weights start orthogonal, gate by gate, biases at
 * zero but for the LSTM's forget gate (both biases 1, as in LUMIN) and the GRU's reset gate (−1).
 */
export function recurrentLayer(
  scope: Scope,
  kind: RecurrentKind,
  x: Tensor,
  options: RecurrentOptions,
): Tensor {
  const features = knownSize(kind, x.shape, 2);
  const forward = recurrentWeights(scope.child("forward"), kind, features, options.hidden);
  const run = options.bidirectional
    ? bidirectional(
        kind,
        x,
        forward,
        recurrentWeights(scope.child("backward"), kind, features, options.hidden),
      )
    : recurrent(kind, x, forward);
  return scope.output(options.wholeSequence ? run.sequence : run.last);
}

function recurrentWeights(
  scope: Scope,
  kind: RecurrentKind,
  features: number,
  hidden: number,
): RecurrentWeights {
  const gates = gateCounts[kind];
  const orthogonal: Initialiser = { kind: "orthogonal", blocks: gates };
  const bias: Initialiser = { kind: "blocks", values: gateBiases[kind] };
  return {
    input: scope.parameter("input", [gates * hidden, features], orthogonal),
    hidden: scope.parameter("hidden", [gates * hidden, hidden], orthogonal),
    inputBias: scope.parameter("inputBias", [gates * hidden], bias),
    hiddenBias: scope.parameter("hiddenBias", [gates * hidden], bias),
  };
}

/** Where the biases of each gate start. */
const gateBiases: Readonly<Record<RecurrentKind, readonly number[]>> = {
  rnn: [0],
  gru: [-1, 0, 0],
  lstm: [0, 1, 0, 0],
};

/** Options of `conv1dLayer`. */
export interface Conv1dOptions extends WindowOptions {
  readonly channels: number;
  readonly size: number;
  readonly groups?: number;
}

/** Convolution of x [batch, channels, length] with its own weights (He) and bias. */
export function conv1dLayer(scope: Scope, x: Tensor, options: Conv1dOptions): Tensor {
  const { channels, size, groups = 1 } = options;
  const perGroup = knownSize("conv1d", x.shape, 1) / groups;
  const weight = scope.parameter("weight", [channels, perGroup, size], heNormal(perGroup * size));
  const bias = scope.parameter("bias", [channels], { kind: "constant", value: 0 });
  return scope.output(conv1d(x, weight, bias, options));
}

/** Options of an attention layer. */
export interface AttentionOptions {
  readonly heads: number;
  /** Which objects exist (bool [batch, objects]); the others are not attended to. */
  readonly present?: Tensor;
}

/**
 * Multi-head self-attention over x [batch, objects, features] (Vaswani et al., arXiv 1706.03762), with one
 * product for queries, keys and values; features must divide into the heads.
 */
export function selfAttention(scope: Scope, x: Tensor, { heads, present }: AttentionOptions): Tensor {
  const [batch, objects, features] = x.shape as [number | string, number, number];
  const size = features / heads;
  const project = (name: string) => {
    const projected = linearObjects(scope.child(name), x, features, glorotNormal(features, features));
    return transpose(reshape(projected, [batch, objects, heads, size]), [0, 2, 1, 3]);
  };
  const allowed = present === undefined ? undefined : reshape(present, [batch, 1, 1, objects]);
  const seen = attention(project("query"), project("key"), project("value"), allowed);
  const joined = reshape(transpose(seen, [0, 2, 1, 3]), [batch, objects, features]);
  return scope.output(
    linearObjects(scope.child("output"), joined, features, glorotNormal(features, features)),
  );
}

/**
 * Offset attention over x [batch, objects, features] (Guo et al., arXiv 2012.09688): weights are a softmax over the
 * queries, then sum to 1 over the keys; what is seen is subtracted from x, and a linear layer follows.
 */
export function offsetSelfAttention(scope: Scope, x: Tensor, present?: Tensor): Tensor {
  const [batch, objects, features] = x.shape as [number | string, number, number];
  const project = (name: string) =>
    linearObjects(scope.child(name), x, features, glorotNormal(features, features));
  const scores = matmul(project("query"), transpose(project("key")));
  let weights: Tensor;
  if (present === undefined) weights = softmax(scores, 1);
  else {
    const queries = softmax(where(reshape(present, [batch, objects, 1]), scores, constant(-1e30)), 1);
    weights = where(reshape(present, [batch, 1, objects]), queries, constant(0));
  }
  const shares = div(weights, add(sum(weights, { axes: 2, keepDimensions: true }), 1e-17));
  const offset = sub(x, matmul(shares, project("value")));
  return scope.output(
    linearObjects(scope.child("output"), offset, features, glorotNormal(features, features)),
  );
}

/** A linear layer on the last axis of [batch, …, features]. */
export function linearObjects(scope: Scope, x: Tensor, outputs: number, initialiser: Initialiser): Tensor {
  const features = knownSize("linear", x.shape, x.rank - 1);
  if (x.shape.every((size) => typeof size === "number")) {
    return scope.output(
      onRows(x, (rows) => linear(scope, rows, outputs, initialiser)),
      "linear",
    );
  }
  const weight = scope.parameter("weight", [outputs, features], initialiser);
  const bias = scope.parameter("bias", [outputs], { kind: "constant", value: 0 });
  return scope.output(add(matmul(x, transpose(weight)), bias), "linear");
}

/** A layer of rows [rows, features] on the last axis of [batch, …, features] of known sizes. */
export function onRows(x: Tensor, layer: (rows: Tensor) => Tensor): Tensor {
  const outer = x.shape.slice(0, -1) as number[];
  const rowCount = outer.reduce((product, size) => product * size, 1);
  const rows = layer(reshape(x, [rowCount, x.shape.at(-1)!]));
  return reshape(rows, [...outer, rows.shape[1]!]);
}

/** Layer normalisation over the last axis with learnt scale and shift. */
export function layerNormLayer(scope: Scope, x: Tensor): Tensor {
  const features = knownSize("layerNorm", x.shape, x.rank - 1);
  const scale = scope.parameter("scale", [features], { kind: "constant", value: 1 });
  const shift = scope.parameter("shift", [features], { kind: "constant", value: 0 });
  return scope.output(layerNorm(x, scale, shift));
}
