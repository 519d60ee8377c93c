/** Distributions that the values of new parameters are drawn from. */
import type { Stream } from "../array/index.ts";

/** A plain description of how a parameter starts. */
export type Initialiser =
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "normal"; readonly deviation: number }
  /** The first axis falls into blocks of equal size (gates), each a random matrix with orthonormal rows or columns. */
  | { readonly kind: "orthogonal"; readonly blocks: number }
  /** One value for each block of the first axis. */
  | { readonly kind: "blocks"; readonly values: readonly number[] }
  /** `count` ones, at the places `always` and at random ones; zeros elsewhere. */
  | { readonly kind: "subset"; readonly count: number; readonly always: readonly number[] };

/** N(0, √(2/fanIn)) for relu-like activations (He et al., arXiv 1502.01852). */
export function heNormal(fanIn: number): Initialiser {
  return { kind: "normal", deviation: Math.sqrt(2 / fanIn) };
}

/** N(0, √(2/(fanIn+fanOut))) for sigmoid, tanh and linear layers (Glorot and Bengio, AISTATS 2010). */
export function glorotNormal(fanIn: number, fanOut: number): Initialiser {
  return { kind: "normal", deviation: Math.sqrt(2 / (fanIn + fanOut)) };
}

/** N(0, 1/√fanIn) for selu (Klambauer et al., arXiv 1706.02515). */
export function lecunNormal(fanIn: number): Initialiser {
  return { kind: "normal", deviation: Math.sqrt(1 / fanIn) };
}

/** Values of a parameter of the shape, row-major, drawn from the stream. */
export function draw(initialiser: Initialiser, shape: readonly number[], stream: Stream): Float32Array {
  const count = shape.reduce((n, size) => n * size, 1);
  switch (initialiser.kind) {
    case "constant":
      return new Float32Array(count).fill(initialiser.value);
    case "normal":
      return Float32Array.from({ length: count }, () => stream.normal() * initialiser.deviation);
    case "orthogonal": {
      const rows = shape[0]! / initialiser.blocks;
      const columns = count / shape[0]!;
      const blocks = Array.from({ length: initialiser.blocks }, () => orthonormal(rows, columns, stream));
      return Float32Array.from(blocks.flatMap((block) => [...block]));
    }
    case "blocks": {
      const size = count / initialiser.values.length;
      return Float32Array.from({ length: count }, (_, i) => initialiser.values[Math.floor(i / size)]!);
    }
    case "subset": {
      const chosen = new Set(initialiser.always);
      for (const place of stream.permutation(count)) {
        if (chosen.size >= initialiser.count) break;
        chosen.add(place);
      }
      return Float32Array.from({ length: count }, (_, i) => (chosen.has(i) ? 1 : 0));
    }
  }
}

/** A random matrix [rows, columns] whose shorter side is orthonormal: Gram–Schmidt on normal numbers. */
function orthonormal(rows: number, columns: number, stream: Stream): Float64Array {
  const count = Math.min(rows, columns);
  const length = Math.max(rows, columns);
  const vectors: Float64Array[] = [];
  while (vectors.length < count) {
    const vector = Float64Array.from({ length }, () => stream.normal());
    // Twice: once leaves rounding errors along the earlier vectors.
    for (const earlier of [...vectors, ...vectors]) {
      const overlap = vector.reduce((total, x, i) => total + x * earlier[i]!, 0);
      for (let i = 0; i < length; i++) vector[i]! -= overlap * earlier[i]!;
    }
    const norm = Math.sqrt(vector.reduce((total, x) => total + x * x, 0));
    vectors.push(vector.map((x) => x / norm));
  }
  return Float64Array.from({ length: rows * columns }, (_, i) => {
    const [row, column] = [Math.floor(i / columns), i % columns];
    return rows <= columns ? vectors[row]![column]! : vectors[column]![row]!;
  });
}
