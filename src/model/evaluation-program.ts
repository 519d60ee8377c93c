/** Prediction and loss of a network, compiled for any number of events. */
import { type EngineOptions, functionModel, Session } from "../engine/index.ts";
import { type Loss, targetCount, toPrediction, traceNetwork } from "../nn/index.ts";
import { input, mul } from "../tensor/index.ts";
import type { ModelBuilder } from "./builder.ts";
import { lossValue } from "./training-program.ts";

/** Events in one run: more do not make it faster, and activations then stay in the processor's caches. */
const eventsPerRun = 1024;

/** A compiled network for prediction and validation. */
export interface EvaluationProgram {
  /** Predictions [rows, outputs] for stored inputs [rows, features]. */
  predict(
    parameters: Float32Array,
    buffers: Float32Array,
    table: Float32Array,
    rows: number,
  ): Promise<Float32Array>;
  /** The loss, averaged over runs of up to 1,024 events by their number. */
  loss(
    parameters: Float32Array,
    buffers: Float32Array,
    table: Float32Array,
    targets: Float32Array,
    weights: Float32Array,
    rows: number,
  ): Promise<number>;
  /** Gives back the engine's memory; the program cannot run afterwards. */
  release(): Promise<void>;
}

/** Compiles prediction and loss; the sessions are made when first needed. */
export async function compileEvaluation(
  builder: ModelBuilder,
  options: EngineOptions & { readonly meanWeight: number; readonly loss: () => Promise<Loss> },
): Promise<EvaluationProgram> {
  const { meanWeight, loss } = options;
  const { parameterCount, bufferCount } = builder.layout;
  const features = builder.featureCount;
  const outputs = builder.outputCount;
  const endcap = await builder.resolveEndcap();
  const targetColumns = targetCount(builder.task);
  const table = input("table", ["events", features]);
  const targets = input("targets", ["events", targetColumns]);
  const weights = input("weights", ["events"]);
  const weightScale = input("weightScale", []);
  const parameters = input("parameters", [parameterCount]);
  const buffers = input("buffers", [bufferCount]);
  const network = traceNetwork(builder.network, table, { parameters, buffers }, false);
  const prediction = toPrediction(network.output, builder.task);
  const predicted = builder.predictionOf(network.output, table, endcap);
  const weightsAndStatistics = bufferCount > 0 ? [parameters, buffers] : [parameters];

  const sessions: Session[] = [];
  const lazily = (make: () => Promise<Uint8Array> | Uint8Array): (() => Promise<Session>) => {
    const create = async (): Promise<Session> => {
      const session = await Session.create(await make(), options);
      sessions.push(session);
      return session;
    };
    let made: Promise<Session> | undefined;
    return () => {
      made ??= create();
      return made;
    };
  };
  const predicting = lazily(() =>
    functionModel({
      inputs: [...weightsAndStatistics, table],
      outputs: { prediction: predicted },
      batch: "events",
    }),
  );
  const losing = lazily(async () => {
    const scaled = { targets, weights: mul(weights, weightScale) };
    const value = lossValue(
      await loss(),
      { logits: network.output, prediction, scope: network.scope },
      scaled,
      builder.task,
    );
    return functionModel({
      inputs: [...weightsAndStatistics, table, targets, weights, weightScale],
      outputs: { loss: value },
      batch: "events",
    });
  });

  const state = (p: Float32Array, b: Float32Array) => ({
    parameters: { data: p, shape: [parameterCount] },
    ...(bufferCount > 0 ? { buffers: { data: b, shape: [bufferCount] } } : {}),
  });
  return {
    async predict(p, b, events, rows) {
      const session = await predicting();
      const result = new Float32Array(rows * outputs);
      for (let start = 0; start < rows; start += eventsPerRun) {
        const count = Math.min(eventsPerRun, rows - start);
        const run = await session.run({ ...state(p, b), table: part(events, start, count, features) });
        result.set(run.prediction!.data as Float32Array, start * outputs);
      }
      return result;
    },
    async loss(p, b, events, t, w, rows) {
      const session = await losing();
      let total = 0;
      for (let start = 0; start < rows; start += eventsPerRun) {
        const count = Math.min(eventsPerRun, rows - start);
        const run = await session.run({
          ...state(p, b),
          table: part(events, start, count, features),
          targets: part(t, start, count, targetColumns),
          weights: { data: w.subarray(start, start + count), shape: [count] },
          weightScale: { data: Float32Array.of(1 / meanWeight), shape: [] },
        });
        total += run.loss!.data[0]! * count;
      }
      return total / rows;
    },
    async release() {
      for (const session of sessions.splice(0)) await session.release();
    },
  };
}

/** Rows of a row-major matrix, without a copy. */
function part(matrix: Float32Array, start: number, count: number, columns: number) {
  return { data: matrix.subarray(start * columns, (start + count) * columns), shape: [count, columns] };
}
