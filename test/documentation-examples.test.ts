/** Runs every `@example` of the doc comments: `expression // result` must hold. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeFoldFile } from "../src/data/index.ts";

const source = fileURLToPath(new URL("../src/", import.meta.url));

const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor as new (
  ...parameters: string[]
) => (...values: unknown[]) => Promise<void>;

/** One example: where it is, and its lines without the comment's stars. */
interface Example {
  readonly file: string;
  readonly line: number;
  readonly lines: readonly string[];
}

/** A piece of an example: code to run, and what its value must be where the example says so. */
interface Piece {
  readonly code: string;
  readonly expected?: string;
}

describe("the examples of the doc comments", () => {
  const before = process.cwd();
  const folder = mkdtempSync(join(tmpdir(), "lumin-examples-"));

  /** The files that examples open. */
  beforeAll(async () => {
    process.chdir(folder);
    symlinkSync(join(source, "../test"), "test", "junction");
    await writeFoldFile("train.h5", {
      folds: [Int32Array.of(0, 2), Int32Array.of(1, 3)],
      continuousFeatures: ["pt", "eta"],
      categoricalFeatures: [],
      categories: [],
      targetFeatures: ["target"],
      features: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8),
      targets: Float32Array.of(0, 1, 1, 0),
    });
  });

  afterAll(() => {
    process.chdir(before);
    rmSync(folder, { recursive: true, force: true });
  });

  for (const example of examples()) {
    const place = `${relative(source, example.file)}:${example.line}`;
    const pieces = piecesOf(example.lines);
    if (pieces.some((piece) => piece.expected !== undefined)) {
      test(`${place} gives what it says`, async () => {
        for (const [value, expected] of await run(example.file, pieces)) compare(value, expected);
      });
    } else {
      test(`${place} shows a use that parses`, () => {
        expect(() => new AsyncFunction(example.lines.join("\n"))).not.toThrow();
      });
    }
  }
});

function examples(): Example[] {
  const files = readdirSync(source, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts") && !path.endsWith(".test.ts"))
    .sort();
  return files.flatMap((path) => {
    const file = join(source, path);
    const lines = readFileSync(file, "utf8").split("\n");
    return lines.flatMap((line, index) =>
      /^\s*\* @example\s*$/.test(line) ? [exampleAt(file, lines, index)] : [],
    );
  });
}

function exampleAt(file: string, lines: readonly string[], index: number): Example {
  const rest = lines.slice(index + 1);
  const end = rest.findIndex((line) => /^\s*\*\//.test(line) || /^\s*\* @/.test(line));
  return { file, line: index + 1, lines: rest.slice(0, end).map((line) => line.replace(/^\s*\* ?/, "")) };
}

/** Splits an example where a result is given: behind the code, or in a comment line of its own. */
function piecesOf(lines: readonly string[]): Piece[] {
  const pieces: Piece[] = [];
  let code: string[] = [];
  for (const line of lines.filter((text) => text.trim() !== "" && !text.startsWith("```"))) {
    const own = /^\s*\/\/ (.*)$/.exec(line);
    const behind = /^(.*\S)\s+\/\/ (.*)$/.exec(line);
    if (own === null && behind === null) code.push(line);
    else {
      if (behind !== null) code.push(behind[1]!);
      const comment = own?.[1] ?? behind?.[2] ?? "";
      const isExpression = !/^\s*(const|let|for|if)\b/.test(code.at(-1) ?? "const");
      if (isExpression && literalOf(comment) !== undefined) {
        pieces.push({ code: code.join("\n"), expected: comment });
        code = [];
      }
    }
  }
  return code.length > 0 ? [...pieces, { code: code.join("\n") }] : pieces;
}

/** Runs the pieces in order, with all that the file's folder and the rest of the library export in scope. */
async function run(file: string, pieces: readonly Piece[]): Promise<[unknown, string][]> {
  const scope: Record<string, unknown> = {};
  for (const folder of readdirSync(source)) {
    if (folder !== "cli") Object.assign(scope, await load(join(source, folder, "index.ts")));
  }
  Object.assign(scope, await load(file));
  const body = pieces
    .map(({ code, expected }) => {
      if (expected === undefined) return code;
      // All but the last statement run as they are; the value of the last one is kept.
      const statements = code.trim().replace(/;$/, "");
      const cut = lastStatement(statements);
      return `${statements.slice(0, cut)}\nresults.push(await (${statements.slice(cut)}));`;
    })
    .join("\n");
  const names = Object.keys(scope).filter((name) => /^[A-Za-z_$][\w$]*$/.test(name) && name !== "default");
  const results: unknown[] = [];
  await new AsyncFunction("results", ...names, `{${body}}`)(results, ...names.map((name) => scope[name]));
  const expected = pieces.flatMap((piece) => (piece.expected === undefined ? [] : [piece.expected]));
  return expected.map((text, i): [unknown, string] => [results[i], text]);
}

async function load(path: string): Promise<Record<string, unknown>> {
  try {
    return (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  } catch (error) {
    if (/Cannot find module|Failed to load/.test(String(error))) return {};
    throw error;
  }
}

/** Where the last statement starts: behind the last `;` that ends a line. */
function lastStatement(code: string): number {
  const end = code.lastIndexOf(";\n");
  return end < 0 ? 0 : end + 2;
}

/** The JavaScript of a result: a literal, `Float64Array [1, 2]`, or leading digits `0.93953…`; undefined for prose. */
function literalOf(comment: string): string | undefined {
  if (/^-?[\d.]+…$/.test(comment)) return `"${comment}"`;
  const typed = /^([A-Z]\w*Array)(?:\(\d+\))? (\[.*\])$/.exec(comment);
  const literal = typed === null ? `(${comment})` : `${typed[1]}.from(${typed[2]})`;
  if (typed === null && !/^([-\d"'`[{]|(true|false|null|undefined|NaN|Infinity)$)/.test(comment))
    return undefined;
  try {
    new Function(`return ${literal}`);
    return literal;
  } catch {
    return undefined;
  }
}

function compare(value: unknown, expected: string): void {
  if (expected.endsWith("…")) {
    const digits = expected.slice(0, -1);
    expect(String(value).startsWith(digits), `${String(value)} begins with ${digits}`).toBe(true);
    return;
  }
  const wanted = new Function(`return ${literalOf(expected)}`)() as unknown;
  if (typeof wanted === "number" && Number.isFinite(wanted)) expect(value).toBeCloseTo(wanted, 12);
  else expect(value).toEqual(wanted);
}
