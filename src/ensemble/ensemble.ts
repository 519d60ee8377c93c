/** `Ensemble`: weighted members that predict together. */
import { join } from "node:path";
import type { Device, EngineOptions } from "../engine/index.ts";
import { ConfigurationError, counted, DataError, InterruptedError } from "../errors/index.ts";
import { type EvaluationProgram, Model, type ModelBuilder } from "../model/index.ts";
import { chooseMembers, type EnsembleOptions, type TrainedResult } from "./choose-members.ts";
import { folderOf, readMembers, writeIndex } from "./ensemble-file.ts";
import { type EnsembleMember, isOutOfFold, memberName, networkOf, type Predictor } from "./member.ts";
import {
  type AugmentedInputs,
  type PredictionFolds,
  unchanged,
  variantsOfFold,
} from "./prediction-inputs.ts";
import { type SnapshotOptions, snapshotMembers } from "./snapshot-members.ts";

/** Settings of a prediction. */
export interface PredictionOptions {
  /** Average over the fixed variants of a yielder that augments. Default true. */
  readonly augment?: boolean;
  readonly signal?: AbortSignal;
  /** Called now and then with the share that is done. */
  onProgress?(share: number): void;
}

/** The ensemble's prediction and those of its members, each `[events, outputs]`. */
export interface MemberPredictions {
  readonly ensemble: Float64Array;
  /** In the order of the ensemble's members. */
  readonly members: readonly Float64Array[];
}

/** Events in one call of the engine. */
const rowsPerCall = 4096;

/**
 * Members with weights. Predictions are Σ wᵢ pᵢ, summed in float64 in the order of the members, so that they do not
 * depend on how many processes trained or predict.
 */
export class Ensemble {
  readonly members: readonly EnsembleMember[];
  readonly #engine: EngineOptions;
  #programs = new Map<ModelBuilder, Promise<EvaluationProgram>>();

  /**
   * Weights are scaled to sum to 1. Networks predict on the device that `engine` names, whatever theirs is.
   *
   * @throws ConfigurationError for members that do not take the same features or do not give the same outputs.
   */
  constructor(members: readonly EnsembleMember[], engine: EngineOptions = {}) {
    if (members.length === 0) throw new ConfigurationError("Ensemble: it needs at least one member.");
    const sum = members.reduce((total, { weight }) => total + weight, 0);
    if (!(sum > 0 && Number.isFinite(sum))) {
      throw new ConfigurationError(`Ensemble: the members' weights sum to ${sum}; the sum must be positive.`);
    }
    for (const member of members) checkFits(member, members[0]!);
    this.members = members.map((member) => ({ ...member, weight: member.weight / sum }));
    this.#engine = engine;
  }

  /** An ensemble of the best trained networks, weighted by their validation losses or by a metric. */
  static fromResults(results: readonly TrainedResult[], options: EnsembleOptions = {}): Ensemble {
    return new Ensemble(chooseMembers(results, options));
  }

  /** Models that are there already, with equal weights or those given; none of them scores out of fold. */
  static fromModels(
    models: readonly Predictor[],
    weights: readonly number[] = models.map(() => 1),
  ): Ensemble {
    if (weights.length !== models.length) {
      throw new ConfigurationError(
        `Ensemble.fromModels: ${counted(models.length, "model")}, but ${counted(weights.length, "weight")}.`,
      );
    }
    return new Ensemble(
      models.map((model, member) => ({ member, model, weight: weights[member]!, validationFold: "none" })),
    );
  }

  /** The networks in several folders that `Model.save` wrote. */
  static async fromFolders(directories: readonly string[], weights?: readonly number[]): Promise<Ensemble> {
    const models: Model[] = [];
    for (const directory of directories) models.push(await Model.load(directory));
    return Ensemble.fromModels(models, weights);
  }

  /**
   * What the trainings in a run's folder saved at the ends of their cycles: a snapshot ensemble, or a fast geometric
   * one where the cycles are short and linear.
   */
  static async fromSnapshots(directory: string, options: SnapshotOptions = {}): Promise<Ensemble> {
    return new Ensemble(await snapshotMembers(directory, options));
  }

  /** The first network's builder. @throws ConfigurationError where no member is a network of ours. */
  get builder(): ModelBuilder {
    const network = this.members.find(({ model }) => model instanceof Model) ?? this.members[0]!;
    return networkOf(network, "Ensemble.builder").builder;
  }

  /** Columns of the inputs. */
  get featureCount(): number {
    return this.members[0]!.model.featureCount;
  }

