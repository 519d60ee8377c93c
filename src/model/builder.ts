/** `ModelBuilder`: the specification of a network that yields as many fresh ones as asked for. */
import { Stream } from "../array/index.ts";
import type { ModuleReference } from "../data/user-module.ts";
import type { EngineOptions } from "../engine/index.ts";
import { ConfigurationError } from "../errors/index.ts";
import {
  applyBody,
  applyHead,
  applyTail,
  type BodySpec,
  catEmbHead,
  checkBody,
  checkTask,
  declareLoss,
  defaultLoss,
  describeNetwork,
  draw,
  type EmbeddedFeature,
  embeddingSize,
  type FeatureColumns,
  type FeatureScaler,
  type HeadOutput,
  type HeadSpec,
  type Loss,
  type LossFunction,
  makeLoss,
  type NamedLoss,
  type Network,
  type NetworkLayout,
  needsScaler,
  outputCount,
  type Scope,
  type StoredFeatures,
  type TailSpec,
  type Task,
  toPrediction,
} from "../nn/index.ts";
import {
  evaluationParameters,
  frozenNames,
  initialSlots,
  makeOptimiser,
  type Optimiser,
  type OptimiserSpec,
  replaceParameters,
  startMomentum,
} from "../optim/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { type EndcapChoice, type EndcapFunction, endcapOutputs, loadEndcap } from "./endcap.ts";
import { compileEvaluation, type EvaluationProgram } from "./evaluation-program.ts";
import type { GraphHooks } from "./graph-hooks.ts";
import { featureMask, type InputMask } from "./input-mask.ts";
import { type ParameterRow, parameterTable } from "./parameter-table.ts";
import {
  checkEmbeddings,
  checkStartingWeights,
  type Embeddings,
  embeddingName,
  type NamedWeights,
} from "./starting-weights.ts";
import { compileTraining, type TrainingProgram, type TrainingState } from "./training-program.ts";

export type { OptimiserSpec } from "../optim/index.ts";

/** The columns a network takes: a `FoldYielder` has them all. */
export interface InputFeatures {
  readonly continuousFeatures: readonly string[];
  readonly categoricalFeatures: readonly string[];
  /** Number of categories of each categorical feature. */
  readonly categorySizes: readonly number[];
  /** How the continuous features were standardised, for heads that need physical units. */
  readonly scaler?: FeatureScaler | undefined;
}

/** A loss by name, with options, by module (travels to worker processes), or as a function (stays in this process). */
export type LossChoice = string | NamedLoss | ModuleReference | LossFunction;

/** What a network is made from: its task, features, parts, loss and optimiser. */
export interface ModelBuilderOptions {
  readonly task: Task;
  readonly features: InputFeatures;
  /** From stored inputs to what the body sees. Default: `catEmbHead()`. */
  readonly head?: HeadSpec;
  readonly body: BodySpec;
  /** Default: the linear layer `classRegMulti`. */
  readonly tail?: TailSpec;
  /** Lengths of embedding vectors by feature; default 1 + ⌊n/2⌋, at most 50. */
  readonly embeddingSizes?: Readonly<Record<string, number>>;
  /** Embedding tables that a network starts with, from `Model.embeddings` or `loadEmbeddings`. */
  readonly embeddings?: Embeddings;
  /** Parameters that every network starts with, from `Model.weightsByName`; the others are drawn. */
  readonly start?: NamedWeights;
  /** Let networks see only some of the continuous features. */
  readonly inputMask?: InputMask;
  /** Default: cross-entropy for classes, mean squared error for regression. */
  readonly loss?: LossChoice;
  readonly optimiser?: OptimiserSpec;
  /** What is made of the predictions. */
  readonly endcap?: EndcapChoice;
}

