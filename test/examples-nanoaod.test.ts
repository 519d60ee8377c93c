/** The NanoAOD example: from ROOT trees to a network better than the estimate without one, its predictions joined back. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { numbersOf, readTable } from "../src/data/index.ts";
import { scratchFolder } from "./cli-harness.ts";

const data = (name: string): string => join("test", "data", "root", name);

test("ROOT trees of two campaigns to a network, its predictions, an RNTuple's and an ONNX file", async () => {
  const folder = join(scratchFolder(), "nanoaod");
  const script = join("examples", "nanoaod", "nanoaod.mjs");
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, folder], { encoding: "utf8" });
  expect(status, stderr).toBe(0);
  const summary = JSON.parse(readFileSync(join(folder, "summary.json"), "utf8"));
  expect(summary).toMatchObject({ eventCount: 178, topCount: 10 });
  expect(summary.network.value).toBeLessThan(26);
  expect(summary.estimate.value).toBeCloseTo(32.19, 1);
  const { value, uncertainty } = summary.estimate.gain;
  expect(value / uncertainty).toBeLessThan(-2);
  expect(stdout).toContain("differs from lumin predict by");

  // Each training event once, with the target of the tree and the weight of its process, signs included.
  const scored = await readTable([join(folder, "run", "predictions", "outOfFold.csv")]);
  const held = await readTable([join(folder, "run", "predictions", "validation.csv")]);
  expect(held.rowCount).toBe(48);
  const expected = new Map<string, readonly [number, number]>();
  const identity = ["run", "luminosityBlock", "event"];
  for (const [name, factor] of [
    ["nanoAOD_2015_CMS_Open_Data_ttbar.root", 1.84e-3],
    ["nano_dy.root", 1.05e-2],
  ] as const) {
    const columns = [...identity, "LHE_Vpt", "genWeight"];
    const events = await readTable([data(name)], { tree: "Events", columns });
    for (let i = 0; i < events.rowCount; i++) {
      const key = identity.map((column) => events.columns[column]![i]).join(" ");
      expected.set(key, [numbersOf(events, "LHE_Vpt")[i]!, factor * numbersOf(events, "genWeight")[i]!]);
    }
  }
  expect(expected.size).toBe(240);
  let negative = 0;
  for (let i = 0; i < scored.rowCount; i++) {
    const key = identity.map((column) => scored.columns[column]![i]).join(" ");
    const [target, weight] = expected.get(key)!;
    expect(expected.delete(key)).toBe(true);
    expect(numbersOf(scored, "target")[i]).toBeCloseTo(target, 4);
    expect(numbersOf(scored, "weight")[i]! / weight).toBeCloseTo(1, 6);
    if (weight < 0) negative++;
  }
  expect(negative).toBeGreaterThan(10);
});
