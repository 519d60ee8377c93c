import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Stream } from "../array/index.ts";
import { type BodySpec, fullyConnected, identityBody, multiBlock } from "../nn/index.ts";
import { slice, sqrt, square, sum } from "../tensor/index.ts";
import { ModelBuilder, type ModelBuilderOptions } from "./builder.ts";
import { loadEmbeddings, Model } from "./model.ts";
import { parameterTableText } from "./parameter-table.ts";
import { fitTargetScaling } from "./target-scaling.ts";
import type { FoldCall, TrainingState } from "./training-program.ts";

const features = {
  continuousFeatures: ["PRI_a", "PRI_b", "DER_m", "DER_n"],
  categoricalFeatures: ["jets"],
  categorySizes: [4],
};
const options: ModelBuilderOptions = {
  task: { kind: "binary" },
  features,
  body: fullyConnected({ depth: 2, width: 8, activation: "swish" }),
};
const columns = 5;

/** A class, or a mass around 125 ± 20, that hangs on all features. */
function events(count: number, kind: "class" | "mass" = "class") {
  const stream = new Stream(7, "events");
  const table = new Float32Array(count * columns);
  const targets = new Float32Array(count);
  const weights = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const [a, b, m, n] = [stream.normal(), stream.normal(), stream.normal(), stream.normal()];
    const jets = stream.integer(4);
    table.set([a, b, m, n, jets], columns * i);
    const value = a + 0.5 * b - m + n * b + 0.5 * (jets - 1.5);
    targets[i] = kind === "class" ? (value > 0 ? 1 : 0) : 125 + 10 * value;
    weights[i] = stream.uniform() < 0.1 ? -0.5 : 1 + stream.uniform();
  }
  return { table, inputs: table, targets, weights, rows: count, eventCount: count, targetCount: 1 };
}

async function train(
  builder: ModelBuilder,
  data: ReturnType<typeof events>,
  { steps = 150, member = 0 }: { steps?: number; member?: number } = {},
): Promise<{ state: TrainingState; first: number; last: number }> {
  const batchSize = 64;
  const order = new Stream(3, "order");
  const call: FoldCall = {
    ...data,
    order: Int32Array.from({ length: steps * batchSize }, () => order.integer(data.rows)),
    learningRates: new Float32Array(steps).fill(0.01),
    momenta: new Float32Array(steps).fill(0.9),
    random: new Stream(3, "masks"),
  };
  const program = await builder.compileTraining({ batchSize, meanWeight: 1.3 });
  const { state, losses } = await program.run(builder.initialState(1, member), call);
  await program.release();
  const mean = (part: Float32Array) => part.reduce((x, y) => x + y) / part.length;
  return { state, first: mean(losses.subarray(0, 5)), last: mean(losses.subarray(-20)) };
}

const blocks = multiBlock({
  bottleneck: 2,
  bottleneckActivation: "swish",
  blocks: [
    { features: ["DER_*"], depth: 1, width: 10, activation: "swish" },
    { features: ["PRI_*", "jets"], depth: 3, width: 6, connect: "dense", activation: "swish", bottleneck: 1 },
  ],
});

