/** From the tree of an expression to plain operations, with the kinds of all values checked. */
import { counted, nearestName, unknownName } from "../../errors/index.ts";
import type { Table } from "../table.ts";
import { ExpressionError, type Span } from "./expression-error.ts";
import { functions, type NumberFunction, type VectorFunction } from "./functions.ts";
import { type BinaryOperator, parseExpression, type Syntax } from "./parse.ts";
import { apply, constant, type Operation, type Scalar } from "./scalar.ts";
import { combined, negated, type VectorFormulas, vectorColumns, vectorOfColumns } from "./vectors.ts";

/** Names that are numbers where no column has them. */
const constants: Readonly<Record<string, number>> = { pi: Math.PI, missing: Number.NaN };

const arithmetic: Partial<Record<BinaryOperator, Operation>> = {
  "+": "add",
  "-": "subtract",
  "*": "multiply",
  "/": "divide",
  "^": "power",
};

interface Value {
  readonly kind: "number" | "truth";
  readonly scalar: Scalar;
}

/** What columns hold; what is not known may be either. */
export type ColumnKinds = ReadonlyMap<string, "number" | "text" | "unknown">;

/** The kinds of a table's columns. */
export function columnKinds({ columns }: Table): ColumnKinds {
  return new Map(
    Object.entries(columns).map(([name, column]) => [name, ArrayBuffer.isView(column) ? "number" : "text"]),
  );
}

/**
 * The operations of an expression over columns of the given names and kinds.
 *
 * @throws ExpressionError that points at what cannot be read, a column, vector or function that is not known, and a
 * value of the wrong kind.
 */
export function compileExpression(text: string, columns: ColumnKinds): Scalar {
  return new Compiler(text, columns).scalar(parseExpression(text));
}

class Compiler {
  readonly #text: string;
  readonly #columns: ColumnKinds;
  readonly #used = new Map<string, Scalar>();
  readonly #vectors = new Map<string, VectorFormulas>();

  constructor(text: string, columns: ColumnKinds) {
    this.#text = text;
    this.#columns = columns;
  }

  scalar(syntax: Syntax): Scalar {
    return this.#value(syntax).scalar;
  }

