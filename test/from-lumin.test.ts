/** docs/from-lumin.md against the Python LUMIN's names, the built package and the tests. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const textOf = (path: string): string => readFileSync(join(root, path), "utf8");

interface Row {
  /** LUMIN's names; those behind `Class.method` in one cell may be of the same class. */
  readonly names: readonly string[];
  readonly here: readonly string[];
  readonly status: string;
  readonly note: string;
  readonly tests: readonly string[];
}

const inBackticks = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1]!);

const rows: readonly Row[] = textOf("docs/from-lumin.md")
  .split("\n")
  .filter((line) => line.startsWith("|"))
  .map((line) =>
    line
      .slice(1)
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim()),
  )
  .filter((cells) => cells.length >= 5 && cells[2] !== "status" && !/^-+$/.test(cells[2]!))
  .map(([names, here, status, note, tests]) => ({
    names: inBackticks(names!),
    here: inBackticks(here!),
    status: status!,
    note: note!,
    tests: inBackticks(tests ?? ""),
  }));

const label = ({ names, here }: Row): string => `${names.join(", ")} → ${here.join(", ")}`;
/** LUMIN's names of a row, those of a class with the class and without. */
const namesIn = ({ names }: Row): string[] => {
  const owner = names.find((name) => /^[A-Z]\w*\.\w+$/.test(name))?.split(".")[0];
  return names.flatMap((name) => [name, `${owner}.${name}`]);
};
const lumin = JSON.parse(textOf("test/lumin-names.json")) as { names: Record<string, string[]> };
const isHere = ({ status }: Row): boolean => status === "same" || status === "different";

describe("docs/from-lumin.md", () => {
  test("has every public name of the Python LUMIN", () => {
    const listed = new Set(rows.flatMap(namesIn));
    const names = Object.values(lumin.names).flat();
    expect(names.length).toBeGreaterThan(300);
    expect(names.filter((name) => !listed.has(name))).toEqual([]);
  });

  test("gives each one of four states, and a reason for what is not here", () => {
    const states = ["same", "different", "not yet", "dropped"];
    expect(rows.filter(({ status }) => !states.includes(status)).map(label)).toEqual([]);
    const unexplained = rows.filter(
      (row) => row.status !== "not yet" && row.here.length === 0 && row.note === "",
    );
    expect(unexplained.map(label)).toEqual([]);
    expect(rows.filter((row) => !isHere(row) && row.here.length > 0).map(label)).toEqual([]);
    const missing = rows.filter(({ status }) => status === "not yet");
    console.info(
      `docs/from-lumin.md: ${rows.length} rows, ${missing.flatMap(({ names }) => names).length} names not yet: ` +
        missing.flatMap(({ names }) => names).join(", "),
    );
  });

  test.each(Object.keys(lumin.names))("leaves nothing of %s to be built", (area) => {
    const names = lumin.names[area]!;
    const notYet = new Set(rows.filter(({ status }) => status === "not yet").flatMap(namesIn));
    expect(names.length).toBeGreaterThan(3);
    expect(names.filter((name) => notYet.has(name))).toEqual([]);
  });

  describe("in the built package", () => {
    /** Exports by name: their value where they have one, and the text of their declaration. */
    const exported = new Map<string, { value?: unknown; declaration: string }>();

    beforeAll(async () => {
      const { exports } = JSON.parse(textOf("package.json")) as {
        exports: Record<string, { default?: string }>;
      };
      for (const { default: path } of Object.values(exports)) {
        if (path === undefined) continue;
        const module = (await import(pathToFileURL(join(root, path)).href)) as Record<string, unknown>;
        const declarations = declarationsIn(join(root, dirname(path)));
        for (const [name, declaration] of declarations) {
          if (/^(interface|type)/.test(declaration)) exported.set(name, { declaration });
        }
        for (const [name, value] of Object.entries(module)) {
          exported.set(name, { value, declaration: declarations.get(name) ?? "" });
        }
      }
    });

    test("every export and member that it names exists", () => {
      const unknown = rows.filter(isHere).flatMap(({ here }) =>
        here.filter((name) => {
          const [owner, member] = name.split(".");
          const found = exported.get(owner!);
          return !found || (member !== undefined && !new RegExp(`\\b${member}\\b`).test(found.declaration));
        }),
      );
      expect(unknown).toEqual([]);
    });
  });

  test("names a test for everything that is here, and the test mentions it", () => {
    const wrong = rows
      .filter((row) => isHere(row) && row.here.length > 0)
      .filter(({ here, tests }) => {
        if (
          tests.length === 0 ||
          !tests.every((path) => path.endsWith(".test.ts") && existsSync(join(root, path)))
        )
          return true;
        const text = tests.map(textOf).join("\n");
        // A callback's test may have its name as plain data: saveBest, SaveBest, saveBestCallback.
        return !here.every((name) => new RegExp(`\\b${name.split(".").at(-1)}`, "i").test(text));
      });
    expect(wrong.map((row) => `${label(row)}: ${row.tests.join(", ") || "no test"}`)).toEqual([]);
  });
});

/** Every top-level declaration of the folder's .d.ts files by name; `type` and `interface` begin with their word. */
function declarationsIn(folder: string): Map<string, string> {
  const found = new Map<string, string>();
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".d.ts"),
  );
  for (const file of files) {
    for (const part of readFileSync(join(folder, file), "utf8")
      .split(/^export (?:declare )?/m)
      .slice(1)) {
      const name = /^(?:abstract )?(?:interface|type|class|function|const) (\w+)/.exec(part)?.[1];
      if (name !== undefined) found.set(name, part);
    }
  }
  return found;
}
