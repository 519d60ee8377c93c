import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { Stream } from "../array/random.ts";
import { DiskStore, MemoryStore } from "./column-store.ts";
import { fitPipeline, type PipelineSpec } from "./pipeline.ts";
import { selectRows, type Table, tableOf } from "./table.ts";
import {
  chained,
  dealtTables,
  gatheredNumbers,
  storedTable,
  type TableSource,
  WholeTable,
  wholeTable,
} from "./table-source.ts";

const folder = mkdtempSync(join(tmpdir(), "lumin-source-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Events of all types of columns, with gaps. */
function events(count: number, seed: number): Table {
  const stream = new Stream(seed, "events");
  const draw = (): number => (stream.uniform() < 0.1 ? Number.NaN : 50 * stream.uniform() - 10);
  return tableOf({
    pt: Float64Array.from({ length: count }, draw),
    mass: Float32Array.from({ length: count }, draw),
    jets: Int32Array.from({ length: count }, () => stream.integer(4)),
    event: BigInt64Array.from({ length: count }, (_, i) => 2n ** 60n + BigInt(i)),
    kind: Array.from({ length: count }, () => ["b", "ü'", ""][stream.integer(2)]!),
  });
}

/** The table cut after so many rows each time. */
async function* cut(table: Table, length: number): AsyncGenerator<Table> {
  for (let start = 0; start < table.rowCount; start += length) {
    const end = Math.min(start + length, table.rowCount);
    yield selectRows(
      table,
      Int32Array.from({ length: end - start }, (_, i) => start + i),
    );
  }
}

const spec: PipelineSpec = {
  missing: [-999],
  transforms: [
    { kind: "fill", columns: ["mass"], with: "mean" },
    { kind: "quantile", columns: ["pt"], knots: 20 },
    { kind: "pca", columns: ["pt", "mass"] },
    { kind: "log", columns: ["jets"], shift: 1 },
  ],
  continuous: ["pc_*", "jets"],
  categorical: ["kind"],
  scaling: { pc_1: "robust" },
};

describe("a table in pieces", () => {
  it("comes back from memory and from disk as it was", async () => {
    const table = events(100, 1);
    for (const store of [new MemoryStore(), await DiskStore.create(folder)]) {
      const source = await storedTable(cut(table, 7), store);
      expect(source.rowCount).toBe(100);
      // Twice: it can be gone through again.
      expect(await wholeTable(source)).toEqual(table);
      expect(await wholeTable(source)).toEqual(table);
      expect(await gatheredNumbers(source, "pt")).toEqual(table.columns.pt);
      await store.remove();
    }
    expect(readdirSync(folder)).toEqual([]);
  });

  it("keeps groups of blocks apart", async () => {
    const store = await DiskStore.create(folder);
    for (let i = 0; i < 6; i++) await store.add({ x: Float64Array.of(i) }, i % 2);
    const odd: number[] = [];
    for await (const { x } of store.blocks(1)) odd.push(Number(x![0]));
    expect(odd).toEqual([1, 3, 5]);
    await store.remove();
  });

  it("is dealt to several stores, of which it leaves none behind; several sources one after the other", async () => {
    const table = events(50, 2);
    const store = await DiskStore.create(folder);
    await storedTable(cut(table, 8), store);
    const marks = Uint8Array.from({ length: 50 }, (_, i) => (i % 3 === 0 ? 1 : 0));
    const [rest, chosen] = (await dealtTables(store, marks, [new MemoryStore(), new MemoryStore()])) as [
      TableSource,
      TableSource,
    ];
    for (const left of [store, new MemoryStore()]) for await (const _ of left.drain()) expect.unreachable();
    await store.remove();
    const rows = [...marks.keys()];
    expect(await wholeTable(chosen)).toEqual(
      selectRows(
        table,
        rows.filter((row) => marks[row] === 1),
      ),
    );
    const both = chained([chosen, rest]);
    expect(both.rowCount).toBe(50);
    expect((await wholeTable(both)).columns.event).toEqual(
      selectRows(
        table,
        rows.sort((a, b) => marks[b]! - marks[a]! || a - b),
      ).columns.event,
    );
  });

  it("is dealt right where two names stand for one array", async () => {
    const pt = Float64Array.from({ length: 100 }, (_, i) => i);
    const store = new MemoryStore();
    await store.add({ pt, again: pt, part: pt.subarray(0) });
    const marks = Uint8Array.from({ length: 100 }, (_, i) => (i % 3 === 0 ? 1 : 0));
    const [rest] = await dealtTables(store, marks, [new MemoryStore(), new MemoryStore()]);
    const { columns } = await wholeTable(rest!);
    const expected = Array.from({ length: 100 }, (_, i) => i).filter((i) => i % 3 !== 0);
    for (const name of ["pt", "again", "part"]) expect([...columns[name]!]).toEqual(expected);
  });
});

describe("a pipeline", () => {
  it("is the same to the bit however the events are cut, with weights and without", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 30, max: 120 }),
        fc.integer({ min: 1, max: 60 }),
        fc.boolean(),
        async (count, length, isWeighted) => {
          const table = events(count, count);
          const stream = new Stream(count, "weights");
          const weights = isWeighted
            ? Float64Array.from({ length: count }, () => stream.uniform())
            : undefined;
          const whole = await fitPipeline(table, spec, { weights });
          const source = await storedTable(cut(table, length), new MemoryStore());
          expect(await fitPipeline(source, spec, { weights })).toEqual(whole);
        },
      ),
      { numRuns: 25 },
    );
  });

  it("refuses chosen rows of a table in pieces", async () => {
    const source = await storedTable(cut(events(20, 3), 5), new MemoryStore());
    await expect(fitPipeline(source, spec, { rows: [1, 2] })).rejects.toThrow("rows can be chosen of whole");
    const chosen = await fitPipeline(new WholeTable(events(50, 3)), spec, { rows: [...Array(40).keys()] });
    expect(chosen.continuous).toEqual(["pc_0", "pc_1", "jets"]);
  });
});
