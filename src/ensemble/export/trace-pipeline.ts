/** Fitted preprocessing as nodes: from raw columns to standardised features, in double precision. */
import type { FittedStep, ModuleStep, Pipeline } from "../../data/index.ts";
import { ConfigurationError, unknownName } from "../../errors/index.ts";
import type { NodeBuilder } from "./node-builder.ts";
import { type TracedTable, traceCartesian } from "./trace-cartesian.ts";
import { traceColumns } from "./trace-columns.ts";
import { traceColumnStep } from "./trace-steps.ts";
import {
  cleaned,
  type ExportedInput,
  RawColumns,
  type TracedColumn,
  withoutMissing,
} from "./traced-columns.ts";

/** How the graph takes the raw columns: one input each, or one matrix. */
export type InputForm = "columns" | "matrix";

/** Name of the one input of the form "matrix". */
export const matrixName = "events";

/** The value of a graph's input, before inputs get their own names. */
export function inputValue(name: string): string {
  return `input:${name}`;
}

export interface TracedPipeline {
  /** The raw columns that enter, in their order. */
  readonly inputs: readonly ExportedInput[];
  /** `[events, features]`, doubles; missing values are NaN. */
  readonly features: string;
}

/**
 * Writes the nodes of a pipeline.
 *
 * @param names the columns of a raw table: they decide which vectors there are.
 * @throws ConfigurationError for a step in the user's own code; UnknownNameError for a feature that is not there.
 */
export function tracePipeline(
  builder: NodeBuilder,
  pipeline: Pipeline,
  names: readonly string[],
  form: InputForm,
): TracedPipeline {
  const { steps, continuous, categorical, scaler } = pipeline;
  const raw = new RawColumns(builder);
  const [first, ...others] = steps;
  const atOnce = first?.kind === "missing" ? first.values : undefined;
  let table: TracedTable = new Map(names.map((name) => [name, raw.column(name, atOnce !== undefined)]));
  for (const step of atOnce === undefined ? steps : others) table = traceStep(builder, table, step);
  const column = (name: string): TracedColumn => {
    const found = table.get(name);
    if (found === undefined) throw unknownName("feature", name, [...table.keys()]);
    return found;
  };
  for (const name of continuous) column(name).need();
  for (const map of categorical) column(map.name).need(map);

  const inputs = raw.inputs(names);
  writeInputs(builder, raw, inputs, form, atOnce);
  const parts: string[] = [];
  if (continuous.length > 0) {
    let scaled = builder.join(continuous.map((name) => column(name).numbers()));
    if (scaler !== undefined) {
      const { means, standardDeviations } = scaler;
      const row = [1, means.length];
      scaled = builder.node("Sub", [scaled, builder.doubles("preprocessing/means", means, row)]);
      scaled = builder.node("Div", [
        scaled,
        builder.doubles("preprocessing/standardDeviations", standardDeviations, row),
      ]);
    }
    parts.push(withoutMissing(builder, scaled, []));
  }
  for (const map of categorical) {
    const codes = column(map.name).codes(map);
    parts.push(builder.node("Where", [builder.isFinite(codes, "float64"), codes, builder.double(-1)]));
  }
  return { inputs, features: builder.join(parts) };
}

function traceStep(builder: NodeBuilder, table: TracedTable, step: FittedStep): TracedTable {
  switch (step.kind) {
    case "missing":
      return new Map([...table].map(([name, column]) => [name, cleaned(builder, column, step.values)]));
    case "rename":
      return new Map(
        [...table].map(([name, column]) => [
          Object.hasOwn(step.columns, name) ? step.columns[name]! : name,
          column,
        ]),
      );
    case "cartesian":
      return traceCartesian(builder, table, step);
    case "columns":
      return traceColumns(builder, table, step);
    case "module":
      throw cannotExport(step);
    default:
      return traceColumnStep(builder, table, step);
  }
}

/** @throws ConfigurationError for a pipeline with a step in the user's own code. */
export function checkExportable({ steps }: Pipeline): void {
  for (const step of steps) if (step.kind === "module") throw cannotExport(step);
}

function cannotExport({ name, module }: ModuleStep): ConfigurationError {
  return new ConfigurationError(
    `export: the pipeline has the step "${name}" of "${module}", code of your own, which no ONNX file can hold; export the weights with --safetensors, or train without this step.`,
  );
}

/** Makes one matrix of the inputs, takes the missing values out, and cuts it into columns. */
function writeInputs(
  builder: NodeBuilder,
  raw: RawColumns,
  inputs: readonly ExportedInput[],
  form: InputForm,
  missing: readonly number[] | undefined,
): void {
  const numberCount = inputs.filter(({ kind }) => kind !== "code").length;
  const numbers = inputs.slice(0, numberCount);
  const codes = inputs.slice(numberCount);
  const upright = ({ name }: ExportedInput): string =>
    builder.node("Unsqueeze", [inputValue(name), builder.names.integers([1])]);
  const all = inputValue(matrixName);
  if (numberCount > 0) {
    const whole =
      form === "columns"
        ? builder.join(numbers.map(upright))
        : codes.length === 0
          ? all
          : builder.columns(all, 0, numberCount);
    const clean = missing === undefined ? whole : withoutMissing(builder, whole, missing);
    const values = numbers.map(() => builder.names.fresh("column"));
    if (values.length === 1) raw.set(numbers[0]!.name, clean);
    else {
      const sizes = builder.names.integers(values.map(() => 1));
      builder.nodeInto(values, "Split", [clean, sizes], { axis: { i: 1 } });
      for (const [i, { name }] of numbers.entries()) raw.set(name, values[i]!);
    }
  }
  for (const [i, input] of codes.entries()) {
    const at = numberCount + i;
    raw.set(input.name, form === "columns" ? upright(input) : builder.columns(all, at, at + 1));
  }
}
