/** `lumin export` as a user types it: the file against `lumin predict` on real events, and as others see it. */
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { numbersOf, readTable, type Table } from "../src/data/index.ts";
import { Session, type SessionValue } from "../src/engine/index.ts";
import { type Finished, lumin, scratchFolder, small, writeSample } from "./cli-harness.ts";
import { guideChapter, runChapter } from "./support/chapter.ts";

const folder = scratchFolder();
/** Debian's package belongs to Debian's interpreter. */
const python = ["/usr/bin/python3", "python3"].find(
  (each) => spawnSync(each, ["-c", "import onnx.checker"]).status === 0,
);
let run: string;
let events: string;
let others: string;
beforeAll(async () => {
  events = writeSample(folder, 1000);
  others = writeSample(folder, 5000, "others.csv");
  run = join(folder, "run");
  const { code, stderr } = await lumin(["train", ...small(events, ["training.epochs=1"]), "--out", run]);
  expect(code, stderr).toBe(0);
});

/** Predictions of the file for the raw columns of a table. */
async function scores(path: string, table: Table, form: "columns" | "matrix"): Promise<Float32Array> {
  const session = await Session.create(readFileSync(path));
  const names = inputsOf(path);
  const columns = names.map((name) => Float64Array.from(numbersOf(table, name)));
  const count = table.rowCount;
  let feeds: Record<string, SessionValue>;
  if (form === "columns") {
    feeds = Object.fromEntries(names.map((name, i) => [name, { data: columns[i]!, shape: [count] }]));
  } else {
    const data = Float64Array.from({ length: count * names.length }, (_, at) => {
      return columns[at % names.length]![Math.floor(at / names.length)]!;
    });
    feeds = { events: { data, shape: [count, names.length] } };
  }
  const { prediction } = await session.run(feeds);
  await session.release();
  return prediction!.data as Float32Array;
}

/** The raw columns, from the file's metadata, which are text in its bytes. */
function inputsOf(path: string): string[] {
  const text = /\{"form":.*?\}\]\}/.exec(readFileSync(path, "latin1"))![0];
  return (JSON.parse(text) as { columns: { name: string }[] }).columns.map(({ name }) => name);
}

async function exported(name: string, more: readonly string[]): Promise<Finished & { path: string }> {
  const path = join(folder, name);
  return { ...(await lumin(["export", run, "--onnx", path, ...more])), path };
}

