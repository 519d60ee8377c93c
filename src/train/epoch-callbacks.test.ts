import { describe, expect, test } from "vitest";
import { cloudFolds, logisticRegression } from "../../test/support/logistic-regression.ts";
import { accuracy, rocAuc } from "../metrics/index.ts";
import { ModelBuilder, type ModelWeights, type OptimiserSpec } from "../model/index.ts";
import { fullyConnected } from "../nn/index.ts";
import { type Callback, isResumable } from "./callback.ts";
import { earlyStoppingCallback } from "./early-stopping.ts";
import { emaCallback } from "./ema.ts";
import { metricLoggerCallback } from "./metric-logger.ts";
import { swaCallback } from "./swa.ts";
import { trainMember } from "./train-member.ts";

const settings = { member: 0, seed: 3, epochs: 4, batchSize: 16 };
const folds = cloudFolds([96, 96, 96], { weighted: true, noise: 0.3 });

function builderOf(optimiser: Partial<OptimiserSpec> = {}, batchNorm = false): ModelBuilder {
  return new ModelBuilder({
    task: { kind: "binary" },
    features: { continuousFeatures: ["a", "b", "c"], categoricalFeatures: [], categorySizes: [] },
    body: fullyConnected({ depth: 1, width: 8, activation: "tanh", batchNorm }),
    optimiser: { name: "adam", learningRate: 0.02, ...optimiser } as OptimiserSpec,
  });
}

describe("EMA", () => {
  test("is the moving average of the weights after each step, corrected for its start", async () => {
    const seen: Float32Array[] = [];
    let mean: Float32Array = new Float32Array(0);
    const watch: Callback = {
      name: "watch",
      onBatchEnd: ({ state }) => {
        seen.push(state.parameters.slice());
        mean = state.slots["EMA.mean"]!;
      },
    };
    const decay = 0.9;
    await trainMember(folds, builderOf(), [emaCallback({ decay }), watch], { ...settings, epochs: 1 });
    let norm = 0;
    const expected = new Float64Array(mean.length);
    for (const [i, parameters] of seen.entries()) {
      const share = decay ** (seen.length - 1 - i);
      norm += share;
      for (let j = 0; j < expected.length; j++) expected[j]! += share * parameters[j]!;
    }
    for (const [j, value] of expected.entries()) expect(mean[j]).toBeCloseTo(value / norm, 5);
  });

  test("is the same as the optimiser's own average, and changes no training", async () => {
    const short = { ...settings, keepBest: false };
    const slots: Record<string, Float32Array>[] = [];
    const watch: Callback = { name: "watch", onEpochEnd: ({ state }) => void slots.push(state.slots) };
    const own = await trainMember(folds, builderOf({ average: 0.95 }), [], short);
    const plain = await trainMember(folds, builderOf(), [], short);
    const beside = await trainMember(folds, builderOf(), [emaCallback({ decay: 0.95 }), watch], short);
    expect(beside.parameters).toEqual(plain.parameters);
    for (const [i, value] of slots.at(-1)!["EMA.mean"]!.entries())
      expect(value).toBeCloseTo(own.parameters[i]!, 5);
  });

  test("is validated with statistics of its own and kept where it is better", async () => {
    // A rate so high that the weights jump about: their average is better.
    const wild = builderOf({ name: "sgd", learningRate: 2, momentum: 0 });
    const callbacks = [emaCallback({ decay: 0.99 })];
    const rough = { ...settings, epochs: 6, batchSize: 2 };
    const { history, bestEpoch, validationLoss } = await trainMember(folds, wild, callbacks, rough);
    const { alternatives } = history[bestEpoch - 1]!;
    expect(alternatives!.EMA!).toBeLessThan(Math.min(...history.map((row) => row.validationLoss)));
    expect(validationLoss).toBeCloseTo(alternatives!.EMA!, 6);
  });

  test("has batch norm's statistics of its own weights", async () => {
    const seen: Float32Array[] = [];
    const watch: Callback = {
      name: "watch",
      alternative: async (view) => {
        const mean = view.state.slots["EMA.mean"]!;
        const weights = { parameters: mean, buffers: view.weights().buffers };
        const fresh = await view.refreshStatistics(weights);
        seen.push(fresh.buffers);
        return { loss: await view.lossOf(fresh), weights: fresh };
      },
    };
    const { history } = await trainMember(folds, builderOf({}, true), [emaCallback(), watch], settings);
    for (const { alternatives } of history) expect(alternatives!.EMA).toBe(alternatives!.watch);
    expect(seen).toHaveLength(4);
  });

  test("refuses a decay that forgets nothing, and needs no checkpoint of its own", () => {
    expect(() => emaCallback({ decay: 1 })).toThrow("EMA: the decay is 1; give a number between 0 and 1.");
    expect(isResumable(emaCallback())).toBe(true);
  });
});

