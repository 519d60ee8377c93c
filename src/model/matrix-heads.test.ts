import { describe, expect, test } from "vitest";
import { Stream } from "../array/index.ts";
import {
  conv1dHead,
  fullyConnected,
  graphHead,
  type HeadSpec,
  identityBody,
  lorentzBoostHead,
  multiBlock,
  multiHead,
  recurrentHead,
} from "../nn/index.ts";
import { ModelBuilder, type ModelBuilderOptions } from "./builder.ts";
import { Model } from "./model.ts";

const objects = ["lep", "tau", "jet0", "jet1"];
const momenta = ["px", "py", "pz"];
const names = ["met", ...objects.flatMap((object) => momenta.map((part) => `${object}_${part}`)), "ht"];
const features = {
  continuousFeatures: names,
  categoricalFeatures: ["jets"],
  categorySizes: [3],
  scaler: { means: names.map(() => 2), standardDeviations: names.map(() => 30) },
};
const width = names.length + 1;
const columns = { objects, features: momenta };

/** Events whose class is decided by which of two objects goes along the other, with 0 to 2 jets. */
function events(count: number) {
  const stream = new Stream(3, "objects");
  const inputs = new Float32Array(count * width);
  const targets = new Float32Array(count);
  const weights = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const row = inputs.subarray(i * width, (i + 1) * width);
    for (let f = 0; f < names.length; f++) row[f] = stream.normal();
    const jets = stream.integer(3);
    // Missing jets are 0, as the fold yielder fills them.
    row.fill(0, 1 + 3 * (2 + jets), names.length - 1);
    row[names.length] = jets;
    const along = row[1]! * row[4]! + row[2]! * row[5]! + row[3]! * row[6]!;
    targets[i] = along + 0.5 * row[0]! > 0 ? 1 : 0;
    weights[i] = stream.uniform() < 0.1 ? -0.5 : 1 + stream.uniform();
  }
  return { inputs, table: inputs, targets, weights, rows: count };
}

async function train(builder: ModelBuilder, data: ReturnType<typeof events>, steps = 120) {
  const batchSize = 64;
  const order = new Stream(3, "order");
  const program = await builder.compileTraining({ batchSize, meanWeight: 1.3 });
  const { state, losses } = await program.run(builder.initialState(1, 0), {
    ...data,
    order: Int32Array.from({ length: steps * batchSize }, () => order.integer(data.rows)),
    learningRates: new Float32Array(steps).fill(0.01),
    momenta: new Float32Array(steps).fill(0.9),
    random: new Stream(3, "masks"),
  });
  await program.release();
  const mean = (part: Float32Array) => part.reduce((x, y) => x + y) / part.length;
  return { state, last: mean(losses.subarray(-20)) };
}

const heads: Readonly<Record<string, HeadSpec>> = {
  "RNN in both directions": recurrentHead({ ...columns, cell: "rnn", width: 10, bidirectional: true }),
  "two layers of GRU with dropout, whole sequence": recurrentHead({
    ...columns,
    cell: "gru",
    depth: 2,
    width: 8,
    dropout: 0.1,
    wholeSequence: true,
  }),
  LSTM: recurrentHead({ ...columns, width: 10 }),
  convolutions: conv1dHead({
    ...columns,
    activation: "swish",
    batchNorm: true,
    layers: [
      { channels: 8, size: 2, squeeze: 2 },
      { channels: 8, block: "residual" },
      { channels: 12, block: "resNeXt", groups: 4, stride: 2 },
    ],
  }),
  "pooled convolutions": conv1dHead({ ...columns, pool: "maxMean", layers: [{ channels: 24 }] }),
  "an interaction network": graphHead({
    ...columns,
    activation: "swish",
    inputNorm: true,
    means: true,
    extractor: { kind: "interaction", messages: [12, 6], outputs: [8] },
    collapse: ["sum", "max"],
  }),
  GravNet: graphHead({
    ...columns,
    activation: "swish",
    batchNorm: true,
    extractor: { kind: "gravNet", outputs: [8, 8], neighbours: 3 },
    collapse: "flatten",
  }),
  attention: graphHead({
    ...columns,
    activation: "swish",
    dropout: 0.05,
    layers: [12],
    attention: { depth: 2, heads: 3 },
    collapse: "flatten",
  }),
  "offset attention": graphHead({
    ...columns,
    activation: "swish",
    layers: [12],
    attention: { depth: 1, offset: true },
    collapse: "flatten",
  }),
  "boosts with fixed features": lorentzBoostHead({ ...columns, particles: 4 }),
  "boosts with learnt features": lorentzBoostHead({
    ...columns,
    particles: 3,
    extract: { depth: 2, width: 8, singles: 3, pairs: 2 },
  }),
};

