/** The adversary of `PivotTraining`: a network that tells nuisance parameters from what another one predicts. */
import type { Stream } from "../array/index.ts";
import { grad } from "../autodiff/index.ts";
import { ConfigurationError } from "../errors/index.ts";
import {
  applyFullyConnected,
  describeNetwork,
  draw,
  type FullyConnectedOptions,
  flatten,
  fullyConnected,
  linear,
  type Network,
  type NetworkLayout,
  traceNetwork,
} from "../nn/index.ts";
import {
  initialSlots,
  makeOptimiser,
  type Optimiser,
  type OptimiserSpec,
  slotShape,
  takeStep,
} from "../optim/index.ts";
import {
  add,
  clip,
  concat,
  constant,
  exp,
  logSoftmax,
  logSumExp,
  mul,
  neg,
  reshape,
  slice,
  square,
  sub,
  type Tensor,
} from "../tensor/index.ts";

/** What an adversary is made of. */
export interface AdversaryOptions {
  /** Its hidden layers. Default: 2 layers of 32, relu. Without dropout and batch normalisation. */
  readonly body?: FullyConnectedOptions;
  /** Gaussians of the mixture that describes each nuisance parameter, given the prediction. Default 5. */
  readonly components?: number;
  /** Default Adam with the learning rate 5e-3, constant. */
  readonly optimiser?: OptimiserSpec;
}

/** Vectors of an adversary by name: its parameters, and what its optimiser carries along. */
export type AdversaryVectors = Readonly<Record<string, Tensor>>;

/**
 * A mixture density network (C. M. Bishop, NCRG/94/004): for each nuisance parameter z and each event the weights,
 * means and widths of Gaussians, so that it sees any dependence, not only that of the mean.
 */
export class Adversary {
  readonly #network: Network;
  readonly #layout: NetworkLayout;
  readonly #optimiser: Optimiser;
  readonly #learningRate: number;
  readonly #momentum: number;
  readonly #components: number;
  readonly #nuisances: number;

  constructor(inputs: number, nuisances: number, options: AdversaryOptions) {
    const { body = { depth: 2, width: 32 }, components = 5, optimiser } = options;
    if (!(Number.isInteger(components) && components >= 1)) {
      throw new ConfigurationError(
        `PivotTraining: the adversary has ${components} components; give at least 1.`,
      );
    }
    const spec = fullyConnected(body);
    if (spec.dropout > 0 || spec.batchNorm) {
      throw new ConfigurationError(
        "PivotTraining: the adversary's body has dropout or batch normalisation; leave them out.",
      );
    }
    this.#components = components;
    this.#nuisances = nuisances;
    this.#network = (scope, x) => {
      const hidden = applyFullyConnected(scope.child("body"), x, spec);
      const outputs = 3 * components * nuisances;
      const fanIn = hidden.shape[1] as number;
      const deviation = Math.sqrt(2 / (fanIn + outputs));
      return linear(scope.child("mixture"), hidden, outputs, { kind: "normal", deviation });
    };
    this.#layout = describeNetwork(this.#network, inputs);
    const rule: OptimiserSpec = { name: "adam", learningRate: 5e-3, ...optimiser };
    this.#optimiser = makeOptimiser(rule, this.#layout);
    this.#learningRate = rule.learningRate!;
    this.#momentum = rule.momentum ?? 0.9;
  }

  /** Names of the numbers that its optimiser takes in each step. */
  get scalars(): readonly string[] {
    return this.#optimiser.scalars;
  }

  /** These numbers in its step of that number, from 1. */
  scalarsAt(step: number): readonly number[] {
    return this.#optimiser.scalarsAt(step, this.#learningRate, this.#momentum);
  }

  /** The vectors that it begins with. */
  start(stream: (...key: readonly string[]) => Stream): Record<string, Float32Array> {
    const parameters = new Float32Array(this.#layout.parameterCount);
    for (const { name, shape, offset, initialiser } of this.#layout.parameters)
      parameters.set(draw(initialiser, shape, stream(name)), offset);
    return { parameters, ...initialSlots(this.#optimiser, parameters) };
  }

  /**
   * −log p(z | prediction), [batch, 1], summed over the nuisance parameters z [batch, nuisances]; and, to go on
   * from, the tensors of its parameters.
   */
  surprise(
    vectors: AdversaryVectors,
    prediction: Tensor,
    nuisances: Tensor,
  ): { readonly surprise: Tensor; readonly parameters: readonly Tensor[] } {
    const flat = { parameters: vectors.parameters!, buffers: constant([]) };
    const { output, parameters } = traceNetwork(this.#network, prediction, flat, true);
    const k = this.#components;
    const part = (index: number): Tensor => slice(output, 1, index * k, (index + 1) * k);
    const terms = Array.from({ length: this.#nuisances }, (_, j) => {
      const shares = logSoftmax(part(3 * j));
      const logWidths = clip(part(3 * j + 2), -5, 5);
      const distances = mul(sub(slice(nuisances, 1, j, j + 1), part(3 * j + 1)), exp(neg(logWidths)));
      const logGaussians = sub(mul(square(distances), -0.5), add(logWidths, 0.5 * Math.log(2 * Math.PI)));
      return neg(logSumExp(add(shares, logGaussians), { axes: 1, keepDimensions: true }));
    });
    return { surprise: terms.reduce((a, b) => add(a, b)), parameters };
  }

  /** The vectors after a step down the gradient of the loss. */
  step(
    vectors: AdversaryVectors,
    loss: Tensor,
    parameters: readonly Tensor[],
    scalars: Readonly<Record<string, Tensor>>,
  ): AdversaryVectors {
    const count = this.#layout.parameterCount;
    const slots = this.#optimiser.slots.map((slot) => [
      slot.name,
      reshape(vectors[slot.name]!, slotShape(slot, count)),
    ]);
    const next = takeStep(this.#optimiser, {
      parameters: vectors.parameters!,
      gradient: flatten(grad(loss, parameters), (parts) => concat(parts, 0)),
      slots: Object.fromEntries(slots),
      scalars,
    });
    return {
      parameters: next.parameters,
      ...Object.fromEntries(Object.entries(next.slots).map(([name, slot]) => [name, reshape(slot, [-1])])),
    };
  }
}
