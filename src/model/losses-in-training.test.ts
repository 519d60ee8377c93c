import { describe, expect, test } from "vitest";
import { Stream } from "../array/index.ts";
import { ShapeError } from "../errors/index.ts";
import { fullyConnected, type Loss } from "../nn/index.ts";
import { matmul, mean, reshape, type Tensor } from "../tensor/index.ts";
import { type LossChoice, ModelBuilder } from "./builder.ts";
import { compileTraining, type FoldCall } from "./training-program.ts";

const [rows, steps, batchSize] = [400, 60, 64];
const features = { continuousFeatures: ["a", "b"], categoricalFeatures: [], categorySizes: [] };

/** Targets that follow a: a class, or a value between 1 and 9. */
function foldCall(kind: "binary" | "regression", weight = 1): FoldCall {
  const stream = new Stream(3, "events");
  const table = Float32Array.from({ length: rows * 2 }, () => stream.normal());
  const targets = Float32Array.from({ length: rows }, (_, i) => {
    const a = table[2 * i]!;
    return kind === "binary" ? (a > 0 ? 1 : 0) : Math.min(9, Math.max(1, 5 + a));
  });
  return {
    table,
    rows,
    targets,
    weights: Float32Array.from({ length: rows }, (_, i) => weight * (i % 10 === 0 ? -0.5 : 1.2)),
    order: Int32Array.from({ length: steps * batchSize }, () => stream.integer(rows)),
    learningRates: new Float32Array(steps).fill(0.02),
    momenta: new Float32Array(steps).fill(0.9),
    random: new Stream(3, "masks"),
  };
}

function builderWith(kind: "binary" | "regression", loss: LossChoice): ModelBuilder {
  return new ModelBuilder({
    task: kind === "binary" ? { kind } : { kind, targetCount: 1 },
    features,
    body: fullyConnected({ depth: 2, width: 16, activation: "swish" }),
    loss,
  });
}

const edges = [0, 4, 6, 10];
describe("a network learns with", () => {
  test.each([
    ["binary", "binaryCrossEntropyOfProbabilities"],
    ["binary", { name: "focal", options: { gamma: 1, alpha: 0.6 } }],
    [
      "binary",
      { name: "significance", options: { signal: 50, background: 500, backgroundUncertainty: 0.1 } },
    ],
    ["regression", "fractionalMeanSquaredError"],
    ["regression", { name: "binnedHuber", options: { edges } }],
    ["regression", { name: "fractionalBinnedHuber", options: { edges, quantile: 0.8 } }],
  ] as [kind: "binary" | "regression", loss: LossChoice][])(
    "%s: %o, also from its specification",
    async (kind, loss) => {
      const builder = ModelBuilder.fromSpec(JSON.parse(JSON.stringify(builderWith(kind, loss).toSpec())));
      const program = await builder.compileTraining({ batchSize, meanWeight: 1.03 });
      const { losses, state } = await program.run(builder.initialState(1, 0), foldCall(kind));
      const mean = (part: Float32Array) => part.reduce((a, b) => a + b) / part.length;
      expect(mean(losses.subarray(-10))).toBeLessThan(0.6 * mean(losses.subarray(0, 3)));
      const isHuber = typeof loss === "object" && loss.name.endsWith("Huber");
      expect(state.buffers.length).toBe(isHuber ? 3 : 0);
      expect(state.buffers.every((threshold) => threshold > 0)).toBe(true);
      const evaluation = await builder.compileEvaluation({ meanWeight: 1.03 });
      const { table, targets, weights } = foldCall(kind);
      const value = await evaluation.loss(state.parameters, state.buffers, table, targets, weights, rows);
      expect(value).toBeLessThan(mean(losses.subarray(0, 3)));
      const predictions = await evaluation.predict(state.parameters, state.buffers, table, rows);
      expect(predictions.every(Number.isFinite)).toBe(true);
      await program.release();
      await evaluation.release();
    },
  );
});

test("thresholds go on the same however the steps are cut into calls", async () => {
  const builder = builderWith("regression", { name: "binnedHuber", options: { edges } });
  const program = await builder.compileTraining({ batchSize, meanWeight: 1 });
  const whole = foldCall("regression");
  const once = await program.run(builder.initialState(1, 0), whole);
  let state = builder.initialState(1, 0);
  for (const [start, end] of [
    [0, 7],
    [7, steps],
  ] as const) {
    const part = {
      ...whole,
      order: whole.order.slice(start * batchSize, end * batchSize),
      learningRates: whole.learningRates.slice(start, end),
      momenta: whole.momenta.slice(start, end),
    };
    state = (await program.run(state, part)).state;
  }
  expect(state).toEqual(once.state);
  await program.release();
});

test("a shape that does not fit in a loss or a hook is refused with where it was met", async () => {
  const builder = builderWith("regression", { name: "meanSquaredError" });
  const mine: Loss = { name: "mine", takes: "prediction", of: (x, y) => mean(matmul(x, y)) };
  await expect(compileTraining(builder, { batchSize, meanWeight: 1, loss: mine })).rejects.toThrow(
    new ShapeError(
      'loss "mine": matmul: the inner sizes differ, [64, 1] × [64, 1]. The left has 1 columns, the right 64 rows.',
    ),
  );
  const graphHooks = [{ gradient: (gradient: Tensor) => reshape(gradient, [2, 3]) }];
  await expect(builder.compileTraining({ batchSize, meanWeight: 1, graphHooks })).rejects.toThrow(
    new ShapeError("the update of the parameters: reshape: [337] has 337 elements, [2, 3] has 6."),
  );
});

test("the loss is Σ w·loss over batch size and mean weight, or with normalisation none the mean of w·loss", async () => {
  const first = async (loss: LossChoice, weight: number) => {
    const builder = builderWith("regression", loss);
    const program = await builder.compileTraining({ batchSize, meanWeight: 1.03 * weight });
    const { losses } = await program.run(builder.initialState(1, 0), foldCall("regression", weight));
    await program.release();
    return losses[0]!;
  };
  const name = "meanSquaredError";
  const reference = await first(name, 1);
  expect(await first({ name, normalisation: "training" }, 100)).toBeCloseTo(reference, 4);
  expect((await first({ name, normalisation: "none" }, 100)) / (103 * reference)).toBeCloseTo(1, 5);
});
