import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeCloudFoldFile } from "../../test/support/fold-file.ts";
import { FoldYielder } from "../data/index.ts";
import { ConfigurationError, InterruptedError } from "../errors/index.ts";
import { foldTrainTrees, type TreesTrainingOptions } from "./fold-train-trees.ts";
import type { TreesSpec } from "./train-tree-member.ts";

const folder = mkdtempSync(join(tmpdir(), "lumin-fold-trees-"));
let folds: FoldYielder;
beforeAll(async () => {
  await writeCloudFoldFile(join(folder, "train.h5"), 4, 150);
  folds = await FoldYielder.open(join(folder, "train.h5"));
});
afterAll(() => {
  folds.close();
  rmSync(folder, { recursive: true, force: true });
});

const boosting: TreesSpec = { type: "boosting", rounds: 12, maxDepth: 3 };
const forest: TreesSpec = { type: "forest", trees: 6 };
const train = (spec: TreesSpec, options: Partial<TreesTrainingOptions>) =>
  foldTrainTrees(folds, "binary", spec, { memberCount: 3, seed: 4, ...options });
const files = (run: string): string[] =>
  [0, 1, 2].flatMap((member) =>
    ["trees.json", "history.jsonl", "result.json"].map((file) =>
      readFileSync(join(run, "members", String(member), file), "utf8"),
    ),
  );

describe("foldTrainTrees that was stopped", () => {
  test.each([
    ["boosting", boosting],
    ["forest", forest],
  ])(
    "%s: keeps finished members, trains the others, and ends with the bytes of an uninterrupted one",
    async (name, spec) => {
      const [whole, stopped] = [join(folder, `${name}-whole`), join(folder, `${name}-stopped`)];
      await train(spec, { outputDirectory: whole });
      const controller = new AbortController();
      await expect(
        train(spec, {
          outputDirectory: stopped,
          signal: controller.signal,
          onEvent: ({ kind }) => kind === "memberFinished" && controller.abort(),
        }),
      ).rejects.toThrow(InterruptedError);
      const kept = join(stopped, "members", "0", "trees.json");
      const written = statSync(kept).mtimeMs;
      const heard: string[] = [];
      const { ensemble } = await train(spec, {
        outputDirectory: stopped,
        onEvent: (event) => "member" in event && heard.push(`${event.kind} ${event.member}`),
      });
      expect(heard).toEqual(["memberKept 0", "memberFinished 1", "memberFinished 2"]);
      expect(statSync(kept).mtimeMs).toBe(written);
      expect(files(stopped)).toEqual(files(whole));
      expect(readFileSync(join(stopped, "ensemble.json"), "utf8")).toBe(
        readFileSync(join(whole, "ensemble.json"), "utf8"),
      );
      expect(ensemble.members.length).toBe(3);
    },
  );

  test("a member that is not whole is trained again; one of another training is refused", async () => {
    const run = join(folder, "half");
    await train(forest, { outputDirectory: run });
    const before = files(run);
    writeFileSync(join(run, "members", "1", "result.json"), '{"member": 1, "valid');
    await train(forest, { outputDirectory: run });
    expect(files(run)).toEqual(before);
    const other = train({ type: "forest", trees: 7 }, { outputDirectory: run });
    await expect(other).rejects.toThrow(ConfigurationError);
    await expect(other).rejects.toThrow(
      "holds a member of another training: data, trees, seed or options differ. Use an empty folder.",
    );
    expect(files(run)).toEqual(before);
  });
});
