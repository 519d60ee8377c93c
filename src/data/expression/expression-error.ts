/** The error of an expression, which points at its place. */
import { ConfigurationError } from "../../errors/index.ts";

/** A stretch of the expression's text. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** An expression that cannot be read or evaluated. Its message ends in the expression and a line of carets below the place. */
export class ExpressionError extends ConfigurationError {
  override readonly name: string = "ExpressionError";
  /** Where it is wrong, in characters from 0. */
  readonly span: Span;
  readonly #problem: string;
  readonly #text: string;

  constructor(problem: string, text: string, span: Span) {
    super(`${problem}\n${pointer(text, span)}`);
    this.span = span;
    this.#problem = problem;
    this.#text = text;
  }

  /** The same, said of a new column. */
  inColumn(name: string): ExpressionError {
    return new ExpressionError(`new column "${name}": ${this.#problem}`, this.#text, this.span);
  }
}

/** The line of the text that holds the place, and carets below it. */
function pointer(text: string, { start, end }: Span): string {
  const lineStart = text.lastIndexOf("\n", start - 1) + 1;
  const newline = text.indexOf("\n", start);
  const lineEnd = newline < 0 ? text.length : newline;
  // Tabs keep their width.
  const indent = text.slice(lineStart, start).replaceAll(/[^\t]/g, " ");
  const carets = "^".repeat(Math.max(1, Math.min(end, lineEnd) - start));
  return `  ${text.slice(lineStart, lineEnd)}\n  ${indent}${carets}`;
}