/** A builder as plain data: what is saved with a model and sent to worker processes. */
export interface ModelSpec {
  readonly task: Task;
  readonly continuousFeatures: readonly string[];
  readonly categorical: readonly EmbeddedFeature[];
  /** For heads that need physical units. */
  readonly scaler?: FeatureScaler;
  readonly head?: HeadSpec;
  readonly body: BodySpec;
  readonly tail?: TailSpec;
  readonly inputMask?: InputMask;
  readonly loss: string | NamedLoss | ModuleReference;
  readonly optimiser: OptimiserSpec;
  readonly endcap?: EndcapChoice;
  /** Not saved: a saved network has its weights. */
  readonly start?: NamedWeights;
}

/**
 * The specification of a network: task, head, body, tail, loss and optimiser.
 *
 * @example
 * const builder = new ModelBuilder({
 *   task: { kind: "binary" },
 *   features: folds,
 *   body: fullyConnected({ depth: 6, width: 33, activation: "swish", connect: "dense" }),
 * });
 */
export class ModelBuilder {
  readonly task: Task;
  readonly continuousFeatures: readonly string[];
  readonly categorical: readonly EmbeddedFeature[];
  readonly head: HeadSpec;
  readonly body: BodySpec;
  readonly tail: TailSpec;
  readonly inputMask: InputMask | undefined;
  readonly optimiser: OptimiserSpec;
  /** Values an event of a prediction. */
  readonly outputCount: number;
  /** Parameters that every network starts with. */
  readonly start: NamedWeights;
  /** Where parameters and running statistics lie in their flat vectors. */
  readonly layout: NetworkLayout;
  /** Names of the parameters and running statistics that training leaves as they are. */
  readonly frozen: ReadonlySet<string>;
  readonly #stored: StoredFeatures;
  readonly #loss: LossChoice;
  readonly #endcap: EndcapChoice | undefined;

  /** @throws ConfigurationError, UnknownNameError or ShapeError for a network that cannot be built. */
  constructor(options: ModelBuilderOptions) {
    const { task, features, body, loss, optimiser = { name: "adam" } } = options;
    checkTask(task);
    checkBody(body);
    this.task = task;
    this.continuousFeatures = [...features.continuousFeatures];
    this.categorical = embeddedFeatures(options);
    this.head = options.head ?? catEmbHead();
    this.body = body;
    this.tail = options.tail ?? { kind: "classRegMulti" };
    this.inputMask = options.inputMask;
    this.optimiser = optimiser;
    this.#loss = loss ?? defaultLoss(task).name;
    const known = builtIn(this.#loss);
    if (this.featureCount === 0) {
      throw new ConfigurationError(
        "ModelBuilder: there are no features. Name continuous or categorical ones.",
      );
    }
    this.#stored = {
      continuous: this.continuousFeatures,
      categorical: this.categorical,
      mask: this.inputMask && featureMask(this.inputMask, this.continuousFeatures),
      scaler: needsScaler(this.head) ? features.scaler : undefined,
    };
    this.layout = describeNetwork((scope, inputs) => {
      const output = this.network(scope, inputs);
      if (known !== undefined) declareLoss(scope, known);
      return output;
    }, this.featureCount);
    this.start = startingWeights(options);
    checkStartingWeights(this.start, this.layout);
    this.#endcap = options.endcap;
    this.outputCount =
      options.endcap === undefined
        ? outputCount(task)
        : endcapOutputs(options.endcap, outputCount(task), this.featureCount);
    this.frozen = frozenNames(optimiser, this.layout);
    this.makeOptimiser();
  }

  /** The builder that a specification describes. */
  static fromSpec({ continuousFeatures, categorical, scaler, ...parts }: ModelSpec): ModelBuilder {
    return new ModelBuilder({
      ...parts,
      features: {
        continuousFeatures,
        categoricalFeatures: categorical.map((f) => f.name),
        categorySizes: categorical.map((f) => f.categoryCount),
        scaler,
      },
      embeddingSizes: Object.fromEntries(categorical.map((f) => [f.name, f.size])),
    });
  }

