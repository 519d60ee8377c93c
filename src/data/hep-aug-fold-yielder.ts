/** A fold yielder that augments events. */
import type { Stream } from "../array/random.ts";
import {
  type Augmentation,
  type AugmentationPlan,
  augmentationPlan,
  augmentEvents,
  augmentFixed,
  loadAugmentation,
  restorePredictions,
} from "./augmentation/index.ts";
import { serialisableAugmentation } from "./augmentation/load-augmentation.ts";
import {
  type Fold,
  FoldYielder,
  type FoldYielderOptions,
  type FoldYielderSpec,
  type OpenedFoldFile,
} from "./fold-yielder.ts";
import type { StoredFold } from "./stored-fold.ts";
import { numbersOf, tableOf } from "./table.ts";

/** Settings of a {@link HEPAugFoldYielder}. */
export interface HEPAugFoldYielderOptions extends FoldYielderOptions {
  /** A list of transforms, or the settings of rotations and reflections (default: LUMIN's). */
  readonly augmentation?: Augmentation | undefined;
  /** "none": the features are stored in physical units, without a scaler. */
  readonly scaler?: "required" | "none" | undefined;
  /** Rules the random views of prediction, where transforms have some (default 0). */
  readonly seed?: number | undefined;
}

/**
 * Augments the events of training folds at random, by default with a rotation about the beam and reflections in y and z;
 * prediction averages over a fixed set of views (by default eight: two rotations, y and z reflected or not). Validation
 * is never augmented. Vectors among the targets (`nu_px`, `nu_py`, …) turn with the events, predictions of them back.
 *
 * Transforms act on physical momenta (LUMIN rotates standardised ones, which is a rotation only where all deviations
 * are equal and all means 0), so that transverse momenta and masses stay what they are.
 */
export class HEPAugFoldYielder extends FoldYielder {
  /** How events of all stored features are augmented; also for arrays in memory: `augmentFixed`, `augmentEvents`. */
  readonly plan: AugmentationPlan;
  readonly #asked: HEPAugFoldYielderOptions;

  protected constructor(opened: OpenedFoldFile, options: HEPAugFoldYielderOptions, loaded: Augmentation) {
    super(opened, options);
    const { scaler, seed } = options;
    this.#asked = options;
    this.plan = augmentationPlan(this.storedFeatures, this.storedScaler, loaded, {
      targets: this.targetFeatures,
      scaler,
      seed,
    });
  }

  /**
   * Opens a fold file for reading.
   *
   * @throws FileFormatError as `FoldYielder.open`; ConfigurationError as `augmentationPlan` and `loadAugmentation`.
   */
  static override async open(
    path: string,
    options: HEPAugFoldYielderOptions = {},
  ): Promise<HEPAugFoldYielder> {
    const loaded = await loadAugmentation(options.augmentation ?? {}, options.directory);
    const opened = await FoldYielder.openFile(path, options);
    try {
      return new HEPAugFoldYielder(opened, options, loaded);
    } catch (error) {
      opened.stored.abandon();
      throw error;
    }
  }

  override get augmentationCount(): number {
    return this.plan.count;
  }

  override toSpec(): FoldYielderSpec {
    const { augmentation = {}, scaler, seed, directory } = this.#asked;
    return {
      ...super.toSpec(),
      kind: "hepAugmented",
      augmentation: serialisableAugmentation(augmentation, directory),
      ...(scaler === undefined ? {} : { scaler }),
      ...(seed === undefined ? {} : { seed }),
    };
  }

  override restorePredictions(
    predictions: Float32Array | Float64Array,
    outputCount: number,
    augmentation: number,
  ): void {
    restorePredictions(predictions, outputCount, this.plan, augmentation);
  }

  protected override trainingArrays(
    stored: StoredFold,
    stream: Stream,
    index: number,
  ): Pick<Fold, "inputs"> & Partial<Pick<Fold, "targets">> {
    const column = (name: string): ArrayLike<number> =>
      numbersOf(tableOf({ [name]: this.getColumn(name, index) }), name);
    const { inputs, targets } = augmentEvents({ ...stored, column }, this.plan, stream);
    return { inputs, targets: targets! };
  }

  protected override predictionInputs(stored: StoredFold, augmentation: number): Float32Array {
    return augmentFixed(stored.features, stored.eventCount, this.plan, augmentation, stored.gaps);
  }
}

/** Opens the fold yielder that a specification describes, in a worker process for example. */
export function openFoldYielder(spec: FoldYielderSpec): Promise<FoldYielder> {
  const { kind, path, cacheBytes, readAhead, transforms, augmentation, scaler, seed, matrix, ignore } = spec;
  const options = { cacheBytes, readAhead, transforms, matrix, ignore };
  return kind === "plain"
    ? FoldYielder.open(path, options)
    : HEPAugFoldYielder.open(path, { ...options, augmentation, scaler, seed });
}
