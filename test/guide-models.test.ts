/** Runs the code of the guide's chapter on models: `expression // value` must hold. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ts from "typescript";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Stream } from "../src/array/index.ts";
import * as data from "../src/data/index.ts";
import * as model from "../src/model/index.ts";
import * as nn from "../src/nn/index.ts";
import * as train from "../src/train/index.ts";

const chapter = readFileSync(new URL("../docs/guide/models.md", import.meta.url), "utf8");
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
  const program = [...chapter.matchAll(/```ts\n([\s\S]*?)```/g)]
    .map((match) => match[1]!)
    .join("\n")
    .replaceAll(/^import (\{[^}]*\}) from "lumin-hep\/(\w+)";$/gm, "const $1 = subpaths.$2;")
    .replaceAll(/^(?!const|\/\/)(\S.*\S)\s+\/\/ (\S.*)$/gm, "check(() => ($1), $2);");
  const checks = [...program.matchAll(/^check\(/gm)].length;
  expect(checks).toBe(12);
  let done = 0;
  const check = (give: () => unknown, value: unknown): void => {
    done++;
    expect(give()).toBe(value);
  };
  const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor as new (
    ...parameters: string[]
  ) => (...values: unknown[]) => Promise<void>;
  const { outputText } = ts.transpileModule(program, { compilerOptions: { target: ts.ScriptTarget.ES2022 } });
  await new AsyncFunction("subpaths", "check", outputText)({ data, model, nn, train }, check);
  expect(done).toBe(checks);
});
