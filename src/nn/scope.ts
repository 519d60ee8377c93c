/** Where the layers of a network get their parameters from while it is traced. */
import { ShapeError } from "../errors/index.ts";
import { constant, enterPlace, inPlace, input, reshape, slice, type Tensor } from "../tensor/index.ts";
import type { Initialiser } from "./initialisers.ts";

/** A network: layers over handles. It asks the scope for parameters; the same function serves training and prediction. */
export type Network = (scope: Scope, inputs: Tensor) => Tensor;

/** One parameter or running statistic: where it lies in the flat vector, and how it starts. */
export interface Entry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly offset: number;
  readonly initialiser: Initialiser;
}

/** Random bits that a training step needs: shape a step, and the chance of a 1. */
export interface MaskInput {
  readonly tensor: Tensor<"input">;
  readonly probability: number;
}

/** What all scopes of one trace share. */
interface Trace {
  readonly training: boolean;
  readonly parameters: Entry[];
  readonly buffers: Entry[];
  /** The flat vectors; without them placeholders are given, for finding out what a network needs. */
  readonly flat: { readonly parameters: Tensor; readonly buffers: Tensor } | undefined;
  readonly values: Map<string, Tensor>;
  readonly updates: Map<string, Tensor>;
  readonly masks: MaskInput[];
  readonly outputs: Map<string, Tensor>;
  /** The part of the network that was entered last: where a shape that does not fit was met. */
  place: string;
}

function length(entries: readonly Entry[]): number {
  return entries.reduce((total, { shape }) => total + shape.reduce((n, size) => n * size, 1), 0);
}

/** Hands out named parameters, running statistics and random bits to layers. */
export class Scope {
  readonly #trace: Trace;
  readonly #path: string;

  /** @internal use `describeNetwork` and `traceNetwork`. */
  constructor(trace: Trace, path: string = "") {
    this.#trace = trace;
    this.#path = path;
  }

  /** True while a training step is traced: dropout drops, batch norm uses the batch. */
  get training(): boolean {
    return this.#trace.training;
  }

