/** The user's own code, named by module so that worker processes and later commands can load it too. */
import { existsSync } from "node:fs";
import { isAbsolute, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { ConfigurationError, unknownName } from "../errors/index.ts";

/** A function exported by a JavaScript module: a path ("./cuts.js", relative to the working folder) or a package. */
export interface ModuleReference {
  readonly module: string;
  /** The export's name. */
  readonly name: string;
  /** Given to the function as its last argument, or to the callback's factory. */
  readonly options?: unknown;
}

/** Whether a value names a function in a user's module. */
export function isModuleReference(value: unknown): value is ModuleReference {
  return typeof value === "object" && value !== null && "module" in value && "name" in value;
}

/** The same reference with its path made absolute, so that it means the same in every process. */
export function resolveModule(
  reference: ModuleReference,
  directory: string = process.cwd(),
): ModuleReference {
  const isPath = reference.module.startsWith(".") || isAbsolute(reference.module);
  return isPath ? { ...reference, module: resolve(directory, reference.module) } : reference;
}

/**
 * The function that a reference names.
 * @throws ConfigurationError if the module cannot be loaded, UnknownNameError if it has no such function.
 */
export async function loadModule(
  reference: ModuleReference,
  directory: string = process.cwd(),
): Promise<(...args: never[]) => unknown> {
  const { module, name } = resolveModule(reference, directory);
  if (isAbsolute(module) && !existsSync(module)) {
    throw new ConfigurationError(
      `module "${reference.module}": there is no such file. Paths are relative to ${directory}.`,
    );
  }
  let exported: Readonly<Record<string, unknown>>;
  try {
    exported = await import(isAbsolute(module) ? pathToFileURL(module).href : module);
  } catch (error) {
    throw new ConfigurationError(
      `module "${reference.module}" cannot be loaded: ${error instanceof Error ? error.message : String(error)}. ` +
        `Paths are relative to ${directory}; the module must be JavaScript.`,
    );
  }
  const found = exported[name];
  if (typeof found === "function") return found as (...args: never[]) => unknown;
  const functions = Object.keys(exported).filter((key) => typeof exported[key] === "function");
  throw unknownName(`function of module "${reference.module}"`, name, functions);
}
