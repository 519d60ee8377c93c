import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Stream } from "../array/random.ts";
import {
  applyPipeline,
  classTargets,
  eventWeights,
  expandNames,
  fitPipeline,
  numbersOf,
  type Pipeline,
  type PipelineSpec,
  readTable,
  splitByModulo,
  stratifiedFolds,
  stratifiedSplit,
  type Table,
  tableOf,
  trainingWeights,
} from "./index.ts";

const sample = new URL(
  "../../examples/higgs/data/atlas-higgs-challenge-2014-v2.first18000.csv.gz",
  import.meta.url,
).pathname;

/** The paper's features: 30 continuous, 1 categorical. */
const paper: PipelineSpec = {
  missing: [-999],
  transforms: [
    { kind: "rename", columns: { PRI_met: "PRI_met_pt" } },
    { kind: "cartesian", keep: ["PRI_met_pt"] },
  ],
  continuous: ["DER_*", "PRI_met_sumet", "PRI_jet_all_pt", "PRI_met_pt", "PRI_*_px", "PRI_*_py", "PRI_*_pz"],
  categorical: ["PRI_jet_num"],
};

describe("expandNames", () => {
  const known = ["id", "DER_b", "DER_a", "PRI_pt", "PRI_phi"];

  test("keeps the order written, globs in the order of the table, no name twice", () => {
    expect(expandNames(["PRI_pt", "DER_*", "PRI_*", "!PRI_phi"], known)).toEqual([
      "PRI_pt",
      "DER_b",
      "DER_a",
    ]);
    expect(() => expandNames(["DER_c"], known)).toThrow('column "DER_c" is not known. Did you mean "DER_b"?');
    expect(() => expandNames(["ABC_*"], known)).toThrow('column "ABC_*" is not known.');
  });
});

describe("the pipeline on the Higgs sample", () => {
  let table: Table;
  let pipeline: Pipeline;
  beforeAll(async () => {
    table = await readTable([sample]);
    pipeline = await fitPipeline(table, paper);
  });

  test("gives the paper's 31 features with mean 0 and deviation 1", async () => {
    expect(pipeline.continuous).toHaveLength(30);
    expect(pipeline.categorical).toEqual([{ name: "PRI_jet_num", values: [0, 1, 2, 3] }]);
    const events = await applyPipeline(pipeline, table);
    expect(events.featureCount).toBe(31);
    for (let f = 0; f < 30; f++) {
      let count = 0;
      let sum = 0;
      let squares = 0;
      for (let i = 0; i < events.eventCount; i++) {
        const value = events.features[i * 31 + f]!;
        if (Number.isNaN(value)) continue;
        count++;
        sum += value;
        squares += value * value;
      }
      expect(Math.abs(sum / count)).toBeLessThan(1e-6);
      expect(Math.abs(squares / count - 1)).toBeLessThan(1e-5);
    }
    const mmc = numbersOf(table, "DER_mass_MMC");
    const f = pipeline.continuous.indexOf("DER_mass_MMC");
    for (let i = 0; i < 1000; i++) {
      const value = events.features[i * 31 + f]!;
      expect(Number.isNaN(value)).toBe(mmc[i] === -999);
      if (mmc[i] === -999) expect(events.inputs[i * 31 + f]).toBe(0);
    }
  });

  test("survives JSON, and needs neither target nor weight nor the original order of columns", async () => {
    const { Label, Weight, KaggleWeight, KaggleSet, ...rest } = table.columns;
    const shuffled = tableOf(Object.fromEntries(Object.entries(rest).reverse()));
    const again = await applyPipeline(JSON.parse(JSON.stringify(pipeline)), shuffled);
    const { features } = await applyPipeline(pipeline, table);
    expect(Buffer.from(again.features.buffer).equals(Buffer.from(features.buffer))).toBe(true);
  });

  test("is fitted on the given rows alone", async () => {
    const rows = Int32Array.from({ length: 100 }, (_, i) => i * 3);
    const part = await fitPipeline(table, paper, { rows });
    let sum = 0;
    for (const row of rows) sum += numbersOf(table, "DER_mass_vis")[row]!;
    expect(part.scaler!.means[part.continuous.indexOf("DER_mass_vis")]).toBeCloseTo(sum / 100, 10);
  });

  test("says which feature or column is wrong", async () => {
    await expect(fitPipeline(table, { ...paper, continuous: ["DER_mas_MMC"] })).rejects.toThrow(
      'continuous feature "DER_mas_MMC" is not known. Did you mean "DER_mass_MMC"?',
    );
    await expect(fitPipeline(table, { ...paper, continuous: ["PRI_jet_num"] })).rejects.toThrow(
      'feature "PRI_jet_num" is listed as continuous and as categorical; it can be one.',
    );
    await expect(
      fitPipeline(table, { ...paper, transforms: [{ kind: "rename", columns: { PRI_mte: "x" } }] }),
    ).rejects.toThrow('column to rename "PRI_mte" is not known. Did you mean "PRI_met"?');
    const { PRI_tau_pt, ...rest } = table.columns;
    await expect(applyPipeline(pipeline, tableOf(rest))).rejects.toThrow('column "PRI_tau_px" is not known.');
  });
});

