/** Snapshot, geometric and averaged ensembles from one training each, on real events, as a user types it. */
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { ensembles } from "../examples/ensembles/ensembles.ts";
import { numbersOf, readTable } from "../src/data/index.ts";
import { Session } from "../src/engine/index.ts";
import type { MemberComparison } from "../src/ensemble/index.ts";
import { lumin, scratchFolder, writeSample } from "./cli-harness.ts";

const folder = scratchFolder();
const runOf = (name: string): string => join(folder, name);
const jsonOf = <Content>(...path: string[]): Content =>
  JSON.parse(readFileSync(join(folder, ...path), "utf8")) as Content;
const tableOf = (name: string): MemberComparison => jsonOf(name, "members.json");
const aucOf = (name: string): number => tableOf(name).ensemble.metrics.auc!.value!;
/** Debian's package belongs to Debian's interpreter. */
const python = ["/usr/bin/python3", "python3"].find(
  (each) => spawnSync(each, ["-c", "import onnx.checker"]).status === 0,
);

async function succeeds(...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await lumin(words);
  expect(code, stderr).toBe(0);
  return stdout;
}

beforeAll(async () => {
  // The first network is the same as with all ten.
  await succeeds(
    ...["train", "examples/ensembles/plain.yaml", "--out", runOf("plain"), "--workers", "2"],
    ...["--set", "training.members=2", "--set", "evaluation.bootstrap=20"],
  );
  for (const name of ["snapshots", "geometric", "averaged"]) {
    await succeeds(
      ...["train", `examples/ensembles/${name}.yaml`, "--out", runOf(name), "--workers", "0"],
      ...["--set", "evaluation.bootstrap=20"],
    );
  }
}, 300_000);

describe("ensembles of one training", () => {
  it.each([
    ["snapshots", 6, 6],
    ["geometric", 20, 10],
  ])("%s: as many snapshots as cycles, no two of them alike", (name, cycles, size) => {
    const member = join(name, "members", "0");
    const saved = readdirSync(join(folder, member)).filter((entry) => entry.startsWith("cycle-"));
    expect(saved).toHaveLength(cycles);
    expect(
      readFileSync(join(folder, member, "cycles.jsonl"), "utf8")
        .trim()
        .split("\n"),
    ).toHaveLength(cycles);
    const { members, correlation } = tableOf(name);
    expect(members.map((each) => each.name)).toEqual(
      Array.from({ length: size }, (_, i) => `member0.cycle-${cycles - i}`),
    );
    expect(correlation!.largest).toBeLessThan(0.9999);
  });

  it.each(["snapshots", "geometric", "averaged"])(
    "%s: its weighted AUC is not below that of a single network",
    (name) => {
      const single = tableOf("plain").members[0]!.metrics.auc!.value!;
      expect(single).toBeGreaterThan(0.92);
      expect(aucOf(name)).toBeGreaterThanOrEqual(single);
      expect(jsonOf<{ training: { members: unknown[] } }>(name, "run.json").training.members).toHaveLength(1);
    },
  );

  it("are better than each of their members on average", () => {
    for (const name of ["snapshots", "geometric"]) {
      const gains = tableOf(name).members.map(({ metrics }) => metrics.auc!.gain!.value!);
      expect(gains.reduce((sum, gain) => sum + gain, 0)).toBeGreaterThan(0);
    }
  });
});

