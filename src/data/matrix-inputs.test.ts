import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { writeFoldFile } from "./fold-file.ts";
import { FoldYielder } from "./fold-yielder.ts";
import { openHdf5 } from "./hdf5.ts";
import { openFoldYielder } from "./hep-aug-fold-yielder.ts";
import { type MatrixInputs, matrixLayout, tensorLayout } from "./matrix-inputs.ts";

const luminMatrix = new URL("../../test/golden/python-lumin-matrix.hdf5", import.meta.url).pathname;

/** A file as Python LUMIN writes it: two events in each of two folds, two objects with two features. */
async function fileWith(meta: object, matrix: Float32Array, shape: readonly number[]): Promise<string> {
  const path = join(await mkdtemp(join(tmpdir(), "lumin-matrix-")), "folds.h5");
  await writeFoldFile(path, {
    folds: [Int32Array.of(0, 1), Int32Array.of(2, 3)],
    continuousFeatures: ["ht"],
    categoricalFeatures: ["jets"],
    categories: [{ name: "jets", values: [0, 1] }],
    targetFeatures: ["y"],
    features: Float32Array.of(1, 0, 2, 1, 3, 0, 4, 1),
    targets: Float32Array.of(0, 1, 0, 1),
    scaler: { means: [7], standardDeviations: [3] },
  });
  const file = await openHdf5(path, "a");
  for (const fold of [0, 1]) file.write(`fold_${fold}/matrix_inputs`, matrix, { shape: [...shape] });
  const names = { vecs: ["lep", "jet"], feats_per_vec: ["px", "py"], row_wise: true };
  file.writeJson("meta_data/matrix_feats", { ...names, ...meta });
  file.close();
  return path;
}

