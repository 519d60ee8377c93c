/** The programs that are written beside an exported file, run as they are; ONNX Runtime and the model are stand-ins. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { cppSnippet, pythonSnippet, type SnippetOptions } from "./snippets.ts";

const standIn = fileURLToPath(new URL("../../../test/support/onnxruntime-stand-in", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "lumin-snippets-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const hasCompiler = spawnSync("g++", ["--version"]).status === 0;
/** Debian's package belongs to Debian's interpreter. */
const python = ["/usr/bin/python3", "python3"].find(
  (each) => spawnSync(each, ["-c", "import numpy"]).status === 0,
);

const options = (form: SnippetOptions["form"]): SnippetOptions => ({
  ...{ file: `${form}.onnx`, output: "prediction", form, outputCount: 1 },
  inputs: [
    { name: "pt", kind: "number" },
    { name: 'a "quoted" \\ name', kind: "number" },
    { name: "channel", kind: "code", values: ["e", 'mu, "tight"'] },
  ],
});

/** 1 · pt + 2 · quoted + 3 · code. */
const expected = [1.5 + 2 * -999 + 0, 2 + 2 * 0.25 + 3, 30 + 2 * 4 - 3];

describe.each(["columns", "matrix"] as const)("%s", (form) => {
  test.skipIf(!hasCompiler)(
    `the C++ program compiles without warnings and gives events and columns their places${hasCompiler ? "" : " — SKIPPED, there is no g++"}`,
    () => {
      const [source, program] = [join(folder, `${form}.cpp`), join(folder, form)];
      writeFileSync(source, cppSnippet(options(form)));
      const flags = ["-std=c++17", "-Wall", "-Wextra", "-Werror", `-I${standIn}`];
      const built = spawnSync("g++", [...flags, source, "-o", program], { encoding: "utf8" });
      expect(built.stderr).toBe("");
      expect(built.status).toBe(0);
      const input = "1.5 -999 0\n2 0.25 1\n30 4 -1\n";
      const { stdout } = spawnSync(program, [`${form}.onnx`], { input, encoding: "utf8" });
      expect(stdout.trim().split("\n").map(Number)).toEqual(expected);
    },
  );

  test.skipIf(python === undefined)(
    `the Python program reads a CSV file, texts become codes${python === undefined ? " — SKIPPED, numpy is not installed" : ""}`,
    () => {
      const program = join(folder, `${form}.py`);
      writeFileSync(program, pythonSnippet(options(form)));
      const events = join(folder, "events.csv");
      const header = 'other,"a ""quoted"" \\ name",channel,pt';
      const rows = ["7,-999,e,1.5", '7,0.25,"mu, ""tight""",2', "7,4,tau,30", "7,4,e,"];
      writeFileSync(events, `${[header, ...rows].join("\n")}\n`);
      const { stdout, stderr } = spawnSync(python!, [program, events], {
        encoding: "utf8",
        env: { ...process.env, PYTHONPATH: standIn, PYTHONDONTWRITEBYTECODE: "1" },
      });
      expect(stderr).toBe("");
      expect(stdout.trim().split("\n").map(Number)).toEqual([...expected, Number.NaN]);
    },
  );
});
