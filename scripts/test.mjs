#!/usr/bin/env node
/**
 * `npm test`: everything, on a machine that has nothing but Node. Installs the packages, checks format, lint and
 * types, builds, runs the tests (with `--long` also those of test/long), and ends with `N passed, N failed`.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureBuilt } from "./build.mjs";
import { ensureInstalled } from "./install.mjs";
import { run, tool } from "./run.mjs";
import { ensureSystemParts } from "./setup-system.mjs";

const tally = { passed: 0, failed: [], skipped: [] };
const node = process.execPath;

if (await stage("install the packages", ensureInstalled)) {
  await stage(
    "format and lint",
    async () => (await run(node, [tool("@biomejs/biome", "bin/biome"), "check", "."])) === 0,
  );
  await stage(
    "types",
    async () => (await run(node, [tool("typescript", "bin/tsc"), "-p", "tsconfig.json"])) === 0,
  );
  // What cannot be had here is no failure: the tests that need it are skipped and named at the end.
  ensureSystemParts();
  const built = await stage("build", ensureBuilt);
  if (built) {
    await tests("tests", []);
    if (process.argv.includes("--long"))
      await tests("long tests", ["--config", "scripts/long.vitest.config.mjs"]);
  } else {
    tally.skipped.push("all tests: the build failed");
  }
}
summary();

/** Runs one check that passes or fails as a whole. */
async function stage(name, check) {
  console.log(`\n== ${name}`);
  const start = performance.now();
  const good = await check();
  console.log(
    `${good ? "passed" : "FAILED"}: ${name} (${((performance.now() - start) / 1000).toFixed(1)} s)`,
  );
  if (good) tally.passed++;
  else tally.failed.push(name);
  return good;
}

/** Runs vitest and counts from the report of scripts/vitest-report.mjs. */
async function tests(name, options) {
  console.log(`\n== ${name}`);
  const folder = mkdtempSync(join(tmpdir(), "lumin-test-"));
  const report = join(folder, "report.json");
  const plain = process.stdout.isTTY ? {} : { NO_COLOR: "1", FORCE_COLOR: undefined };
  const code = await run(
    node,
    [
      tool("vitest", "vitest.mjs"),
      "run",
      "--reporter=default",
      "--reporter=./scripts/vitest-report.mjs",
      ...options,
    ],
    {
      limitMinutes: options.length > 0 ? 150 : 45,
      env: { ...process.env, ...plain, LUMIN_TEST_REPORT: report },
    },
  );
  try {
    const { tests, broken } = JSON.parse(readFileSync(report, "utf8"));
    const failed = tests.filter(({ state }) => state === "failed");
    const passed = tests.filter(({ state }) => state === "passed");
    const skipped = tests.filter(({ state }) => state !== "failed" && state !== "passed");
    tally.passed += passed.length;
    tally.failed.push(...failed.map(({ title }) => title), ...broken);
    tally.skipped.push(...skipped.map(({ title, note }) => (note ? `${title}: ${note}` : title)));
    if (passed.length + failed.length === 0) tally.failed.push(`${name}: no test ran`);
    if (code !== 0 && failed.length + broken.length === 0) {
      tally.failed.push(
        `${name}: vitest ended with code ${code} although no test failed (see its output above)`,
      );
    }
  } catch {
    tally.failed.push(`${name}: vitest ended with code ${code} and without a report`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function summary() {
  const lines = [""];
  if (tally.failed.length > 0) lines.push("FAILED:", ...tally.failed.map((title) => `  ${title}`), "");
  if (tally.skipped.length > 0)
    lines.push("SKIPPED, not checked here:", ...tally.skipped.map((title) => `  ${title}`), "");
  const skipped = tally.skipped.length > 0 ? `, ${tally.skipped.length} skipped` : "";
  lines.push(`${tally.passed} passed, ${tally.failed.length} failed${skipped}`);
  process.exitCode = tally.failed.length > 0 ? 1 : 0;
  process.stdout.write(`${lines.join("\n")}\n`);
}
