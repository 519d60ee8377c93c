/** Folds that are put together and written in a thread. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import { afterAll, afterEach, beforeEach, expect, test } from "vitest";
import { Stream } from "../array/random.ts";
import { type DealtPiece, type FoldFileHeader, FoldYielder, writeDealtFolds } from "./index.ts";

const folder = mkdtempSync(join(tmpdir(), "lumin-fold-writer-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let threads: Worker[] = [];
const notice = (thread: Worker) => void threads.push(thread);
beforeEach(() => {
  threads = [];
  process.on("worker", notice);
});
afterEach(() => void process.off("worker", notice));

const header: FoldFileHeader = {
  continuousFeatures: ["pt", "eta", "mass"],
  categoricalFeatures: ["jets"],
  categories: [{ name: "jets", values: [0, 1, 2] }],
  targetFeatures: ["target"],
  weightFeature: "weight",
  scaler: { means: [0, 0, 90], standardDeviations: [20, 20, 5] },
};
const sizes = [120, 80, 100];

/** Pieces of different sizes with columns of all types, new ones at every call: a thread takes them away. */
async function* pieces(scale = 1): AsyncGenerator<DealtPiece> {
  const stream = new Stream(1, "pieces for a thread");
  for (const counts of [
    [60, 40, 0],
    [60, 40, 100],
  ]) {
    const rows = counts.map((count) => count * scale);
    const count = rows[0]! + rows[1]! + rows[2]!;
    const order = stream.shuffle(Int32Array.from({ length: count }, (_, i) => i));
    const numbers = (length: number) => Float32Array.from({ length }, () => stream.normal());
    yield {
      events: {
        features: numbers(4 * count),
        targets: Float32Array.from({ length: count }, (_, i) => i % 2),
        weights: numbers(count),
        columns: {
          id: BigInt64Array.from({ length: count }, (_, i) => 2n ** 60n + BigInt(i)),
          sample: Array.from({ length: count }, (_, i) => `sample ${i % 3}`),
          // Whole numbers in the first piece only: the fold has the wider type.
          shifted: rows[2] === 0 ? new Int32Array(count).fill(7) : new Float64Array(count).fill(7.5),
        },
      },
      rowsOfFold: [
        order.slice(0, rows[0]),
        order.slice(rows[0], rows[0]! + rows[1]!),
        order.slice(rows[0]! + rows[1]!),
      ].map((own) => own.sort()),
    };
  }
}

const write = (path: string, inThread: boolean, made: () => AsyncIterable<DealtPiece> = pieces) =>
  writeDealtFolds(path, header, { wholeTargets: true, sizes }, made, inThread);

test("every fold has its rows of all pieces, in their order", async () => {
  const path = join(folder, "folds.h5");
  await write(path, true);
  const expected = sizes.map(() => ({
    features: [] as number[],
    weights: [] as number[],
    ids: [] as bigint[],
  }));
  for await (const { events, rowsOfFold } of pieces()) {
    for (const [fold, rows] of rowsOfFold.entries()) {
      for (const row of rows) {
        expected[fold]!.features.push(...events.features.subarray(4 * row, 4 * row + 4));
        expected[fold]!.weights.push(events.weights![row]!);
        expected[fold]!.ids.push((events.columns.id as BigInt64Array)[row]!);
      }
    }
  }
  const folds = await FoldYielder.open(path);
  expect(folds.foldSizes).toEqual(sizes);
  for (const [fold, { features, weights, ids }] of expected.entries()) {
    expect([...folds.getColumn("inputs", fold)]).toEqual(features);
    expect([...folds.getColumn("weights", fold)]).toEqual(weights);
    expect([...folds.getColumn("id", fold)]).toEqual(ids);
  }
  expect(new Set(folds.getColumn("shifted", 0) as Float64Array)).toEqual(new Set([7, 7.5]));
  folds.close();
});

test("the bytes are those of a file that is written here, and the thread ends", async () => {
  const paths = [false, true].map((inThread) => join(folder, `${inThread}.h5`));
  for (const [i, path] of paths.entries()) await write(path, i === 1);
  const [here, there] = paths.map((path) => readFileSync(path));
  expect(there!.equals(here!)).toBe(true);
  expect(threads.map(({ threadId }) => threadId)).toEqual([-1]);
});

test("two files can be written at a time", async () => {
  const paths = ["one", "two"].map((name) => join(folder, `${name}.h5`));
  await Promise.all(paths.map((path) => write(path, true)));
  const [one, two] = paths.map((path) => readFileSync(path));
  expect(one!.equals(two!)).toBe(true);
  expect(threads.map(({ threadId }) => threadId)).toEqual([-1, -1]);
});

test("features and weights are handed over, all else stays", async () => {
  const given: DealtPiece[] = [];
  await write(join(folder, "given.h5"), true, async function* () {
    for await (const piece of pieces()) {
      given.push(piece);
      yield piece;
    }
  });
  expect(given.map(({ events }) => [events.features.length, events.weights!.length])).toEqual([
    [0, 0],
    [0, 0],
  ]);
  expect(given.map(({ events }) => events.targets.length)).toEqual([100, 200]);
});

test("what goes wrong is told as without a thread, and nothing is left behind", async () => {
  const messages = async (path: string, made: () => AsyncIterable<DealtPiece>): Promise<string[]> => {
    const told: string[] = [];
    for (const inThread of [false, true]) {
      await write(path, inThread, made).catch((error: unknown) => {
        told.push(String(error));
      });
    }
    return told;
  };
  const missing = await messages(join(folder, "missing", "folds.h5"), pieces);
  expect(missing[0]).toMatch(
    /missing\/folds\.h5" could not be written: the folder ".*missing" does not exist\.$/,
  );
  expect(missing[1]).toBe(missing[0]);

  const own = join(folder, "own");
  mkdirSync(own);
  const broken = await messages(join(own, "folds.h5"), async function* () {
    yield* pieces();
    throw new Error("no more events");
  });
  expect(broken).toEqual(["Error: no more events", "Error: no more events"]);
  const reserved = await messages(join(own, "folds.h5"), async function* () {
    for await (const { events, rowsOfFold } of pieces())
      yield { events: { ...events, columns: { inputs: events.targets } }, rowsOfFold };
  });
  expect(reserved[0]).toMatch(/a further column cannot be called "inputs"/);
  expect(reserved[1]).toBe(reserved[0]);
  expect(readdirSync(own)).toEqual([]);
  expect(threads.map(({ threadId }) => threadId)).toEqual([-1, -1, -1]);
});

test("a full disk is told", async (context) => {
  const mount = join(folder, "tiny");
  mkdirSync(mount);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", mount], { stdio: "ignore" });
  } catch {
    context.skip("a small tmpfs cannot be mounted here (needs root)");
  }
  try {
    const path = join(mount, "folds.h5");
    const format = { wholeTargets: true, sizes: sizes.map((size) => 200 * size) };
    const writing = writeDealtFolds(path, header, format, () => pieces(200), true);
    await expect(writing).rejects.toThrow(/folds\.h5" could not be written: the disk is full\./);
    expect(existsSync(path)).toBe(false);
    expect(readdirSync(mount)).toEqual([]);
  } finally {
    execFileSync("umount", [mount]);
  }
});
