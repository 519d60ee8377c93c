import { readdirSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { kindOf } from "./column-kind.ts";
import { withDuckDB } from "./duckdb.ts";
import { type ReadTableOptions, readTable } from "./read-table.ts";
import { holdsEvents, openRootFile } from "./root/root-file.ts";
import { openTable, scanTable } from "./scan-table.ts";
import { concatenateTables, type Table, tableOf } from "./table.ts";
import { writeTable } from "./write-table.ts";

const data = new URL("../../test/data", import.meta.url).pathname;
const sample = new URL(
  "../../examples/higgs/data/atlas-higgs-challenge-2014-v2.first18000.csv.gz",
  import.meta.url,
).pathname;
let folder: string;
const put = async (name: string, content: string | Uint8Array): Promise<string> => {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
};
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lumin-scan-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What reading gives: the table, or the sentence of the error. */
async function outcome(read: () => Promise<Table>): Promise<Table | string> {
  try {
    return await read();
  } catch (error) {
    return String(error);
  }
}

async function gather(
  paths: readonly string[],
  options: ReadTableOptions,
  pieceRows: number,
): Promise<Table> {
  const pieces: Table[] = [];
  for await (const piece of scanTable(paths, { ...options, pieceRows })) pieces.push(piece);
  for (const [i, piece] of pieces.entries()) {
    if (i < pieces.length - 1) expect(piece.rowCount).toBe(pieceRows);
    expect(Object.entries(piece.columns).map(([name, column]) => [name, kindOf(column)])).toEqual(
      Object.entries(pieces[0]!.columns).map(([name, column]) => [name, kindOf(column)]),
    );
  }
  return concatenateTables(pieces);
}

/** The scan says the same as `readTable`, in pieces of that length. */
async function expectSame(
  paths: readonly string[],
  options: ReadTableOptions,
  pieceRows: number,
): Promise<void> {
  const [whole, pieces] = [
    await outcome(() => readTable(paths, options)),
    await outcome(() => gather(paths, options, pieceRows)),
  ];
  if (typeof whole === "string" || typeof pieces === "string") {
    expect(pieces).toEqual(whole);
    return;
  }
  expect([pieces.rowCount, Object.keys(pieces.columns)]).toEqual([
    whole.rowCount,
    Object.keys(whole.columns),
  ]);
  const differing = Object.keys(whole.columns).filter(
    (name) => !isDeepStrictEqual(pieces.columns[name], whole.columns[name]),
  );
  expect(differing).toEqual([]);
}

describe("scanTable gives the table of readTable in pieces", () => {
  test("of a CSV file whose numbers, gaps and texts are anywhere", async () => {
    const cell = fc.oneof(
      { weight: 8, arbitrary: fc.integer({ min: -99, max: 99 }).map(String) },
      fc.constantFrom(
        "",
        "2147483648",
        "9007199254740993",
        "18446744073709551615",
        "1.5",
        "-0.0",
        "nan",
        "inf",
        "7 ",
        "b",
        '"c, d"',
      ),
    );
    let file = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(cell, cell, fc.constantFrom("s", "b", "")), { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 13 }),
        async (rows, pieceRows) => {
          const path = await put(
            `any-${file++}.csv`,
            `x,y,label\n${rows.map((row) => row.join(",")).join("\n")}\n`,
          );
          await expectSame([path], {}, pieceRows);
          await expectSame([path], { select: "label = 's'" }, pieceRows);
        },
      ),
      { numRuns: 15 },
    );
  });

  test("of files larger than what types are told from", async () => {
    const rows = Array.from({ length: 30_000 }, (_, i) => `${i},${i / 4},${i % 3}`);
    const late = (name: string, last: string) => put(name, `id,x,n\n${rows.join("\n")}\n${last}\n`);
    const files = [
      await late("plain.csv", "30000,1,2"),
      await late("gap.csv", "30000,,"),
      await late("half.csv", "30000,1,1.5"),
      await late("wide.csv", "9007199254740993,1,2"),
      await late("wider.csv", "18446744073709551615,1,2"),
      await late("text.csv", "x,1,2"),
      await late("short.csv", "7"),
    ];
    for (const file of files) await expectSame([file], {}, 4096);
    await expectSame([files[0]!], { select: "n = 1", columns: ["x", "id"] }, 1000);
    await expectSame([files[0]!], { select: "n = 5" }, 1000);
    await expectSame([files[0]!], { select: "m = 5" }, 1000);
    // The kinds of the one must hold the values of the other.
    await expectSame([files[0]!, files[1]!, files[2]!], {}, 50_000);
    await expectSame([files[0]!, files[3]!], {}, 50_000);
  });

  test("of gzip, Parquet and JSON files", async () => {
    await expectSame([sample], {}, 7000);
    await expectSame([sample], { select: "Label = 's'", columns: ["PRI_*", "Label"] }, 999);
    const parquet = join(folder, "t.parquet");
    const json = join(folder, "t.json");
    await withDuckDB(async (connection) => {
      const rows = `SELECT i::INTEGER AS small, CASE WHEN i <> 77 THEN i END AS gaps, i / 8 AS x, (i / 4)::FLOAT AS single,
        9007199254740993 + i AS wide, i % 2 = 0 AS even, 'é' || i AS name FROM range(5000) t(i)`;
      await connection.run(`COPY (${rows}) TO '${parquet}' (FORMAT parquet, ROW_GROUP_SIZE 2048)`);
      await connection.run(`COPY (${rows}) TO '${json}' (FORMAT json)`);
    });
    for (const file of [parquet, json]) {
      await expectSame([file], {}, 1024);
      await expectSame([file], { select: "gaps > 70" }, 64);
      await expectSame([file, sample], {}, 64);
    }
  });
});