describe("features", () => {
  test("text, missing numbers, constant columns and weights", async () => {
    const table = tableOf({
      x: new Float64Array([1, 2, Number.NaN, 5]),
      constant: new Float32Array([7, 7, 7, 7]),
      empty: new Float64Array(4).fill(Number.NaN),
      word: ["1", "2", "three", "4"],
    });
    const { scaler } = await fitPipeline(table, { continuous: ["x", "constant"] });
    expect(scaler!.means[0]).toBeCloseTo(8 / 3, 14);
    expect(scaler!.standardDeviations[0]).toBeCloseTo(Math.sqrt(10 - 64 / 9), 14);
    expect(scaler!.standardDeviations[1]).toBe(1);
    const weighted = await fitPipeline(
      table,
      { continuous: ["x"] },
      { weights: new Float64Array([1, 0, 9, 3]) },
    );
    expect(weighted.scaler!.means[0]).toBe(4);
    expect(weighted.scaler!.standardDeviations[0]).toBeCloseTo(Math.sqrt(3), 14);
    await expect(fitPipeline(table, { continuous: ["empty"] })).rejects.toThrow(
      'feature "empty": it cannot be standardised, all of its values are missing. Leave it out.',
    );
    await expect(fitPipeline(table, { continuous: ["word"] })).rejects.toThrow(
      'column "word": expected numbers, but row 3 holds the text "three".',
    );
  });

  test("categories are sorted, exact for any type, and an unseen one is named", async () => {
    const spec = { continuous: [], categorical: ["n", "name", "id"] };
    const table = tableOf({
      n: new Float64Array([1, -5, 0.5]),
      name: ["b", "a", "b"],
      id: new BigInt64Array([9007199254740993n, 1n, 2n]),
    });
    const pipeline = await fitPipeline(table, spec);
    expect(pipeline.categorical.map(({ values }) => values)).toEqual([
      [-5, 0.5, 1],
      ["a", "b"],
      [1, 2, "9007199254740993"],
    ]);
    expect([...(await applyPipeline(pipeline, table)).features]).toEqual([2, 1, 2, 0, 0, 0, 1, 1, 1]);
    const other = tableOf({ ...table.columns, name: ["a", "c", "a"] });
    await expect(applyPipeline(pipeline, other)).rejects.toThrow(
      'column "name": row 2 has the value "c", which the training events did not have. Known: a, b.',
    );
    const gap = tableOf({ ...table.columns, n: new Float64Array([1, Number.NaN, 1]) });
    await expect(fitPipeline(gap, spec)).rejects.toThrow(
      'column "n": row 2 has no value, but a categorical feature needs one. Fill it in with a transform, or set unseen: other to count it as none of the categories.',
    );
  });
});