const options: Omit<ModelBuilderOptions, "head"> = {
  task: { kind: "binary" },
  features,
  body: fullyConnected({ depth: 1, width: 12, activation: "swish" }),
};

describe.each(Object.entries(heads))("with %s beside flat features, a network", (_, head) => {
  test("learns, gives the same bytes again, and predicts the same when loaded, for any number of events", async () => {
    const builder = new ModelBuilder({ ...options, head: multiHead({ objects: head as never }) });
    const again = ModelBuilder.fromSpec(JSON.parse(JSON.stringify(builder.toSpec())));
    const data = events(600);
    const { state, last } = await train(builder, data);
    // Without the objects it stays above 0.6: see below.
    expect(last).toBeLessThan(0.5);
    expect((await train(again, data)).state).toEqual(state);
    const model = new Model(builder, state);
    const loaded = Model.fromFiles(model.toFiles());
    const predictions = await model.predict(data.inputs, 600);
    expect(predictions.every((p) => p >= 0 && p <= 1)).toBe(true);
    expect(await loaded.predict(data.inputs, 600)).toEqual(predictions);
    const few = await loaded.predict(data.inputs.subarray(0, 5 * width), 5);
    few.forEach((p, i) => {
      expect(p).toBeCloseTo(predictions[i]!, 5);
    });
    await model.release();
    await loaded.release();
  });
});

test("a network of the flat features alone does not learn what the objects decide", async () => {
  const head = multiHead({ objects: recurrentHead({ ...columns, width: 5 }) });
  const builder = new ModelBuilder({ ...options, head, inputMask: { features: ["met", "ht"] } });
  expect((await train(builder, events(600))).last).toBeGreaterThan(0.6);
});

