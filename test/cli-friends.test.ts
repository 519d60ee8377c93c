/** Columns that are derived for targets, weights and cuts, and columns of friends, as a user has them. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Stream } from "../src/array/index.ts";
import { lumin, scratchFolder } from "./cli-harness.ts";

const first = 2n ** 60n;

/** Events of two files, and a friend in another order, which lacks every tenth. */
function writeEvents(folder: string, count = 400): void {
  const stream = new Stream(1, "friends");
  const rows = Array.from({ length: count }, (_, i) => {
    const truth = stream.uniform();
    return { event: first + BigInt(i), x: truth + 0.3 * stream.normal(), truth, w: 1 + stream.uniform() };
  });
  writeFileSync(
    join(folder, "events.csv"),
    ["run,event,x,truth,w", ...rows.map(({ event, x, truth, w }) => `1,${event},${x},${truth},${w}`)].join(
      "\n",
    ),
  );
  writeFileSync(
    join(folder, "new.csv"),
    ["run,event,x", ...rows.slice(0, 50).map(({ event, x }) => `1,${event},${x}`)].join("\n"),
  );
  const friend = rows.map(({ event, truth }, i) => ({ event, z: i, score: truth + 0.1 * stream.normal() }));
  writeFileSync(
    join(folder, "friend.csv"),
    [
      "run,number,z,score",
      ...friend
        .toReversed()
        .filter(({ z }) => z % 10 !== 3)
        .map(({ event, z, score }) => `1,${event},${z},${score}`),
    ].join("\n"),
  );
}

const analysis = (more: string, features = "[x, half]") => `
input:
  files: events.csv
  id: event
  select: loud > 0.1
  columns:
    half: x / 2
    loud: abs(x)
    isSignal: truth > 0.5
    doubled: 2 * w
${more}
target: { column: isSignal, classes: { 0: 0, 1: 1 } }
weights: { column: doubled, normalise: none }
features: { continuous: ${features} }
folds: { count: 3, validation: { select: "loud < 0.4" } }
training: { members: 1, epochs: 1, batchSize: 32 }
`;
const friends =
  "  friends:\n    - { files: friend.csv, on: { run: run, event: number }, columns: [score], prefix: old_ }";

function rowsOf(path: string): Record<string, string>[] {
  const [header, ...lines] = readFileSync(path, "utf8").trim().split("\n");
  const names = header!.split(",");
  return lines.map((line) => Object.fromEntries(line.split(",").map((cell, i) => [names[i]!, cell])));
}

describe("input.columns", () => {
  const folder = scratchFolder();
  writeEvents(folder);
  const run = async (name: string, text: string, more: readonly string[] = []) => {
    writeFileSync(join(folder, `${name}.yaml`), text);
    return lumin([
      "train",
      join(folder, `${name}.yaml`),
      "--out",
      join(folder, name),
      "--workers",
      "0",
      ...more,
    ]);
  };

  it("are targets, weights and cuts; events to predict need what features are made of, and no more", async () => {
    const { code, stderr } = await run("derived", analysis(""));
    expect(code, stderr).toBe(0);
    const { steps } = JSON.parse(readFileSync(join(folder, "derived", "pipeline.json"), "utf8"));
    expect(steps[1]).toEqual({ kind: "columns", columns: { half: "x / 2" } });
    const events = new Map(rowsOf(join(folder, "events.csv")).map((row) => [row.event, row]));
    const held = rowsOf(join(folder, "derived", "predictions", "validation.csv"));
    const wanted = [...events.values()].filter(
      ({ x }) => Math.abs(Number(x)) > 0.1 && Math.abs(Number(x)) < 0.4,
    );
    expect(held.map(({ event }) => event).sort()).toEqual(wanted.map(({ event }) => event).sort());
    for (const { event, target, weight } of held) {
      const { truth, w } = events.get(event!)!;
      expect(Number(target)).toBe(Number(truth) > 0.5 ? 1 : 0);
      expect(Number(weight)).toBeCloseTo(2 * Number(w), 6);
    }
    const scores = join(folder, "scores.csv");
    const predicted = await lumin([
      "predict",
      join(folder, "derived"),
      "--input",
      join(folder, "new.csv"),
      "--output",
      scores,
    ]);
    expect(predicted.code, predicted.stderr).toBe(0);
    expect(rowsOf(scores)).toHaveLength(50);
    const exported = await lumin(["export", join(folder, "derived"), "--onnx", join(folder, "derived.onnx")]);
    expect(exported.code, exported.stderr).toBe(0);
  });

  it("refuse to give the target away, through any number of expressions", async () => {
    const leak = analysis("    echo: truth + x\n    louder: 2 * isSignal", "[x, louder]");
    const { code, stderr } = await run("leak", leak);
    expect(code).not.toBe(0);
    expect(stderr).toContain('features: "louder" is made of "isSignal", which is the target; take it away');
  });
});

