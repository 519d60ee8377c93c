/** The words of an expression: numbers, names, texts, operators, with their places. */
import { ExpressionError, type Span } from "./expression-error.ts";

/** One word. */
export interface Token extends Span {
  readonly kind: "number" | "name" | "text" | "operator" | "end";
  /** A name without its quotation marks, an operator in its first spelling. */
  readonly text: string;
  /** Whether a name stood in quotation marks: then it is a column and nothing else. */
  readonly isQuoted?: boolean;
}

/** What words look like; a word is of the first kind that fits. */
const patterns = [
  ["space", /\s+/y],
  ["number", /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y],
  ["name", /[\p{L}_][\p{L}\p{N}_.]*(?:\[\d*\])?/uy],
  ["quotedName", /"((?:[^"]|"")+)"|`([^`]+)`/y],
  ["text", /'((?:[^']|'')*)'/y],
  ["operator", /\*\*|<=|>=|==|!=|&&|\|\||[-+*/^<>(),!]/y],
] as const;

const spellings: Readonly<Record<string, string>> = { "**": "^", "&&": "and", "||": "or", "!": "not" };
const words = ["and", "or", "not"];

/**
 * The words of an expression, the last one of the kind "end".
 *
 * @throws ExpressionError for a character that begins none.
 */
export function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const [kind, found] = wordAt(text, at);
    const start = at;
    at += found[0].length;
    if (kind !== "space") tokens.push({ ...token(kind, found), start, end: at });
  }
  tokens.push({ kind: "end", text: "", start: text.length, end: text.length });
  return tokens;
}

type Kind = (typeof patterns)[number][0];

function wordAt(text: string, at: number): [Kind, RegExpExecArray] {
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found) return [kind, found];
  }
  throw unreadable(text, at);
}

function token(kind: Exclude<Kind, "space">, found: RegExpExecArray): Omit<Token, keyof Span> {
  const [text] = found;
  switch (kind) {
    case "number":
      return { kind, text };
    case "name":
      return { kind: words.includes(text) ? "operator" : "name", text };
    case "quotedName":
      return { kind: "name", text: found[1]?.replaceAll('""', '"') ?? found[2]!, isQuoted: true };
    case "text":
      return { kind, text: found[1]!.replaceAll("''", "'") };
    case "operator":
      return { kind, text: spellings[text] ?? text };
  }
}

function unreadable(text: string, at: number): ExpressionError {
  const character = text[at]!;
  const problem =
    character === "="
      ? 'equality is written "==".'
      : character === '"' || character === "'" || character === "`"
        ? `the quotation mark ${character} is not closed.`
        : `"${String.fromCodePoint(text.codePointAt(at)!)}" has no meaning here.`;
  return new ExpressionError(problem, text, { start: at, end: at + 1 });
}