describe("the user's transform", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "lumin-module-"));
    await writeFile(
      join(folder, "mine.mjs"),
      `export const scaleBy = (table, options) => ({ rowCount: table.rowCount, columns: { ...table.columns, y: table.columns.x.map((x) => x * options.factor) } });
       export const cut = (table) => ({ rowCount: 1, columns: { x: table.columns.x.slice(0, 1) } });
       export const nothing = () => undefined;`,
    );
  });
  afterAll(() => rm(folder, { recursive: true }));
  const table = tableOf({ x: new Float64Array([1, 2]) });
  const spec = (name: string, module = "./mine.mjs"): PipelineSpec => ({
    transforms: [{ kind: "module", module, name, options: { factor: 3 } }],
    continuous: ["y"],
    scaling: "none",
  });

  test("adds columns, with its options", async () => {
    const pipeline = await fitPipeline(table, spec("scaleBy"), { directory: folder });
    expect([...(await applyPipeline(pipeline, table, { directory: folder })).features]).toEqual([3, 6]);
  });

  test("is told what is wrong with it", async () => {
    const fitted = (...given: Parameters<typeof spec>) =>
      fitPipeline(table, spec(...given), { directory: folder });
    await expect(fitted("cut")).rejects.toThrow(
      'transform cut of "./mine.mjs": it must keep the 2 rows, but the column "x" has 1. Choose rows with the selection.',
    );
    await expect(fitted("nothing")).rejects.toThrow(
      'transform nothing of "./mine.mjs": expected a table { rowCount, columns } back, but got undefined.',
    );
    await expect(fitted("scaleBuy")).rejects.toThrow('"scaleBuy" is not known. Did you mean "scaleBy"?');
    await expect(fitted("x", "./absent.mjs")).rejects.toThrow(
      `module "./absent.mjs": there is no such file. Paths are relative to ${folder}.`,
    );
  });
});

describe("targets and weights", () => {
  const table = tableOf({
    Label: ["s", "b", "s"],
    code: new Int32Array([1, 0, 1]),
    one: ["s", "s", "s"],
    w: new Float64Array([1, -2, 5]),
    zero: new Float64Array(3),
    gap: new Float64Array([1, Number.NaN, 1]),
  });

  test("classes become numbers; one class alone, or an unknown one, is an error", () => {
    expect([...classTargets(table, "Label", { b: 0, s: 1 })]).toEqual([1, 0, 1]);
    expect([...classTargets(table, "code")]).toEqual([1, 0, 1]);
    expect(() => classTargets(table, "one", { b: 0, s: 1 })).toThrow(
      'target "one": all 3 events are of the class "s"; a classification needs at least two classes.',
    );
    expect(() => classTargets(table, "Label", { signal: 1, b: 0 })).toThrow(
      'target "Label": row 1 has the value "s". Expected: signal, b.',
    );
    expect(() => classTargets(table, "Labl")).toThrow('column "Labl" is not known. Did you mean "Label"?');
  });

  test("weights: missing ones and all zero are errors, negative ones are legal", () => {
    expect([...eventWeights(table, "w")]).toEqual([1, -2, 5]);
    expect(() => eventWeights(table, "zero")).toThrow('weight "zero": all 3 weights are zero.');
    expect(() => eventWeights(table, "gap")).toThrow('weight "gap": row 2 has no finite value.');
  });

  test("each class gets mean 1, or sum 1, or the whole mean 1, or nothing changes", () => {
    const targets = [1, 0, 1, 0];
    const weights = new Float64Array([1, -2, 7, 10]);
    expect([...trainingWeights(targets, weights)]).toEqual([0.25, -0.5, 1.75, 2.5]);
    expect([...trainingWeights(targets, weights, "sumOnePerClass")]).toEqual([0.125, -0.25, 0.875, 1.25]);
    expect([...trainingWeights(targets, weights, "meanOne")]).toEqual([0.25, -0.5, 1.75, 2.5]);
    expect([...trainingWeights(targets, weights, "none")]).toEqual([...weights]);
    expect([...trainingWeights(targets, undefined)]).toEqual([1, 1, 1, 1]);
    expect(() => trainingWeights(targets, new Float64Array(4))).toThrow(
      "all 4 event weights are zero: there is nothing to learn from.",
    );
    expect(() =>
      trainingWeights(targets, new Float64Array([1, -2, 5, 1]), "meanOnePerClass", ["b", "s"]),
    ).toThrow(
      'the weights of class "b" sum to -1: they cannot be scaled to mean 1, which needs a positive sum.',
    );
  });
});