describe("lumin ensemble", () => {
  it("puts the networks of a run together again and trains nothing", async () => {
    const stdout = await succeeds(
      "ensemble",
      runOf("snapshots"),
      "--kind",
      "snapshots",
      "--power",
      "-1",
      "--out",
      runOf("again"),
    );
    expect(stdout).toContain("members against the ensemble, validation: 3600 events");
    for (const file of ["ensemble.json", "predictions/validation.csv", "metrics.json", "members.json"]) {
      expect(readFileSync(join(folder, "again", file))).toEqual(
        readFileSync(join(folder, "snapshots", file)),
      );
    }
  });

  it("averages weights into one network, which predicts and exports as any run", async () => {
    const words = ["--kind", "average", "--choose", "best", "--size", "3", "--out", runOf("average")];
    await succeeds("ensemble", runOf("snapshots"), ...words);
    expect(tableOf("average").members.map(({ name }) => name)).toEqual(["member0.average"]);
    expect(aucOf("average")).toBeGreaterThan(0.925);
    const page = readFileSync(join(folder, "snapshots", "report.html"), "utf8");
    expect(page).toContain("<h2>Members against the ensemble (validation, 3600 events)</h2>");
    await succeeds("export", runOf("average"), "--onnx", join(folder, "average.onnx"), "--no-augment");
  });

  it("shows members against the ensemble", async () => {
    const stdout = await succeeds("evaluate", runOf("snapshots"), "--members");
    expect(stdout).toMatch(
      /^members against the ensemble, validation: 3600 events\n {2}member +weight +loss +AUC/,
    );
    expect(stdout.match(/member0\.cycle-\d/g)).toHaveLength(6);
    expect(stdout).toContain("Correlation of two members' predictions: 0.9");
    const json = await succeeds("evaluate", runOf("snapshots"), "--members", "--json");
    expect(JSON.parse(json)).toEqual(tableOf("snapshots"));
  });

  it.each([
    [
      "a run without snapshots",
      () => [runOf("plain"), "--kind", "average"],
      `run "${runOf("plain")}": its trainings saved no snapshots. Train with training.ensemble.kind: snapshots, or with the callback Snapshots, and a cyclic schedule.`,
    ],
    [
      "options of another kind",
      () => [runOf("plain"), "--kind", "members", "--power", "2"],
      "ensemble: --power: only ensembles of snapshots have this; set kind: snapshots.",
    ],
    [
      "a size that cannot be had",
      () => [runOf("plain"), "--kind", "members", "--size", "3"],
      "Ensemble: size is 3, but there are 2 trained networks. Give a whole number from 1 to 2.",
    ],
    ["no run", () => [join(folder, "none"), "--kind", "members"], "there is no such folder."],
  ])("refuses in one sentence: %s", async (_, words, message) => {
    const out = runOf("refused");
    const { code, stderr } = await lumin(["ensemble", ...words(), "--out", out]);
    expect(code).toBe(1);
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(existsSync(out)).toBe(false);
  });

  it("refuses members that were trained in another way", async () => {
    cpSync(runOf("snapshots"), runOf("changed"), { recursive: true });
    const path = join(folder, "changed", "run.json");
    writeFileSync(
      path,
      readFileSync(path, "utf8").replace('"seed": 1337', '"seed": 7').replace('"seed": 1337', '"seed": 7'),
    );
    const { code, stderr } = await lumin([
      "ensemble",
      runOf("changed"),
      "--kind",
      "snapshots",
      "--out",
      runOf("refused"),
    ]);
    expect(code).toBe(1);
    expect(stderr).toContain("holds a member of another training");
  });
});

describe("an exported snapshot ensemble", () => {
  it("agrees with lumin predict to 1e-5 on 5,000 events with missing values", async () => {
    const events = writeSample(folder, 5000);
    const [path, scored] = [join(folder, "snapshots.onnx"), join(folder, "scored.csv")];
    await succeeds("export", runOf("snapshots"), "--onnx", path);
    await succeeds("predict", runOf("snapshots"), "--input", events, "--output", scored);
    const table = await readTable([events]);
    const session = await Session.create(readFileSync(path));
    const text = /\{"form":.*?\}\]\}/.exec(readFileSync(path, "latin1"))![0];
    const { columns } = JSON.parse(text) as { columns: { name: string }[] };
    const values = columns.map(({ name }) => Float64Array.from(numbersOf(table, name)));
    expect(values.some((column) => column.includes(-999))).toBe(true);
    const feeds = Object.fromEntries(
      columns.map(({ name }, i) => [name, { data: values[i]!, shape: [5000] }]),
    );
    const { prediction } = await session.run(feeds);
    await session.release();
    const expected = numbersOf(await readTable([scored]), "pred");
    expect(expected).toHaveLength(5000);
    const differences = expected.map((value, i) => Math.abs(value - prediction!.data[i]!));
    expect(Math.max(...differences)).toBeLessThan(1e-5);
    const members = JSON.parse(/\[\{"member":0.*?\}\]/.exec(readFileSync(path, "latin1"))![0]) as object[];
    expect(members[0]).toMatchObject({ member: 0, snapshot: "cycle-6", validationFold: 0 });
  });

  it.skipIf(python === undefined)(
    `passes the checker of Python's onnx${python === undefined ? " — SKIPPED, python3-onnx is not installed" : ""}`,
    () => {
      const program =
        "import sys, onnx; onnx.checker.check_model(onnx.load(sys.argv[1]), full_check=True); print('valid')";
      const seen = execFileSync(python!, ["-c", program, join(folder, "snapshots.onnx")]).toString();
      expect(seen.trim()).toBe("valid");
    },
  );
});

it("the example in TypeScript gives ensembles that are better than the last network", async () => {
  const { auc, comparison } = await ensembles();
  for (const kind of ["snapshots", "best", "average"] as const) expect(auc[kind]).toBeGreaterThan(auc.single);
  expect(comparison.members).toHaveLength(4);
});
