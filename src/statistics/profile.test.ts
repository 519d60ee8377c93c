/** Fits against the answers that pyhf publishes, and against formulas. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { multiplied, shifted } from "./interpolation.ts";
import { HistFactoryModel } from "./likelihood.ts";
import { normalTail } from "./normal.ts";
import { discoverySignificance, exclusion, expectedSignificance, fitWorkspace } from "./profile.ts";
import type { Modifier, Workspace } from "./workspace.ts";

interface Case {
  readonly name: string;
  readonly workspace: Workspace;
  readonly observed: number;
  readonly expected: readonly number[];
  readonly exact?: {
    readonly observed: number;
    readonly observedBounded: number;
    readonly expected: readonly number[];
  };
}
const golden = JSON.parse(
  readFileSync(new URL("../../test/golden/histfactory/cases.json", import.meta.url), "utf8"),
) as { exclusion: Case[]; discovery: Workspace };

describe("CLs that pyhf publishes", () => {
  test.each(golden.exclusion)("$name", ({ workspace, observed, expected, exact }) => {
    const found = exclusion(new HistFactoryModel(workspace, { interpolation: "kinked" }), 1, {
      statistic: "q",
    });
    const differ = (value: number, wanted: number): number => Math.abs(value / wanted - 1);
    // Published from fits that stopped early where `exact` is given.
    expect(differ(found.observed, observed)).toBeLessThan(exact ? 1e-5 : 1e-6);
    found.expected.forEach((value, i) => {
      expect(differ(value, expected[i]!)).toBeLessThan(exact ? 1.6e-4 : 1e-6);
    });
    if (!exact) return;
    expect(differ(found.observed, exact.observed)).toBeLessThan(1e-9);
    found.expected.forEach((value, i) => {
      expect(differ(value, exact.expected[i]!)).toBeLessThan(1e-9);
    });
    const bounded = exclusion(new HistFactoryModel(workspace, { interpolation: "kinked" })).observed;
    expect(differ(bounded, exact.observedBounded)).toBeLessThan(1e-9);
  });
});

test("expected CLs of one bin with a luminosity are those of the quadratic equations that the fits are", () => {
  const { workspace } = golden.exclusion.find(({ name }) => name === "1bin_lumi")!;
  const found = exclusion(new HistFactoryModel(workspace)).expected;
  const luminosity = Math.sqrt(0.55);
  const count = 100 * luminosity;
  const linear = 80 - count;
  const mean = (-linear + Math.sqrt(linear ** 2 + 400 * count)) / 2;
  const pull = (mean - 20) / 100 - luminosity;
  const root = Math.sqrt(2 * (mean - count - count * Math.log(mean / count) + 50 * pull ** 2));
  [2, 1, 0, -1, -2].forEach((k, i) => {
    expect(found[i]! / (normalTail(root + k) / normalTail(k))).toBeCloseTo(1, 8);
  });
});

test("q0 of one bin with a Poisson constraint is the on/off significance of Li and Ma", () => {
  const { q0, significance, pValue, best } = discoverySignificance(new HistFactoryModel(golden.discovery));
  const [on, background, uncertainty] = [80, 50, 7];
  const off = (background / uncertainty) ** 2 * 1;
  const tau = off / background;
  const total = on + off;
  const liMa = 2 * (on * Math.log(((1 + tau) * on) / total) + off * Math.log(((1 + 1 / tau) * off) / total));
  expect(q0).toBeCloseTo(liMa, 9);
  expect(significance).toBeCloseTo(Math.sqrt(liMa), 9);
  expect(pValue).toBeCloseTo(normalTail(Math.sqrt(liMa)), 12);
  expect(best).toBeCloseTo(30 / 25, 6);
});

/** One channel of a signal and a background with one modifier. */
function simple(data: readonly number[], modifier?: Modifier): Workspace {
  return {
    channels: [
      {
        name: "c",
        samples: [
          { name: "s", data: [5, 20], modifiers: [{ name: "mu", type: "normfactor", data: null }] },
          { name: "b", data: [100, 60], modifiers: modifier ? [modifier] : [] },
        ],
      },
    ],
    observations: [{ name: "c", data }],
    measurements: [{ name: "m", config: { poi: "mu", parameters: [] } }],
    version: "1.0.0",
  };
}

