/** Layers of objects against Python LUMIN's numbers for its own weights, and where ours are otherwise. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { evaluate, type Values, values } from "../engine/index.ts";
import { add, input, reshape, type Tensor } from "../tensor/index.ts";
import { applyGraphHead, type GraphHeadOptions, graphHead } from "./graph-head.ts";
import { activate } from "./layers.ts";
import { applyLorentzBoostHead, lorentzBoostHead } from "./lorentz-boost-head.ts";
import { eventObjects } from "./objects.ts";
import { describeNetwork, type Network, traceNetwork } from "./scope.ts";
import { selfAttention } from "./sequence-layers.ts";

type Matrix = readonly (readonly number[])[];
interface Layers {
  readonly state: Readonly<Record<string, Matrix>>;
  /** [events, objects, features], for the interaction network [events, features, objects]; so is `out`. */
  readonly x: readonly Matrix[];
  readonly out: readonly Matrix[];
}
const golden = JSON.parse(
  readFileSync(new URL("../../test/golden/lumin-nn.json", import.meta.url), "utf8"),
) as {
  readonly lorentzBoost: { part: number[]; rf: number[]; x: Matrix; out: Matrix };
  readonly gravNetLayer: Layers;
  readonly interactionNet: Layers;
  readonly selfAttention: Layers;
};

const relu = (row: readonly number[]): number[] => row.map((value) => Math.max(value, 0));
const times = (weights: Matrix, row: readonly number[]): number[] =>
  weights.map((line) => line.reduce((sum, weight, i) => sum + weight * row[i]!, 0));
const transposed = (rows: Matrix): number[][] => rows[0]!.map((_, i) => rows.map((row) => row[i]!));

/** What a network makes of rows with these weights; all other parameters are 0. */
function outputOf(network: Network, rows: Matrix, weights: Readonly<Record<string, readonly number[]>>) {
  const width = rows[0]!.length;
  const layout = describeNetwork(network, width);
  const flat = new Float64Array(layout.parameterCount);
  for (const [name, given] of Object.entries(weights)) {
    const { shape, offset } = layout.parameters.find((parameter) => parameter.name === name)!;
    expect(given.length, name).toBe(shape.reduce((n, size) => n * size, 1));
    flat.set(given, offset);
  }
  const x = input("x", [rows.length, width]);
  const parameters = input("parameters", [flat.length]);
  const traced = traceNetwork(network, x, { parameters, buffers: input("buffers", [0]) }, false);
  const feeds = new Map<Tensor, Values>([
    [x, values([rows.length, width], rows.flat())],
    [parameters, values([flat.length], flat)],
    [input("buffers", [0]), values([0], [])],
  ]);
  return [...evaluate([traced.output], feeds)[0]!.data];
}

/** A graph head over events of objects, flattened. */
function graphOf(objects: number, features: number, extractor: GraphHeadOptions["extractor"]): Network {
  const columns = {
    objects: Array.from({ length: objects }, (_, i) => `object${i}`),
    features: Array.from({ length: features }, (_, i) => `feature${i}`),
  };
  const continuous = columns.objects.flatMap((object) => columns.features.map((name) => `${object}_${name}`));
  const head = graphHead({ ...columns, extractor: extractor!, collapse: "flatten" });
  return (scope, x) => applyGraphHead(scope, eventObjects(x, { continuous, categorical: [] }, columns), head);
}

function close(found: readonly number[], expected: readonly number[], relative = 1e-5): void {
  expect(found).toHaveLength(expected.length);
  found.forEach((value, i) => {
    expect(Math.abs(value - expected[i]!)).toBeLessThan(relative * Math.max(1, Math.abs(expected[i]!)));
  });
}

