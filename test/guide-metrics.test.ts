/** Runs the code of the guide's chapter on losses and metrics: `expression // value` must hold. */
import { readFileSync } from "node:fs";
import ts from "typescript";
import { expect, test } from "vitest";
import * as metrics from "../src/metrics/index.ts";
import * as model from "../src/model/index.ts";
import * as nn from "../src/nn/index.ts";
import * as tensor from "../src/tensor/index.ts";

const chapter = readFileSync(new URL("../docs/guide/losses-and-metrics.md", import.meta.url), "utf8");

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
    if (typeof value === "number" && Number.isFinite(value)) expect(give()).toBeCloseTo(value, 12);
    else expect(give()).toBe(value);
  };
  const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor as new (
    ...parameters: string[]
  ) => (...values: unknown[]) => Promise<void>;
  const { outputText } = ts.transpileModule(program, { compilerOptions: { target: ts.ScriptTarget.ES2022 } });
  await new AsyncFunction("subpaths", "check", outputText)({ metrics, model, nn, tensor }, check);
  expect(done).toBe(checks);
});

test("the tables name every loss and every metric", () => {
  const named = new Set(
    [...chapter.matchAll(/^\|.*$/gm)].flatMap(([row]) => [...row.matchAll(/`(\w+)`/g)].map((m) => m[1])),
  );
  expect([...nn.lossNames, ...metrics.metricNames].filter((name) => !named.has(name))).toEqual([]);
});
