import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Stream } from "../array/random.ts";
import { addFoldColumns } from "./add-fold-columns.ts";
import { eventsOfFold } from "./fold-events.ts";
import { type FoldFileContent, writeFoldFile } from "./fold-file.ts";
import type { FoldRule } from "./fold-rule.ts";
import { FoldYielder } from "./fold-yielder.ts";
import { foldNumbersByHash } from "./folds.ts";
import { openHdf5 } from "./hdf5.ts";
import { matrixLayout } from "./matrix-inputs.ts";
import { concatenateFoldFiles, refoldFile } from "./refold.ts";
import { tableOf } from "./table.ts";

const golden = (name: string): string => new URL(`../../test/golden/${name}`, import.meta.url).pathname;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lumin-refold-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Events that say who they are in every array, with negative weights among them. */
function content(count: number, first = 0): FoldFileContent {
  const stream = new Stream(5, "events", first);
  const ids = Array.from({ length: count }, (_, i) => first + i);
  const weights = Float64Array.from(ids, () => Math.round(stream.normal() * 64) / 64);
  return {
    folds: [0, 1, 2].map((fold) => Int32Array.from(ids.keys()).filter((i) => i % 3 === fold)),
    continuousFeatures: ["x", "y"],
    categoricalFeatures: ["jets"],
    categories: [{ name: "jets", values: [0, 1] }],
    targetFeatures: ["target"],
    weightFeature: "w",
    scaler: { means: [1, 2], standardDeviations: [3, 4] },
    features: Float32Array.from(ids.flatMap((id) => [id, id % 5 === 0 ? Number.NaN : -id, id % 2])),
    targets: Float32Array.from(ids, (id) => (id % 7 < 3 ? 1 : 0)),
    weights,
    matrix: matrixLayout({ objects: ["a", "b"], features: ["px"], sparse: true }),
    matrixInputs: Float32Array.from(ids.flatMap((id) => [id % 3, id])),
    columns: {
      id: BigInt64Array.from(ids, (id) => 2n ** 60n + BigInt(id)),
      original_weight: weights,
      name: ids.map((id) => `event ${id}`),
    },
  };
}

async function written(name: string, count = 60, first = 0, change: Partial<FoldFileContent> = {}) {
  const path = join(folder, name);
  await writeFoldFile(path, { ...content(count, first), ...change });
  return path;
}

interface Event {
  readonly id: bigint;
  readonly fold: number;
}

/** All events with all that is stored of them, by identifier. */
async function eventsIn(path: string): Promise<Map<bigint, Event & Record<string, unknown>>> {
  const folds = await FoldYielder.open(path);
  const found = new Map<bigint, Event & Record<string, unknown>>();
  for (let fold = 0; fold < folds.foldCount; fold++) {
    const { features, targets, weights, matrix, columns } = eventsOfFold(folds, fold);
    for (const [i, id] of (columns.id as BigInt64Array).entries()) {
      expect(found.has(id)).toBe(false);
      found.set(id, {
        id,
        fold,
        features: [...features.subarray(i * 3, i * 3 + 3)],
        target: targets[i],
        weight: weights?.[i],
        matrix: [...matrix!.subarray(i * 2, i * 2 + 2)],
        name: columns.name![i],
        original: columns.original_weight![i],
      });
    }
  }
  folds.close();
  return found;
}

/** The sum of weights of each class; exact, for the weights are 64ths. */
function sums(events: ReadonlyMap<bigint, Record<string, unknown>>): number[] {
  const sum = [0, 0];
  for (const { target, original } of events.values()) sum[Number(target)]! += Number(original);
  return sum;
}

const withoutFold = (events: Awaited<ReturnType<typeof eventsIn>>) =>
  [...events.values()].map(({ fold: _, ...rest }) => rest).sort((a, b) => (a.id < b.id ? -1 : 1));

