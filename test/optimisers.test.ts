import onnxruntime from "onnxruntime-node";
import { describe, expect, test, vi } from "vitest";
import { Stream } from "../src/array/index.ts";
import { decodeSafetensors, encodeSafetensors, type OptimiserSpec } from "../src/model/index.ts";
import {
  evaluationParameters,
  makeOptimiser,
  type OptimiserName,
  optimiserNames,
  type ParameterLayout,
} from "../src/optim/index.ts";
import { add, constant, mul, reshape, slice, square, sub, sum } from "../src/tensor/index.ts";
import {
  compileMinimiser,
  initialMinimiserState,
  type MinimiserState,
  minimiseInReference,
  type Objective,
  type Schedule,
} from "./support/minimise.ts";

function worst(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length);
  let most = 0;
  for (let i = 0; i < actual.length; i++) {
    const difference = Math.abs(actual[i]! - expected[i]!);
    if (!(difference <= most)) most = difference;
  }
  return most;
}

/** Matrices of all kinds, two of one shape, a thin one, and vectors. */
const layout: ParameterLayout = {
  parameters: [
    { name: "body.first.weight", shape: [3, 4], offset: 0 },
    { name: "body.first.bias", shape: [3], offset: 12 },
    { name: "body.thin.weight", shape: [1, 3], offset: 15 },
    { name: "body.second.weight", shape: [3, 4], offset: 18 },
    { name: "body.tall.weight", shape: [4, 2], offset: 30 },
    { name: "tail.weight", shape: [2, 2], offset: 38 },
  ],
  parameterCount: 42,
  buffers: [],
};
const count = layout.parameterCount;
const drawn = new Stream(5, "problem");
const draw = () => Array.from({ length: count }, () => drawn.normal());
const [origin, centre, slope] = [draw(), draw(), draw()];
const stiffness = draw().map((x) => 0.2 + x * x);

/** f(θ) = ½ Σ kᵢ(θᵢ−cᵢ)² + ¼ (0.1 Σ aᵢθᵢ)⁴: a bowl whose directions know of each other. */
const bowl: Objective = (theta) => {
  const along = mul(sum(mul(theta, constant(slope))), 0.1);
  const around = sum(mul(square(sub(theta, constant(centre))), constant(stiffness)));
  return add(mul(around, 0.5), mul(square(square(along)), 0.25));
};

function bowlGradient(theta: readonly number[]): number[] {
  const along = 0.1 * theta.reduce((total, x, i) => total + x * slope[i]!, 0);
  return theta.map((x, i) => stiffness[i]! * (x - centre[i]!) + along ** 3 * 0.1 * slope[i]!);
}

/** Rate and momentum that change with every step. */
const schedule: Schedule = (step) => ({
  learningRate: 0.02 + 0.001 * (step % 7),
  momentum: 0.95 - 0.004 * step,
});
const stepCount = 30;

/** A vector of `count` zeros. */
const none = () => new Array<number>(count).fill(0);

/** Parameters, and those to evaluate with, after `stepCount` steps worked out as the paper writes them. */
type PaperRun = () => { readonly trained: number[]; readonly evaluated: number[] };

/** Runs an update rule for θ that the paper gives; `g` is the gradient at θ. */
function descend(
  rule: (theta: number[], g: number[], step: number, rate: number, beta: number) => number[],
): number[] {
  let theta = [...origin];
  for (let step = 1; step <= stepCount; step++) {
    const { learningRate, momentum } = schedule(step);
    theta = rule(theta, bowlGradient(theta), step, learningRate, momentum);
  }
  return theta;
}

const alone = (trained: number[]) => ({ trained, evaluated: trained });

/** Adam as Kingma and Ba write it, with β₁ = the momentum at a step. */
function paperAdam() {
  let [m, v] = [none(), none()];
  return (g: readonly number[], step: number, rate: number, beta: number): number[] => {
    m = m.map((x, i) => beta * x + (1 - beta) * g[i]!);
    v = v.map((x, i) => 0.999 * x + 0.001 * g[i]! ** 2);
    return m.map((x, i) => {
      const root = Math.sqrt(v[i]! / (1 - 0.999 ** step));
      return (rate * x) / (1 - beta ** step) / (root + 1e-8);
    });
  };
}

