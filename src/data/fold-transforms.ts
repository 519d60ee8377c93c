/** The user's functions on training folds. */
import type { Stream } from "../array/random.ts";
import { counted, DataError } from "../errors/index.ts";
import type { Fold } from "./fold-yielder.ts";
import { isModuleReference, loadModule, type ModuleReference } from "./user-module.ts";

/** What a fold transform is told. */
export interface FoldTransformContext {
  /** Random numbers for this fold of this epoch: the only source that keeps a run reproducible. */
  readonly stream: Stream;
  /** Which fold it is. */
  readonly index: number;
  /** The names of the columns of the inputs. */
  readonly features: readonly string[];
  /** The options of the module reference. */
  readonly options?: unknown;
}

/** A function from a training fold to the fold that is trained on; it may change the arrays it is given. */
export type FoldTransform = (fold: Fold, context: FoldTransformContext) => Fold;

/** A transform ready to be called, with its options bound and its result checked. */
export type LoadedTransform = (fold: Fold, context: Omit<FoldTransformContext, "options">) => Fold;

/** Loads the transforms that are given by module. */
export async function foldTransforms(
  transforms: readonly (ModuleReference | FoldTransform)[],
  directory: string | undefined,
): Promise<LoadedTransform[]> {
  return Promise.all(
    transforms.map(async (given): Promise<LoadedTransform> => {
      if (!isModuleReference(given)) return checked(given, given.name || "anonymous", undefined);
      // That the export is such a function is the user's word; its result is checked.
      const transform = (await loadModule(given, directory)) as unknown as FoldTransform;
      return checked(transform, `${given.name} of "${given.module}"`, given.options);
    }),
  );
}

function checked(transform: FoldTransform, name: string, options: unknown): LoadedTransform {
  return (fold, context) => {
    const result = transform(fold, { ...context, options });
    const where = `fold transform ${name}`;
    if (!(result?.inputs instanceof Float32Array) || !(result.targets instanceof Float32Array)) {
      const got = result instanceof Promise ? "a promise" : typeof result;
      throw new DataError(
        `${where}: expected a fold { eventCount, inputs, targets, … } back, but got ${got}.`,
      );
    }
    const { eventCount, featureCount, targetCount, inputs, targets, weights } = result;
    if (
      inputs.length !== eventCount * featureCount ||
      targets.length !== eventCount * targetCount ||
      (weights !== undefined && weights.length !== eventCount) ||
      featureCount !== fold.featureCount ||
      targetCount !== fold.targetCount
    ) {
      throw new DataError(
        `${where}: the arrays do not fit: ${counted(eventCount, "event")} × ${counted(featureCount, "feature")} and ${counted(targetCount, "target")}, but ${counted(inputs.length, "input")}, ${counted(targets.length, "target")}${weights ? `, ${counted(weights.length, "weight")}` : ""}.`,
      );
    }
    return result;
  };
}
