/** `foldTrainEnsemble` with `resume`: members go on from their checkpoints and end with the same bytes. */
import { createHash } from "node:crypto";
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
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeCloudFoldFile } from "../../test/support/fold-file.ts";
import { HEPAugFoldYielder } from "../data/index.ts";
import { InterruptedError } from "../errors/index.ts";
import { ModelBuilder } from "../model/index.ts";
import { fullyConnected } from "../nn/index.ts";
import {
  bootstrap,
  type CallbackSpec,
  checkpointPath,
  cyclic,
  ema,
  gradClip,
  lsuvInit,
  metricLogger,
  type ProgressEvent,
  pivotTraining,
  snapshots,
  swa,
  type TrainingEvent,
  type TrainingOptions,
} from "../train/index.ts";
import { foldTrainEnsemble } from "./fold-train-ensemble.ts";

const folder = mkdtempSync(join(tmpdir(), "lumin-resume-"));
const userModule = fileURLToPath(new URL("../../test/support/user-callbacks.mjs", import.meta.url));
let folds: HEPAugFoldYielder;

beforeAll(async () => {
  await writeCloudFoldFile(join(folder, "train.h5"), 4, 200);
  folds = await HEPAugFoldYielder.open(join(folder, "train.h5"));
});
afterAll(() => {
  folds.close();
  rmSync(folder, { recursive: true, force: true });
});

// A training looks for interruptions every 25 ms, in which several epochs of so few events pass.
const epochs = 20;
const stepsInEpoch = 18;

/** Dropout, running statistics, augmentation, averages and cycles: all that has a state. */
function train(outputDirectory: string, options: Partial<TrainingOptions> = {}) {
  const builder = new ModelBuilder({
    task: { kind: "binary" },
    features: folds,
    body: fullyConnected({ depth: 2, width: 8, activation: "swish", dropout: 0.1, batchNorm: true }),
  });
  return foldTrainEnsemble(folds, builder, {
    memberCount: 2,
    epochs,
    batchSize: 32,
    seed: 11,
    callbacks: [cyclic({ learningRates: [1e-3, 2e-2], length: 2 }), swa({ renewalPeriod: 1 }), snapshots()],
    patience: epochs,
    outputDirectory,
    checkpointSeconds: 0,
    ...options,
  });
}

/** Trains until progress of an event that `isEnough`, then interrupts. */
async function interrupted(
  outputDirectory: string,
  isEnough: (event: ProgressEvent) => boolean,
  options: Partial<TrainingOptions> = {},
): Promise<void> {
  const controller = new AbortController();
  const training = train(outputDirectory, {
    ...options,
    onProgress: (event) => isEnough(event) && controller.abort(),
    signal: controller.signal,
  });
  await expect(training).rejects.toBeInstanceOf(InterruptedError);
}

/** Every file below a folder with a hash of its content. */
function contents(directory: string): Record<string, string> {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true });
  return Object.fromEntries(
    files
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((path) => [
        relative(directory, path),
        createHash("sha256").update(readFileSync(path)).digest("hex"),
      ]),
  );
}

/** Steps that were done where a member went on, in the order in which the members say so. */
function steps(events: readonly TrainingEvent[], member?: number): number[] {
  return events.flatMap((event) =>
    event.kind === "memberResumed" && (member ?? event.member) === event.member ? [event.step] : [],
  );
}