const paperLion: PaperRun = () => {
  let m = none();
  return alone(
    descend((theta, g, _, rate, beta) => {
      const next = theta.map(
        (x, i) => x - rate * (Math.sign(beta * m[i]! + (1 - beta) * g[i]!) + 0.1 * theta[i]!),
      );
      m = m.map((x, i) => 0.98 * x + 0.02 * g[i]!);
      return next;
    }),
  );
};

const paperNadam: PaperRun = () => {
  let [m, v] = [none(), none()];
  return alone(
    descend((theta, g, step, rate, beta) => {
      const mu = (t: number) => beta * (1 - 0.5 * 0.96 ** (0.004 * t));
      let product = 1;
      for (let t = 1; t <= step; t++) product *= mu(t);
      m = m.map((x, i) => beta * x + (1 - beta) * g[i]!);
      v = v.map((x, i) => 0.999 * x + 0.001 * g[i]! ** 2);
      return theta.map((x, i) => {
        const mean =
          (mu(step + 1) * m[i]!) / (1 - product * mu(step + 1)) + ((1 - mu(step)) * g[i]!) / (1 - product);
        return x - (rate * mean) / (Math.sqrt(v[i]! / (1 - 0.999 ** step)) + 1e-8);
      });
    }),
  );
};

/** Algorithm 1 of arXiv 1907.08610 with Adam inside, k = 4 and α = 0.6. */
const paperLookahead: PaperRun = () => {
  const adam = paperAdam();
  let slow = [...origin];
  const trained = descend((theta, g, step, rate, beta) => {
    const change = adam(g, step, rate, beta);
    const fast = theta.map((x, i) => x - change[i]!);
    if (step % 4 !== 0) return fast;
    slow = slow.map((x, i) => x + 0.6 * (fast[i]! - x));
    return [...slow];
  });
  return { trained, evaluated: slow };
};

/** Algorithm 1 of arXiv 2405.15682, λ = 0.05: y is worked out from z and x, where the gradient is needed. */
const paperScheduleFree: PaperRun = () => {
  let [z, x, v] = [[...origin], [...origin], none()];
  let total = 0;
  let y = [...origin];
  for (let step = 1; step <= stepCount; step++) {
    const { learningRate: rate, momentum: beta } = schedule(step);
    const g = bowlGradient(y);
    v = v.map((old, i) => 0.999 * old + 0.001 * g[i]! ** 2);
    z = z.map((old, i) => {
      const root = Math.sqrt(v[i]! / (1 - 0.999 ** step));
      return old - (rate * g[i]!) / (root + 1e-8) - rate * 0.05 * y[i]!;
    });
    total += rate ** 2;
    const c = rate ** 2 / total;
    x = x.map((old, i) => (1 - c) * old + c * z[i]!);
    y = z.map((each, i) => (1 - beta) * each + beta * x[i]!);
  }
  return { trained: y, evaluated: x };
};

type Matrix = readonly (readonly number[])[];
const turned = (m: Matrix): Matrix => m[0]!.map((_, j) => m.map((row) => row[j]!));
const product = (a: Matrix, b: Matrix): Matrix =>
  a.map((row) => b[0]!.map((_, j) => row.reduce((total, x, k) => total + x * b[k]![j]!, 0)));

/** Five Newton–Schulz rounds from the side of the columns: X ← aX + X(bA + cA²), A = XᵀX. */
function newtonSchulz(matrix: Matrix): Matrix {
  const norm = Math.sqrt(matrix.flat().reduce((total, x) => total + x * x, 0));
  let x: Matrix = matrix.map((row) => row.map((value) => value / (norm + 1e-7)));
  for (let round = 0; round < 5; round++) {
    const a = product(turned(x), x);
    const aa = product(a, a);
    const factor = a.map((row, i) => row.map((value, j) => -4.775 * value + 2.0315 * aa[i]![j]!));
    const change = product(x, factor);
    x = x.map((row, i) => row.map((value, j) => 3.4445 * value + change[i]![j]!));
  }
  return x;
}