  #value(syntax: Syntax): Value {
    switch (syntax.kind) {
      case "number":
        return { kind: "number", scalar: constant(syntax.value) };
      case "text":
        throw this.#error("a text can only be compared with a column, by == or !=.", syntax);
      case "name":
        return { kind: "number", scalar: this.#name(syntax.name, syntax, syntax.isQuoted) };
      case "unary":
        return syntax.operator === "-"
          ? { kind: "number", scalar: apply("negate", this.#of("number", syntax.of)) }
          : { kind: "truth", scalar: apply("not", this.#of("truth", syntax.of)) };
      case "binary":
        return this.#binary(syntax.operator, syntax.left, syntax.right);
      case "call":
        return this.#call(syntax);
    }
  }

  /** A value of the kind that is needed. Columns may hold truth as 0 and 1. */
  #of(kind: Value["kind"], syntax: Syntax): Scalar {
    const value = this.#value(syntax);
    if (value.kind === kind) return value.scalar;
    if (kind === "number") return value.scalar;
    if (syntax.kind === "name") {
      // Any number but 0 is true.
      return apply("not", apply("equal", value.scalar, constant(0)));
    }
    throw this.#error("expected a condition, such as pt > 30, but this is a number.", syntax);
  }

  #binary(operator: BinaryOperator, left: Syntax, right: Syntax): Value {
    const operation = arithmetic[operator];
    if (operation !== undefined) {
      return {
        kind: "number",
        scalar: apply(operation, this.#of("number", left), this.#of("number", right)),
      };
    }
    if (operator === "and" || operator === "or") {
      return { kind: "truth", scalar: apply(operator, this.#of("truth", left), this.#of("truth", right)) };
    }
    if ((operator === "==" || operator === "!=") && (left.kind === "text" || right.kind === "text")) {
      const same = this.#sameText(left, right);
      return { kind: "truth", scalar: operator === "==" ? same : apply("not", same) };
    }
    const [a, b] = [this.#of("number", left), this.#of("number", right)];
    const scalar = {
      "<": () => apply("less", a, b),
      "<=": () => apply("lessOrEqual", a, b),
      ">": () => apply("less", b, a),
      ">=": () => apply("lessOrEqual", b, a),
      "==": () => apply("equal", a, b),
      "!=": () => apply("not", apply("equal", a, b)),
    }[operator as "<"]();
    return { kind: "truth", scalar };
  }

  #sameText(left: Syntax, right: Syntax): Scalar {
    const [text, other] = left.kind === "text" ? [left, right] : [right as Syntax & { kind: "text" }, left];
    if (other.kind !== "name" || (this.#columns.get(other.name) ?? "number") === "number") {
      throw this.#error("a text can only be compared with a column of text.", other);
    }
    return { kind: "isText", column: other.name, text: text.value };
  }

  #name(name: string, span: Span, isQuoted: boolean): Scalar {
    const kind = this.#columns.get(name);
    if (kind === "text") {
      throw this.#error(`the column "${name}" holds text; compare it with one, as in ${name} == 'a'.`, span);
    }
    if (kind !== undefined) return this.#column(name);
    if (!isQuoted && Object.hasOwn(constants, name)) return constant(constants[name]!);
    const known = [...this.#columns.keys()];
    if (!isQuoted && vectorColumns(name, known)) {
      throw this.#error(
        `"${name}" is a vector, a number is needed here; take for instance pt(${name}).`,
        span,
      );
    }
    if (!isQuoted && Object.hasOwn(functions, name)) {
      throw this.#error(`"${name}" is a function and needs arguments in brackets.`, span);
    }
    throw this.#error(unknownName("column", name, known).message, span);
  }

  #column(name: string): Scalar {
    const before = this.#used.get(name);
    if (before !== undefined) return before;
    const column: Scalar = { kind: "column", name };
    this.#used.set(name, column);
    return column;
  }

  #call(call: Syntax & { kind: "call" }): Value {
    const { name, nameSpan, arguments: given } = call;
    if (!Object.hasOwn(functions, name)) {
      const near = nearestName(name, Object.keys(functions));
      throw this.#error(
        `there is no function "${name}"${near ? `; did you mean "${near}"?` : ". There are"}${near ? " There are" : ""} ${Object.keys(functions).join(", ")}.`,
        nameSpan,
      );
    }
    const found = functions[name]!;
    return found.takes === "numbers"
      ? this.#callOfNumbers(found, call, given)
      : { kind: "number", scalar: this.#callOfVectors(found, call, given) };
  }

  #callOfNumbers(
    found: NumberFunction,
    { name, ...span }: Syntax & { kind: "call" },
    given: readonly Syntax[],
  ): Value {
    const [least, most] = found.count;
    if (given.length < least || given.length > most) {
      const expected = least === most ? counted(least, "argument") : `at least ${counted(least, "argument")}`;
      throw this.#error(`${name} takes ${expected}, but ${given.length} came.`, span);
    }
    const scalars = given.map((each, i) => this.#of(i === found.condition ? "truth" : "number", each));
    return { kind: found.gives, scalar: found.make(...scalars) };
  }

  #callOfVectors(
    found: VectorFunction,
    { name, ...span }: Syntax & { kind: "call" },
    given: readonly Syntax[],
  ): Scalar {
    if (given.length !== found.count) {
      throw this.#error(`${name} takes ${counted(found.count, "vector")}, but ${given.length} came.`, span);
    }
    const vectors = given.map((each) => {
      const vector = this.#vector(each);
      const lacking = found.needs.find((component) => vector[component] === undefined);
      if (lacking === undefined) return vector;
      const why = lacking === "pt" || lacking === "phi" ? "" : "; it is transverse, without η or pz";
      throw this.#error(
        `${name} needs the component ${lacking}, which this vector does not have${why}.`,
        each,
      );
    });
    return found.make(...vectors);
  }

  #vector(syntax: Syntax): VectorFormulas {
    if (syntax.kind === "unary" && syntax.operator === "-") return negated(this.#vector(syntax.of));
    if (syntax.kind === "binary" && (syntax.operator === "+" || syntax.operator === "-")) {
      const [left, right] = [this.#vector(syntax.left), this.#vector(syntax.right)];
      return combined(syntax.operator === "+" ? "add" : "subtract", left, right);
    }
    if (syntax.kind !== "name") {
      throw this.#error("expected a vector here: a prefix such as lep, or a sum such as lep + tau.", syntax);
    }
    const before = this.#vectors.get(syntax.name);
    if (before !== undefined) return before;
    const known = [...this.#columns].flatMap(([name, kind]) => (kind === "text" ? [] : [name]));
    const names = vectorColumns(syntax.name, known);
    if (names === undefined) {
      const { name } = syntax;
      const [, prefix, element = ""] = /^(.*?)(\[\d+\])?$/.exec(name)!;
      throw this.#error(
        `there is no vector "${name}": it needs the columns ${prefix}_pt${element} and ${prefix}_phi${element}, or ${prefix}_px${element} and ${prefix}_py${element}.`,
        syntax,
      );
    }
    const vector = vectorOfColumns(names, (name) => this.#column(name));
    this.#vectors.set(syntax.name, vector);
    return vector;
  }

  #error(problem: string, span: Span): ExpressionError {
    return new ExpressionError(problem, this.#text, { start: span.start, end: span.end });
  }
}
