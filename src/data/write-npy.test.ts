import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readTable } from "./read-table.ts";
import type { Table } from "./table.ts";
import { writeTable } from "./write-table.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lumin-npy-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const table: Table = {
  rowCount: 3,
  columns: {
    "Muon_pt[0]": Float32Array.of(0.1, Number.NaN, -1.5),
    event: BigInt64Array.of(9007199254740993n, -1n, 2n ** 63n - 1n),
    run: Int32Array.of(1, -2, 2 ** 31 - 1),
    "it's": ["é𝛾", "", "background"],
    Größe: Float64Array.of(0.1, -0, Number.POSITIVE_INFINITY),
  },
};

const numpy = "/usr/bin/python3";
const hasNumpy =
  existsSync(numpy) &&
  (() => {
    try {
      execFileSync(numpy, ["-c", "import numpy"], { stdio: "ignore" });
      return true;
    } catch {
      return false;
    }
  })();

describe.each([".npy", ".npz"])("a table as %s", (ending) => {
  test.runIf(hasNumpy)("is opened by NumPy with the same types and values", async () => {
    const path = join(folder, `numpy${ending}`);
    await writeTable(path, table);
    const program = `import numpy as np, sys
t = np.load(sys.argv[1])
names = t.dtype.names if hasattr(t, "dtype") else t.files
for n in names: print(n, t[n].dtype.str, t[n].tolist())`;
    const printed = execFileSync(numpy, ["-c", program, path], {
      encoding: "utf8",
      env: { PYTHONIOENCODING: "utf8" },
    });
    expect(printed.trim().split("\n")).toEqual([
      "Muon_pt[0] <f4 [0.10000000149011612, nan, -1.5]",
      "event <i8 [9007199254740993, -1, 9223372036854775807]",
      "run <i4 [1, -2, 2147483647]",
      "it's <U10 ['é𝛾', '', 'background']",
      "Größe <f8 [0.1, -0.0, inf]",
    ]);
  });

  test("comes back with its names, in the same bytes each time, whatever the sizes", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.double(), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })), {
          minLength: 1,
        }),
        fc.string({ minLength: 1, unit: "grapheme" }).filter((name) => !/[\0\\/]/.test(name)),
        async (rows, name) => {
          const columns = {
            [name]: Float64Array.from(rows, ([x]) => x),
            [`${name}2`]: BigInt64Array.from(rows, ([, n]) => n),
          };
          const path = join(folder, `property${ending}`);
          await writeTable(path, { rowCount: rows.length, columns });
          const bytes = await readFile(path);
          expect((await readTable([path])).columns).toEqual(columns);
          await writeTable(path, { rowCount: rows.length, columns });
          expect(await readFile(path)).toEqual(bytes);
        },
      ),
      { numRuns: 30 },
    );
  });

  test("of more than one piece is whole", async () => {
    const count = 140_000;
    const columns = {
      n: Int32Array.from({ length: count }, (_, i) => i),
      x: Float64Array.from({ length: count }, (_, i) => Math.sqrt(i)),
    };
    const path = join(folder, `large${ending}`);
    await writeTable(path, { rowCount: count, columns });
    expect((await readTable([path])).columns).toEqual(columns);
  });
});
