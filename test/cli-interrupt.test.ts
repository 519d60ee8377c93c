/** Ctrl-C and killed processes: a quick answer, nothing half-done that is taken for whole, and a run that goes on. */
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import {
  descendants,
  filesOf,
  lumin,
  type Running,
  scratchFolder,
  small,
  start,
  writeSample,
} from "./cli-harness.ts";

const folder = scratchFolder();
const results = /^(members|predictions|metrics|ensemble|pipeline)/;
let events: string;
let many: string;
beforeAll(() => {
  events = writeSample(folder, 2000);
  many = writeSample(folder, 18_000, "many.csv");
});

/** Sends the signal and tells how long it took to end, in seconds. */
async function interrupt(running: Running, name: NodeJS.Signals = "SIGINT") {
  const below = descendants(running.pid);
  const sent = performance.now();
  running.signal(name);
  const finished = await running.finished;
  return { ...finished, answer: (performance.now() - sent) / 1000, below };
}

/** None of the processes is left, but for those that the system has not swept up yet. */
function expectGone(processes: readonly { readonly pid: number }[]): void {
  for (const { pid } of processes) {
    const state = existsSync(`/proc/${pid}/stat`)
      ? readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /, "")[0]
      : "gone";
    expect(["gone", "Z", "X"]).toContain(state);
  }
}

/** The process that does the work is there, but has hardly begun. */
async function hasChild(running: Running): Promise<void> {
  while (descendants(running.pid).length === 0) await delay(5);
}

const delay = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

describe.skipIf(process.platform === "win32")("Ctrl-C", () => {
  const phases: readonly { readonly phase: string; readonly until: (running: Running) => Promise<void> }[] = [
    { phase: "while it starts", until: hasChild },
    { phase: "while it reads", until: (running) => hasChild(running).then(() => delay(400)) },
    { phase: "while it writes folds", until: (running) => running.says(/^read 18,000 events/m) },
    { phase: "when workers start", until: (running) => running.says(/^wrote \d+ folds/m) },
    {
      phase: "while it trains",
      until: (running) => running.says(/^wrote \d+ folds/m).then(() => delay(1200)),
    },
    { phase: "when a member has finished", until: (running) => running.says(/^member \d: /m) },
  ];
  it.each(phases)(
    "$phase is answered within a second with exit code 130, and leaves no process",
    async ({ until }) => {
      const out = join(folder, "interrupted");
      rmSync(out, { recursive: true, force: true });
      const running = start([
        "train",
        ...small(many, ["training.members=4", "training.epochs=12"]),
        "--out",
        out,
        "--workers",
        "2",
      ]);
      await until(running);
      const { code, stderr, answer, below } = await interrupt(running);
      expect(code).toBe(130);
      expect(answer).toBeLessThan(1);
      expect(stderr).toMatch(/^lumin: .*interrupted/m);
      expect(existsSync(join(out, "run.json"))).toBe(false);
      expectGone(below);
    },
  );

  it("while it predicts is answered within a second and leaves no file", async () => {
    const run = join(folder, "for-prediction");
    expect((await lumin(["train", ...small(events, ["training.epochs=1"]), "--out", run])).code).toBe(0);
    const output = join(folder, "p.csv");
    // Forty times the events.
    const inputs = Array.from({ length: 40 }, () => many);
    for (const pause of [0, 1500]) {
      const running = start(["predict", run, "--input", ...inputs, "--output", output]);
      if (pause === 0) await hasChild(running).then(() => delay(1400));
      else await running.says(/^found 720,000 events/m);
      const { code, answer, below } = await interrupt(running);
      expect(code).toBe(130);
      expect(answer).toBeLessThan(1);
      expect(existsSync(output)).toBe(false);
      expectGone(below);
    }
  });

  it("while it evaluates is answered within a second", async () => {
    const out = join(folder, "evaluating");
    const words = small(many, ["training.members=1", "training.epochs=1", "evaluation.bootstrap=20000"]);
    const running = start(["train", ...words, "--out", out]);
    await running.says(/^predicted [\d,]+ events/m);
    await delay(300);
    const { code, answer, below } = await interrupt(running);
    expect(code).toBe(130);
    expect(answer).toBeLessThan(1);
    expect(existsSync(join(out, "metrics.json"))).toBe(false);
    expectGone(below);
  });

  it("while it cross-validates is answered within a second", async () => {
    const running = start(["crossvalidate", ...small(many), "--outer", "3", "--by", "EventId"]);
    await running.says(/^outer fold 2/m);
    const { code, answer, below } = await interrupt(running);
    expect(code).toBe(130);
    expect(answer).toBeLessThan(1);
    expectGone(below);
  });

  it("by SIGTERM ends it as well", async () => {
    const running = start([
      "train",
      ...small(events, ["training.epochs=200"]),
      "--out",
      join(folder, "terminated"),
    ]);
    await running.says(/^wrote \d+ folds/m);
    const { code, answer, below } = await interrupt(running, "SIGTERM");
    expect(code).toBe(130);
    expect(answer).toBeLessThan(1);
    expectGone(below);
  });

  it("loses no finished member: the same command goes on and ends with the same bytes", async () => {
    const words = small(events, ["training.members=4", "training.epochs=6"]);
    const whole = join(folder, "whole");
    expect((await lumin(["train", ...words, "--out", whole, "--workers", "1"])).code).toBe(0);
    const out = join(folder, "in-two-parts");
    const running = start(["train", ...words, "--out", out, "--workers", "1"]);
    await running.says(/^member 1: /m);
    const first = await interrupt(running);
    expect(first.code).toBe(130);
    expect(first.stderr).toMatch(
      /lumin: interrupted\. [123] of 4 members are finished and kept in ".*in-two-parts"; run the same command again to go on\./,
    );
    expect(
      (await lumin(["predict", out, "--input", events, "--output", join(folder, "x.csv")])).stderr,
    ).toContain("this run is not finished");

    const other = await lumin(["train", ...words, "--out", out, "--seed", "5"]);
    expect(other.code).toBe(1);
    expect(other.stderr).toContain(
      "an unfinished run of another configuration is there (analysis.seed: 1337 then, 5 now).",
    );

    const second = await lumin(["train", ...words, "--out", out, "--workers", "2"]);
    expect(second.code).toBe(0);
    expect(second.stderr).toContain("going on with the unfinished run");
    expect(second.stderr).toContain("member 0 is finished already, it is kept");
    expect(filesOf(out, results)).toEqual(filesOf(whole, results));
    expect(readdirSync(out)).not.toContain("unfinished.json");
  });
});

