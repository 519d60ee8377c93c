/** New columns from expressions as nodes, in double precision. */

import {
  columnsOfScalar,
  compileExpression,
  inColumn,
  nameTaken,
  type Operation,
  type Scalar,
} from "../../data/expression/index.ts";
import type { ColumnsStep } from "../../data/index.ts";
import { ConfigurationError } from "../../errors/index.ts";
import type { NodeBuilder } from "./node-builder.ts";
import { type TracedTable, wrapped } from "./trace-cartesian.ts";
import { derived, type TracedColumn, withoutMissing } from "./traced-columns.ts";

/**
 * The columns and the new ones.
 *
 * @throws ConfigurationError for an expression that compares text, for which ONNX has no operators to numbers.
 */
export function traceColumns(
  builder: NodeBuilder,
  table: TracedTable,
  { columns }: ColumnsStep,
): TracedTable {
  const result = new Map(table);
  for (const [name, text] of Object.entries(columns)) {
    if (result.has(name)) throw nameTaken(name);
    const kinds = new Map([...result.keys()].map((key) => [key, "unknown" as const]));
    const scalar = inColumn(name, () => compileExpression(text, kinds));
    const before = new Map(result);
    const sources = [...columnsOfScalar(scalar)].map((source) => before.get(source)!);
    result.set(
      name,
      derived(builder, sources, () =>
        withoutMissing(builder, writeScalar(builder, scalar, before, name), []),
      ),
    );
  }
  return result;
}

function writeScalar(
  builder: NodeBuilder,
  scalar: Scalar,
  columns: ReadonlyMap<string, TracedColumn>,
  name: string,
): string {
  const written = new Map<Scalar, string>();
  const operations = operationsOf(builder);
  const write = (part: Scalar): string => {
    const before = written.get(part);
    if (before !== undefined) return before;
    const value = writePart(part);
    written.set(part, value);
    return value;
  };
  const writePart = (part: Scalar): string => {
    switch (part.kind) {
      case "constant":
        return builder.double(part.value);
      case "column":
        return columns.get(part.name)!.numbers();
      case "isText":
        throw new ConfigurationError(
          `export: the new column "${name}" compares the text of "${part.column}", for which ONNX has no operators to numbers; make ${part.column} a categorical feature instead, or export the weights with --safetensors.`,
        );
      case "apply":
        return operations[part.operation](...(part.of.map(write) as [string, string, string]));
    }
  };
  return write(scalar);
}

/** The nodes of every operation. ONNX Runtime has no Cos, Sinh, Cosh, Asinh, Asin, Acos and Atan in double precision. */
function operationsOf(
  builder: NodeBuilder,
): Readonly<Record<Operation, (a: string, b: string, c: string) => string>> {
  const simple =
    (opType: string) =>
    (...inputs: string[]): string =>
      builder.node(opType, inputs.filter(Boolean));
  const [add, subtract, multiply, divide] = ["Add", "Sub", "Mul", "Div"].map(simple) as [
    Node,
    Node,
    Node,
    Node,
  ];
  const [negate, abs, sign, sqrt, exp, log, sin] = ["Neg", "Abs", "Sign", "Sqrt", "Exp", "Log", "Sin"].map(
    simple,
  ) as [Node, Node, Node, Node, Node, Node, Node];
  const [equal, less, lessOrEqual, both, either, choose] = [
    "Equal",
    "Less",
    "LessOrEqual",
    "And",
    "Or",
    "Where",
  ].map(simple) as [Node, Node, Node, Node, Node, Node];
  const number = (value: number): string => builder.double(value);
  const [zero, one, nan] = [number(0), number(1), number(Number.NaN)];
  const isNumber = (a: string): string => equal(a, a);
  const areNumbers = (a: string, b: string): string => both(isNumber(a), isNumber(b));
  /** A truth of ONNX as 1, 0, or missing. */
  const truth = (condition: string, known: string): string =>
    choose(known, builder.cast(condition, "float64"), nan);
  const cos = (a: string): string => sin(add(a, number(Math.PI / 2)));
  const half = (a: string): string => multiply(a, number(0.5));
  const hypot = (a: string, b: string): string => sqrt(add(multiply(a, a), multiply(b, b)));
  const asinh = (a: string): string => {
    const size = abs(a);
    return multiply(sign(a), log(add(size, hypot(size, one))));
  };
  const atan2 = (y: string, x: string): string => {
    const ratio = builder.cast(divide(y, x), "float32");
    const near = builder.cast(builder.node("Atan", [ratio]), "float64");
    const side = choose(less(y, zero), number(-Math.PI), number(Math.PI));
    const rough = choose(less(x, zero), add(near, side), near);
    // The single-precision angle is off by ε: sin ε is y cos − x sin over the length, and ε³ is below 1e-20.
    const off = divide(subtract(multiply(y, cos(rough)), multiply(x, sin(rough))), hypot(x, y));
    return choose(both(equal(x, zero), equal(y, zero)), zero, add(rough, off));
  };
  const legOf = (a: string): string => sqrt(multiply(subtract(one, a), add(one, a)));
  return {
    add,
    subtract,
    multiply,
    divide,
    power: (a, b) => choose(isNumber(a), builder.node("Pow", [a, b]), nan),
    negate,
    abs,
    sign,
    sqrt,
    exp,
    log,
    sin,
    cos,
    tan: (a) => divide(sin(a), cos(a)),
    asin: (a) => atan2(a, legOf(a)),
    acos: (a) => atan2(legOf(a), a),
    atan: (a) => atan2(a, one),
    atan2,
    sinh: (a) => half(subtract(exp(a), exp(negate(a)))),
    cosh: (a) => half(add(exp(a), exp(negate(a)))),
    tanh: simple("Tanh"),
    asinh,
    floor: simple("Floor"),
    ceil: simple("Ceil"),
    min: (a, b) => choose(areNumbers(a, b), choose(less(a, b), a, b), nan),
    max: (a, b) => choose(areNumbers(a, b), choose(less(a, b), b, a), nan),
    hypot,
    wrap: (a) => wrapped(builder, a),
    pseudorapidity: (pz, pt) => choose(both(equal(pz, zero), equal(pt, zero)), zero, asinh(divide(pz, pt))),
    less: (a, b) => truth(less(a, b), areNumbers(a, b)),
    lessOrEqual: (a, b) => truth(lessOrEqual(a, b), areNumbers(a, b)),
    equal: (a, b) => truth(equal(a, b), areNumbers(a, b)),
    and: (a, b) => choose(either(equal(a, zero), equal(b, zero)), zero, multiply(a, b)),
    or: (a, b) => choose(either(equal(a, one), equal(b, one)), one, add(a, b)),
    not: (a) => subtract(one, a),
    where: (condition, a, b) => choose(equal(condition, one), a, choose(equal(condition, zero), b, nan)),
    isMissing: (a) => choose(builder.isFinite(a, "float64"), zero, one),
  };
}

type Node = (...inputs: string[]) => string;
