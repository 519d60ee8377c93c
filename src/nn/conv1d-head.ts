/** Convolutional heads: windows over the objects of an event in their order. */
import { add, concat, max, mean, mul, reshape, sigmoid, type Tensor, transpose } from "../tensor/index.ts";
import { type Activation, activate, initialiserFor, linear } from "./layers.ts";
import { normalised } from "./object-layers.ts";
import type { EventObjects, ObjectColumns } from "./objects.ts";
import type { Scope } from "./scope.ts";
import { conv1dLayer } from "./sequence-layers.ts";

/** A layer of a convolutional head. */
export interface ConvolutionOptions {
  /** Output channels. */
  readonly channels: number;
  /** Objects in a window. Default 3. */
  readonly size?: number;
  /** Objects between windows. Default 1. */
  readonly stride?: number;
  /** Zeros before and after. Default ⌊size/2⌋, which with an odd size keeps the length. */
  readonly padding?: number;
  /**
   * "plain": convolution → activation → (batch norm); "residual": two of (batch norm) → activation → convolution,
   * and the input added (He et al., arXiv 1603.05027); "resNeXt": the same with three, 1 → size in groups → 1 (Xie et
   * al., arXiv 1611.05431). Default plain.
   */
  readonly block?: "plain" | "residual" | "resNeXt";
  /** Groups of a resNeXt block. Default 4. */
  readonly groups?: number;
  /** Channels are weighted by what their means say, squeezed by this factor (Hu et al., arXiv 1709.01507). Default 0: no. */
  readonly squeeze?: number;
}

/** Options of `conv1dHead`. */
export interface Conv1dHeadOptions extends ObjectColumns {
  readonly layers: readonly ConvolutionOptions[];
  /** Default relu. */
  readonly activation?: Activation;
  readonly batchNorm?: boolean;
  /** "flatten": all places leave the head; "maxMean": largest and mean value of each channel. Default flatten. */
  readonly pool?: "flatten" | "maxMean";
}

/** A convolutional head's description. */
export interface Conv1dHeadSpec extends Required<Omit<Conv1dHeadOptions, "layers">> {
  readonly kind: "conv1d";
  readonly layers: readonly Required<ConvolutionOptions>[];
}

/** Convolutions over the objects in their order. */
export function conv1dHead(options: Conv1dHeadOptions): Conv1dHeadSpec {
  const layers = options.layers.map((layer) => {
    const size = layer.size ?? 3;
    const padding = Math.floor(size / 2);
    return { size, stride: 1, padding, block: "plain", groups: 4, squeeze: 0, ...layer } as const;
  });
  return { activation: "relu", batchNorm: false, pool: "flatten", ...options, layers, kind: "conv1d" };
}

/** [events, values] from objects. */
export function applyConv1dHead(scope: Scope, { values }: EventObjects, head: Conv1dHeadSpec): Tensor {
  let x = transpose(values, [0, 2, 1]);
  for (const [i, layer] of head.layers.entries()) x = block(scope.child(`layer${i}`), x, layer, head);
  const [events, channels, length] = x.shape as [number | string, number, number];
  if (head.pool === "maxMean") return concat([max(x, { axes: 2 }), mean(x, { axes: 2 })], 1);
  return reshape(x, [events, channels * length]);
}

function block(scope: Scope, x: Tensor, layer: Required<ConvolutionOptions>, head: Conv1dHeadSpec): Tensor {
  const y =
    layer.block === "plain" ? plainBlock(scope, x, layer, head) : residualBlock(scope, x, layer, head);
  return layer.squeeze === 0 ? y : squeezed(scope.child("squeeze"), y, layer.squeeze, head.activation);
}

function plainBlock(
  scope: Scope,
  x: Tensor,
  layer: Required<ConvolutionOptions>,
  head: Conv1dHeadSpec,
): Tensor {
  const { channels, size, stride, padding } = layer;
  const y = activate(scope, conv1dLayer(scope, x, { channels, size, stride, padding }), head.activation);
  return head.batchNorm ? normalisedChannels(scope.child("norm"), y) : y;
}

function residualBlock(
  scope: Scope,
  x: Tensor,
  { channels, size, stride, padding, block: kind, groups }: Required<ConvolutionOptions>,
  head: Conv1dHeadSpec,
): Tensor {
  const step = (name: string, input: Tensor, options: Parameters<typeof conv1dLayer>[2]) => {
    const part = scope.child(name);
    const normal = head.batchNorm ? normalisedChannels(part.child("norm"), input) : input;
    return conv1dLayer(part, activate(part, normal, head.activation), options);
  };
  let y: Tensor;
  if (kind === "residual") {
    y = step("first", x, { channels, size, stride, padding });
    y = step("second", y, { channels, size, padding });
  } else {
    y = step("first", x, { channels, size: 1, stride });
    y = step("second", y, { channels, size, padding, groups });
    y = step("third", y, { channels, size: 1 });
  }
  const keeps = stride === 1 && x.shape[1] === channels;
  const shortcut = keeps ? x : conv1dLayer(scope.child("shortcut"), x, { channels, size: 1, stride });
  return add(y, shortcut);
}

/** Batch normalisation of channels over events and places: [events, channels, length]. */
function normalisedChannels(scope: Scope, x: Tensor): Tensor {
  return transpose(normalised(scope, transpose(x, [0, 2, 1])), [0, 2, 1]);
}

/** Channels times a number between 0 and 1 that their means decide on. */
function squeezed(scope: Scope, x: Tensor, factor: number, activation: Activation): Tensor {
  const channels = x.shape[1] as number;
  const inner = Math.max(2, Math.floor(channels / factor));
  const means = mean(x, { axes: 2 });
  const first = scope.child("first");
  const small = activate(
    first,
    linear(first, means, inner, initialiserFor(activation, channels, inner)),
    activation,
  );
  const share = sigmoid(
    linear(scope.child("second"), small, channels, initialiserFor("sigmoid", inner, channels)),
  );
  return mul(x, reshape(share, [...share.shape, 1]));
}
