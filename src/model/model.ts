/** `Model`: one network with its weights. */
import { expandNames } from "../data/expand-names.ts";
import type { EngineOptions } from "../engine/index.ts";
import {
  ConfigurationError,
  counted,
  DataError,
  FileFormatError,
  LuminError,
  ShapeError,
} from "../errors/index.ts";
import { type Entry, maskName, targetCount } from "../nn/index.ts";
import { elementCount } from "../tensor/index.ts";
import { ModelBuilder, type ModelSpec } from "./builder.ts";
import { type Evaluation, type LabelledInputs, metricsOf } from "./evaluate.ts";
import type { EvaluationProgram } from "./evaluation-program.ts";
import type { ModelFiles } from "./model-folder.ts";
import { type ParameterRow, parameterTable } from "./parameter-table.ts";
import { decodeSafetensors, encodeSafetensors, type StoredTensor } from "./safetensors.ts";
import { type Embeddings, embeddingName, type NamedWeights } from "./starting-weights.ts";
import { type TapOptions, type TappedEvents, type Taps, tap, tapNames } from "./taps.ts";

export type { ModelFiles } from "./model-folder.ts";

/** Weights of a network: all parameters and running statistics in flat vectors. */
export interface ModelWeights {
  readonly parameters: Float32Array;
  readonly buffers: Float32Array;
}

/** Version of the files that `Model.save` writes. */
const formatVersion = 1;

/** Folds of events to predict; a `FoldYielder` is one. */
export interface PredictedFolds {
  readonly foldSizes: readonly number[];
  /** How many fixed variants of a fold there are. */
  readonly augmentationCount: number;
  /** A fold as it is stored: inputs [events, features]. */
  getFold(index: number): { readonly inputs: Float32Array };
  /** A fixed variant of a fold. */
  getPredictionFold(index: number, augmentation: number): { readonly inputs: Float32Array };
  /** Turns predictions of vectors for a variant back, in place; absent: nothing turns. */
  restorePredictions?(predictions: Float32Array, outputCount: number, augmentation: number): void;
}

/**
 * One network: predicts, is evaluated, saved and loaded. Trained ones come from `fit` and `foldTrainEnsemble`.
 *
 * @example
 * const { model } = await fit(builder, folds, { epochs: 10, batchSize: 256 });
 * const { loss, metrics } = await model.evaluate(folds.getFold(0));
 * await model.save("network");
 */
export class Model {
  /** What it is among the members of an ensemble. */
  readonly kind: "network" = "network";
  readonly builder: ModelBuilder;
  readonly parameters: Float32Array;
  readonly buffers: Float32Array;
  readonly #engine: EngineOptions;
  #program: Promise<EvaluationProgram> | undefined;

  /** @throws ShapeError if the weights are not those of such a network. */
  constructor(builder: ModelBuilder, weights: ModelWeights, engine: EngineOptions = {}) {
    const { parameterCount, bufferCount } = builder.layout;
    if (weights.parameters.length !== parameterCount || weights.buffers.length !== bufferCount) {
      throw new ShapeError(
        `Model: the builder describes ${counted(parameterCount, "parameter")} and ${bufferCount} running statistics, ` +
          `but ${weights.parameters.length} and ${weights.buffers.length} were given.`,
      );
    }
    this.builder = builder;
    this.parameters = weights.parameters;
    this.buffers = weights.buffers;
    this.#engine = engine;
  }

  /** A network with fresh weights. */
  static fresh(builder: ModelBuilder, seed: number, member: number = 0, engine: EngineOptions = {}): Model {
    return new Model(builder, builder.initialState(seed, member), engine);
  }

  get parameterCount(): number {
    return this.parameters.length;
  }

  /** Columns of its inputs. */
  get featureCount(): number {
    return this.builder.featureCount;
  }

  /** Values of a prediction, for one event. */
  get outputCount(): number {
    return this.builder.outputCount;
  }

  /** The features that it sees: all but those that an input mask hides. */
  get usedFeatures(): readonly string[] {
    const { continuousFeatures, categorical } = this.builder;
    const mask = this.#storedTensors()[maskName]?.data;
    const seen = continuousFeatures.filter((_, i) => mask === undefined || mask[i] === 1);
    return [...seen, ...categorical.map(({ name }) => name)];
  }

