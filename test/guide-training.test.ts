/** Runs the code blocks of the guide's chapter on training, in their order, as one program. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FoldYielder } from "../src/data/index.ts";
import { ModelBuilder } from "../src/model/index.ts";
import { fullyConnected } from "../src/nn/index.ts";
import { guideChapter, runChapter, writeModules } from "./support/chapter.ts";
import { writeCloudFoldFile } from "./support/fold-file.ts";

const guide = guideChapter("training");
const folder = mkdtempSync(join(tmpdir(), "lumin-guide-"));
const before = process.cwd();
beforeAll(() => process.chdir(folder));
afterAll(() => {
  process.chdir(before);
  rmSync(folder, { recursive: true, force: true });
});

test("every block of code does what it says", async () => {
  writeModules(guide, folder);
  await writeCloudFoldFile("train.h5", 3, 256);
  const folds = await FoldYielder.open("train.h5");
  const body = fullyConnected({ depth: 1, width: 16, dropout: 0.1 });
  const builder = new ModelBuilder({ task: { kind: "binary" }, features: folds, body });
  try {
    const { done, written } = await runChapter(guide, { given: { folds, builder } });
    expect(done).toBeGreaterThanOrEqual(written);
    expect(written).toBeGreaterThan(3);
  } finally {
    folds.close();
  }
});
