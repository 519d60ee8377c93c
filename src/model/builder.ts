/** `ModelBuilder`: the specification of a network that yields as many fresh ones as asked for. */
import { Stream } from "../array/index.ts";
import type { ModuleReference } from "../data/user-module.ts";
import type { EngineOptions } from "../engine/index.ts";
import { ConfigurationError } from "../errors/index.ts";
import {
  applyFullyConnected,
  catEmbHead,
  classRegMulti,
  declareLoss,
  defaultLoss,
  describeNetwork,
  draw,
  type EmbeddedFeature,
  embeddingSize,
  type FullyConnectedSpec,
  type Loss,
  type LossFunction,
  makeLoss,
  type NamedLoss,
  type Network,
  type NetworkLayout,
  type Task,
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
import { compileEvaluation, type EvaluationProgram } from "./evaluation-program.ts";
import type { GraphHooks } from "./graph-hooks.ts";
import { compileTraining, type TrainingProgram, type TrainingState } from "./training-program.ts";

export type { OptimiserSpec } from "../optim/index.ts";

/** The columns a network takes: a `FoldYielder` has them all. */
export interface InputFeatures {
  readonly continuousFeatures: readonly string[];
  readonly categoricalFeatures: readonly string[];
  /** Number of categories of each categorical feature. */
  readonly categorySizes: readonly number[];
}

/** A loss by name, with options, by module (travels to worker processes), or as a function (stays in this process). */
export type LossChoice = string | NamedLoss | ModuleReference | LossFunction;

/** What a network is made from: its task, features, parts, loss and optimiser. */
export interface ModelBuilderOptions {
  readonly task: Task;
  readonly features: InputFeatures;
  readonly body: FullyConnectedSpec;
  /** Lengths of embedding vectors by feature; default 1 + ⌊n/2⌋, at most 50. */
  readonly embeddingSizes?: Readonly<Record<string, number>>;
  /** Default: cross-entropy for classes, mean squared error for regression. */
  readonly loss?: LossChoice;
  readonly optimiser?: OptimiserSpec;
}

/** A builder as plain data: what is saved with a model and sent to worker processes. */
export interface ModelSpec {
  readonly task: Task;
  readonly continuousFeatures: readonly string[];
  readonly categorical: readonly EmbeddedFeature[];
  readonly body: FullyConnectedSpec;
  readonly loss: string | NamedLoss | ModuleReference;
  readonly optimiser: OptimiserSpec;
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
  readonly body: FullyConnectedSpec;
  readonly optimiser: OptimiserSpec;
  /** Where parameters and running statistics lie in their flat vectors. */
  readonly layout: NetworkLayout;
  /** Names of the parameters and running statistics that training leaves as they are. */
  readonly frozen: ReadonlySet<string>;
  readonly #loss: LossChoice;

  constructor(options: ModelBuilderOptions) {
    const { task, features, body, embeddingSizes = {}, loss, optimiser = { name: "adam" } } = options;
    this.task = task;
    this.continuousFeatures = [...features.continuousFeatures];
    this.categorical = features.categoricalFeatures.map((name, i): EmbeddedFeature => {
      const categoryCount = features.categorySizes[i]!;
      return { name, categoryCount, size: embeddingSizes[name] ?? embeddingSize(categoryCount) };
    });
    this.body = body;
    this.optimiser = optimiser;
    this.#loss = loss ?? defaultLoss(task).name;
    const known = builtIn(this.#loss);
    checkBody(body);
    if (this.featureCount === 0) {
      throw new ConfigurationError(
        "ModelBuilder: there are no features. Name continuous or categorical ones.",
      );
    }
    this.layout = describeNetwork((scope, inputs) => {
      const output = this.network(scope, inputs);
      if (known !== undefined) declareLoss(scope, known);
      return output;
    }, this.featureCount);
    this.frozen = frozenNames(optimiser, this.layout);
    this.makeOptimiser();
  }

  /** The builder that a specification describes. */
  static fromSpec(spec: ModelSpec): ModelBuilder {
    return new ModelBuilder({
      task: spec.task,
      features: {
        continuousFeatures: spec.continuousFeatures,
        categoricalFeatures: spec.categorical.map((f) => f.name),
        categorySizes: spec.categorical.map((f) => f.categoryCount),
      },
      embeddingSizes: Object.fromEntries(spec.categorical.map((f) => [f.name, f.size])),
      body: spec.body,
      loss: spec.loss,
      optimiser: spec.optimiser,
    });
  }

  /**
   * The builder as plain data.
   * @throws ConfigurationError if the loss is a function, which cannot leave this process.
   */
  toSpec(): ModelSpec {
    if (typeof this.#loss === "function") {
      throw new ConfigurationError(
        "ModelBuilder: a loss given as a function cannot be saved or sent to worker processes. " +
          'Give it as { module: "./my-losses.js", name: "myLoss" }, or train with workers: 0.',
      );
    }
    return {
      task: this.task,
      continuousFeatures: this.continuousFeatures,
      categorical: this.categorical,
      body: this.body,
      loss: this.#loss,
      optimiser: this.optimiser,
    };
  }

  /** Columns of the stored inputs. */
  get featureCount(): number {
    return this.continuousFeatures.length + this.categorical.length;
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
    return (scope, inputs) => {
      const head = catEmbHead(scope.child("head"), inputs, this.continuousFeatures.length, this.categorical);
      const body = applyFullyConnected(scope.child("body"), head, this.body);
      return classRegMulti(scope.child("tail"), body, this.task);
    };
  }

  /** Fresh weights of a member: the same seed and member give the same numbers. */
  initialState(seed: number, member: number): TrainingState {
    const fill = (entries: NetworkLayout["parameters"], count: number): Float32Array => {
      const flat = new Float32Array(count);
      for (const { name, shape, offset, initialiser } of entries) {
        flat.set(draw(initialiser, shape, new Stream(seed, "initialise", member, name)), offset);
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
    },
  ): Promise<TrainingProgram> {
    const meanWeight = this.#usesWeightsAsTheyAre ? 1 : options.meanWeight;
    return await compileTraining(this, { ...options, meanWeight, loss: await this.resolveLoss() });
  }

  /** Prediction and loss of this network, compiled. */
  async compileEvaluation(
    options: EngineOptions & { readonly meanWeight?: number } = {},
  ): Promise<EvaluationProgram> {
    const meanWeight = this.#usesWeightsAsTheyAre ? 1 : (options.meanWeight ?? 1);
    return await compileEvaluation(this, { ...options, meanWeight, loss: () => this.resolveLoss() });
  }

  get #usesWeightsAsTheyAre(): boolean {
    const choice = this.#loss;
    return typeof choice === "object" && !("module" in choice) && choice.normalisation === "none";
  }

  /** The optimiser of this network; `rule` changes the next parameters. */
  makeOptimiser(rule?: (next: Tensor, before: Tensor) => Tensor): Optimiser {
    return makeOptimiser(this.optimiser, this.layout, rule);
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

function checkBody({ depth, width, connect, growthRate, dropout }: FullyConnectedSpec): void {
  const refuse = (what: string) => {
    throw new ConfigurationError(`fullyConnected: ${what}`);
  };
  if (!(Number.isInteger(depth) && depth >= 1)) refuse(`depth must be 1 or more, but is ${depth}.`);
  if (!(Number.isInteger(width) && width >= 1)) refuse(`width must be 1 or more, but is ${width}.`);
  if (!(dropout >= 0 && dropout < 1)) refuse(`dropout must be in [0, 1), but is ${dropout}.`);
  if (connect === "residual" && growthRate !== 0) {
    refuse("layers of a residual body have one width; leave growthRate at 0.");
  }
}
