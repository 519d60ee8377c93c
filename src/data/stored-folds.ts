/** The folds of an open file: read and checked, kept in memory, read ahead, added to. */
import { ConfigurationError, counted, FileFormatError, unknownName } from "../errors/index.ts";
import { FoldAhead } from "./fold-ahead.ts";
import { loadDigest, StoredDigests } from "./fold-digest.ts";
import { readHeader, type StoredFoldFileHeader } from "./fold-file.ts";
import { gapsOf } from "./gaps.ts";
import { type Hdf5File, openHdf5 } from "./hdf5.ts";
import { decodedMatrix, type MatrixInputs, withMatrix } from "./matrix-inputs.ts";
import { FoldCache, type StoredFold } from "./stored-fold.ts";
import { singlePrecision, widened } from "./stored-numbers.ts";
import type { Column } from "./table.ts";

/** How folds are read. */
export interface StoredFoldsOptions {
  /** How many bytes of folds may stay in memory. */
  readonly cacheBytes?: number | undefined;
  /** Whether folds that do not stay in memory may be read ahead in a thread (default: true). */
  readonly readAhead?: boolean | undefined;
  /** Whether the entries of matrix inputs are further features (default: false). */
  readonly matrix?: boolean | undefined;
}

/** Data sets of a fold that are no further columns. */
const ownNames: readonly string[] = ["inputs", "targets", "weights", "matrix_inputs"];

/** The folds of one file, by their number; all features that are stored, and as they are stored. */
export class StoredFolds {
  readonly path: string;
  readonly header: StoredFoldFileHeader;
  readonly sizes: readonly number[];
  readonly #options: StoredFoldsOptions;
  readonly #cache: FoldCache;
  #file: Hdf5File;
  #digests: StoredDigests;
  #ahead: FoldAhead;
  #isOpen = true;

