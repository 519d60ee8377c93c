/** Runs the code blocks of the guide's chapter on callbacks, in their order, as one program. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ts from "typescript";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Stream } from "../src/array/index.ts";
import { FoldYielder, writeFoldFile } from "../src/data/index.ts";
import * as ensemble from "../src/ensemble/index.ts";
import * as model from "../src/model/index.ts";
import { fullyConnected } from "../src/nn/index.ts";
import * as tensor from "../src/tensor/index.ts";
import * as train from "../src/train/index.ts";

const subpaths: Readonly<Record<string, object>> = { ensemble, model, tensor, train };
const guide = readFileSync(new URL("../docs/guide/callbacks.md", import.meta.url), "utf8");
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
  const blocks = [...guide.matchAll(/```(ts|js)([^\n]*)\n([\s\S]*?)```/g)];
  for (const [, , place, code] of blocks) {
    const file = /module=(\S+)/.exec(place!)?.[1];
    if (file) writeFileSync(join(folder, file), code!);
  }
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  const program = blocks
    .filter(([, language]) => language === "ts")
    .map(([, , , code]) => code!)
    .join("\n")
    .replaceAll(/^import (\{[^}]*\}) from "lumin-hep\/(\w+)";$/gm, "const $1 = subpaths.$2;");
  const { outputText } = ts.transpileModule(program, { compilerOptions: { target: ts.ScriptTarget.ES2022 } });
  const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor as new (
    ...parameters: string[]
  ) => (...values: unknown[]) => Promise<void>;
  let checks = 0;
  const check = (holds: boolean): void => {
    checks += 1;
    expect(holds, `check ${checks} of the chapter`).toBe(true);
  };
  const folds = await exampleFolds();
  const builder = new model.ModelBuilder({
    task: { kind: "binary" },
    features: folds,
    body: fullyConnected({ depth: 1, width: 16 }),
  });
  try {
    await new AsyncFunction("folds", "builder", "check", "subpaths", outputText)(
      folds,
      builder,
      check,
      subpaths,
    );
  } finally {
    folds.close();
  }
  expect(checks).toBe([...program.matchAll(/^check\(/gm)].length);
  expect(checks).toBeGreaterThan(5);
});
