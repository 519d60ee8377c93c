/** Convolution and pooling over sequences, from shifted copies and one matrix product. */
import { ShapeError } from "../errors/index.ts";
import { add, concat, matmul, maximum, mul, pad, reshape, slice, transpose } from "./operations.ts";
import { knownSize, shapeText, type Tensor } from "./tensor.ts";

/** Every `stride`-th element of an axis, from `start`, `count` of them. */
export function strided(x: Tensor, axis: number, start: number, stride: number, count: number): Tensor {
  if (stride === 1) return slice(x, axis, start, start + count);
  const size = knownSize("strided", x.shape, axis);
  const end = start + count * stride;
  const before = x.shape.map(() => 0);
  const after = x.shape.map((_, i) => (i === axis ? Math.max(0, end - size) : 0));
  const whole = slice(pad(x, before, after), axis, start, end);
  const folded = reshape(whole, [...x.shape.slice(0, axis), count, stride, ...x.shape.slice(axis + 1)]);
  return reshape(slice(folded, axis + 1, 0, 1), [
    ...x.shape.slice(0, axis),
    count,
    ...x.shape.slice(axis + 1),
  ]);
}

/** How windows slide over a sequence. */
export interface WindowOptions {
  /** Steps between windows. Default 1. */
  readonly stride?: number;
  /** Zeros (for a maximum: nothing) before and after the sequence. Default 0. */
  readonly padding?: number;
  /** Steps between a window's elements. Default 1. */
  readonly dilation?: number;
}

/** For each place in the window the elements it covers: `size` tensors [batch, channels, windows]. */
function windowPlaces(x: Tensor, size: number, options: WindowOptions, where: string): Tensor[] {
  const { stride = 1, padding = 0, dilation = 1 } = options;
  if (x.rank !== 3) {
    throw new ShapeError(`${where}: needs [batch, channels, length], but got ${shapeText(x.shape)}.`);
  }
  for (const [name, value, least] of [
    ["size", size, 1],
    ["stride", stride, 1],
    ["dilation", dilation, 1],
    ["padding", padding, 0],
  ] as const) {
    if (!(Number.isInteger(value) && value >= least)) {
      throw new ShapeError(`${where}: ${name} must be a whole number from ${least}, but is ${value}.`);
    }
  }
  const padded = pad(x, [0, 0, padding], [0, 0, padding]);
  const length = knownSize(where, padded.shape, 2);
  const count = Math.floor((length - dilation * (size - 1) - 1) / stride) + 1;
  if (count < 1) {
    throw new ShapeError(
      `${where}: a window of ${dilation * (size - 1) + 1} does not fit in length ${length}.`,
    );
  }
  return Array.from({ length: size }, (_, place) => strided(padded, 2, place * dilation, stride, count));
}

/**
 * Convolution of sequences, as torch's conv1d: x [batch, in, length], weight [out, in / groups, size],
 * bias [out] → [batch, out, windows]. All windows side by side and one product.
 */
export function conv1d(
  x: Tensor,
  weight: Tensor,
  bias?: Tensor,
  options: WindowOptions & { readonly groups?: number } = {},
): Tensor {
  const { groups = 1 } = options;
  if (x.rank !== 3 || weight.rank !== 3) {
    throw new ShapeError(
      `conv1d: needs x [batch, channels, length] and a weight [outputs, channels, size], ` +
        `but got ${shapeText(x.shape)} and ${shapeText(weight.shape)}.`,
    );
  }
  const [out, perGroup, size] = weight.shape as [number, number, number];
  if (bias !== undefined && shapeText(bias.shape) !== shapeText([out])) {
    throw new ShapeError(
      `conv1d: the weight ${shapeText(weight.shape)} has ${out} outputs, so that the bias must have the shape ` +
        `[${out}], but it has ${shapeText(bias.shape)}.`,
    );
  }
  const inputs = knownSize("conv1d", x.shape, 1);
  if (inputs !== perGroup * groups || out % groups !== 0) {
    throw new ShapeError(
      `conv1d: ${inputs} channels in ${groups} groups and a weight ${shapeText(weight.shape)} do not fit: ` +
        `it takes ${perGroup * groups} channels, and its outputs must divide into the groups.`,
    );
  }
  const places = windowPlaces(x, size, options, "conv1d");
  const [batch, , windows] = places[0]!.shape as [number | string, number, number];
  if (groups === 1) {
    // Weights in the order of the joined places: place by place, in each the channels.
    const kernel = reshape(transpose(weight, [0, 2, 1]), [out, size * inputs]);
    const y = matmul(kernel, concat(places, 1));
    return bias === undefined ? y : add(y, reshape(bias, [out, 1]));
  }
  const grouped = places.map((place) => reshape(place, [batch, groups, perGroup, 1, windows]));
  const columns = reshape(concat(grouped, 3), [batch, groups, perGroup * size, windows]);
  const matrix = reshape(weight, [groups, out / groups, perGroup * size]);
  const y = reshape(matmul(matrix, columns), [batch, out, windows]);
  return bias === undefined ? y : add(y, reshape(bias, [out, 1]));
}

/** Largest element of each window: [batch, channels, length] → [batch, channels, windows]; no padding. */
export function maxPool1d(x: Tensor, size: number, options: Omit<WindowOptions, "padding"> = {}): Tensor {
  const places = windowPlaces(x, size, { stride: size, ...options }, "maxPool1d");
  return places.reduce((a, b) => maximum(a, b));
}

/** Mean of each window, padding counted as zeros: [batch, channels, length] → [batch, channels, windows]. */
export function averagePool1d(x: Tensor, size: number, options: WindowOptions = {}): Tensor {
  const places = windowPlaces(x, size, { stride: size, ...options }, "averagePool1d");
  return mul(
    places.reduce((a, b) => add(a, b)),
    1 / size,
  );
}
