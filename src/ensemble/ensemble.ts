/** `Ensemble`: weighted networks that predict together. */
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeText } from "../data/atomic-file.ts";
import { type AugmentationPlan, augmentFixed } from "../data/augmentation.ts";
import { ConfigurationError, DataError, FileFormatError, InterruptedError } from "../errors/index.ts";
import { type EvaluationProgram, Model, type ModelBuilder, type ModelWeights } from "../model/index.ts";

/** A network of an ensemble. */
export interface EnsembleMember {
  /** Its number in the training. */
  readonly member: number;
  readonly model: Model;
  /** Share in the prediction; all shares sum to 1. */
  readonly weight: number;
  readonly validationLoss: number;
  /** The fold that it did not train on. */
  readonly validationFold: number;
}

/** How members are weighted: by 1/validation loss, or all alike. */
export type Weighting = "reciprocal" | "uniform";

/** What makes an ensemble of trained networks. */
export interface EnsembleOptions {
  /** Default `reciprocal`, as in LUMIN. */
  readonly weighting?: Weighting;
  /** Take only the members with the lowest validation losses. Default: all. */
  readonly size?: number;
}

/** Variants of the same events, over which a prediction is averaged; `augmentedInputs` makes them. */
export interface AugmentedInputs {
  readonly augmentationCount: number;
  /** Inputs `[end − start, features]` of one variant. */
  getInputs(augmentation: number, start: number, end: number): Float32Array;
}

/**
 * The fixed set of variants of events in memory, made piece by piece.
 *
 * @param inputs `[events, features]`; missing values may be NaN.
 */
export function augmentedInputs(inputs: Float32Array, plan: AugmentationPlan): AugmentedInputs {
  const { featureCount, count } = plan;
  return {
    augmentationCount: count,
    getInputs: (augmentation, start, end) => {
      const piece = inputs.subarray(start * featureCount, end * featureCount);
      return augmentFixed(piece, end - start, plan, augmentation);
    },
  };
}

/** The part of a `FoldYielder` that prediction uses. */
export interface PredictionFolds {
  readonly foldCount: number;
  readonly foldSizes: readonly number[];
  readonly augmentationCount: number;
  /** As stored. */
  getFold(index: number): { readonly inputs: Float32Array };
  /** One of a fixed set of variants. */
  getPredictionFold(index: number, augmentation: number): { readonly inputs: Float32Array };
}

/** Settings of a prediction. */
export interface PredictionOptions {
  /** Average over the fixed variants of a yielder that augments. Default true. */
  readonly augment?: boolean;
  readonly signal?: AbortSignal;
  /** Called now and then with the share that is done. */
  onProgress?(share: number): void;
}

/** Events in one call of the engine. */
const rowsPerCall = 4096;

const formatName = "lumin ensemble";
const formatVersion = 1;

interface EnsembleFile {
  readonly format: string;
  readonly version: number;
  readonly members: readonly (Omit<EnsembleMember, "model"> & { readonly folder: string })[];
}

/**
 * Networks of one builder with weights. Predictions are Σ wᵢ pᵢ, summed in float64 in the order of the
 * members, so that they do not depend on how many processes trained or predict.
 */
export class Ensemble {
  readonly builder: ModelBuilder;
  readonly members: readonly EnsembleMember[];
  #program: Promise<EvaluationProgram> | undefined;

  /** Weights are scaled to sum to 1. */
  constructor(builder: ModelBuilder, members: readonly EnsembleMember[]) {
    if (members.length === 0) throw new ConfigurationError("Ensemble: it needs at least one member.");
    const sum = members.reduce((total, { weight }) => total + weight, 0);
    if (!(sum > 0 && Number.isFinite(sum))) {
      throw new ConfigurationError(`Ensemble: the members' weights sum to ${sum}; the sum must be positive.`);
    }
    this.builder = builder;
    this.members = members.map((member) => ({ ...member, weight: member.weight / sum }));
  }

  /** An ensemble of trained networks, weighted by their validation losses. */
  static fromModels(
    builder: ModelBuilder,
    trained: readonly Omit<EnsembleMember, "weight">[],
    { weighting = "reciprocal", size = trained.length }: EnsembleOptions = {},
  ): Ensemble {
    if (!(Number.isInteger(size) && size >= 1 && size <= trained.length)) {
      throw new ConfigurationError(
        `Ensemble: size is ${size}, but there are ${trained.length} trained networks. Give a whole number from 1 to ${trained.length}.`,
      );
    }
    const best = trained
      .toSorted((a, b) => a.validationLoss - b.validationLoss || a.member - b.member)
      .slice(0, size)
      .sort((a, b) => a.member - b.member);
    const members = best.map((entry) => ({ ...entry, weight: weightOf(entry, weighting) }));
    return new Ensemble(builder, members);
  }