describe("heads of objects", () => {
  test("alone see nothing but the objects; beside flat features these are not repeated unless asked for", () => {
    const objectsHead = recurrentHead({ ...columns, width: 5 });
    const shape = (head: HeadSpec) =>
      new ModelBuilder({ ...options, head, body: identityBody() }).layout.parameters.at(-2)!.shape;
    expect(shape(objectsHead)).toEqual([1, 5]);
    // met, ht, an embedding of length 2, and the hidden state.
    expect(shape(multiHead({ objects: objectsHead }))).toEqual([1, 2 + 2 + 5]);
    expect(shape(multiHead({ objects: objectsHead, repeats: true }))).toEqual([1, 14 + 2 + 5]);
  });

  test("are one feature of a body with blocks", () => {
    const body = multiBlock({
      blocks: [
        { features: ["objects"], depth: 1, width: 4 },
        { features: ["met", "ht", "jets"], depth: 1, width: 2 },
      ],
    });
    const head = multiHead({ objects: recurrentHead({ ...columns, width: 5 }) });
    const { layout } = new ModelBuilder({ ...options, head, body });
    const weight = layout.parameters.find(({ name }) => name === "body.block0.layer0.weight");
    expect(weight?.shape).toEqual([4, 5]);
  });

  test("take what an object does not have as 0, and say which object there is not at all", () => {
    const head = recurrentHead({ objects: ["lep", "met"], features: ["px", "py", "pz"], width: 5 });
    expect(() => new ModelBuilder({ ...options, head })).toThrow(
      'feature of an object "met_px" is not known.',
    );
    const mixed = recurrentHead({ objects: ["lep", "tau"], features: ["pz", "px", "E"], width: 5 });
    expect(new ModelBuilder({ ...options, head: mixed }).layout.parameters[0]!.shape).toEqual([20, 3]);
  });

  const predict = async (head: HeadSpec, inputs: Float32Array): Promise<number[]> => {
    const model = Model.fresh(new ModelBuilder({ ...options, head, body: identityBody() }), 4);
    const [...predictions] = await model.predict(inputs, inputs.length / width);
    await model.release();
    return predictions;
  };

  test("of graphs do not depend on the order of the objects, nor on absent ones", async () => {
    const graph = (names: readonly string[]) =>
      graphHead({
        objects: names,
        features: momenta,
        extractor: { kind: "interaction", messages: [6], outputs: [6] },
        attention: { depth: 1, heads: 2 },
        collapse: ["mean", "max", "sum"],
      });
    const { inputs } = events(30);
    const inOrder = await predict(graph(objects), inputs);
    const turned = await predict(graph([...objects].reverse()), inputs);
    turned.forEach((p, i) => {
      expect(p).toBeCloseTo(inOrder[i]!, 5);
    });
    const without = inputs.filter((_, i) => inputs[Math.floor(i / width) * width + width - 1] === 0);
    const [two, four] = [
      await predict(graph(["lep", "tau"]), without),
      await predict(graph(objects), without),
    ];
    two.forEach((p, i) => {
      expect(p).toBeCloseTo(four[i]!, 5);
    });
  });

  test("with offset attention do not see absent objects either", async () => {
    const graph = (names: readonly string[]) =>
      graphHead({ objects: names, features: momenta, attention: { depth: 1, offset: true } });
    const { inputs } = events(30);
    const without = inputs.filter((_, i) => inputs[Math.floor(i / width) * width + width - 1] === 0);
    const [two, four] = [
      await predict(graph(["lep", "tau"]), without),
      await predict(graph(objects), without),
    ];
    two.forEach((p, i) => {
      expect(p).toBeCloseTo(four[i]!, 5);
    });
  });

  test("an interaction network connects every ordered pair, not a ring", async () => {
    const head = graphHead({
      ...columns,
      activation: "linear",
      extractor: { kind: "interaction", messages: [4], outputs: [4] },
      collapse: "flatten",
    });
    const { inputs } = events(1);
    inputs.fill(1);
    inputs[width - 1] = 0;
    const before = await predict(head, inputs);
    // Each of the four objects changes what is predicted in its own way: by 1 and by 2 differ by the same again.
    for (let object = 0; object < 4; object++) {
      const changed = inputs.slice();
      changed[1 + 3 * object] = 2;
      expect((await predict(head, changed))[0]).not.toBeCloseTo(before[0]!, 4);
    }
  });

  test("boosted cosines are of physical momenta, and absent objects have none", async () => {
    const head = lorentzBoostHead({ ...columns, particles: 4, batchNorm: false });
    const { inputs } = events(40);
    const scaled = await predict(head, inputs);
    const model = Model.fresh(
      new ModelBuilder({
        ...options,
        features: { ...features, scaler: undefined },
        head,
        body: identityBody(),
      }),
      4,
    );
    const physical = inputs.map((x, i) => {
      const column = i % width;
      return column === width - 1 || x === 0 ? x : x * 30 + 2;
    });
    const [...same] = await model.predict(physical, 40);
    same.forEach((p, i) => {
      expect(p).toBeCloseTo(scaled[i]!, 4);
    });
    expect(scaled.every(Number.isFinite)).toBe(true);
    const nothing = await predict(head, new Float32Array(width));
    expect(nothing.every(Number.isFinite)).toBe(true);
    await model.release();
  });
});
