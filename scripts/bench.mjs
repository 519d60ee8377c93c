#!/usr/bin/env node
/**
 * `npm run bench [NAME …]`: compiles bench/ and runs its questions one after the other, all or the named ones.
 * Each prints a small table, with ratios of things that were measured side by side in the same run.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ensureBuilt } from "./build.mjs";
import { ensureInstalled } from "./install.mjs";
import { root, run, tool } from "./run.mjs";

const questions = [
  "step-time",
  "batch-hook",
  "checkpoints",
  "read-ahead",
  "dropout",
  "wasm",
  "training",
  "ten-members",
  "prediction",
  "importance",
  "trees",
  "plots",
  "root",
  "fold",
];

const asked = process.argv.slice(2);
const chosen = asked.length > 0 ? asked : questions;
const unknown = chosen.filter((name) => !questions.includes(name));
if (unknown.length > 0) {
  console.error(`bench: "${unknown.join('", "')}" is not known. Known: ${questions.join(", ")}.`);
  process.exit(1);
}
if (!(await ensureInstalled()) || !(await ensureBuilt())) process.exit(1);
if ((await run(process.execPath, [tool("typescript", "bin/tsc"), "-p", "bench/tsconfig.json"])) !== 0)
  process.exit(1);

for (const name of chosen) {
  const file = join(root, "bench", "dist", "bench", `${name}.js`);
  if (!existsSync(file)) throw new Error(`internal: bench/${name}.ts was not compiled`);
  console.log(`\n== ${name}`);
  const code = await run(process.execPath, [file]);
  if (code !== 0) process.exitCode = code;
}
