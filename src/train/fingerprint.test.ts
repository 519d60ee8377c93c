import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { cloudFolds } from "../../test/support/logistic-regression.ts";
import { fingerprintOf, trainingIdentity } from "./fingerprint.ts";
import type { TrainingFolds } from "./programs.ts";

const folds = cloudFolds([20, 20], { weighted: true });
const trainingFingerprint = (settings: unknown, events: TrainingFolds): string =>
  fingerprintOf(trainingIdentity(settings, events));

test("the fingerprint ignores the order of keys", () => {
  const first = trainingFingerprint({ seed: 1, model: { width: 3, depth: 2 } }, folds);
  const second = trainingFingerprint({ model: { depth: 2, width: 3 }, seed: 1 }, folds);
  expect(second).toBe(first);
  expect(first).toMatch(/^[0-9a-f]{64}$/);
});

test("the fingerprint changes with a setting, an event, a weight and a user's module", () => {
  const folder = mkdtempSync(join(tmpdir(), "lumin-fingerprint-"));
  try {
    const module = join(folder, "mine.mjs");
    const settings = { seed: 1, callbacks: [{ module, name: "mine" }] };
    writeFileSync(module, "export const mine = 1;");
    const prints = [
      trainingFingerprint(settings, folds),
      trainingFingerprint({ ...settings, seed: 2 }, folds),
      trainingFingerprint(settings, cloudFolds([20, 20])),
    ];
    const fold = folds.getFold(1);
    const inputs = fold.inputs.with(7, 3.5);
    prints.push(
      trainingFingerprint(settings, {
        ...folds,
        getFold: (i) => (i === 1 ? { ...fold, inputs } : folds.getFold(i)),
      }),
    );
    writeFileSync(module, "export const mine = 2;");
    prints.push(trainingFingerprint(settings, folds));
    expect(new Set(prints).size).toBe(5);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("the identity holds a user's module by its content, not by its place", () => {
  const folder = mkdtempSync(join(tmpdir(), "lumin-fingerprint-"));
  try {
    const settings = ["a", "b"].map((name) => {
      const module = join(folder, name, "mine.mjs");
      mkdirSync(join(folder, name));
      writeFileSync(module, "export const mine = 1;");
      return { callbacks: [{ module, name: "mine", options: { width: 2 } }] };
    });
    const [first, second] = settings.map((each) => trainingIdentity(each, folds));
    expect(second).toEqual(first);
    expect(first!.settings).toEqual({
      callbacks: [
        {
          content: createHash("sha256").update("export const mine = 1;").digest("hex"),
          module: "mine.mjs",
          name: "mine",
          options: { width: 2 },
        },
      ],
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
