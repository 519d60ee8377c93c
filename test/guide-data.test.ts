/** Runs the code of the guide's chapter on data: `expression // value` must hold. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import * as data from "../src/data/index.ts";

const chapter = readFileSync(new URL("../docs/guide/data.md", import.meta.url), "utf8");

test("every value in the chapter is what the code gives", async () => {
  const program = [...chapter.matchAll(/```ts\n([\s\S]*?)```/g)]
    .map((match) => match[1]!)
    .join("\n")
    .replaceAll(/^import (\{[^}]*\}) from "lumin-hep\/data";$/gm, "const $1 = data;")
    .replaceAll(/^(?!const|\/\/)(\S.*\S)[ ]+\/\/ (.+)$/gm, "check($1, $2);");
  const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor as new (
    ...parameters: string[]
  ) => (...values: unknown[]) => Promise<void>;
  let done = 0;
  const check = (value: unknown, expected: unknown): void => {
    done++;
    expect(value).toBe(expected);
  };
  await new AsyncFunction("data", "check", program)(data, check);
  expect(done).toBe(6);
});

test("the formats of the table are those of readTable", () => {
  const table = /## Formats[\s\S]*?\n\n([\s\S]*?)\n\n/.exec(chapter)![1]!;
  for (const format of ["CSV", "TSV", "JSON", "Parquet", "ROOT", "HDF5", "NPY", "NPZ"]) {
    expect(table).toContain(format);
  }
});
