/** What an expression comes down to: a graph of plain operations on numbers, one an event, and its evaluation. */
import { wrapAngle } from "../../hep/index.ts";
import { columnOf, numbersOf, type Table } from "../table.ts";

/** The name of an operation. */
export type Operation =
  | "add"
  | "subtract"
  | "multiply"
  | "divide"
  | "power"
  | "negate"
  | "abs"
  | "sign"
  | "sqrt"
  | "exp"
  | "log"
  | "sin"
  | "cos"
  | "tan"
  | "asin"
  | "acos"
  | "atan"
  | "atan2"
  | "sinh"
  | "cosh"
  | "tanh"
  | "asinh"
  | "floor"
  | "ceil"
  | "min"
  | "max"
  | "hypot"
  | "wrap"
  | "pseudorapidity"
  | "less"
  | "lessOrEqual"
  | "equal"
  | "and"
  | "or"
  | "not"
  | "where"
  | "isMissing";

/** NaN where a number it needs is missing. */
const known =
  (f: (a: number, b: number) => boolean) =>
  (a: number, b: number): number =>
    Number.isNaN(a) || Number.isNaN(b) ? Number.NaN : f(a, b) ? 1 : 0;

/** All operations. Truth is 1 or 0, or NaN where it is not known. */
const operations: Readonly<Record<Operation, (a: number, b: number, c: number) => number>> = {
  add: (a: number, b: number): number => a + b,
  subtract: (a: number, b: number): number => a - b,
  multiply: (a: number, b: number): number => a * b,
  divide: (a: number, b: number): number => a / b,
  // NaN^0 is 1 in IEEE 754, but what is missing stays missing.
  power: (a: number, b: number): number => (Number.isNaN(a) ? a : a ** b),
  negate: (a: number): number => -a,
  abs: Math.abs,
  sign: Math.sign,
  sqrt: Math.sqrt,
  exp: Math.exp,
  log: Math.log,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  // φ as in toPtEtaPhi: the sum with +0 takes the sign off a zero.
  atan2: (y: number, x: number): number => Math.atan2(y + 0, x + 0),
  sinh: Math.sinh,
  cosh: Math.cosh,
  tanh: Math.tanh,
  asinh: Math.asinh,
  floor: Math.floor,
  ceil: Math.ceil,
  min: (a: number, b: number): number => Math.min(a, b),
  max: (a: number, b: number): number => Math.max(a, b),
  hypot: (a: number, b: number): number => (Number.isNaN(a + b) ? Number.NaN : Math.hypot(a, b)),
  wrap: wrapAngle,
  /** η of pz and pT: 0 for a null vector. */
  pseudorapidity: (pz: number, pt: number): number => (pz === 0 && pt === 0 ? 0 : Math.asinh(pz / pt)),
  less: known((a, b) => a < b),
  lessOrEqual: known((a, b) => a <= b),
  equal: known((a, b) => a === b),
  // Kleene's logic: what is false is false whatever the other is.
  and: (a: number, b: number): number => (a === 0 || b === 0 ? 0 : a + b === 2 ? 1 : Number.NaN),
  or: (a: number, b: number): number => (a === 1 || b === 1 ? 1 : a + b === 0 ? 0 : Number.NaN),
  not: (a: number): number => 1 - a,
  where: (condition: number, a: number, b: number): number =>
    condition === 1 ? a : condition === 0 ? b : Number.NaN,
  isMissing: (a: number): number => (a - a === 0 ? 0 : 1),
};

/** A number of every event. Shared parts are the same object. */
export type Scalar =
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "column"; readonly name: string }
  | { readonly kind: "isText"; readonly column: string; readonly text: string }
  | { readonly kind: "apply"; readonly operation: Operation; readonly of: readonly Scalar[] };

/** An operation applied. */
export function apply(operation: Operation, ...of: readonly Scalar[]): Scalar {
  return { kind: "apply", operation, of };
}

/** A constant. */
export function constant(value: number): Scalar {
  return { kind: "constant", value };
}

/** The columns that a graph reads. */
export function columnsOfScalar(scalar: Scalar): Set<string> {
  const names = new Set<string>();
  const seen = new Set<Scalar>();
  const visit = (part: Scalar): void => {
    if (seen.has(part)) return;
    seen.add(part);
    if (part.kind === "column") names.add(part.name);
    else if (part.kind === "isText") names.add(part.column);
    else if (part.kind === "apply") part.of.forEach(visit);
  };
  visit(scalar);
  return names;
}

/**
 * The numbers `[events]` of a graph, in double precision; what is not finite is NaN.
 *
 * @throws DataError for a column of text where numbers are needed.
 */
export function evaluateScalar(scalar: Scalar, table: Table): Float64Array {
  const done = new Map<Scalar, number | ArrayLike<number>>();
  const numbersOfPart = (part: Scalar): number | ArrayLike<number> => {
    const before = done.get(part);
    if (before !== undefined) return before;
    const value = compute(part);
    done.set(part, value);
    return value;
  };
  const compute = (part: Scalar): number | ArrayLike<number> => {
    switch (part.kind) {
      case "constant":
        return part.value;
      case "column":
        return numbersOf(table, part.name);
      case "isText": {
        const texts = columnOf(table, part.column);
        return Float64Array.from(texts as readonly string[], (text) =>
          text === "" ? Number.NaN : text === part.text ? 1 : 0,
        );
      }
      case "apply":
        return applied(part.operation, part.of.map(numbersOfPart), table.rowCount);
    }
  };
  const value = numbersOfPart(scalar);
  const result = new Float64Array(table.rowCount);
  for (let i = 0; i < result.length; i++) {
    const number = typeof value === "number" ? value : value[i]!;
    result[i] = number - number === 0 ? number : Number.NaN;
  }
  return result;
}

function applied(
  operation: Operation,
  given: readonly (number | ArrayLike<number>)[],
  count: number,
): number | Float64Array {
  const f: (a: number, b: number, c: number) => number = operations[operation];
  if (given.every((value) => typeof value === "number")) {
    return f(given[0]!, given[1] ?? Number.NaN, given[2] ?? Number.NaN);
  }
  const [a, b, c] = [0, 1, 2].map((i) => {
    const value = given[i] ?? Number.NaN;
    return typeof value === "number" ? new Float64Array(count).fill(value) : value;
  }) as [ArrayLike<number>, ArrayLike<number>, ArrayLike<number>];
  const result = new Float64Array(count);
  for (let i = 0; i < count; i++) result[i] = f(a[i]!, b[i]!, c[i]!);
  return result;
}
