/** Checks our operations, layers and recurrent networks against a file of PyTorch's numbers. */
import { Stream } from "../../src/array/index.ts";
import { grad } from "../../src/autodiff/index.ts";
import { evaluate, functionModel, Session, type Values, values } from "../../src/engine/index.ts";
import { ModelBuilder, type OptimiserSpec } from "../../src/model/index.ts";
import {
  batchNorm,
  binaryCrossEntropy,
  fullyConnected,
  type Network,
  traceNetwork,
} from "../../src/nn/index.ts";
import {
  add,
  bidirectional,
  concat,
  constant,
  conv1d,
  div,
  gather,
  gelu,
  type InputTensor,
  input,
  layerNorm,
  logSoftmax,
  logSumExp,
  matmul,
  max,
  mean,
  mish,
  mul,
  type RecurrentKind,
  type RecurrentWeights,
  recurrent,
  relu,
  reshape,
  selu,
  sigmoid,
  slice,
  softmax,
  softplus,
  sum,
  swish,
  type Tensor,
  tanh,
  transpose,
  variance,
} from "../../src/tensor/index.ts";

export type Nested = number | readonly Nested[];

export interface GoldenOperation {
  readonly inputs: readonly Nested[];
  readonly output: Nested;
  readonly cotangent: Nested;
  readonly grads: readonly Nested[];
  readonly index?: readonly number[];
  readonly target?: readonly number[];
  readonly weight?: readonly number[];
}

export interface GoldenRecurrent {
  readonly x: Nested;
  readonly y: Nested;
  readonly cotangent: Nested;
  readonly x_grad: Nested;
  readonly state: Readonly<Record<string, Nested>>;
  readonly grads: Readonly<Record<string, Nested>>;
}

/** Largest deviations of one case: the reference from torch, ONNX Runtime from torch (relative to 1 + |value|). */
export interface CaseDeviation {
  readonly name: string;
  readonly reference: number;
  readonly runtime: number;
}

export const flat = (x: Nested): number[] => (typeof x === "number" ? [x] : x.flatMap(flat));
const shapeOf = (x: Nested): number[] => (typeof x === "number" ? [] : [x.length, ...shapeOf(x[0]!)]);

/** The operation cases by name, as functions of their inputs. */
export const operationCases: Readonly<Record<string, (x: Tensor[], golden: GoldenOperation) => Tensor>> = {
  matmul: ([a, b]) => matmul(a!, b!),
  batched_matmul: ([a, b]) => matmul(a!, b!),
  broadcast_mul: ([a, b]) => mul(a!, b!),
  div: ([a, b]) => div(a!, b!),
  // x·(tanh x + Σ over the first axis): the input reaches the output on three ways.
  diamond: ([x]) => mul(x!, add(tanh(x!), sum(x!, { axes: 0, keepDimensions: true }))),
  sigmoid: ([x]) => sigmoid(x!),
  tanh: ([x]) => tanh(x!),
  softplus: ([x]) => softplus(x!),
  silu: ([x]) => swish(x!),
  mish: ([x]) => mish(x!),
  gelu: ([x]) => gelu(x!),
  selu: ([x]) => selu(x!),
  relu: ([x]) => relu(x!),
  log_softmax: ([x]) => logSoftmax(x!),
  softmax: ([x]) => softmax(x!),
  logsumexp: ([x]) => logSumExp(x!, { axes: -1 }),
  max_axis: ([x]) => max(x!, { axes: -1 }),
  mean_axis: ([x]) => mean(x!, { axes: -1 }),
  var_axis: ([x]) => variance(x!, { axes: -1 }),
  concat: ([a, b]) => concat([a!, b!], 1),
  slice: ([x]) => slice(x!, 1, 1, 3),
  transpose: ([x]) => reshape(transpose(x!, [0, 2, 1]), [2, 12]),
  embedding: ([table], { index }) => gather(table!, constant(Int32Array.from(index!), [4], "int32")),
  layer_norm: ([x, scale, shift]) => layerNorm(x!, scale!, shift!),
  batch_norm_train: ([x, scale, shift]) => {
    const network: Network = (scope, inputs) => batchNorm(scope, inputs);
    const parameters = concat([scale!, shift!], 0);
    return traceNetwork(network, x!, { parameters, buffers: constant([0, 0, 0, 1, 1, 1]) }, true).output;
  },
  conv1d: ([x, weight, bias]) => conv1d(x!, weight!, bias!, { padding: 1 }),
  conv1d_stride2_groups: ([x, weight]) =>
    conv1d(x!, weight!, undefined, { stride: 2, groups: 2, padding: 1 }),
  bce_logits_weighted: ([z], { target, weight }) =>
    binaryCrossEntropy.of(reshape(z!, [5, 1]), constant(target!, [5, 1]), constant(weight!)),
};