describe("MetricLogger", () => {
  const train = (callbacks: Callback[], calls: number[] = [], epochs = 4) =>
    trainMember(
      folds,
      logisticRegression({ featureCount: 3, calls }),
      callbacks,
      { ...settings, epochs },
      { pieceMilliseconds: 1e6 },
    );

  test("has the metrics of the validation fold in every epoch, weighted, and a fold stays one call", async () => {
    const weights: ModelWeights[] = [];
    const calls: number[] = [];
    const watch: Callback = { name: "watch", onEpochEnd: (view) => void weights.push(view.weights()) };
    const logger = metricLoggerCallback({
      metrics: ["rocAuc", { name: "accuracy", options: { threshold: 0.3 } }],
    });
    const { history } = await train([logger, watch], calls);
    const evaluation = await logisticRegression({ featureCount: 3 }).compileEvaluation();
    const { inputs, targets, weights: eventWeights } = folds.getFold(0);
    for (const [epoch, { parameters, buffers }] of weights.entries()) {
      const p = await evaluation.predict(parameters, buffers, inputs, 96);
      expect(history[epoch]!.metrics).toEqual({
        rocAuc: rocAuc(p, targets, eventWeights),
        accuracy: accuracy(p, targets, eventWeights, { threshold: 0.3 }),
      });
    }
    expect(calls).toHaveLength(4 * 2 + 1);
  });

  test("progress has them while it runs", async () => {
    const seen: unknown[] = [];
    await trainMember(
      folds,
      logisticRegression({ featureCount: 3 }),
      [metricLoggerCallback({ metrics: ["logLoss"] })],
      settings,
      { onProgress: ({ metrics }) => void seen.push(metrics) },
    );
    expect(seen.at(-1)).toHaveProperty("logLoss");
  });

  test("a monitored metric decides on the best epoch and on early stopping, for averages too", async () => {
    // Rates below zero: the accuracy falls, so that the first epoch is the best by it.
    const falling: Callback = {
      name: "falling",
      schedule: () => ({ values: () => ({ learningRate: -0.05, momentum: 0 }) }),
    };
    const logger = metricLoggerCallback({ metrics: ["rocAuc", "bias"], monitor: "bias" });
    // |bias| is lowest where the prediction is as often above as below the truth, whatever the loss is.
    const { history, bestEpoch, stopReason } = await train(
      [falling, logger, earlyStoppingCallback({ patience: 3 })],
      [],
      30,
    );
    const costs = history.map(({ metrics }) => Math.abs(metrics!.bias!));
    expect(costs[bestEpoch - 1]).toBe(Math.min(...costs));
    expect(stopReason).toBe("no improvement in 3 epochs");
    expect(history).toHaveLength(bestEpoch + 3);

    const auc = metricLoggerCallback({ metrics: ["rocAuc"], monitor: "rocAuc" });
    const trained = await train([swaCallback(), auc]);
    const best = Math.max(...trained.history.map(({ metrics }) => metrics!.rocAuc!));
    expect(trained.history.every(({ alternatives }) => alternatives!.SWA! > 0)).toBe(true);
    const evaluation = await logisticRegression({ featureCount: 3 }).compileEvaluation();
    const { inputs, targets, weights } = folds.getFold(0);
    const p = await evaluation.predict(trained.parameters, trained.buffers, inputs, 96);
    expect(rocAuc(p, targets, weights)).toBeGreaterThanOrEqual(best);
  });

  test("a metric that is undefined is NaN; as the monitored one, the epoch does not count", async () => {
    const one = {
      ...folds,
      getFold: (index: number) => ({ ...folds.getFold(index), targets: new Float32Array(96) }),
    };
    const logger = metricLoggerCallback({ metrics: ["rocAuc"], monitor: "rocAuc" });
    const network = logisticRegression({ featureCount: 3 });
    const { history, bestEpoch } = await trainMember(one, network, [logger], settings);
    expect(history.map(({ metrics }) => metrics!.rocAuc)).toEqual([NaN, NaN, NaN, NaN]);
    expect(bestEpoch).toBe(4);
  });

  test("what cannot be is refused", async () => {
    expect(() => metricLoggerCallback({ metrics: [] })).toThrow(
      'MetricLogger: give the metrics as a list, such as metrics: ["rocAuc"].',
    );
    expect(() => metricLoggerCallback({ metrics: ["rocAuk"] })).toThrow('metric "rocAuk" is not known.');
    expect(() => metricLoggerCallback({ metrics: ["rocAuc"], monitor: "ams" })).toThrow(
      'MetricLogger: it is to monitor "ams", which is none of its metrics: rocAuc.',
    );
    const judge = (name: string): Callback => ({ name, judge: () => 1 });
    await expect(train([judge("one"), judge("two")])).rejects.toThrow(
      'fit: the callbacks "one" and "two" both decide what is best; leave that to one of them.',
    );
    const measure = (name: string): Callback => ({ name, measure: () => ({ x: 1 }) });
    await expect(train([measure("one"), measure("two")])).rejects.toThrow(
      'two: another callback measures "x" too; rename one of them.',
    );
  });
});