describe("bodies", () => {
  test.each<[string, BodySpec, number]>([
    ["blocks with bottlenecks", blocks, 0.75],
    [
      "blocks that see the same",
      multiBlock({
        blocks: [
          { features: ["*"], depth: 2, width: 8, activation: "swish" },
          { features: ["DER_*"], depth: 2, width: 4, growthRate: 0.5 },
        ],
      }),
      0.75,
    ],
    ["no hidden layer", identityBody(), 0.9],
  ])("with %s: the loss falls, and the same bytes come again", async (_, body, share) => {
    const builder = new ModelBuilder({ ...options, body });
    const again = ModelBuilder.fromSpec(JSON.parse(JSON.stringify(builder.toSpec())));
    const data = events(1000);
    const once = await train(builder, data);
    expect(once.last).toBeLessThan(share * once.first);
    expect((await train(again, data)).state).toEqual(once.state);
  });

  test("a bottleneck of one value stands beside a block's own features", () => {
    const { layout } = new ModelBuilder({ ...options, body: blocks });
    const shapeOf = (name: string) => layout.parameters.find((entry) => entry.name === name)?.shape;
    // Block 0 sees two DER_ features and two values of the other five columns (embedding of length 3).
    expect(shapeOf("body.block0.bottleneck.weight")).toEqual([2, 5]);
    expect(shapeOf("body.block0.layer0.weight")).toEqual([10, 4]);
    expect(shapeOf("body.block1.bottleneck.weight")).toEqual([1, 2]);
    expect(shapeOf("body.block1.layer0.weight")).toEqual([6, 6]);
    // Dense: the third layer sees the block's inputs and both outputs before it.
    expect(shapeOf("body.block1.layer2.weight")).toEqual([6, 18]);
    expect(shapeOf("tail.weight")).toEqual([1, 16]);
  });

  test("say what is wrong with blocks", () => {
    const build = (body: BodySpec) => () => new ModelBuilder({ ...options, body });
    const layer = { depth: 1, width: 2 };
    expect(build(multiBlock({ blocks: [] }))).toThrow("multiBlock: there are no blocks.");
    expect(build(multiBlock({ blocks: [{ features: ["DRE_*"], ...layer }] }))).toThrow(
      'feature "DRE_*" is not known.',
    );
    expect(build(multiBlock({ blocks: [{ features: ["DER_*", "jets"], ...layer }] }))).toThrow(
      'multiBlock: no block sees "PRI_a", "PRI_b". Name it in a block, leave it out of the features, or give a bottleneck.',
    );
    expect(build(multiBlock({ bottleneck: 0.5, blocks: [{ features: ["*"], ...layer }] }))).toThrow(
      "multiBlock: the bottleneck of block 0 must be a whole number of values, 0 for none, but is 0.5.",
    );
    expect(build(multiBlock({ blocks: [{ features: ["*"], depth: 0, width: 2 }] }))).toThrow(
      "fullyConnected: depth must be 1 or more, but is 0.",
    );
  });
});

describe("input masks", () => {
  const inputMask = { fraction: 0.5, always: ["DER_m"] };

  test("each member sees other features, always the wanted ones, and the model says which", async () => {
    const builder = new ModelBuilder({ ...options, inputMask });
    const seen = Array.from({ length: 12 }, (_, member) => Model.fresh(builder, 5, member).usedFeatures);
    for (const names of seen) {
      expect(names.length).toBe(3);
      expect(names).toContain("DER_m");
      expect(names).toContain("jets");
    }
    expect(new Set(seen.map(String)).size).toBe(3);
    const model = Model.fresh(builder, 5, 4);
    expect(Model.fresh(builder, 5, 4).usedFeatures).toEqual(model.usedFeatures);
    const files = model.toFiles();
    expect(JSON.parse(new TextDecoder().decode(files["model.json"])).usedFeatures).toEqual(
      model.usedFeatures,
    );
    expect(Model.fromFiles(files).usedFeatures).toEqual(model.usedFeatures);
  });

  test("a hidden feature changes no prediction, before and after training; a seen one does", async () => {
    const builder = new ModelBuilder({ ...options, inputMask: { features: ["PRI_*"] } });
    const data = events(300);
    const { state, first, last } = await train(builder, data, { steps: 60 });
    expect(last).toBeLessThan(first);
    const model = new Model(builder, state);
    const changed = (column: number) => data.table.map((x, i) => (i % columns === column ? x + 1 : x));
    const before = await model.predict(data.table, 300);
    expect(await model.predict(changed(2), 300)).toEqual(before);
    expect(await model.predict(changed(0), 300)).not.toEqual(before);
    await model.release();
  });

  test("can be given to a trained network, and taken by another", async () => {
    const model = Model.fresh(new ModelBuilder(options), 5);
    const masked = model.withInputMask(["DER_m"]);
    expect(masked.usedFeatures).toEqual(["DER_m", "jets"]);
    expect(masked.parameters).toEqual(model.parameters);
    expect(masked.withInputMask(["*"]).usedFeatures).toEqual(model.usedFeatures);
    const data = events(20);
    const zeroed = data.table.map((x, i) => ([0, 1, 3].includes(i % columns) ? 0 : x));
    expect(await masked.predict(data.table, 20)).toEqual(await model.predict(zeroed, 20));
    await model.release();
    await masked.release();
  });

  test("refuses what cannot be", () => {
    const build = (mask: ModelBuilderOptions["inputMask"] & object) => () =>
      new ModelBuilder({ ...options, inputMask: mask });
    expect(build({ fraction: 1.5 })).toThrow(
      "inputMask: the fraction must be above 0 and at most 1, but is 1.5.",
    );
    expect(build({ fraction: 0.5, always: ["PRI_*", "DER_m"] })).toThrow(
      "inputMask: 3 features are always seen, but a fraction of 0.5 of 4 features is only 2.",
    );
    expect(build({ features: ["jets"] })).toThrow('continuous feature "jets" is not known.');
  });
});

