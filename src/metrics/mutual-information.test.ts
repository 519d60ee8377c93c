import { describe, expect, test } from "vitest";
import { Stream } from "../array/index.ts";
import { mutualInformation } from "./mutual-information.ts";

const stream = new Stream(3, "information");
const count = 20_000;
const x = Float64Array.from({ length: count }, () => stream.normal());
const noise = Float64Array.from({ length: count }, () => stream.normal());

describe("mutual information", () => {
  test("of independent quantities is 0 within its uncertainty, with and without weights", () => {
    const weights = x.map((_, i) => 1 + (i % 3));
    expect(Math.abs(mutualInformation(x, noise))).toBeLessThan(0.001);
    expect(Math.abs(mutualInformation(x, noise, weights))).toBeLessThan(0.001);
  });

  test("of correlated Gaussians is −½ log(1 − ρ²), less what bins lose", () => {
    const rho = 0.8;
    const y = x.map((value, i) => rho * value + Math.sqrt(1 - rho * rho) * noise[i]!);
    const exact = -0.5 * Math.log(1 - rho * rho);
    const found = mutualInformation(x, y, undefined, { bins: 20 });
    expect(found).toBeGreaterThan(0.9 * exact);
    expect(found).toBeLessThan(exact);
  });

  test("sees a dependence without correlation", () => {
    expect(
      mutualInformation(
        x,
        x.map((value) => value * value),
      ),
    ).toBeGreaterThan(1);
  });

  test("weights choose the events: those with weight 0 do not count, a scale changes nothing", () => {
    const y = x.map((value, i) => (i % 2 === 0 ? value : noise[i]!));
    const odd = x.map((_, i) => i % 2);
    expect(Math.abs(mutualInformation(x, y, odd))).toBeLessThan(0.003);
    expect(
      mutualInformation(
        x,
        y,
        odd.map((weight) => 7 * weight),
      ),
    ).toBeCloseTo(mutualInformation(x, y, odd), 10);
  });

  test("refuses what it cannot use", () => {
    expect(() => mutualInformation([1, 2], [1])).toThrow(
      "mutualInformation: 2 and 1 values and no weights came; give as many of each, at least 1.",
    );
    expect(() => mutualInformation([1, Number.NaN], [1, 2])).toThrow("NaN is among the values");
    expect(() => mutualInformation([1, 2], [1, 2], [1, -1])).toThrow("the weights sum to 0");
  });
});
