/** Twenty kills of one run, from outside, at any moment; it ends with the bytes of a run that nobody disturbed. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { Stream } from "../../src/array/index.ts";
import { lumin, type Running, scratchFolder, small, start, writeSample } from "../cli-harness.ts";
import {
  checkpointBegun,
  contentsOf,
  type Killed,
  killAll,
  resumedSteps,
  stepsOfLastProcess,
} from "../kill-run.ts";

const folder = scratchFolder();
const callbacks =
  "training.callbacks=[{callback: Cyclic, options: {learningRates: [1e-4, 2e-3], length: 5}}, {callback: SWA, options: {renewalPeriod: 2}}, {callback: Snapshots}]";

const delay = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

test("twenty kills of the whole process group, then --resume: the same bytes with fewer steps", async () => {
  const random = new Stream(20, "kills");
  const events = writeSample(folder, 3000);
  const words = small(events, [
    callbacks,
    "training.members=4",
    "training.epochs=150",
    "model.body.dropout=0.1",
    "evaluation.bootstrap=200",
  ]);
  const runOf = (out: string): string[] => [
    ...["train", ...words, "--out", out, "--workers", "2", "--checkpoint", "0", "--resume"],
  ];
  const undisturbed = join(folder, "undisturbed");
  const first = await lumin(runOf(undisturbed));
  expect(first.code, first.stderr).toBe(0);
  const whole = contentsOf(undisturbed);

  const out = join(folder, "killed");
  const kills: Killed[] = [];
  const steps: Map<number, number>[] = [];
  const kill = async (moment: (running: Running) => Promise<void>): Promise<Killed> => {
    const running = start(runOf(out));
    await moment(running);
    const killed = await killAll(running, out);
    expect(killed.code).not.toBe(0);
    kills.push(killed);
    steps.push(resumedSteps(killed.stderr));
    return killed;
  };

  // While it starts, reads and writes the folds.
  for (const milliseconds of [40, 250, 500]) await kill(() => delay(milliseconds));
  await kill((running) => running.says(/^read [\d,]+ events/m));
  // In training: a checkpoint of this process is there or under way.
  for (let i = 0; i < 11; i++) {
    await kill(async (running) => {
      await checkpointBegun(running, out);
      await delay(100 * random.uniform());
    });
  }
  // In the write of a checkpoint: its temporary file is left behind.
  for (let i = 0; i < 30 && (i < 3 || kills.every(({ halfCheckpoints }) => halfCheckpoints === 0)); i++)
    await kill((running) => checkpointBegun(running, out));
  // After the training.
  await kill((running) => running.says(/^trained 4 members/m));
  await kill((running) => running.says(/^predicted [\d,]+ events/m));

  expect(kills.length).toBeGreaterThanOrEqual(20);
  expect(kills.filter(({ workers }) => workers === 2).length).toBeGreaterThanOrEqual(10);
  expect(kills.filter(({ halfCheckpoints }) => halfCheckpoints > 0).length).toBeGreaterThanOrEqual(1);

  const last = await lumin(runOf(out));
  expect(last.code, last.stderr).toBe(0);
  const total = JSON.parse(whole.get("run.json")!).training.stepCount as number;
  expect(stepsOfLastProcess(undisturbed)).toBe(total);
  expect(stepsOfLastProcess(out)).toBeLessThan(total);
  // Each process took up what the one before had left; hardly anything was trained twice.
  for (let member = 0; member < 4; member++) {
    const done = steps.flatMap((each) => each.get(member) ?? []);
    expect(done).toEqual(done.toSorted((a, b) => a - b));
  }
  expect(steps.filter((each) => each.size > 0).length).toBeGreaterThanOrEqual(10);
  const now = contentsOf(out);
  expect([...now.keys()]).toEqual([...whole.keys()]);
  for (const [name, content] of whole) expect(now.get(name) === content, name).toBe(true);
});
