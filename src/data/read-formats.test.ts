/** Tables from HDF5, NPY, NPZ, JSON and ROOT files, made by NumPy, h5py and ROOT. */
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ConfigurationError, FileFormatError, UnknownNameError } from "../errors/index.ts";
import { readColumnNames, readTable } from "./read-table.ts";

const file = (name: string): string => join(import.meta.dirname, "../../test/data", name);

describe("HDF5", () => {
  test("data sets are columns, matrices are several, 64-bit integers exact", async () => {
    const { columns, rowCount } = await readTable([file("tables/columns.h5")]);
    expect(rowCount).toBe(5);
    expect(columns.pt).toEqual(Float32Array.of(10.5, 20.25, 30, Number.NaN, 50));
    expect(columns.event).toEqual(BigInt64Array.of(1n, 2n, 3n, 2n ** 62n + 1n, 5n));
    expect(columns["jets[1]"]).toEqual(Float32Array.of(1, 3, 5, 7, 9));
    expect(columns.good).toEqual(Int32Array.of(1, 0, 1, 1, 0));
    expect(columns.small).toEqual(Int32Array.of(1, 2, 3, 4, 255));
    expect(columns.sample).toEqual(["qcd", "top", "top", "qcd", "h"]);
  });
  test("rows are chosen by SQL, columns by globs", async () => {
    const table = await readTable([file("tables/columns.h5")], { select: "pt > 15 AND good = 1" });
    expect(table.columns.pt).toEqual(Float32Array.of(30));
    const some = await readTable([file("tables/columns.h5")], { columns: ["jets*", "eta"] });
    expect(Object.keys(some.columns)).toEqual(["jets[0]", "jets[1]", "eta"]);
  });
  test("records are columns", async () => {
    const { columns } = await readTable([file("tables/compound.h5")]);
    expect(columns.charge).toEqual(Int32Array.of(1, -1, 1, -1));
    expect(Array.from(columns.event as BigInt64Array)).toEqual([1n, 2n, 3n, 2n ** 40n + 7n]);
    expect(await readColumnNames(file("tables/compound.h5"))).toEqual(["pt", "event", "charge", "sum"]);
  });
  test("a file of folds and a group that is not there are said", async () => {
    await expect(readTable([file("../golden/python-lumin-flat.hdf5")])).rejects.toThrow(/FoldYielder/);
    await expect(readTable([file("tables/columns.h5")], { tree: "events" })).rejects.toThrow(
      UnknownNameError,
    );
  });
});

describe("NumPy", () => {
  test("records, matrices of both orders, other byte orders", async () => {
    const { columns } = await readTable([file("tables/records.npy")]);
    expect(columns.pt).toEqual(Float32Array.of(1.5, 2.5, 3.5, 4.5));
    expect(columns.event).toEqual(BigInt64Array.of(1n, 2n, 3n, 2n ** 40n + 7n));
    expect(columns.sum).toEqual(Float64Array.of(0.1, 0.2, 0.3, 0.4));
    for (const name of ["matrix", "fortran"]) {
      const table = await readTable([file(`tables/${name}.npy`)]);
      expect([...(table.columns[`${name}[1]`] as Float64Array)]).toEqual([1, 4, 7, 10]);
    }
    const { columns: other } = await readTable([file("tables/big-endian.npy")]);
    expect(other["big-endian"]).toEqual(Int32Array.of(1, 2, 3));
  });
  test("an NPZ holds a column an array", async () => {
    const { columns } = await readTable([file("tables/columns.npz")], { select: "label = 's'" });
    expect(columns.pt).toEqual(Float64Array.of(1, 3));
    expect(columns.event).toEqual(BigInt64Array.of(7n, 2n ** 60n + 1n));
    expect(columns.label).toEqual(["s", "s"]);
  });
  test("a truncated array is refused", async () => {
    const directory = await mkdtemp(join(tmpdir(), "lumin-npy-"));
    for (const [name, cut] of [
      ["records.npy", 10],
      ["columns.npz", 100],
      ["columns.h5", 4000],
    ] as const) {
      const whole = await readFile(file(`tables/${name}`));
      await writeFile(join(directory, name), whole.subarray(0, whole.length - cut));
      await expect(readTable([join(directory, name)])).rejects.toThrow(FileFormatError);
    }
  });
});

test("JSON, a list of events or one a line", async () => {
  const directory = await mkdtemp(join(tmpdir(), "lumin-json-"));
  const events = [
    { pt: 1.5, label: "s" },
    { pt: 2.5, label: "b" },
  ];
  await writeFile(join(directory, "list.json"), JSON.stringify(events));
  await writeFile(join(directory, "lines.jsonl"), events.map((event) => JSON.stringify(event)).join("\n"));
  for (const name of ["list.json", "lines.jsonl"]) {
    const { columns } = await readTable([join(directory, name)]);
    expect(columns).toEqual({ pt: Float64Array.of(1.5, 2.5), label: ["s", "b"] });
  }
});

describe("ROOT", () => {
  test("rows are chosen by SQL, elements of vectors read beside the plain columns", async () => {
    const table = await readTable([file("root/uproot-HZZ.root")], {
      elements: ["Muon_Px[0]"],
      select: '"Muon_Px[0]" > 20 AND NMuon = 1',
    });
    expect(table.rowCount).toBeGreaterThan(100);
    expect(Math.min(...(table.columns["Muon_Px[0]"] as Float32Array))).toBeGreaterThan(20);
    expect(new Set(table.columns.NMuon as Int32Array)).toEqual(new Set([1]));
  });
  test("a file named .root that is none is told", async () => {
    const path = join(await mkdtemp(join(tmpdir(), "lumin-root-")), "events.root");
    await writeFile(path, "pt,eta\n1,2\n");
    await expect(readTable([path])).rejects.toThrow(/named like a ROOT file but does not begin like one/);
    await expect(readTable([file("root/uproot-nesteddirs.root")])).rejects.toThrow(ConfigurationError);
  });
});
