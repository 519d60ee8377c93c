import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeFoldFile } from "./fold-file.ts";
import { openHdf5 } from "./hdf5.ts";
import { float32Text, float64Text } from "./number-text.ts";
import { readTable } from "./read-table.ts";
import { selectRows, type Table } from "./table.ts";
import { tableFormats, writeTable, writeTablePieces } from "./write-table.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lumin-write-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const table: Table = {
  rowCount: 4,
  columns: {
    EventId: new BigInt64Array([9007199254740993n, -1n, 0n, 2n ** 62n]),
    run: new Int32Array([1, -2, 3, 2147483647]),
    pred: new Float32Array([0.1, 1e-30, Number.NaN, 16777217]),
    mass: new Float64Array([0.1, -1 / 3, Number.NaN, 1e300]),
    label: ["s", 'a "b", c', "", "dé"],
  },
};

describe("writeTable", () => {
  test.each([".csv", ".parquet", ".npy", ".npz"])("%s reads back exactly", async (ending) => {
    const path = join(folder, `t${ending}`);
    await writeTable(path, table);
    const back = await readTable([path]);
    expect(Object.keys(back.columns)).toEqual(Object.keys(table.columns));
    expect(back.columns.EventId).toEqual(table.columns.EventId);
    expect(back.columns.run).toEqual(table.columns.run);
    expect(back.columns.mass).toEqual(table.columns.mass);
    expect(back.columns.label).toEqual(table.columns.label);
    expect(Float32Array.from(back.columns.pred as Float32Array)).toEqual(table.columns.pred);
  });

  test(".h5 reads back exactly", async () => {
    const path = join(folder, "t.h5");
    await writeTable(path, table);
    const file = await openHdf5(path, "r");
    for (const [name, column] of Object.entries(table.columns)) expect(file.read(name)).toEqual(column);
    file.close();
  });

  test("writes the same bytes for the same table, and leaves no other file", async () => {
    const own = join(folder, "same");
    await mkdir(own);
    for (const name of ["a.csv", "b.csv"]) await writeTable(join(own, name), table);
    expect(await readFile(join(own, "a.csv"))).toEqual(await readFile(join(own, "b.csv")));
    expect(await readFile(join(own, "a.csv"), "utf8")).toBe(
      'EventId,run,pred,mass,label\n9007199254740993,1,0.1,0.1,s\n-1,-2,1e-30,-0.3333333333333333,"a ""b"", c"\n0,3,,,\n4611686018427387904,2147483647,16777216,1e+300,dé\n',
    );
    expect(readdirSync(own).sort()).toEqual(["a.csv", "b.csv"]);
  });

  test("says what is wrong with the place or the name", async () => {
    await expect(writeTable(join(folder, "no", "x.csv"), table)).rejects.toThrow(
      `"${folder}/no/x.csv" could not be written: the folder "${folder}/no" does not exist.`,
    );
    await expect(writeTable(join(folder, "no", "x.h5"), table)).rejects.toThrow(
      `"${folder}/no/x.h5" could not be written: the folder "${folder}/no" does not exist.`,
    );
    await expect(writeTable(join(folder, "no", "x.parquet"), table)).rejects.toThrow(
      `"${folder}/no/x.parquet" could not be written: the folder "${folder}/no" does not exist.`,
    );
    await expect(writeTable(join(folder, "x.txt"), table)).rejects.toThrow(
      `"${folder}/x.txt": a table is written as .csv, .parquet, .h5, .hdf5, .npy, .npz, by the file's ending.`,
    );
  });
});

