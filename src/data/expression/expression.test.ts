/** Expressions against the same numbers computed directly, and where their errors point. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { ConfigurationError } from "../../errors/index.ts";
import { deltaPhi, deltaR, fourVectors, massOf, sumOf, toPtEtaPhi, transverseMass } from "../../hep/index.ts";
import { type Column, type Table, tableOf } from "../table.ts";
import { deriveColumns, ExpressionError, evaluateExpression } from "./index.ts";

const x = Float64Array.of(-2, 0, 3, Number.NaN);
const table = tableOf({
  x,
  y: Float64Array.of(5, 1, 2, 2),
  n: Int32Array.of(1, 0, 2, 3),
  process: ["s", "b", "", "b"],
  "Jet pt": Float64Array.of(10, 20, 30, 40),
  "Muon_pt[0]": Float64Array.of(7, 8, 9, 10),
  "Muon_pt[]": Int32Array.of(1, 2, 3, 4),
});
const missing = Number.NaN;
const valuesOf = (text: string, events: Table = table): number[] => [...evaluateExpression(text, events)];

test.each<[string, number[]]>([
  ["1 + 2 * 3", [7, 7, 7, 7]],
  ["-2^2 + 2**3**2 - 2^-1", [507.5, 507.5, 507.5, 507.5]],
  ["10 - 4 - 3", [3, 3, 3, 3]],
  ["x * y", [-10, 0, 6, missing]],
  ["y / x", [-2.5, missing, 2 / 3, missing]],
  ['"Jet pt" + `Jet pt`', [20, 40, 60, 80]],
  ["Muon_pt[0] / Muon_pt[]", [7, 4, 3, 2.5]],
  ["x > 0", [0, 0, 1, missing]],
  ["x > 0 and y < 3", [0, 0, 1, missing]],
  ["x > 0 or y == 2", [0, 0, 1, 1]],
  ["not x > 0 && n != 2", [1, 1, 0, missing]],
  ["x <= 0 || !(y >= 2)", [1, 1, 0, missing]],
  ["where(n > 1, x, y)", [5, 1, 3, missing]],
  ["where(isMissing(x), -1, x)", [-2, 0, 3, -1]],
  ["where(n, 1, missing)", [1, missing, 1, 1]],
  ["process == 's'", [1, 0, missing, 0]],
  ["'b' != process", [1, 0, missing, 0]],
  ["min(x, y, 1) + max(x, 2)", [0, 2, 4, missing]],
  ["log(exp(x)) + log10(100)", [0, 2, 5, missing]],
  ["sqrt(x)", [missing, 0, Math.sqrt(3), missing]],
  ["(x > 0) + (y > 0)", [1, 1, 2, missing]],
  ["atan2(x, -1) + 0 * pi", [Math.atan2(-2, -1), Math.PI, Math.atan2(3, -1), missing]],
  ["x ^ 0", [1, 1, 1, missing]],
  [".5e1 * hypot(3, 4) - floor(1.5) - ceil(0.5) - abs(-1) - sign(-3)", [23, 23, 23, 23]],
])("%s", (text, expected) => {
  const values = valuesOf(text);
  for (const [i, value] of values.entries()) {
    if (Number.isNaN(expected[i])) expect(value).toBeNaN();
    else expect(value).toBeCloseTo(expected[i]!, 12);
  }
});

const momentum = fc.record({
  pt: fc.double({ min: 1e-3, max: 500, noNaN: true }),
  eta: fc.double({ min: -4, max: 4, noNaN: true }),
  phi: fc.double({ min: -3, max: 3, noNaN: true }),
  mass: fc.double({ min: 0, max: 200, noNaN: true }),
});

test("vectors give what the functions of hep give, from polar and from Cartesian columns", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(momentum, momentum), { minLength: 1, maxLength: 5 }), (events) => {
      const polar = (which: 0 | 1) => {
        const of = (key: "pt" | "eta" | "phi" | "mass") =>
          Float64Array.from(events, (event) => event[which][key]);
        return { pt: of("pt"), eta: of("eta"), phi: of("phi"), mass: of("mass") };
      };
      const [a, b] = [polar(0), polar(1)];
      const [va, vb] = [fourVectors(a), fourVectors(b)];
      const named = (name: string, columns: Readonly<Record<string, unknown>>): Record<string, Column> =>
        Object.fromEntries(
          Object.entries(columns).map(([key, values]) => [`${name}_${key}`, values as Column]),
        );
      const { energy, ...momenta } = vb;
      const events2 = tableOf({
        ...named("lep", a),
        ...named("tau", b),
        ...named("c", { ...momenta, E: energy }),
      });
      const close = (text: string, expected: ArrayLike<number>, scale = 1): void => {
        for (const [i, value] of valuesOf(text, events2).entries()) {
          expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-9 * scale * (1 + Math.abs(expected[i]!)));
        }
      };
      const sum = sumOf(va, vb);
      const polarSum = toPtEtaPhi(sum);
      close("energy(lep + tau)", sum.energy);
      // Of nearly parallel light particles the mass is a difference of large numbers: it is good to 1e-15 E² in m².
      for (const text of ["mass(lep + tau)", "mass(lep + c)"]) {
        const expected = massOf(sum);
        for (const [i, value] of valuesOf(text, events2).entries()) {
          const difference = (value || 0) ** 2 - (expected[i]! || 0) ** 2;
          expect(Math.abs(difference)).toBeLessThan(1e-13 * sum.energy[i]! ** 2);
        }
      }
      close("pt(lep + c)", polarSum.pt);
      close("wrapAngle(phi(lep + tau) - phi(tau + lep))", new Float64Array(events.length));
      close("eta(lep + tau)", polarSum.eta!, 1e3);
      close("mass(lep)", a.mass);
      close("deltaPhi(lep, tau)", deltaPhi(a.phi, b.phi));
      close(
        "deltaEta(lep, tau)",
        b.eta.map((eta, i) => eta - a.eta[i]!),
      );
      close(
        "deltaR(lep, tau)",
        deltaR(
          deltaPhi(a.phi, b.phi),
          b.eta.map((eta, i) => eta - a.eta[i]!),
        ),
      );
      close("mt(lep, tau)", transverseMass(a, b));
      close(
        "p(lep + tau - tau)",
        a.pt.map((pt, i) => pt * Math.cosh(a.eta[i]!)),
        1e6,
      );
    }),
    { numRuns: 100 },
  );
});

const leptons = tableOf({
  lep_pt: Float64Array.of(30, missing),
  lep_eta: Float64Array.of(1, 1),
  lep_phi: Float64Array.of(0.5, 0.5),
  met: Float64Array.of(20, 20),
  met_phi: Float64Array.of(-3, -3),
  "Muon_pt[0]": Float64Array.of(40, 50),
  "Muon_eta[0]": Float64Array.of(0, 0),
  "Muon_phi[0]": Float64Array.of(0, 0),
});

test("what is missing in a vector is missing in what needs it, and in nothing else", () => {
  expect(valuesOf("eta(lep)", leptons)).toEqual([1, 1]);
  expect(valuesOf("mass(lep + Muon[0])", leptons)[1]).toBeNaN();
  expect(valuesOf("mt(lep, met)", leptons)[1]).toBeNaN();
});

test("a vector may be an element, or lack η and have its pT in the column of its name", () => {
  expect(valuesOf("pt(Muon[0])", leptons)).toEqual([40, 50]);
  expect(valuesOf("mt(Muon[0], met)", leptons)[0]).toBeCloseTo(
    Math.sqrt(2 * 40 * 20 * (1 - Math.cos(3))),
    12,
  );
});

test("a new column sees those before it, and old ones stay as they are", () => {
  const result = deriveColumns(table, { twice: "2 * x", more: "twice + 1" });
  expect([...(result.columns.more as Float64Array)]).toEqual([-3, 1, 7, missing]);
  expect(result.columns.x).toBe(x);
  expect(() => deriveColumns(table, { x: "1" })).toThrow(
    new ConfigurationError('new column "x": the events have a column of this name; choose another.'),
  );
});

test("an error names the new column and points at the place", () => {
  expect(() => deriveColumns(leptons, { m: "1 + mass(lep + tua)" })).toThrow(
    new ExpressionError(
      'new column "m": there is no vector "tua": it needs the columns tua_pt and tua_phi, or tua_px and tua_py.',
      "1 + mass(lep + tua)",
      { start: 15, end: 18 },
    ),
  );
  expect(() => deriveColumns(leptons, { m: "1 + mass(lep + tua)" })).toThrow(
    "  1 + mass(lep + tua)\n                 ^^^",
  );
});

test.each<[string, string, RegExp]>([
  ["pt(lep", "(", /this "\(" is not closed/],
  ["lep_pt + ", "", /expected a value, but the expression ends/],
  ["2 lep_pt", "lep_pt", /expected an operator, but "lep_pt" came/],
  ["met)", ")", /this "\)" closes no bracket/],
  ["met = 2", "=", /equality is written "=="/],
  ["met # 2", "#", /"#" has no meaning here/],
  ['met + "ab', '"', /quotation mark " is not closed/],
  ["lep_tp * 2", "lep_tp", /column "lep_tp" is not known\. Did you mean "lep_pt"\?/],
  ["met + lep", "lep", /"lep" is a vector, a number is needed here; take for instance pt\(lep\)/],
  ["dletaR(lep, lep)", "dletaR", /there is no function "dletaR"; did you mean "deltaR"\?/],
  ["sqrt(met, 2)", "sqrt(met, 2)", /sqrt takes 1 argument, but 2 came/],
  ["deltaR(lep)", "deltaR(lep)", /deltaR takes 2 vectors, but 1 came/],
  [
    "1 + mass(lep + met)",
    "lep + met",
    /mass needs the component mass, which this vector does not have; it is transverse/,
  ],
  ["pt(3)", "3", /expected a vector here/],
  ["not met + 1", "met + 1", /expected a condition/],
  ["1 < met < 3", "<", /comparisons are not chained/],
  ["(met) < 1 < 3", "<", /comparisons are not chained/],
  ["'a' + 1", "'a'", /a text can only be compared with a column/],
  ["met == 'a'", "met", /can only be compared with a column of text/],
  ["abs + 1", "abs", /"abs" is a function/],
  ["", "", /expected a value/],
  [`${"(".repeat(300)}1${")".repeat(300)}`, "(", /nested too deeply/],
])("%s is refused with its place", (text, place, message) => {
  const error = (() => {
    try {
      evaluateExpression(text, leptons);
    } catch (caught) {
      return caught;
    }
    return undefined;
  })() as ExpressionError;
  expect(error).toBeInstanceOf(ExpressionError);
  expect(error.message).toMatch(message);
  expect(text.slice(error.span.start, error.span.end)).toBe(place);
});

test("any text is an expression or refused with a place in it", () => {
  const words = [
    "lep",
    "met",
    "pt",
    "(",
    ")",
    ",",
    "+",
    "-",
    "*",
    "<",
    "and",
    "not",
    "1",
    "'a'",
    '"met"',
    " ",
    "$",
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...words), { maxLength: 12 }), (parts) => {
      const text = parts.join(" ");
      try {
        expect(evaluateExpression(text, leptons)).toHaveLength(2);
      } catch (error) {
        expect(error).toBeInstanceOf(ExpressionError);
        const { start, end } = (error as ExpressionError).span;
        expect(start).toBeLessThanOrEqual(end);
        expect(end).toBeLessThanOrEqual(text.length);
      }
    }),
    { numRuns: 500 },
  );
});
