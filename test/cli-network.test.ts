/** Networks of several parts in an analysis file, from training to the exported file. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { decodeSafetensors } from "../src/model/index.ts";
import { filesOf, lumin, scratchFolder, small, writeSample } from "./cli-harness.ts";

const folder = scratchFolder();
const events = writeSample(folder, 800);
const blocks =
  "model.body={ kind: multiBlock, bottleneck: 1, blocks: [{ features: ['DER_*', objects], depth: 1, width: 8 }, " +
  "{ features: ['PRI_*'], depth: 2, width: 6, connect: dense }] }";
const head =
  "model.head={ subsample: { fraction: 0.7, always: [DER_mass_MMC] }, objects: { kind: graph, " +
  "objects: [PRI_tau, PRI_lep, PRI_met], features: [px, py, pz], " +
  "extractor: { kind: interaction, messages: [6], outputs: [4] } } }";

function weightsOf(run: string, member: number) {
  const path = join(folder, run, `members/${member}/model.safetensors`);
  return decodeSafetensors(readFileSync(path), path).tensors;
}

describe("an analysis with blocks, objects and masked inputs", () => {
  it("trains to the same bytes in this process and in two others, each member with its own features", async () => {
    const train = (run: string, workers: number) =>
      lumin([
        "train",
        ...small(events, [blocks, head]),
        "--out",
        join(folder, run),
        "--workers",
        `${workers}`,
      ]);
    const [one, two] = [await train("one", 0), await train("two", 2)];
    expect(one).toMatchObject({ code: 0 });
    expect(two).toMatchObject({ code: 0 });
    expect([...filesOf(join(folder, "two"))]).toEqual([...filesOf(join(folder, "one"))]);
    const used = [0, 1].map((member) => {
      const text = readFileSync(join(folder, "one", `members/${member}/model.json`), "utf8");
      return (JSON.parse(text) as { usedFeatures: string[] }).usedFeatures;
    });
    expect(used[0]).not.toEqual(used[1]);
    for (const names of used) expect(names).toContain("DER_mass_MMC");
  });

  it("is exported as it predicts", async () => {
    const file = join(folder, "network.onnx");
    const result = await lumin(["export", join(folder, "one"), "--onnx", file, "--no-augment"]);
    expect(result).toMatchObject({ code: 0 });
    expect(readFileSync(file).length).toBeGreaterThan(10_000);
  });

  it("lends its weights to another task, where they stay as they are", async () => {
    const start = `model.start={ model: ${join(folder, "one/members/0")}, names: ["head.*.weight", "body.*"] }`;
    const freeze = `model.optimiser={ freeze: ["body.block0.*"] }`;
    const settings = [blocks, head, start, freeze, "training.epochs=1"];
    const run = await lumin([
      "train",
      ...small(events, settings),
      "--out",
      join(folder, "three"),
      "--workers",
      "2",
    ]);
    expect(run).toMatchObject({ code: 0 });
    const [from, to] = [weightsOf("one", 0), weightsOf("three", 1)];
    expect(to["body.block0.layer0.weight"]).toEqual(from["body.block0.layer0.weight"]);
    expect(to["body.block1.layer0.weight"]).not.toEqual(from["body.block1.layer0.weight"]);
    const wrong = await lumin([
      "train",
      ...small(events, [start, "training.epochs=1"]),
      "--out",
      join(folder, "four"),
    ]);
    expect(wrong.code).not.toBe(0);
    expect(wrong.stderr).toContain("is not known.");
  });
});
