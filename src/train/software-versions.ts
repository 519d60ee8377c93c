/** The versions that decide on the bytes of a run. */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

/** Versions of this package, of what computes and reads for it, and of Node; and the platform. */
export function softwareVersions(): Record<string, string> {
  const require = createRequire(import.meta.url);
  // Read beside the package: not every package lets its package.json be imported.
  const versionOf = (name: string): string => {
    const folder = require.resolve.paths(name)?.find((path) => existsSync(join(path, name, "package.json")));
    if (folder === undefined) return "unknown";
    const description = readFileSync(join(folder, name, "package.json"), "utf8");
    return (JSON.parse(description) as { version: string }).version;
  };
  const own = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  return {
    "lumin-hep": own.version,
    "onnxruntime-node": versionOf("onnxruntime-node"),
    "@duckdb/node-api": versionOf("@duckdb/node-api"),
    h5wasm: versionOf("h5wasm"),
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
  };
}
