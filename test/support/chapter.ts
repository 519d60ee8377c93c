/** Runs the code of a page of documentation: its TypeScript blocks, in their order, as one program. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { expect } from "vitest";

const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor as new (
  ...parameters: string[]
) => (...values: unknown[]) => Promise<void>;

/** The text of a chapter of the guide. */
export function guideChapter(name: string): string {
  return readFileSync(new URL(`../../docs/guide/${name}.md`, import.meta.url), "utf8");
}

/** Writes the chapter's modules of a user's own (blocks that begin with `module=FILE` behind the language) into a folder. */
export function writeModules(chapter: string, folder: string): void {
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  for (const [, name, code] of chapter.matchAll(/```(?:js|ts) module=(\S+)\n([\s\S]*?)```/g))
    writeFileSync(join(folder, name!), code!);
}

/** How a chapter is run. */
export interface ChapterOptions {
  /** What its code uses and does not make. */
  readonly given?: Readonly<Record<string, unknown>>;
  /** Lines that end in a comment with their value: the expression, then the value. Without it the code calls `check`. */
  readonly valueLines?: RegExp;
  /** How such values are compared; default: `toBe`. */
  readonly compare?: (given: unknown, value: unknown) => void;
}

/** How many checks the chapter's code made, and how many lines of it begin with one. */
export interface ChapterRun {
  readonly done: number;
  readonly written: number;
}

/** Runs the chapter; a check that does not hold, or a value that is another, fails the test. */
export async function runChapter(
  chapter: string,
  { given = {}, valueLines, compare = (value, wanted) => expect(value).toBe(wanted) }: ChapterOptions = {},
): Promise<ChapterRun> {
  const code = [...chapter.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, text]) => text!).join("\n");
  const imports = /^import (\{[^}]*\}) from "((?:lumin-hep|node:)[\w/]*)";$/gm;
  const modules: Record<string, object> = {};
  for (const [, , name] of code.matchAll(imports)) modules[name!] = await imported(name!);
  let program = code.replaceAll(imports, 'const $1 = modules["$2"];');
  if (valueLines) program = program.replaceAll(valueLines, "check($1, $2);");
  const { outputText } = ts.transpileModule(program, { compilerOptions: { target: ts.ScriptTarget.ES2022 } });
  let done = 0;
  const check = (...values: readonly unknown[]): void => {
    done += 1;
    if (values.length === 2) compare(values[0], values[1]);
    else expect(values, `check ${done} of the chapter`).toEqual([true]);
  };
  const scope = { ...given, modules, check };
  await new AsyncFunction(...Object.keys(scope), outputText)(...Object.values(scope));
  return { done, written: [...program.matchAll(/^check\(/gm)].length };
}

/** A module of Node, or an entry point of the package from its source. */
function imported(name: string): Promise<object> {
  if (name.startsWith("node:")) return import(name);
  const folder = name.slice("lumin-hep".length);
  return import(new URL(`../../src${folder}/index.ts`, import.meta.url).pathname);
}
