/** Fold files that are written in a thread. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import { afterAll, afterEach, beforeEach, expect, test } from "vitest";
import { Stream } from "../array/random.ts";
import { type FoldEvents, type FoldFileHeader, matrixLayout, writeFolds } from "./index.ts";

const folder = mkdtempSync(join(tmpdir(), "lumin-fold-writer-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let threads: Worker[] = [];
const notice = (thread: Worker) => void threads.push(thread);
beforeEach(() => {
  threads = [];
  process.on("worker", notice);
});
afterEach(() => void process.off("worker", notice));

const matrix = matrixLayout({ objects: ["a", "b"], features: ["pt", "eta"] });
const header: FoldFileHeader = {
  continuousFeatures: ["pt", "eta", "mass"],
  categoricalFeatures: ["jets"],
  categories: [{ name: "jets", values: [0, 1, 2] }],
  targetFeatures: ["target"],
  weightFeature: "weight",
  scaler: { means: [0, 0, 90], standardDeviations: [20, 20, 5] },
  matrix,
};

/** Folds of different sizes with columns of all types, new ones at every call: a thread takes them away. */
async function* folds(eventCount = 100): AsyncGenerator<FoldEvents> {
  const stream = new Stream(1, "folds for a thread");
  for (let fold = 0; fold < 3; fold++) {
    const count = eventCount + fold;
    const numbers = (length: number) => Float32Array.from({ length }, () => stream.normal());
    const weights = numbers(count);
    yield {
      features: numbers(4 * count),
      targets: Float32Array.from({ length: count }, (_, i) => i % 2),
      weights,
      matrix: numbers(4 * count),
      columns: {
        weight_again: weights,
        id: BigInt64Array.from({ length: count }, (_, i) => 2n ** 60n + BigInt(i)),
        sample: Array.from({ length: count }, (_, i) => `sample ${i % 3}`),
      },
    };
  }
}

test.each([undefined, 4])(
  "the bytes are those of a file that is written here (compression %s)",
  async (compression) => {
    const paths = [false, true].map((inThread) => join(folder, `${compression}-${inThread}.h5`));
    for (const [i, path] of paths.entries()) {
      await writeFolds(path, header, { wholeTargets: true, compression, inThread: i === 1 }, folds);
    }
    const [here, there] = paths.map((path) => readFileSync(path));
    expect(there!.equals(here!)).toBe(true);
    expect(threads).toHaveLength(1);
    expect(threads[0]!.threadId, "it has ended").toBe(-1);
  },
);

test("the arrays are handed over, not copied", async () => {
  const given: FoldEvents[] = [];
  await writeFolds(
    join(folder, "given.h5"),
    header,
    { wholeTargets: true, inThread: true },
    async function* () {
      for await (const events of folds()) {
        given.push(events);
        yield events;
      }
    },
  );
  expect(given.map(({ features }) => features.length)).toEqual([0, 0, 0]);
});

test("what goes wrong is told as without a thread, and nothing is left behind", async () => {
  const messages = async (path: string, made: () => AsyncIterable<FoldEvents>): Promise<string[]> => {
    const told: string[] = [];
    for (const inThread of [false, true]) {
      await writeFolds(path, header, { wholeTargets: true, inThread }, made).catch((error: unknown) => {
        told.push(String(error));
      });
    }
    return told;
  };
  const missing = await messages(join(folder, "missing", "folds.h5"), folds);
  expect(missing[0]).toMatch(
    /missing\/folds\.h5" could not be written: the folder ".*missing" does not exist\.$/,
  );
  expect(missing[1]).toBe(missing[0]);

  const own = join(folder, "own");
  mkdirSync(own);
  const broken = await messages(join(own, "folds.h5"), async function* () {
    yield* folds();
    throw new Error("no more events");
  });
  expect(broken).toEqual(["Error: no more events", "Error: no more events"]);
  const reserved = await messages(join(own, "folds.h5"), async function* () {
    for await (const events of folds()) yield { ...events, columns: { inputs: events.targets } };
  });
  expect(reserved[0]).toMatch(/a further column cannot be called "inputs"/);
  expect(reserved[1]).toBe(reserved[0]);
  expect(readdirSync(own)).toEqual([]);
  expect(threads.map(({ threadId }) => threadId)).toEqual([-1, -1, -1]);
});

test("a full disk is told, whenever it fills up", async (context) => {
  const mount = join(folder, "tiny");
  mkdirSync(mount);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", mount], { stdio: "ignore" });
  } catch {
    context.skip("a small tmpfs cannot be mounted here (needs root)");
  }
  try {
    const path = join(mount, "folds.h5");
    const writing = writeFolds(path, header, { wholeTargets: true, inThread: true }, () => folds(10_000));
    await expect(writing).rejects.toThrow(/folds\.h5" could not be written: the disk is full\./);
    expect(existsSync(path)).toBe(false);
    expect(readdirSync(mount)).toEqual([]);
  } finally {
    execFileSync("umount", [mount]);
  }
});
