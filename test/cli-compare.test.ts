/** Networks against boosted trees, as a user does it: two runs on the same events, one comparison. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { RunComparison } from "../src/cli/compare-runs.ts";
import { lumin, scratchFolder, small, writeSample } from "./cli-harness.ts";

const folder = scratchFolder();
const runs = { network: join(folder, "network"), trees: join(folder, "trees") };

beforeAll(async () => {
  const events = writeSample(folder, 3000);
  const trees = ["model={type: boosting, rounds: 30}", "augmentation=off", "training={members: 3}"];
  for (const [out, settings] of [
    [runs.network, []],
    [runs.trees, trees.flatMap((setting) => ["--set", setting])],
  ] as const) {
    const { code, stderr } = await lumin([
      ...["train", "--out", out, "--workers", "0"],
      ...small(events),
      ...settings,
    ]);
    expect(code, stderr).toBe(0);
  }
});

describe("runs against each other", () => {
  it("are compared on the same events, differences with uncertainties and p-values", async () => {
    const { code, stdout, stderr } = await lumin(["evaluate", runs.network, "--against", runs.trees]);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^validation: \d+ events, paired$/m);
    expect(stdout).toMatch(/^ {2}trees +0\.\d+ ± 0\.\d+ +−?0\.\d+ ± 0\.\d+ +(< )?0\.\d+/m);
    const json = await lumin(["evaluate", runs.network, "--against", runs.trees, "--json"]);
    const [first] = JSON.parse(json.stdout) as RunComparison[];
    const [network, trees] = first!.comparison.models;
    expect(trees!.auc!.gain!.value).toBeCloseTo(network!.auc!.value! - trees!.auc!.value!, 12);
    // Paired on the same events: known better than two AUC that fluctuate on their own.
    const apart = Math.hypot(network!.auc!.uncertainty!, trees!.auc!.uncertainty!);
    expect(trees!.auc!.gain!.uncertainty!).toBeLessThan(apart);
  });

  it("stand side by side in the report", async () => {
    const output = join(folder, "both.html");
    const { code, stderr } = await lumin([
      "report",
      runs.network,
      "--against",
      runs.trees,
      "--output",
      output,
    ]);
    expect(code, stderr).toBe(0);
    expect(readFileSync(output, "utf8")).toContain("Runs against each other (validation");
  });

  it("without an event in common are refused", async () => {
    const other = join(folder, "other");
    const events = writeSample(folder, 2000, "others.csv");
    const [header, ...rows] = readFileSync(events, "utf8").trim().split("\n");
    writeFileSync(events, [header, ...rows.map((row) => `9${row}`)].join("\n"));
    const trained = await lumin(["train", "--out", other, "--workers", "0", ...small(events)]);
    expect(trained.code, trained.stderr).toBe(0);
    const { code, stderr } = await lumin(["evaluate", runs.network, "--against", other]);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/have scored different events; train them on the same files/);
  });
});
