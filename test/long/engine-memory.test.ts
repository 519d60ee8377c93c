/** The engine's memory: the standard step called 10,000 times, with 200 programs made and released in between. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

test("10,000 training steps and 200 programs in between leave the memory where it was after 1,000", async () => {
  // In a process of its own: the test runner's memory moves by more.
  const script = join(import.meta.dirname, "../support/engine-memory.mjs");
  // One arena: with one for each thread, glibc's allocator goes up and down by 6 % without a trend (30,000 calls).
  const env = { ...process.env, MALLOC_ARENA_MAX: "1" };
  const { stdout } = await promisify(execFile)(process.execPath, ["--expose-gc", script], { env });
  const { early, last } = JSON.parse(stdout) as { early: number; last: number };
  process.stderr.write(
    `resident memory: ${early.toFixed(1)} MiB after 1,000 calls, ${last.toFixed(1)} after 10,000\n`,
  );
  expect(Math.abs(last / early - 1)).toBeLessThan(0.05);
});
