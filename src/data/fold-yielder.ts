/** Access to the events of a fold file, fold by fold. */
import { isAbsolute, resolve } from "node:path";
import type { Stream } from "../array/random.ts";
import { ConfigurationError } from "../errors/index.ts";
import type { Augmentation } from "./augmentation/index.ts";
import { chosenColumns, chosenFeatures, type FeatureChoice, type FeatureSet } from "./feature-choice.ts";
import type { FoldFileHeader } from "./fold-file.ts";
import type { FoldOrigin } from "./fold-origin.ts";
import { type FoldTransform, foldTransforms, type LoadedTransform } from "./fold-transforms.ts";
import { fillGaps } from "./gaps.ts";
import { type MatrixInputs, matrixColumns } from "./matrix-inputs.ts";
import type { Scaler } from "./scaler.ts";
import type { StoredFold } from "./stored-fold.ts";
import { StoredFolds } from "./stored-folds.ts";
import { strided } from "./stored-numbers.ts";
import { type Column, concatenateTables, type Table, tableOf } from "./table.ts";
import { isModuleReference, type ModuleReference, resolveModule } from "./user-module.ts";

/** The events of one fold, ready for a network. The arrays belong to the caller. */
export interface Fold {
  readonly eventCount: number;
  readonly featureCount: number;
  /** `[events, features]` row by row: continuous features, then category codes; missing values are 0. */
  readonly inputs: Float32Array;
  readonly targetCount: number;
  /** `[events, targets]`. */
  readonly targets: Float32Array;
  readonly weights: Float32Array | undefined;
}

/** Settings of a {@link FoldYielder}. */
export interface FoldYielderOptions {
  /** How many bytes of folds may stay in memory, so that epochs do not read the file again (default 256 MiB). */
  readonly cacheBytes?: number | undefined;
  /**
   * Where the folds do not all stay in memory, read the next training fold in a thread of its own while the current one
   * trains (default: true). That takes the memory of the thread and of two more folds, beyond `cacheBytes`.
   */
  readonly readAhead?: boolean | undefined;
  /**
   * The user's functions on training folds, in this order: by module, or as functions where no worker process is
   * involved.
   */
  readonly transforms?: readonly (ModuleReference | FoldTransform)[] | undefined;
  /** The folder that module paths are relative to (default: the working folder). */
  readonly directory?: string | undefined;
  /**
   * Give the entries of Python LUMIN's matrix inputs as further continuous features, called object_feature, behind
   * the others (default: false). Networks with heads of objects find them by name.
   */
  readonly matrix?: boolean | undefined;
  /**
   * Features to leave out of the inputs, by names and globs, as `expandNames` takes them (default: none). Augmentation
   * still sees them: the px of a vector turns with its py, whether a network is given both or one.
   */
  readonly ignore?: readonly string[] | undefined;
}

/** A fold yielder as plain data, for another process. */
export interface FoldYielderSpec {
  readonly kind: "plain" | "hepAugmented";
  readonly path: string;
  readonly cacheBytes?: number | undefined;
  readonly readAhead?: boolean | undefined;
  readonly transforms?: readonly ModuleReference[] | undefined;
  readonly augmentation?: Augmentation | undefined;
  readonly scaler?: "required" | "none" | undefined;
  readonly seed?: number | undefined;
  readonly matrix?: boolean | undefined;
  readonly ignore?: readonly string[] | undefined;
}

/** What the constructor is given by `open`. */
export interface OpenedFoldFile {
  readonly stored: StoredFolds;
  readonly transforms: readonly LoadedTransform[];
}

/**
 * On-demand access to events stored in folds in an HDF5 file, ours or Python LUMIN's.
 *
 * Matrix inputs of LUMIN's files are part of a fold's inputs with the option `matrix`; `getColumn("matrix_inputs", i)`
 * gives them as they are stored.
 *
 * @example
 * const folds = await FoldYielder.open("train.h5");
 * folds.getFold(0).inputs.length === folds.foldSizes[0] * folds.featureCount // true
 */
