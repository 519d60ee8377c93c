import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { withDuckDB } from "./duckdb.ts";
import { readColumnNames, readTable } from "./read-table.ts";
import { tableOf } from "./table.ts";
import { writeTable } from "./write-table.ts";

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
  folder = await mkdtemp(join(tmpdir(), "lumin-read-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("readTable", () => {
  test("reads the Higgs sample with its types", async () => {
    const { rowCount, columns } = await readTable([sample]);
    expect(rowCount).toBe(18_000);
    expect(Object.keys(columns)).toHaveLength(35);
    expect(columns.EventId).toBeInstanceOf(Int32Array);
    expect(columns.DER_mass_MMC).toBeInstanceOf(Float64Array);
    expect(columns.DER_mass_MMC![0]).toBe(138.47);
    expect(columns.Label!.slice(0, 3)).toEqual(["s", "b", "b"]);
    expect((columns.Label as string[]).filter((label) => label === "s")).toHaveLength(6136);
  });

  test("chooses columns by name and glob in the order asked for, and rows by SQL", async () => {
    const { rowCount, columns } = await readTable([sample], {
      columns: ["Label", "PRI_tau_*", "EventId"],
      select: "Label = 's' AND PRI_jet_num = 2",
    });
    expect(Object.keys(columns)).toEqual(["Label", "PRI_tau_pt", "PRI_tau_eta", "PRI_tau_phi", "EventId"]);
    expect(rowCount).toBeGreaterThan(1000);
    expect(new Set(columns.Label as string[])).toEqual(new Set(["s"]));
  });

  test("keeps the order of the rows, in a file large enough for several threads too", async () => {
    const count = 400_000;
    const lines = ["id,x"];
    for (let i = 0; i < count; i++) lines.push(`${i},${i / 8}`);
    const path = await put("ordered.csv", `${lines.join("\n")}\n`);
    const { columns } = await readTable([path, path], { select: "id % 7 <> 3" });
    const id = columns.id as Int32Array;
    let previous = -1;
    let restarts = 0;
    for (let i = 0; i < id.length; i++) {
      if (id[i]! <= previous) restarts++;
      previous = id[i]!;
      if (columns.x![i] !== id[i]! / 8) throw new Error("a row was torn apart");
    }
    expect(restarts).toBe(1);
  });

  test("keeps 64-bit integers exact and small ones small", async () => {
    const path = await put("ids.csv", "id,n,gap\n9007199254740993,1,1\n-9223372036854775807,-5,\n");
    const { columns } = await readTable([path]);
    expect(columns.id).toEqual(new BigInt64Array([9007199254740993n, -9223372036854775807n]));
    expect(columns.n).toEqual(new Int32Array([1, -5]));
    expect(columns.gap).toEqual(new Float64Array([1, Number.NaN]));
  });

  test("keeps whole numbers of more than 64 bits exact, as text, where they are not asked for as numbers", async () => {
    const rows = [
      "id,x,y",
      "18446744073709551615,1e30,18446744073709551615",
      "18446744073709551614,2e30,0.5",
      ",3,4",
    ];
    const path = await put("wide.csv", rows.join("\n"));
    const { columns } = await readTable([path]);
    expect(columns.id).toEqual(["18446744073709551615", "18446744073709551614", ""]);
    expect(columns.x).toEqual(Float64Array.of(1e30, 2e30, 3));
    expect(columns.y).toEqual(Float64Array.of(2 ** 64, 0.5, 4));
    const asNumbers = await readTable([path], { numbers: ["id"] });
    expect(asNumbers.columns.id).toEqual(Float64Array.of(2 ** 64, 2 ** 64, Number.NaN));
    const late = `id\n${"7\n".repeat(30_000)}18446744073709551614\n`;
    const found = (await readTable([await put("late.csv", late)])).columns.id as string[];
    expect([found[0], found.at(-1)]).toEqual(["7", "18446744073709551614"]);
    const parquet = join(folder, "wide.parquet");
    await withDuckDB(async (connection) => {
      await connection.run(
        `COPY (SELECT 18446744073709551614::UBIGINT AS id, 5::UBIGINT AS small) TO '${parquet}' (FORMAT parquet)`,
      );
    });
    const stored = await readTable([parquet]);
    expect(stored.columns).toEqual({ id: ["18446744073709551614"], small: BigInt64Array.of(5n) });
  });

  test("loses no row where the trouble is far down", async () => {
    const rows = Array.from({ length: 30_000 }, (_, i) => `${i},${i / 4},${i % 3}`);
    const end = (last: string) => put("end.csv", `id,x,n\n${rows.join("\n")}\n${last}\n`);
    const { rowCount, columns } = await readTable([await end("30000,1,1.5")]);
    expect(rowCount).toBe(30_001);
    expect([columns.n![1], columns.n![30_000]]).toEqual([1, 1.5]);
    const short = await end("7");
    await expect(readTable([short])).rejects.toThrow(`"${short}", line 30002: expected 3 cells, found 1.`);
    const text = await end("x,1,2");
    await expect(readTable([text])).rejects.toThrow(
      `"${text}", row 30001 (line 30002): the column "id" holds numbers, but here it is the text "x".`,
    );
  });

  test("reads a column of numbers whose cells are all empty as missing", async () => {
    const path = await put("empty-cells.csv", "id,x,y\n1,,2.5\n2,,\n");
    const { columns } = await readTable([path], { numbers: ["x", "y"] });
    expect(columns.x).toEqual(new Float64Array([Number.NaN, Number.NaN]));
    const header = await put("header.csv", "id,x\n");
    await expect(readTable([header], { numbers: ["x"] })).rejects.toThrow(
      "there are no events, only a header",
    );
  });

  test("reads TSV, gzip, Parquet and several files alike", async () => {
    const plain = await put("a.csv", 'x,name\n1.5,"a, ""b"""\n-2,c\n');
    const tabbed = await put("a.tsv.gz", gzipSync('x\tname\n1.5\t"a, ""b"""\n-2\tc\n'));
    const parquet = join(folder, "a.parquet");
    const expected = { rowCount: 2, columns: { x: new Float64Array([1.5, -2]), name: ['a, "b"', "c"] } };
    await writeTable(parquet, expected);
    for (const path of [plain, tabbed, parquet]) expect(await readTable([path])).toEqual(expected);
    const all = await readTable([plain, tabbed, parquet]);
    expect(all.rowCount).toBe(6);
    expect(all.columns.name).toEqual(['a, "b"', "c", 'a, "b"', "c", 'a, "b"', "c"]);
    expect(await readColumnNames(parquet)).toEqual(["x", "name"]);
  });

  test("takes the wider type where the first rows are whole numbers and later ones are not", async () => {
    const rows = Array.from({ length: 30_000 }, (_, i) => (i === 29_000 ? "0.5" : String(i)));
    const path = await put("late.csv", `x\n${rows.join("\n")}\n`);
    const { columns } = await readTable([path]);
    expect(columns.x![29_000]).toBe(0.5);
    expect(columns.x![29_999]).toBe(29_999);
  });
});

