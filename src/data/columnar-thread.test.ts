/** Columnar files that are read in a thread, from rows that stay in memory until then. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, afterEach, beforeEach, expect, test, vi } from "vitest";
import { scanColumnarInThread } from "./columnar-thread.ts";
import { type ScanLimits, scanColumnar } from "./read-columnar.ts";
import type { ReadTableOptions } from "./read-table.ts";
import { scanTable, TextBudget } from "./scan-table.ts";
import { concatenateTables, type Table } from "./table.ts";
import type { TableScan } from "./table-scan.ts";

const folder = mkdtempSync(join(tmpdir(), "lumin-columnar-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const put = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

let threads: Worker[] = [];
const notice = (thread: Worker) => void threads.push(thread);
beforeEach(() => {
  threads = [];
  process.on("worker", notice);
});
afterEach(() => void process.off("worker", notice));
const allThreadsEnd = () =>
  vi.waitFor(() => expect(threads.map(({ threadId }) => threadId)).toEqual(threads.map(() => -1)));

/** A file of so many rows: identifiers, numbers with gaps, fractions, short and long texts. */
function eventsFile(name: string, count: number, last: string = ""): string {
  const rows = Array.from({ length: count }, (_, i) => {
    const gap = i % 7 === 3 ? "" : i % 11;
    return `${i},${gap},${i / 8 - 999},${i % 2 ? "s" : "b"},"sample ${i % 5}, of five"`;
  });
  return put(name, `id,jets,mass,label,sample\n${rows.join("\n")}\n${last}`);
}

/** What a scan gives, or its error. */
async function outcome(open: () => Promise<TableScan>): Promise<unknown> {
  try {
    const scan = await open();
    const pieces: Table[] = [];
    for await (const piece of scan.pieces()) pieces.push(piece);
    return { rowCount: scan.rowCount, kinds: scan.kinds, table: concatenateTables(pieces) };
  } catch (error) {
    return { class: (error as Error).constructor.name, message: (error as Error).message };
  }
}

test("rows that stay in memory are those of a file that is read again", async () => {
  const cell = fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: -99, max: 99 }).map(String) },
    fc.constantFrom(
      "",
      "2147483647",
      "2147483648",
      "-2147483648",
      "9007199254740993",
      "9223372036854775808",
      "1e19",
      "1.5",
      "inf",
      "b",
    ),
  );
  let file = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 8 }),
      fc.constantFrom(undefined, "x IS NOT NULL", "y > 3"),
      async (rows, select) => {
        const text = `x,y,z\n${rows.map((row) => row.join(",")).join("\n")}\n`;
        const path = put(`any-${file++}.csv`, text);
        const of = (limits: ScanLimits) => outcome(() => scanColumnar(path, { select }, limits));
        const anew = await of({});
        expect(await of({ keep: true })).toEqual(anew);
        expect(await of({ keep: true, threadEnds: true })).toEqual(anew);
      },
    ),
    { numRuns: 20 },
  );
});

test.each<[string, string, ReadTableOptions]>([
  ["a CSV file of several pieces", eventsFile("pieces.csv", 200_000), {}],
  ["some columns and rows", eventsFile("some.csv", 5000), { columns: ["mass", "id"], select: "jets = 2" }],
  ["identifiers of 64 bits", eventsFile("wide.csv", 3000, "9007199254740993,1,2,s,last\n"), {}],
  ["whole numbers of more bits", eventsFile("wider.csv", 3000, "18446744073709551615,1,2,s,last\n"), {}],
  ["a gzip file", put("some.csv.gz", gzipSync("x,y\n1,2.5\n3,4.5\n")), {}],
  ["a text among numbers", eventsFile("text.csv", 30_000, "x,1,2,s,last\n"), { numbers: ["id"] }],
  ["a row that is cut off", eventsFile("short.csv", 30_000, "7\n"), {}],
  ["a column that is not there", eventsFile("absent.csv", 10), { columns: ["masss"] }],
  ["a selection that is none", eventsFile("select.csv", 10), { select: "mass >" }],
])("%s: the thread gives what is read without one, error or not", async (_, path, options) => {
  const here = await outcome(() => scanColumnar(path, options, { keep: true }));
  const there = await outcome(() => scanColumnarInThread(path, options, true));
  expect(there).toEqual(here);
  expect(threads).toHaveLength(1);
  await allThreadsEnd();
});

