import { describe, expect, test } from "vitest";
import { Stream } from "../array/index.ts";
import { fullyConnected } from "../nn/index.ts";
import { add, mul } from "../tensor/index.ts";
import { ModelBuilder } from "./builder.ts";
import type { GraphHooks } from "./graph-hooks.ts";
import type { TrainingState } from "./training-program.ts";

const builder = new ModelBuilder({
  task: { kind: "regression", targetCount: 1 },
  features: { continuousFeatures: ["a"], categoricalFeatures: [], categorySizes: [] },
  body: fullyConnected({ depth: 1, width: 4, batchNorm: true }),
});
const rows = 8;
const stream = new Stream(1, "hooks");
const table = Float32Array.from({ length: rows }, () => stream.normal());
const targets = Float32Array.from({ length: rows }, () => stream.normal());
const call = (steps: number) => ({
  ...{ table, rows, targets },
  weights: new Float32Array(rows).fill(1),
  order: Int32Array.from({ length: steps * 4 }, (_, i) => (3 * i) % rows),
  learningRates: new Float32Array(steps).fill(0.01),
  momenta: new Float32Array(steps).fill(0.9),
  random: new Stream(2, "dropout"),
});

async function run(
  hooks: readonly GraphHooks[],
  cuts: readonly number[],
  columns: Record<string, Float32Array> = {},
) {
  const program = await builder.compileTraining({
    ...{ batchSize: 4, meanWeight: 1, graphHooks: hooks },
    columns: Object.keys(columns),
  });
  try {
    const total = cuts.reduce((a, b) => a + b, 0);
    const whole = call(total);
    let state: TrainingState = builder.initialState(1, 0);
    const losses: number[] = [];
    let done = 0;
    for (const steps of cuts) {
      const part = {
        ...{ ...whole, columns },
        order: whole.order.subarray(4 * done, 4 * (done + steps)),
        learningRates: whole.learningRates.subarray(0, steps),
        momenta: whole.momenta.subarray(0, steps),
      };
      const result = await program.run(state, part);
      state = result.state;
      losses.push(...result.losses);
      done += steps;
    }
    return { state, losses };
  } finally {
    await program.release();
  }
}

describe("what graph hooks bring along", () => {
  const counting: GraphHooks = {
    carried: { "count.sum": Float32Array.of(10, 20), "count.still": Float32Array.of(5) },
    scalars: ["count.step"],
    scalarsAt: (step) => [step],
    carry: ({ carried, scalars }) => ({ "count.sum": add(carried["count.sum"]!, scalars["count.step"]!) }),
  };

  test("vectors are carried on with the numbers of each step, however the steps are cut into calls", async () => {
    for (const cuts of [[6], [1, 2, 3]]) {
      const { state } = await run([counting], cuts);
      expect(state.slots["count.sum"]).toEqual(Float32Array.of(31, 41));
      expect(state.slots["count.still"]).toEqual(Float32Array.of(5));
      expect(state.step).toBe(6);
    }
  });

  test("further columns are gathered with the batch", async () => {
    const z = Float32Array.from({ length: rows }, (_, i) => 2 ** i);
    const seen: GraphHooks = {
      carried: { "seen.z": new Float32Array(4) },
      carry: ({ columns }) => ({ "seen.z": mul(columns.z!, 1) }),
    };
    const { state } = await run([seen], [2], { z });
    // The second batch has the rows 12, 15, 18 and 21, modulo 8.
    expect(state.slots["seen.z"]).toEqual(Float32Array.of(16, 128, 4, 32));
  });

  test("where the network rests, its whole state stays, and its optimiser does not count the step", async () => {
    const half: GraphHooks = { networkSteps: (step) => Math.min(step, 2) };
    const [short, rested] = [await run([], [2]), await run([half], [5])];
    expect(rested.losses).toHaveLength(5);
    expect(rested.state.parameters).toEqual(short.state.parameters);
    expect(rested.state.buffers).toEqual(short.state.buffers);
    expect(rested.state.slots).toEqual(short.state.slots);
    // The first step of Adam is the rate times the sign of the gradient, also where the network rested before.
    const late: GraphHooks = { networkSteps: (step) => Math.max(0, step - 2) };
    const { state } = await run([late], [3]);
    const start = builder.initialState(1, 0).parameters;
    const way = Math.max(...state.parameters.map((value, i) => Math.abs(value - start[i]!)));
    expect(way).toBeCloseTo(0.01, 5);
  });

  test("what does not fit together is refused", async () => {
    await expect(run([counting, counting], [1])).rejects.toThrow(
      'training: two callbacks use the name "count.sum" for a carried vector. Is a callback in the list twice?',
    );
    const lost: GraphHooks = { carry: ({ next }) => ({ lost: next }) };
    await expect(run([lost], [1])).rejects.toThrow(
      'training: a callback carries "lost" on, but did not give what it begins with in `carried`.',
    );
    const rests: GraphHooks = { networkSteps: (step) => step };
    await expect(run([rests, rests], [1])).rejects.toThrow(
      "training: 2 callbacks say in which steps the network rests; only one can.",
    );
  });
});
