/** Runs the code blocks of the guide's chapter on augmentation, in their order, as one program. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as array from "../src/array/index.ts";
import { analysisSchema } from "../src/cli/analysis-schema.ts";
import * as data from "../src/data/index.ts";
import { guideChapter, runChapter, writeModules } from "./support/chapter.ts";

const guide = guideChapter("augmentation");
const folder = mkdtempSync(join(tmpdir(), "lumin-guide-"));
const before = process.cwd();
beforeAll(() => process.chdir(folder));
afterAll(() => {
  process.chdir(before);
  rmSync(folder, { recursive: true, force: true });
});

async function writeFolds(
  path: string,
  continuousFeatures: readonly string[],
  targetFeatures: readonly string[],
): Promise<void> {
  const stream = new array.Stream(2, path);
  const normals = (columns: number): Float32Array =>
    Float32Array.from({ length: 200 * columns }, () => stream.normal());
  await data.writeFoldFile(path, {
    folds: [0, 1].map((fold) => Int32Array.from({ length: 100 }, (_, i) => 2 * i + fold)),
    continuousFeatures,
    categoricalFeatures: [],
    categories: [],
    targetFeatures,
    features: normals(continuousFeatures.length),
    targets: normals(targetFeatures.length),
    scaler: {
      means: continuousFeatures.map(() => 1),
      standardDeviations: continuousFeatures.map((_, f) => 2 + f),
    },
  });
}

test("every block of code does what it says", async () => {
  await writeFolds(
    "neutrinos.h5",
    ["lep_px", "lep_py", "lep_pz", "met_px", "met_py"],
    ["nu_px", "nu_py", "nu_pz"],
  );
  await writeFolds("polar.h5", ["lep_pt", "lep_eta", "lep_phi"], ["target"]);
  writeModules(guide, folder);
  const { done, written } = await runChapter(guide);
  expect([done, written]).toEqual([5, 5]);
});

test("the table lists the kinds that the schema knows", () => {
  const table = /## What there is\n\n([\s\S]*?)\n\n/.exec(guide)![1]!;
  const least = { input: { files: "a.csv" }, target: { column: "y" }, features: { continuous: ["x"] } };
  const refused = analysisSchema.safeParse({ ...least, augmentation: [{ kind: "nothing" }] });
  const known = [...JSON.stringify(refused.error!.issues).matchAll(/"options":\[([^\]]*)\]/g)].flatMap(
    ([, list]) => JSON.parse(`[${list}]`),
  );
  expect(known.length).toBe(6);
  for (const kind of known) expect(table).toContain(`\`${kind}\``);
});
