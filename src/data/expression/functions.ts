/** The functions of expressions: what each takes and what it comes down to. */
import { apply, constant, type Operation, type Scalar } from "./scalar.ts";
import type { VectorComponent, VectorFormulas } from "./vectors.ts";

/** A function of numbers. */
export interface NumberFunction {
  readonly takes: "numbers";
  /** The fewest and the most arguments. */
  readonly count: readonly [number, number];
  /** The position of an argument that is a condition. */
  readonly condition?: number;
  readonly gives: "number" | "truth";
  readonly make: (...given: readonly Scalar[]) => Scalar;
}

/** A function of vectors. */
export interface VectorFunction {
  readonly takes: "vectors";
  readonly count: number;
  /** The components that every argument must have. */
  readonly needs: readonly VectorComponent[];
  readonly make: (...given: readonly VectorFormulas[]) => Scalar;
}

const unary = (operation: Operation): NumberFunction => ({
  takes: "numbers",
  count: [1, 1],
  gives: "number",
  make: (x) => apply(operation, x!),
});

const binary = (operation: Operation): NumberFunction => ({
  takes: "numbers",
  count: [2, 2],
  gives: "number",
  make: (a, b) => apply(operation, a!, b!),
});

const folded = (operation: Operation): NumberFunction => ({
  takes: "numbers",
  count: [2, 100],
  gives: "number",
  make: (...given) => given.reduce((a, b) => apply(operation, a, b)),
});

const component = (name: VectorComponent): VectorFunction => ({
  takes: "vectors",
  count: 1,
  needs: [name],
  make: (v) => v![name]!,
});

const angle = (a: VectorFormulas, b: VectorFormulas): Scalar =>
  apply("wrap", apply("subtract", b.phi!, a.phi!));

/** All functions by name. */
export const functions: Readonly<Record<string, NumberFunction | VectorFunction>> = {
  abs: unary("abs"),
  sign: unary("sign"),
  sqrt: unary("sqrt"),
  exp: unary("exp"),
  log: unary("log"),
  log10: {
    takes: "numbers",
    count: [1, 1],
    gives: "number",
    make: (x) => apply("divide", apply("log", x!), constant(Math.LN10)),
  },
  sin: unary("sin"),
  cos: unary("cos"),
  tan: unary("tan"),
  asin: unary("asin"),
  acos: unary("acos"),
  atan: unary("atan"),
  atan2: binary("atan2"),
  sinh: unary("sinh"),
  cosh: unary("cosh"),
  tanh: unary("tanh"),
  asinh: unary("asinh"),
  floor: unary("floor"),
  ceil: unary("ceil"),
  min: folded("min"),
  max: folded("max"),
  hypot: folded("hypot"),
  wrapAngle: unary("wrap"),
  where: {
    takes: "numbers",
    count: [3, 3],
    condition: 0,
    gives: "number",
    make: (condition, a, b) => apply("where", condition!, a!, b!),
  },
  isMissing: {
    takes: "numbers",
    count: [1, 1],
    gives: "truth",
    make: (x) => apply("isMissing", x!),
  },
  pt: component("pt"),
  eta: component("eta"),
  phi: component("phi"),
  px: component("px"),
  py: component("py"),
  pz: component("pz"),
  p: component("p"),
  energy: component("energy"),
  mass: component("mass"),
  deltaPhi: {
    takes: "vectors",
    count: 2,
    needs: ["phi"],
    make: (a, b) => angle(a!, b!),
  },
  deltaEta: {
    takes: "vectors",
    count: 2,
    needs: ["eta"],
    make: (a, b) => apply("subtract", b!.eta!, a!.eta!),
  },
  deltaR: {
    takes: "vectors",
    count: 2,
    needs: ["eta", "phi"],
    make: (a, b) => apply("hypot", angle(a!, b!), apply("subtract", b!.eta!, a!.eta!)),
  },
  mt: {
    takes: "vectors",
    count: 2,
    needs: ["pt", "phi"],
    // 2 √(pT pT') |sin(Δφ/2)|, as transverseMass.
    make: (a, b) =>
      apply(
        "multiply",
        apply("multiply", constant(2), apply("sqrt", apply("multiply", a!.pt!, b!.pt!))),
        apply("abs", apply("sin", apply("divide", angle(a!, b!), constant(2)))),
      ),
  },
};
