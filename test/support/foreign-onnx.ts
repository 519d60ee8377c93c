/** Small ONNX files as other programs write them, for tests of foreign models. */
import { writeFileSync } from "node:fs";
import { attribute, elementType, encodeModel, type NodeMessage } from "../../src/engine/onnx-messages.ts";

/** An input: its name, element type and columns; `null`: one value an event, as a vector. */
export interface ForeignInput {
  readonly name: string;
  readonly type?: keyof typeof elementType;
  readonly columns: number | null;
  /** A fixed number of events. */
  readonly events?: number;
}

/**
 * Writes Σ over inputs of X·W + b, softmaxed or not: `weights` is [all columns, outputs] row by row. With `second`
 * there is another output, `label`.
 */
export function writeForeignOnnx(
  path: string,
  {
    inputs,
    weights,
    outputs,
    softmax = false,
    second = false,
  }: {
    readonly inputs: readonly ForeignInput[];
    readonly weights: readonly number[];
    readonly outputs: number;
    readonly softmax?: boolean;
    readonly second?: boolean;
  },
): void {
  const node = (opType: string, input: string[], output: string, more: NodeMessage["attribute"] = []) => ({
    name: output,
    opType,
    input,
    output: [output],
    attribute: more,
  });
  const nodes: NodeMessage[] = inputs.flatMap(({ name, columns }) => [
    ...(columns === null ? [node("Unsqueeze", [name, "axis"], `${name}/matrix`)] : []),
    node("Cast", [columns === null ? `${name}/matrix` : name], `${name}/float`, [
      attribute("to", { i: elementType.float32 }),
    ]),
  ]);
  const joined = inputs.map(({ name }) => `${name}/float`);
  nodes.push(node("Concat", joined, "joined", [attribute("axis", { i: 1 })]));
  nodes.push(node("MatMul", ["joined", "w"], softmax ? "logits" : "scores"));
  if (softmax) nodes.push(node("Softmax", ["logits"], "scores", [attribute("axis", { i: 1 })]));
  if (second) nodes.push(node("ArgMax", ["scores"], "label", [attribute("axis", { i: 1 })]));
  const value = (
    name: string,
    type: keyof typeof elementType,
    columns: number | null,
    events: number | undefined,
  ) => ({
    name,
    type: {
      tensorType: {
        elemType: elementType[type],
        shape: {
          dim: [
            events === undefined ? { dimParam: "N" } : { dimValue: events },
            ...(columns === null ? [] : [{ dimValue: columns }]),
          ],
        },
      },
    },
  });
  const w = Float32Array.from(weights);
  writeFileSync(
    path,
    encodeModel({
      name: "foreign",
      node: nodes,
      initializer: [
        {
          name: "w",
          dims: [weights.length / outputs, outputs],
          dataType: elementType.float32,
          rawData: new Uint8Array(w.buffer),
        },
        {
          name: "axis",
          dims: [1],
          dataType: elementType.int64,
          rawData: new Uint8Array(BigInt64Array.of(1n).buffer),
        },
      ],
      input: inputs.map(({ name, type = "float32", columns, events }) => value(name, type, columns, events)),
      output: [
        value("scores", "float32", outputs, undefined),
        ...(second ? [value("label", "int64", 1, undefined)] : []),
      ],
    }),
  );
}
