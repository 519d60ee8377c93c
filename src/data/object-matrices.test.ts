import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { writeFoldFile } from "./fold-file.ts";
import { FoldYielder } from "./fold-yielder.ts";
import { matrixLayout } from "./matrix-inputs.ts";
import { matrixOfTable, raggedMatrix } from "./object-matrices.ts";
import { openRootFile } from "./root/index.ts";
import { isRagged, type RaggedColumn } from "./root/ragged.ts";
import { tableOf } from "./table.ts";

const nan = Number.NaN;

describe("raggedMatrix", () => {
  const offsets = Uint32Array.of(0, 2, 2, 5);
  const pt = { offsets, values: Float32Array.of(30, 20, 50, 40, 10) };
  const charge = { offsets, values: Int32Array.of(1, -1, -1, 1, 1) };

  test("pads events with fewer objects, leaves further ones out, and says which are there", () => {
    const { matrix, values, present } = raggedMatrix({ pt, charge }, { name: "Muon", count: 2 });
    expect(matrix.names).toEqual(["Muon_pt[0]", "Muon_charge[0]", "Muon_pt[1]", "Muon_charge[1]"]);
    expect(values).toEqual(Float32Array.of(30, 1, 20, -1, nan, nan, nan, nan, 50, -1, 40, 1));
    expect(present).toEqual(Uint8Array.of(1, 1, 0, 0, 1, 1));
    const byFeature = raggedMatrix({ pt, charge }, { name: "Muon", count: 3, rowWise: false });
    expect(byFeature.matrix.shape).toEqual([2, 3]);
    expect(byFeature.values).toEqual(
      Float32Array.of(30, 20, nan, 1, -1, nan, nan, nan, nan, nan, nan, nan, 50, 40, 10, -1, 1, 1),
    );
  });

  test("names the event in which two features disagree", () => {
    const other = { offsets: Uint32Array.of(0, 2, 3, 5), values: pt.values };
    expect(() => raggedMatrix({ pt, eta: other }, { name: "Muon", count: 2 })).toThrow(
      'raggedMatrix: Muon: event 2 has 0 values of "pt", but 1 of "eta".',
    );
    const short = { offsets: Uint32Array.of(0, 2), values: pt.values };
    expect(() => raggedMatrix({ pt, eta: short }, { name: "Muon", count: 2 })).toThrow(
      'raggedMatrix: Muon: "pt" has 3 events, but "eta" 1.',
    );
    expect(() => raggedMatrix({ pt }, { name: "Muon", count: 0 })).toThrow(
      "expected a number of objects from 1, got 0",
    );
  });

  test("takes vectors of a ROOT file through a fold file to a network's inputs", async () => {
    const file = await openRootFile(
      new URL("../../test/data/root/uproot-HZZ.root", import.meta.url).pathname,
    );
    const events = await file.events("events");
    const ragged = async (name: string): Promise<RaggedColumn> => {
      const column = await events.read(name);
      if (!isRagged(column)) throw new Error(`${name} is not ragged`);
      return column;
    };
    const momenta = { Px: await ragged("Muon_Px"), Py: await ragged("Muon_Py"), Pz: await ragged("Muon_Pz") };
    const { matrix, values, present } = raggedMatrix(momenta, { name: "Muon", count: 3 });
    const count = events.eventCount;
    const path = join(await mkdtemp(join(tmpdir(), "lumin-ragged-")), "folds.h5");
    await writeFoldFile(path, {
      folds: [0, 1].map((fold) =>
        Int32Array.from({ length: count }, (_, i) => i).filter((i) => i % 2 === fold),
      ),
      continuousFeatures: [],
      categoricalFeatures: [],
      categories: [],
      targetFeatures: ["y"],
      features: new Float32Array(0),
      targets: new Float32Array(count),
      matrix,
      matrixInputs: values,
    });
    const folds = await FoldYielder.open(path, { matrix: true });
    expect(folds.foldSizes).toEqual([1211, 1210]);
    expect(folds.features).toEqual(matrix.names);
    const [even, odd] = [folds.getFold(0).inputs, folds.getFold(1).inputs];
    let sum = 0;
    let there = 0;
    for (let i = 0; i < count; i++) {
      const inputs = (i % 2 === 0 ? even : odd).subarray((i >> 1) * 9, (i >> 1) * 9 + 9);
      for (let k = 0; k < 3; k++) {
        there += present[i * 3 + k]!;
        sum += inputs[k * 3]!;
        const begin = momenta.Px.offsets[i]!;
        const isThere = begin + k < momenta.Px.offsets[i + 1]!;
        expect(inputs[k * 3 + 2]).toBe(isThere ? momenta.Pz.values[begin + k] : 0);
      }
    }
    const counts = Array.from(
      { length: count },
      (_, i) => momenta.Px.offsets[i + 1]! - momenta.Px.offsets[i]!,
    );
    expect(there).toBe(counts.reduce((total, each) => total + Math.min(3, each), 0));
    expect(sum).not.toBe(0);
    folds.close();
  });
});

test("matrixOfTable takes the columns that the layout names", () => {
  const table = tableOf({
    lep_px: Float64Array.of(1, nan),
    lep_pz: Int32Array.of(3, 4),
    met_px: Float32Array.of(5, 6),
  });
  const layout = matrixLayout({ objects: ["lep", "met"], features: ["px", "pz"], absent: ["met_pz"] });
  expect(matrixOfTable(table, layout)).toEqual(Float32Array.of(1, 3, 5, nan, nan, 4, 6, nan));
  expect(() =>
    matrixOfTable(table, matrixLayout({ objects: ["lep", "met"], features: ["px", "pz"] })),
  ).toThrow('column "met_pz" is not known');
});
