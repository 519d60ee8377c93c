/** Runs the code blocks of the guide's chapter on interpretation, in their order, as one program. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { explainMethods } from "../src/cli/explain-methods.ts";
import * as lumin from "../src/index.ts";
import * as plot from "../src/plot/index.ts";
import { lumin as command } from "./cli-harness.ts";
import { guideChapter, runChapter } from "./support/chapter.ts";
import { writeCloudFoldFile } from "./support/fold-file.ts";

const guide = guideChapter("interpretation");

test("every block of code does what it says", async () => {
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
    const { done, written } = await runChapter(guide, {
      given: { folds, ensemble, blocks: single.ensemble.members[0]!.model },
    });
    expect(done).toBe(written);
    expect(done).toBeGreaterThan(12);
  } finally {
    folds.close();
    rmSync(folder, { recursive: true, force: true });
  }
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