/** The recurrent cases by name: kind, and whether in both directions. */
export const recurrentCases: Readonly<Record<string, { kind: RecurrentKind; both: boolean }>> = {
  gru: { kind: "gru", both: false },
  lstm: { kind: "lstm", both: false },
  rnn_tanh: { kind: "rnn", both: false },
  gru_bidirectional: { kind: "gru", both: true },
};

export async function checkOperation(name: string, golden: GoldenOperation): Promise<CaseDeviation> {
  const inputs = golden.inputs.map((x, i) => input(`x${i}`, shapeOf(x)));
  const output = operationCases[name]!(inputs, golden);
  const expected = [golden.output, ...golden.grads];
  return deviation(name, inputs, golden.inputs, output, inputs, golden.cotangent, expected);
}

export async function checkRecurrent(name: string, golden: GoldenRecurrent): Promise<CaseDeviation> {
  const { kind, both } = recurrentCases[name]!;
  const x = input("x", shapeOf(golden.x));
  const names = Object.keys(golden.state);
  const parameters = names.map((key) => input(key, shapeOf(golden.state[key]!)));
  const find = (key: string) => parameters[names.indexOf(key)]!;
  const weights = (suffix: string): RecurrentWeights => ({
    input: find(`weight_ih_l0${suffix}`),
    hidden: find(`weight_hh_l0${suffix}`),
    inputBias: find(`bias_ih_l0${suffix}`),
    hiddenBias: find(`bias_hh_l0${suffix}`),
  });
  const { sequence } = both
    ? bidirectional(kind, x, weights(""), weights("_reverse"))
    : recurrent(kind, x, weights(""));
  const given = [golden.x, ...names.map((key) => golden.state[key]!)];
  const slopes = [golden.x_grad, ...names.map((key) => golden.grads[key]!)];
  const all = [x, ...parameters];
  return deviation(name, all, given, sequence, all, golden.cotangent, [golden.y, ...slopes]);
}

async function deviation(
  name: string,
  inputs: readonly InputTensor[],
  given: readonly Nested[],
  output: Tensor,
  sources: readonly Tensor[],
  cotangent: Nested,
  expected: readonly Nested[],
): Promise<CaseDeviation> {
  const loss = sum(mul(output, constant(flat(cotangent), output.shape)));
  const tensors = [output, ...grad(loss, sources)];
  const feeds = new Map<Tensor, Values>(
    inputs.map((t, i) => [t, values(t.shape as number[], flat(given[i]!))]),
  );
  const exact = evaluate(tensors, feeds);
  if (expected.length !== exact.length) {
    throw new Error(`${name}: the file has ${expected.length} values and gradients, not ${exact.length}.`);
  }
  const outputs = Object.fromEntries(tensors.map((t, i): [string, Tensor] => [`y${i}`, t]));
  const session = await Session.create(functionModel({ inputs, outputs }));
  const results = await session.run(
    Object.fromEntries(
      inputs.map((t, i) => [
        t.attributes.name,
        { data: Float32Array.from(flat(given[i]!)), shape: t.shape as number[] },
      ]),
    ),
  );
  await session.release();
  return {
    name,
    reference: Math.max(...exact.map(({ data }, i) => worst(data, flat(expected[i]!)))),
    runtime: Math.max(...exact.map((_, i) => worst(results[`y${i}`]!.data, flat(expected[i]!)))),
  };
}

/** Largest difference relative to 1 + |expected|; infinite where lengths differ or a value is NaN. */
export function worst(actual: ArrayLike<number>, expected: readonly number[]): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  return expected.reduce((largest, value, i) => {
    const difference = Math.abs(actual[i]! - value) / (1 + Math.abs(value));
    return Number.isNaN(difference) ? Number.POSITIVE_INFINITY : Math.max(largest, difference);
  }, 0);
}

export interface GoldenTrajectory {
  readonly init: Readonly<Record<string, Nested>>;
  readonly x: Nested;
  readonly y: Nested;
  readonly w: Nested;
  readonly losses: readonly number[];
  readonly final: Readonly<Record<string, Nested>>;
}

