/** From the text of an expression to its tree: an operator-precedence parser (Pratt, POPL 1973). */
import { ExpressionError, type Span } from "./expression-error.ts";
import { type Token, tokensOf } from "./tokens.ts";

/** A comparison. */
export type Comparison = "<" | "<=" | ">" | ">=" | "==" | "!=";
/** An operator between two values. */
export type BinaryOperator = "+" | "-" | "*" | "/" | "^" | "and" | "or" | Comparison;

/** A part of an expression with its place. */
export type Syntax = Span &
  (
    | { readonly kind: "number"; readonly value: number }
    | { readonly kind: "text"; readonly value: string }
    | { readonly kind: "name"; readonly name: string; readonly isQuoted: boolean }
    | { readonly kind: "unary"; readonly operator: "-" | "not"; readonly of: Syntax }
    | {
        readonly kind: "binary";
        readonly operator: BinaryOperator;
        readonly left: Syntax;
        readonly right: Syntax;
      }
    | {
        readonly kind: "call";
        readonly name: string;
        readonly nameSpan: Span;
        readonly arguments: readonly Syntax[];
      }
  );

/** How tightly operators bind. */
const binding: Readonly<Record<BinaryOperator, number>> = {
  or: 1,
  and: 2,
  "<": 4,
  "<=": 4,
  ">": 4,
  ">=": 4,
  "==": 4,
  "!=": 4,
  "+": 5,
  "-": 5,
  "*": 6,
  "/": 6,
  "^": 8,
};
const bindingOfNot = 3;
const bindingOfMinus = 7;
const deepest = 200;

/** The tree of an expression. @throws ExpressionError that points at what was not expected. */
export function parseExpression(text: string): Syntax {
  return new Parser(text).whole();
}

class Parser {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  readonly #bracketed = new WeakSet<Syntax>();
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = tokensOf(text);
  }

  whole(): Syntax {
    const tree = this.#expression(0);
    const rest = this.#next;
    if (rest.kind !== "end") {
      throw this.#error(
        rest.text === ")" ? 'this ")" closes no bracket.' : `expected an operator, but "${rest.text}" came.`,
        rest,
      );
    }
    return tree;
  }

  get #next(): Token {
    return this.#tokens[this.#at]!;
  }

  #expression(least: number): Syntax {
    if (++this.#depth > deepest) throw this.#error("the brackets are nested too deeply.", this.#next);
    let left = this.#operand();
    for (;;) {
      const { kind, text } = this.#next;
      if (kind !== "operator" || !Object.hasOwn(binding, text)) break;
      const operator = text as BinaryOperator;
      const strength = binding[operator];
      if (strength <= least) break;
      if (
        strength === 4 &&
        left.kind === "binary" &&
        binding[left.operator] === 4 &&
        !this.#bracketed.has(left)
      ) {
        throw this.#error('comparisons are not chained; write "a < b and b < c".', this.#next);
      }
      this.#at++;
      // A power binds to the right: 2^3^2 is 2^9.
      const right = this.#expression(operator === "^" ? strength - 1 : strength);
      left = { kind: "binary", operator, left, right, start: left.start, end: right.end };
    }
    this.#depth--;
    return left;
  }

  #operand(): Syntax {
    const token = this.#next;
    const { kind, text, start, end } = token;
    this.#at++;
    if (kind === "number") return { kind, value: Number(text), start, end };
    if (kind === "text") return { kind, value: text, start, end };
    if (kind === "name") {
      if (this.#next.text === "(" && this.#next.kind === "operator" && !token.isQuoted)
        return this.#call(token);
      return { kind, name: text, isQuoted: token.isQuoted === true, start, end };
    }
    if (kind === "operator" && text === "(") {
      const inner = this.#expression(0);
      const close = this.#close(token);
      const whole = { ...inner, start, end: close.end };
      this.#bracketed.add(whole);
      return whole;
    }
    if (kind === "operator" && (text === "-" || text === "+" || text === "not")) {
      const of = this.#expression(text === "not" ? bindingOfNot : bindingOfMinus);
      return text === "+" ? of : { kind: "unary", operator: text, of, start, end: of.end };
    }
    throw this.#error(
      kind === "end" ? "expected a value, but the expression ends." : `expected a value, but "${text}" came.`,
      token,
    );
  }

  #call(name: Token): Syntax {
    const open = this.#next;
    this.#at++;
    const given: Syntax[] = [];
    if (this.#next.text !== ")") {
      given.push(this.#expression(0));
      while (this.#next.text === "," && this.#next.kind === "operator") {
        this.#at++;
        given.push(this.#expression(0));
      }
    }
    const close = this.#close(open);
    const { start, end, text } = name;
    return { kind: "call", name: text, nameSpan: { start, end }, arguments: given, start, end: close.end };
  }

  #close(open: Token): Token {
    const token = this.#next;
    if (token.kind === "operator" && token.text === ")") {
      this.#at++;
      return token;
    }
    if (token.kind === "end") throw this.#error('this "(" is not closed.', open);
    throw this.#error(`expected an operator or ")", but "${token.text}" came.`, token);
  }

  #error(problem: string, span: Span): ExpressionError {
    return new ExpressionError(problem, this.#text, span);
  }
}
