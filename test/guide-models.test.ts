/** Runs the code of the guide's chapter on models: `expression // value` must hold. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Stream } from "../src/array/index.ts";
import * as data from "../src/data/index.ts";
import { guideChapter, runChapter } from "./support/chapter.ts";

const chapter = guideChapter("models");
const before = process.cwd();
const folder = mkdtempSync(join(tmpdir(), "lumin-models-"));

beforeAll(async () => {
  process.chdir(folder);
  const stream = new Stream(1, "guide");
  const eventCount = 600;
  const features = new Float32Array(eventCount * 5);
  const targets = new Float32Array(eventCount);
  for (let i = 0; i < eventCount; i++) {
    const [a, b, m, d, jets] = [stream.normal(), stream.normal(), stream.normal(), stream.normal(), i % 3];
    features.set([a, b, m, d, jets], 5 * i);
    targets[i] = a * b + m - jets > -1 ? 1 : 0;
  }
  await data.writeFoldFile("train.h5", {
    folds: data.stratifiedFolds(eventCount, 3, [targets], stream),
    continuousFeatures: ["PRI_a", "PRI_b", "DER_mass", "DER_b"],
    categoricalFeatures: ["jets"],
    categories: [{ name: "jets", values: [0, 1, 2] }],
    targetFeatures: ["target"],
    features,
    targets,
  });
});

afterAll(() => {
  process.chdir(before);
  rmSync(folder, { recursive: true, force: true });
});

test("every value in the chapter is what the code gives", async () => {
  const { done, written } = await runChapter(chapter, {
    valueLines: /^(?!const|\/\/)(\S.*\S)\s+\/\/ (\S.*)$/gm,
  });
  expect([done, written]).toEqual([12, 12]);
});