describe("scanTable of", () => {
  const files = readdirSync(join(data, "root"));
  test.each(files)(
    "%s",
    async (name) => {
      const file = join(data, "root", name);
      const trees = (await openRootFile(file)).entries.filter(holdsEvents);
      for (const { name: tree } of trees) {
        const { columns, eventCount } = await (await openRootFile(file)).events(tree);
        // One has no events, and two have a hundred million.
        if (eventCount === 0 || eventCount > 1e6) continue;
        const several = columns.filter(({ shape }) => shape === "ragged").slice(0, 5);
        const elements = several.flatMap(({ name }) => [`${name}[0]`, `${name}[]`]);
        await expectSame([file], { tree, elements }, Math.max(300, Math.ceil(eventCount / 3)));
      }
    },
    20_000,
  );
  test.each(readdirSync(join(data, "tables")))("%s", async (name) => {
    const file = join(data, "tables", name);
    await expectSame([file], {}, 2);
    await expectSame([file], { select: "event > 2" }, 2);
    await expectSame([file], { columns: ["jets*", "pt"] }, 2);
  });
  test("HDF5 and NPY files that are longer than a piece", async () => {
    const count = 70_000;
    const table = tableOf({
      id: BigInt64Array.from({ length: count }, (_, i) => 2n ** 60n + BigInt(i)),
      x: Float32Array.from({ length: count }, (_, i) => i / 3),
      n: Int32Array.from({ length: count }, (_, i) => i % 5),
      text: Array.from({ length: count }, (_, i) => "é".repeat(i % 4)),
    });
    for (const ending of ["h5", "npy", "npz"]) {
      const path = join(folder, `long.${ending}`);
      await writeTable(path, table);
      await expectSame([path], {}, 30_000);
      await expectSame([path], { select: "n = 4", columns: ["n", "id"] }, 10_000);
      await expectSame([path], { select: "n = 9" }, 10_000);
    }
  });
  test("ROOT files with rows chosen by SQL, of several files", async () => {
    const [zlib, zstd] = ["zlib", "zstd"].map((kind) => join(data, `root/uproot-HZZ-${kind}.root`));
    await expectSame([zlib!, zstd!], { select: "NMuon > 1", elements: ["Muon_Px[1]"] }, 1000);
    await expectSame([zlib!, zstd!], { columns: ["NMuon", "Muon_Px[0]"] }, 1000);
    await expectSame([zlib!], { select: "NMuon > 100" }, 1000);
    await expectSame([zlib!], { select: "NMoun > 100" }, 1000);
    await expectSame([zlib!], { columns: ["Muon_Px"] }, 1000);
    await expectSame([zlib!], { columns: ["NMuon[0]"] }, 1000);
  });
});

describe("openTable", () => {
  test("tells the number of rows and the kinds, and begins anew each time", async () => {
    const scan = await openTable([sample], { columns: ["EventId", "DER_mass_MMC", "Label"] });
    expect(scan.rowCount).toBe(18_000);
    expect(scan.kinds).toEqual({ EventId: "int32", DER_mass_MMC: "float64", Label: "text" });
    for (let round = 0; round < 2; round++) {
      for await (const { rowCount, columns } of scan.pieces()) {
        expect(rowCount).toBe(18_000);
        expect(columns.EventId![0]).toBe(100_000);
        break;
      }
    }
  });

  test("refuses pieces of no row", async () => {
    await expect(openTable([sample], { pieceRows: 0 })).rejects.toThrow(
      "scanTable: pieceRows must be a whole number from 1, got 0.",
    );
  });
});
