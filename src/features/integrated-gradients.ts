/** Integrated gradients: the share of each feature in a network's prediction for single events. */
import { grad } from "../autodiff/index.ts";
import { type EngineOptions, functionModel, Session } from "../engine/index.ts";
import { Ensemble } from "../ensemble/index.ts";
import { networkOf } from "../ensemble/member.ts";
import { counted, ShapeError } from "../errors/index.ts";
import type { Model } from "../model/index.ts";
import { traceNetwork } from "../nn/index.ts";
import { input, slice, sum } from "../tensor/index.ts";
import { type Attributions, combineAttributions } from "./attributions.ts";
import { checkOutput } from "./predictor.ts";
import { checkPathPoints, refinedAttributions } from "./refined-attributions.ts";

/** How the integral is taken. */
export interface IntegratedGradientsOptions {
  /** Where the path begins, [features], as the network takes them. Default: 0, the mean of standardised features. */
  readonly baseline?: Float32Array;
  /** Points along the path, at first. Default 200: enough for smooth activations. */
  readonly stepCount?: number;
  /**
   * How far base + Σ values may be from an event's prediction, times max(1, |prediction − base|); where it is further
   * (kinks of ReLU), the path gets more points. Default 5e-4.
   */
  readonly tolerance?: number;
  /** Which output of the network, from 0. Default 0. */
  readonly output?: number;
  readonly engine?: EngineOptions;
}

/** Events in one run of the engine. */
const eventsPerRun = 512;

/**
 * Integrated gradients (Sundararajan, Taly and Yan, arXiv 1703.01365) by the midpoint rule:
 * (x − x₀) · ∫₀¹ ∂f/∂x(x₀ + t (x − x₀)) dt, with f the prediction. Categorical features keep the event's category on the
 * whole path: their attribution is 0, and the base has it. Attributions of an ensemble are Σ wᵢ times those of its
 * networks.
 *
 * @param inputs pre-processed, [events, features].
 * @throws ShapeError for arrays that do not fit; ConfigurationError for options out of range, or a member that is no
 * network.
 * @example
 * const { values, base, prediction } = await integratedGradients(model, folds.getFold(0).inputs);
 */
export async function integratedGradients(
  model: Model | Ensemble,
  inputs: Float32Array,
  options: IntegratedGradientsOptions = {},
): Promise<Attributions> {
  if (!(model instanceof Ensemble)) return ofNetwork(model, inputs, options);
  const parts: { share: number; attributions: Attributions }[] = [];
  for (const member of model.members) {
    const network = networkOf(member, "integratedGradients");
    parts.push({ share: member.weight, attributions: await ofNetwork(network, inputs, options) });
  }
  return combineAttributions(parts);
}

async function ofNetwork(
  model: Model,
  inputs: Float32Array,
  options: IntegratedGradientsOptions,
): Promise<Attributions> {
  const { builder } = model;
  const width = builder.featureCount;
  const { baseline = new Float32Array(width), stepCount = 200, tolerance = 5e-4, output = 0 } = options;
  if (!Number.isInteger(inputs.length / width) || baseline.length !== width) {
    throw new ShapeError(
      `integratedGradients: the network takes ${counted(width, "feature")}, but ${counted(inputs.length, "input")} and a baseline of ${baseline.length} came.`,
    );
  }
  checkPathPoints("integratedGradients", { stepCount, tolerance });
  checkOutput("integratedGradients", output, builder.outputCount);
  return refinedAttributions(inputs, width, { stepCount, tolerance }, (events, steps) =>
    alongPath(model, events, { ...options, baseline, stepCount: steps }),
  );
}

async function alongPath(
  model: Model,
  inputs: Float32Array,
  {
    baseline,
    stepCount,
    output = 0,
    engine = {},
  }: IntegratedGradientsOptions & { readonly baseline: Float32Array; readonly stepCount: number },
): Promise<Attributions> {
  const { builder } = model;
  const width = builder.featureCount;
  const eventCount = inputs.length / width;
  const continuous = builder.continuousFeatures.length;
  const values = new Float64Array(inputs.length);
  const [base, prediction] = [new Float64Array(eventCount), new Float64Array(eventCount)];
  for (let start = 0; start < eventCount; start += eventsPerRun) {
    const rows = Math.min(eventsPerRun, eventCount - start);
    const events = inputs.subarray(start * width, (start + rows) * width);
    const slopes = await SlopeProgram.create(model, rows, output, engine);
    /** The events on their path, at t. */
    const at = (t: number): Float32Array =>
      events.map((x, i) => {
        const column = i % width;
        return column < continuous ? baseline[column]! + t * (x - baseline[column]!) : x;
      });
    try {
      for (let step = 0; step < stepCount; step++) {
        const { gradient } = await slopes.run(at((step + 0.5) / stepCount));
        for (let i = 0; i < gradient.length; i++) {
          const column = i % width;
          if (column >= continuous) continue;
          values[start * width + i]! += (gradient[i]! * (events[i]! - baseline[column]!)) / stepCount;
        }
      }
      base.set((await slopes.run(at(0))).prediction, start);
      prediction.set((await slopes.run(at(1))).prediction, start);
    } finally {
      await slopes.release();
    }
  }
  const features = [...builder.continuousFeatures, ...builder.categorical.map(({ name }) => name)];
  return { features, values, base, prediction };
}

/** One output of the network and its gradient with respect to the inputs, for a number of events. */
class SlopeProgram {
  readonly #session: Session;
  readonly #model: Model;
  readonly #rows: number;

  private constructor(session: Session, model: Model, rows: number) {
    this.#session = session;
    this.#model = model;
    this.#rows = rows;
  }

  static async create(
    model: Model,
    rows: number,
    output: number,
    engine: EngineOptions,
  ): Promise<SlopeProgram> {
    const { builder } = model;
    const { parameterCount, bufferCount } = builder.layout;
    const table = input("table", [rows, builder.featureCount]);
    const parameters = input("parameters", [parameterCount]);
    const buffers = input("buffers", [bufferCount]);
    const network = traceNetwork(builder.network, table, { parameters, buffers }, false);
    const predicted = builder.predictionOf(network.output, table, await builder.resolveEndcap());
    const prediction = sum(slice(predicted, 1, output, output + 1), { axes: [1] });
    // Events do not see each other in prediction: the gradient of the sum has each one's own.
    const [gradient] = grad(sum(prediction), [table], { unreached: "zero" });
    const bytes = functionModel({
      inputs: [parameters, ...(bufferCount > 0 ? [buffers] : []), table],
      outputs: { prediction, gradient: gradient! },
      batch: rows,
    });
    return new SlopeProgram(await Session.create(bytes, engine), model, rows);
  }

  async run(inputs: Float32Array): Promise<{ prediction: Float32Array; gradient: Float32Array }> {
    const { builder, parameters, buffers } = this.#model;
    const found = await this.#session.run({
      parameters: { data: parameters, shape: [parameters.length] },
      ...(buffers.length > 0 ? { buffers: { data: buffers, shape: [buffers.length] } } : {}),
      table: { data: inputs, shape: [this.#rows, builder.featureCount] },
    });
    const { prediction, gradient } = found;
    return { prediction: prediction!.data as Float32Array, gradient: gradient!.data as Float32Array };
  }

  release(): Promise<void> {
    return this.#session.release();
  }
}
