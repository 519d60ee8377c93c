/** `lumin fold` with files that are read, and folds that are written, in threads. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { descendants, filesOf, lumin, sampleLines, scratchFolder, small, start } from "./cli-harness.ts";

const folder = scratchFolder();
const out = join(folder, "folds");
/** As large as a file must be to be read in a thread, and its folds to be written in one. */
let large: string;
beforeAll(() => {
  large = join(folder, "large.csv");
  const [header = "", ...rows] = sampleLines(18_000).filter((line) => line !== "");
  writeFileSync(large, `${header}\n`);
  for (let i = 0; i < 16; i++) writeFileSync(large, `${rows.join("\n")}\n`, { flag: "a" });
});

describe("lumin fold of a large file", () => {
  it("gives the same bytes in threads, and with a limit on memory without them", async () => {
    const hashes: Map<string, string>[] = [];
    for (const more of [[], ["--memory", "800MB"]]) {
      rmSync(out, { recursive: true, force: true });
      const { code, stderr } = await lumin(["fold", ...small(large), "--out", out, ...more]);
      expect(stderr).toMatch(/^read 288,000 events: 230,400 for training, 57,600 for validation/);
      expect(code).toBe(0);
      const files = [...filesOf(out, /^(folds\.h5|validation\.h5|pipeline\.json)$/)];
      hashes.push(
        new Map(files.map(([name, bytes]) => [name, createHash("sha256").update(bytes).digest("hex")])),
      );
    }
    expect(hashes[0]!.size).toBe(3);
    expect(hashes[1]).toEqual(hashes[0]);
    expect(JSON.parse(readFileSync(join(out, "fold.json"), "utf8"))).toMatchObject({
      validationCount: 57_600,
    });
  });

  it.each<[string, readonly string[], RegExp]>([
    [
      "a label that is no class",
      ["target.classes={ x: 0, s: 1 }"],
      /target "Label": row 2 has the value "b"/,
    ],
    [
      "a column that is not there",
      ["folds.columns=[EventIdd]"],
      /folds\.columns: column "EventIdd" is not known\. Did you mean "EventId"\? Known: EventId, DER_mass_MMC,/,
    ],
    ["no event", ["input.select=KaggleSet = 'z'"], /passes the selection KaggleSet = 'z'\./],
  ])("says in one sentence: %s; and leaves nothing", async (_, settings, message) => {
    rmSync(out, { recursive: true, force: true });
    const { code, stderr } = await lumin(["fold", ...small(large, settings), "--out", out]);
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(existsSync(out)).toBe(false);
  });

  it.skipIf(process.platform === "win32").each([0, 400, 800])(
    "is interrupted %i ms after it began to read: answers within a second, and leaves nothing",
    async (pause) => {
      rmSync(out, { recursive: true, force: true });
      const running = start(["fold", ...small(large), "--out", out]);
      while (!existsSync(out)) await new Promise((resolve) => setTimeout(resolve, 5));
      await new Promise((resolve) => setTimeout(resolve, pause));
      const below = descendants(running.pid);
      const sent = performance.now();
      running.signal("SIGINT");
      const { code, stderr } = await running.finished;
      expect(performance.now() - sent).toBeLessThan(1000);
      expect(code).toBe(130);
      expect(stderr).toMatch(/^lumin: interrupted\./m);
      expect(existsSync(out)).toBe(false);
      expect(below.filter(({ pid }) => existsSync(`/proc/${pid}/exe`))).toEqual([]);
    },
  );
});