describe("lumin export", () => {
  it.each([
    ["columns", []],
    ["matrix", ["--no-augment"]],
  ] as const)("agrees with lumin predict on other events: %s %s", async (form, more) => {
    const { code, stdout, stderr, path } = await exported(`${form}.onnx`, ["--inputs", form, ...more]);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(
      /differs from lumin predict by \d\.\de-\d+ at most, on 1,000 events and 116 copies with an input missing/,
    );
    const scored = join(folder, `${form}.parquet`);
    await lumin(["predict", run, "--input", others, "--output", scored, ...more]);
    const expected = numbersOf(await readTable([scored]), "pred");
    const found = await scores(path, await readTable([others]), form);
    const differences = expected.map((value, i) => Math.abs(value - found[i]!));
    expect(differences).toHaveLength(5000);
    expect(Math.max(...differences)).toBeLessThan(1e-5);
    for (const line of ["EventId", "Weight", "Label"]) expect(inputsOf(path)).not.toContain(line);
    expect(readFileSync(`${path}.py`, "utf8")).toContain('session.run(["prediction"]');
    expect(readFileSync(`${path}.cpp`, "utf8")).toContain("#include <onnxruntime_cxx_api.h>");
  });

  it.skipIf(python === undefined)(
    `passes the checker of Python's onnx${python === undefined ? " — SKIPPED, python3-onnx is not installed" : ""}`,
    async () => {
      const { path } = await exported("checked.onnx", []);
      const program = `
import json, sys, onnx
model = onnx.load(sys.argv[1])
onnx.checker.check_model(model, full_check=True)
print(json.dumps({
    "ir": model.ir_version,
    "opset": [[each.domain, each.version] for each in model.opset_import],
    "domains": sorted({node.domain for node in model.graph.node}),
    "metadata": {each.key: each.value for each in model.metadata_props},
    "inputs": len(model.graph.input),
    "outputs": [each.name for each in model.graph.output],
    "weights": [each.name for each in model.graph.initializer],
}))`;
      const seen = JSON.parse(execFileSync(python!, ["-c", program, path]).toString());
      expect(seen).toMatchObject({ ir: 8, opset: [["", 17]], domains: [""], outputs: ["prediction"] });
      expect(seen.weights).toEqual(
        expect.arrayContaining(["member0/body.layer0.weight", "member1/tail.bias", "preprocessing/means"]),
      );
      const metadata = seen.metadata as Record<string, string>;
      expect(Number(metadata["lumin.largestDifference"])).toBeLessThan(1e-5);
      expect(JSON.parse(metadata["lumin.check"]!)).toMatchObject({ eventCount: 1000 });
      expect(JSON.parse(metadata["lumin.features"]!).continuous).toHaveLength(30);
      expect(JSON.parse(metadata["lumin.scaling"]!).means).toHaveLength(30);
      expect(JSON.parse(metadata["lumin.augmentation"]!)).toEqual({ variants: 8 });
      expect(JSON.parse(metadata["lumin.versions"]!)).toHaveProperty("lumin-hep");
      expect(JSON.parse(metadata["lumin.data"]!)[0].sha256).toMatch(/^[0-9a-f]{64}$/);
    },
  );

  it("gives the same bytes twice", async () => {
    const [one, two] = [await exported("one.onnx", []), await exported("two.onnx", [])];
    expect(one.stderr + two.stderr).not.toContain("lumin:");
    expect(readFileSync(one.path).equals(readFileSync(two.path))).toBe(true);
  });

  it("writes the weights alone", async () => {
    const target = join(folder, "weights");
    const { stdout, code } = await lumin(["export", run, "--safetensors", target]);
    expect(code).toBe(0);
    expect(stdout).toBe(`${target}: weights of 2 networks\n`);
    expect(readdirSync(target)).toEqual(["member0.safetensors", "member1.safetensors"]);
  });

  it("does what its guide shows, from the command line and from code", async () => {
    const guide = guideChapter("export");
    const place = join(folder, "guide");
    cpSync(run, join(place, "runs", "first"), { recursive: true });
    writeSample(place, 500, "other.csv");
    const shown = [...guide.matchAll(/^lumin export ([^#\n]*)/gm)].map(([, words]) =>
      words!.trim().split(/ +/),
    );
    expect(shown.length).toBeGreaterThan(3);
    for (const words of shown) {
      const { code, stderr } = await lumin(["export", ...words], { cwd: place });
      expect(code, stderr).toBe(0);
      expect(existsSync(join(place, words[2]!))).toBe(true);
    }
    const before = process.cwd();
    process.chdir(place);
    try {
      expect((await runChapter(guide)).done).toBe(2);
    } finally {
      process.chdir(before);
    }
  });

  it("writes programs that are valid", () => {
    const path = join(folder, "columns.onnx");
    expect(spawnSync("python3", ["-m", "py_compile", `${path}.py`]).status ?? 0).toBe(0);
  });

  it.each<[string, () => readonly string[], string]>([
    [
      "nothing to write",
      () => [run],
      "export: say what to write: --onnx FILE, --safetensors FOLDER, --pyhf FILE, --combine FOLDER, or several.",
    ],
    ["another ending", () => [run, "--onnx", join(folder, "a.pb")], "the name must end in .onnx."],
    ["a folder that is not there", () => [run, "--onnx", join(folder, "no", "a.onnx")], "does not exist."],
    ["no run", () => [join(folder, "norun"), "--onnx", join(folder, "a.onnx")], "there is no such folder."],
    [
      "other events without the columns",
      () => [run, "--onnx", join(folder, "a.onnx"), "--input", join(folder, "bad.csv")],
      'column "PRI_met_pt" is not known.',
    ],
  ])("refuses in one sentence: %s", async (_, words, sentence) => {
    writeFileSync(join(folder, "bad.csv"), "a,b\n1,2\n");
    const { code, stderr, stdout } = await lumin(["export", ...words()]);
    expect(code).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toContain(sentence);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(existsSync(join(folder, "a.onnx"))).toBe(false);
  });

  it("refuses an unfinished run, and one whose events are gone", async () => {
    const unfinished = join(folder, "unfinished");
    mkdirSync(unfinished);
    writeFileSync(join(unfinished, "unfinished.json"), "{}");
    const words = ["--onnx", join(folder, "a.onnx")];
    const first = await lumin(["export", unfinished, ...words]);
    expect(first).toMatchObject({ code: 1, stderr: expect.stringContaining("this run is not finished") });
    const path = join(run, "run.json");
    const text = readFileSync(path, "utf8");
    writeFileSync(path, text.replaceAll(/"[^"]*events\.csv"/g, '"/gone/events.csv"'));
    const second = await lumin(["export", run, ...words]);
    writeFileSync(path, text);
    expect(second).toMatchObject({ code: 1, stderr: expect.stringContaining("name some with --input FILE") });
  });

  it("refuses a pipeline with the user's own step, before it reads events", async () => {
    const path = join(run, "pipeline.json");
    const text = readFileSync(path, "utf8");
    const pipeline = JSON.parse(text) as { steps: unknown[] };
    pipeline.steps.push({ kind: "module", module: "./own.mjs", name: "addMass" });
    writeFileSync(path, JSON.stringify(pipeline));
    const { code, stderr } = await lumin(["export", run, "--onnx", join(folder, "a.onnx")]);
    writeFileSync(path, text);
    expect(code).toBe(1);
    expect(stderr).toContain(
      'the step "addMass" of "./own.mjs", code of your own, which no ONNX file can hold',
    );
    expect(stderr).not.toContain("read 1,000");
  });
});
