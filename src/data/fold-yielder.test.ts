import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { Stream } from "../array/random.ts";
import { compiledFile } from "./compiled-file.ts";
import {
  type Fold,
  type FoldFileContent,
  FoldYielder,
  HEPAugFoldYielder,
  openFoldYielder,
  readTable,
  writeFoldFile,
} from "./index.ts";

// Fold files written by Python LUMIN 0.9.1 from the first events of the Higgs sample.
const luminFlat = new URL("../../test/golden/python-lumin-flat.hdf5", import.meta.url).pathname;
const luminMatrix = new URL("../../test/golden/python-lumin-matrix.hdf5", import.meta.url).pathname;
const sample = new URL(
  "../../examples/higgs/data/atlas-higgs-challenge-2014-v2.first18000.csv.gz",
  import.meta.url,
).pathname;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lumin-folds-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const content: FoldFileContent = {
  folds: [Int32Array.of(0, 2), Int32Array.of(1, 3, 4)],
  continuousFeatures: ["jet_px", "jet_py", "mass"],
  categoricalFeatures: ["channel"],
  categories: [{ name: "channel", values: ["ee", "mm"] }],
  targetFeatures: ["target"],
  weightFeature: "weight",
  scaler: { means: [1, -2, 90], standardDeviations: [20, 30, 5] },
  features: Float32Array.from(
    [
      [0.5, 1, -1, 0],
      [0.25, -1, Number.NaN, 1],
      [Number.NaN, Number.NaN, 2, 1],
      [1, 1, 1, 0],
      [-3, 0, 0, 1],
    ].flat(),
  ),
  targets: Float32Array.of(1, 0, 1, 0, 0),
  weights: Float64Array.of(0.5, -1, 2, 3, 0.1),
  columns: {
    EventId: new BigInt64Array([9007199254740993n, 1n, -2n, 3n, 4n]),
    original: new Float64Array([0.1, 0.2, 0.3, 0.4, 0.5]),
    run: new Int32Array([1, 2, 3, 4, 5]),
    label: ["s", "bé", "s", "b", "b"],
  },
};

async function written(change: Partial<FoldFileContent> = {}, name = "folds.h5"): Promise<string> {
  const path = join(folder, name);
  await writeFoldFile(path, { ...content, ...change });
  return path;
}

