/** Runs the code blocks of the guide's chapter on callbacks, in their order, as one program. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Stream } from "../src/array/index.ts";
import { FoldYielder, writeFoldFile } from "../src/data/index.ts";
import { ModelBuilder } from "../src/model/index.ts";
import { fullyConnected } from "../src/nn/index.ts";
import { guideChapter, runChapter, writeModules } from "./support/chapter.ts";

const guide = guideChapter("callbacks");
const folder = mkdtempSync(join(tmpdir(), "lumin-guide-"));
const before = process.cwd();
beforeAll(() => process.chdir(folder));
afterAll(() => {
  process.chdir(before);
  rmSync(folder, { recursive: true, force: true });
});

/** Signal peaks in a mass that an input shows with noise; theta is a parameter of the signal. */
async function exampleFolds(): Promise<FoldYielder> {
  const [rows, foldCount] = [6144, 3];
  const stream = new Stream(3, "guide");
  const targets = Float32Array.from({ length: rows }, (_, i) => i % 2);
  const mass = targets.map((target) => (target === 1 ? 1 + 0.4 * stream.normal() : stream.normal()));
  const features = new Float32Array(rows * 3);
  for (let i = 0; i < rows; i++) {
    features[3 * i] = stream.normal() + 1.5 * targets[i]!;
    features[3 * i + 1] = mass[i]! + 0.3 * stream.normal();
    features[3 * i + 2] = targets[i] === 1 ? stream.normal() : 0;
  }
  await writeFoldFile("folds.h5", {
    folds: Array.from({ length: foldCount }, (_, fold) =>
      Int32Array.from({ length: rows / foldCount }, (_, i) => fold * (rows / foldCount) + i),
    ),
    continuousFeatures: ["a", "b", "theta"],
    categoricalFeatures: [],
    categories: [],
    targetFeatures: ["target"],
    features,
    targets,
    columns: { mass },
  });
  return FoldYielder.open("folds.h5");
}

test("every block of code does what it says", async () => {
  writeModules(guide, folder);
  const folds = await exampleFolds();
  const builder = new ModelBuilder({
    task: { kind: "binary" },
    features: folds,
    body: fullyConnected({ depth: 1, width: 16 }),
  });
  try {
    const { done, written } = await runChapter(guide, { given: { folds, builder } });
    expect(done).toBe(written);
    expect(done).toBeGreaterThan(5);
  } finally {
    folds.close();
  }
});
