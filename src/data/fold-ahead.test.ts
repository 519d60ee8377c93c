/** Folds that are read ahead in a thread. */
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import { afterAll, afterEach, beforeEach, expect, test, vi } from "vitest";
import { Stream } from "../array/random.ts";
import { compiledFile } from "./compiled-file.ts";
import { Hdf5File } from "./hdf5.ts";
import { FoldYielder, HEPAugFoldYielder, openFoldYielder, writeFoldFile } from "./index.ts";

const folder = mkdtempSync(join(tmpdir(), "lumin-ahead-"));
const luminMatrix = new URL("../../test/golden/python-lumin-matrix.hdf5", import.meta.url).pathname;

let threads: Worker[] = [];
const notice = (thread: Worker) => void threads.push(thread);
beforeEach(() => {
  threads = [];
  process.on("worker", notice);
});
afterEach(() => {
  process.off("worker", notice);
  vi.restoreAllMocks();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const events = 240;
/** Bytes of a fold in memory, but for the positions of its missing values. */
const foldBytes = (events / 4) * 4 * (3 + 1 + 1);

async function written(name = "folds.h5"): Promise<string> {
  const path = join(folder, name);
  const stream = new Stream(1, "events to read ahead");
  await writeFoldFile(path, {
    folds: [0, 1, 2, 3].map((k) => Int32Array.from({ length: events / 4 }, (_, i) => 4 * i + k)),
    continuousFeatures: ["jet_px", "jet_py", "mass"],
    categoricalFeatures: [],
    categories: [],
    targetFeatures: ["target"],
    weightFeature: "weight",
    scaler: { means: [0, 0, 90], standardDeviations: [20, 20, 5] },
    features: Float32Array.from({ length: 3 * events }, (_, i) =>
      i % 50 === 2 ? Number.NaN : stream.normal(),
    ),
    targets: Float32Array.from({ length: events }, (_, i) => i % 2),
    weights: Float64Array.from({ length: events }, () => stream.uniform()),
    columns: {},
  });
  return path;
}

test("the same numbers come with and without, and the thread that asked reads none of them", async () => {
  const path = await written();
  const read = vi.spyOn(Hdf5File.prototype, "read");
  for (const type of [FoldYielder, HEPAugFoldYielder]) {
    const plain = await type.open(path, { cacheBytes: 0, readAhead: false });
    const folds = await type.open(path, { cacheBytes: 0 });
    folds.getFold(0);
    for (const index of [3, 1, 1, 0, 2]) {
      const expected = plain.getTrainingFold(index, new Stream(index));
      expect(plain.prefetch(index)).toBeUndefined();
      await folds.prefetch(index);
      read.mockClear();
      expect(folds.getTrainingFold(index, new Stream(index))).toEqual(expected);
      expect(read).not.toHaveBeenCalled();
    }
    // It is not kept for a second time: the memory for folds is 0.
    folds.getFold(2);
    expect(read).toHaveBeenCalled();
    for (const each of [plain, folds]) each.close();
  }
  expect(threads).toHaveLength(2);
});

test("matrix inputs are read ahead, too", async () => {
  const plain = await FoldYielder.open(luminMatrix, { matrix: true });
  const folds = await FoldYielder.open(luminMatrix, { matrix: true, cacheBytes: 0 });
  const expected = plain.getStoredFold(1);
  folds.getFold(0);
  await folds.prefetch(1);
  const read = vi.spyOn(Hdf5File.prototype, "read");
  expect(folds.getStoredFold(1)).toEqual(expected);
  expect(read).not.toHaveBeenCalled();
  for (const each of [plain, folds]) each.close();
});

test("folds that stay in memory start no thread; those that do not, start one that ends with the yielder", async () => {
  const path = await written();
  const folds = await FoldYielder.open(path, { cacheBytes: 5 * foldBytes });
  for (const index of [0, 1, 2, 3, 0]) {
    expect(folds.prefetch(index)).toBeUndefined();
    folds.getFold(index);
  }
  folds.close();
  expect(threads).toHaveLength(0);

  const large = await FoldYielder.open(path, { cacheBytes: 2.5 * foldBytes });
  for (const index of [0, 1, 2, 3]) large.getFold(index);
  expect(large.prefetch(3), "in memory").toBeUndefined();
  const arrival = large.prefetch(0);
  expect(large.prefetch(0), "under way").toBe(arrival);
  expect(large.prefetch(1), "one at a time").toBeUndefined();
  await arrival;
  expect(large.prefetch(0), "there").toBeUndefined();
  expect(threads).toHaveLength(1);
  const ended = once(threads[0]!, "exit");
  large.close();
  await ended;
});

test("a damaged fold is told as without a thread, and the others still come", async () => {
  const path = await written("damaged.h5");
  const folds = await FoldYielder.open(path, { readAhead: false });
  const targets = Buffer.from(folds.getFold(2).inputs.buffer, 0, 8);
  folds.close();
  const bytes = readFileSync(path);
  const at = bytes.indexOf(targets);
  expect(at).toBeGreaterThan(0);
  bytes[at]! ^= 1;
  writeFileSync(path, bytes);
  const damaged = await FoldYielder.open(path, { cacheBytes: 0 });
  const sentence = `"${path}": "fold_2/inputs" is not what was written, its checksum differs`;
  expect(() => damaged.getFold(2)).toThrow(sentence);
  damaged.getFold(0);
  await damaged.prefetch(2);
  expect(() => damaged.getFold(2)).toThrow(sentence);
  await damaged.prefetch(3);
  const read = vi.spyOn(Hdf5File.prototype, "read");
  damaged.getFold(3);
  expect(read).not.toHaveBeenCalled();
  damaged.close();
});

test("a thread that is lost, or a file that another took the place of, costs nothing but the time", async () => {
  const path = await written("moved.h5");
  const lost = await FoldYielder.open(path, { cacheBytes: 0 });
  const expected = lost.getFold(1);
  await lost.prefetch(0);
  const arrival = lost.prefetch(1);
  await threads[0]!.terminate();
  await arrival;
  expect(lost.getFold(1)).toEqual(expected);
  expect(lost.prefetch(2)).toBeUndefined();
  lost.close();

  const open = await FoldYielder.open(path, { cacheBytes: 0 });
  open.getFold(0);
  rmSync(path);
  copyFileSync(await written("other.h5"), path);
  await open.prefetch(1);
  expect(threads).toHaveLength(1);
  expect(open.getFold(1)).toEqual(expected);
  open.close();
});

test("columns can be added to the file in between", async () => {
  const folds = await FoldYielder.open(await written("columns.h5"), { cacheBytes: 0 });
  const expected = folds.getFold(1);
  await folds.prefetch(1);
  await folds.saveFoldColumn("prediction", 1, new Float32Array(events / 4).fill(0.5));
  await folds.prefetch(1);
  expect(threads).toHaveLength(2);
  expect(folds.getFold(1)).toEqual(expected);
  folds.close();
});

test("another process is told whether to read ahead", async () => {
  const folds = await FoldYielder.open(await written(), { cacheBytes: 0, readAhead: false });
  const other = await openFoldYielder(folds.toSpec());
  other.getFold(0);
  expect(other.prefetch(1)).toBeUndefined();
  for (const each of [folds, other]) each.close();
});

test("a process ends although a yielder with a thread was never closed", async () => {
  const path = await written();
  const program = `
    const { FoldYielder } = await import(${JSON.stringify(compiledFile("index", import.meta.url).href)});
    const folds = await FoldYielder.open(${JSON.stringify(path)}, { cacheBytes: 0 });
    process.on("worker", () => console.log("thread"));
    folds.getFold(0);
    await folds.prefetch(1);
    console.log(folds.getFold(1).eventCount);
    folds.prefetch(2);`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
    encoding: "utf8",
    timeout: 60_000,
  });
  expect(stderr).toBe("");
  expect(stdout).toBe(`thread\n${events / 4}\n`);
  expect(status).toBe(0);
});