describe("splits", () => {
  const keyed = fc.array(fc.tuple(fc.integer({ min: 0, max: 2 }), fc.constantFrom("a", "b")), {
    minLength: 10,
    maxLength: 300,
  });

  test("folds partition the events, and spread every combination of the keys evenly", () => {
    fc.assert(
      fc.property(keyed, fc.integer({ min: 2, max: 10 }), fc.integer(), (events, foldCount, seed) => {
        const keys = [Int32Array.from(events, ([a]) => a), events.map(([, b]) => b)];
        const folds = stratifiedFolds(events.length, foldCount, keys, new Stream(seed, "folds"));
        const all = folds.flatMap((fold) => [...fold]).sort((a, b) => a - b);
        expect(all).toEqual([...events.keys()]);
        const spread = (counts: number[]) => Math.max(...counts) - Math.min(...counts);
        expect(spread(folds.map((fold) => fold.length))).toBeLessThanOrEqual(1);
        for (const stratum of new Set(events.map(String))) {
          const counts = folds.map((fold) => fold.filter((i) => String(events[i]) === stratum).length);
          expect(spread(counts)).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  test("the same seed gives the same folds, another seed others", () => {
    const folds = (seed: number) => stratifiedFolds(1000, 5, [], new Stream(seed, "folds"));
    expect(folds(1)).toEqual(folds(1));
    expect(folds(1)).not.toEqual(folds(2));
  });

  test("the validation split takes the fraction of every class", () => {
    const key = Int32Array.from({ length: 1000 }, (_, i) => (i % 10 === 0 ? 1 : 0));
    const { training, validation } = stratifiedSplit(1000, 0.2, [key], new Stream(1, "validation"));
    expect([training.length, validation.length]).toEqual([800, 200]);
    expect(validation.filter((i) => key[i] === 1)).toHaveLength(20);
    expect([...training, ...validation].sort((a, b) => a - b)).toEqual([...Array(1000).keys()]);
    expect(() => stratifiedSplit(3, 0.1, [], new Stream(1))).toThrow(
      "validation split: a fraction of 0.1 leaves 3 of 3 events for training and 0 for validation; both are needed.",
    );
    expect(() => stratifiedFolds(3, 5, [], new Stream(1))).toThrow("folds: 3 events cannot fill 5 folds.");
  });

  test("the remainder of an id is exact beyond 2^53, and right for negative ids", () => {
    expect(splitByModulo(new BigInt64Array([9007199254740993n, 9007199254740992n, -1n]), 5)).toEqual(
      [[], [], [1], [0], [2]].map((part) => Int32Array.from(part)),
    );
    expect(splitByModulo(new Int32Array([7, -3, 5]), 5)).toEqual(
      [[2], [], [0, 1], [], []].map((part) => Int32Array.from(part)),
    );
    expect(() => splitByModulo(new Float64Array([1.5]), 5, "EventId")).toThrow(
      'column "EventId": row 1 holds 1.5, but splitting by remainder needs whole numbers.',
    );
  });
});
