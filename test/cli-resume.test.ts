/** `lumin train --resume`: killed or interrupted runs end with the bytes of an undisturbed one; members are added later. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { descendants, lumin, scratchFolder, small, start, writeSample } from "./cli-harness.ts";
import {
  checkpointBegun,
  contentsOf,
  keptMembers,
  killAll,
  membersBegun,
  resumedSteps,
  stepsOfLastProcess,
} from "./kill-run.ts";

const folder = scratchFolder();
const cycles =
  "training.callbacks=[{callback: Cyclic, options: {learningRates: [1e-4, 2e-3]}}, {callback: SWA}]";
let events: string;
let words: string[];
let whole: Map<string, string>;

/** The words of a run with checkpoints at the end of every fold. */
const runOf = (out: string, more: readonly string[] = []): string[] => [
  ...["train", ...words, "--out", out, "--workers", "2", "--checkpoint", "0"],
  ...more,
];

beforeAll(async () => {
  events = writeSample(folder, 1000);
  words = small(events, [cycles, "training.epochs=30", "model.body.dropout=0.1"]);
  const out = join(folder, "whole");
  const { code, stderr } = await lumin(runOf(out));
  expect(code, stderr).toBe(0);
  whole = contentsOf(out);
});

const delay = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

describe.skipIf(process.platform !== "linux")("a run that is killed", () => {
  it("before anything, in training and in a checkpoint's write goes on with --resume and ends with the same bytes", async () => {
    const out = join(folder, "killed");
    // Only the process that listens: the one that works, hardly begun, ends by itself.
    const early = start(runOf(out, ["--resume"]));
    while (descendants(early.pid).length === 0) await delay(2);
    early.signal("SIGKILL");
    await early.finished;
    expect(existsSync(out)).toBe(false);
    const steps: Map<number, number>[] = [];
    for (const isLast of [false, true]) {
      const running = start(runOf(out, ["--resume"]));
      await checkpointBegun(running, out);
      // On a busy machine one process may be far ahead of the other.
      if (isLast) await membersBegun(running, out, 2);
      const { workers, stderr } = await killAll(running, out);
      if (isLast) expect(workers).toBeGreaterThan(0);
      else expect(workers).toBe(2);
      expect(existsSync(join(out, "run.json"))).toBe(false);
      steps.push(resumedSteps(stderr));
    }
    const { code, stderr } = await lumin(runOf(out, ["--resume"]));
    expect(code, stderr).toBe(0);
    const total = JSON.parse(whole.get("run.json")!).training.stepCount as number;
    const last = resumedSteps(stderr);
    for (const member of keptMembers(stderr)) last.set(member, total / 2);
    steps.push(last);
    // It never falls back behind a checkpoint, and at last is further than at first.
    for (const member of [0, 1]) {
      const done = steps.map((each) => each.get(member) ?? 0);
      expect(done).toEqual(done.toSorted((a, b) => a - b));
      expect(done.at(-1)).toBeGreaterThan(0);
    }
    expect(contentsOf(out)).toEqual(whole);
    expect(stepsOfLastProcess(join(folder, "whole"))).toBe(total);
    expect(stepsOfLastProcess(out)).toBe(total - (last.get(0)! + last.get(1)!));
  });
});

describe.skipIf(process.platform === "win32")("--resume", () => {
  it("goes on after Ctrl-C, from the checkpoints, and says where", async () => {
    const out = join(folder, "interrupted");
    const running = start(runOf(out));
    await checkpointBegun(running, out);
    await delay(200);
    running.signal("SIGINT");
    const first = await running.finished;
    expect(first.code).toBe(130);
    expect(first.stderr).toMatch(/^lumin: .*interrupted/m);
    const { code, stderr } = await lumin(runOf(out, ["--resume"]));
    expect(code, stderr).toBe(0);
    expect(stderr).toContain(`going on with the unfinished run in ${out}`);
    expect(stderr).toMatch(
      /^member [01] goes on from its checkpoint in epoch \d+, [\d,]+ of [\d,]+ steps are done$/m,
    );
    expect(contentsOf(out)).toEqual(whole);
  });

  it("adds members to a finished run, which then equals one with all of them from the start", async () => {
    const out = join(folder, "added");
    const one = await lumin(runOf(out, ["--set", "training.members=1"]));
    expect(one.code, one.stderr).toBe(0);
    const refused = await lumin(runOf(out));
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("already holds a finished run");
    const two = await lumin(runOf(out, ["--resume"]));
    expect(two.code, two.stderr).toBe(0);
    expect(two.stderr).toContain(`adding members to the run in ${out}`);
    expect(two.stderr).toContain("member 0 is finished already, it is kept");
    expect(contentsOf(out)).toEqual(whole);

    const again = await lumin(runOf(out, ["--resume"]));
    expect(again.code).toBe(0);
    expect(again.stderr).toContain(`the run in ${out} is finished, there is nothing left to do`);
    expect(again.stdout).toBe(two.stdout);
    const other = await lumin(runOf(out, ["--resume", "--seed", "5"]));
    expect(other.code).toBe(1);
    expect(other.stderr).toContain(
      `lumin: --resume: the run in "${out}" is another one (analysis.seed: 1337 then, 5 now). Go on with what it was begun with, or choose another --out.`,
    );
    expect(contentsOf(out)).toEqual(whole);
  });
});