describe("scaled targets", () => {
  const data = events(2000, "mass");
  const scaling = fitTargetScaling({ foldCount: 1, getFold: () => data });

  test("the scaling is the weighted mean and deviation of the targets", () => {
    const weightSum = data.weights.reduce((s, w) => s + w, 0);
    const mean = data.targets.reduce((s, y, i) => s + data.weights[i]! * y, 0) / weightSum;
    const variance = data.targets.reduce((s, y, i) => s + data.weights[i]! * (y - mean) ** 2, 0) / weightSum;
    expect(scaling.means[0]).toBeCloseTo(mean, 8);
    expect(scaling.deviations[0]).toBeCloseTo(Math.sqrt(variance), 8);
    const twice = { ...data, weights: undefined, targets: Float32Array.of(1, 3), eventCount: 2 };
    expect(fitTargetScaling({ foldCount: 2, getFold: () => twice })).toEqual({ means: [2], deviations: [1] });
    const constant = { ...twice, targets: Float32Array.of(4, 4) };
    expect(() => fitTargetScaling({ foldCount: 1, getFold: () => constant })).toThrow(
      "fitTargetScaling: target 0 has the weighted variance 0; it must be positive.",
    );
  });

  test("predictions are in the targets' units, the loss is in units of the deviation, after loading too", async () => {
    const task = { kind: "regression", targetCount: 1, scaling } as const;
    const builder = new ModelBuilder({ ...options, task });
    const { state, first, last } = await train(builder, data, { steps: 300 });
    // The loss of the mean is 1.
    expect(first).toBeGreaterThan(0.7);
    expect(last).toBeLessThan(0.2);
    const model = Model.fromFiles(new Model(builder, state).toFiles());
    expect(model.builder.task).toEqual(task);
    const { loss, metrics } = await model.evaluate(data);
    expect(loss).toBeCloseTo((metrics.rootMeanSquare! / scaling.deviations[0]!) ** 2, 4);
    expect(metrics.rootMeanSquare).toBeLessThan(0.5 * scaling.deviations[0]!);
    expect(Math.abs(metrics.bias!)).toBeLessThan(3);
  });

  test("a network without scaling is farther from the targets after as many steps", async () => {
    const errorOf = async (task: ModelBuilderOptions["task"]) => {
      const builder = new ModelBuilder({ ...options, task });
      const { state } = await train(builder, data, { steps: 60 });
      return (await new Model(builder, state).evaluate(data)).metrics.rootMeanSquare!;
    };
    const scaled = await errorOf({ kind: "regression", targetCount: 1, scaling });
    expect(scaled).toBeLessThan(0.6 * (await errorOf({ kind: "regression", targetCount: 1 })));
  });

  test("with a range, the scaled loss is that of scaled predictions", async () => {
    const task = { kind: "regression", targetCount: 1, scaling, range: [50, 200] } as const;
    const builder = new ModelBuilder({ ...options, task });
    const { state, last } = await train(builder, data, { steps: 150 });
    const { loss, metrics } = await new Model(builder, state).evaluate(data);
    expect(last).toBeLessThan(0.5);
    expect(loss).toBeCloseTo((metrics.rootMeanSquare! / scaling.deviations[0]!) ** 2, 4);
  });

  test("ranges and scalings that do not fit are refused", () => {
    const build = (task: object) => () =>
      new ModelBuilder({ ...options, task: { kind: "regression", targetCount: 2, ...task } });
    expect(build({ scaling })).toThrow("regression: 2 targets, but a scaling of 1 mean and 1 deviation.");
    expect(build({ range: [[0, 1]] })).toThrow("regression: 2 targets, but 1 range.");
    expect(build({ range: [3, 1] })).toThrow(
      "regression: a range goes from a lower to a higher number, but one is [3, 1].",
    );
  });
});

