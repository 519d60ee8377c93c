/** What an ONNX model declares of its inputs and outputs, against what is known of ours. */
import type { Runtime } from "../engine/provider.ts";
import { ConfigurationError, counted, unknownName } from "../errors/index.ts";

/** How the inputs and outputs of a foreign model belong to ours. */
export interface ForeignModelOptions {
  /** The columns of the pre-processed inputs, in their order: `folds.features`. */
  readonly features: readonly string[];
  /** The features that each of its inputs takes, by the input's name. Default: its only input takes all. */
  readonly inputs?: Readonly<Record<string, readonly string[]>>;
  /** Name of the output that is the prediction. Default: its only output. */
  readonly output?: string;
  /** The columns of the output that are the prediction: `[1]` where a binary classifier gives both classes. Default: all. */
  readonly columns?: readonly number[];
  /** What makes probabilities of the output: `none` (default) where it gives them, `sigmoid` or `softmax` of logits. */
  readonly activation?: "none" | "sigmoid" | "softmax";
}

/** Kinds of elements that an input may have. */
const elementTypes = ["float32", "float64", "int32", "int64"] as const;
type ElementType = (typeof elementTypes)[number];

/** One input of the model, resolved: where its columns lie in ours. */
export interface Feed {
  readonly name: string;
  readonly type: ElementType;
  readonly columns: readonly number[];
  /** `[events]` instead of `[events, columns]`. */
  readonly isVector: boolean;
}

/** A compiled model. */
export type OrtSession = Awaited<ReturnType<Runtime["InferenceSession"]["create"]>>;

/** What each declared input is fed with. */
export function feedsOf(
  session: OrtSession,
  { features, inputs }: ForeignModelOptions,
  where: string,
): Feed[] {
  const declared = session.inputMetadata;
  const names = declared.map(({ name }) => name);
  if (inputs === undefined && declared.length !== 1) {
    throw new ConfigurationError(
      `${where}: it has ${counted(declared.length, "input")} (${names.join(", ")}). Say which features each takes, inputs: { ${names[0]}: ["pt", …], … }.`,
    );
  }
  const taken = inputs ?? { [names[0]!]: features };
  for (const name of Object.keys(taken)) {
    if (!names.includes(name)) throw unknownName(`${where}: the input`, name, names);
  }
  return declared.map((input) => {
    const wanted = taken[input.name];
    if (wanted === undefined) {
      throw new ConfigurationError(`${where}: nothing is said of its input "${input.name}".`);
    }
    if (!input.isTensor || !(elementTypes as readonly string[]).includes(input.type)) {
      throw new ConfigurationError(
        `${where}: its input "${input.name}" holds ${input.isTensor ? input.type : "no tensor"}; only ${elementTypes.join(", ")} can be given.`,
      );
    }
    const columns = wanted.map((name) => {
      const column = features.indexOf(name);
      if (column < 0) throw unknownName(`${where}: the feature`, name, features);
      return column;
    });
    const [events, width = 1] = input.shape;
    const isVector = input.shape.length === 1;
    if (input.shape.length > 2 || (isVector && columns.length !== 1)) {
      throw new ConfigurationError(
        `${where}: its input "${input.name}" has the shape [${input.shape.join(", ")}]; expected [events, ${columns.length}].`,
      );
    }
    if (typeof events === "number" && events >= 0) {
      throw new ConfigurationError(
        `${where}: its input "${input.name}" takes ${counted(events, "event")} at a time. Export it with a free number of events.`,
      );
    }
    if (typeof width === "number" && width >= 0 && width !== columns.length) {
      throw new ConfigurationError(
        `${where}: its input "${input.name}" has ${width} columns, but ${counted(columns.length, "feature")} are given to it (${wanted.slice(0, 5).join(", ")}${wanted.length > 5 ? ", …" : ""}).`,
      );
    }
    return { name: input.name, type: input.type as ElementType, columns, isVector };
  });
}

/** The name of the output that is the prediction. */
export function outputOf(session: OrtSession, { output }: ForeignModelOptions, where: string): string {
  const names = session.outputMetadata.map(({ name }) => name);
  if (output !== undefined) {
    if (!names.includes(output)) throw unknownName(`${where}: the output`, output, names);
    return output;
  }
  if (names.length === 1) return names[0]!;
  throw new ConfigurationError(
    `${where}: it has ${counted(names.length, "output")} (${names.join(", ")}). Say which is the prediction, output: "${names[0]}".`,
  );
}

/** The columns of an input, in its own kind of elements. */
export function gathered(
  inputs: Float32Array,
  rows: number,
  width: number,
  columns: readonly number[],
  type: ElementType,
): Float32Array | Float64Array | Int32Array | BigInt64Array {
  const count = columns.length;
  const value = (at: number): number => inputs[Math.floor(at / count) * width + columns[at % count]!]!;
  const length = rows * count;
  switch (type) {
    case "float32":
      return Float32Array.from({ length }, (_, at) => value(at));
    case "float64":
      return Float64Array.from({ length }, (_, at) => value(at));
    case "int32":
      return Int32Array.from({ length }, (_, at) => value(at));
    case "int64":
      return BigInt64Array.from({ length }, (_, at) => BigInt(Math.trunc(value(at))));
  }
}