/** The optimiser cases by name, in our words. */
export const trajectoryCases: Readonly<Record<string, OptimiserSpec & { readonly learningRate: number }>> = {
  "adam_lr1e-2": { name: "adam", learningRate: 1e-2 },
  "adamw_lr1e-2_wd0.1": { name: "adamW", learningRate: 1e-2, weightDecay: 0.1 },
  "sgd_lr0.1_momentum0.9": { name: "sgd", learningRate: 0.1 },
  sgd_nesterov: { name: "sgd", learningRate: 0.1, nesterov: true },
  rmsprop: { name: "rmsProp", learningRate: 1e-2 },
  // torch 1.13 counts μₜ twice, see NadamOptions; without that our NAdam is Dozat's, tested on its own.
  nadam: { name: "nadam", learningRate: 1e-2, asTorch1: true },
  radam: { name: "radam", learningRate: 1e-2 },
  "adam_l2_wd0.1": { name: "adam", learningRate: 1e-2, l2: 0.1 },
};

/** 25 steps of Linear(4, 8) – SiLU – Linear(8, 1) with weighted BCE, cut into calls: worst of losses and weights. */
export async function checkTrajectory(name: string, golden: GoldenTrajectory): Promise<CaseDeviation> {
  const optimiser = trajectoryCases[name]!;
  const builder = new ModelBuilder({
    task: { kind: "binary" },
    features: { continuousFeatures: ["a", "b", "c", "d"], categoricalFeatures: [], categorySizes: [] },
    body: fullyConnected({ depth: 1, width: 8, activation: "swish" }),
    optimiser,
  });
  const together = (from: Readonly<Record<string, Nested>>) =>
    ["0.weight", "0.bias", "2.weight", "2.bias"].flatMap((key) => flat(from[key]!));
  let state = builder.replaceParameters(builder.initialState(1, 0), Float32Array.from(together(golden.init)));
  const program = await builder.compileTraining({ batchSize: 32, meanWeight: 1 });
  const losses: number[] = [];
  for (const steps of [10, 1, 14]) {
    const result = await program.run(state, {
      table: Float32Array.from(flat(golden.x)),
      rows: 32,
      targets: Float32Array.from(flat(golden.y)),
      weights: Float32Array.from(flat(golden.w)),
      order: Int32Array.from({ length: steps * 32 }, (_, i) => i % 32),
      learningRates: new Float32Array(steps).fill(optimiser.learningRate),
      momenta: new Float32Array(steps).fill(builder.momentum),
      random: new Stream(0),
    });
    losses.push(...result.losses);
    state = result.state;
  }
  await program.release();
  return {
    name,
    reference: worst(losses, golden.losses),
    runtime: worst(state.parameters, together(golden.final)),
  };
}

/** What a file may have: where its numbers come from, and its cases. */
const knownSections: readonly string[] = ["meta", "origin", "ops", "rnn", "optimisers"];

/** A file of PyTorch's numbers. */
export interface GoldenFile {
  readonly ops: Readonly<Record<string, GoldenOperation>>;
  readonly rnn: Readonly<Record<string, GoldenRecurrent>>;
  readonly optimisers: Readonly<Record<string, GoldenTrajectory>>;
}

/** A case's deviations beside what is allowed. */
export interface CheckedCase extends CaseDeviation {
  readonly section: string;
  readonly good: boolean;
}

/** Largest allowed deviations: float64 reference and ONNX Runtime; for trajectories losses and weights. */
const limits = { values: [1e-9, 1e-5], trajectories: [1e-4, 1e-4] } as const;

/**
 * Checks every case of a file.
 * @throws Error naming a case or a section that is missing or not known.
 */
export async function checkGoldenFile(golden: GoldenFile): Promise<CheckedCase[]> {
  const checked: CheckedCase[] = [];
  const strange = Object.keys(golden).filter((key) => !knownSections.includes(key));
  if (strange.length > 0) throw new Error(`the section ${strange.join(", ")} is not known here.`);
  const section = async <T>(
    name: string,
    cases: Readonly<Record<string, T>> | undefined,
    known: Readonly<Record<string, unknown>>,
    check: (name: string, golden: T) => Promise<CaseDeviation>,
    [reference, runtime]: readonly [number, number],
  ): Promise<void> => {
    const given = Object.keys(cases ?? {});
    const missing = Object.keys(known).filter((key) => !given.includes(key));
    const unknown = given.filter((key) => !(key in known));
    if (missing.length > 0) throw new Error(`${name}: the file lacks ${missing.join(", ")}.`);
    if (unknown.length > 0) throw new Error(`${name}: ${unknown.join(", ")} is not known here.`);
    for (const key of given) {
      const found = await check(key, cases![key]!);
      checked.push({
        ...found,
        section: name,
        good: found.reference <= reference && found.runtime <= runtime,
      });
    }
  };
  await section("operations", golden.ops, operationCases, checkOperation, limits.values);
  await section("recurrent", golden.rnn, recurrentCases, checkRecurrent, limits.values);
  await section("optimisers", golden.optimisers, trajectoryCases, checkTrajectory, limits.trajectories);
  return checked;
}
