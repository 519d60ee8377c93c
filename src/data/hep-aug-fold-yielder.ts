/** A fold yielder that augments events by the symmetries of the collision. */
import type { Stream } from "../array/random.ts";
import {
  type AugmentationOptions,
  type AugmentationPlan,
  augmentationPlan,
  augmentFixed,
  augmentRandomly,
} from "./augmentation.ts";
import {
  FoldYielder,
  type FoldYielderOptions,
  type FoldYielderSpec,
  type OpenedFoldFile,
} from "./fold-yielder.ts";
import type { StoredFold } from "./stored-fold.ts";

/** Settings of a {@link HEPAugFoldYielder}. */
export interface HEPAugFoldYielderOptions extends FoldYielderOptions {
  readonly augmentation?: AugmentationOptions | undefined;
}

/**
 * Training folds are rotated about the beam by a random angle an event and reflected in y and z at random; prediction
 * averages over a fixed set (by default eight: two rotations, y and z reflected or not). Validation is never augmented.
 *
 * Rotations act on physical momenta (LUMIN rotates standardised ones, which is a rotation only where all deviations
 * are equal and all means 0), so that transverse momenta and masses stay what they are.
 */
export class HEPAugFoldYielder extends FoldYielder {
  /** How events are augmented; also for arrays in memory, with `augmentFixed` and `augmentRandomly`. */
  readonly plan: AugmentationPlan;
  readonly #augmentation: AugmentationOptions;

  protected constructor(opened: OpenedFoldFile, options: HEPAugFoldYielderOptions) {
    super(opened, options);
    this.#augmentation = options.augmentation ?? {};
    this.plan = augmentationPlan(this.features, this.scaler, this.#augmentation);
  }

  /**
   * Opens a fold file for reading.
   *
   * @throws FileFormatError as `FoldYielder.open`; ConfigurationError for a file without a scaler or without vectors.
   */
  static override async open(
    path: string,
    options: HEPAugFoldYielderOptions = {},
  ): Promise<HEPAugFoldYielder> {
    const opened = await FoldYielder.openFile(path, options);
    try {
      return new HEPAugFoldYielder(opened, options);
    } catch (error) {
      opened.file.abandon();
      throw error;
    }
  }

  override get augmentationCount(): number {
    return this.plan.count;
  }

  override toSpec(): FoldYielderSpec {
    return { ...super.toSpec(), kind: "hepAugmented", augmentation: this.#augmentation };
  }

  protected override trainingInputs(stored: StoredFold, stream: Stream): Float32Array {
    return augmentRandomly(stored.features, stored.eventCount, this.plan, stream, stored.gaps);
  }

  protected override predictionInputs(stored: StoredFold, augmentation: number): Float32Array {
    return augmentFixed(stored.features, stored.eventCount, this.plan, augmentation, stored.gaps);
  }
}

/** Opens the fold yielder that a specification describes, in a worker process for example. */
export function openFoldYielder(spec: FoldYielderSpec): Promise<FoldYielder> {
  const { kind, path, cacheBytes, transforms, augmentation, matrix } = spec;
  const options = { cacheBytes, transforms, matrix };
  return kind === "plain"
    ? FoldYielder.open(path, options)
    : HEPAugFoldYielder.open(path, { ...options, augmentation });
}
