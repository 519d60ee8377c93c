import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Joiner, joinTables } from "./join-tables.ts";
import { selectRows, tableOf } from "./table.ts";

const events = tableOf({
  run: Int32Array.of(1, 1, 2, 2),
  event: BigInt64Array.of(2n ** 60n, 2n ** 60n + 1n, 2n ** 60n, 7n),
  pt: Float32Array.of(10, 20, 30, 40),
});
const friend = tableOf({
  // The same numbers in other types: whole numbers as doubles, long ones as text.
  run: Float64Array.of(2, 1, 1, 3),
  event: [String(2n ** 60n), String(2n ** 60n + 1n), String(2n ** 60n), "7"],
  score: Float32Array.of(0.3, 0.2, 0.1, 0.9),
  tag: ["c", "b", "a", "z"],
  n: Int32Array.of(3, 2, 1, 9),
});
const on = ["run", "event"];

describe("joinTables", () => {
  test("finds partners by exact 64-bit keys, whatever their columns' types, in the order of the events", () => {
    const { rowCount, columns } = joinTables(events, friend, { on });
    expect(rowCount).toBe(3);
    expect(Object.keys(columns)).toEqual(["run", "event", "pt", "score", "tag", "n"]);
    expect(columns.event).toEqual(events.columns.event!.slice(0, 3));
    expect(columns.score).toEqual(Float32Array.of(0.1, 0.2, 0.3));
    expect(columns.tag).toEqual(["a", "b", "c"]);
    expect(columns.n).toEqual(Int32Array.of(1, 2, 3));
  });

  test("keeps events without a partner when left, with their columns missing", () => {
    const { columns } = joinTables(events, friend, {
      on,
      kind: "left",
      prefix: "f_",
      columns: ["s*", "tag", "n"],
    });
    expect(columns.pt).toBe(events.columns.pt);
    expect(columns.f_score).toEqual(Float32Array.of(0.1, 0.2, 0.3, Number.NaN));
    expect(columns.f_tag).toEqual(["a", "b", "c", ""]);
    expect(columns.f_n).toEqual(Float64Array.of(1, 2, 3, Number.NaN));
    const long = tableOf({
      run: Int32Array.of(1),
      event: BigInt64Array.of(2n ** 60n),
      id: BigInt64Array.of(2n ** 60n + 1n),
    });
    expect(() => joinTables(events, long, { on, kind: "left" })).toThrow(
      'column "id": the integer 1152921504606846977 in row 1 does not fit a floating-point number exactly',
    );
  });

  test("takes keys of other names, and rows as they stand without keys", () => {
    const other = tableOf({ number: Int32Array.of(4, 3), x: Int32Array.of(44, 33) });
    const numbered = tableOf({ id: BigInt64Array.of(3n, 4n, 3n) });
    expect(joinTables(numbered, other, { on: { id: "number" } }).columns.x).toEqual(
      Int32Array.of(33, 44, 33),
    );
    expect(joinTables(other, tableOf({ y: Int32Array.of(1, 2) })).columns.y).toEqual(Int32Array.of(1, 2));
  });

  test("says what does not fit", () => {
    const twice = selectRows(friend, [0, 1, 1]);
    expect(() => joinTables(events, twice, { on, labels: ["events", '"scores.csv"'] })).toThrow(
      'join: rows 2 and 3 of "scores.csv" have the same run 1, event 1152921504606846977; an event can have one partner.',
    );
    expect(() => joinTables(events, friend, { on: ["evnt"] })).toThrow(
      'join: column of the joined table "evnt" is not known. Did you mean "event"?',
    );
    expect(() => joinTables(events, friend, { on: ["event"] })).toThrow(
      "join: rows 1 and 3 of the joined table have the same event 1152921504606846976;",
    );
    expect(() => joinTables(events, friend, {})).toThrow(
      'join: the events and the joined table both have a column "run"; choose columns, or give a prefix.',
    );
    expect(() => joinTables(events, selectRows(friend, [0]), { columns: ["score"] })).toThrow(
      "join: without keys row follows row, but there are 4 rows in the events and 1 in the joined table. Name the columns that identify an event.",
    );
    expect(() => joinTables(selectRows(events, [3]), friend, { on })).toThrow(
      "join: no event (of 1) of the events has a partner in the joined table, by run, event.",
    );
    const empty = tableOf({ run: Float64Array.of(1, Number.NaN), event: Int32Array.of(1, 2), x: ["", ""] });
    expect(() => joinTables(events, empty, { on })).toThrow(
      'join: row 2 of the joined table has no value of "run", by which it is joined.',
    );
  });

  test("gives what a search through all rows gives, in pieces too", () => {
    const rows = fc.uniqueArray(fc.tuple(fc.integer({ min: 0, max: 4 }), fc.bigInt({ min: -3n, max: 3n })), {
      selector: ([a, b]) => `${a} ${b}`,
      minLength: 1,
    });
    const keys = fc.array(fc.tuple(fc.integer({ min: 0, max: 4 }), fc.bigInt({ min: -3n, max: 3n })), {
      minLength: 1,
    });
    fc.assert(
      fc.property(rows, keys, fc.constantFrom("inner" as const, "left" as const), (theirs, ours, kind) => {
        const table = (pairs: readonly (readonly [number, bigint])[], name: string) =>
          tableOf({
            a: Int32Array.from(pairs, ([a]) => a),
            b: BigInt64Array.from(pairs, ([, b]) => b),
            [name]: Float64Array.from(pairs, (_, i) => i),
          });
        const left = table(ours, "x");
        const partner = ours.map(([a, b]) => theirs.findIndex((pair) => pair[0] === a && pair[1] === b));
        if (partner.every((row) => row < 0)) return;
        const wanted = partner.flatMap((row, i) =>
          row >= 0 || kind === "left" ? [[i, row < 0 ? Number.NaN : row]] : [],
        );
        const joined = joinTables(left, table(theirs, "y"), { on: ["a", "b"], kind }).columns;
        expect([...(joined.x as Float64Array)].map((x, i) => [x, joined.y![i]])).toEqual(wanted);
        const joiner = new Joiner(table(theirs, "y"), { on: ["a", "b"], kind });
        const pieces = ours.map((_, i) => joiner.join(selectRows(left, [i])).columns);
        expect(pieces.flatMap(({ x, y }) => [...x!].map((each, i) => [each, y![i]]))).toEqual(wanted);
      }),
    );
  });
});
