import { expect, test } from "vitest";
import { DataError } from "../errors/index.ts";
import { describeTable } from "./describe-table.ts";
import { tableOf } from "./table.ts";

test("ranges, means and gaps of numbers, frequencies of text", () => {
  const table = tableOf({
    pt: Float64Array.of(3, Number.NaN, 1, 2),
    label: ["s", "b", "", "s"],
    weight: Float64Array.of(1, 1, -2, 2),
  });
  const { weightSum, columns, rowCount } = describeTable(table, "weight");
  expect([rowCount, weightSum]).toEqual([4, 2]);
  expect(columns[0]).toMatchObject({ type: "float64", missing: 1, minimum: 1, maximum: 3 });
  expect(columns[0]!.mean).toBeCloseTo((3 - 2 + 4) / (1 - 2 + 2));
  expect(columns[1]).toMatchObject({
    type: "text",
    missing: 1,
    distinct: 2,
    frequent: [
      ["s", 2],
      ["b", 1],
    ],
  });
});

test("an event of weight 2 counts like the event twice, one of weight 0 like none", () => {
  const once = tableOf({ x: Float64Array.of(1, 5, 9), w: Float64Array.of(2, 1, 0) });
  const twice = tableOf({ x: Float64Array.of(1, 1, 5), w: Float64Array.of(1, 1, 1) });
  expect(describeTable(once, "w").columns[0]!.mean).toBeCloseTo(describeTable(twice, "w").columns[0]!.mean);
});

test("a weight that is missing is told", () => {
  const table = tableOf({ w: Float64Array.of(1, Number.NaN) });
  expect(() => describeTable(table, "w")).toThrow(DataError);
});
