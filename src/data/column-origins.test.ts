import { expect, test } from "vitest";
import { columnOrigins, neededColumns } from "./column-origins.ts";
import { fitPipeline, type PipelineSpec } from "./pipeline.ts";
import { tableOf } from "./table.ts";

const names = ["y", "a", "b", "lep_pt", "lep_eta", "lep_phi", "met_pt", "met_phi"];
const raw = tableOf(
  Object.fromEntries(
    names.map((name, k) => [name, Float64Array.from({ length: 20 }, (_, i) => Math.sin(i * 7 + k) + 2)]),
  ),
);

async function origins(transforms: PipelineSpec["transforms"]) {
  const { steps } = await fitPipeline(raw, { transforms, continuous: ["a"], scaling: "none" });
  return { steps, origins: columnOrigins(steps, names) };
}
const sorted = (set: ReadonlySet<string> | undefined): string[] => [...(set ?? [])].sort();

test("columns are followed through names, expressions, indicators and principal components", async () => {
  const found = await origins([
    { kind: "columns", columns: { twice: "2 * y", m: "pt(lep) + twice" } },
    { kind: "rename", columns: { y: "z", m: "n" } },
    { kind: "log", columns: ["n"] },
    { kind: "indicator", columns: ["z"] },
    { kind: "pca", columns: ["b", "n"] },
  ]).then(({ origins: each }) => each);
  expect(sorted(found.get("twice"))).toEqual(["twice", "y"]);
  expect(sorted(found.get("z"))).toEqual(["y", "z"]);
  expect(sorted(found.get("z_missing"))).toEqual(["y", "z", "z_missing"]);
  expect(sorted(found.get("pc_1"))).toEqual(["b", "lep_pt", "m", "n", "pc_1", "twice", "y"]);
  expect(sorted(found.get("a"))).toEqual(["a"]);
  expect(found.has("n")).toBe(false);
});

test("Cartesian components are made of all of their vector, and of the reference where events are turned", async () => {
  const plain = (await origins([{ kind: "cartesian" }])).origins;
  expect(sorted(plain.get("met_px"))).toEqual(["met_phi", "met_pt", "met_px"]);
  const turned = (await origins([{ kind: "cartesian", align: { reference: "lep" } }])).origins;
  expect(sorted(turned.get("met_px"))).toEqual([
    "lep_eta",
    "lep_phi",
    "lep_pt",
    "met_phi",
    "met_pt",
    "met_px",
  ]);
});

test("of new columns those are needed that features are made of, through any steps", async () => {
  const columns = { truth: "y / 2", tau_pt: "a", tau_phi: "b", half: "a / 2", quarter: "half / 2" };
  const { steps, origins: found } = await origins([{ kind: "columns", columns }, { kind: "cartesian" }]);
  const needed = (...features: string[]) => Object.keys(neededColumns(columns, found, steps, features));
  expect(needed("a", "tau_px")).toEqual(["tau_pt", "tau_phi"]);
  expect(needed("quarter")).toEqual(["half", "quarter"]);
  expect(needed("b")).toEqual([]);
  const own = { kind: "module", module: "./x.js", name: "x" } as const;
  expect(Object.keys(neededColumns(columns, found, [...steps, own], ["b"]))).toHaveLength(5);
});