  private constructor(
    file: Hdf5File,
    digests: StoredDigests,
    header: StoredFoldFileHeader,
    options: StoredFoldsOptions,
  ) {
    this.path = file.path;
    this.header = header;
    this.#options = options;
    this.#cache = new FoldCache(options.cacheBytes);
    this.#file = file;
    this.#digests = digests;
    this.#ahead = this.#newAhead();
    if (options.matrix && !header.matrix) {
      throw new ConfigurationError(
        `FoldYielder: "${file.path}" has no matrix inputs. Leave matrix: true out.`,
      );
    }
    this.sizes = Array.from({ length: header.foldCount }, (_, i) => this.#checkedSize(i));
  }

  /**
   * Opens a fold file for reading.
   *
   * @throws FileFormatError for a file that is missing, damaged, not HDF5 or not a fold file; ConfigurationError where
   * matrix inputs are wanted and there are none.
   */
  static async open(path: string, options: StoredFoldsOptions = {}): Promise<StoredFolds> {
    const file = await openHdf5(path, "r");
    try {
      await loadDigest();
      const digests = new StoredDigests(file);
      return new StoredFolds(file, digests, readHeader(file, digests), options);
    } catch (error) {
      file.abandon();
      throw error;
    }
  }

  /** The matrices' layout, if their entries are features. */
  get matrixFeatures(): MatrixInputs | undefined {
    return this.#options.matrix ? this.header.matrix : undefined;
  }

  /** The fold's arrays, from memory if they are there. */
  fold(index: number): StoredFold {
    this.#checkIndex(index);
    const known = this.#cache.get(index);
    if (known) return known;
    const fold = this.#ahead.take(index) ?? this.#readFold(index);
    this.#cache.add(index, fold);
    return fold;
  }

  /** Begins to read a fold ahead, where folds had to leave the memory; see `FoldYielder.prefetch`. */
  prefetch(index: number): Promise<void> | undefined {
    this.#checkIndex(index);
    if (this.#options.readAhead === false || !this.#cache.isTooSmall || this.#cache.has(index))
      return undefined;
    return this.#ahead.read(index);
  }

  /** The matrix inputs of a fold, `[events, …matrix.shape]`. @throws ConfigurationError for a file without them. */
  matrix(index: number): Float32Array {
    this.#checkIndex(index);
    const { matrix } = this.header;
    if (!matrix) throw new ConfigurationError(`FoldYielder: "${this.path}" has no matrix inputs.`);
    const name = `fold_${index}/matrix_inputs`;
    return decodedMatrix(this.#read(name), this.sizes[index]!, matrix, `"${this.path}": "${name}"`);
  }

  /** The names of the columns stored beside inputs, targets and weights. */
  get columnNames(): string[] {
    return this.#file.keys("fold_0").filter((name) => !ownNames.includes(name));
  }

  /** Any data set of a fold, in one flat array. @throws UnknownNameError for one that the fold does not have. */
  column(name: string, index: number): Exclude<Column, readonly string[]> | string[] {
    this.#checkIndex(index);
    const names = this.#file.keys(`fold_${index}`);
    if (!names.includes(name)) throw unknownName("column", name, names);
    return widened(this.#read(`fold_${index}/${name}`), name);
  }

  /** Stores a further column of a fold in the file, in place; one of the same name and length is replaced. */
  async saveColumn(name: string, index: number, values: Column): Promise<void> {
    this.#checkIndex(index);
    if (ownNames.includes(name) || name.includes("/")) {
      throw new ConfigurationError(`saveFoldColumn: "${name}" is not a name for a further column.`);
    }
    if (values.length !== this.sizes[index]) {
      throw new RangeError(
        `saveFoldColumn: fold ${index} has ${this.sizes[index]} events, but ${counted(values.length, "value")} came.`,
      );
    }
    // What the thread knows of the file may no longer be so.
    this.#ahead.close();
    this.#file.close();
    const file = await openHdf5(this.path, "a");
    try {
      file.overwrite(`fold_${index}/${name}`, values);
      StoredDigests.update(file, `fold_${index}/${name}`, values);
    } finally {
      file.close();
      this.#file = await openHdf5(this.path, "r");
      this.#digests = new StoredDigests(this.#file);
      this.#ahead = this.#newAhead();
    }
  }

  /** Closes the file and lets go of the folds in memory. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#cache.clear();
    this.#ahead.close();
    this.#file.close();
  }

  /** Closes the file after an error, which stays the one that is thrown. */
  abandon(): void {
    this.#isOpen = false;
    this.#ahead.close();
    this.#file.abandon();
  }

  #newAhead(): FoldAhead {
    return new FoldAhead(this.path, this.#options.matrix === true);
  }

  #readFold(index: number): StoredFold {
    const eventCount = this.sizes[index]!;
    const flat = singlePrecision(this.#read(`fold_${index}/inputs`));
    const layout = this.matrixFeatures;
    const features = layout
      ? withMatrix(flat, this.matrix(index), eventCount, this.header.continuousFeatures.length, layout)
      : flat;
    return {
      eventCount,
      features,
      gaps: gapsOf(features),
      targets: singlePrecision(this.#read(`fold_${index}/targets`)),
      weights: this.#file.has(`fold_${index}/weights`)
        ? singlePrecision(this.#read(`fold_${index}/weights`))
        : undefined,
    };
  }

  /** The values of a data set, as they were written. */
  #read(name: string): ReturnType<Hdf5File["read"]> {
    const values = this.#file.read(name);
    this.#digests.check(name, values);
    return values;
  }

  #checkIndex(index: number): void {
    if (!this.#isOpen) throw new ConfigurationError(`FoldYielder: "${this.path}" was closed.`);
    const { foldCount } = this.header;
    if (!Number.isInteger(index) || index < 0 || index >= foldCount) {
      throw new RangeError(
        `FoldYielder: "${this.path}" has ${counted(foldCount, "fold")}, but fold ${index} was asked for. Folds are counted from 0.`,
      );
    }
  }

  #checkedSize(index: number): number {
    const name = `fold_${index}/inputs`;
    const [events = 0, width = 0] = this.#file.shape(name);
    const listed = this.header.continuousFeatures.length + this.header.categories.length;
    if (width !== listed) {
      throw new FileFormatError(
        `"${this.path}": "${name}" has ${width} columns, but meta_data lists ${counted(listed, "feature")}.`,
      );
    }
    return events;
  }
}
