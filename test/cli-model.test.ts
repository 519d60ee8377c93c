/** `lumin model`: the parameters of a saved network. */
import { join } from "node:path";
import { expect, it } from "vitest";
import { Model, ModelBuilder } from "../src/model/index.ts";
import { fullyConnected } from "../src/nn/index.ts";
import { lumin, scratchFolder } from "./cli-harness.ts";

const folder = scratchFolder();

it("lumin model prints the parameters of a network, or of the first one of a run", async () => {
  const builder = new ModelBuilder({
    task: { kind: "binary" },
    features: { continuousFeatures: ["a"], categoricalFeatures: [], categorySizes: [] },
    body: fullyConnected({ depth: 1, width: 2 }),
    optimiser: { name: "adam", freeze: ["body.*"] },
  });
  await Model.fresh(builder, 1).save(join(folder, "run/members/0"));
  const table = [
    "layer        name    shape   count  trainable",
    "body.layer0  weight  [2, 1]      2  no (frozen)",
    "body.layer0  bias    [2]         2  no (frozen)",
    "tail         weight  [1, 2]      2  yes",
    "tail         bias    [1]         1  yes",
    "7 parameters, 3 of them trainable",
    "",
  ].join("\n");
  expect(await lumin(["model", join(folder, "run/members/0")])).toMatchObject({ code: 0, stdout: table });
  expect(await lumin(["model", join(folder, "run")])).toMatchObject({ code: 0, stdout: table });
  const { stdout } = await lumin(["model", join(folder, "run"), "--json"]);
  expect(JSON.parse(stdout)[0]).toEqual({
    part: "body",
    layer: "body.layer0",
    name: "weight",
    shape: [2, 1],
    count: 2,
    isTrainable: false,
    kind: "parameter",
  });
  const none = await lumin(["model", folder]);
  expect(none.code).not.toBe(0);
  expect(none.stderr).toContain("A model's folder holds model.json and model.safetensors.");
});
