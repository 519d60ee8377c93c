/** The documentation says what is true: links lead somewhere, names exist, analysis files parse, the example runs. */
import { execFileSync, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { analysisSchema } from "../src/cli/analysis-schema.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const pages = [
  ...readdirSync(root).filter((name) => name.endsWith(".md")),
  ...["docs", "examples"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".md"))
      .map((name) => join(folder, name)),
  ),
].sort();
const textOf = (page: string): string => readFileSync(join(root, page), "utf8");
const manifest = JSON.parse(textOf("package.json")) as {
  readonly scripts: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, unknown>>;
};

describe.each(pages)("%s", (page) => {
  test("links only to files that exist", () => {
    const targets = [...textOf(page).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map((match) => match[1]!);
    const local = targets.filter((target) => !/^[a-z]+:/.test(target));
    expect(local.filter((target) => !existsSync(join(root, dirname(page), target)))).toEqual([]);
  });

  test("names only npm scripts and files that exist", () => {
    const text = textOf(page);
    const scripts = [...text.matchAll(/\bnpm run ([a-z:]+)/g)].map((match) => match[1]!);
    expect(scripts.filter((name) => manifest.scripts[name] === undefined)).toEqual([]);
    const files = [
      ...text.matchAll(/\b(?:src|examples|scripts|bench|test|docs)\/[\w./-]*\w\.(?:ts|mjs|yaml|md)\b/g),
    ];
    expect(files.map((match) => match[0]).filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  test("shows analysis files, or parts of them, that the schema accepts", () => {
    const least = { input: { files: "a.csv" }, target: { column: "y" }, features: { continuous: ["x"] } };
    for (const [, block] of textOf(page).matchAll(/```yaml\n([\s\S]*?)```/g)) {
      const result = analysisSchema.safeParse({ ...least, ...parse(block!) });
      expect(result.success ? [] : result.error.issues).toEqual([]);
    }
  });

  test("says nothing of one machine", () => {
    expect(textOf(page)).not.toMatch(/(^|[\s"'(`])\/(home|root|work|tmp|Users)\//m);
  });
});

describe("README.md", () => {
  mkdirSync(join(root, "runs"), { recursive: true });
  const folder = mkdtempSync(join(root, "runs", "readme-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("shows commands and options that the command line knows", () => {
    const help = new Map<string, string>();
    for (const [, command, rest] of textOf("README.md").matchAll(/(?:\.\/bin\/)?lumin ([a-z]+)([^\n`]*)/g)) {
      if (!existsSync(join(root, "dist/cli/main.js"))) break;
      if (!/^(train|predict|evaluate|crossvalidate|report|schema|data)$/.test(command!)) continue;
      const main = join(root, "dist/cli/main.js");
      const text =
        help.get(command!) ?? execFileSync(process.execPath, [main, command!, "--help"]).toString();
      help.set(command!, text);
      for (const [option] of (rest ?? "").matchAll(/--[a-z-]+/g)) expect(text).toContain(option);
    }
    expect(help.size).toBeGreaterThan(3);
  });

  describe("the example of the API", () => {
    const example = /```ts\n([\s\S]*?)```/.exec(textOf("README.md"))?.[1] ?? "";
    let output: string;

    beforeAll(() => {
      // Beside package.json, so that "lumin-hep" is this package; it must be built.
      writeFileSync(join(folder, "example.mjs"), example);
      symlinkSync(join(root, "examples"), join(folder, "examples"));
      const run = spawnSync(process.execPath, ["example.mjs"], { cwd: folder, encoding: "utf8" });
      output = run.stdout;
      expect(`${run.stderr}${run.status}`).toBe("0");
    }, 300_000);

    test("compiles against the published types", () => {
      writeFileSync(join(folder, "example.ts"), example);
      const settings = {
        extends: "../../tsconfig.json",
        // Without the path by which examples see the sources.
        compilerOptions: { rootDir: "../..", paths: {} },
        include: ["example.ts", "../../src/**/*.d.ts"],
      };
      writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(settings));
      const compiler = join(root, "node_modules/typescript/bin/tsc");
      const check = spawnSync(process.execPath, [compiler, "-p", folder], { encoding: "utf8" });
      expect(check.stdout).toBe("");
    });

    test("is about twenty lines", () => {
      expect(example.trim().split("\n").length).toBeLessThanOrEqual(30);
    });

    test("trains and prints a weighted AUC that has learnt something", () => {
      const auc = Number(/0\.\d+/.exec(output)?.[0]);
      expect(auc).toBeGreaterThan(0.88);
      expect(auc).toBeLessThan(0.96);
    });
  });
});
