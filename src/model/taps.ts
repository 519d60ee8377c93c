/** A look into a network: what leaves each part of it for some events, and the gradient of the loss there. */
import { grad } from "../autodiff/index.ts";
import { expandNames } from "../data/expand-names.ts";
import { type EngineOptions, functionModel, Session } from "../engine/index.ts";
import { ConfigurationError, DataError, ShapeError } from "../errors/index.ts";
import { targetCount, toPrediction, traceNetwork } from "../nn/index.ts";
import { input, type Tensor } from "../tensor/index.ts";
import type { ModelBuilder } from "./builder.ts";
import type { ModelWeights } from "./model.ts";
import { lossValue } from "./training-program.ts";

/** Events to look at a network with. */
export interface TappedEvents {
  /** Pre-processed inputs [events, features]. */
  readonly inputs: Float32Array;
  /** [events, targets]; needed for gradients. */
  readonly targets?: Float32Array;
  /** [events]; absent: all 1. */
  readonly weights?: Float32Array | undefined;
}

/** Where to look: names with `*`, `?` and `!`, as `tapNames` lists them. */
export interface TapOptions {
  /** Parts whose outputs are wanted. Default: all. */
  readonly outputs?: readonly string[];
  /** Parts at whose outputs the gradient of the loss is wanted. Default: none. */
  readonly gradients?: readonly string[];
}

/** Values with their shape, [events, …]. */
export interface TapValue {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** What was found, by the names of the parts. */
export interface Taps {
  readonly outputs: Readonly<Record<string, TapValue>>;
  readonly gradients: Readonly<Record<string, TapValue>>;
}

/** The network's stored inputs, under which name they can be looked at too. */
const inputsName = "inputs";

/**
 * Names of the parts of a network that can be looked at, in the order in which they compute: "inputs", "head",
 * "body.layer0.linear" (before the activation), "body.layer0", "body", "tail" (before sigmoid or softmax) …
 */
export function tapNames(builder: ModelBuilder): string[] {
  return [...traceForTaps(builder, "events").tapped.keys()];
}

/**
 * Traces the network a second time, as in prediction (no dropout, running statistics), with what is asked for as extra
 * outputs. The loss is the weighted mean over the events that `Model.evaluate` gives.
 *
 * @throws UnknownNameError for a name that is no part's; ConfigurationError for gradients without targets; ShapeError for
 * arrays that do not fit; DataError for weights whose mean is not positive.
 */
export async function tap(
  builder: ModelBuilder,
  { parameters, buffers }: ModelWeights,
  events: TappedEvents,
  { outputs = ["*"], gradients = [] }: TapOptions = {},
  engine: EngineOptions = {},
): Promise<Taps> {
  const { featureCount, layout, task } = builder;
  const rows = events.inputs.length / featureCount;
  const targetColumns = targetCount(task);
  checkEvents(events, rows, featureCount, targetColumns, gradients.length > 0);
  const trace = traceForTaps(builder, rows);
  const names = [...trace.tapped.keys()];
  const [seen, sloped] = [outputs, gradients].map((patterns) => expandNames(patterns, names, "part"));
  const wanted: Record<string, Tensor> = {};
  for (const name of seen!) wanted[`output:${name}`] = trace.tapped.get(name)!;
  const inputs = [trace.parameters, ...(layout.bufferCount > 0 ? [trace.buffers] : []), trace.table];
  if (sloped!.length > 0) {
    const targets = input("targets", [rows, targetColumns]);
    const weights = input("weights", [rows]);
    const { output: logits, scope } = trace.network;
    const network = { logits, prediction: toPrediction(logits, task), scope };
    const loss = lossValue(await builder.resolveLoss(), network, { targets, weights }, task);
    const tensors = sloped!.map((name) => trace.tapped.get(name)!);
    grad(loss, tensors, { unreached: "zero" }).forEach((slope, i) => {
      wanted[`gradient:${sloped![i]}`] = slope;
    });
    inputs.push(targets, weights);
  }
  const session = await Session.create(functionModel({ inputs, outputs: wanted, batch: rows }), engine);
  try {
    const found = await session.run({
      parameters: { data: parameters, shape: [layout.parameterCount] },
      ...(layout.bufferCount > 0 ? { buffers: { data: buffers, shape: [layout.bufferCount] } } : {}),
      table: { data: events.inputs, shape: [rows, featureCount] },
      ...(sloped!.length > 0
        ? {
            targets: { data: events.targets!, shape: [rows, targetColumns] },
            weights: { data: lossWeights(builder, events.weights, rows), shape: [rows] },
          }
        : {}),
    });
    const pick = (kind: string, parts: readonly string[]) =>
      Object.fromEntries(parts.map((name) => [name, found[`${kind}:${name}`] as TapValue]));
    return { outputs: pick("output", seen!), gradients: pick("gradient", sloped!) };
  } finally {
    await session.release();
  }
}

function traceForTaps(builder: ModelBuilder, rows: number | string) {
  const { layout, featureCount } = builder;
  const table = input("table", [rows, featureCount]);
  const parameters = input("parameters", [layout.parameterCount]);
  const buffers = input("buffers", [layout.bufferCount]);
  const network = traceNetwork(builder.network, table, { parameters, buffers }, false);
  const tapped = new Map<string, Tensor>([[inputsName, table], ...network.outputs]);
  return { table, parameters, buffers, network, tapped };
}

/** The weights as the loss takes them: divided by their mean, unless it takes them as they are. */
function lossWeights(builder: ModelBuilder, weights: Float32Array | undefined, rows: number): Float32Array {
  const own = weights ?? new Float32Array(rows).fill(1);
  const meanWeight = own.reduce((sum, weight) => sum + weight, 0) / rows;
  if (!(meanWeight > 0)) {
    throw new DataError(`Model.taps: the mean weight of the events is ${meanWeight}; it must be positive.`);
  }
  const scale = 1 / builder.weightDivisor(meanWeight);
  return own.map((weight) => weight * scale);
}

function checkEvents(
  { inputs, targets, weights }: TappedEvents,
  rows: number,
  featureCount: number,
  targetColumns: number,
  needsTargets: boolean,
): void {
  if (!(Number.isInteger(rows) && rows >= 1)) {
    throw new ShapeError(
      `Model.taps: inputs need ${featureCount} numbers for each event, but ${inputs.length} came.`,
    );
  }
  if (!needsTargets) return;
  if (targets === undefined) {
    throw new ConfigurationError(
      "Model.taps: gradients are those of the loss, which needs targets. Give them.",
    );
  }
  if (targets.length !== rows * targetColumns || (weights && weights.length !== rows)) {
    throw new ShapeError(
      `Model.taps: ${rows} events need ${rows * targetColumns} targets and ${rows} weights, but ` +
        `${targets.length} and ${weights?.length ?? "no"} came.`,
    );
  }
}
