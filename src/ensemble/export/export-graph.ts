/** The whole ensemble as one graph: raw columns, preprocessing, variants, networks, their weighted mean. */
import type { AugmentationPlan, Pipeline } from "../../data/index.ts";
import { countUses, valueInfo } from "../../engine/graph-writer.ts";
import { elementType, type GraphMessage, type ValueInfoMessage } from "../../engine/onnx-messages.ts";
import type { EndcapFunction, Model } from "../../model/index.ts";
import { type Entry, traceNamed } from "../../nn/index.ts";
import { input, type Tensor } from "../../tensor/index.ts";
import type { Ensemble } from "../ensemble.ts";
import { type EnsembleMember, memberName, networkOf } from "../member.ts";
import { TreeModel } from "../tree-model.ts";
import { NodeBuilder } from "./node-builder.ts";
import { traceRestored, traceVariants } from "./trace-augmentation.ts";
import { type InputForm, inputValue, matrixName, tracePipeline } from "./trace-pipeline.ts";
import { traceTreeOperator } from "./trace-tree-operator.ts";
import { traceTrees } from "./trace-trees.ts";
import type { ExportedInput } from "./traced-columns.ts";

export interface ExportedGraph {
  readonly graph: GraphMessage;
  readonly inputs: readonly ExportedInput[];
  /** Name of the output `[events, outputs]`. */
  readonly output: string;
}

export interface GraphParts {
  readonly ensemble: Ensemble;
  readonly pipeline: Pipeline;
  /** Variants that the prediction averages over. */
  readonly plan?: AugmentationPlan | undefined;
  /** The columns of a raw table. */
  readonly columnNames: readonly string[];
  readonly form: InputForm;
  /** The function of the networks' endcap. */
  readonly endcap?: EndcapFunction | undefined;
  readonly trees?: TreeForm | undefined;
}

/** How trees are written: as operators that every runtime has, or as one node of the set for trees. */
export type TreeForm = "plain" | "operator";

const traceTreesAs = { plain: traceTrees, operator: traceTreeOperator } as const;

/** What the networks read. */
const networkInputs = "network/inputs";

/** Builds the graph of an ensemble with its preprocessing. */
export function exportGraph({
  ensemble,
  pipeline,
  plan,
  columnNames,
  form,
  endcap,
  trees = "plain",
}: GraphParts): ExportedGraph {
  const { members, featureCount } = ensemble;
  const table = input(networkInputs, ["rows", featureCount]);
  const networks = members.map((member, i) =>
    member.model instanceof TreeModel ? undefined : traceMember(member, table, partName(ensemble, i), endcap),
  );
  const given = new Map<Tensor, string>([[table, networkInputs]]);
  for (const network of networks) {
    for (const [tensor, { name }] of network?.weights ?? []) given.set(tensor, name);
  }
  const builder = new NodeBuilder(
    given,
    countUses(networks.flatMap((network) => (network ? [network.prediction] : []))),
  );
  const { names } = builder;

  builder.enter("preprocessing");
  const { inputs, features } = tracePipeline(builder, pipeline, columnNames, form);
  let stored = builder.cast(features, "float32");
  if (plan !== undefined && plan.count > 1) {
    builder.enter("augmentation");
    stored = builder.cast(traceVariants(builder, builder.cast(stored, "float64"), plan), "float32");
  }
  builder.nodeInto([networkInputs], "Where", [builder.isFinite(stored, "float32"), stored, builder.float(0)]);

  const shares = networks.map((network, i) => {
    const member = members[i]!;
    const part = partName(ensemble, i);
    builder.enter(part);
    const share = builder.floats(`${part}/share`, Float32Array.of(member.weight), []);
    const prediction =
      member.model instanceof TreeModel
        ? traceTreesAs[trees](builder, member.model.trees, networkInputs, part)
        : networkPrediction(builder, network!, networkOf(member, "export"));
    return builder.node("Mul", [prediction, share]);
  });
  builder.enter("ensemble");
  let result = shares.length === 1 ? shares[0]! : builder.node("Sum", shares);
  if (plan !== undefined && plan.count > 1) {
    const byVariant = builder.node("Reshape", [
      result,
      names.integers([plan.count, -1, ensemble.outputCount]),
    ]);
    const restored = traceRestored(builder, byVariant, plan);
    result = builder.node("ReduceMean", [restored], { axes: { ints: [0] }, keepdims: { i: 0 } });
  }
  const used = form === "matrix" ? [matrixName] : inputs.map(({ name }) => name);
  builder.nodeInto(["prediction"], "Identity", [result]);

  // Until here no column has its own name; a value of the graph that is called like one gives way.
  const unused = (value: string): string => (used.includes(value) ? unused(`lumin/${value}`) : value);
  const ownNames = new Map(used.map((name) => [inputValue(name), name]));
  const rename = (value: string): string =>
    ownNames.get(value) ?? (/^c\d+$/.test(value) ? unused(`constants/${value}`) : unused(value));
  const output = rename("prediction");
  return {
    inputs,
    output,
    graph: {
      name: "lumin",
      node: builder.nodes.map((node) => ({
        ...node,
        input: node.input.map(rename),
        output: node.output.map(rename),
      })),
      initializer: names.initializers.map((each) => ({ ...each, name: rename(each.name!) })),
      input:
        form === "matrix"
          ? [doubles(matrixName, inputs.length)]
          : inputs.map(({ name }) => doubles(name, undefined)),
      output: [valueInfo(output, ["events", ensemble.outputCount], "float32")],
    },
  };
}

