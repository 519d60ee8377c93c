/** `LsuvInit`: weights that give every linear layer and convolution outputs of unit variance on the data. */
import type { Stream } from "../array/index.ts";
import { ConfigurationError } from "../errors/index.ts";
import { compileLayerOutputs, ModelBuilder, type ModelWeights } from "../model/index.ts";
import type { Callback, StartContext } from "./callback.ts";

/** Options of `LsuvInit`. */
export interface LsuvInitOptions {
  /** Standard deviation that the outputs of each layer shall have. Default 1. */
  readonly deviation?: number;
  /** How far from it is near enough. Default 0.1. */
  readonly tolerance?: number;
  /** How often a layer is scaled at most. Default 10. */
  readonly attempts?: number;
  /** Start from orthonormal weights instead of the network's own draw. Default true. */
  readonly orthonormal?: boolean;
}

/**
 * Layer-sequential unit-variance initialisation (Mishkin and Matas, arXiv 1511.06422): orthonormal weights, no
 * biases, then layer by layer (linear layers and convolutions) the weights are divided by the standard deviation of the layer's outputs over
 * the first training fold, all events alike. Layers whose weights are frozen stay as they are. Nothing of the
 * training changes besides (Python LUMIN's leaves the network without dropout for an epoch).
 */
export function lsuvInitCallback(options: LsuvInitOptions = {}): Callback {
  const { deviation = 1, tolerance = 0.1, attempts = 10 } = options;
  if (!(deviation > 0 && tolerance > 0 && Number.isInteger(attempts) && attempts >= 1)) {
    throw new ConfigurationError(
      `LsuvInit: deviation is ${deviation}, tolerance ${tolerance} and attempts ${attempts}; all must be above 0, the attempts a whole number.`,
    );
  }
  return { name: "LsuvInit", initialWeights: (context) => scaled(context, options) };
}

async function scaled(
  { network, weights, trainingFolds, getFold, stream }: StartContext,
  { deviation = 1, tolerance = 0.1, attempts = 10, orthonormal = true }: LsuvInitOptions,
): Promise<ModelWeights> {
  if (!(network instanceof ModelBuilder)) {
    throw new ConfigurationError("LsuvInit: it needs a network of a ModelBuilder, whose layers it can see.");
  }
  const { buffers } = weights;
  const parameters = weights.parameters.slice();
  const { inputs, eventCount } = getFold(trainingFolds[0]!);
  const program = await compileLayerOutputs(network);
  try {
    const entries = new Map(network.layout.parameters.map((entry) => [entry.name, entry]));
    const part = (name: string): Float32Array | undefined => {
      const entry = entries.get(name);
      if (!entry || network.frozen.has(name)) return undefined;
      return parameters.subarray(entry.offset, entry.offset + entry.shape.reduce((a, b) => a * b, 1));
    };
    for (const [i, layer] of program.layers.entries()) {
      const matrix = part(layer);
      if (!matrix) continue;
      const [rows, ...places] = entries.get(layer)!.shape as [number, ...number[]];
      const columns = places.reduce((product, size) => product * size, 1);
      if (orthonormal) matrix.set(orthonormalMatrix(rows, columns, stream(layer)));
      part(layer.replace(/weight$/, "bias"))?.fill(0);
      for (let attempt = 0; attempt < attempts; attempt++) {
        const output = (await program.run(parameters, buffers, inputs, eventCount))[i]!;
        // Outputs that do not vary (constant inputs, dead neurons) cannot be scaled.
        if (!(output.deviation > 0) || Math.abs(output.deviation - deviation) <= tolerance) break;
        for (let j = 0; j < matrix.length; j++) matrix[j]! *= deviation / output.deviation;
      }
    }
  } finally {
    await program.release();
  }
  return { parameters, buffers };
}

/** Random rows (or columns, where there are fewer) of length 1 at right angles, by Gram and Schmidt. */
export function orthonormalMatrix(rows: number, columns: number, stream: Stream): Float64Array {
  const [count, length] = [Math.min(rows, columns), Math.max(rows, columns)];
  const vectors: Float64Array[] = [];
  while (vectors.length < count) {
    const vector = Float64Array.from({ length }, () => stream.normal());
    // Twice: once leaves rounding errors that grow with the number of vectors.
    for (const other of [...vectors, ...vectors]) {
      const overlap = vector.reduce((sum, value, k) => sum + value * other[k]!, 0);
      for (let k = 0; k < length; k++) vector[k]! -= overlap * other[k]!;
    }
    const norm = Math.hypot(...vector);
    if (norm > 1e-8) vectors.push(vector.map((value) => value / norm));
  }
  return Float64Array.from({ length: rows * columns }, (_, at) => {
    const [row, column] = [Math.floor(at / columns), at % columns];
    return rows <= columns ? vectors[row]![column]! : vectors[column]![row]!;
  });
}
