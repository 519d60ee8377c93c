/** `lumin lr-find` as a user types it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { LearningRates } from "../src/train/index.ts";
import { lumin, scratchFolder } from "./cli-harness.ts";

const folder = scratchFolder();
const analysis = "examples/higgs/higgs.yaml";

it("lr-find prints the curve and a rate, the same with any number of workers, and writes picture and numbers", async () => {
  const words = ["lr-find", analysis, "--sweeps", "2", "--low", "1e-4", "--high", "5"];
  const [numbers, picture] = [join(folder, "rates.json"), join(folder, "rates.svg")];
  const { code, stdout } = await lumin([...words, "--workers", "2", "--out", numbers]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^learning rate +loss +± over sweeps$/m);
  expect(stdout).toMatch(/^2 sweeps, \d ended by a diverging loss$/m);
  const suggested = Number(/^suggested learning rate: (\S+)$/m.exec(stdout)![1]);
  expect(suggested).toBeGreaterThan(1e-4);
  expect(suggested).toBeLessThan(1);
  const found = JSON.parse(readFileSync(numbers, "utf8")) as LearningRates;
  expect(found.sweeps).toHaveLength(2);
  expect(found.rates[0]).toBe(1e-4);
  const again = await lumin([...words, "--workers", "0", "--out", picture]);
  expect(again.stdout.replace(picture, numbers)).toBe(stdout);
  expect(readFileSync(picture, "utf8")).toContain("<svg");
});

it("lr-find refuses a file of another kind and rates in the wrong order before it reads anything", async () => {
  const wrong = await lumin(["lr-find", analysis, "--out", "rates.jpg"]);
  expect(wrong.stderr).toContain(
    'plot: a picture is written as .svg, .png, .pdf, .html, .json, not as "rates.jpg".',
  );
  const order = await lumin(["lr-find", analysis, "--low", "1", "--high", "0.1"]);
  expect(order.stderr).toContain("expected --low below --high.");
  expect(order.code).toBe(1);
});
