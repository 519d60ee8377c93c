import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FoldYielder, writeFoldFile } from "../data/index.ts";
import { Model } from "../model/index.ts";
import { type Analysis, networkConfiguration } from "./analysis.ts";
import { analysisSchema } from "./analysis-schema.ts";
import { bodyText, builderFor } from "./network-of-analysis.ts";

let directory: string;
let folds: FoldYielder;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "lumin-network-"));
  const path = join(directory, "folds.h5");
  await writeFoldFile(path, {
    folds: [Int32Array.of(0, 2), Int32Array.of(1, 3)],
    continuousFeatures: ["PRI_a", "PRI_b", "DER_m"],
    categoricalFeatures: ["jets"],
    categories: [{ name: "jets", values: [0, 1, 2] }],
    targetFeatures: ["y"],
    features: Float32Array.of(1, 2, 3, 0, 4, 5, 6, 1, 7, 8, 9, 2, 1, 3, 5, 0),
    targets: Float32Array.of(10, 20, 30, 40),
    weights: Float32Array.of(1, 2, 1, -0.1),
  });
  folds = await FoldYielder.open(path);
});

afterAll(() => folds.close());

function analysisOf(model: object, task = "regression"): Analysis {
  const parsed = analysisSchema.safeParse({
    input: { files: "events.csv" },
    target: { column: "y", task },
    features: { continuous: ["PRI_*", "DER_m"], categorical: ["jets"] },
    model,
  });
  if (!parsed.success) throw parsed.error;
  return parsed.data;
}

const build = async (model: object, task?: string) =>
  await builderFor(analysisOf(model, task), folds, directory);

describe("the network of an analysis", () => {
  it("is fully connected unless another body is named", async () => {
    const builder = await build({ body: { depth: 2, width: 5 } }, "binary");
    expect(builder.body).toMatchObject({ kind: "fullyConnected", depth: 2, width: 5 });
    expect((await build({ body: { kind: "identity" } })).parameterCount).toBe(3 * 2 + 5 + 1);
  });

  it("has blocks with bottlenecks", async () => {
    const body = {
      kind: "multiBlock",
      bottleneck: 1,
      blocks: [
        { features: ["DER_*"], depth: 1, width: 4 },
        { features: ["PRI_*", "jets"], depth: 2, width: 3, connect: "dense", bottleneck: 0 },
      ],
    };
    const builder = await build({ body });
    const shapes = Object.fromEntries(builder.layout.parameters.map(({ name, shape }) => [name, shape]));
    expect(shapes["body.block0.bottleneck.weight"]).toEqual([1, 4]);
    expect(shapes["body.block0.layer0.weight"]).toEqual([4, 2]);
    expect(shapes["body.block1.layer1.weight"]).toEqual([3, 7]);
    expect(bodyText(networkConfiguration(analysisOf({ body })).body)).toBe(
      "DER_*: plain, 1 × 4, swish; PRI_* jets: dense, 2 × 3, swish",
    );
  });

  it("scales targets by the weighted training targets, has a bias, and masks of its members", async () => {
    const builder = await build({
      tail: { scaleTargets: true, bias: 0.5 },
      head: { subsample: { fraction: 0.5, always: ["DER_m"] }, inputDropout: 0.1 },
    });
    // Σwy/Σw = (10 + 40 + 30 − 4)/3.9, Σwy²/Σw = (100 + 800 + 900 − 160)/3.9.
    const mean = 76 / 3.9;
    const { task } = builder;
    const scaling = task.kind === "regression" ? task.scaling : undefined;
    expect(scaling?.means[0]).toBeCloseTo(mean, 5);
    expect(scaling?.deviations[0]).toBeCloseTo(Math.sqrt(1640 / 3.9 - mean ** 2), 5);
    const models = Array.from({ length: 8 }, (_, member) => Model.fresh(builder, 1, member));
    expect(models[0]!.weightsByName(["tail.bias"])["tail.bias"]!.data[0]).toBe(0.5);
    expect(new Set(models.map(({ usedFeatures }) => usedFeatures.join()))).toEqual(
      new Set(["PRI_a,DER_m,jets", "PRI_b,DER_m,jets"]),
    );
  });

  it("sees the objects of an event, beside the flat features or alone", async () => {
    const columns = { objects: ["PRI", "DER"], features: ["a", "b", "m"] };
    const shape = async (objects: object, flat: boolean) => {
      const builder = await build({ head: { objects, flat }, body: { kind: "identity" } });
      return builder.layout.parameters.find(({ name }) => name === "tail.weight")!.shape[1];
    };
    expect(await shape({ kind: "recurrent", ...columns, width: 6 }, false)).toBe(6);
    // Beside it the embedding of length 2: all continuous features belong to objects.
    expect(await shape({ kind: "recurrent", ...columns, width: 6 }, true)).toBe(8);
    const layers = [{ channels: 5 }];
    expect(await shape({ kind: "conv1d", ...columns, layers, pool: "maxMean" }, false)).toBe(10);
    const extractor = { kind: "gravNet", outputs: [4, 4] };
    expect(await shape({ kind: "graph", ...columns, extractor, collapse: ["sum"] }, false)).toBe(8);
    expect(await shape({ kind: "lorentzBoost", ...columns, particles: 3 }, false)).toBe(3 * 4 + 3);
    await expect(shape({ kind: "recurrent", ...columns, objects: ["tau"], width: 6 }, true)).rejects.toThrow(
      'feature of an object "tau_a" is not known.',
    );
  });

  it("starts with weights of a saved network, or a file of embeddings", async () => {
    const first = Model.fresh(await build({ body: { depth: 1, width: 4 } }), 7);
    await first.save(join(directory, "first"));
    await first.saveEmbeddings(join(directory, "jets.safetensors"));
    const start = { model: "first", names: ["body.*", "head.*"] };
    const second = Model.fresh(await build({ body: { depth: 1, width: 4 }, start }, "binary"), 8);
    const names = ["body.*", "head.*"];
    expect(second.weightsByName(names)).toEqual(first.weightsByName(names));
    expect(second.weightsByName(["tail.weight"])).not.toEqual(first.weightsByName(["tail.weight"]));
    const third = await build({ start: { embeddings: "jets.safetensors" } });
    expect(Model.fresh(third, 1).embeddings()).toEqual(first.embeddings());
    await expect(build({ start: { model: "none" } })).rejects.toThrow("cannot be read");
    expect(() => analysisOf({ start: { names: ["head.*"] } })).toThrow("expected `model` or `embeddings`");
  });
});
