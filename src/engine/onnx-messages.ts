/** The messages of the ONNX format that we write, as a protobuf schema (onnx.proto, IR version 8). */
import protobuf from "protobufjs/light.js";

/** Numbers of the format's element types. */
export const elementType = { float32: 1, uint8: 2, int32: 6, int64: 7, bool: 9, float64: 11 } as const;

/** Numbers of the format's attribute kinds. */
const attributeKind = { f: 1, i: 2, s: 3, t: 4, g: 5, floats: 6, ints: 7, strings: 8 } as const;

export interface TensorMessage {
  readonly name?: string;
  readonly dims: readonly number[];
  readonly dataType: number;
  readonly rawData: Uint8Array;
}

export interface AttributeMessage {
  readonly name: string;
  readonly type: number;
  readonly f?: number;
  readonly i?: number;
  readonly s?: Uint8Array;
  readonly t?: TensorMessage;
  readonly g?: GraphMessage;
  readonly floats?: readonly number[];
  readonly ints?: readonly number[];
  readonly strings?: readonly Uint8Array[];
}

export interface NodeMessage {
  readonly name?: string;
  /** Set of operators that it is of; the general one where absent. */
  readonly domain?: string;
  readonly opType: string;
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly attribute: readonly AttributeMessage[];
}

export interface ValueInfoMessage {
  readonly name: string;
  readonly type: {
    readonly tensorType: {
      readonly elemType: number;
      readonly shape: {
        readonly dim: readonly ({ readonly dimValue: number } | { readonly dimParam: string })[];
      };
    };
  };
}

export interface GraphMessage {
  readonly name: string;
  readonly node: readonly NodeMessage[];
  readonly initializer: readonly TensorMessage[];
  readonly input: readonly ValueInfoMessage[];
  readonly output: readonly ValueInfoMessage[];
}

/** What an attribute may hold: a number that is written as integer or as float, text, lists of these, a graph. */
export type AttributeValue =
  | { readonly i: number }
  | { readonly f: number }
  | { readonly s: string }
  | { readonly ints: readonly number[] }
  | { readonly floats: readonly number[] }
  | { readonly strings: readonly string[] }
  | { readonly g: GraphMessage };

export function attribute(name: string, value: AttributeValue): AttributeMessage {
  const encoder = new TextEncoder();
  if ("s" in value) return { name, type: attributeKind.s, s: encoder.encode(value.s) };
  if ("strings" in value) {
    return { name, type: attributeKind.strings, strings: value.strings.map((text) => encoder.encode(text)) };
  }
  const kind = Object.keys(value)[0] as keyof typeof attributeKind;
  return { name, type: attributeKind[kind], ...value };
}

const field = (id: number, type: string) => ({ id, type });
const repeated = (id: number, type: string) => ({ id, type, rule: "repeated" });

const schema = protobuf.Root.fromJSON({
  nested: {
    Dimension: { fields: { dimValue: field(1, "int64"), dimParam: field(2, "string") } },
    TensorShape: { fields: { dim: repeated(1, "Dimension") } },
    TensorType: { fields: { elemType: field(1, "int32"), shape: field(2, "TensorShape") } },
    Type: { fields: { tensorType: field(1, "TensorType") } },
    ValueInfo: { fields: { name: field(1, "string"), type: field(2, "Type") } },
    TensorData: {
      fields: {
        dims: repeated(1, "int64"),
        dataType: field(2, "int32"),
        name: field(8, "string"),
        rawData: field(9, "bytes"),
      },
    },
    Attribute: {
      fields: {
        name: field(1, "string"),
        f: field(2, "float"),
        i: field(3, "int64"),
        s: field(4, "bytes"),
        t: field(5, "TensorData"),
        g: field(6, "Graph"),
        floats: repeated(7, "float"),
        ints: repeated(8, "int64"),
        strings: repeated(9, "bytes"),
        type: field(20, "int32"),
      },
    },
    Node: {
      fields: {
        input: repeated(1, "string"),
        output: repeated(2, "string"),
        name: field(3, "string"),
        opType: field(4, "string"),
        attribute: repeated(5, "Attribute"),
        domain: field(7, "string"),
      },
    },
    Graph: {
      fields: {
        node: repeated(1, "Node"),
        name: field(2, "string"),
        initializer: repeated(5, "TensorData"),
        input: repeated(11, "ValueInfo"),
        output: repeated(12, "ValueInfo"),
      },
    },
    OperatorSet: { fields: { domain: field(1, "string"), version: field(2, "int64") } },
    MetadataEntry: { fields: { key: field(1, "string"), value: field(2, "string") } },
    Model: {
      fields: {
        irVersion: field(1, "int64"),
        producerName: field(2, "string"),
        producerVersion: field(3, "string"),
        graph: field(7, "Graph"),
        opsetImport: repeated(8, "OperatorSet"),
        metadataProps: repeated(14, "MetadataEntry"),
      },
    },
  },
});

/** What a file says about itself. */
export interface ModelNotes {
  readonly producerVersion?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** The operators of classical machine learning, and the version of theirs that goes with operator set 17. */
export const classicalOperators = { domain: "ai.onnx.ml", version: 3 } as const;

/** The bytes of an .onnx file: operator set 17, IR version 8; with trees as nodes also that of classical operators. */
export function encodeModel(
  graph: GraphMessage,
  { producerVersion, metadata = {} }: ModelNotes = {},
): Uint8Array {
  const model = schema.lookupType("Model");
  return model
    .encode({
      irVersion: 8,
      producerName: "lumin-hep",
      ...(producerVersion === undefined ? {} : { producerVersion }),
      graph,
      opsetImport: [
        { domain: "", version: 17 },
        ...(graph.node.some(({ domain }) => domain === classicalOperators.domain)
          ? [classicalOperators]
          : []),
      ],
      metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    })
    .finish();
}
