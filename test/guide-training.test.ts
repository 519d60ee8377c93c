/** Runs the code blocks of the guide's chapter on training, in their order, as one program. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FoldYielder } from "../src/data/index.ts";
import * as ensemble from "../src/ensemble/index.ts";
import { ModelBuilder } from "../src/model/index.ts";
import { fullyConnected } from "../src/nn/index.ts";
import * as train from "../src/train/index.ts";
import { writeCloudFoldFile } from "./support/fold-file.ts";

const guide = readFileSync(new URL("../docs/guide/training.md", import.meta.url), "utf8");
const folder = mkdtempSync(join(tmpdir(), "lumin-guide-"));
const before = process.cwd();
beforeAll(() => process.chdir(folder));
afterAll(() => {
  process.chdir(before);
  rmSync(folder, { recursive: true, force: true });
});

const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor as new (
  ...parameters: string[]
) => (...values: unknown[]) => Promise<void>;

test("every block of code does what it says", async () => {
  writeFileSync("package.json", '{ "type": "module" }');
  const module = /```js module=(\S+)\n([\s\S]*?)```/.exec(guide)!;
  writeFileSync(module[1]!, module[2]!);
  const program = [...guide.matchAll(/```ts\n([\s\S]*?)```/g)]
    .map(([, code]) => code!)
    .join("\n")
    .replaceAll(/^import (\{[^}]*\}) from "lumin-hep\/(\w+)";$/gm, "const $1 = subpaths.$2;");
  await writeCloudFoldFile("train.h5", 3, 256);
  const folds = await FoldYielder.open("train.h5");
  const body = fullyConnected({ depth: 1, width: 16, dropout: 0.1 });
  const builder = new ModelBuilder({ task: { kind: "binary" }, features: folds, body });
  let checks = 0;
  const check = (holds: boolean): void => {
    checks += 1;
    expect(holds, `check ${checks} of the chapter`).toBe(true);
  };
  try {
    const run = new AsyncFunction("folds", "builder", "check", "subpaths", program);
    await run(folds, builder, check, { ensemble, train });
  } finally {
    folds.close();
  }
  expect(checks).toBeGreaterThanOrEqual([...program.matchAll(/\bcheck\(/g)].length);
});
