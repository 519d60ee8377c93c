/** The breakdown of the recipe, small: every step is trained, scored on the same unseen events, and drawn. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { scratchFolder } from "./cli-harness.ts";

const script = "examples/higgs/breakdown/breakdown.mjs";

interface Step {
  readonly name: string;
  readonly auc: { readonly value: number; readonly uncertainty: number };
  readonly aucGain: { readonly value: number; readonly uncertainty: number };
  readonly trainingSeconds: number;
  readonly predictionMilliseconds: number;
}

test("nine steps with scores, paired gains and times, in a table, a file and a picture", () => {
  const out = join(scratchFolder(), "breakdown");
  const flags = { out, events: 2400, outer: 2, members: 2, epochs: 2, batch: 64, workers: 0, bootstrap: 20 };
  const words = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...words], { encoding: "utf8" });
  expect(status, stderr).toBe(0);
  const { eventCount, steps } = JSON.parse(readFileSync(join(out, "breakdown.json"), "utf8")) as {
    eventCount: number;
    steps: Step[];
  };
  expect(eventCount).toBe(2400);
  expect(steps.map(({ name }) => name)).toEqual([
    ...["ReLU network", "ensemble", "embedding", "Swish", "cosine restarts", "augmentation"],
    ...["… in prediction too", "one-cycle", "dense network"],
  ]);
  for (const [i, { name, auc, aucGain, trainingSeconds, predictionMilliseconds }] of steps.entries()) {
    expect(stdout).toContain(name);
    expect(auc.value, name).toBeGreaterThan(0.75);
    if (i > 0) {
      expect(aucGain.value, name).toBeCloseTo(auc.value - steps[i - 1]!.auc.value, 12);
      expect(aucGain.uncertainty, name).toBeGreaterThan(0);
    }
    expect(trainingSeconds, name).toBeGreaterThan(0);
    expect(predictionMilliseconds, name).toBeGreaterThan(0);
  }
  // What two steps have in common cancels: gains are known better than scores.
  const [, , , ...late] = steps;
  for (const { aucGain, auc } of late) expect(aucGain.uncertainty).toBeLessThan(auc.uncertainty);
  // Prediction with augmentation asks the same networks, eight times.
  expect(steps[6]!.trainingSeconds).toBe(steps[5]!.trainingSeconds);
  const picture = readFileSync(join(out, "breakdown.svg"), "utf8");
  for (const { name } of steps) expect(picture).toContain(name);
});

test("a flag that is no number is one sentence", () => {
  const { status, stderr } = spawnSync(process.execPath, [script, "--epochs", "many"], { encoding: "utf8" });
  expect(status).toBe(2);
  expect(stderr).toBe("breakdown: --epochs many: expected a whole number of at least 1.\n");
});