describe("tails", () => {
  test("start with the bias that is given", () => {
    const builder = new ModelBuilder({
      ...options,
      task: { kind: "multiclass", classCount: 3 },
      tail: { kind: "classRegMulti", bias: [0.5, -1, 2] },
    });
    const { start } = builder;
    expect(start).toEqual({});
    expect([...Model.fresh(builder, 1).weightsByName(["tail.bias"])["tail.bias"]!.data]).toEqual([
      0.5, -1, 2,
    ]);
    expect(() => new ModelBuilder({ ...options, tail: { kind: "classRegMulti", bias: [1, 2] } })).toThrow(
      "classRegMulti: 1 output, but 2 values of bias.",
    );
  });

  test("without a layer, the body's outputs are the network's", () => {
    const tail = { kind: "identity" } as const;
    const body = fullyConnected({ depth: 1, width: 1, activation: "linear" });
    expect(new ModelBuilder({ ...options, body, tail }).parameterCount).toBe(4 * 3 + 7 + 1);
    expect(() => new ModelBuilder({ ...options, tail })).toThrow(
      "identity tail: the body gives 8 values, but the task has 1 outputs.",
    );
  });
});

describe("endcaps", () => {
  const task = { kind: "regression", targetCount: 2 } as const;
  const length = (prediction: Parameters<typeof square>[0]) =>
    sqrt(sum(square(prediction), { axes: 1, keepDimensions: true }));

  test("change predictions, not the loss, and see the inputs", async () => {
    const data = events(50, "mass");
    const plain = Model.fresh(new ModelBuilder({ ...options, task }), 3);
    const capped = Model.fresh(new ModelBuilder({ ...options, task, endcap: length }), 3);
    expect(capped.outputCount).toBe(1);
    const [pairs, lengths] = [await plain.predict(data.table, 50), await capped.predict(data.table, 50)];
    expect(lengths.length).toBe(50);
    for (let i = 0; i < 50; i++) {
      expect(lengths[i]).toBeCloseTo(Math.hypot(pairs[2 * i]!, pairs[2 * i + 1]!), 4);
    }
    const targets = new Float32Array(100);
    const [a, b] = [await plain.evaluate({ ...data, targets }), await capped.evaluate({ ...data, targets })];
    expect(b.loss).toBe(a.loss);
    expect(b.metrics).toEqual({});
    const inputs = new ModelBuilder({ ...options, task, endcap: (_, x) => slice(x, 1, 0, 3) });
    expect(inputs.outputCount).toBe(3);
    await plain.release();
    await capped.release();
  });

  test("as functions cannot be saved, and must give values for each event", () => {
    const builder = new ModelBuilder({ ...options, task, endcap: length });
    expect(() => builder.toSpec()).toThrow(
      "ModelBuilder: an endcap given as a function cannot be saved or sent to worker processes.",
    );
    expect(() => new ModelBuilder({ ...options, task, endcap: (p) => sum(p, { axes: 1 }) })).toThrow(
      "endcap: it must give its values for each event, [events, outputs], but gave [",
    );
  });

  test("by module are saved with the model", async () => {
    const module = new URL("../../test/support/endcap.ts", import.meta.url).pathname;
    const endcap = { module, name: "firstOutput", outputCount: 1 };
    const builder = new ModelBuilder({ ...options, task, endcap });
    const model = Model.fromFiles(Model.fresh(builder, 3).toFiles());
    const data = events(5);
    const pairs = await Model.fresh(new ModelBuilder({ ...options, task }), 3).predict(data.table, 5);
    expect(await model.predict(data.table, 5)).toEqual(pairs.filter((_, i) => i % 2 === 0));
    const wrong = new ModelBuilder({ ...options, task, endcap: { ...endcap, outputCount: 2 } });
    await expect(Model.fresh(wrong, 3).predict(data.table, 5)).rejects.toThrow(
      "endcap: it must give 2 values for each event",
    );
  });
});

