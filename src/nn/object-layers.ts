/** Layers that objects of an event share: each object is treated alike. */
import { constant, div, less, max, maximum, mul, reshape, sum, type Tensor, where } from "../tensor/index.ts";
import { type Activation, activate, alphaDropout, batchNorm, dropout, initialiserFor } from "./layers.ts";
import { presence } from "./objects.ts";
import type { Scope } from "./scope.ts";
import { linearObjects, onRows } from "./sequence-layers.ts";

/** Options that the layers of objects have in common. */
export interface ObjectLayerOptions {
  readonly activation?: Activation;
  readonly dropout?: number;
  readonly batchNorm?: boolean;
}

/** The same layers for every object: linear → activation → (batch norm) → (dropout) on [events, …, features]. */
export function sharedLayers(
  scope: Scope,
  x: Tensor,
  widths: readonly number[],
  options: Required<ObjectLayerOptions>,
): Tensor {
  let y = x;
  for (const [i, width] of widths.entries()) {
    const layer = scope.child(`layer${i}`);
    const initialiser = initialiserFor(options.activation, y.shape.at(-1) as number, width);
    y = afterLinear(layer, linearObjects(layer, y, width, initialiser), options);
  }
  return y;
}

/** Activation, normalisation over events and objects, and dropout. */
export function afterLinear(scope: Scope, x: Tensor, options: Required<ObjectLayerOptions>): Tensor {
  const { activation, dropout: rate } = options;
  let y = activate(scope, x, activation);
  if (options.batchNorm) y = normalised(scope.child("norm"), y);
  if (rate === 0 || !scope.training) return y;
  return onRows(y, (rows) =>
    activation === "selu" ? alphaDropout(scope, rows, rate) : dropout(scope, rows, rate),
  );
}

/** Batch normalisation of each feature over events and objects. */
export function normalised(scope: Scope, x: Tensor): Tensor {
  return scope.training ? onRows(x, (rows) => batchNorm(scope, rows)) : batchNorm(scope, x);
}

/** How features of several objects become those of the event. */
export type Aggregation = "mean" | "max" | "sum";

/** Over the objects that exist, one result a method: [events, objects, features] → [events, features] each. */
export function aggregated(x: Tensor, present: Tensor, methods: readonly Aggregation[]): Tensor[] {
  return methods.map((method) => aggregations[method](x, present));
}

const aggregations: Readonly<Record<Aggregation, (x: Tensor, present: Tensor) => Tensor>> = {
  sum: (x, present) => sum(mul(x, presence(present)), { axes: 1 }),
  mean: (x, present) => {
    const weights = presence(present);
    return div(sum(mul(x, weights), { axes: 1 }), maximum(sum(weights, { axes: 1 }), 1));
  },
  /** The largest value over the objects that exist; 0 where there is none. */
  max: (x, present) => {
    const exists = reshape(present, [...present.shape, 1]);
    const highest = max(where(exists, x, constant(-1e30)), { axes: 1 });
    return where(less(highest, -1e29), constant(0), highest);
  },
};
