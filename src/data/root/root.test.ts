/** ROOT files: what is in them, number by number, against a manifest, other formats of the same events, and known sums. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { describe, expect, test } from "vitest";
import { DataError, FileFormatError, UnknownNameError } from "../../errors/index.ts";
import { type BranchColumn, holdsEvents, isRagged, openRootFile, readRoot } from "./index.ts";

const folder = join(import.meta.dirname, "../../../test/data/root");
const file = (name: string): string => join(folder, name);

interface Expected {
  readonly kind: string;
  readonly events: number;
  readonly columns: number;
  readonly sums: Readonly<Record<string, number>>;
  readonly unreadable?: Readonly<Record<string, string>>;
}
const manifest = JSON.parse(readFileSync(join(folder, "../root-manifest.json"), "utf8")) as Record<
  string,
  Record<string, Expected>
>;

function numbers(column: BranchColumn): number[] {
  return Array.from(isRagged(column) ? column.values : (column as ArrayLike<number>), Number);
}

function sum(column: BranchColumn): number {
  return total(numbers(column));
}

function total(values: readonly number[]): number {
  return values.reduce((all, value) => (Number.isNaN(value) ? all : all + value), 0);
}

describe("every ROOT file of the manifest", () => {
  test("names all files there are", () => {
    expect(Object.keys(manifest).sort()).toEqual(readdirSync(folder).sort());
  });
  for (const [name, trees] of Object.entries(manifest)) {
    test(`${name} has the events, columns and sums written down`, async () => {
      const reader = await openRootFile(file(name));
      const found = reader.entries.filter(holdsEvents).map((entry) => entry.name);
      expect(found).toEqual(Object.keys(trees));
      for (const [tree, expected] of Object.entries(trees)) {
        const events = await reader.events(tree);
        expect(events).toMatchObject({ kind: expected.kind, eventCount: expected.events });
        const unreadable = events.columns.filter(({ shape }) => shape === "unreadable");
        expect(events.columns.length - unreadable.length).toBe(expected.columns);
        expect(Object.fromEntries(unreadable.slice(0, 30).map(({ name, reason }) => [name, reason]))).toEqual(
          expected.unreadable ?? {},
        );
        for (const [column, value] of Object.entries(expected.sums)) {
          expect(sum(await events.read(column)), column).toBe(value);
        }
      }
    });
  }
});

describe("numbers known from elsewhere", () => {
  test("the sum of MET_px and the number of muons of the HZZ sample, however it is compressed", async () => {
    for (const variant of ["", "-lz4", "-zlib", "-zstd", "-uncompressed"]) {
      const events = await (await openRootFile(file(`uproot-HZZ${variant}.root`))).events();
      expect(sum(await events.read("MET_px"))).toBe(577.7299035903998);
      expect(numbers(await events.read("Muon_Px"))).toHaveLength(3825);
    }
  });

  test("the invariant mass in Zmumu follows from its four-vectors", async () => {
    const table = await readRoot([file("uproot-Zmumu.root")], {
      columns: ["E?", "px?", "py?", "pz?", "M"],
    });
    const { E1, E2, px1, px2, py1, py2, pz1, pz2, M } = table.columns as Record<string, Float64Array>;
    for (let i = 0; i < table.rowCount; i++) {
      const square =
        (E1![i]! + E2![i]!) ** 2 -
        (px1![i]! + px2![i]!) ** 2 -
        (py1![i]! + py2![i]!) ** 2 -
        (pz1![i]! + pz2![i]!) ** 2;
      expect(Math.sqrt(square)).toBeCloseTo(M![i]!, 3);
    }
  });

  test("NanoAOD holds the same numbers as its copy in Parquet, read by DuckDB", async () => {
    const golden = JSON.parse(readFileSync(join(folder, "../../golden/nano-dy-parquet.json"), "utf8")) as {
      columns: Record<string, [number, number]>;
    };
    const events = await (await openRootFile(file("nano_dy.root"))).events("Events");
    const shared = events.columns.filter(({ name }) => Object.hasOwn(golden.columns, name));
    expect(shared.length).toBeGreaterThan(1400);
    for (const { name } of shared) {
      const [count, expected] = golden.columns[name]!;
      const values = numbers(await events.read(name));
      expect(values.length, name).toBe(count);
      if (Number.isFinite(expected)) {
        expect(Math.abs(total(values) - expected), name).toBeLessThanOrEqual(
          1e-9 * Math.abs(expected) + 1e-9,
        );
      }
    }
  });

  test("an RNTuple of several groups of clusters has the events of all", async () => {
    const events = await (
      await openRootFile(file("test_multiple_cluster_groups_rntuple_v1-0-0-0.root"))
    ).events();
    const each = Array.from({ length: 1000 }, (_, i) => i);
    expect(numbers(await events.read("one"))).toEqual(each);
    expect(numbers(await events.read("int_vector"))).toEqual(each.flatMap((i) => [i, i + 1]));
    let last = -1;
    for await (const piece of events.pieces("one", 1)) {
      for (const value of numbers(piece)) expect(value).toBe(++last);
    }
    expect(last).toBe(999);
  });

  test("event numbers of 64 bits are exact", async () => {
    const table = await readRoot([file("test_splitint_rntuple_v1-0-1-0.root")]);
    const { int64 } = table.columns;
    expect(int64).toBeInstanceOf(BigInt64Array);
    expect([...(int64 as BigInt64Array)]).toContain(9223372036854775807n);
  });
});

describe("tables from ROOT files", () => {
  test("elements of vectors are columns, NaN where an event has too few, and their number is one too", async () => {
    const table = await readRoot([file("uproot-HZZ.root")], {
      columns: ["NMuon", "Muon_Px[0]", "Muon_P*[1]", "Muon_Px[]"],
    });
    expect(Object.keys(table.columns)).toEqual([
      "NMuon",
      "Muon_Px[0]",
      "Muon_Px[1]",
      "Muon_Px[]",
      "Muon_Py[1]",
      "Muon_Pz[1]",
    ]);
    const { NMuon, "Muon_Px[]": counts, "Muon_Px[0]": first } = table.columns as Record<string, Float32Array>;
    expect([...counts!]).toEqual([...NMuon!]);
    for (let i = 0; i < table.rowCount; i++) expect(Number.isNaN(first![i]!)).toBe(NMuon![i] === 0);
  });

  test("several files follow each other", async () => {
    const once = await readRoot([file("uproot-Zmumu.root")], { columns: ["M"] });
    const twice = await readRoot([file("uproot-Zmumu.root"), file("uproot-Zmumu-zstd.root")], {
      columns: ["M"],
    });
    expect([...(twice.columns.M as Float64Array)]).toEqual([
      ...(once.columns.M as Float64Array),
      ...(once.columns.M as Float64Array),
    ]);
  });
});

describe("what cannot be read is said in one sentence", () => {
  test("a vector without an element chosen", async () => {
    await expect(readRoot([file("uproot-HZZ.root")], { columns: ["Muon_Px"] })).rejects.toThrow(
      /"Muon_Px" has several values an event; choose elements, such as Muon_Px\[0\]/,
    );
    await expect(readRoot([file("uproot-HZZ.root")], { columns: ["Muon_Px"] })).rejects.toThrow(DataError);
  });
  test("a column, a tree or an object that is not there, with the nearest name", async () => {
    await expect(readRoot([file("uproot-HZZ.root")], { columns: ["MET_pz"] })).rejects.toThrow(
      UnknownNameError,
    );
    await expect(readRoot([file("uproot-HZZ.root")], { tree: "event" })).rejects.toThrow(/events/);
  });
  test("a file with several trees and none named", async () => {
    await expect(readRoot([file("uproot-nesteddirs.root")])).rejects.toThrow(
      /several trees: one\/two\/tree, one\/tree, three\/tree; name the one to read/,
    );
  });
  test("objects that are not split", async () => {
    await expect(readRoot([file("uproot-HZZ-objects.root")], { columns: ["MET"] })).rejects.toThrow(
      /"MET" cannot be read: objects of class TVector2/,
    );
  });
  test("no ROOT file, a missing one, one behind XRootD", async () => {
    await expect(openRootFile(join(folder, "../README.md"))).rejects.toThrow(FileFormatError);
    await expect(openRootFile(file("absent.root"))).rejects.toThrow(FileFormatError);
    await expect(openRootFile("root://eos.example//a.root")).rejects.toThrow(/xrdcp/);
  });
});

describe("a truncated or altered file is refused or read right, never wrong in silence", () => {
  for (const [name, unprotected] of [
    ["uproot-Zmumu-zlib.root", 0],
    // Baskets that compression would not make smaller are stored as they are, without a checksum.
    ["uproot-HZZ-lz4.root", 2],
    ["Run2012BC_DoubleMuParked_Muons_1000evts_rntuple_v1-0-0-0.root", 0],
  ] as const) {
    test(name, async () => {
      const whole = readFileSync(file(name));
      const right = await everything(file(name));
      const directory = await mkdtemp(join(tmpdir(), "lumin-root-"));
      let refused = 0;
      let unnoticed = 0;
      for (let i = 0; i < 24; i++) {
        const path = join(directory, `damaged-${i}.root`);
        const at = Math.floor((whole.length * (i + 0.5)) / 24);
        const damaged = i % 2 === 0 ? whole.subarray(0, at) : Buffer.from(whole);
        if (i % 2 === 1) damaged[at]! ^= 0x10;
        writeFileSync(path, damaged);
        try {
          if (!isDeepStrictEqual(await everything(path), right)) unnoticed++;
        } catch (error) {
          if (!(error instanceof FileFormatError || error instanceof DataError)) throw error;
          refused++;
        }
      }
      expect(refused).toBeGreaterThan(15);
      expect(unnoticed).toBeLessThanOrEqual(unprotected);
    });
  }
});

async function everything(path: string): Promise<BranchColumn[]> {
  const events = await (await openRootFile(path)).events();
  const columns: BranchColumn[] = [];
  for (const { name } of events.columns) columns.push(await events.read(name));
  return columns;
}
