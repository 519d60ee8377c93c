/** Graphs as the bytes of ONNX models: a function run once, or a step run many times in one call. */
import type { Dimension, InputTensor, Tensor } from "../tensor/tensor.ts";
import { countUses, GraphWriter, ModelNames, valueInfo } from "./graph-writer.ts";
import { encodeModel, type GraphMessage } from "./onnx-messages.ts";

/** A function as a graph: what is given, and what is computed from it. */
export interface FunctionGraph {
  readonly inputs: readonly InputTensor[];
  readonly outputs: Readonly<Record<string, Tensor>>;
  /** The size along the first axis of activations; they are then laid out feature by feature. */
  readonly batch?: Dimension;
}

/** A model that computes the outputs from the inputs. */
export function functionModel({ inputs, outputs, batch }: FunctionGraph): Uint8Array {
  const names = new ModelNames();
  const writer = new GraphWriter({
    names,
    batch,
    inputs: namesOf(inputs, ""),
    useCounts: countUses(Object.values(outputs)),
  });
  const graph = writer.finish(
    "function",
    inputs.map((t) => valueInfo(t.attributes.name, t.shape, t.dtype)),
    Object.entries(outputs).map(([name, tensor]) => ({ tensor, name })),
  );
  return encodeModel({ ...graph, initializer: names.initializers });
}

/**
 * A step to be run once for each row of the scanned inputs, all in one call:
 * the state goes from step to step, what stays the same is given once.
 */
export interface StepGraph {
  /** The state: as the step finds it, and as the step leaves it. */
  readonly state: readonly { readonly before: InputTensor; readonly after: Tensor }[];
  /** Inputs with a row for each step; the tensors have the shape of one row. */
  readonly scanned: readonly InputTensor[];
  /** Inputs that are the same for all steps. */
  readonly fixed: readonly InputTensor[];
  /** Results of each step; stacked in the model's outputs. */
  readonly outputs: Readonly<Record<string, Tensor>>;
  /** Events a step. */
  readonly batch: number;
}

/** Name of the model's output that holds the state after the last step. */
export function finalStateName(name: string): string {
  return `${name}:final`;
}

/** A model that runs the step as often as the scanned inputs have rows (an ONNX Scan). */
export function scanModel({ state, scanned, fixed, outputs, batch }: StepGraph): Uint8Array {
  const names = new ModelNames();
  const results = [
    ...state.map(({ before, after }) => ({ tensor: after, name: `${before.attributes.name}:after` })),
    ...Object.entries(outputs).map(([name, tensor]) => ({ tensor, name: `${name}:step` })),
  ];
  const useCounts = countUses(results.map((r) => r.tensor));
  const outer = new GraphWriter({ names, batch: undefined, inputs: namesOf(fixed, ""), useCounts });
  const stepInputs = [...state.map((s) => s.before), ...scanned];
  const body = new GraphWriter({ names, batch, inputs: namesOf(stepInputs, ":step"), outer, useCounts });
  const bodyGraph: GraphMessage = body.finish(
    "step",
    stepInputs.map((t) => valueInfo(`${t.attributes.name}:step`, t.shape, t.dtype)),
    results,
  );
  outer.nodes.push({
    name: "steps",
    opType: "Scan",
    input: stepInputs.map((t) => t.attributes.name),
    output: [...state.map((s) => finalStateName(s.before.attributes.name)), ...Object.keys(outputs)],
    attribute: [
      { name: "body", type: 5, g: bodyGraph },
      { name: "num_scan_inputs", type: 2, i: scanned.length },
    ],
  });
  return encodeModel({
    name: "training",
    node: outer.nodes,
    initializer: names.initializers,
    input: [
      ...[...fixed, ...state.map((s) => s.before)].map((t) => valueInfo(t.attributes.name, t.shape, t.dtype)),
      ...scanned.map((t) => valueInfo(t.attributes.name, ["steps", ...t.shape], t.dtype)),
    ],
    output: [
      ...state.map(({ before }) =>
        valueInfo(finalStateName(before.attributes.name), before.shape, before.dtype),
      ),
      ...Object.entries(outputs).map(([name, t]) => valueInfo(name, ["steps", ...t.shape], t.dtype)),
    ],
  });
}

function namesOf(inputs: readonly InputTensor[], suffix: string): Map<Tensor, string> {
  return new Map(inputs.map((t): [Tensor, string] => [t, `${t.attributes.name}${suffix}`]));
}
