/** The folders of src/ are layers: docs/architecture.md and CONTRIBUTING.md say which, the imports obey. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const source = join(root, "src");
const folders = readdirSync(source, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

/** The layers that a page lists below its heading, the lowest first: the folders at the beginning of each line. */
function layersOf(page: string, heading: string): string[][] {
  const text = readFileSync(join(root, page), "utf8");
  const [, block] = /```\n([\s\S]*?)```/.exec(text.slice(text.indexOf(heading)))!;
  return block!
    .trim()
    .split("\n")
    .map((line) => {
      const words = line.trim().split(/\s+/);
      const end = words.findIndex((word) => !folders.includes(word));
      return end < 0 ? words : words.slice(0, end);
    });
}

/** For each source file (tests left out) the other folders that it imports from. */
function* imports(): Generator<{ file: string; from: string; to: string }> {
  for (const name of readdirSync(source, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".ts") || name.endsWith(".test.ts") || !name.includes("/")) continue;
    const text = readFileSync(join(source, name), "utf8");
    for (const [, path] of text.matchAll(/(?:from|import\()\s*"(\.[^"]+)"/g)) {
      const [from, to] = [name, normalize(join(dirname(name), path!))].map((file) => file.split("/")[0]!);
      if (from !== to) yield { file: `src/${name}`, from: from!, to: to! };
    }
  }
}

describe("the folders of src/", () => {
  const layers = layersOf("docs/architecture.md", "## Folders");

  test("are all in the list of docs/architecture.md, once, and CONTRIBUTING.md has the same list", () => {
    expect(layers.flat().sort()).toEqual([...folders].sort());
    expect(layersOf("CONTRIBUTING.md", "## Where things are")).toEqual(layers);
  });

  test("import only from folders of earlier lines", () => {
    const level = new Map(layers.flatMap((names, i) => names.map((name) => [name, i] as const)));
    const all = [...imports()];
    const wrong = all.filter(({ from, to }) => !(level.get(to)! < level.get(from)!));
    expect(wrong.map(({ file, to }) => `${file} imports from ${to}`)).toEqual([]);
    expect(all.length).toBeGreaterThan(100);
  });
});
