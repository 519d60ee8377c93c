/** Runs the code blocks of the guide's chapter on ensembles, in their order, as one program. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ts from "typescript";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FoldYielder } from "../src/data/index.ts";
import * as ensemble from "../src/ensemble/index.ts";
import * as model from "../src/model/index.ts";
import { fullyConnected } from "../src/nn/index.ts";
import * as train from "../src/train/index.ts";
import { lumin } from "./cli-harness.ts";
import { writeCloudFoldFile } from "./support/fold-file.ts";
import { writeForeignOnnx } from "./support/foreign-onnx.ts";

const subpaths: Readonly<Record<string, object>> = { ensemble, model, train };
const guide = readFileSync(new URL("../docs/guide/ensembles.md", import.meta.url), "utf8");
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
  const program = [...guide.matchAll(/```ts\n([\s\S]*?)```/g)]
    .map(([, code]) => code!)
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
  const folds = await FoldYielder.open("folds.h5");
  const builder = new model.ModelBuilder({
    task: { kind: "binary" },
    features: folds,
    body: fullyConnected({ depth: 1, width: 8, batchNorm: true }),
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
  expect(checks).toBeGreaterThan(10);
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
