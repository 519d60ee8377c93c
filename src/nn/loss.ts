/** What a loss is: a function of predictions, targets and weights that gives one number to be made small. */
import { mean, mul, reshape, type Tensor } from "../tensor/index.ts";
import type { Scope } from "./scope.ts";

/**
 * A scalar to be made small, from predictions [events, outputs], targets [events, targets] and weights
 * [events]. Weights multiply per event and may be negative; the built-in losses are means of weight × loss.
 * The training divides the weights by their mean over the training events, so that the size of a loss does
 * not depend on the normalisation of the weights. The scope holds what a loss
 * declares in `buffers`; it is there in training, prediction and validation.
 */
export type LossFunction = (prediction: Tensor, targets: Tensor, weights: Tensor, scope?: Scope) => Tensor;

/** A number or vector that a loss carries from step to step; saved with the network's running statistics. */
export interface LossBuffer {
  readonly name: string;
  readonly shape: readonly number[];
  /** The value before the first step. */
  readonly start: number;
}

/** A loss by name: what it takes, and its function. */
export interface Loss {
  readonly name: string;
  /** Whether the function takes predictions, or the network's outputs before the last activation. */
  readonly takes: "prediction" | "logits";
  readonly of: LossFunction;
  /** Taken of (value − mean)/deviation where the task scales its targets; other losses see the targets' own units. */
  readonly isScaled?: boolean;
  readonly buffers?: readonly LossBuffer[];
}

/** Puts what a loss carries behind the running statistics of a network. */
export function declareLoss(scope: Scope, { buffers = [] }: Pick<Loss, "buffers">): void {
  if (buffers.length === 0) return;
  const own = scope.child("loss");
  for (const { name, shape, start } of buffers) own.buffer(name, shape, start);
}

/** Mean over events of weight × (mean over outputs of the loss). */
export function weightedMean(losses: Tensor, weights: Tensor): Tensor {
  return mean(mul(losses, reshape(weights, [losses.shape[0]!, 1])));
}
