/** What callbacks see of a training. */
import type { ModelWeights, TrainingState } from "../model/index.ts";
import type { Candidate, TrainingView, ValidationPredictions } from "./callback.ts";
import type { Candidates } from "./candidates.ts";
import type { History } from "./history.ts";
import type { MemberProgress } from "./member-progress.ts";
import type { NetworkState } from "./network-state.ts";
import type { RunSchedule } from "./run-schedule.ts";

/** What a view looks at. */
export interface ViewedTraining {
  readonly progress: MemberProgress;
  readonly schedule: RunSchedule;
  readonly network: NetworkState;
  readonly candidates: Candidates;
  readonly lossOf: TrainingView["lossOf"];
  readonly validationPredictions: (weights: ModelWeights) => Promise<ValidationPredictions>;
  readonly refreshStatistics: TrainingView["refreshStatistics"];
}

/** The living, read-only view of one training. */
export class MemberView implements TrainingView {
  readonly #training: ViewedTraining;
  #predicted: { readonly state: TrainingState; readonly predictions: ValidationPredictions } | undefined;

  constructor(training: ViewedTraining) {
    this.#training = training;
  }

  get member(): number {
    return this.#training.progress.member;
  }

  get epoch(): number {
    return this.#training.progress.epoch;
  }

  get epochCount(): number {
    return this.#training.progress.epochCount;
  }

  get fold(): number | undefined {
    return this.#training.progress.fold;
  }

  get step(): number {
    return this.#training.progress.step;
  }

  get stepCount(): number {
    return this.#training.progress.stepCount;
  }

  get losses(): Float32Array {
    return this.#training.progress.losses;
  }

  get trainingLoss(): number {
    return this.#training.progress.record.mean;
  }

  get validationLoss(): number | undefined {
    return this.#training.progress.validationLoss;
  }

  get history(): History {
    return this.#training.progress.history;
  }

  get learningRate(): number {
    return this.#training.schedule.at(this.step).learningRate;
  }

  get momentum(): number {
    return this.#training.schedule.at(this.step).momentum;
  }

  get cyclesDone(): number | undefined {
    return this.#training.schedule.cyclesDone(this.step);
  }

  get state(): TrainingState {
    return this.#training.network.state;
  }

  get lowest(): Candidate | undefined {
    return this.#training.candidates.lowest;
  }

  weights(): ModelWeights {
    return this.#training.network.weights();
  }

  async lossOf(weights: ModelWeights): Promise<number> {
    return this.#training.lossOf(weights);
  }

  async validationPredictions(weights?: ModelWeights): Promise<ValidationPredictions> {
    const { network, validationPredictions } = this.#training;
    if (weights) return await validationPredictions(weights);
    const { state } = network;
    if (this.#predicted?.state !== state)
      this.#predicted = { state, predictions: await validationPredictions(network.weights()) };
    return this.#predicted.predictions;
  }

  async refreshStatistics(weights: ModelWeights): Promise<ModelWeights> {
    return this.#training.refreshStatistics(weights);
  }
}
