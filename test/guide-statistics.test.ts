/** Runs the code of the guide's chapter on statistics: `expression // value` must hold. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { readTemplateSettings } from "../src/cli/template-settings.ts";
import * as metrics from "../src/metrics/index.ts";
import * as statistics from "../src/statistics/index.ts";
import { scratchFolder } from "./cli-harness.ts";

const chapter = readFileSync(new URL("../docs/guide/statistics.md", import.meta.url), "utf8");
const folder = scratchFolder();

test("every value in the chapter is what the code gives", async () => {
  const program = [...chapter.matchAll(/```ts\n([\s\S]*?)```/g)]
    .map((match) => match[1]!)
    .join("\n")
    .replaceAll(/^import (\{[^}]*\}) from "lumin-hep\/(\w+)";$/gm, "const $1 = subpaths.$2;")
    .replaceAll(/^(?!const|\/\/)(\S.*\S)\s+\/\/ ([\w.]+)$/gm, "check(() => ($1), $2);");
  const checks = [...program.matchAll(/^check\(/gm)].length;
  expect(checks).toBe(8);
  let done = 0;
  const check = (give: () => unknown, value: unknown): void => {
    done++;
    if (typeof value === "number") expect(give()).toBeCloseTo(value, 12);
    else expect(give()).toBe(value);
  };
  const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor as new (
    ...parameters: string[]
  ) => (...values: unknown[]) => Promise<void>;
  const { outputText } = ts.transpileModule(program, { compilerOptions: { target: ts.ScriptTarget.ES2022 } });
  await new AsyncFunction("subpaths", "check", outputText)({ metrics, statistics }, check);
  expect(done).toBe(checks);
});

test("the YAML file of the chapter is read, and has every key", () => {
  const [, text] = /```yaml templates\n([\s\S]*?)```/.exec(chapter)!;
  const path = join(folder, "templates.yaml");
  writeFileSync(path, text!);
  const settings = readTemplateSettings(path);
  expect(settings).toEqual(parse(text!));
  expect(Object.keys(settings).sort()).toEqual([
    ...[
      "bins",
      "channel",
      "data",
      "luminosity",
      "normalisations",
      "parameterOfInterest",
      "process",
      "shapes",
    ],
    ...["signal", "statistical"],
  ]);
});
