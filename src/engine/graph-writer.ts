/** Writes the nodes of one ONNX graph, and chooses how matrices lie in memory. */
import type { PrimitiveName } from "../tensor/primitives.ts";
import { type Dimension, isMadeBy, type Shape, type Tensor } from "../tensor/tensor.ts";
import { type LoweringRule, loweringRules } from "./lowering-rules.ts";
import {
  type AttributeValue,
  attribute,
  elementType,
  type GraphMessage,
  type NodeMessage,
  type TensorMessage,
  type ValueInfoMessage,
} from "./onnx-messages.ts";

/**
 * How a tensor lies in memory: as it is, or with its first axis, the events, moved to the end ("column"; of a matrix
 * that is the transpose). Activations are faster in columns: the kernels of ONNX Runtime like long rows, and joining
 * or cutting features copies whole rows.
 */
export type Layout = "row" | "column";

export function otherLayout(layout: Layout): Layout {
  return layout === "row" ? "column" : "row";
}

/** The name of a value in a graph, and how it lies there. */
export interface Placed {
  readonly name: string;
  readonly layout: Layout;
}

/** What all graphs of one model share: unique names and the constants. */
export class ModelNames {
  readonly initializers: TensorMessage[] = [];
  readonly #constants = new Map<string, string>();
  /** The part of the network that is being written; values are named after it. */
  place = "";
  readonly #used = new Map<string, number>();

  /** A name that nothing else has: "body.layer0/Gemm", the next one "body.layer0/Gemm_1". */
  fresh(what: string): string {
    const name = `${this.place}/${what}`;
    const before = this.#used.get(name) ?? 0;
    this.#used.set(name, before + 1);
    return before === 0 ? name : `${name}_${before}`;
  }

  /** The name of a constant; equal constants are stored once. */
  constant(dataType: number, dims: readonly number[], rawData: Uint8Array): string {
    const key = `${dataType}|${dims.join()}|${asText(rawData)}`;
    const before = this.#constants.get(key);
    if (before !== undefined) return before;
    const name = `c${this.#constants.size}`;
    this.#constants.set(key, name);
    this.initializers.push({ name, dims, dataType, rawData });
    return name;
  }

  /** A single 64-bit integer. */
  integer(value: number): string {
    return this.constant(elementType.int64, [], new Uint8Array(BigInt64Array.of(BigInt(value)).buffer));
  }

  /** A vector of 64-bit integers, as operators take for shapes and axes. */
  integers(numbers: readonly number[]): string {
    const data = BigInt64Array.from(numbers, BigInt);
    return this.constant(elementType.int64, [data.length], new Uint8Array(data.buffer));
  }
}

/** The bytes as characters of the same codes, to be compared as a whole. */
function asText(bytes: Uint8Array): string {
  const size = 8192; // What every engine takes as arguments of one call.
  let text = "";
  for (let i = 0; i < bytes.length; i += size) text += String.fromCharCode(...bytes.subarray(i, i + size));
  return text;
}

export interface GraphWriterOptions {
  readonly names: ModelNames;
  /** The size that activations have along their first axis. */
  readonly batch: Dimension | undefined;
  /** Inputs of this graph; what does not depend on them is written into the graph around it. */
  readonly inputs: ReadonlyMap<Tensor, string>;
  readonly outer?: GraphWriter;
  /** How often each tensor of the model is used. */
  readonly useCounts: ReadonlyMap<Tensor, number>;
}

export class GraphWriter {
  readonly nodes: NodeMessage[] = [];
  readonly #options: GraphWriterOptions;
  readonly #written = new Map<Tensor, Partial<Record<Layout, string>>>();
  readonly #belongsHere = new Map<Tensor, boolean>();
  readonly #inColumns = new Map<Tensor, boolean>();

  constructor(options: GraphWriterOptions) {
    this.#options = options;
    for (const [tensor, name] of options.inputs) this.#written.set(tensor, { row: name });
  }

  get names(): ModelNames {
    return this.#options.names;
  }

  /** Writes a node with one output and gives the name of its value. */
  node(
    opType: string,
    input: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
  ): string {
    const output = this.names.fresh(opType);
    this.addNode(opType, input, [output], attributes);
    return output;
  }

  /** Writes a node with the given names for its outputs. */
  addNode(
    opType: string,
    input: readonly string[],
    output: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
    domain?: string,
  ): void {
    const written = Object.entries(attributes).map(([name, value]) => attribute(name, value));
    const from = domain === undefined ? {} : { domain };
    this.nodes.push({ name: output[0]!, opType, ...from, input, output, attribute: written });
  }

  /** True if nothing but one node uses the value, so that it may be merged into that node. */
  isUsedOnce(tensor: Tensor): boolean {
    return this.#options.useCounts.get(tensor) === 1 && this.#written.get(tensor) === undefined;
  }