/** What a network of the ensemble is called: by its member's number and snapshot, or by its place if others share them. */
export function partName({ members }: Ensemble, index: number): string {
  const name = memberName(members[index]!);
  const isAlone = members.filter((other) => memberName(other) === name).length === 1;
  return isAlone ? name : `${name}.${index}`;
}

/** A weight in the file. */
interface NamedWeight {
  readonly name: string;
  readonly entry: Entry;
  readonly isBuffer: boolean;
}

/** A member's prediction, and what the tensors that stand for its weights are called. */
function traceMember(
  member: EnsembleMember,
  table: Tensor,
  part: string,
  endcap: EndcapFunction | undefined,
): { readonly prediction: Tensor; readonly weights: ReadonlyMap<Tensor, NamedWeight> } {
  const { builder } = networkOf(member, "export");
  const { output, parameters } = traceNamed(builder.network, table);
  const weights = new Map<Tensor, NamedWeight>();
  const { layout } = builder;
  for (const [entries, isBuffer] of [[layout.parameters, false] as const, [layout.buffers, true] as const]) {
    for (const entry of entries) {
      const tensor = parameters.get(entry.name);
      // What only the loss reads is no part of a prediction.
      if (tensor === undefined) continue;
      weights.set(tensor, { name: `${part}/${entry.name}`, entry, isBuffer });
    }
  }
  return { prediction: builder.predictionOf(output, table, endcap), weights };
}

/** Writes the weights of a traced network and what they are used for. */
function networkPrediction(
  builder: NodeBuilder,
  { prediction, weights }: ReturnType<typeof traceMember>,
  model: Model,
): string {
  for (const { name, entry, isBuffer } of weights.values()) {
    builder.floats(name, valuesOf(model, entry, isBuffer), entry.shape);
  }
  return builder.traced(prediction);
}

function valuesOf(model: Model, { offset, shape }: Entry, isBuffer: boolean): Float32Array {
  const size = shape.reduce((product, each) => product * each, 1);
  return (isBuffer ? model.buffers : model.parameters).subarray(offset, offset + size);
}

/** An input of doubles: one value an event, or one row an event. */
function doubles(name: string, width: number | undefined): ValueInfoMessage {
  const dim = [{ dimParam: "events" }, ...(width === undefined ? [] : [{ dimValue: width }])];
  return { name, type: { tensorType: { elemType: elementType.float64, shape: { dim } } } };
}
