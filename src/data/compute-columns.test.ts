import { expect, test } from "vitest";
import { computeColumns } from "./compute-columns.ts";
import { tableOf } from "./table.ts";

const table = tableOf({
  pt: Float64Array.of(30, 45, Number.NaN),
  jets: Int32Array.of(0, 2, 1),
  label: ["s", "b", "b"],
});

test("a computed column has one value an event, numbers or text, missing where something in it is", async () => {
  const { columns } = await computeColumns(table, {
    squared: "pt * pt",
    halved: "jets / 2.0",
    process: "CASE WHEN label = 's' THEN 'signal' WHEN jets > 1 THEN 'top' ELSE 'Z' END",
    count: "jets + 1",
  });
  expect(columns.squared).toEqual(Float64Array.of(900, 2025, Number.NaN));
  expect(columns.halved).toEqual(Float64Array.of(0, 1, 0.5));
  expect(columns.process).toEqual(["signal", "top", "Z"]);
  expect(columns.count).toEqual(Int32Array.of(1, 3, 2));
  expect(columns.pt).toBe(table.columns.pt);
});

test("a missing number passes no comparison, as in a selection", async () => {
  const { columns } = await computeColumns(table, { high: "CASE WHEN pt > 40 THEN 1 ELSE 0 END" });
  expect(columns.high).toEqual(Int32Array.of(0, 1, 0));
});

test("without expressions the table is the same", async () => {
  expect(await computeColumns(table, {})).toBe(table);
});

test.each([
  [
    "an unknown column",
    { x: "ptt * 2" },
    /computed column "x" \(ptt \* 2\): column "ptt" is not known.*"pt"/,
  ],
  [
    "a name that is taken",
    { pt: "1" },
    /computed column "pt": the events have a column of this name; choose another\./,
  ],
  ["broken SQL", { x: "pt *" }, /computed column "x" \(pt \*\): /],
  ["a list", { x: "[pt]" }, /it gives DOUBLE\[\], not numbers or text\./],
  ["a sum over all events", { x: "sum(pt)" }, /it gives 1 values for 3 events\./],
])("%s is refused in one sentence", async (_, expressions, message) => {
  await expect(computeColumns(table, expressions)).rejects.toThrow(message);
});
