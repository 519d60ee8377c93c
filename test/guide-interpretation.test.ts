/** Runs the code blocks of the guide's chapter on interpretation, in their order, as one program. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";
import { explainMethods } from "../src/cli/explain-methods.ts";
import * as lumin from "../src/index.ts";
import * as plot from "../src/plot/index.ts";
import { lumin as command } from "./cli-harness.ts";
import { writeCloudFoldFile } from "./support/fold-file.ts";

const guide = readFileSync(new URL("../docs/guide/interpretation.md", import.meta.url), "utf8");

test("every block of code does what it says", async () => {
  const program = [...guide.matchAll(/```ts\n([\s\S]*?)```/g)]
    .map(([, code]) => code!)
    .join("\n")
    .replaceAll(/^import (\{[^}]*\}) from "lumin-hep";$/gm, "const $1 = lumin;")
    .replaceAll(/^import (\{[^}]*\}) from "lumin-hep\/plot";$/gm, "const $1 = plot;");
  const { outputText } = ts.transpileModule(program, { compilerOptions: { target: ts.ScriptTarget.ES2022 } });
  const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor as new (
    ...parameters: string[]
  ) => (...values: unknown[]) => Promise<void>;
  let checks = 0;
  const check = (holds: boolean): void => {
    checks += 1;
    expect(holds, `check ${checks} of the chapter`).toBe(true);
  };
  const folder = mkdtempSync(join(tmpdir(), "lumin-guide-"));
  await writeCloudFoldFile(join(folder, "folds.h5"), 3, 400);
  const folds = await lumin.FoldYielder.open(join(folder, "folds.h5"));
  const training = { epochs: 6, batchSize: 32, seed: 1 };
  const network = (body: lumin.BodySpec): lumin.ModelBuilder =>
    new lumin.ModelBuilder({ task: { kind: "binary" }, features: folds, body });
  try {
    const body = lumin.fullyConnected({ depth: 2, width: 12, activation: "swish" });
    const { ensemble } = await lumin.foldTrainEnsemble(folds, network(body), { ...training, memberCount: 3 });
    const blocks = lumin.multiBlock({
      bottleneck: 1,
      blocks: [
        { features: ["lep_p?"], depth: 1, width: 8 },
        { features: ["mass", "jets"], depth: 1, width: 6 },
      ],
    });
    const single = await lumin.foldTrainEnsemble(folds, network(blocks), { ...training, memberCount: 1 });
    await new AsyncFunction("folds", "ensemble", "blocks", "check", "lumin", "plot", outputText)(
      folds,
      ensemble,
      single.ensemble.members[0]!.model,
      check,
      lumin,
      plot,
    );
  } finally {
    folds.close();
    rmSync(folder, { recursive: true, force: true });
  }
  expect(checks).toBe([...program.matchAll(/^check\(/gm)].length);
  expect(checks).toBeGreaterThan(12);
});

test("the chapter names functions that there are, and the command has the options and methods that it shows", async () => {
  for (const [, name] of guide.matchAll(/\| .*`(plot[A-Z]\w+)`/g)) expect(Object.keys(plot)).toContain(name);
  const { stdout } = await command(["explain", "--help"]);
  const shown = [...guide.matchAll(/^lumin explain ([^#\n]*)/gm)].map(([, words]) => words!);
  expect(shown.length).toBe(5);
  for (const words of shown) {
    for (const [option] of words.matchAll(/--[a-z-]+/g)) expect(stdout).toContain(option);
    const method = /--method (\w+)/.exec(words)?.[1];
    if (method !== undefined) expect(explainMethods).toContain(method);
  }
});