describe("refoldFile", () => {
  const rules: readonly FoldRule[] = [
    { kind: "stratified", count: 5, seed: 1 },
    { kind: "stratified", count: 2, keys: [], seed: 1 },
    { kind: "hash", count: 4, by: ["id"] },
    { kind: "contiguous", count: 7 },
    { kind: "column", column: "jets" },
  ];
  test.each(rules)(
    "keeps every event with all that is its own, and the weights of each class: %j",
    async (rule) => {
      const from = await written("from.h5");
      const to = join(folder, "to.h5");
      await refoldFile(from, to, rule);
      const [before, after] = [await eventsIn(from), await eventsIn(to)];
      expect(withoutFold(after)).toEqual(withoutFold(before));
      expect(sums(after)).toEqual(sums(before));
      const counts = new Set([...after.values()].map(({ fold }) => fold));
      expect(counts.size).toBe("count" in rule ? rule.count : 2);
      if (rule.kind === "hash") {
        const ids = BigInt64Array.from(after.keys());
        const expected = foldNumbersByHash([ids], 4);
        for (const [i, id] of ids.entries()) expect(after.get(id)!.fold).toBe(expected[i]);
      }
      const folds = await FoldYielder.open(to);
      expect(folds.scaler).toEqual({ means: [1, 2], standardDeviations: [3, 4] });
      expect(folds.matrix?.isSparse).toBe(true);
      expect(folds.getColumn("targets", 0)).toBeInstanceOf(BigInt64Array);
      folds.close();
    },
  );

  test("spreads classes and categories evenly unless told otherwise, and may replace its file", async () => {
    const path = await written("own.h5", 70);
    await refoldFile(path, path, { kind: "stratified", count: 5, seed: 3 });
    const folds = await FoldYielder.open(path);
    expect(folds.foldSizes).toEqual([14, 14, 14, 14, 14]);
    const signal = folds.foldSizes.map((_, i) =>
      folds.getStoredFold(i).targets.reduce((sum, y) => sum + y, 0),
    );
    expect(Math.max(...signal) - Math.min(...signal)).toBeLessThanOrEqual(1);
    folds.close();
  });

  test("gives back a file of Python LUMIN field by field where the folds stay", async () => {
    for (const name of ["python-lumin-flat.hdf5", "python-lumin-matrix.hdf5"]) {
      const lumin = await FoldYielder.open(golden(name));
      const sizes = lumin.foldSizes;
      lumin.close();
      const numbered = join(folder, "numbered.h5");
      await refoldFile(golden(name), numbered, { kind: "contiguous", count: sizes.length });
      expect(sizes).toEqual([200, 200, 200, 200, 200]);
      const [theirs, ours] = [await openHdf5(golden(name), "r"), await openHdf5(numbered, "r")];
      expect(ours.keys()).toEqual(["checksums", ...theirs.keys()]);
      for (const group of theirs.keys()) {
        expect(ours.keys(group)).toEqual(expect.arrayContaining(theirs.keys(group)));
        for (const field of theirs.keys(group)) {
          const path = `${group}/${field}`;
          expect(ours.read(path), path).toEqual(theirs.read(path));
          expect(ours.shape(path), path).toEqual(theirs.shape(path));
        }
        if (group !== "meta_data") expect(ours.keys(group)).toEqual(theirs.keys(group));
      }
      theirs.close();
      ours.close();
    }
  });

  test("says what is wrong", async () => {
    const from = await written("wrong.h5");
    const to = join(folder, "none.h5");
    await expect(refoldFile(from, to, { kind: "hash", count: 2, by: ["event"] })).rejects.toThrow(
      'column "event" is not known.',
    );
    await expect(refoldFile(from, to, { kind: "contiguous", count: 61 })).rejects.toThrow(
      "folds: 60 events cannot fill 61 folds.",
    );
    await expect(openHdf5(to, "r")).rejects.toThrow("does not exist");
  });
});