describe("as in Python LUMIN", () => {
  test("boosts into learnt rest frames, momenta as signed logarithms", () => {
    const { part, rf, x, out } = golden.lorentzBoost;
    const columns = { objects: ["a", "b", "c"], features: ["px", "py", "pz", "E"] };
    const head = lorentzBoostHead({ ...columns, particles: 2, batchNorm: false });
    const network: Network = (scope, rows) =>
      applyLorentzBoostHead(scope, reshape(rows, [rows.shape[0]!, 3, 4]), head);
    const found = outputOf(network, x, { "particles.weight": part, "frames.weight": rf });
    const [events, width] = [out.length, out[0]!.length];
    const momenta = found.map((value, i) =>
      i % width === width - 1 ? value : Math.sign(value) * Math.expm1(Math.abs(value)),
    );
    expect(events).toBe(2);
    close(momenta, out.flat(), 3e-5); // Its inputs have six digits.
  });

  test("self-attention of one head, to which LUMIN adds an activation", () => {
    const { state, x, out } = golden.selfAttention;
    // Its queries have two components, ours three: the third is 0, and scores are divided by √3 in place of √2.
    const query = [...state["q.weight"]!, [0, 0, 0]].flat().map((value) => value * Math.sqrt(3 / 2));
    const network: Network = (scope, rows) => {
      const objects = reshape(rows, [rows.shape[0]!, 4, 3]);
      return add(objects, activate(scope, selfAttention(scope, objects, { heads: 1 }), "relu"));
    };
    const found = outputOf(network, [x[0]!.flat()], {
      "query.weight": query,
      "key.weight": [...state["k.weight"]!, [0, 0, 0]].flat(),
      "value.weight": state["v.weight"]!.flat(),
      "output.weight": state["out.0.weight"]!.flat(),
    });
    close(found, out.flat(2));
  });

  test("GravNet: the two nearest, weighted by exp(−10·distance²), their mean and maximum", () => {
    const { state, x, out } = golden.gravNetLayer;
    // LUMIN's places and values pass the activation, ours do not: they are given as features five to nine here.
    const rows = x[0]!.map((row) => [...row, ...relu(times(state["f_slr.0.0.weight"]!, row))]);
    const unit = (at: number): number[] => Array.from({ length: 7 }, (_, i) => (i === at ? 1 : 0));
    const network = graphOf(4, 7, { kind: "gravNet", space: 2, values: 3, neighbours: 2, outputs: [3] });
    const found = outputOf(network, [rows.flat()], {
      "gravNet.layer0.space.weight": [unit(2), unit(3)].flat(),
      "gravNet.layer0.values.weight": [unit(4), unit(5), unit(6)].flat(),
      "gravNet.layer0.layer0.weight": state["f_out.0.0.weight"]!.flatMap((line) => [
        ...line.slice(0, 2),
        ...[0, 0, 0, 0, 0],
        ...line.slice(2),
      ]),
    });
    close(found, out.flat(2));
  });
});

test("an interaction network has messages between all pairs of objects, where LUMIN's go round a ring", () => {
  const { state, x, out } = golden.interactionNet;
  const objects = transposed(x[0]!);
  const message = (receiver: readonly number[], sender: readonly number[]): number[] =>
    relu(times(state["fr.1.0.weight"]!, relu(times(state["fr.0.0.weight"]!, [...receiver, ...sender]))));
  const along = (edges: readonly (readonly [number, number])[]): number[][] =>
    objects.map((object, i) => {
      const sums = [0, 0, 0];
      for (const [receiver, sender] of edges) {
        if (receiver !== i) continue;
        for (const [k, value] of message(object, objects[sender]!).entries()) sums[k]! += value;
      }
      return relu(times(state["fo.0.0.weight"]!, [...object, ...sums]));
    });
  const ring = [0, 1, 2].map((i) => [i, (i + 1) % 3] as const);
  // The formula is LUMIN's, who meets every edge of the ring n − 1 times …
  close(transposed(along([...ring, ...ring])).flat(), out.flat(2));
  // … and with all pairs it is ours.
  const all = [0, 1, 2].flatMap((i) => [0, 1, 2].flatMap((j) => (i === j ? [] : [[i, j] as const])));
  const first = state["fr.0.0.weight"]!;
  const network = graphOf(3, 2, { kind: "interaction", messages: [4, 3], outputs: [2] });
  const found = outputOf(network, [objects.flat()], {
    "interaction.pairs.receiver.weight": first.flatMap((line) => line.slice(0, 2)),
    "interaction.pairs.sender.weight": first.flatMap((line) => line.slice(2)),
    "interaction.pairs.layer0.weight": state["fr.1.0.weight"]!.flat(),
    "interaction.objects.layer0.weight": state["fo.0.0.weight"]!.flat(),
  });
  close(found, along(all).flat());
  expect(found.some((value, i) => Math.abs(value - transposed(out[0]!).flat()[i]!) > 0.01)).toBe(true);
});