  /** Outputs for one event. */
  get outputCount(): number {
    return this.members[0]!.model.outputCount;
  }

  /** The ensemble with one more member; its weight counts against the 1 that the others sum to. */
  with(
    model: Predictor,
    { weight, ...known }: { weight: number } & Partial<Omit<EnsembleMember, "model" | "weight">>,
  ): Ensemble {
    const member = 1 + Math.max(...this.members.map((each) => each.member));
    const added = { member, validationFold: "none", ...known, model, weight } as const;
    return new Ensemble([...this.members, added], this.#engine);
  }

  /** The ensemble without some of its members, by their places. */
  without(...places: readonly number[]): Ensemble {
    return new Ensemble(
      this.members.filter((_, place) => !places.includes(place)),
      this.#engine,
    );
  }

  /**
   * The members that did not train on a fold, as an ensemble that shares with this one what is compiled.
   *
   * @throws ConfigurationError where there are none.
   */
  outOfFold(fold: number): Ensemble {
    const members = this.members.filter((member) => isOutOfFold(member, fold));
    if (members.length === 0) {
      throw new ConfigurationError(
        `Ensemble.outOfFold: every member may have trained on fold ${fold}. Train at least as many members as there are folds.`,
      );
    }
    const part = new Ensemble(members, this.#engine);
    part.#programs = this.#programs;
    return part;
  }

  /** The ensemble with networks that predict on a device, or on the first of several that works here. */
  onDevice(device: Device | readonly Device[]): Ensemble {
    return new Ensemble(this.members, { ...this.#engine, device });
  }

  /**
   * Prediction `[events, outputs]` for pre-processed inputs `[events, features]`, or for variants of the
   * same events: then the mean over the variants.
   */
  async predict(
    inputs: Float32Array | AugmentedInputs,
    eventCount: number,
    options: PredictionOptions = {},
  ): Promise<Float64Array> {
    const variants = this.#variants(inputs, eventCount);
    return (await this.#predict(this.members, variants, eventCount, options)).ensemble;
  }

  /** As `predict`, with what each member alone predicts. */
  async predictMembers(
    inputs: Float32Array | AugmentedInputs,
    eventCount: number,
    options: PredictionOptions = {},
  ): Promise<MemberPredictions> {
    return this.#predict(this.members, this.#variants(inputs, eventCount), eventCount, options, true);
  }

  /** Prediction `[events, outputs]` of one fold, with test-time augmentation where the yielder augments. */
  async predictFold(
    folds: PredictionFolds,
    fold: number,
    options: PredictionOptions = {},
  ): Promise<Float64Array> {
    return this.#predictFold(this.members, folds, fold, options);
  }

  /**
   * Out-of-fold prediction: each event is scored only by the members that did not train on it, those that
   * validated on its fold. One array `[events, outputs]` a fold; NaN where no member did. Several members
   * of one fold share by their weights.
   */
  async predictOutOfFold(folds: PredictionFolds, options: PredictionOptions = {}): Promise<Float64Array[]> {
    const predictions: Float64Array[] = [];
    for (let fold = 0; fold < folds.foldCount; fold++) {
      const members = this.members.filter((member) => isOutOfFold(member, fold));
      if (members.length === 0) {
        predictions.push(new Float64Array(folds.foldSizes[fold]! * this.outputCount).fill(NaN));
        continue;
      }
      const { onProgress, ...rest } = options;
      predictions.push(await this.#predictFold(members, folds, fold, rest));
      onProgress?.((fold + 1) / folds.foldCount);
    }
    return predictions;
  }

  /** Writes `ensemble.json` and the members, each in a folder `members/<number>`. */
  async save(directory: string): Promise<void> {
    for (const member of this.members) await member.model.save(join(directory, folderOf(member)));
    await this.saveIndex(directory);
  }

  /** Writes `ensemble.json` alone, for members that lie in the folder already; it comes last. */
  async saveIndex(directory: string): Promise<void> {
    await writeIndex(directory, this.members);
  }

  /** Reads what `save` wrote. */
  static async load(directory: string): Promise<Ensemble> {
    return new Ensemble(await readMembers(directory));
  }

  /** Gives the memory of compiled sessions back. */
  async release(): Promise<void> {
    const programs = [...this.#programs.values()];
    this.#programs.clear();
    for (const program of programs) await (await program).release();
    for (const { model } of this.members) await model.release();
  }

  #variants(inputs: Float32Array | AugmentedInputs, eventCount: number): AugmentedInputs {
    if (!(inputs instanceof Float32Array)) return inputs;
    const { featureCount } = this;
    if (inputs.length !== eventCount * featureCount) {
      throw new DataError(
        `Ensemble.predict: ${counted(eventCount, "event")} of ${counted(featureCount, "feature")} are ${counted(eventCount * featureCount, "value")}, but ${inputs.length} came. Apply the pre-processing of the training first.`,
      );
    }
    return unchanged(inputs, featureCount);
  }

  async #predictFold(
    members: readonly EnsembleMember[],
    folds: PredictionFolds,
    fold: number,
    options: PredictionOptions,
  ): Promise<Float64Array> {
    const augments = (options.augment ?? true) && folds.augmentationCount > 1;
    const variants = augments
      ? variantsOfFold(folds, fold, this.featureCount)
      : unchanged(folds.getFold(fold).inputs, this.featureCount);
    return (await this.#predict(members, variants, folds.foldSizes[fold]!, options)).ensemble;
  }

  async #predict(
    members: readonly EnsembleMember[],
    { augmentationCount, getInputs, restore }: AugmentedInputs,
    eventCount: number,
    { signal, onProgress }: PredictionOptions,
    keepsMembers = false,
  ): Promise<MemberPredictions> {
    const { featureCount, outputCount: outputs } = this;
    const weightSum = members.reduce((total, { weight }) => total + weight, 0);
    const ensemble = new Float64Array(eventCount * outputs);
    const own = keepsMembers ? members.map(() => new Float64Array(eventCount * outputs)) : [];
    const calls = augmentationCount * Math.ceil(eventCount / rowsPerCall) * members.length;
    let done = 0;
    let lastTurn = performance.now();
    for (let augmentation = 0; augmentation < augmentationCount; augmentation++) {
      for (let start = 0; start < eventCount; start += rowsPerCall) {
        const rows = Math.min(rowsPerCall, eventCount - start);
        const table = getInputs(augmentation, start, start + rows);
        if (table.length !== rows * featureCount) {
          throw new DataError(
            `Ensemble.predict: ${counted(rows, "event")} of ${counted(featureCount, "feature")} are ${counted(rows * featureCount, "value")}, but ${table.length} came.`,
          );
        }
        const first = start * outputs;
        for (const [place, { model, weight }] of members.entries()) {
          const scores = await this.#scores(model, table, rows);
          restore?.(scores, outputs, augmentation);
          const share = weight / (weightSum * augmentationCount);
          for (let i = 0; i < rows * outputs; i++) ensemble[first + i]! += share * scores[i]!;
          const alone = own[place];
          if (alone !== undefined) {
            for (let i = 0; i < rows * outputs; i++) alone[first + i]! += scores[i]! / augmentationCount;
          }
          done += 1;
          if (performance.now() - lastTurn > 25) {
            await new Promise((resolve) => setImmediate(resolve));
            lastTurn = performance.now();
            if (signal?.aborted) throw new InterruptedError("predict: interrupted.");
            onProgress?.(done / calls);
          }
        }
      }
    }
    return { ensemble, members: own };
  }

  /** Networks of one builder share what is compiled: the weights are an input of it. */
  async #scores(model: Predictor, table: Float32Array, rows: number): Promise<Float32Array | Float64Array> {
    if (!(model instanceof Model)) return model.predict(table, rows);
    const { builder, parameters, buffers } = model;
    const program = this.#programs.get(builder) ?? builder.compileEvaluation(this.#engine);
    this.#programs.set(builder, program);
    return (await program).predict(parameters, buffers, table, rows);
  }
}

/** @throws ConfigurationError where a member cannot stand beside the first. */
function checkFits(member: EnsembleMember, first: EnsembleMember): void {
  const refuse = (verb: string, own: string | number, wanted: string | number, noun = ""): void => {
    if (own === wanted) return;
    throw new ConfigurationError(
      `Ensemble: ${memberName(member)} ${verb} ${own}${noun}, but ${memberName(first)} ${wanted}; all members must agree.`,
    );
  };
  const [model, other] = [member.model, first.model];
  refuse("takes", model.featureCount, other.featureCount, " features");
  refuse("gives", model.outputCount, other.outputCount, " outputs for an event");
  if (model instanceof Model && other instanceof Model) refuse("takes", featuresOf(model), featuresOf(other));
}

function featuresOf({ builder }: Model): string {
  return [...builder.continuousFeatures, ...builder.categorical.map(({ name }) => name)].join(", ");
}