describe("concatenateFoldFiles", () => {
  test.each([
    { folds: "append" as const, sizes: [20, 20, 20, 10, 10, 10] },
    { folds: "merge" as const, sizes: [30, 30, 30] },
  ])("keeps all events of both and the weights of each class: %j", async ({ folds: how, sizes }) => {
    const [a, b] = [await written("a.h5", 60), await written("b.h5", 30, 60)];
    const to = join(folder, "both.h5");
    await concatenateFoldFiles([a, b], to, { folds: how });
    const folds = await FoldYielder.open(to);
    expect(folds.foldSizes).toEqual(sizes);
    folds.close();
    const [first, second, both] = [await eventsIn(a), await eventsIn(b), await eventsIn(to)];
    expect(withoutFold(both)).toEqual([...withoutFold(first), ...withoutFold(second)]);
    expect(sums(both)).toEqual(sums(first).map((sum, i) => sum + sums(second)[i]!));
  });

  test("refuses files that are not of one preprocessing, and says what differs", async () => {
    const a = await written("a.h5");
    const to = join(folder, "refused.h5");
    const refused = async (name: string, change: Partial<FoldFileContent>) =>
      concatenateFoldFiles([a, await written(name, 60, 60, change)], to);
    await expect(refused("b.h5", { continuousFeatures: ["x", "z"] })).rejects.toThrow(
      `concatenateFoldFiles: the continuous features of "${a}" and "${join(folder, "b.h5")}" differ: ["x","y"] and ["x","z"]. Make both with one preprocessing.`,
    );
    await expect(
      refused("c.h5", { scaler: { means: [1, 2.5], standardDeviations: [3, 4] } }),
    ).rejects.toThrow("the means and deviations of");
    await expect(refused("d.h5", { categories: [{ name: "jets", values: [0, 1, 2] }] })).rejects.toThrow(
      "the categories of",
    );
    await expect(refused("e.h5", { columns: {} })).rejects.toThrow("the further columns of");
    await expect(refused("f.h5", { weights: undefined })).rejects.toThrow("the weights of");
    const two = await written("g.h5", 60, 60, { folds: [Int32Array.of(0, 1), Int32Array.of(2, 3)] });
    await expect(concatenateFoldFiles([a, two], to, { folds: "merge" })).rejects.toThrow("has 3 folds and");
    await expect(concatenateFoldFiles([], to)).rejects.toThrow("concatenateFoldFiles: no file was given.");
  });

  test("then dealt anew keep all events and the weights of each class, whatever the sizes", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 6, max: 40 }), fc.integer({ min: 6, max: 40 }), async (m, n) => {
        const [a, b, all] = [
          await written("pa.h5", m),
          await written("pb.h5", n, m),
          join(folder, "pall.h5"),
        ];
        await concatenateFoldFiles([a, b], all);
        await refoldFile(all, all, { kind: "contiguous", count: 2 });
        expect((await eventsIn(all)).size).toBe(m + n);
        expect(sums(await eventsIn(all))).toEqual(
          sums(new Map([...(await eventsIn(a)), ...(await eventsIn(b))])),
        );
      }),
      { numRuns: 8 },
    );
  });
});

describe("addFoldColumns", () => {
  test("finds the events of a table by their identifiers, in any order, and replaces columns of before", async () => {
    const path = await written("added.h5");
    const ids = Array.from({ length: 60 }, (_, i) => 59 - i);
    for (const factor of [1, 2]) {
      const table = tableOf({
        event: BigInt64Array.from(ids, (id) => 2n ** 60n + BigInt(id)),
        score: Float32Array.from(ids, (id) => id * factor),
      });
      await addFoldColumns(path, table, { on: { id: "event" }, prefix: "net_" });
      const folds = await FoldYielder.open(path);
      for (const fold of [0, 1, 2]) {
        const own = folds.getColumn("id", fold) as BigInt64Array;
        const score = folds.getColumn("net_score", fold);
        expect([...score]).toEqual(Array.from(own, (id) => factor * Number(id - 2n ** 60n)));
      }
      folds.close();
    }
    await addFoldColumns(path, tableOf({ row: Int32Array.from(ids.keys()) }));
    const folds = await FoldYielder.open(path);
    expect(folds.getColumn("row", 1)[0]).toBe(20);
    folds.close();
  });

  test("refuses a table that lacks an event", async () => {
    const path = await written("lacking.h5");
    const table = tableOf({ id: BigInt64Array.of(2n ** 60n), score: Float32Array.of(1) });
    await expect(addFoldColumns(path, table, { on: ["id"] })).rejects.toThrow(
      `addFoldColumns: 59 of 60 events of "${path}" are not in the table, such as id 1152921504606846979.`,
    );
  });
});

test("h5py reads a file that was dealt anew, matrix inputs and meta data as LUMIN has them", async (context) => {
  const to = join(folder, "for-python.h5");
  await refoldFile(
    golden("python-lumin-matrix.hdf5"),
    to,
    { kind: "contiguous", count: 5 },
    { compression: 4 },
  );
  const script = `
import h5py, numpy as np, sys
with h5py.File(sys.argv[1]) as a, h5py.File(sys.argv[2]) as b:
    for g in a:
        for k in a[g]:
            x, y = a[g][k], b[g][k]
            assert x.dtype == y.dtype and x.shape == y.shape, (g, k, x.dtype, y.dtype)
            if x.shape == (): assert x[()] == y[()], (g, k, x[()], y[()])
            else: np.testing.assert_array_equal(x[()], y[()])
    print(sorted(set(b["meta_data"]) - set(a["meta_data"])))`;
  try {
    execFileSync("/usr/bin/python3", ["-c", "import h5py"], { stdio: "ignore" });
  } catch {
    return context.skip("python3-h5py is not installed");
  }
  const output = execFileSync("/usr/bin/python3", ["-c", script, golden("python-lumin-matrix.hdf5"), to], {
    encoding: "utf8",
  });
  expect(output.trim()).toMatch(/^\[.*\]$/);
});