test("the expected significance without uncertainties is the AMS of all bins in squares", () => {
  const { q0, best } = expectedSignificance(new HistFactoryModel(simple([0, 0])));
  const squared = (s: number, b: number): number => 2 * ((s + b) * Math.log(1 + s / b) - s);
  expect(q0).toBeCloseTo(squared(5, 100) + squared(20, 60), 9);
  expect(best).toBeCloseTo(1, 6);
});

test.each<Modifier>([
  { name: "staterror_c", type: "staterror", data: [8, 9] },
  { name: "u", type: "shapesys", data: [8, 9] },
  { name: "n", type: "normsys", data: { lo: 0.85, hi: 1.25 } },
  { name: "h", type: "histosys", data: { lo_data: [90, 68], hi_data: [115, 55] } },
])("gradient of the likelihood with $type is that of differences, and the fit is its minimum", (modifier) => {
  const model = new HistFactoryModel(simple([110, 95], modifier));
  const values = Float64Array.from(model.parameters, ({ initial }, i) => initial + 0.1 * (i + 1));
  const { gradient } = model.negativeLogLikelihood(values, model.data);
  const at = (point: Float64Array): number => model.negativeLogLikelihood(point, model.data).value;
  const moved = (point: Float64Array, i: number, by: number): number =>
    at(point.map((x, j) => (j === i ? x + by : x)));
  for (const i of values.keys()) {
    const slope = (moved(values, i, 1e-5) - moved(values, i, -1e-5)) / 2e-5;
    expect(gradient[i]).toBeCloseTo(slope, 5);
  }
  const best = fitWorkspace(model);
  for (const i of values.keys()) {
    for (const by of [-1e-3, 1e-3]) expect(moved(best.values, i, by)).toBeGreaterThan(best.minimum);
  }
});

test("an uncertainty lowers the significance", () => {
  const of = (modifier?: Modifier): number =>
    discoverySignificance(new HistFactoryModel(simple([105, 90], modifier))).significance;
  const plain = of();
  expect(of({ name: "n", type: "normsys", data: { lo: 0.9, hi: 1.1 } })).toBeLessThan(plain);
  expect(of({ name: "staterror_c", type: "staterror", data: [10, 10] })).toBeLessThan(plain);
});

test("smooth interpolations meet the outer ones with value and two derivatives", () => {
  for (const of of [
    (x: number) => multiplied(x, 0.8, 1.3, "smooth"),
    (x: number) => shifted(x, -3, 5, "smooth"),
  ]) {
    for (const edge of [-1, 1]) {
      const [inside, outside] = [of(edge * (1 - 1e-9)), of(edge * (1 + 1e-9))];
      expect(inside.value).toBeCloseTo(outside.value, 7);
      expect(inside.slope).toBeCloseTo(outside.slope, 6);
      const bend = (x: number): number => (of(x + 1e-6).slope - of(x - 1e-6).slope) / 2e-6;
      expect(bend(edge * (1 - 2e-6))).toBeCloseTo(bend(edge * (1 + 2e-6)), 3);
    }
    for (const x of [-0.7, 0.2, 0.9]) {
      expect(of(x).slope).toBeCloseTo((of(x + 1e-6).value - of(x - 1e-6).value) / 2e-6, 7);
    }
  }
  expect(multiplied(1, 0.8, 1.3, "smooth").value).toBeCloseTo(1.3, 12);
  expect(shifted(-1, -3, 5, "kinked").value).toBe(-3);
});

test("tail of the normal distribution", () => {
  expect(normalTail(1.6448536269514722)).toBeCloseTo(0.05, 14);
  expect(normalTail(5) / 2.866515718791939e-7 - 1).toBeCloseTo(0, 12);
  expect(normalTail(3 - 1e-12) / normalTail(3 + 1e-12) - 1).toBeCloseTo(0, 10);
  expect(normalTail(-2)).toBeCloseTo(0.9772498680518208, 14);
});

test("events where none are expected are said", () => {
  const workspace = simple([110, 95]);
  const empty: Workspace = {
    ...workspace,
    channels: [{ name: "c", samples: [{ ...workspace.channels[0]!.samples[0]!, data: [5, 0] }] }],
  };
  expect(() => fitWorkspace(new HistFactoryModel(empty))).toThrow(
    "fit: a bin with events expects none; merge it with one that has background.",
  );
});