  /** Predictions [events, outputs] for pre-processed inputs [events, features] (codes in the last columns). */
  async predict(inputs: Float32Array, eventCount: number): Promise<Float32Array> {
    const { featureCount } = this.builder;
    if (inputs.length !== eventCount * featureCount) {
      throw new ShapeError(
        `Model.predict: ${counted(eventCount, "event")} of ${counted(featureCount, "feature")} need ${eventCount * featureCount} ` +
          `numbers, but ${inputs.length} were given.`,
      );
    }
    return (await this.#evaluation()).predict(this.parameters, this.buffers, inputs, eventCount);
  }

  /**
   * Predictions [events, outputs] of a fold: the mean over its fixed variants where the folds augment, unless
   * `augment` is false.
   */
  async predictFold(
    folds: PredictedFolds,
    fold: number,
    { augment = true }: { readonly augment?: boolean } = {},
  ): Promise<Float32Array> {
    const eventCount = folds.foldSizes[fold] ?? 0;
    if (!augment || folds.augmentationCount === 1) {
      return this.predict(folds.getFold(fold).inputs, eventCount);
    }
    const sum = new Float64Array(eventCount * this.outputCount);
    for (let variant = 0; variant < folds.augmentationCount; variant++) {
      const part = await this.predict(folds.getPredictionFold(fold, variant).inputs, eventCount);
      folds.restorePredictions?.(part, this.outputCount, variant);
      for (let i = 0; i < sum.length; i++) sum[i]! += part[i]!;
    }
    return Float32Array.from(sum, (value) => value / folds.augmentationCount);
  }

  /**
   * The weighted mean loss of events, and metrics of the predictions.
   * @throws ShapeError for arrays that do not fit; DataError for weights whose sum is not positive.
   */
  async evaluate({ inputs, targets, weights }: LabelledInputs): Promise<Evaluation> {
    const eventCount = inputs.length / this.featureCount;
    const perEvent = targetCount(this.builder.task);
    if (targets.length !== eventCount * perEvent || (weights && weights.length !== eventCount)) {
      throw new ShapeError(
        `Model.evaluate: ${counted(eventCount, "event")} need ${counted(eventCount * perEvent, "target")} and ${counted(eventCount, "weight")}, ` +
          `but ${targets.length} and ${weights?.length ?? "no"} came.`,
      );
    }
    const w = weights ?? new Float32Array(eventCount).fill(1);
    const meanWeight = w.reduce((sum, each) => sum + each, 0) / eventCount;
    if (!(meanWeight > 0)) {
      throw new DataError(
        `Model.evaluate: the mean weight of the events is ${meanWeight}; it must be positive.`,
      );
    }
    const program = await this.builder.compileEvaluation({ ...this.#engine, meanWeight });
    try {
      const loss = await program.loss(this.parameters, this.buffers, inputs, targets, w, eventCount);
      const predictions = await program.predict(this.parameters, this.buffers, inputs, eventCount);
      return { loss, metrics: metricsOf(this.builder, predictions, targets, weights) };
    } finally {
      await program.release();
    }
  }

  /** Names of the parts of this network that `taps` can look at, in the order in which they compute. */
  get tapNames(): readonly string[] {
    return tapNames(this.builder);
  }

  /**
   * What leaves the parts of this network for some events, and the gradient of the loss there: for interpretation, and
   * to find out why something does not train.
   *
   * @throws UnknownNameError for a name that is no part's; ConfigurationError for gradients without targets.
   * @example
   * const { outputs, gradients } = await model.taps({ inputs, targets }, { outputs: ["body.*"], gradients: ["inputs"] });
   * const { shape, data } = outputs["body.layer0"]; // shape [events, 33], data a Float32Array
   */
  async taps(events: TappedEvents, options: TapOptions = {}): Promise<Taps> {
    return await tap(this.builder, this, events, options, this.#engine);
  }

  /** All parameters and running statistics: where, of what shape, whether they are trained. */
  parameterTable(): ParameterRow[] {
    return parameterTable(this.builder);
  }

  /**
   * Parameters and running statistics by name, to start another network with (`start` of a `ModelBuilder`).
   *
   * @param patterns names with `*`, `?` and `!`: "head.*", "body.layer0.*". What only the loss reads is left out.
   * @throws UnknownNameError for a pattern that nothing matches.
   */
  weightsByName(patterns: readonly string[] = ["*"]): NamedWeights {
    const all = this.#storedTensors();
    const names = Object.keys(all).filter((name) => !name.startsWith("loss."));
    return Object.fromEntries(expandNames(patterns, names, "parameter").map((name) => [name, all[name]!]));
  }

  /**
   * The learnt vectors of categorical features, [categories, size] each.
   *
   * @param features names with `*`, `?` and `!`; default: all.
   */
  embeddings(features: readonly string[] = ["*"]): Embeddings {
    const known = this.builder.categorical.map(({ name }) => name);
    if (known.length === 0) throw new ConfigurationError("Model.embeddings: it has no categorical features.");
    const all = this.#storedTensors();
    const names = expandNames(features, known, "categorical feature");
    return Object.fromEntries(names.map((name) => [name, all[embeddingName(name)]!]));
  }

  /** Writes the embeddings of all categorical features into one safetensors file. Needs Node. */
  async saveEmbeddings(path: string): Promise<void> {
    const { writeEmbeddings } = await import("./model-folder.ts");
    await writeEmbeddings(path, encodeSafetensors(this.embeddings()));
  }

  /** This network with another input mask: the features that it is to see, named with `*`, `?` and `!`. */
  withInputMask(features: readonly string[]): Model {
    const builder = ModelBuilder.fromSpec({ ...this.builder.toSpec(), inputMask: { features } });
    const { [maskName]: _, ...start } = this.#storedTensors();
    const filled = ModelBuilder.fromSpec({ ...builder.toSpec(), start });
    return new Model(builder, filled.initialState(0, 0), this.#engine);
  }

  /** Writes `model.json` (what it is) and `model.safetensors` (its weights) into a folder. Needs Node. */
  async save(directory: string): Promise<void> {
    const files = this.toFiles();
    const { writeModelFolder } = await import("./model-folder.ts");
    await writeModelFolder(directory, files);
  }

  /** Reads what `save` wrote. Needs Node. */
  static async load(directory: string, engine: EngineOptions = {}): Promise<Model> {
    const { readModelFolder } = await import("./model-folder.ts");
    const { files, paths } = await readModelFolder(directory);
    return decodeModel(files, paths, engine);
  }

  /** What `save` would write, for places without folders: a browser's download or upload. */
  toFiles(): ModelFiles {
    const { start: _, ...spec } = this.builder.toSpec();
    const description = {
      format: "lumin model",
      version: formatVersion,
      spec,
      ...(spec.inputMask === undefined ? {} : { usedFeatures: this.usedFeatures }),
    };
    return {
      "model.json": new TextEncoder().encode(`${JSON.stringify(description, null, 2)}\n`),
      "model.safetensors": encodeSafetensors(this.#storedTensors()),
    };
  }

  /** The model that the files hold. */
  static fromFiles(files: ModelFiles, engine: EngineOptions = {}): Model {
    return decodeModel(
      files,
      { "model.json": "model.json", "model.safetensors": "model.safetensors" },
      engine,
    );
  }

  /** Gives the memory of compiled sessions back. */
  async release(): Promise<void> {
    const program = this.#program;
    this.#program = undefined;
    await (await program)?.release();
  }

  #storedTensors(): Record<string, StoredTensor> {
    const { layout } = this.builder;
    return {
      ...storedTensors(layout.parameters, this.parameters),
      ...storedTensors(layout.buffers, this.buffers),
    };
  }

  #evaluation(): Promise<EvaluationProgram> {
    this.#program ??= this.builder.compileEvaluation(this.#engine);
    return this.#program;
  }
}

/**
 * Reads what `saveEmbeddings` wrote: learnt vectors by feature. Needs Node.
 * @throws FileFormatError for a file that is missing or damaged.
 */
export async function loadEmbeddings(path: string): Promise<Embeddings> {
  const { readEmbeddings } = await import("./model-folder.ts");
  return decodeSafetensors(await readEmbeddings(path), path).tensors;
}

/** The model in the files; `paths` are what the files are called in messages. */
function decodeModel(
  files: ModelFiles,
  paths: Readonly<Record<keyof ModelFiles, string>>,
  engine: EngineOptions,
): Model {
  const builder = builderOf(decodeSpec(files["model.json"], paths["model.json"]), paths["model.json"]);
  const path = paths["model.safetensors"];
  const { tensors } = decodeSafetensors(files["model.safetensors"], path);
  const { layout } = builder;
  const weights = {
    parameters: flatVector(layout.parameters, layout.parameterCount, tensors, path),
    buffers: flatVector(layout.buffers, layout.bufferCount, tensors, path),
  };
  return new Model(builder, weights, engine);
}

/** The builder; in a damaged description it may stumble over anything. */
function builderOf(spec: ModelSpec, path: string): ModelBuilder {
  try {
    return ModelBuilder.fromSpec(spec);
  } catch (error) {
    const reason = error instanceof LuminError ? error.message : "the file is damaged.";
    throw new FileFormatError(`"${path}" describes no model that can be built: ${reason}`);
  }
}

function storedTensors(entries: readonly Entry[], flat: Float32Array): Record<string, StoredTensor> {
  return Object.fromEntries(
    entries.map(({ name, shape, offset }): [string, StoredTensor] => {
      return [name, { shape, data: flat.slice(offset, offset + elementCount(shape)) }];
    }),
  );
}

function flatVector(
  entries: readonly Entry[],
  count: number,
  tensors: Readonly<Record<string, StoredTensor>>,
  path: string,
): Float32Array {
  const flat = new Float32Array(count);
  for (const { name, shape, offset } of entries) {
    const stored = tensors[name];
    const fits = stored?.shape.join() === shape.join() && offset + stored.data.length <= count;
    if (stored === undefined || !fits) {
      throw new FileFormatError(
        `"${path}" does not fit its model.json: "${name}" should be [${shape.join(", ")}], ` +
          `but is ${stored === undefined ? "missing" : `[${stored.shape.join(", ")}]`}.`,
      );
    }
    flat.set(stored.data, offset);
  }
  return flat;
}

function decodeSpec(bytes: Uint8Array, path: string): ModelSpec {
  try {
    const { format, version, spec } = JSON.parse(new TextDecoder().decode(bytes));
    if (format === "lumin model" && version === formatVersion) return spec;
  } catch {
    // Falls through to the sentence below.
  }
  throw new FileFormatError(`"${path}" is no model description that this version reads.`);
}