  /**
   * The builder as plain data.
   * @throws ConfigurationError if the loss or the endcap is a function, which cannot leave this process.
   */
  toSpec(): ModelSpec {
    if (typeof this.#loss === "function") {
      throw new ConfigurationError(
        "ModelBuilder: a loss given as a function cannot be saved or sent to worker processes. " +
          'Give it as { module: "./my-losses.js", name: "myLoss" }, or train with workers: 0.',
      );
    }
    if (typeof this.#endcap === "function") {
      throw new ConfigurationError(
        "ModelBuilder: an endcap given as a function cannot be saved or sent to worker processes. " +
          'Give it as { module: "./my-endcaps.js", name: "mass", outputCount: 1 }, or train with workers: 0.',
      );
    }
    return {
      task: this.task,
      continuousFeatures: this.continuousFeatures,
      categorical: this.categorical,
      ...(this.#stored.scaler === undefined ? {} : { scaler: this.#stored.scaler }),
      head: this.head,
      body: this.body,
      tail: this.tail,
      ...(this.inputMask === undefined ? {} : { inputMask: this.inputMask }),
      loss: this.#loss,
      optimiser: this.optimiser,
      ...(this.#endcap === undefined ? {} : { endcap: this.#endcap }),
      ...(Object.keys(this.start).length === 0 ? {} : { start: this.start }),
    };
  }

  /** Columns of the stored inputs. */
  get featureCount(): number {
    return this.continuousFeatures.length + this.categorical.length;
  }

  /** The columns of what leaves the head, by the features that they stand for. */
  get headColumns(): readonly FeatureColumns[] {
    let columns: readonly FeatureColumns[] = [];
    describeNetwork((scope, inputs) => {
      const { values, features } = this.headOutput(scope, inputs);
      columns = features;
      return values;
    }, this.featureCount);
    return columns;
  }

  /** Whether predictions are what an endcap makes of them. */
  get hasEndcap(): boolean {
    return this.#endcap !== undefined;
  }

  /** Trainable parameters of a network. */
  get parameterCount(): number {
    return this.layout.parameterCount;
  }

  get learningRate(): number {
    return this.optimiser.learningRate ?? 2e-3;
  }

  get momentum(): number {
    return startMomentum(this.optimiser);
  }

  /** The network as a function to be traced: stored inputs [events, features] → logits [events, outputs]. */
  get network(): Network {
    return (scope, inputs) => this.afterHead(scope, this.headOutput(scope, inputs));
  }

  /** The first part of the network, traced: stored inputs [events, features] → what the body sees. */
  headOutput(scope: Scope, inputs: Tensor): HeadOutput {
    const head = applyHead(scope.child("head"), inputs, this.#stored, this.head);
    scope.output(head.values, "head");
    return head;
  }

  /** The rest of the network, traced: what leaves the head → logits [events, outputs]. */
  afterHead(scope: Scope, head: HeadOutput): Tensor {
    const body = scope.output(applyBody(scope.child("body"), head, this.body), "body");
    return scope.output(applyTail(scope.child("tail"), body, this.task, this.tail), "tail");
  }

  /** Predictions [events, outputs] from what leaves the network and its inputs; `endcap` is what `resolveEndcap` gave. */
  predictionOf(output: Tensor, inputs: Tensor, endcap: EndcapFunction | undefined): Tensor {
    const prediction = toPrediction(output, this.task);
    return endcap === undefined ? prediction : endcap(prediction, inputs);
  }

  /** All parameters and running statistics: where, of what shape, whether they are trained. */
  parameterTable(): ParameterRow[] {
    return parameterTable(this);
  }

  /** Weights that a member starts with: the same seed and member give the same numbers. */
  initialState(seed: number, member: number): TrainingState {
    const fill = (entries: NetworkLayout["parameters"], count: number): Float32Array => {
      const flat = new Float32Array(count);
      for (const { name, shape, offset, initialiser } of entries) {
        const given = this.start[name];
        flat.set(
          given?.data ?? draw(initialiser, shape, new Stream(seed, "initialise", member, name)),
          offset,
        );
      }
      return flat;
    };
    const { parameters, parameterCount, buffers, bufferCount } = this.layout;
    const start = fill(parameters, parameterCount);
    return {
      parameters: start,
      buffers: fill(buffers, bufferCount),
      slots: initialSlots(this.makeOptimiser(), start),
      step: 0,
    };
  }

  /** The weights to evaluate with: averages where the optimiser makes them, else those that are trained. */
  evaluationParameters(state: TrainingState): Float32Array {
    return evaluationParameters(this.makeOptimiser(), state);
  }

  /** The state with other parameters: averages of weights start again from them, means of gradients stay. */
  replaceParameters(state: TrainingState, parameters: Float32Array): TrainingState {
    return replaceParameters(this.makeOptimiser(), state, parameters);
  }

  /** The training step of this network, compiled. `meanWeight` is the training events' mean weight. */
  async compileTraining(
    options: EngineOptions & {
      readonly batchSize: number;
      readonly meanWeight: number;
      readonly graphHooks?: readonly GraphHooks[];
      /** Further columns of the events for the hooks. */
      readonly columns?: readonly string[];
    },
  ): Promise<TrainingProgram> {
    const meanWeight = this.weightDivisor(options.meanWeight);
    return await compileTraining(this, { ...options, meanWeight, loss: await this.resolveLoss() });
  }

  /** Prediction and loss of this network, compiled. */
  async compileEvaluation(
    options: EngineOptions & { readonly meanWeight?: number } = {},
  ): Promise<EvaluationProgram> {
    const meanWeight = this.weightDivisor(options.meanWeight ?? 1);
    return await compileEvaluation(this, { ...options, meanWeight, loss: () => this.resolveLoss() });
  }

  /** What the loss divides weights by: their mean, or 1 where it takes them as they are. */
  weightDivisor(meanWeight: number): number {
    const choice = this.#loss;
    const isPlain = typeof choice === "object" && !("module" in choice) && choice.normalisation === "none";
    return isPlain ? 1 : meanWeight;
  }

  /** The optimiser of this network; `rule` changes the next parameters. */
  makeOptimiser(rule?: (next: Tensor, before: Tensor) => Tensor): Optimiser {
    return makeOptimiser(this.optimiser, this.layout, rule);
  }

  /** The endcap's function; undefined where there is none. */
  async resolveEndcap(): Promise<EndcapFunction | undefined> {
    return this.#endcap === undefined ? undefined : await loadEndcap(this.#endcap);
  }

  /** The loss with its function: a built-in one, or that of a user's module. */
  async resolveLoss(): Promise<Loss> {
    const choice = this.#loss;
    if (typeof choice === "function") return { name: choice.name, takes: "prediction", of: choice };
    if (typeof choice === "string" || !("module" in choice)) return makeLoss(choice);
    // Only Node loads modules from files.
    const { loadModule } = await import("../data/user-module.ts");
    const loaded = (await loadModule(choice)) as LossFunction;
    return { name: choice.name, takes: "prediction", of: loaded };
  }
}

/** The loss of a name; undefined for one that only its module or function knows. */
function builtIn(choice: LossChoice): Loss | undefined {
  if (typeof choice === "function" || (typeof choice === "object" && "module" in choice)) return undefined;
  return makeLoss(choice);
}

/** The categorical features with the lengths of their vectors: those asked for, those of given tables, or the rule's. */
function embeddedFeatures(options: ModelBuilderOptions): EmbeddedFeature[] {
  const { features, embeddingSizes = {}, embeddings = {} } = options;
  checkEmbeddings(embeddings, features);
  return features.categoricalFeatures.map((name, i): EmbeddedFeature => {
    const categoryCount = features.categorySizes[i]!;
    const size = embeddingSizes[name] ?? embeddings[name]?.shape[1] ?? embeddingSize(categoryCount);
    return { name, categoryCount, size };
  });
}

function startingWeights({ start = {}, embeddings = {} }: ModelBuilderOptions): NamedWeights {
  const tables = Object.entries(embeddings).map(([feature, table]) => [embeddingName(feature), table]);
  return { ...start, ...Object.fromEntries(tables) };
}
