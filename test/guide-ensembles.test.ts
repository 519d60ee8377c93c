/** Runs the code blocks of the guide's chapter on ensembles, in their order, as one program. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FoldYielder } from "../src/data/index.ts";
import { ModelBuilder } from "../src/model/index.ts";
import { fullyConnected } from "../src/nn/index.ts";
import { lumin } from "./cli-harness.ts";
import { guideChapter, runChapter } from "./support/chapter.ts";
import { writeCloudFoldFile } from "./support/fold-file.ts";
import { writeForeignOnnx } from "./support/foreign-onnx.ts";

const guide = guideChapter("ensembles");
const folder = mkdtempSync(join(tmpdir(), "lumin-guide-"));
const before = process.cwd();
beforeAll(() => process.chdir(folder));
afterAll(() => {
  process.chdir(before);
  rmSync(folder, { recursive: true, force: true });
});

test("every block of code does what it says", async () => {
  await writeCloudFoldFile("folds.h5", 3, 400);
  writeForeignOnnx("trees.onnx", {
    inputs: [
      { name: "floats", columns: 4 },
      { name: "code", type: "int64", columns: 1 },
    ],
    weights: [1, 0, 0, 1, 0.5, 0, 0, 0.5, 0, 0.1],
    outputs: 2,
    softmax: true,
    second: true,
  });
  const folds = await FoldYielder.open("folds.h5");
  const builder = new ModelBuilder({
    task: { kind: "binary" },
    features: folds,
    body: fullyConnected({ depth: 1, width: 8, batchNorm: true }),
  });
  try {
    const { done, written } = await runChapter(guide, { given: { folds, builder } });
    expect(done).toBe(written);
    expect(done).toBeGreaterThan(10);
  } finally {
    folds.close();
  }
});

test("the commands have the options that the chapter shows", async () => {
  for (const name of ["ensemble", "evaluate"]) {
    const { stdout } = await lumin([name, "--help"], { cwd: before });
    const shown = [...guide.matchAll(new RegExp(`^lumin ${name} ([^#\n]*)`, "gm"))];
    expect(shown.length).toBeGreaterThan(0);
    for (const [, words] of shown) {
      for (const [option] of words!.matchAll(/--[a-z-]+/g)) expect(stdout).toContain(option);
    }
  }
});