describe("writeTablePieces", () => {
  const count = 40_000;
  const long: Table = {
    rowCount: count,
    columns: {
      id: BigInt64Array.from({ length: count }, (_, i) => 2n ** 60n + BigInt(i)),
      x: Float64Array.from({ length: count }, (_, i) => (i % 7 === 0 ? Number.NaN : i / 3)),
      single: Float32Array.from({ length: count }, (_, i) => Math.fround(i / 7)),
      n: Int32Array.from({ length: count }, (_, i) => i - 7),
      text: Array.from({ length: count }, (_, i) => ["", 'a "b", c', "dé\n", "x".repeat(i % 31)][i % 4]!),
    },
  };
  async function* piecesOf(rows: number): AsyncGenerator<Table> {
    for (let start = 0; start < count; start += rows) {
      const indices = Array.from({ length: Math.min(rows, count - start) }, (_, i) => start + i);
      yield selectRows(long, indices);
    }
  }

  test.each(tableFormats)("%s is the file of the whole table", async (ending) => {
    const own = join(folder, `pieces${ending}`);
    await mkdir(own);
    await writeTablePieces(join(own, `t${ending}`), piecesOf(9999));
    const back = await readTable([join(own, `t${ending}`)]);
    expect(Object.keys(back.columns).sort()).toEqual(Object.keys(long.columns).sort());
    for (const [name, column] of Object.entries(long.columns)) {
      const found = back.columns[name]!;
      // CSV has no single precision.
      const same = name === "single" && ending === ".csv" ? Float32Array.from(found as Float64Array) : found;
      expect(isDeepStrictEqual(same, column) || name).toBe(true);
    }
    expect(readdirSync(own)).toEqual([`t${ending}`]);
  });

  test("as CSV and Parquet has the same bytes, however the pieces are cut", async () => {
    for (const ending of [".csv", ".parquet"]) {
      await writeTable(join(folder, `whole${ending}`), long);
      await writeTablePieces(join(folder, `cut${ending}`), piecesOf(12_345));
      const [whole, cut] = await Promise.all(
        ["whole", "cut"].map((name) => readFile(join(folder, `${name}${ending}`))),
      );
      expect(cut!.equals(whole!)).toBe(true);
    }
  });

  test.each(tableFormats)(
    "%s leaves nothing behind where the pieces fail, and an earlier file as it was",
    async (ending) => {
      const own = join(folder, `fails${ending}`);
      await mkdir(own);
      await writeFile(join(own, `t${ending}`), "earlier");
      const failing = async function* () {
        yield selectRows(long, [1, 2]);
        throw new Error("no more");
      };
      await expect(writeTablePieces(join(own, `t${ending}`), failing())).rejects.toThrow("no more");
      expect(readdirSync(own)).toEqual([`t${ending}`]);
      expect(await readFile(join(own, `t${ending}`), "utf8")).toBe("earlier");
    },
  );
});

describe("a full disk", () => {
  let disk: string;
  let mounted = false;
  beforeAll(async () => {
    disk = join(folder, "disk");
    await mkdir(disk);
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", disk], { stdio: "ignore" });
      mounted = true;
    } catch {
      // Only root may mount.
    }
  });
  afterAll(() => {
    if (mounted) execFileSync("umount", ["-l", disk]);
  });

  const why = "a full disk needs the right to mount a tmpfs";

  test.for(["csv", "parquet", "h5"])(
    "is one sentence for .%s, and no half file stays",
    async (ending, context) => {
      if (!mounted) context.skip(why);
      const values = new Float64Array(100_000);
      for (let i = 0; i < values.length; i++) values[i] = Math.sin(i) * 1e3;
      const path = join(disk, `big.${ending}`);
      await writeFile(path, "earlier");
      await expect(writeTable(path, { rowCount: values.length, columns: { x: values } })).rejects.toThrow(
        `"${path}" could not be written: the disk is full. Nothing was left behind; free some space and try again.`,
      );
      expect(readdirSync(disk)).toEqual([`big.${ending}`]);
      expect(await readFile(path, "utf8")).toBe("earlier");
      await rm(path);
      expect(existsSync(path)).toBe(false);
    },
  );

  test("is the same sentence for a fold file", async (context) => {
    if (!mounted) context.skip(why);
    const path = join(disk, "folds.h5");
    const features = new Float32Array(200_000).fill(0.5);
    await expect(
      writeFoldFile(path, {
        folds: [Int32Array.from({ length: 200_000 }, (_, i) => i)],
        features,
        continuousFeatures: ["x"],
        categoricalFeatures: [],
        categories: [],
        targetFeatures: ["y"],
        targets: features,
      }),
    ).rejects.toThrow(
      `"${path}" could not be written: the disk is full. Nothing was left behind; free some space and try again.`,
    );
    expect(readdirSync(disk)).toEqual([]);
  });
});

describe("numbers as text", () => {
  test("give the same number back", () => {
    fc.assert(fc.property(fc.float(), (x) => Object.is(Math.fround(parsed(float32Text(x))), x)));
    fc.assert(fc.property(fc.double(), (x) => Object.is(parsed(float64Text(x)), x)));
  });
});

function parsed(text: string): number {
  if (text === "") return Number.NaN;
  if (text.endsWith("inf")) return text.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return Number(text);
}
