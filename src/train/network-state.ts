/** The network under training: its state, moved on by steps and replaced by callbacks. */
import { counted, TrainingError } from "../errors/index.ts";
import type { ModelWeights, TrainingState } from "../model/index.ts";
import type { Trainable } from "./programs.ts";

/** Parameters, running statistics and the optimiser's state of one member. */
export class NetworkState {
  readonly #network: Trainable;
  #state: TrainingState;
  #replacements = 0;

  constructor(network: Trainable, start: TrainingState) {
    this.#network = network;
    this.#state = start;
  }

  get state(): TrainingState {
    return this.#state;
  }

  /** How often a callback replaced the weights. */
  get replacements(): number {
    return this.#replacements;
  }

  /** The state after some steps. */
  advance(state: TrainingState): void {
    this.#state = state;
  }

  /** A callback's return to a state of before. */
  restore(state: TrainingState): void {
    this.#state = state;
    this.#replacements += 1;
  }

  /** A callback's own weights; the optimiser's state stays. */
  replaceWeights(weights: ModelWeights, callback: string): void {
    const { parameters, buffers } = this.#state;
    if (weights.parameters.length !== parameters.length || weights.buffers.length !== buffers.length) {
      throw new TrainingError(
        `fit: callback "${callback}" gave ${counted(weights.parameters.length, "parameter")} and ${weights.buffers.length} buffer values; the network has ${parameters.length} and ${buffers.length}. Change a copy of view.weights().`,
      );
    }
    this.restore({ ...this.withParameters(weights.parameters.slice()), buffers: weights.buffers.slice() });
  }

  /** The state with other parameters. */
  withParameters(parameters: Float32Array): TrainingState {
    return this.#network.replaceParameters(this.#state, parameters);
  }

  /** A copy of the weights to predict with, of this state or of one of before. */
  weights(state: TrainingState = this.#state): ModelWeights {
    return {
      parameters: this.#network.evaluationParameters(state).slice(),
      buffers: state.buffers.slice(),
    };
  }
}
