import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Stream } from "../array/random.ts";
import { FoldYielder } from "./fold-yielder.ts";
import { type FoldFilesSpec, makeFoldFiles, type SplitRule } from "./make-fold-files.ts";
import { matrixLayout } from "./matrix-inputs.ts";
import { tableOf } from "./table.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lumin-make-folds-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const count = 500;
const stream = new Stream(1, "events");
const table = tableOf({
  event: BigInt64Array.from({ length: count }, (_, i) => 2n ** 60n + BigInt(i)),
  label: Array.from({ length: count }, (_, i) => (i % 5 === 0 ? "s" : "b")),
  w: Float64Array.from({ length: count }, () => Math.round(64 * (stream.normal() + 1)) / 64),
  x: Float64Array.from({ length: count }, () => 10 + 3 * stream.normal()),
  lep_pt: Float64Array.from({ length: count }, (_, i) => (i % 4 === 0 ? Number.NaN : i)),
  jets: Int32Array.from({ length: count }, (_, i) => i % 3),
  set: Int32Array.from({ length: count }, (_, i) => [0, 0, 1, 2][i % 4]!),
});
const spec: Omit<FoldFilesSpec, "split"> = {
  preprocessing: { continuous: ["x"], categorical: ["jets"] },
  target: { column: "label", classes: { b: 0, s: 1 } },
  weights: { column: "w" },
  folds: { kind: "stratified", count: 4, seed: 2 },
  columns: ["ev*"],
  matrix: matrixLayout({ objects: ["lep"], features: ["pt"] }),
};
const paths = () => ({
  training: join(folder, "train.h5"),
  validation: join(folder, "validation.h5"),
  test: join(folder, "test.h5"),
});

/** Of each class the sum of `original_weight` over the files, exact as the weights are 64ths. */
async function weightSums(files: readonly string[], column = "original_weight"): Promise<number[]> {
  const sums = [0, 0];
  for (const path of files) {
    const folds = await FoldYielder.open(path);
    for (let i = 0; i < folds.foldCount; i++) {
      const weights = folds.getColumn(column, i);
      for (const [k, y] of folds.getFold(i).targets.entries()) sums[y]! += Number(weights[k]);
    }
    folds.close();
  }
  return sums;
}

const allSums = [0, 1].map((y) =>
  (table.columns.w as Float64Array).reduce((sum, w, i) => sum + ((i % 5 === 0 ? 1 : 0) === y ? w : 0), 0),
);

describe("makeFoldFiles", () => {
  const rules: readonly SplitRule[] = [
    { kind: "stratified", validation: 0.2, test: 0.1, seed: 4 },
    { kind: "hash", by: ["event"], validation: 0.2, test: 0.1 },
    { kind: "column", column: "set" },
  ];
  test.each(rules)(
    "gives every event to one file, and keeps the weights of each class: %j",
    async (split) => {
      const files = paths();
      const { pipeline, rows } = await makeFoldFiles(table, files, { ...spec, split });
      expect([...rows.training, ...rows.validation, ...rows.test].sort((a, b) => a - b)).toEqual([
        ...Array(count).keys(),
      ]);
      expect(await weightSums(Object.values(files))).toEqual(allSums);
      const ids = new Set<bigint>();
      for (const [part, path] of Object.entries(files)) {
        const folds = await FoldYielder.open(path);
        expect(folds.foldCount).toBe(4);
        expect(folds.scaler).toEqual(pipeline.scaler);
        let size = 0;
        for (let i = 0; i < 4; i++) {
          const own = folds.getColumn("event", i) as BigInt64Array;
          for (const [k, id] of own.entries()) {
            ids.add(id);
            const row = Number(id - 2n ** 60n);
            expect(folds.getMatrix(i)[k]).toBe((table.columns.lep_pt as Float64Array)[row]);
          }
          size += own.length;
        }
        expect(size).toBe(rows[part as "test"].length);
        folds.close();
      }
      expect(ids.size).toBe(count);
      if (split.kind === "stratified") {
        expect([rows.validation.length, rows.test.length]).toEqual([100, 50]);
        // A fifth is signal in every part.
        for (const part of [rows.validation, rows.test]) {
          expect(part.filter((row) => row % 5 === 0)).toHaveLength(part.length / 5);
        }
      }
      // The scaler is that of the training events, whose weights are scaled to mean 1 in each class; others' are not.
      const x = table.columns.x as Float64Array;
      const mean = rows.training.reduce((sum, row) => sum + x[row]!, 0) / rows.training.length;
      expect(pipeline.scaler!.means[0]).toBeCloseTo(mean, 10);
      const signal = rows.training.filter((row) => row % 5 === 0).length;
      const [b, s] = await weightSums([files.training], "weights");
      expect(s).toBeCloseTo(signal, 3);
      expect(b).toBeCloseTo(rows.training.length - signal, 3);
      expect(await weightSums([files.test], "weights")).toEqual(await weightSums([files.test]));
    },
  );

  test("keeps an event in its file whatever else there is", async () => {
    const split: SplitRule = { kind: "hash", by: ["event"], validation: 0.2, test: 0.1 };
    const all = await makeFoldFiles(table, paths(), { ...spec, split });
    const more: SplitRule = { ...split, validation: 0.4 };
    const other = await makeFoldFiles(table, paths(), { ...spec, split: more });
    expect(other.rows.test).toEqual(all.rows.test);
    for (const row of all.rows.validation) expect(other.rows.validation).toContain(row);
  });

  test("learns numbers as well as classes", async () => {
    const split: SplitRule = { kind: "stratified", validation: 0.5, seed: 1 };
    const { training, validation } = paths();
    await makeFoldFiles(table, { training, validation }, { ...spec, target: { columns: ["x", "w"] }, split });
    const folds = await FoldYielder.open(training);
    expect(folds.targetFeatures).toEqual(["x", "w"]);
    expect(folds.getFold(0).targetCount).toBe(2);
    folds.close();
  });

  test("says what is wrong", async () => {
    const { training, validation, test: tested } = paths();
    const stratified: SplitRule = { kind: "stratified", validation: 0.2, seed: 4 };
    await expect(makeFoldFiles(table, { training }, { ...spec, split: stratified })).rejects.toThrow(
      "makeFoldFiles: 100 events are for validation, but it has no path.",
    );
    await expect(
      makeFoldFiles(table, { training, validation, test: tested }, { ...spec, split: stratified }),
    ).rejects.toThrow(`makeFoldFiles: no event is for test, but "${tested}" is to be written.`);
    await expect(
      makeFoldFiles(table, paths(), { ...spec, split: { kind: "column", column: "event" } }),
    ).rejects.toThrow(
      'makeFoldFiles: column "event": row 1 holds 1152921504606846976; expected 0 (training), 1 (validation) or 2 (test).',
    );
    await expect(
      makeFoldFiles(table, paths(), { ...spec, split: { ...stratified, validation: 0.5, test: 0.5 } }),
    ).rejects.toThrow("the fractions 0.5 for validation and 0.5 for test leave nothing for training");
  });
});
