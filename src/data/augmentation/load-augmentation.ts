/** The user's functions of an augmentation, loaded from their modules; and the way back, for other processes. */
import { ConfigurationError } from "../../errors/index.ts";
import { loadModule, resolveModule } from "../user-module.ts";
import type { Augmentation, AugmentationTransform } from "./transforms.ts";
import type { EventsFunction } from "./user-function.ts";

/**
 * The augmentation with functions in place of modules: what `augmentationPlan` takes.
 *
 * @param directory what paths of modules are relative to (default: the working folder).
 * @throws ConfigurationError if a module cannot be loaded; UnknownNameError if it has no such function.
 */
export async function loadAugmentation(
  augmentation: Augmentation,
  directory?: string,
): Promise<Augmentation> {
  if (!("length" in augmentation)) return augmentation;
  return Promise.all(
    augmentation.map(async (transform): Promise<AugmentationTransform> => {
      if (transform.kind !== "module") return transform;
      const { options, views } = transform;
      // That the export is such a function is the user's word; that it gives nothing back is checked.
      const apply = (await loadModule(transform, directory)) as unknown as EventsFunction;
      return { kind: "function", apply, options, views };
    }),
  );
}

/**
 * The same as plain data that means the same in every process.
 *
 * @throws ConfigurationError for a transform that is a function.
 */
export function serialisableAugmentation(augmentation: Augmentation, directory?: string): Augmentation {
  if (!("length" in augmentation)) return augmentation;
  return augmentation.map((transform) => {
    if (transform.kind === "module") return { ...transform, ...resolveModule(transform, directory) };
    if (transform.kind !== "function") return transform;
    throw new ConfigurationError(
      "augmentation: a function cannot be sent to worker processes. Give it by module, { kind: 'module', module: './noise.js', name: 'addNoise' }, or train in this process with workers: 0.",
    );
  });
}