describe.skipIf(process.platform === "win32")("an interrupted cross-validation", () => {
  it("keeps the finished members and ends with the numbers of an undisturbed one", async () => {
    const words = ["crossvalidate", ...small(events), "--outer", "2", "--by", "EventId", "--workers", "1"];
    const whole = join(folder, "cross-whole");
    expect((await lumin([...words, "--out", whole])).code).toBe(0);
    const out = join(folder, "cross-parts");
    const running = start([...words, "--out", out]);
    await running.says(/^outer fold 2[\s\S]*^member 0: /m);
    expect((await interrupt(running)).code).toBe(130);
    const again = await lumin([...words, "--out", out]);
    expect(again.code).toBe(0);
    expect(again.stderr).toContain("going on with the unfinished cross-validation");
    expect(filesOf(out, /^(crossvalidation|predictions|outer)/)).toEqual(
      filesOf(whole, /^(crossvalidation|predictions|outer)/),
    );
  });
});

describe.skipIf(process.platform !== "linux")("a killed process", () => {
  it("among the workers is told, and the run still ends with the same bytes", async () => {
    const words = small(events, ["training.epochs=60"]);
    const whole = join(folder, "undisturbed");
    expect((await lumin(["train", ...words, "--out", whole])).code).toBe(0);
    const out = join(folder, "disturbed");
    const running = start(["train", ...words, "--out", out, "--workers", "2"]);
    await running.says(/^wrote \d+ folds/m);
    await delay(700);
    const workers = descendants(running.pid).filter(({ command }) => command.includes("worker-process"));
    expect(workers).toHaveLength(2);
    process.kill(workers[0]!.pid, "SIGKILL");
    const { code, stderr } = await running.finished;
    expect(stderr).toMatch(
      /^the worker process of member \d died \(SIGKILL\)\. It starts again in a new process\.$/m,
    );
    expect(code).toBe(0);
    expect(filesOf(out, results)).toEqual(filesOf(whole, results));
  });

  it("again and again ends the run with a sentence, keeps the finished members and can be gone on with", async () => {
    const words = small(events, ["training.members=3", "training.epochs=40"]);
    const out = join(folder, "hunted");
    const running = start(["train", ...words, "--out", out, "--workers", "1"]);
    await running.says(/^member 0: /m);
    let isOver = false;
    void running.finished.then(() => {
      isOver = true;
    });
    while (!isOver) {
      for (const { pid, command } of descendants(running.pid)) {
        if (command.includes("worker-process")) process.kill(pid, "SIGKILL");
      }
      await delay(60);
    }
    const { code, stderr } = await running.finished;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^lumin: .*worker.*SIGKILL/m);
    expect(stderr).toMatch(
      /^lumin: 1 finished member is kept in ".*hunted"; the same command goes on from there\.$/m,
    );
    expect(existsSync(join(out, "run.json"))).toBe(false);
    const again = await lumin(["train", ...words, "--out", out]);
    expect(again.code).toBe(0);
    expect(again.stderr).toContain("member 0 is finished already, it is kept");
  });

  it("that did the work is told by the one that listens, and all others end too", async () => {
    const out = join(folder, "crashed");
    const running = start([
      "train",
      ...small(events, ["training.epochs=400"]),
      "--out",
      out,
      "--workers",
      "2",
    ]);
    await running.says(/^wrote \d+ folds/m);
    await delay(500);
    const below = descendants(running.pid);
    process.kill(below[0]!.pid, "SIGKILL");
    const { code, stderr } = await running.finished;
    expect(code).toBe(1);
    expect(stderr).toContain("lumin: the working process was ended by SIGKILL");
    await delay(300);
    expectGone(below);
  });

  it("that listens takes all others with it", async () => {
    const running = start([
      "train",
      ...small(events, ["training.epochs=400"]),
      "--out",
      join(folder, "orphaned"),
    ]);
    await running.says(/^wrote \d+ folds/m);
    await delay(500);
    const below = descendants(running.pid);
    expect(below.length).toBeGreaterThan(1);
    running.signal("SIGKILL");
    // The pipes close when the last of them has gone.
    await running.finished;
    expectGone(below);
  });
});