describe("input.friends", () => {
  const folder = scratchFolder();
  writeEvents(folder);
  const yaml = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };

  it("are joined by exact keys; with a limit on memory the folds are the same bytes", async () => {
    const path = yaml("friends.yaml", analysis(friends, "[x, half, old_score]"));
    const folds: Buffer[] = [];
    for (const more of [[], ["--memory", "700MB"]]) {
      const out = join(folder, `run${folds.length}`);
      const { code, stderr } = await lumin(["train", path, "--out", out, "--workers", "0", ...more]);
      expect(code, stderr).toBe(0);
      folds.push(readFileSync(join(out, "folds.h5")));
    }
    expect(folds[0]!.equals(folds[1]!)).toBe(true);
    const ids = rowsOf(join(folder, "run0", "predictions", "validation.csv")).map(({ event }) =>
      BigInt(event!),
    );
    expect(ids.length).toBeGreaterThan(20);
    for (const id of ids) expect((id - first) % 10n).not.toBe(3n);
    // Every event to predict must be in the friend: ten times a hundred are not.
    const predict = (more: readonly string[]) =>
      lumin([
        "predict",
        join(folder, "run0"),
        "--input",
        join(folder, "new.csv"),
        "--output",
        join(folder, "s.csv"),
        ...more,
      ]);
    const lost = await predict([]);
    expect(lost.code).not.toBe(0);
    expect(lost.stderr).toContain("input.friends: 5 of the events to predict are not in the friend");
    const whole = [
      "run,number,score",
      ...rowsOf(join(folder, "new.csv")).map(({ event, x }) => `1,${event},${x}`),
    ];
    writeFileSync(join(folder, "whole.csv"), whole.join("\n"));
    const found = await predict(["--friends", join(folder, "whole.csv")]);
    expect(found.code, found.stderr).toBe(0);
    expect(rowsOf(join(folder, "s.csv")).map(({ event }) => event)).toEqual(
      rowsOf(join(folder, "new.csv")).map(({ event }) => event),
    );
  });

  it("keep events without a partner where they are told to, and say what does not fit", async () => {
    const left = analysis(friends.replace("prefix: old_", "prefix: old_, join: left"), "[x, old_score]");
    const out = join(folder, "left");
    const { code, stderr } = await lumin(["train", yaml("left.yaml", left), "--out", out, "--workers", "0"]);
    expect(code, stderr).toBe(0);
    const ids = rowsOf(join(out, "predictions", "validation.csv")).map(({ event }) => BigInt(event!) - first);
    expect(ids.some((id) => id % 10n === 3n)).toBe(true);
    const wrong = await lumin([
      "train",
      yaml("wrong.yaml", analysis(friends.replace("number }", "evnt }"), "[x]")),
      "--out",
      join(folder, "wrong"),
      "--workers",
      "0",
    ]);
    expect(wrong.code).not.toBe(0);
    expect(wrong.stderr).toMatch(/join: column of the friend ".*friend\.csv" "evnt" is not known/);
  });
});