describe("readTable says what is wrong with", () => {
  const message = async (paths: string[], options = {}): Promise<string> => {
    try {
      await readTable(paths, options);
    } catch (error) {
      return `${(error as Error).name}: ${(error as Error).message.replaceAll(folder, "…")}`;
    }
    return "no error";
  };

  test("a missing file, a folder, an empty file, a wrong kind of file", async () => {
    expect(await message([join(folder, "no.csv")])).toBe('FileFormatError: "…/no.csv" does not exist.');
    expect(await message([folder])).toBe('FileFormatError: "…" is a folder, a file is needed.');
    expect(await message([await put("empty.csv", "")])).toBe('FileFormatError: "…/empty.csv" is empty.');
    expect(await message([await put("a.root", "root")])).toBe(
      'FileFormatError: "…/a.root" is truncated: it has 4 bytes.',
    );
    expect(await message([await put("b.parquet", "PAR1 but no more")])).toMatch(
      /^FileFormatError: "…\/b.parquet" is not an intact Parquet file: /,
    );
  });

  test("a wrong column, with the nearest name", async () => {
    const path = await put("c.csv", "jet_pt,mass\n1,2\n");
    expect(await message([path], { columns: ["jet_tp"] })).toBe(
      'UnknownNameError: column of "…/c.csv" "jet_tp" is not known. Did you mean "jet_pt"? Known: jet_pt, mass.',
    );
    expect(await message([path], { select: "mas > 1" })).toBe(
      'UnknownNameError: selection mas > 1: column "mas" is not known. Did you mean "mass"? Known: jet_pt, mass.',
    );
  });

  test("text in a column of numbers: file, line and value, early, late and where the column is listed", async () => {
    const early = await put("early.csv", "x,y\n1,2\n3,oops\n5,6\n");
    expect(await message([early])).toBe(
      'DataError: "…/early.csv", row 2 (line 3): the column "y" holds numbers, but here it is the text "oops".',
    );
    const rows = Array.from({ length: 30_000 }, (_, i) => (i === 28_999 ? "n/a" : String(i)));
    expect(await message([await put("late2.csv", `x\n${rows.join("\n")}\n`)])).toBe(
      'DataError: "…/late2.csv", row 29000 (line 29001): the column "x" holds numbers, but here it is the text "n/a".',
    );
    const words = await put("words.csv", "x\na\nb\n");
    expect(await message([words])).toBe("no error");
    expect(await message([words], { numbers: ["x"] })).toBe(
      'DataError: "…/words.csv", row 1 (line 2): the column "x" holds numbers, but here it is the text "a".',
    );
    expect((await readTable([early], { texts: ["y"] })).columns.y).toEqual(["2", "oops", "6"]);
  });

  test("a row of another length", async () => {
    expect(await message([await put("ragged.csv", "x,y\n1,2\n3\n4,5\n")])).toBe(
      'DataError: "…/ragged.csv", line 3: expected 2 cells, found 1.',
    );
  });

  test("a truncated or damaged gzip file, even if only the last bytes are gone", async () => {
    const bytes = await readFile(sample);
    const truncated = "is truncated: the file ends before its data does. Copy or download it again.";
    for (const length of [bytes.length >> 1, bytes.length - 6]) {
      const path = await put("cut.csv.gz", bytes.subarray(0, length));
      expect(await message([path])).toBe(`FileFormatError: "…/cut.csv.gz" ${truncated}`);
    }
    const damaged = Uint8Array.from(bytes);
    damaged[bytes.length >> 1]! ^= 0x55;
    expect(await message([await put("bad.csv.gz", damaged)])).toBe(
      'FileFormatError: "…/bad.csv.gz" is not an intact gzip file. Copy or download it again.',
    );
    expect(await message([await put("not.csv.gz", "x\n1\n")])).toBe(
      'FileFormatError: "…/not.csv.gz" is named .gz but is not a gzip file.',
    );
  });

  test("a selection that nothing passes, is not SQL, or compares what cannot be compared", async () => {
    const path = await put("d.csv", "x,label\n1,s\n2,b\n");
    expect(await message([path], { select: "x > 5" })).toBe(
      'DataError: no event of "…/d.csv" passes the selection x > 5.',
    );
    expect(await message([path], { select: "x >" })).toMatch(/^ConfigurationError: selection x >: /);
    expect(await message([path], { select: "label > 3" })).toMatch(
      /^ConfigurationError: selection label > 3: /,
    );
    expect(await message([await put("header.csv", "x,y\n")])).toBe(
      'DataError: "…/header.csv": there are no events, only a header.',
    );
  });

  test("files that do not fit together", async () => {
    const first = await put("p.csv", "x,y\n1,2\n");
    expect(await message([first, await put("q.csv", "x\n1\n")])).toBe(
      'UnknownNameError: column of "…/q.csv" "y" is not known. Did you mean "x"? Known: x.',
    );
    expect(await message([first, await put("r.csv", "x,y\n1,a\n")])).toBe(
      'DataError: the column "y" holds numbers in "…/p.csv" and text in "…/r.csv".',
    );
  });

  test("a table of unequal columns", () => {
    expect(() => tableOf({ a: ["x"], b: new Float64Array(2) })).toThrow(
      'tableOf: the columns must be equally long, but "a" has 1 value and "b" has 2.',
    );
  });
});