const paperMuon: PaperRun = () => {
  const adam = paperAdam();
  let m = none();
  return alone(
    descend((theta, g, step, rate, beta) => {
      const next = adam(g, step, rate, beta).map((change, i) => theta[i]! - change);
      m = m.map((x, i) => beta * x + (1 - beta) * g[i]!);
      const u = m.map((x, i) => beta * x + (1 - beta) * g[i]!);
      for (const [offset, rows, columns] of [
        [0, 3, 4],
        [18, 3, 4],
        [30, 4, 2],
      ] as const) {
        const row = (i: number) => u.slice(offset + i * columns, offset + (i + 1) * columns);
        const orthogonal = newtonSchulz(Array.from({ length: rows }, (_, i) => row(i)));
        for (const [i, value] of orthogonal.flat().entries()) {
          next[offset + i] = theta[offset + i]! - rate * 0.2 * Math.sqrt(Math.max(rows, columns)) * value;
        }
      }
      return next;
    }),
  );
};

/** Σ (1−d)·dᵗ⁻ⁱ·θᵢ / (1−dᵗ) over the steps. */
const paperAverage: PaperRun = () => {
  const adam = paperAdam();
  const passed: number[][] = [];
  const trained = descend((theta, g, step, rate, beta) => {
    const change = adam(g, step, rate, beta);
    const next = theta.map((x, i) => x - change[i]!);
    passed.push(next);
    return next;
  });
  const weight = (i: number) => (0.1 * 0.9 ** (stepCount - 1 - i)) / (1 - 0.9 ** stepCount);
  const evaluated = none().map((_, p) =>
    passed.reduce((total, theta, i) => total + weight(i) * theta[p]!, 0),
  );
  return { trained, evaluated };
};

const papers: Readonly<Record<string, { readonly spec: OptimiserSpec; readonly paper: PaperRun }>> = {
  lion: { spec: { name: "lion", beta2: 0.98, weightDecay: 0.1 }, paper: paperLion },
  nadam: { spec: { name: "nadam" }, paper: paperNadam },
  lookahead: { spec: { name: "adam", lookahead: { steps: 4, pull: 0.6 } }, paper: paperLookahead },
  "schedule-free AdamW": {
    spec: { name: "scheduleFreeAdamW", weightDecay: 0.05 },
    paper: paperScheduleFree,
  },
  muon: { spec: { name: "muon" }, paper: paperMuon },
  "moving average": { spec: { name: "adam", average: 0.9 }, paper: paperAverage },
};

describe("30 steps with changing rate and momentum are the paper's", () => {
  test.each(Object.keys(papers))("%s", async (name) => {
    const { spec, paper } = papers[name]!;
    const optimiser = makeOptimiser(spec, layout);
    const { trained, evaluated } = paper();
    const inReference = minimiseInReference(optimiser, bowl, origin, stepCount, schedule);
    const slot = optimiser.evaluationSlot;
    const average = slot === undefined ? inReference.parameters : inReference.slots[slot]!;
    expect(worst(inReference.parameters, trained), "float64").toBeLessThan(1e-11);
    expect(worst(average, evaluated), "float64, evaluated").toBeLessThan(1e-11);

    const compiled = await compileMinimiser(optimiser, bowl, count);
    const state = await compiled.run(initialMinimiserState(optimiser, origin), stepCount, schedule);
    await compiled.release();
    expect(worst(state.parameters, trained), "float32").toBeLessThan(name === "muon" ? 1e-4 : 3e-6);
    expect(worst(evaluationParameters(optimiser, state), evaluated)).toBeLessThan(3e-5);
  });
});

/** Σ over pairs of (1−a)² + 100·(b−a²)²: Rosenbrock's curved valley, its minimum 0 at ones. */
const pairs = 4;
const valley: Objective = (theta) => {
  const rows = reshape(theta, [2, pairs]);
  const [a, b] = [slice(rows, 0, 0, 1), slice(rows, 0, 1, 2)];
  return add(sum(square(sub(1, a))), mul(sum(square(sub(b, square(a)))), 100));
};
const valleyLayout: ParameterLayout = {
  parameters: [{ name: "body.matrix", shape: [2, pairs], offset: 0 }],
  parameterCount: 2 * pairs,
  buffers: [],
};
const valleyStart = [-1.2, -0.5, 0.3, 1.5, 1, 0.2, -0.4, 0.7];

