import { describe, expect, it } from "vitest";
import type { ProgressEvent } from "../train/index.ts";
import { StreamReporter } from "./reporter.ts";
import { bar, duration, TrainingProgress } from "./training-progress.ts";

const plain = (text: string): string => text;
const colours = { bold: plain, dim: plain, green: plain, red: plain };

function event(member: number, step: number, more: Partial<ProgressEvent> = {}): ProgressEvent {
  return {
    member,
    epoch: 1 + Math.floor(step / 50),
    epochCount: 2,
    fold: 3,
    step,
    stepCount: 100,
    trainingLoss: 0.41236,
    validationLoss: step >= 50 ? 0.398 : undefined,
    best: step >= 50 ? { epoch: 1, validationLoss: 0.398, value: 0.398 } : undefined,
    learningRate: 1e-3,
    finished: false,
    ...more,
  };
}

describe("TrainingProgress", () => {
  it("draws a line for each member that has started, and the time left for the whole", () => {
    const progress = new TrainingProgress(4, 0);
    progress.add(event(0, 100, { epoch: 2, finished: true }), 0);
    progress.add(event(1, 50), 10_000);
    expect(progress.block(30_000, 120, 24, colours)).toEqual([
      "member  0  ████████████████████ 2/2  training 0.4124  validation 0.3980  best 0.3980 @1",
      "member  1  ██████████░░░░░░░░░░ 2/2  training 0.4124  validation 0.3980  best 0.3980 @1  20 s left",
      "ensemble   ███████▌░░░░░░░░░░░░ 1 of 4 members, 50 s left",
    ]);
    expect(progress.block(30_000, 80, 24, colours)[1]).toBe(
      "member  1  █████░░░░░ 2/2  training 0.4124  validation 0.3980  best 0.3980 @1",
    );
  });

  it("never draws more than the window holds, and keeps the running members", () => {
    const progress = new TrainingProgress(40, 0);
    for (let member = 0; member < 20; member++) progress.add(event(member, 100, { finished: true }), 0);
    progress.add(event(20, 10), 0);
    const block = progress.block(1000, 40, 8, colours);
    expect(block).toHaveLength(7);
    expect(block.at(-2)).toMatch(/^member 20/);
    for (const line of block) expect(line.length).toBeLessThan(40);
  });

  it("does not count the members of an earlier run as time", () => {
    const progress = new TrainingProgress(4, 0);
    progress.keep(0);
    progress.keep(1);
    progress.add(event(2, 100, { finished: true }), 0);
    expect(progress.finishedCount).toBe(3);
    expect(progress.timeLeft(10_000)).toBe(10_000);
  });
});

describe("StreamReporter", () => {
  it("writes plain lines where there is no terminal: one a finished member, one now and then", () => {
    let written = "";
    let now = 0;
    const reporter = new StreamReporter({ write: (text) => (written += text) }, () => now);
    const done = reporter.phase("reading events");
    now = 1500;
    done("read 18,000 events");
    reporter.trainingBegins(2);
    reporter.member(event(0, 10));
    now = 12_000;
    reporter.member(event(0, 50));
    reporter.member(event(1, 10));
    now = 20_000;
    reporter.member(event(0, 100, { epoch: 2, finished: true }));
    reporter.member(event(1, 100, { epoch: 2, finished: true }));
    reporter.trainingEnds();
    expect(written).toBe(
      [
        "read 18,000 events (1.5 s)",
        "25 %, about 32 s left: member 0 epoch 2/2 training 0.4124 validation 0.3980",
        "member 0: 2 epochs, best validation loss 0.3980 at epoch 1 (1 of 2, about 15 s left)",
        "member 1: 2 epochs, best validation loss 0.3980 at epoch 1 (2 of 2)",
        "trained 2 members in 19 s",
        "",
      ].join("\n"),
    );
  });

  it("draws over itself on a terminal and keeps notes above the block", () => {
    const ci = process.env.CI;
    delete process.env.CI;
    let written = "";
    const stream = {
      isTTY: true,
      write: (text: string) => (written += text),
      getWindowSize: (): [number, number] => [100, 30],
    };
    const reporter = new StreamReporter(stream, () => 0);
    reporter.trainingBegins(1);
    reporter.member(event(0, 100, { finished: true }));
    reporter.note("a worker has ended");
    reporter.trainingEnds();
    if (ci !== undefined) process.env.CI = ci;
    expect(written).toContain("\u001b[1A\u001b[0Jmember  0");
    expect(written).toContain("\u001b[2A\u001b[0Ja worker has ended\nmember  0");
  });
});

describe("bar", () => {
  it("has always the same length", () => {
    for (let i = 0; i <= 100; i++) expect([...bar(i / 100, 20)]).toHaveLength(20);
    expect(bar(0, 4)).toBe("░░░░");
    expect(bar(0.28, 4)).toBe("█▏░░");
    expect(bar(2, 4)).toBe("████");
  });
});

describe("duration", () => {
  it("is written with the units that matter", () => {
    expect([duration(400), duration(59_400), duration(125_000), duration(3_725_000)]).toEqual([
      "0 s",
      "59 s",
      "2:05",
      "1:02:05",
    ]);
  });
});