describe("matrix inputs", () => {
  test("of a real file of Python LUMIN are further features, before the categorical ones, gaps filled", async () => {
    const plain = await FoldYielder.open(luminMatrix);
    const folds = await FoldYielder.open(luminMatrix, { matrix: true });
    expect(plain.matrix?.objects).toEqual(folds.matrix?.objects);
    // 5 objects with px, py, pz; the missing transverse momentum has no pz.
    expect(folds.featureCount).toBe(plain.featureCount + 14);
    const added = folds.continuousFeatures.slice(plain.continuousFeatures.length);
    expect(added.slice(5, 9)).toEqual(["PRI_tau_pz", "PRI_met_px", "PRI_met_py", "PRI_jet_leading_px"]);
    expect(added).not.toContain("PRI_met_pz");
    const [flat, all] = [plain.getFold(2), folds.getFold(2)];
    const stored = plain.getColumn("matrix_inputs", 2) as Float32Array;
    const width = folds.featureCount;
    for (let i = 0; i < 200; i++) {
      const row = [...all.inputs.subarray(i * width, (i + 1) * width)];
      const own = [...flat.inputs.subarray(i * 17, (i + 1) * 17)];
      expect(row.slice(0, 16)).toEqual(own.slice(0, 16));
      expect(row.at(-1)).toBe(own[16]);
      const entries = [...stored.subarray(i * 15, (i + 1) * 15)].filter((_, place) => place !== 8);
      expect(row.slice(16, 30)).toEqual(entries.map((x) => (Number.isNaN(x) ? 0 : x)));
    }
    const other = await openFoldYielder(folds.toSpec());
    expect(other.getFold(2).inputs).toEqual(all.inputs);
    for (const yielder of [plain, folds, other]) yielder.close();
  });

  const written = async (matrix: MatrixInputs, matrixInputs: Float32Array, compression?: number) => {
    const path = join(await mkdtemp(join(tmpdir(), "lumin-matrix-")), "folds.h5");
    await writeFoldFile(path, {
      folds: [Int32Array.of(1), Int32Array.of(0, 2)],
      continuousFeatures: ["ht"],
      categoricalFeatures: [],
      categories: [],
      targetFeatures: ["y"],
      features: Float32Array.of(5, 6, 7),
      targets: Float32Array.of(0, 1, 1),
      matrix,
      matrixInputs,
      compression,
    });
    return path;
  };
  const objects = { objects: ["lep", "met"], features: ["px", "py", "pz"], absent: ["met_pz"] };
  const nan = Number.NaN;
  const values = Float32Array.of(1, 2, 3, 4, 5, nan, 0, 0, -3, nan, nan, nan, 1, 0, 0, 0, 1e9, nan);

  test.each([
    { sparse: false, rowWise: true },
    { sparse: false, rowWise: false },
    { sparse: true, rowWise: true },
    { sparse: true, rowWise: false },
    { sparse: true, rowWise: true, compression: 4 },
  ])("are written and read back, gaps too: %j", async ({ compression, ...how }) => {
    const layout = matrixLayout({ ...objects, ...how });
    const folds = await FoldYielder.open(await written(layout, values, compression), { matrix: true });
    expect(folds.matrix).toEqual(layout);
    expect(folds.getMatrix(0)).toEqual(values.slice(6, 12));
    expect(folds.getMatrix(1)).toEqual(Float32Array.of(...values.slice(0, 6), ...values.slice(12)));
    expect(folds.continuousFeatures.slice(1, 3)).toEqual(
      how.rowWise ? ["lep_px", "lep_py"] : ["lep_px", "met_px"],
    );
    expect(folds.featureCount).toBe(6);
    folds.close();
  });

  test("of tensors have any shape, dense or sparse", async () => {
    for (const sparse of [false, true]) {
      const layout = tensorLayout("image", [2, 1, 3], { sparse });
      const folds = await FoldYielder.open(await written(layout, values), { matrix: true });
      expect(folds.matrix).toEqual(layout);
      expect(folds.continuousFeatures.slice(1)).toEqual([
        "image[0][0][0]",
        "image[0][0][1]",
        "image[0][0][2]",
        "image[1][0][0]",
        "image[1][0][1]",
        "image[1][0][2]",
      ]);
      expect(folds.getMatrix(0)).toEqual(values.slice(6, 12));
      folds.close();
    }
  });

  test("that are wrong say so when written", async () => {
    const layout = matrixLayout(objects);
    await expect(written(layout, values.slice(0, 12))).rejects.toThrow(
      "writeFoldFile: 3 events with matrices of 6 entries need 18 values, but 12 came.",
    );
    expect(() => matrixLayout({ objects: ["lep"], features: [] })).toThrow(
      "matrixLayout: name at least one object and one feature.",
    );
    expect(() => matrixLayout({ ...objects, absent: ["mte_pz"] })).toThrow(
      'matrixLayout: "mte_pz" is to be absent, but is no entry of the matrix.',
    );
    expect(() => tensorLayout("image", [2, 0])).toThrow(
      "tensorLayout: expected sizes from 1, got the shape [2, 0].",
    );
  });

  test("may be stored feature by feature, and as sparse places", async () => {
    const byFeature = await fileWith({ row_wise: false }, Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8), [2, 2, 2]);
    const folds = await FoldYielder.open(byFeature, { matrix: true });
    expect(folds.continuousFeatures).toEqual(["ht", "lep_px", "jet_px", "lep_py", "jet_py"]);
    expect([...folds.getFold(1).inputs]).toEqual([3, 1, 2, 3, 4, 0, 4, 5, 6, 7, 8, 1]);
    // The matrix is in physical units, so that its scaling changes nothing.
    expect(folds.scaler).toEqual({ means: [7, 0, 0, 0, 0], standardDeviations: [3, 1, 1, 1, 1] });
    folds.close();
    // Values 9 and 8: event 1, object 1, feature 0; event 0, object 0, feature 1.
    const sparse = await fileWith({ is_sparse: true }, Float32Array.of(9, 8, 1, 0, 1, 0, 0, 1), [4, 2]);
    const open = await FoldYielder.open(sparse, { matrix: true });
    expect([...open.getFold(0).inputs]).toEqual([1, 0, 8, 0, 0, 0, 2, 0, 0, 9, 0, 1]);
    open.close();
    const outside = await fileWith({ is_sparse: true }, Float32Array.of(9, 1, 2, 0), [4, 1]);
    const wrong = await FoldYielder.open(outside, { matrix: true });
    expect(() => wrong.getFold(0)).toThrow('"fold_0/matrix_inputs" places a value at 2 of 2.');
    wrong.close();
  });

  test("that are not there, or do not fit, are refused", async () => {
    const short = await fileWith({}, Float32Array.of(1, 2), [2]);
    const folds = await FoldYielder.open(short, { matrix: true });
    expect(() => folds.getFold(0)).toThrow(
      '"fold_0/matrix_inputs" has 2 numbers, but 2 events with matrices of 4 entries need 8.',
    );
    folds.close();
    const flat = new URL("../../test/golden/python-lumin-flat.hdf5", import.meta.url).pathname;
    await expect(FoldYielder.open(flat, { matrix: true })).rejects.toThrow("has no matrix inputs.");
    const unnamed = await fileWith({ vecs: 3 }, Float32Array.of(1), [1]);
    await expect(FoldYielder.open(unnamed)).rejects.toThrow("does not name the vectors and features");
  });
});
