/** Hooks into the tracing of a training step. */
import type { Tensor } from "../tensor/index.ts";

/** A batch while a step is traced: inputs [batch, features], targets [batch, targets], weights [batch]. */
export interface BatchTensors {
  readonly inputs: Tensor;
  readonly targets: Tensor;
  /** Divided by the mean weight of the training events. */
  readonly weights: Tensor;
  /** Further columns of the events that were asked for, [batch] each, by name. */
  readonly columns: Readonly<Record<string, Tensor>>;
}

/** What a step knows once the network is traced. */
export interface LossContext extends BatchTensors {
  readonly prediction: Tensor;
  /** The network's outputs before the last activation. */
  readonly logits: Tensor;
  /** All parameters in one flat vector. */
  readonly parameters: Tensor;
  /** The vectors that hooks carry along, as this step finds them, by name. */
  readonly carried: Readonly<Record<string, Tensor>>;
  /** The numbers that hooks give for each step, by name: shape []. */
  readonly scalars: Readonly<Record<string, Tensor>>;
}

/** What a step knows once the next parameters are known. */
export interface CarryContext extends LossContext {
  /** The network's parameters after the step, one flat vector. */
  readonly next: Tensor;
}

/**
 * Functions of tensors that change a step where they are given; each may leave things as they are. Hooks are called
 * in this order: `batch`, (the network), `loss`, (its gradient), `gradient`, (the optimiser), `update`, `carry`.
 *
 * A hook may bring vectors of its own that are carried from step to step (a second network's parameters and its
 * optimiser's state, an average), and numbers that change from step to step (a coefficient, a switch).
 */
export interface GraphHooks {
  /** What the carried vectors begin with, by name. They are part of the training's state: `TrainingState.slots`. */
  readonly carried?: Readonly<Record<string, Float32Array>>;
  /** Names of the numbers given for each step. They are inputs of the graph: no recompiling. */
  readonly scalars?: readonly string[];
  /** These numbers for a step, counted from 1; a pure function. */
  scalarsAt?(step: number): readonly number[];
  /**
   * How many of the first `step` steps change the network; a pure function that grows by 0 or 1 a step. In the
   * others parameters, running statistics and the optimiser's state stay as they are. Absent: all steps change it.
   */
  networkSteps?(step: number): number;
  /** Changes the batch before the network sees it (label smoothing, masking). */
  batch?(batch: BatchTensors): BatchTensors;
  /** Changes the scalar loss (penalties). */
  loss?(loss: Tensor, context: LossContext): Tensor;
  /** Changes the gradient, one flat vector (clipping). */
  gradient?(gradient: Tensor): Tensor;
  /** Changes the next parameters, one flat vector. */
  update?(next: Tensor, before: Tensor): Tensor;
  /** The carried vectors after the step, by name; those left out stay. */
  carry?(context: CarryContext): Readonly<Record<string, Tensor>>;
}
