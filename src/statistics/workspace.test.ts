/** Templates, the workspace and the datacard made of them. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { Stream } from "../array/index.ts";
import { combineDatacard } from "./datacard.ts";
import { HistFactoryModel } from "./likelihood.ts";
import { expectedSignificance } from "./profile.ts";
import { type ProcessEvents, templatesOf } from "./templates.ts";
import { histFactoryWorkspace, type StatisticalModel } from "./workspace.ts";

const edges = [0, 0.3, 0.6, 0.8, 1];
/** Events of three processes with weights of both signs. */
function drawn(shift = 0): ProcessEvents {
  const stream = new Stream(4, "events");
  const processes = Array.from({ length: 3000 }, (_, i) => ["higgs", "top", "z"][i % 3]!);
  const discriminant = Float64Array.from(processes, (process) => {
    const u = stream.uniform();
    return Math.min(1, (process === "higgs" ? Math.sqrt(u) : u * u) * (1 + shift));
  });
  const weights = Float64Array.from(processes, (process) =>
    process === "higgs" ? 0.02 : stream.uniform() < 0.1 ? -0.5 : 1.5,
  );
  return { discriminant, processes, weights };
}
const templates = templatesOf(drawn(), edges);
const byProcess = (events: ProcessEvents): Record<string, Float64Array> =>
  Object.fromEntries(templatesOf(events, edges).map(({ process, sums }) => [process, sums]));
const full: StatisticalModel = {
  channel: "signal_region",
  templates,
  signal: ["higgs"],
  luminosity: 0.02,
  normalisations: [{ name: "top_norm", processes: ["top"], low: 0.9, high: 1.1 }],
  shapes: [{ name: "scale", up: byProcess(drawn(0.05)) }],
};

test("templates hold Σw and √Σw² of every event inside the edges", () => {
  const events = drawn();
  for (const { process, sums, uncertainties, counts } of templates) {
    let [sum, squares, count] = [0, 0, 0];
    events.processes.forEach((name, i) => {
      if (name !== process) return;
      sum += events.weights![i]!;
      squares += events.weights![i]! ** 2;
      count++;
    });
    expect(sums.reduce((a, b) => a + b)).toBeCloseTo(sum, 9);
    expect(uncertainties.reduce((a, b) => a + b * b, 0)).toBeCloseTo(squares, 9);
    expect(counts.reduce((a, b) => a + b)).toBe(count);
  }
  expect(templates.map(({ process }) => process)).toEqual(["higgs", "top", "z"]);
});

describe("the workspace", () => {
  const workspace = histFactoryWorkspace(full);

  test("holds the templates, and Asimov data are their sum", () => {
    const samples = workspace.channels[0]!.samples;
    expect(samples.map(({ data }) => [...data])).toEqual(templates.map(({ sums }) => [...sums]));
    workspace.observations[0]!.data.forEach((found, bin) => {
      expect(found).toBeCloseTo(
        templates.reduce((sum, { sums }) => sum + sums[bin]!, 0),
        12,
      );
    });
    expect(samples.map(({ modifiers }) => modifiers.map(({ type }) => type))).toEqual([
      ["normfactor", "staterror", "lumi", "histosys"],
      ["staterror", "lumi", "normsys", "histosys"],
      ["staterror", "lumi", "histosys"],
    ]);
  });

  test("mirrors a variation that has one side", () => {
    const scale = workspace.channels[0]!.samples[1]!.modifiers.at(-1)!;
    if (scale.type !== "histosys") throw new Error("a shape was expected");
    scale.data.hi_data.forEach((high, bin) => {
      const nominal = templates[1]!.sums[bin]!;
      expect(scale.data.lo_data[bin]).toBeCloseTo(Math.max(0, 2 * nominal - high), 12);
    });
  });

  test("can be fitted: less is expected with uncertainties than without", () => {
    const of = (model: StatisticalModel): number =>
      expectedSignificance(new HistFactoryModel(histFactoryWorkspace(model))).significance;
    const bare = of({ channel: "c", templates, signal: ["higgs"], statistical: "none" });
    const squares = edges.slice(1).reduce((sum, _, bin) => {
      const s = templates[0]!.sums[bin]!;
      const b = templates[1]!.sums[bin]! + templates[2]!.sums[bin]!;
      return sum + 2 * ((s + b) * Math.log(1 + s / b) - s);
    }, 0);
    expect(bare).toBeCloseTo(Math.sqrt(squares), 7);
    const all = of(full);
    expect(all).toBeLessThan(bare);
    expect(all).toBeGreaterThan(0);
    expect(of({ ...full, statistical: "shapesys" })).toBeGreaterThan(0);
  });

  const python = ["/usr/bin/python3", "python3"].find(
    (each) => spawnSync(each, ["-c", "import jsonschema"]).status === 0,
  );
  if (python === undefined) {
    process.stderr.write("NOT TESTED: workspaces against the JSON schema; python3-jsonschema is missing.\n");
  }
  const program = `
import json, sys
from jsonschema import Draft6Validator, RefResolver
folder = sys.argv[1]
schema = json.load(open(folder + "/workspace.json"))
definitions = json.load(open(folder + "/defs.json"))
resolver = RefResolver(schema["$id"], schema, store={definitions["$id"]: definitions})
errors = [error.message for error in Draft6Validator(schema, resolver=resolver).iter_errors(json.load(sys.stdin))]
print(json.dumps(errors))
`;
  const folder = fileURLToPath(new URL("../../test/golden/histfactory", import.meta.url));
  const problems = (value: unknown): string[] => {
    const { stdout, stderr } = spawnSync(python!, ["-W", "ignore", "-c", program, folder], {
      input: JSON.stringify(value),
      encoding: "utf8",
    });
    if (stdout === "") throw new Error(stderr);
    return JSON.parse(stdout) as string[];
  };

  test.skipIf(python === undefined)("is valid under pyhf's schema, and a wrong one is not", () => {
    expect(problems(workspace)).toEqual([]);
    expect(problems(histFactoryWorkspace({ ...full, statistical: "shapesys" }))).toEqual([]);
    expect(problems({ ...workspace, version: "2" }).length).toBeGreaterThan(0);
    expect(problems({ ...workspace, measurements: [] }).length).toBeGreaterThan(0);
  });
});

