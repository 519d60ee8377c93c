/** Runs the code of the guide's chapter on features: `expression; // value` must hold. */
import { readFileSync } from "node:fs";
import ts from "typescript";
import { expect, test } from "vitest";
import * as lumin from "../src/index.ts";

const chapter = readFileSync(new URL("../docs/guide/features.md", import.meta.url), "utf8");

test("every value in the chapter is what the code gives", async () => {
  const program = [...chapter.matchAll(/```ts\n([\s\S]*?)```/g)]
    .map((match) => match[1]!)
    .join("\n")
    .replaceAll(/^import (\{[^}]*\}) from "lumin-hep";$/gm, "const $1 = lumin;")
    .replaceAll(/^(?!const)(\S.*\S);\s+\/\/ (true|false|"[^"]*")$/gm, "check($1, $2);");
  expect([...program.matchAll(/^check\(/gm)].length).toBe(5);
  let done = 0;
  const check = (given: unknown, value: unknown): void => {
    done++;
    expect(given).toBe(value);
  };
  const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor as new (
    ...parameters: string[]
  ) => (...values: unknown[]) => Promise<void>;
  const { outputText } = ts.transpileModule(program, { compilerOptions: { target: ts.ScriptTarget.ES2022 } });
  await new AsyncFunction("lumin", "check", outputText)(lumin, check);
  expect(done).toBe(5);
  for (const [, name] of chapter.matchAll(/`((?:rank|check|filter|mutual|scan|compare)[A-Z]\w+)`/g)) {
    expect(Object.keys(lumin)).toContain(name);
  }
});