describe("weights of other networks", () => {
  const trained = Model.fresh(new ModelBuilder(options), 9);

  test("embeddings go from task to task through a file, and stay where they are frozen", async () => {
    const path = join(await mkdtemp(join(tmpdir(), "lumin-embeddings-")), "jets.safetensors");
    await trained.saveEmbeddings(path);
    const embeddings = await loadEmbeddings(path);
    expect(embeddings).toEqual(trained.embeddings());
    const builder = new ModelBuilder({
      ...options,
      task: { kind: "multiclass", classCount: 3 },
      embeddings,
      optimiser: { name: "adam", freeze: ["head.jets.*"] },
    });
    const { state } = await train(builder, events(300), { steps: 5 });
    const after = new Model(builder, state);
    expect(after.embeddings()).toEqual(embeddings);
    expect(after.weightsByName(["tail.weight"])).not.toEqual(
      Model.fresh(builder, 1).weightsByName(["tail.weight"]),
    );
    await expect(loadEmbeddings(join(path, "none"))).rejects.toThrow(
      "Give the file that saveEmbeddings wrote.",
    );
  });

  test("embeddings of other categories are refused, with both numbers", () => {
    const build = (jets: number, name = "jets") =>
      new ModelBuilder({
        ...options,
        features: { ...features, categoricalFeatures: [name], categorySizes: [jets] },
        embeddings: trained.embeddings(),
      });
    expect(() => build(5)).toThrow(
      'embeddings: the table of "jets" has 4 categories, but here the feature has 5. Embeddings can be taken over where both have the same categories.',
    );
    expect(() => build(4, "njets")).toThrow('categorical feature "jets" is not known. Did you mean "njets"?');
    expect(
      () => new ModelBuilder({ ...options, embeddingSizes: { jets: 2 }, embeddings: trained.embeddings() }),
    ).toThrow(
      'starting weights: "head.jets.weight" is [4, 3] with 12 numbers, but this network has [4, 2] there.',
    );
  });

  test("parts by name are what a new network starts with; the rest is drawn", () => {
    const builder = new ModelBuilder({
      ...options,
      start: trained.weightsByName(["head.*", "body.layer0.*"]),
    });
    const copy = ModelBuilder.fromSpec(structuredClone(builder.toSpec()));
    const fresh = Model.fresh(new ModelBuilder(options), 2);
    const model = Model.fresh(copy, 2);
    const part = (of: Model, name: string) => of.weightsByName([name]);
    for (const name of ["head.jets.weight", "body.layer0.weight", "body.layer0.bias"]) {
      expect(part(model, name)).toEqual(part(trained, name));
    }
    expect(part(model, "tail.weight")).toEqual(part(fresh, "tail.weight"));
    expect(new TextDecoder().decode(model.toFiles()["model.json"])).not.toContain('"start"');
    expect(
      () => new ModelBuilder({ ...options, body: identityBody(), start: trained.weightsByName() }),
    ).toThrow('starting weight "body.layer0.weight" is not known.');
  });
});

test("the parameter table has every parameter, its shape, and whether it is trained", () => {
  const builder = new ModelBuilder({
    ...options,
    body: fullyConnected({ depth: 1, width: 4, batchNorm: true }),
    optimiser: { name: "adam", freeze: ["head.*"] },
  });
  const rows = builder.parameterTable();
  expect(rows.reduce((n, { count, kind }) => n + (kind === "parameter" ? count : 0), 0)).toBe(
    builder.parameterCount,
  );
  expect(parameterTableText(rows)).toBe(
    [
      "layer             name      shape   count  trainable",
      "head.jets         weight    [4, 3]     12  no (frozen)",
      "body.layer0       weight    [4, 7]     28  yes",
      "body.layer0       bias      [4]         4  yes",
      "body.layer0.norm  scale     [4]         4  yes",
      "body.layer0.norm  shift     [4]         4  yes",
      "tail              weight    [1, 4]      4  yes",
      "tail              bias      [1]         1  yes",
      "body.layer0.norm  mean      [4]         4  no (running statistic)",
      "body.layer0.norm  variance  [4]         4  no (running statistic)",
      "57 parameters, 45 of them trainable",
      "",
    ].join("\n"),
  );
});

test("evaluate gives the weighted loss and metrics of any task", async () => {
  const data = events(400);
  const builder = new ModelBuilder(options);
  const { state } = await train(builder, data, { steps: 100 });
  const model = new Model(builder, state);
  const once = await model.evaluate(data);
  expect(once.metrics.auc).toBeGreaterThan(0.9);
  // The loss is the log loss, and no scale of the weights changes it.
  expect(once.loss).toBeCloseTo(once.metrics.logLoss!, 5);
  const doubled = await model.evaluate({ ...data, weights: data.weights.map((w) => 2 * w) });
  expect(doubled.loss).toBeCloseTo(once.loss, 6);
  await expect(model.evaluate({ ...data, targets: new Float32Array(3) })).rejects.toThrow(
    "Model.evaluate: 400 events need 400 targets and 400 weights, but 3 and 400 came.",
  );
  await expect(model.evaluate({ ...data, weights: new Float32Array(400) })).rejects.toThrow(
    "Model.evaluate: the mean weight of the events is 0; it must be positive.",
  );
  const classes = Model.fresh(
    new ModelBuilder({ ...options, task: { kind: "multiclass", classCount: 3 } }),
    1,
  );
  const { metrics } = await classes.evaluate({ ...data, targets: data.targets.map((_, i) => i % 3) });
  expect(Object.keys(metrics)).toEqual(["auc", "accuracy", "logLoss"]);
});