export class FoldYielder {
  readonly path: string;
  readonly foldCount: number;
  readonly foldSizes: readonly number[];
  readonly continuousFeatures: readonly string[];
  readonly categoricalFeatures: readonly string[];
  /** The number of categories of each categorical feature. */
  readonly categorySizes: readonly number[];
  readonly categories: FoldFileHeader["categories"];
  readonly targetFeatures: readonly string[];
  readonly weightFeature: string | undefined;
  readonly scaler: Scaler | undefined;
  /** The files and settings that the folds were made from, where the file says so. */
  readonly origin: FoldOrigin | undefined;
  /** How matrix inputs are laid out in the file, where it has some. */
  readonly matrix: MatrixInputs | undefined;
  /** Continuous and categorical features together. */
  readonly featureCount: number;
  /** Features of the file that are no inputs, as the option `ignore` says. */
  readonly ignoredFeatures: readonly string[];
  /** All features, ignored ones too: the columns of `getStoredFold`. */
  readonly storedFeatures: readonly string[];
  /** The scaler of the continuous ones of them. */
  protected readonly storedScaler: Scaler | undefined;
  protected readonly options: FoldYielderOptions;
  readonly #stored: StoredFolds;
  readonly #transforms: readonly LoadedTransform[];
  readonly #choice: FeatureChoice;

  protected constructor({ stored: opened, transforms }: OpenedFoldFile, options: FoldYielderOptions) {
    const { header } = opened;
    this.path = opened.path;
    this.#stored = opened;
    this.#transforms = transforms;
    this.options = options;
    this.foldCount = header.foldCount;
    this.foldSizes = opened.sizes;
    this.matrix = header.matrix;
    const stored = featuresOf(opened);
    const chosen = chosenFeatures(stored, options.ignore);
    this.#choice = chosen;
    this.continuousFeatures = chosen.continuous;
    this.categories = chosen.categorical;
    this.categoricalFeatures = chosen.categorical.map(({ name }) => name);
    this.ignoredFeatures = chosen.ignored;
    this.scaler = chosen.scaler;
    this.storedFeatures = [...stored.continuous, ...header.categoricalFeatures];
    this.storedScaler = stored.scaler;
    this.targetFeatures = header.targetFeatures;
    this.weightFeature = header.weightFeature;
    this.origin = header.origin;
    this.featureCount = this.continuousFeatures.length + this.categoricalFeatures.length;
    this.categorySizes = this.categories.map(
      ({ name, values }) => values.length || this.#countCategories(name),
    );
  }

  /**
   * Opens a fold file for reading.
   *
   * @throws FileFormatError for a file that is missing, damaged, not HDF5 or not a fold file.
   */
  static async open(path: string, options: FoldYielderOptions = {}): Promise<FoldYielder> {
    const opened = await FoldYielder.openFile(path, options);
    try {
      return new FoldYielder(opened, options);
    } catch (error) {
      opened.stored.abandon();
      throw error;
    }
  }

  /** Opens and checks the file and loads the transforms: what the constructors of subclasses need. */
  protected static async openFile(path: string, options: FoldYielderOptions): Promise<OpenedFoldFile> {
    const transforms = await foldTransforms(options.transforms ?? [], options.directory);
    return { stored: await StoredFolds.open(path, options), transforms };
  }

  /** How many variants of a fold prediction averages over: 1, as there is no augmentation here. */
  get augmentationCount(): number {
    return 1;
  }

  /** Continuous, then categorical features: the columns of a fold's inputs. */
  get features(): readonly string[] {
    return [...this.continuousFeatures, ...this.categoricalFeatures];
  }

  /** The fold as it is stored, for validation: never augmented, never transformed. */
  getFold(index: number): Fold {
    const stored = this.getStoredFold(index);
    return this.#fold(stored, fillGaps(stored.features, stored.gaps));
  }