describe("foldTrainEnsemble with resume", () => {
  let whole: Record<string, string>;
  beforeAll(async () => {
    await train(join(folder, "whole"));
    whole = contents(join(folder, "whole"));
  });

  test("writes no checkpoint that stays, and says what was trained", () => {
    expect(Object.keys(whole).filter((name) => /checkpoint|tmp/.test(name))).toEqual([]);
    const identity = JSON.parse(readFileSync(join(folder, "whole", "training.json"), "utf8"));
    expect(identity).toMatchObject({
      versions: { "lumin-hep": expect.any(String), "onnxruntime-node": expect.any(String) },
      settings: { seed: 11, epochs, batchSize: 32 },
      folds: Array.from({ length: 4 }, () => expect.stringMatching(/^[0-9a-f]{64}$/)),
    });
    expect(JSON.stringify(identity)).not.toContain(folder);
  });

  test.each([0, 2])(
    "with %i workers goes on after several interruptions and ends with the same bytes",
    async (workers) => {
      const out = join(folder, `parts-${workers}`);
      await interrupted(out, ({ member, epoch }) => member === 0 && epoch >= 2, { workers, resume: true });
      expect(existsSync(checkpointPath(out, 0))).toBe(true);
      await interrupted(out, ({ member, epoch }) => member === 0 && epoch >= 4, { workers, resume: true });
      // What a killed process leaves behind.
      writeFileSync(join(out, "members", "0", ".checkpoint.safetensors.1.1.tmp"), "half");
      const events: TrainingEvent[] = [];
      await train(out, { workers, resume: true, onEvent: (event) => void events.push(event) });
      const [first] = steps(events, 0);
      expect(first).toBeGreaterThanOrEqual(3 * stepsInEpoch);
      expect(first).toBeLessThan(epochs * stepsInEpoch);
      expect(contents(out)).toEqual(whole);
    },
  );

  test.each<[string, CallbackSpec[]]>([
    [
      "averages in the graph, metrics that judge, weights to start from, drawn events",
      [
        lsuvInit(),
        bootstrap({ everyEpoch: true }),
        ema({ decay: 0.9 }),
        metricLogger({ metrics: ["rocAuc"], monitor: "rocAuc" }),
        gradClip({ norm: 1 }),
      ],
    ],
    ["an adversary", [pivotTraining({ nuisances: ["weights"], coefficient: 1, class: 0 })]],
  ])("goes on with %s", async (_, callbacks) => {
    const expected = join(folder, `${callbacks.length}-callbacks-whole`);
    await train(expected, { callbacks, memberCount: 1 });
    const out = join(folder, `${callbacks.length}-callbacks`);
    for (const enough of [2, 3])
      await interrupted(out, ({ epoch }) => epoch >= enough, { callbacks, memberCount: 1, resume: true });
    const events: TrainingEvent[] = [];
    const onEvent = (event: TrainingEvent): void => void events.push(event);
    await train(out, { callbacks, memberCount: 1, resume: true, onEvent });
    expect(steps(events)[0]).toBeGreaterThan(stepsInEpoch);
    expect(contents(out)).toEqual(contents(expected));
  });

  test("adds members later, and equals a training with all of them", async () => {
    const out = join(folder, "added");
    await train(out, { memberCount: 1 });
    const events: TrainingEvent[] = [];
    await train(out, { resume: true, onEvent: (event) => void events.push(event) });
    expect(events.map(({ kind }) => kind)).toEqual(["memberKept", "memberFinished"]);
    expect(contents(out)).toEqual(whole);
  });

  test("without it a member that was interrupted begins again from its start", async () => {
    const out = join(folder, "again");
    await interrupted(out, ({ epoch }) => epoch >= 3);
    expect(existsSync(checkpointPath(out, 0))).toBe(true);
    const events: TrainingEvent[] = [];
    await train(out, { onEvent: (event) => void events.push(event) });
    expect(steps(events)).toEqual([]);
    expect(contents(out)).toEqual(whole);
  });

  test("a damaged checkpoint is as good as none", async () => {
    const out = join(folder, "damaged");
    await interrupted(out, ({ epoch }) => epoch >= 3);
    writeFileSync(checkpointPath(out, 0), readFileSync(checkpointPath(out, 0)).subarray(0, 3000));
    await train(out, { resume: true });
    expect(contents(out)).toEqual(whole);
  });

  test("another training is refused with what differs: a setting, an event, a version", async () => {
    const out = join(folder, "refused");
    await interrupted(out, ({ epoch }) => epoch >= 2);
    const before = contents(out);
    const refusal = (difference: string): string =>
      `foldTrainEnsemble: "${out}" holds another training and cannot be resumed (${difference}). Give what it was trained with, or another output directory.`;
    await expect(train(out, { resume: true, seed: 12 })).rejects.toThrow(
      refusal("settings.seed: 11 then, 12 now"),
    );
    await expect(train(out, { resume: true, patience: 4 })).rejects.toThrow(
      refusal("settings.callbacks.3.options.patience: 20 then, 4 now"),
    );
    expect(contents(out)).toEqual(before);
    const path = join(out, "training.json");
    const identity = JSON.parse(readFileSync(path, "utf8"));
    writeFileSync(path, JSON.stringify({ ...identity, folds: ["00", ...identity.folds.slice(1)] }));
    await expect(train(out, { resume: true })).rejects.toThrow(/\(folds\.0: "00" then, "[0-9a-f]+… now\)/);
    const versions = { ...identity.versions, "onnxruntime-node": "1.0.0" };
    writeFileSync(path, JSON.stringify({ ...identity, versions }));
    await expect(train(out, { resume: true })).rejects.toThrow(
      /\(versions\.onnxruntime-node: "1\.0\.0" then, "[\d.]+" now\)/,
    );
  });

  test("a user's callback goes on with its state; without one the member begins again, and this is said", async () => {
    const callbacks = (name: string): CallbackSpec[] => [{ module: userModule, name }];
    for (const [name, resumes] of [
      ["warmUp", true],
      ["warmUpWithoutState", false],
    ] as const) {
      const expected = join(folder, `${name}-whole`);
      await train(expected, { callbacks: callbacks(name) });
      const out = join(folder, name);
      await interrupted(out, ({ epoch }) => epoch >= 4, { callbacks: callbacks(name) });
      expect(existsSync(checkpointPath(out, 0))).toBe(resumes);
      const events: TrainingEvent[] = [];
      await train(out, {
        callbacks: callbacks(name),
        resume: true,
        onEvent: (event) => void events.push(event),
      });
      expect(steps(events).length > 0).toBe(resumes);
      expect(events.flatMap((event) => (event.kind === "notResumable" ? [event.message] : []))).toEqual(
        resumes
          ? []
          : [
              'callback "warmUp" has hooks but no state(): there are no checkpoints, and a member that is interrupted begins again from its start.',
            ],
      );
      expect(contents(out)).toEqual(contents(expected));
    }
  });

  test("a worker process that is killed goes on from the checkpoint", async () => {
    const marker = join(folder, "marker");
    const callbacks = [{ module: userModule, name: "dieOnce", options: { marker, resumable: true } }];
    const expected = join(folder, "die-whole");
    writeFileSync(marker, "");
    await train(expected, { callbacks, workers: 1 });
    rmSync(marker);
    const events: TrainingEvent[] = [];
    const out = join(folder, "die");
    await train(out, { callbacks, workers: 1, onEvent: (event) => void events.push(event) });
    expect(events.map((event) => event.kind)).toContain("workerLost");
    // The end of the first epoch, three folds of six batches.
    expect(steps(events)).toEqual([stepsInEpoch]);
    expect(contents(out)).toEqual(contents(expected));
  });

  test("needs a folder, and a time that is one", async () => {
    await expect(train(undefined as never, { resume: true })).rejects.toThrow(
      "foldTrainEnsemble: resume needs the outputDirectory of the training to go on with.",
    );
    mkdirSync(join(folder, "never"));
    await expect(train(join(folder, "never"), { checkpointSeconds: -1 })).rejects.toThrow(
      "foldTrainEnsemble: checkpointSeconds is -1; give the seconds between two checkpoints, 0 for one at the end of every fold.",
    );
  });
});