  /** The scope of a part; names inside it are prefixed with "name.". */
  child(name: string): Scope {
    this.#trace.place = `${this.#path}${name}`;
    enterPlace(this.#trace.place);
    return new Scope(this.#trace, `${this.#path}${name}.`);
  }

  /** A trainable parameter. */
  parameter(name: string, shape: readonly number[], initialiser: Initialiser): Tensor {
    return this.#entry(this.#trace.parameters, "parameters", name, shape, initialiser);
  }

  /** A running statistic: a value that training updates without gradients, or leaves as it is. */
  buffer(name: string, shape: readonly number[], start: number | Initialiser): Tensor {
    const initialiser: Initialiser = typeof start === "number" ? { kind: "constant", value: start } : start;
    return this.#entry(this.#trace.buffers, "buffers", name, shape, initialiser);
  }

  /** The value a running statistic has after this step. */
  updateBuffer(name: string, next: Tensor): void {
    this.#trace.updates.set(`${this.#path}${name}`, next);
  }

  /** Independent random bits, uint8 of the given shape, each 1 with the probability (in steps of 1/65536). */
  mask(shape: readonly number[], probability: number): Tensor {
    const tensor = input(`mask${this.#trace.masks.length}`, shape, "uint8");
    this.#trace.masks.push({ tensor, probability });
    return tensor;
  }

  /**
   * Says what leaves this part, so that it can be looked at under the part's name (`Model.taps`); gives it back.
   * `name` is that of something inside the part.
   */
  output(tensor: Tensor, name?: string): Tensor {
    this.#trace.outputs.set(name === undefined ? this.#path.slice(0, -1) : `${this.#path}${name}`, tensor);
    return tensor;
  }

  #entry(
    entries: Entry[],
    kind: "parameters" | "buffers",
    name: string,
    shape: readonly number[],
    initialiser: Initialiser,
  ): Tensor {
    const full = `${this.#path}${name}`;
    this.#trace.place = full;
    const before = this.#trace.values.get(full);
    if (before !== undefined) return before;
    const offset = length(entries);
    entries.push({ name: full, shape, offset, initialiser });
    const flat = this.#trace.flat?.[kind];
    const tensor = inPlace(full, () =>
      flat === undefined ? input(full, shape) : reshape(slice(flat, 0, offset, length(entries)), shape),
    );
    this.#trace.values.set(full, tensor);
    return tensor;
  }
}

/** What a network needs: its parameters and running statistics in flat vectors. */
export interface NetworkLayout {
  readonly parameters: readonly Entry[];
  readonly parameterCount: number;
  readonly buffers: readonly Entry[];
  readonly bufferCount: number;
}

/** Finds out what a network needs by tracing it once on `featureCount` inputs. */
export function describeNetwork(network: Network, featureCount: number): NetworkLayout {
  const trace = newTrace(false, undefined);
  traced(trace, () => network(new Scope(trace), input("inputs", ["events", featureCount])));
  return {
    parameters: trace.parameters,
    parameterCount: length(trace.parameters),
    buffers: trace.buffers,
    bufferCount: length(trace.buffers),
  };
}

/** A network traced on flat parameters. */
export interface TracedNetwork {
  readonly output: Tensor;
  /** The parameters as the layers see them, in the order of the flat vector. */
  readonly parameters: readonly Tensor[];
  /** Running statistics after the step, in order of the flat vector; with what was updated through `scope` since. */
  readonly buffers: readonly Tensor[];
  /** For what is traced after the network with values of its own: a loss. */
  readonly scope: Scope;
  readonly masks: readonly MaskInput[];
  /** What leaves each part of the network, by the part's name. */
  readonly outputs: ReadonlyMap<string, Tensor>;
}

/** Traces a network whose parameters and running statistics lie in flat vectors. */
export function traceNetwork(
  network: Network,
  inputs: Tensor,
  flat: { readonly parameters: Tensor; readonly buffers: Tensor },
  training: boolean,
): TracedNetwork {
  const trace = newTrace(training, flat);
  const scope = new Scope(trace);
  const output = traced(trace, () => network(scope, inputs));
  return {
    output,
    parameters: trace.parameters.map(({ name }) => trace.values.get(name)!),
    get buffers() {
      return trace.buffers.map(({ name }) => trace.updates.get(name) ?? trace.values.get(name)!);
    },
    masks: trace.masks,
    outputs: trace.outputs,
    scope,
  };
}

/** Traces a network for prediction whose parameters and running statistics are inputs of their own, by name. */
export function traceNamed(
  network: Network,
  inputs: Tensor,
): { readonly output: Tensor; readonly parameters: ReadonlyMap<string, Tensor> } {
  const trace = newTrace(false, undefined);
  const output = traced(trace, () => network(new Scope(trace), inputs));
  return { output, parameters: trace.values };
}

/** Runs a trace; a shape that does not fit is reported with the layer in which it was met. */
function traced(trace: Trace, run: () => Tensor): Tensor {
  try {
    return inPlace("", run);
  } catch (error) {
    if (!(error instanceof ShapeError) || trace.place === "") throw error;
    throw new ShapeError(`layer "${trace.place}": ${error.message}`);
  }
}

function newTrace(training: boolean, flat: Trace["flat"]): Trace {
  return {
    training,
    flat,
    parameters: [],
    buffers: [],
    values: new Map(),
    updates: new Map(),
    masks: [],
    outputs: new Map(),
    place: "",
  };
}

/** A flat vector of tensors in order; an empty one where there are none. */
export function flatten(tensors: readonly Tensor[], join: (parts: readonly Tensor[]) => Tensor): Tensor {
  return tensors.length === 0 ? constant([]) : join(tensors.map((t) => reshape(t, [-1])));
}