  /** Outputs of a network for one event. */
  get outputCount(): number {
    return this.builder.outputCount;
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
    const { featureCount } = this.builder;
    if (inputs instanceof Float32Array && inputs.length !== eventCount * featureCount) {
      throw new DataError(
        `Ensemble.predict: ${eventCount} events of ${featureCount} features are ${eventCount * featureCount} values, but ${inputs.length} came. Apply the pre-processing of the training first.`,
      );
    }
    const variants = inputs instanceof Float32Array ? unchanged(inputs, featureCount) : inputs;
    return this.#predict(this.members, variants, eventCount, options);
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
      const members = this.members.filter(({ validationFold }) => validationFold === fold);
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

  /** Writes `ensemble.json` and the networks, each in a folder `members/<number>`. */
  async save(directory: string): Promise<void> {
    for (const { member, model } of this.members) await model.save(join(directory, folderOf(member)));
    await this.saveIndex(directory);
  }

  /** Writes `ensemble.json` alone, for networks that lie in the folder already; it comes last. */
  async saveIndex(directory: string): Promise<void> {
    await mkdir(directory, { recursive: true });
    const members = this.members.map(({ model: _, ...entry }) => ({
      ...entry,
      folder: folderOf(entry.member),
    }));
    const content: EnsembleFile = { format: formatName, version: formatVersion, members };
    await writeText(join(directory, "ensemble.json"), [`${JSON.stringify(content, null, 2)}\n`]);
  }

  /** Reads what `save` wrote. */
  static async load(directory: string): Promise<Ensemble> {
    const path = join(directory, "ensemble.json");
    const { members: entries } = await readIndex(path);
    let builder: ModelBuilder | undefined;
    const members: EnsembleMember[] = [];
    for (const { folder, ...entry } of entries) {
      const model: Model = await Model.load(join(directory, folder));
      builder ??= model.builder;
      if (JSON.stringify(model.builder.toSpec()) !== JSON.stringify(builder.toSpec())) {
        throw new FileFormatError(
          `"${path}": member ${entry.member} is another kind of network than the first. An ensemble has networks of one builder.`,
        );
      }
      members.push({ ...entry, model: new Model(builder, model) });
    }
    if (!builder) throw new FileFormatError(`"${path}" names no members.`);
    return new Ensemble(builder, members);
  }

  /** Gives the memory of compiled sessions back. */
  async release(): Promise<void> {
    const program = this.#program;
    this.#program = undefined;
    await (await program)?.release();
  }

  #predictFold(
    members: readonly EnsembleMember[],
    folds: PredictionFolds,
    fold: number,
    options: PredictionOptions,
  ): Promise<Float64Array> {
    const augments = (options.augment ?? true) && folds.augmentationCount > 1;
    const variants = augments
      ? variantsOfFold(folds, fold, this.builder.featureCount)
      : unchanged(folds.getFold(fold).inputs, this.builder.featureCount);
    return this.#predict(members, variants, folds.foldSizes[fold]!, options);
  }

  async #predict(
    members: readonly EnsembleMember[],
    { augmentationCount, getInputs }: AugmentedInputs,
    eventCount: number,
    { signal, onProgress }: PredictionOptions,
  ): Promise<Float64Array> {
    const { featureCount } = this.builder;
    const outputs = this.outputCount;
    this.#program ??= this.builder.compileEvaluation();
    const program = await this.#program;
    const weightSum = members.reduce((total, { weight }) => total + weight, 0);
    const prediction = new Float64Array(eventCount * outputs);
    const calls = augmentationCount * Math.ceil(eventCount / rowsPerCall) * members.length;
    let done = 0;
    let lastTurn = performance.now();
    for (let augmentation = 0; augmentation < augmentationCount; augmentation++) {
      for (let start = 0; start < eventCount; start += rowsPerCall) {
        const rows = Math.min(rowsPerCall, eventCount - start);
        const table = getInputs(augmentation, start, start + rows);
        if (table.length !== rows * featureCount) {
          throw new DataError(
            `Ensemble.predict: ${rows} events of ${featureCount} features are ${rows * featureCount} values, but ${table.length} came.`,
          );
        }
        for (const { model, weight } of members) {
          const { parameters, buffers }: ModelWeights = model;
          const scores = await program.predict(parameters, buffers, table, rows);
          const share = weight / (weightSum * augmentationCount);
          const first = start * outputs;
          for (let i = 0; i < rows * outputs; i++) prediction[first + i]! += share * scores[i]!;
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
    return prediction;
  }
}

/** The inputs as they are. */
function unchanged(inputs: Float32Array, featureCount: number): AugmentedInputs {
  return {
    augmentationCount: 1,
    getInputs: (_, start, end) => inputs.subarray(start * featureCount, end * featureCount),
  };
}

/** The variants of a fold, one in memory at a time. */
function variantsOfFold(folds: PredictionFolds, fold: number, featureCount: number): AugmentedInputs {
  let current = -1;
  let inputs: Float32Array = new Float32Array(0);
  return {
    augmentationCount: folds.augmentationCount,
    getInputs: (augmentation, start, end) => {
      if (augmentation !== current) inputs = folds.getPredictionFold(fold, augmentation).inputs;
      current = augmentation;
      return inputs.subarray(start * featureCount, end * featureCount);
    },
  };
}

function folderOf(member: number): string {
  return `members/${member}`;
}

function weightOf(
  { member, validationLoss }: { readonly member: number; readonly validationLoss: number },
  weighting: Weighting,
): number {
  if (weighting === "uniform") return 1;
  if (validationLoss > 0 && Number.isFinite(validationLoss)) return 1 / validationLoss;
  throw new ConfigurationError(
    `Ensemble: member ${member} has the validation loss ${validationLoss}; weighting by its reciprocal needs positive losses. Use weighting: "uniform".`,
  );
}

async function readIndex(path: string): Promise<EnsembleFile> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch {
    throw new FileFormatError(`"${path}" cannot be read: a folder of an ensemble has a file ensemble.json.`);
  }
  try {
    const content = JSON.parse(text) as EnsembleFile;
    if (content.format === formatName && content.version === formatVersion) return content;
  } catch {
    // Falls through to the sentence below.
  }
  throw new FileFormatError(`"${path}" is no ensemble file of version ${formatVersion}.`);
}