test("large files are read in threads, small ones without, and the pieces are the same", async () => {
  const large = eventsFile("large.csv", 450_000);
  const pieces: Table[] = [];
  for await (const piece of scanTable([large, large, join(folder, "some.csv")])) pieces.push(piece);
  expect(threads).toHaveLength(2);
  await allThreadsEnd();
  const table = concatenateTables(pieces);
  expect(table.rowCount).toBe(905_000);
  const [ids, labels] = [table.columns.id as Int32Array, table.columns.label as readonly string[]];
  expect([449_999, 450_000, 899_999, 900_000].map((row) => ids[row])).toEqual([449_999, 0, 449_999, 0]);
  expect([0, 1, 450_001].map((row) => labels[row])).toEqual(["b", "s", "s"]);
});

test.each([true, false])(
  "pieces can be asked for again at once, and left in the middle (rows kept: %s)",
  async (keep) => {
    const path = join(folder, "pieces.csv");
    const scan = await scanColumnarInThread(path, {}, keep);
    for await (const { columns } of scan.pieces()) {
      expect(columns.id![0]).toBe(0);
      break;
    }
    const counts = await Promise.all(
      [scan, await scanColumnarInThread(path, {}, keep), scan].map(async ({ pieces }) => {
        let count = 0;
        for await (const { rowCount } of pieces()) count += rowCount;
        return count;
      }),
    );
    expect(counts).toEqual([200_000, 200_000, 200_000]);
    await allThreadsEnd();
  },
);

test("text of more than 200 MB together, unpacked, is not kept", () => {
  const budget = new TextBudget();
  expect([150e6, 60e6, 50e6, 1].map((bytes) => budget.takes(bytes))).toEqual([true, false, true, false]);
});

test("a thread that is lost is told, and the next file has another one", async () => {
  const path = join(folder, "pieces.csv");
  const scan = await scanColumnarInThread(path, {}, true);
  await threads[0]!.terminate();
  const pieces = scan.pieces()[Symbol.asyncIterator]();
  await expect(pieces.next()).rejects.toThrow("the thread that reads the events has ended");
  expect(await outcome(() => scanColumnarInThread(path, {}, true))).toMatchObject({ rowCount: 200_000 });
  await allThreadsEnd();
});

/** What a program says that has our functions. */
function run(program: string): string {
  const url = (name: string) => new URL(`../../dist/data/${name}.js`, import.meta.url);
  const imports = `import { scanColumnarInThread } from "${url("columnar-thread")}";
    import { openTable } from "${url("index")}";
    const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    const [pieces, large] = ${JSON.stringify([join(folder, "pieces.csv"), join(folder, "large.csv")])};`;
  const words = ["--expose-gc", "--input-type=module", "-e", imports + program];
  const { status, stdout, stderr } = spawnSync(process.execPath, words, {
    timeout: 20_000,
    encoding: "utf8",
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return stdout;
}

test.each([0, 50, 100, 200])("a process that ends after %i ms of a look ends well", (ms) => {
  run(`void scanColumnarInThread(large, {}, true); await pause(${ms});`);
});

test("a process ends although pieces were left without a word, or never asked for", () => {
  run(`const scan = await openTable([large]);
    const iterator = scan.pieces()[Symbol.asyncIterator]();
    await iterator.next();`);
  run("globalThis.scan = await openTable([large]);");
});

test("a thread ends whose rows nobody can ask for any more", () => {
  const program = `let thread;
    process.on("worker", (worker) => { thread = worker; });
    await openTable([large, "${join(folder, "none.csv")}"]).catch(() => {});
    await openTable([large]).then(() => {});
    await pause(10);
    globalThis.gc();
    await pause(300);
    console.log(thread.threadId);`;
  expect(run(program)).toBe("-1\n");
});