/** A parabola of eight variables, its minimum at 0.5. */
const parabola: Objective = (theta) =>
  sum(mul(square(sub(theta, 0.5)), constant([1, 2, 3, 4, 0.5, 1, 2, 3])));

/** Rates that suit each, after a start at 0; they fall to zero where nothing is averaged. */
const rates: Readonly<Record<OptimiserName, { readonly parabola: number; readonly valley: number }>> = {
  adam: { parabola: 0.03, valley: 0.05 },
  adamW: { parabola: 0.03, valley: 0.05 },
  lion: { parabola: 0.01, valley: 0.01 },
  muon: { parabola: 0.05, valley: 0.05 },
  nadam: { parabola: 0.03, valley: 0.05 },
  radam: { parabola: 0.03, valley: 0.05 },
  rmsProp: { parabola: 0.01, valley: 0.01 },
  scheduleFreeAdamW: { parabola: 0.1, valley: 0.05 },
  sgd: { parabola: 0.002, valley: 0.0005 },
};

/** The state written to bytes and read back. */
function savedAndLoaded(state: MinimiserState): MinimiserState {
  const shape = (data: Float32Array) => ({ shape: [data.length], data });
  const slots = Object.entries(state.slots).map(([name, data]) => [name, shape(data)] as const);
  const { tensors } = decodeSafetensors(
    encodeSafetensors({ ...Object.fromEntries(slots), parameters: shape(state.parameters) }),
    "state",
  );
  const { parameters, ...rest } = tensors;
  return {
    parameters: parameters!.data.slice(),
    slots: Object.fromEntries(Object.entries(rest).map(([name, { data }]) => [name, data.slice()])),
    step: state.step,
  };
}

describe("finds the minimum, compiled once, the same when its state is saved and loaded on the way", () => {
  const specs: OptimiserSpec[] = [
    ...optimiserNames.map((name): OptimiserSpec => ({ name, weightDecay: 0 })),
    { name: "sgd", nesterov: true },
    { name: "adam", lookahead: {} },
    { name: "adam", average: 0.9 },
    { name: "sgd", clip: { value: 5, norm: 10 } },
  ];
  const bottoms = {
    parabola: { objective: parabola, minimum: 0.5, steps: 3000 },
    valley: { objective: valley, minimum: 1, steps: 10_000 },
  };
  const cases = specs.flatMap((spec) =>
    (["parabola", "valley"] as const).map((where) => ({
      title: `${JSON.stringify(spec)} in the ${where}`,
      ...{ spec, where },
      ...bottoms[where],
    })),
  );
  test.each(cases.map((one) => [one.title, one] as const))("%s", async (_, one) => {
    const { spec, where, objective, minimum, steps } = one;
    const optimiser = makeOptimiser(spec, valleyLayout);
    const falls = spec.name !== "scheduleFreeAdamW";
    const bounded: Schedule = (step) => {
      const fall = falls ? (1 + Math.cos((Math.PI * step) / steps)) / 2 : 1;
      return { learningRate: rates[spec.name][where] * Math.min((step - 1) / 50, fall), momentum: 0.9 };
    };
    const compilations = vi.spyOn(onnxruntime.InferenceSession, "create");
    const compiled = await compileMinimiser(optimiser, objective, 2 * pairs);
    const begin = initialMinimiserState(optimiser, valleyStart);
    const once = await compiled.run(begin, steps, bounded);
    const half = await compiled.run(begin, 1234, bounded);
    const resumed = await compiled.run(savedAndLoaded(half), steps - 1234, bounded);
    await compiled.release();
    expect(compilations).toHaveBeenCalledTimes(1);
    compilations.mockRestore();
    expect(resumed).toEqual(once);
    const found = evaluationParameters(optimiser, once);
    expect(worst(found, new Float32Array(2 * pairs).fill(minimum))).toBeLessThan(0.01);
  });
});