  /** The fold for training: randomly augmented where there is augmentation, then the user's transforms. */
  getTrainingFold(index: number, stream: Stream): Fold {
    const stored = this.getStoredFold(index);
    const { inputs, targets } = this.trainingArrays(stored, stream, index);
    let fold = this.#fold(stored, inputs, targets);
    for (const transform of this.#transforms) {
      fold = transform(fold, { stream, index, features: this.features });
    }
    return fold;
  }

  /**
   * Begins to read a fold that will be needed next, where folds had to leave the memory; nothing is started otherwise.
   *
   * @returns resolves when the fold is there, or has to be read when it is needed after all; undefined: nothing is under
   * way.
   */
  prefetch(index: number): Promise<void> | undefined {
    return this.#stored.prefetch(index);
  }

  /** The fold for prediction, in one of its `augmentationCount` variants; 0 is the fold as it is. */
  getPredictionFold(index: number, augmentation: number): Fold {
    if (!Number.isInteger(augmentation) || augmentation < 0 || augmentation >= this.augmentationCount) {
      throw new RangeError(
        `FoldYielder: there are ${this.augmentationCount} augmentations, counted from 0, but ${augmentation} was asked for.`,
      );
    }
    const stored = this.getStoredFold(index);
    return this.#fold(stored, this.predictionInputs(stored, augmentation));
  }

  /**
   * Inputs for training, all stored features without gaps, and targets, where they change with them: of the events of a
   * fold, drawn from a stream, and the fold's index. Subclasses augment here.
   */
  protected trainingArrays(
    stored: StoredFold,
    _stream: Stream,
    _index: number,
  ): Pick<Fold, "inputs"> & Partial<Pick<Fold, "targets">> {
    return { inputs: fillGaps(stored.features, stored.gaps) };
  }

  /** Inputs for one variant of prediction, all stored features without gaps. Subclasses augment here. */
  protected predictionInputs(stored: StoredFold, _augmentation: number): Float32Array {
    return fillGaps(stored.features, stored.gaps);
  }

  /**
   * Turns predictions of vectors, `[events, outputs]`, for one variant back to the events as they are, in place, so that
   * variants can be averaged. Nothing here, as there is no augmentation.
   */
  restorePredictions(
    _predictions: Float32Array | Float64Array,
    _outputCount: number,
    _augmentation: number,
  ): void {}

  /** The fold's arrays as stored, with the ignored features, from memory if they are there. */
  getStoredFold(index: number): StoredFold {
    return this.#stored.fold(index);
  }

  /**
   * The matrix inputs of a fold, `[events, …matrix.shape]`: NaN where something is missing, 0 where a sparse file has
   * nothing.
   *
   * @throws ConfigurationError for a file without matrix inputs.
   */
  getMatrix(index: number): Float32Array {
    return this.#stored.matrix(index);
  }

  /** The names of the columns stored beside inputs, targets and weights. */
  get columnNames(): string[] {
    return this.#stored.columnNames;
  }

  /**
   * Any data set of a fold, in one flat array: a further column, `weights`, `targets`, `inputs` (with NaN),
   * `matrix_inputs`. 64-bit integers are exact.
   *
   * @throws UnknownNameError for a column that the fold does not have.
   */
  getColumn(name: string, foldIndex: number): Exclude<Column, readonly string[]> | string[] {
    return this.#stored.column(name, foldIndex);
  }

  /**
   * Targets, weights and further columns as a table; with `features`, the features too, in physical units where the
   * scaler is known (`unscale: false`: as stored), with `ignored` also those that are no inputs.
   *
   * @param folds which folds, in this order (default: all).
   */
  getTable({
    folds = Array.from({ length: this.foldCount }, (_, i) => i),
    features = false,
    ignored = false,
    unscale = true,
  }: {
    folds?: readonly number[];
    features?: boolean;
    ignored?: boolean;
    unscale?: boolean;
  } = {}): Table {
    return concatenateTables(
      folds.map((index) => {
        const stored = this.getStoredFold(index);
        const columns: Record<string, Column> = {};
        if (features) {
          for (const name of ignored ? this.storedFeatures : this.features)
            columns[name] = this.#feature(stored, this.storedFeatures.indexOf(name), unscale);
        }
        for (const [t, name] of this.targetFeatures.entries()) {
          columns[name] = strided(stored.targets, t, this.targetFeatures.length);
        }
        if (stored.weights) columns[this.weightFeature ?? "weights"] = stored.weights.slice();
        for (const name of this.columnNames) columns[name] = this.getColumn(name, index);
        return tableOf(columns);
      }),
      folds.map((index) => `fold ${index}`),
    );
  }

