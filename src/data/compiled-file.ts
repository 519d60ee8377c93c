/** Where the compiled JavaScript of a source lies: threads and processes cannot run TypeScript. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ConfigurationError } from "../errors/index.ts";

/**
 * The compiled file beside the caller's own: worker processes run JavaScript, also when the caller is a
 * TypeScript source under test.
 */
export function compiledFile(name: string, callerUrl: string): URL {
  if (!callerUrl.endsWith(".ts")) return new URL(`./${name}.js`, callerUrl);
  const folder = callerUrl.slice(0, callerUrl.lastIndexOf("/"));
  const source = folder.lastIndexOf("/src/");
  const file = new URL(`${folder.slice(0, source)}/dist/${folder.slice(source + "/src/".length)}/${name}.js`);
  if (source < 0 || !existsSync(file)) {
    throw new ConfigurationError(
      `workers: the compiled file ${fileURLToPath(file)} does not exist, and a worker process cannot run TypeScript sources. Run "npm run build", or train with workers: 0.`,
    );
  }
  return file;
}

/** The compiled program of a thread beside the caller's own file; undefined in a bundle, or where nothing is compiled. */
export function threadProgram(name: string, callerUrl: string): URL | undefined {
  try {
    const url = compiledFile(name, callerUrl);
    return existsSync(fileURLToPath(url)) ? url : undefined;
  } catch {
    return undefined;
  }
}