test("the datacard has signals from 0 downwards, and shapes whose sums are the rates", () => {
  const { text, shapes } = combineDatacard(full, edges);
  const rows = text.split("\n").map((line) => line.trim().split(/\s+/));
  const cells = (name: string, place = 0): string[] => rows.filter((row) => row[0] === name)[place]!.slice(1);
  expect(cells("process")).toEqual(["higgs", "top", "z"]);
  expect(cells("process", 1)).toEqual(["0", "1", "2"]);
  expect(cells("jmax")).toEqual(["2"]);
  expect(cells("lumi")).toEqual(["lnN", "1.02", "1.02", "1.02"]);
  expect(cells("top_norm")).toEqual(["lnN", "-", "0.9/1.1", "-"]);
  expect(cells("scale")).toEqual(["shape", "1", "1", "1"]);
  const sumOf = (name: string): number =>
    shapes.find((shape) => shape.name === `signal_region/${name}`)!.contents.reduce((a, b) => a + b);
  cells("process").forEach((process, i) => {
    expect(Number(cells("rate")[i])).toBeCloseTo(sumOf(process), 9);
  });
  expect(Number(cells("observation")[0])).toBeCloseTo(sumOf("data_obs"), 9);
  expect(sumOf("top_scaleUp")).toBeCloseTo(
    byProcess(drawn(0.05)).top!.reduce((a, b) => a + b),
    9,
  );
  expect(text).toContain("signal_region autoMCStats 0");
});

test.each<[string, Partial<StatisticalModel>, string]>([
  ["a signal without template", { signal: ["higs"] }, 'Did you mean "higgs"?'],
  [
    "two of one name",
    { shapes: [{ name: "lumi", up: {} }] },
    'uncertainty "lumi": this name is there twice.',
  ],
  [
    "factors that are not positive",
    { normalisations: [{ name: "n", low: 0, high: 2 }] },
    'uncertainty "n": the factors are 0 and 2; both must be positive.',
  ],
  ["data of other bins", { observed: [1, 2] }, "data: 2 bins, but the templates have 4."],
  ["a luminosity of 102 %", { luminosity: 1.02 }, "the relative uncertainty is 1.02; it must be in (0, 1)."],
])("%s is said", (_, change, message) => {
  expect(() => histFactoryWorkspace({ ...full, ...change })).toThrow(message);
});

test("a bin of negative weights is refused with its number", () => {
  const negative = templatesOf({ discriminant: [0.1, 0.9], processes: ["a", "a"], weights: [2, -1] }, edges);
  expect(() => histFactoryWorkspace({ channel: "c", templates: negative, signal: ["a"] })).toThrow(
    'template of "a": bin 3 holds -1; an expected number of events must not be negative. Merge bins until the weights sum to a positive number.',
  );
});
