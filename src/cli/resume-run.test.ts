import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { type RunIdentity, resumeRun } from "./resume-run.ts";
import { completeRun, runPaths } from "./run-folder.ts";

const parent = mkdtempSync(join(tmpdir(), "lumin-resume-run-"));
afterAll(() => rmSync(parent, { recursive: true, force: true }));
let folders = 0;

/** A folder that is not there yet. */
const fresh = () => runPaths(join(parent, `run-${folders++}`));

/** An identity with as much of an analysis as is looked at. */
function identityOf(members: number, seed = 1, version = "1.30.0", sha256 = "aa"): RunIdentity {
  const analysis = { input: { missing: [-999], friends: [] }, training: { members, epochs: 3 }, seed };
  return {
    versions: { "onnxruntime-node": version },
    analysis: analysis as unknown as RunIdentity["analysis"],
    files: [{ name: "events.csv", size: 7, sha256 }],
    modules: [],
  };
}

/** What run.json holds of it. */
function recordOf({ versions, analysis, files, modules }: RunIdentity): object {
  const input = { files: ["anywhere.csv"], ...analysis.input };
  return {
    ...{ format: "lumin-run", formatVersion: 1, versions, modules },
    analysis: { ...analysis, input },
    data: { files },
  };
}

describe("--resume", () => {
  test("begins a run where there is no folder, and where a killed process left an empty one", async () => {
    const paths = fresh();
    expect(await resumeRun(paths, identityOf(2))).toBe("new");
    expect(readdirSync(paths.folder)).toEqual(["unfinished.json"]);
    const empty = fresh();
    mkdirSync(empty.folder);
    writeFileSync(join(empty.folder, ".unfinished.json.12.0.tmp"), "{");
    expect(await resumeRun(empty, identityOf(2))).toBe("new");
    expect(readdirSync(empty.folder)).toEqual(["unfinished.json"]);
  });

  test("goes on with an unfinished run, whose members may be more now", async () => {
    const paths = fresh();
    await resumeRun(paths, identityOf(2));
    writeFileSync(join(paths.folder, ".metrics.json.12.0.tmp"), "{");
    expect(await resumeRun(paths, identityOf(2))).toBe("unfinished");
    expect(await resumeRun(paths, identityOf(5))).toBe("unfinished");
    expect(JSON.parse(readFileSync(paths.unfinished, "utf8"))).toEqual(identityOf(5));
    expect(readdirSync(paths.folder)).toEqual(["unfinished.json"]);
  });

  test("has nothing to do in a finished run, also when it was killed just before it had ended", async () => {
    const paths = fresh();
    await resumeRun(paths, identityOf(2));
    await completeRun(paths, recordOf(identityOf(2)));
    writeFileSync(paths.unfinished, JSON.stringify(identityOf(2)));
    expect(await resumeRun(paths, identityOf(2))).toBe("finished");
    expect(readdirSync(paths.folder)).toEqual(["run.json"]);
  });

  test("takes a finished run up with more members, after which it counts as unfinished", async () => {
    const paths = fresh();
    await resumeRun(paths, identityOf(2));
    await completeRun(paths, recordOf(identityOf(2)));
    expect(await resumeRun(paths, identityOf(3))).toBe("extended");
    expect(existsSync(paths.record)).toBe(false);
    expect(await resumeRun(paths, identityOf(3))).toBe("unfinished");
  });

  test.each([false, true])(
    "refuses fewer members, another setting, other data and other versions (finished: %s)",
    async (isFinished) => {
      const paths = fresh();
      await resumeRun(paths, identityOf(3));
      if (isFinished) await completeRun(paths, recordOf(identityOf(3)));
      const files = readdirSync(paths.folder);
      await expect(resumeRun(paths, identityOf(2))).rejects.toThrow(
        `--resume: the run in "${paths.folder}" has 3 members, and training.members is 2. Members can be added, not taken away; choose another --out.`,
      );
      const refusal = (difference: string): string =>
        `--resume: the run in "${paths.folder}" is another one (${difference}). Go on with what it was begun with, or choose another --out.`;
      await expect(resumeRun(paths, identityOf(3, 2))).rejects.toThrow(
        refusal("analysis.seed: 1 then, 2 now"),
      );
      await expect(resumeRun(paths, identityOf(3, 1, "1.31.0"))).rejects.toThrow(
        refusal('versions.onnxruntime-node: "1.30.0" then, "1.31.0" now'),
      );
      await expect(resumeRun(paths, identityOf(3, 1, "1.30.0", "bb"))).rejects.toThrow(
        refusal('files.0.sha256: "aa" then, "bb" now'),
      );
      expect(readdirSync(paths.folder)).toEqual(files);
    },
  );

  test("leaves a folder alone that holds something else", async () => {
    const paths = fresh();
    mkdirSync(paths.folder);
    writeFileSync(join(paths.folder, "thesis.tex"), "");
    await expect(resumeRun(paths, identityOf(1))).rejects.toThrow(
      `--out "${paths.folder}": this already exists. Choose another name, or delete it.`,
    );
    expect(readdirSync(paths.folder)).toEqual(["thesis.tex"]);
  });
});
