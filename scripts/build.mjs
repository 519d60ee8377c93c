#!/usr/bin/env node
/** Compiles src/ to dist/: only what changed, removes what has no source any more, makes the command executable. */
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, utimesSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleJsroot, isJsrootBundled } from "./bundle-jsroot.mjs";
import { root, run, tool } from "./run.mjs";

const source = join(root, "src");
const output = join(root, "dist");
const information = join(output, ".tsbuildinfo");

/** Compiles when a source is newer than the last build; resolves to whether dist/ is now whole. */
export async function ensureBuilt() {
  return isFresh() || (await build());
}

async function build() {
  const start = new Date();
  const code = await run(process.execPath, [
    tool("typescript", "bin/tsc"),
    "-p",
    join(root, "tsconfig.build.json"),
  ]);
  if (code !== 0) {
    rmSync(information, { force: true });
    return false;
  }
  removeOrphans();
  await bundleJsroot();
  for (const file of sources().filter((path) => !path.endsWith(".ts"))) {
    const copy = join(output, relative(source, file));
    mkdirSync(dirname(copy), { recursive: true });
    cpSync(file, copy);
  }
  const command = join(output, "cli", "main.js");
  if (existsSync(command)) chmodSync(command, 0o755);
  // The compiler leaves its record alone when nothing changed; what is edited from now on is newer than `start`.
  utimesSync(information, start, start);
  return true;
}

/** Whether every source and setting is older than the last build and no source was removed since. */
function isFresh() {
  if (!existsSync(information)) return false;
  const built = statSync(information).mtimeMs;
  const inputs = [...sources(), join(root, "tsconfig.json"), join(root, "tsconfig.build.json")];
  return (
    inputs.every((path) => statSync(path).mtimeMs <= built) && orphans().length === 0 && isJsrootBundled()
  );
}

function removeOrphans() {
  for (const path of orphans()) rmSync(path, { force: true });
}

/** Compiled files whose TypeScript source is gone. */
function orphans() {
  if (!existsSync(output)) return [];
  return files(output).filter((path) => {
    const match = /^(.*?)(\.d\.ts|\.js|\.js\.map)$/.exec(relative(output, path));
    if (match === null || match[1].startsWith(`vendor${sep}`)) return false;
    const stem = join(source, match[1]);
    return !existsSync(`${stem}.ts`) && !existsSync(`${stem}.js`);
  });
}

function sources() {
  return files(source).filter((path) => !/\.(test|d)\.ts$/.test(path));
}

function files(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = (await build()) ? 0 : 1;
