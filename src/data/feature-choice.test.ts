/** Features that are ignored: no inputs, yet part of the events. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeCloudFoldFile } from "../../test/support/fold-file.ts";
import { Stream } from "../array/random.ts";
import {
  type Fold,
  FoldYielder,
  HEPAugFoldYielder,
  openFoldYielder,
  type Pipeline,
  withoutFeatures,
} from "./index.ts";

const luminMatrix = new URL("../../test/golden/python-lumin-matrix.hdf5", import.meta.url).pathname;

let folder: string;
let path: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lumin-ignored-"));
  path = join(folder, "folds.h5");
  await writeCloudFoldFile(path, 2, 30);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Some columns of a fold's inputs, by number. */
function columns({ inputs, featureCount }: Fold, chosen: readonly number[]): number[] {
  return Array.from({ length: inputs.length / featureCount }, (_, i) =>
    chosen.map((place) => inputs[i * featureCount + place]!),
  ).flat();
}

describe("ignored features", () => {
  test("are no inputs; names, categories and scaler are those of the others", async () => {
    const all = await FoldYielder.open(path);
    const some = await FoldYielder.open(path, { ignore: ["lep_p?", "!lep_px", "jets"] });
    expect(some.features).toEqual(["lep_px", "mass"]);
    expect(some.ignoredFeatures).toEqual(["lep_py", "lep_pz", "jets"]);
    expect(some.storedFeatures).toEqual(all.features);
    expect(some.scaler).toEqual({ means: [1, 100], standardDeviations: [20, 10] });
    expect([some.categoricalFeatures, some.categories, some.categorySizes]).toEqual([[], [], []]);
    expect([all.ignoredFeatures, all.categorySizes]).toEqual([[], [3]]);
    for (const index of [0, 1]) {
      const [fold, whole] = [some.getFold(index), all.getFold(index)];
      expect(fold.featureCount).toBe(2);
      expect([...fold.inputs]).toEqual(columns(whole, [0, 3]));
      expect(fold.targets).toEqual(whole.targets);
      expect(fold.weights).toEqual(whole.weights);
    }
    const tableOf = (ignored: boolean): string[] =>
      Object.keys(some.getTable({ features: true, ignored }).columns);
    expect(tableOf(false)).toEqual(["lep_px", "mass", "target", "weight"]);
    expect(some.getTable({ features: true, ignored: true })).toEqual(all.getTable({ features: true }));
    for (const folds of [all, some]) folds.close();
  });

  test("turn with the events: what is left of a vector is what it is beside the whole one", async () => {
    const all = await HEPAugFoldYielder.open(path);
    const some = await HEPAugFoldYielder.open(path, { ignore: ["lep_py"] });
    const other = await openFoldYielder(JSON.parse(JSON.stringify(some.toSpec())));
    expect(some.toSpec()).toMatchObject({ kind: "hepAugmented", ignore: ["lep_py"] });
    const left = [0, 2, 3, 4];
    for (const folds of [some, other]) {
      expect(folds.augmentationCount).toBe(8);
      const fold = folds.getTrainingFold(1, new Stream(3, 1));
      expect([...fold.inputs]).toEqual(columns(all.getTrainingFold(1, new Stream(3, 1)), left));
      expect([...fold.inputs]).not.toEqual([...folds.getFold(1).inputs]);
      for (let view = 0; view < 8; view++) {
        const expected = columns(all.getPredictionFold(0, view), left);
        expect([...folds.getPredictionFold(0, view).inputs]).toEqual(expected);
      }
    }
    for (const folds of [all, some, other]) folds.close();
  });

  test("are not seen by the user's functions on folds", async () => {
    const seen: (readonly string[])[] = [];
    const folds = await FoldYielder.open(path, {
      ignore: ["mass"],
      transforms: [
        (fold, { features }) => {
          seen.push(features);
          expect(fold.inputs).toHaveLength(30 * features.length);
          return fold;
        },
      ],
    });
    folds.getTrainingFold(0, new Stream(1));
    expect(seen).toEqual([["lep_px", "lep_py", "lep_pz", "jets"]]);
    folds.close();
  });

  test("may be entries of matrices, in files of Python LUMIN too", async () => {
    const all = await FoldYielder.open(luminMatrix, { matrix: true });
    const left = all.features.flatMap((name, f) => (name.endsWith("_px") ? [] : [f]));
    const some = await FoldYielder.open(luminMatrix, { matrix: true, ignore: ["*_px"] });
    expect(some.ignoredFeatures.length).toBeGreaterThan(1);
    expect(some.features).toEqual(left.map((f) => all.features[f]));
    expect(some.categorySizes).toEqual(all.categorySizes);
    expect([...some.getFold(1).inputs]).toEqual(columns(all.getFold(1), left));
    for (const folds of [all, some]) folds.close();
  });

  test("that are not there are told, with the nearest name", async () => {
    await expect(FoldYielder.open(path, { ignore: ["lep_pt"] })).rejects.toThrow(
      'ignore: feature "lep_pt" is not known. Did you mean "lep_px"? Known: lep_px, lep_py, lep_pz, mass, jets.',
    );
  });
});

test("a pipeline without them prepares raw events for such a network", () => {
  const pipeline: Pipeline = {
    version: 1,
    steps: [],
    continuous: ["pt", "eta"],
    categorical: [{ name: "jets", values: [0, 1] }],
    scaler: { means: [1, 2], standardDeviations: [3, 4] },
  };
  expect(withoutFeatures(pipeline, ["pt"])).toEqual({
    ...pipeline,
    continuous: ["eta"],
    scaler: { means: [2], standardDeviations: [4] },
  });
  expect(withoutFeatures(pipeline, ["jets"])).toEqual({ ...pipeline, categorical: [] });
  expect(withoutFeatures(pipeline, [])).toEqual(pipeline);
});