describe("a fold file", () => {
  test.each([undefined, 4])("reads back as it was written (compression %s)", async (compression) => {
    const folds = await FoldYielder.open(await written({ compression }));
    expect(folds.foldCount).toBe(2);
    expect(folds.foldSizes).toEqual([2, 3]);
    expect(folds.features).toEqual(["jet_px", "jet_py", "mass", "channel"]);
    expect(folds.categorySizes).toEqual([2]);
    expect(folds.categories).toEqual(content.categories);
    expect(folds.targetFeatures).toEqual(["target"]);
    expect(folds.weightFeature).toBe("weight");
    expect(folds.scaler).toEqual(content.scaler);
    const fold = folds.getFold(1);
    expect([...fold.inputs]).toEqual([0.25, -1, 0, 1, 1, 1, 1, 0, -3, 0, 0, 1]);
    expect([...fold.targets]).toEqual([0, 0, 0]);
    expect(fold.weights).toEqual(Float32Array.of(-1, 3, 0.1));
    expect(folds.getColumn("EventId", 0)).toEqual(new BigInt64Array([9007199254740993n, -2n]));
    expect(folds.getColumn("original", 1)).toEqual(new Float64Array([0.2, 0.4, 0.5]));
    expect(folds.getColumn("run", 1)).toEqual(new Int32Array([2, 4, 5]));
    expect(folds.getColumn("label", 1)).toEqual(["bé", "b", "b"]);
    expect(folds.getColumn("targets", 0)).toEqual(new BigInt64Array([1n, 1n]));
    folds.close();
  });

  test("becomes a table, in physical units if asked", async () => {
    const folds = await FoldYielder.open(await written());
    const { rowCount, columns } = folds.getTable({ features: true });
    expect(rowCount).toBe(5);
    expect(Object.keys(columns)).toEqual([
      "jet_px",
      "jet_py",
      "mass",
      "channel",
      "target",
      "weight",
      "EventId",
      "label",
      "original",
      "run",
    ]);
    expect([...(columns.mass as Float32Array)]).toEqual([85, 100, Number.NaN, 95, 90]);
    expect([...(columns.EventId as BigInt64Array)]).toEqual([9007199254740993n, -2n, 1n, 3n, 4n]);
    expect(folds.getTable({ folds: [1] }).columns.target).toEqual(Float32Array.of(0, 0, 0));
    folds.close();
  });

  test("without weights, scaler, categories, and with fractional targets", async () => {
    const path = await written({
      weights: undefined,
      weightFeature: undefined,
      scaler: undefined,
      categories: [{ name: "channel", values: [] }],
      targets: Float32Array.of(1, 0.5, 1, 0, 0),
    });
    const folds = await FoldYielder.open(path);
    expect(folds.getFold(0).weights).toBeUndefined();
    expect(folds.weightFeature).toBeUndefined();
    expect(folds.scaler).toBeUndefined();
    expect(folds.categorySizes).toEqual([2]);
    expect([...folds.getFold(1).targets]).toEqual([0.5, 0, 0]);
    folds.close();
    await expect(HEPAugFoldYielder.open(path)).rejects.toThrow(
      "augmentation: rotation acts on physical momenta, so the scaler of the features (means and standard deviations) is needed, and these events come without one.",
    );
    const unscaled = await HEPAugFoldYielder.open(path, { augmentation: { scaler: "none" } });
    expect(unscaled.augmentationCount).toBe(8);
    unscaled.close();
  });

  test("has the same bytes whenever it is written", async () => {
    const first = await readFile(await written());
    const later = vi.spyOn(Date, "now").mockReturnValue(4e12);
    const second = await readFile(await written({}, "later.h5"));
    later.mockRestore();
    expect(first.equals(second)).toBe(true);
    expect(Date.now()).toBeGreaterThan(1e12);
  });

  test("takes predictions, and replaces them", async () => {
    const folds = await FoldYielder.open(await written());
    await folds.saveFoldColumn("pred", 0, Float32Array.of(0.25, 0.75));
    await folds.saveFoldColumn("pred", 0, Float32Array.of(0.5, 0.5));
    expect(folds.getColumn("pred", 0)).toEqual(Float32Array.of(0.5, 0.5));
    expect([...folds.getFold(0).targets]).toEqual([1, 1]);
    await expect(folds.saveFoldColumn("pred", 0, Float32Array.of(1))).rejects.toThrow(
      "saveFoldColumn: fold 0 has 2 events, but 1 value came.",
    );
    await expect(folds.saveFoldColumn("inputs", 0, Float32Array.of(1, 2))).rejects.toThrow(
      'saveFoldColumn: "inputs" is not a name for a further column.',
    );
    folds.close();
  });

  test("says what is wrong with it", async () => {
    await expect(FoldYielder.open(join(folder, "absent.h5"))).rejects.toThrow('absent.h5" does not exist.');
    const text = join(folder, "text.h5");
    await writeFile(text, "not HDF5 at all");
    await expect(FoldYielder.open(text)).rejects.toThrow(`"${text}" is not an HDF5 file.`);
    const folds = await FoldYielder.open(await written());
    expect(() => folds.getFold(2)).toThrow(
      `FoldYielder: "${folds.path}" has 2 folds, but fold 2 was asked for. Folds are counted from 0.`,
    );
    expect(() => folds.getColumn("EventID", 0)).toThrow(
      'column "EventID" is not known. Did you mean "EventId"?',
    );
    expect(() => folds.getPredictionFold(0, 1)).toThrow(
      "FoldYielder: there are 1 augmentations, counted from 0, but 1 was asked for.",
    );
    folds.close();
    expect(() => folds.getFold(0)).toThrow(`FoldYielder: "${folds.path}" was closed.`);
    await expect(written({ columns: { weights: new Int32Array(5) } })).rejects.toThrow(
      'writeFoldFile: a further column cannot be called "weights"; rename it.',
    );
    expect((await readdir(folder)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  test("truncated anywhere, is told from a whole one", async () => {
    const bytes = await readFile(await written());
    const path = join(folder, "cut.h5");
    for (const part of [0.02, 0.3, 0.7, 0.99]) {
      await writeFile(path, bytes.subarray(0, Math.floor(bytes.length * part)));
      await expect(FoldYielder.open(path), String(part)).rejects.toThrow(
        /cut.h5" is (truncated or damaged|not an HDF5 file)/,
      );
    }
  });
});

test("two processes read one fold file at once", async () => {
  const path = await written();
  const program = `
    const { FoldYielder } = await import(${JSON.stringify(compiledFile("index", import.meta.url).href)});
    const folds = await FoldYielder.open(${JSON.stringify(path)}, { cacheBytes: 0 });
    const numbers = (i) => Object.values(folds.getFold(i)).map((values) => values.length ? [...values] : values);
    console.log(JSON.stringify(numbers(0)));
    process.stdin.once("data", () => {
      console.log(JSON.stringify(numbers(1)));
      folds.close();
      process.exit();
    });`;
  const other = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: other.stdout })[Symbol.asyncIterator]();
  const told = async (): Promise<unknown> => JSON.parse((await lines.next()).value as string);
  const folds = await FoldYielder.open(path, { cacheBytes: 0 });
  const numbers = (i: number): unknown[] =>
    Object.values(folds.getFold(i)).map((values) => (values instanceof Float32Array ? [...values] : values));
  // Both have read from it, both have it open, and each goes on while the other has it open.
  expect(numbers(0)).toEqual(await told());
  expect(other.exitCode).toBeNull();
  const second = numbers(1);
  other.stdin.write("go on");
  expect(await told()).toEqual(second);
  await once(other, "exit");
  expect(numbers(0)).not.toEqual(second);
  folds.close();
});

describe("files of Python LUMIN", () => {
  test("the flat one has its features, targets, weights and ids", async () => {
    const folds = await FoldYielder.open(luminFlat);
    expect(folds.foldCount).toBe(5);
    expect(folds.featureCount).toBe(31);
    expect(folds.categorySizes).toEqual([4]);
    expect(folds.scaler).toBeUndefined();
    const { columns } = await readTable([sample], { columns: ["EventId", "Label"] });
    const label = new Map(Array.from(columns.EventId as Int32Array, (id, i) => [id, columns.Label![i]]));
    for (let i = 0; i < folds.foldCount; i++) {
      const fold = folds.getFold(i);
      expect(fold.inputs.every(Number.isFinite)).toBe(true);
      const ids = folds.getColumn("EventId", i) as BigInt64Array;
      expect(ids).toBeInstanceOf(BigInt64Array);
      for (const [k, id] of ids.entries()) expect(label.get(Number(id))).toBe(fold.targets[k] ? "s" : "b");
    }
    folds.close();
  });

  test("the one with matrix inputs gives its flat features, and the matrix as a column", async () => {
    const folds = await FoldYielder.open(luminMatrix);
    expect(folds.featureCount).toBe(17);
    expect(folds.getColumn("matrix_inputs", 0)).toHaveLength(200 * 5 * 3);
    expect(folds.columnNames).toEqual(["EventId"]);
    folds.close();
  });

  test("h5py reads ours in LUMIN's layout", async (context) => {
    const path = await written({ compression: 4 }, "for-python.h5");
    const script = `
import h5py, json, sys
with h5py.File(sys.argv[1], 'r') as f:
    d = {'keys': sorted(f), 'fold': sorted(f['fold_1']),
         'dtypes': {k: f['fold_1'][k].dtype.str for k in f['fold_1']},
         'inputs': [[None if x != x else x for x in row] for row in f['fold_1/inputs'][()].tolist()],
         'targets': f['fold_1/targets'][()].tolist(), 'ids': [str(x) for x in f['fold_0/EventId'][()]],
         'label': [x.decode() for x in f['fold_1/label'][()]],
         'meta': {k: json.loads(f['meta_data'][k][()]) for k in f['meta_data']},
         'string': str(h5py.check_string_dtype(f['meta_data/cont_feats'].dtype))}
    print(json.dumps(d))`;
    let output: string | undefined;
    for (const python of ["python3", "/usr/bin/python3"]) {
      try {
        execFileSync(python, ["-c", "import h5py"], { stdio: "ignore" });
        output = execFileSync(python, ["-c", script, path], { encoding: "utf8" });
        break;
      } catch {
        // No h5py with this one.
      }
    }
    if (output === undefined) return context.skip("python3-h5py is not installed");
    expect(JSON.parse(output)).toEqual({
      keys: ["checksums", "fold_0", "fold_1", "meta_data"],
      fold: ["EventId", "inputs", "label", "original", "run", "targets", "weights"],
      dtypes: {
        EventId: "<i8",
        inputs: "<f4",
        label: "|S3",
        original: "<f8",
        run: "<i4",
        targets: "<i8",
        weights: "<f4",
      },
      inputs: [
        [0.25, -1, null, 1],
        [1, 1, 1, 0],
        [-3, 0, 0, 1],
      ],
      targets: [0, 0, 0],
      ids: ["9007199254740993", "-2"],
      label: ["bé", "b", "b"],
      meta: {
        cont_feats: ["jet_px", "jet_py", "mass"],
        cat_feats: ["channel"],
        targ_feats: "target",
        wgt_feat: "weight",
        cat_maps: { channel: { 0: "ee", 1: "mm" } },
        scaler: { features: ["jet_px", "jet_py", "mass"], means: [1, -2, 90], stds: [20, 30, 5] },
      },
      string: "string_info(encoding='utf-8', length=None)",
    });
  });
});

describe("training folds", () => {
  const doubled = (fold: Fold): Fold => {
    fold.targets.fill(7);
    fold.weights?.forEach((weight, i, all) => {
      all[i] = weight * 2;
    });
    return fold;
  };

  test("go through the user's functions; validation and the stored events do not change", async () => {
    const folds = await FoldYielder.open(await written(), { transforms: [doubled] });
    for (let epoch = 0; epoch < 2; epoch++) {
      const fold = folds.getTrainingFold(0, new Stream(1, "training", epoch));
      expect([...fold.weights!]).toEqual([1, 4]);
      expect([...fold.targets]).toEqual([7, 7]);
    }
    expect([...folds.getFold(0).weights!]).toEqual([0.5, 2]);
    expect([...folds.getPredictionFold(0, 0).targets]).toEqual([1, 1]);
    expect(() => folds.toSpec()).toThrow(
      "FoldYielder: a function cannot be sent to worker processes. Give it by module, transforms: [{ module: './cuts.js', name: 'dropOut' }], or train in this process with workers: 0.",
    );
    folds.close();
  });

  test("given by module, travel with the specification", async () => {
    await writeFile(
      join(folder, "fold-code.mjs"),
      `export const noise = (fold, { stream, options, features, index }) => {
         for (let i = 0; i < fold.inputs.length; i++) fold.inputs[i] += options.size * stream.normal();
         return fold; };
       export const short = (fold) => ({ ...fold, inputs: fold.inputs.slice(1) });
       export const late = async (fold) => fold;`,
    );
    const at = (name: string) => ({ module: "./fold-code.mjs", name, options: { size: 0.5 } });
    const path = await written();
    const folds = await FoldYielder.open(path, { transforms: [at("noise")], directory: folder });
    const spec = JSON.parse(JSON.stringify(folds.toSpec()));
    expect(spec).toEqual({
      kind: "plain",
      path,
      transforms: [{ module: join(folder, "fold-code.mjs"), name: "noise", options: { size: 0.5 } }],
    });
    const other = await openFoldYielder(spec);
    const fold = folds.getTrainingFold(1, new Stream(1, "a"));
    expect(fold.inputs).toEqual(other.getTrainingFold(1, new Stream(1, "a")).inputs);
    expect(fold.inputs).not.toEqual(folds.getFold(1).inputs);
    folds.close();
    other.close();
    const wrong = async (name: string): Promise<void> => {
      const opened = await FoldYielder.open(path, { transforms: [at(name)], directory: folder });
      opened.getTrainingFold(0, new Stream(1));
    };
    await expect(wrong("short")).rejects.toThrow(
      'fold transform short of "./fold-code.mjs": the arrays do not fit: 2 events × 4 features and 1 target, but 7 inputs, 2 targets, 2 weights.',
    );
    await expect(wrong("late")).rejects.toThrow(
      'fold transform late of "./fold-code.mjs": expected a fold { eventCount, inputs, targets, … } back, but got a promise.',
    );
    await expect(wrong("nois")).rejects.toThrow('"nois" is not known. Did you mean "noise"?');
  });

  test("are the same whether the folds stay in memory or not", async () => {
    const path = await written();
    const cached = await HEPAugFoldYielder.open(path);
    const uncached = await HEPAugFoldYielder.open(path, { cacheBytes: 0 });
    const small = await HEPAugFoldYielder.open(path, { cacheBytes: 70 });
    for (const index of [0, 1, 0, 1, 1]) {
      const fold = cached.getTrainingFold(index, new Stream(index));
      expect(uncached.getTrainingFold(index, new Stream(index))).toEqual(fold);
      expect(small.getTrainingFold(index, new Stream(index))).toEqual(fold);
    }
    for (const folds of [cached, uncached, small]) folds.close();
  });

  test("are augmented by HEPAugFoldYielder, which another process can open; validation is not", async () => {
    const plain = await FoldYielder.open(await written());
    const folds = await HEPAugFoldYielder.open(plain.path, {
      augmentation: { rotations: 4, reflect: ["y"] },
    });
    const other = await openFoldYielder(JSON.parse(JSON.stringify(folds.toSpec())));
    expect(other).toBeInstanceOf(HEPAugFoldYielder);
    expect(other.augmentationCount).toBe(8);
    for (let i = 0; i < 2; i++) {
      expect(folds.getFold(i)).toEqual(plain.getFold(i));
      expect(folds.getPredictionFold(i, 0)).toEqual(plain.getFold(i));
      const fold = folds.getTrainingFold(i, new Stream(3, i));
      expect(fold.inputs).not.toEqual(plain.getFold(i).inputs);
      expect(fold).toEqual(other.getTrainingFold(i, new Stream(3, i)));
    }
    for (const opened of [plain, folds, other]) opened.close();
  });

  test("copied beside a moved file, all is as before", async () => {
    const path = join(folder, "moved.h5");
    await copyFile(await written(), path);
    const folds = await FoldYielder.open(path);
    expect(folds.getFold(0).eventCount).toBe(2);
    folds.close();
  });
});