  /**
   * Stores a column of a fold, such as predictions, in the file; one of the same name and length is replaced.
   * The file is changed in place, as LUMIN does it.
   */
  async saveFoldColumn(name: string, foldIndex: number, values: Column): Promise<void> {
    await this.#stored.saveColumn(name, foldIndex, values);
  }

  /** What another process needs to open the same. @throws ConfigurationError for transforms that are plain functions. */
  toSpec(): FoldYielderSpec {
    const { cacheBytes, readAhead, transforms, directory, matrix, ignore } = this.options;
    const references = transforms?.map((transform) => {
      if (isModuleReference(transform)) return resolveModule(transform, directory);
      throw new ConfigurationError(
        "FoldYielder: a function cannot be sent to worker processes. Give it by module, transforms: [{ module: './cuts.js', name: 'dropOut' }], or train in this process with workers: 0.",
      );
    });
    return {
      kind: "plain",
      path: isAbsolute(this.path) ? this.path : resolve(this.path),
      ...(cacheBytes === undefined ? {} : { cacheBytes }),
      ...(readAhead === undefined ? {} : { readAhead }),
      ...(references?.length ? { transforms: references } : {}),
      ...(matrix ? { matrix } : {}),
      ...(ignore?.length ? { ignore } : {}),
    };
  }

  /** Closes the file and lets go of the folds in memory. */
  close(): void {
    this.#stored.close();
  }

  /** @param inputs of all stored features. */
  #fold(stored: StoredFold, inputs: Float32Array, targets: Float32Array = stored.targets.slice()): Fold {
    const { places } = this.#choice;
    return {
      eventCount: stored.eventCount,
      featureCount: this.featureCount,
      inputs: places ? chosenColumns(inputs, this.storedFeatures.length, places) : inputs,
      targetCount: Math.max(1, this.targetFeatures.length),
      targets,
      weights: stored.weights?.slice(),
    };
  }

  /** The feature at a place among the stored ones. */
  #feature(stored: StoredFold, place: number, unscale: boolean): Float32Array {
    const values = strided(stored.features, place, this.storedFeatures.length);
    const mean = this.storedScaler?.means[place];
    const deviation = this.storedScaler?.standardDeviations[place];
    if (!unscale || mean === undefined || deviation === undefined) return values;
    return values.map((value) => value * deviation + mean);
  }

  /** LUMIN's way where the map is absent: one more than the highest code in any fold. */
  #countCategories(name: string): number {
    const f = this.storedFeatures.indexOf(name);
    let highest = -1;
    for (let i = 0; i < this.foldCount; i++) {
      for (const code of strided(this.getStoredFold(i).features, f, this.storedFeatures.length)) {
        if (code > highest) highest = code;
      }
    }
    return highest + 1;
  }
}

/** All features of the file, with the matrices' if they are wanted. */
function featuresOf({ header, matrixFeatures }: StoredFolds): FeatureSet {
  const { continuousFeatures, categories, scaler } = header;
  const continuous = [...continuousFeatures, ...(matrixFeatures ? matrixColumns(matrixFeatures) : [])];
  return { continuous, categorical: categories, scaler: scaler && padded(scaler, continuous.length) };
}

/** A scaler over more features, which are in physical units already. */
function padded({ means, standardDeviations }: Scaler, count: number): Scaler {
  const more = count - means.length;
  return {
    means: [...means, ...Array<number>(more).fill(0)],
    standardDeviations: [...standardDeviations, ...Array<number>(more).fill(1)],
  };
}
