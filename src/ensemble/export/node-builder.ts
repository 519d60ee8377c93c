/** Writes ONNX nodes in double precision by hand: what comes before the network, where float32 would lose digits. */
import { GraphWriter, ModelNames } from "../../engine/graph-writer.ts";
import { type AttributeValue, elementType, type NodeMessage } from "../../engine/onnx-messages.ts";
import type { Tensor } from "../../tensor/index.ts";

/** The largest finite numbers: what is larger, or is no number, is missing. */
const largest = { float64: Number.MAX_VALUE, float32: (2 - 2 ** -23) * 2 ** 127 } as const;

/** Names that say to which part of the ensemble a value belongs. */
class PartNames extends ModelNames {
  part = "";

  override fresh(what: string): string {
    const { place } = this;
    this.place = [this.part, place].filter((text) => text !== "").join("/");
    try {
      return super.fresh(what);
    } finally {
      this.place = place;
    }
  }
}

/** Nodes of one graph, and the initialisers with names of their own. */
export class NodeBuilder {
  readonly names: PartNames = new PartNames();
  readonly #writer: GraphWriter;

  /** @param given names of the values that stand for the inputs of traced networks. */
  constructor(given: ReadonlyMap<Tensor, string>, useCounts: ReadonlyMap<Tensor, number>) {
    this.#writer = new GraphWriter({ names: this.names, batch: undefined, inputs: given, useCounts });
  }

  get nodes(): readonly NodeMessage[] {
    return this.#writer.nodes;
  }

  /** Values written from now on are named after this part. */
  enter(part: string): void {
    this.names.part = part;
  }

  /** Writes what a traced tensor needs, and gives its name. */
  traced(tensor: Tensor): string {
    return this.#writer.name(tensor);
  }

  /** A node with one output, whose name it gives. */
  node(
    opType: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
  ): string {
    return this.#writer.node(opType, inputs, attributes);
  }

  /** A node of another set of operators than the general one, with one output. */
  nodeOf(
    domain: string,
    opType: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>>,
  ): string {
    const output = this.names.fresh(opType);
    this.#writer.addNode(opType, inputs, [output], attributes, domain);
    return output;
  }

  /** A node with the given names for its outputs. */
  nodeInto(
    outputs: readonly string[],
    opType: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
  ): void {
    this.#writer.addNode(opType, inputs, outputs, attributes);
  }

  /** A named array of doubles. */
  doubles(name: string, values: readonly number[], dims: readonly number[]): string {
    return this.#initialiser(name, elementType.float64, dims, Float64Array.from(values));
  }

  /** A named array of floats. */
  floats(name: string, values: Float32Array, dims: readonly number[]): string {
    return this.#initialiser(name, elementType.float32, dims, values.slice());
  }

  /** A double without a name of its own. */
  double(value: number): string {
    return this.names.constant(elementType.float64, [], new Uint8Array(Float64Array.of(value).buffer));
  }

  /** A float without a name of its own. */
  float(value: number): string {
    return this.names.constant(elementType.float32, [], new Uint8Array(Float32Array.of(value).buffer));
  }

  cast(value: string, type: "float32" | "float64"): string {
    return this.node("Cast", [value], { to: { i: elementType[type] } });
  }

  /** True where the number is neither NaN nor ±∞: |x| ≤ the largest number. */
  isFinite(value: string, type: "float32" | "float64"): string {
    const limit = type === "float32" ? this.float(largest.float32) : this.double(largest.float64);
    return this.node("LessOrEqual", [this.node("Abs", [value]), limit]);
  }

  /** Columns `[start, end)` of a matrix. */
  columns(matrix: string, start: number, end: number): string {
    const { names } = this;
    const [from, to, axis] = [start, end, 1].map((value) => names.integers([value])) as [
      string,
      string,
      string,
    ];
    return this.node("Slice", [matrix, from, to, axis]);
  }

  /** The matrices side by side. */
  join(columns: readonly string[]): string {
    return columns.length === 1 ? columns[0]! : this.node("Concat", columns, { axis: { i: 1 } });
  }

  #initialiser(
    name: string,
    dataType: number,
    dims: readonly number[],
    values: Float32Array | Float64Array,
  ): string {
    const rawData = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    this.names.initializers.push({ name, dims, dataType, rawData });
    return name;
  }
}
