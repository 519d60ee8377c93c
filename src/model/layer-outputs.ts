/** What leaves the linear layers of a network: mean and standard deviation for given events. */
import { type EngineOptions, functionModel, Session } from "../engine/index.ts";
import { traceNetwork } from "../nn/index.ts";
import { concat, input, isMadeBy, mean, reshape, sqrt, square, sub, type Tensor } from "../tensor/index.ts";
import type { ModelBuilder } from "./builder.ts";

/** Moments over all events and outputs of x·Wᵀ, before bias and activation. */
export interface LayerOutput {
  readonly mean: number;
  readonly deviation: number;
}

/** A network whose linear layers can be looked into. */
export interface LayerOutputsProgram {
  /** Names of the layers' weights, in the order of the network. */
  readonly layers: readonly string[];
  /** One for each layer, for stored inputs [rows, features], as in prediction (no dropout, running statistics). */
  run(
    parameters: Float32Array,
    buffers: Float32Array,
    table: Float32Array,
    rows: number,
  ): Promise<LayerOutput[]>;
  /** Gives back the engine's memory; the program cannot run afterwards. */
  release(): Promise<void>;
}

/**
 * Finds the products of activations with weights in the traced network, those of linear layers and of convolutions, and
 * compiles their moments.
 */
export async function compileLayerOutputs(
  builder: ModelBuilder,
  options: EngineOptions = {},
): Promise<LayerOutputsProgram> {
  const { layout, featureCount } = builder;
  const table = input("table", ["events", featureCount]);
  const parameters = input("parameters", [layout.parameterCount]);
  const buffers = input("buffers", [layout.bufferCount]);
  const traced = traceNetwork(builder.network, table, { parameters, buffers }, false);
  const nameOf = new Map(traced.parameters.map((tensor, i) => [tensor, layout.parameters[i]!.name]));
  const products = new Map<string, Tensor>();
  for (const node of nodesOf(traced.output)) {
    if (!isMadeBy(node, "matmul")) continue;
    const names = node.inputs.map((factor) => parameterIn(factor, nameOf));
    const name = names.find((each) => each?.endsWith("weight"));
    if (name !== undefined) products.set(name, node);
  }
  const layers = layout.parameters.map(({ name }) => name).filter((name) => products.has(name));
  const moments = layers.flatMap((name) => {
    const product = products.get(name)!;
    const center = mean(product);
    return [center, sqrt(mean(square(sub(product, center))))];
  });
  const hasBuffers = layout.bufferCount > 0;
  const model = functionModel({
    inputs: [parameters, ...(hasBuffers ? [buffers] : []), table],
    outputs: {
      moments: concat(
        moments.map((value) => reshape(value, [1])),
        0,
      ),
    },
    batch: "events",
  });
  const session = await Session.create(model, options);
  return {
    layers,
    async run(p, b, events, rows) {
      const result = await session.run({
        parameters: { data: p, shape: [layout.parameterCount] },
        ...(hasBuffers ? { buffers: { data: b, shape: [layout.bufferCount] } } : {}),
        table: { data: events, shape: [rows, featureCount] },
      });
      const values = result.moments!.data as Float32Array;
      return layers.map((_, i) => ({ mean: values[2 * i]!, deviation: values[2 * i + 1]! }));
    },
    release: () => session.release(),
  };
}

function nodesOf(output: Tensor): Set<Tensor> {
  const seen = new Set<Tensor>();
  const waiting = [output];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    waiting.push(...node.inputs);
  }
  return seen;
}

/** The name of the parameter that a tensor is, or was before it was transposed and reshaped. */
function parameterIn(tensor: Tensor, nameOf: ReadonlyMap<Tensor, string>): string | undefined {
  const name = nameOf.get(tensor);
  if (name !== undefined || !(isMadeBy(tensor, "transpose") || isMadeBy(tensor, "reshape"))) return name;
  return parameterIn(tensor.inputs[0]!, nameOf);
}