  /** The name of the tensor's value in the wanted layout; writes what is needed for it. */
  name(tensor: Tensor, layout: Layout = "row"): string {
    if (!this.#isWrittenHere(tensor)) return this.#outer().name(tensor, layout);
    const written = this.#slot(tensor);
    const before = written[layout];
    if (before !== undefined) return before;
    let name: string;
    const other = written[otherLayout(layout)];
    if (other !== undefined) name = this.turned(other, layout, tensor.rank);
    else if (layout === "column" && !this.#comesInColumns(tensor)) {
      name = this.turned(this.name(tensor, "row"), layout, tensor.rank);
    } else if (layout === "row" && tensor.rank > 2 && this.liesInColumns(tensor)) {
      name = this.turned(this.name(tensor, "column"), layout, tensor.rank);
    } else name = this.#lower(tensor, layout);
    written[layout] = name;
    return name;
  }

  /** The value in whichever layout costs nothing. */
  any(tensor: Tensor): Placed {
    if (!this.#isWrittenHere(tensor)) return this.#outer().any(tensor);
    if (isMadeBy(tensor, "transpose") && tensor.rank === 2) {
      const inner = this.any(tensor.inputs[0]!);
      return { name: inner.name, layout: otherLayout(inner.layout) };
    }
    const written = this.#slot(tensor);
    const preferred: Layout = this.liesInColumns(tensor) ? "column" : "row";
    for (const layout of [preferred, otherLayout(preferred)]) {
      const name = written[layout];
      if (name !== undefined) return { name, layout };
    }
    return { name: this.name(tensor, preferred), layout: preferred };
  }

  /** True if the value is best written in columns. */
  liesInColumns(tensor: Tensor): boolean {
    if (!this.#isWrittenHere(tensor)) return this.#outer().liesInColumns(tensor);
    return this.#isActivation(tensor) && this.#comesInColumns(tensor);
  }

  /** A value that lies in the other layout, turned into this one. */
  turned(name: string, layout: Layout, rank: number): string {
    const axes = Array.from({ length: rank }, (_, i) => i);
    const perm = layout === "column" ? [...axes.slice(1), 0] : [rank - 1, ...axes.slice(0, -1)];
    return this.node("Transpose", [name], { perm: { ints: perm } });
  }

  /** True if the value is already there in this layout. */
  isWritten(tensor: Tensor, layout: Layout): boolean {
    return this.#written.get(tensor)?.[layout] !== undefined;
  }

  /** A finished graph. Values that are no fresh node outputs are copied, as the format demands. */
  finish(
    name: string,
    inputs: readonly ValueInfoMessage[],
    outputs: readonly { readonly tensor: Tensor; readonly name: string }[],
  ): GraphMessage {
    const renamed = new Map<string, string>();
    for (const { tensor, name: wanted } of outputs) {
      const value = this.name(tensor, "row");
      const isOwn = this.nodes.some((node) => node.output.includes(value));
      if (isOwn && !renamed.has(value)) renamed.set(value, wanted);
      else
        this.nodes.push({
          name: wanted,
          opType: "Identity",
          input: [value],
          output: [wanted],
          attribute: [],
        });
    }
    const rename = (value: string) => renamed.get(value) ?? value;
    return {
      name,
      node: this.nodes.map((node) => ({
        ...node,
        input: node.input.map(rename),
        output: node.output.map(rename),
      })),
      initializer: [],
      input: inputs,
      output: outputs.map(({ tensor, name: wanted }) => valueInfo(wanted, tensor.shape, tensor.dtype)),
    };
  }

  #slot(tensor: Tensor): Partial<Record<Layout, string>> {
    let slot = this.#written.get(tensor);
    if (slot === undefined) {
      slot = {};
      this.#written.set(tensor, slot);
    }
    return slot;
  }

  #lower(tensor: Tensor, layout: Layout): string {
    const { lower } = loweringRules[tensor.op] as LoweringRule<PrimitiveName>;
    const { names } = this;
    const before = names.place;
    names.place = tensor.place;
    const name = lower(tensor, layout, this);
    names.place = before;
    return name;
  }

  #comesInColumns(tensor: Tensor): boolean {
    const before = this.#inColumns.get(tensor);
    if (before !== undefined) return before;
    const { inColumns } = loweringRules[tensor.op] as LoweringRule<PrimitiveName>;
    const comes = tensor.rank >= 2 && inColumns(tensor, this);
    this.#inColumns.set(tensor, comes);
    return comes;
  }

  /** A tensor with one row an event that depends on the events. */
  #isActivation(tensor: Tensor): boolean {
    return tensor.rank >= 2 && tensor.shape[0] === this.#options.batch && this.#dependsOnInputs(tensor);
  }

  #isWrittenHere(tensor: Tensor): boolean {
    return this.#options.outer === undefined || this.#dependsOnInputs(tensor);
  }

  #dependsOnInputs(tensor: Tensor): boolean {
    const before = this.#belongsHere.get(tensor);
    if (before !== undefined) return before;
    const depends = this.#options.inputs.has(tensor) || tensor.inputs.some((i) => this.#dependsOnInputs(i));
    this.#belongsHere.set(tensor, depends);
    return depends;
  }

  #outer(): GraphWriter {
    const { outer } = this.#options;
    if (outer === undefined) throw new Error("internal: a graph without an outer graph was asked for it.");
    return outer;
  }
}

/** Name, shape and type of a graph's input or output. */
export function valueInfo(name: string, shape: Shape, dtype: keyof typeof elementType): ValueInfoMessage {
  const dim = shape.map((size) => (typeof size === "number" ? { dimValue: size } : { dimParam: size }));
  return { name, type: { tensorType: { elemType: elementType[dtype], shape: { dim } } } };
}

/** How often each tensor under `outputs` is used as an input, or as an output. */
export function countUses(outputs: readonly Tensor[]): Map<Tensor, number> {
  const counts = new Map<Tensor, number>();
  const stack = [...outputs];
  while (stack.length > 0) {
    const tensor = stack.pop()!;
    const before = counts.get(tensor) ?? 0;
    counts.set(tensor, before + 1);
    if (before === 0) stack.push(...tensor.inputs);
  }
  return counts;
}
