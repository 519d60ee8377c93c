/** `exportOnnx`: an ensemble with its preprocessing as one ONNX file, checked before it exists. */
import { writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { writeAtomically, writeText } from "../../data/atomic-file.ts";
import { type AugmentationPlan, numbersOf, type Pipeline, selectRows, type Table } from "../../data/index.ts";
import { encodeModel } from "../../engine/onnx-messages.ts";
import { DataError } from "../../errors/index.ts";
import type { Ensemble } from "../ensemble.ts";
import { TreeModel } from "../tree-model.ts";
import { checkExport, type ExportCheck } from "./check-export.ts";
import { exportGraph, type TreeForm } from "./export-graph.ts";
import { cppSnippet, pythonSnippet } from "./snippets.ts";
import type { InputForm } from "./trace-pipeline.ts";
import type { ExportedInput } from "./traced-columns.ts";

/** Options of `exportOnnx`. */
export interface ExportOnnxOptions {
  readonly ensemble: Ensemble;
  /** The preprocessing of the training; it becomes part of the graph. */
  readonly pipeline: Pipeline;
  /** Average over the variants of this plan, as test-time augmentation does. */
  readonly plan?: AugmentationPlan | undefined;
  /** Raw events on which the graph must agree with the ensemble; 4,000 at most are used, evenly spread. */
  readonly events: Table;
  /** One input a raw column `[events]` (the default), or all in one matrix `[events, columns]`. */
  readonly inputs?: InputForm | undefined;
  /**
   * Trees as plain operators (the default), which every runtime has, or each model as one node of the operator for
   * trees (ai.onnx.ml 3), which is faster and which not all have.
   */
  readonly trees?: TreeForm | undefined;
  /** Texts to store beside what is always stored: versions, fingerprints of the data. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  readonly version?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ExportedFile extends ExportCheck {
  readonly inputs: readonly ExportedInput[];
  /** The .onnx file, and the snippets beside it. */
  readonly files: readonly string[];
}

/** Events that the check uses at most. */
const checkedEvents = 4000;

/**
 * Writes an ensemble with its preprocessing as one ONNX file of operator set 17 and IR version 8, plain operators only (but see `trees`),
 * and a snippet of Python and of C++ beside it. The file appears only when its prediction agrees with the ensemble's own
 * on the given events, to 1e-5 · max(1, |prediction|); the largest difference is stored in it.
 *
 * What ONNX cannot do as `predict` does: a category that the training did not have is no error but a vector of zeros
 * in place of its embedding.
 *
 * @throws ConfigurationError for a pipeline with a step in the user's own code; DataError if the predictions differ or
 * the file cannot be written.
 */
export async function exportOnnx(path: string, options: ExportOnnxOptions): Promise<ExportedFile> {
  const { ensemble, pipeline, plan, inputs: form = "columns", version, signal } = options;
  const columnNames = Object.keys(options.events.columns);
  const isAllTrees = ensemble.members.every(({ model }) => model instanceof TreeModel);
  const endcap = isAllTrees ? undefined : await ensemble.builder.resolveEndcap();
  const parts = { ensemble, pipeline, plan, columnNames, form, endcap, trees: options.trees };
  const { graph, inputs, output } = exportGraph(parts);
  const sample = spread(options.events, checkedEvents);
  if (sample.rowCount === 0) throw new DataError("export: there is no event to check the file on.");
  for (const { name, kind } of inputs) if (kind !== "code") numbersOf(sample, name);
  const encode = (metadata: Readonly<Record<string, string>>): Uint8Array =>
    encodeModel(graph, { ...(version === undefined ? {} : { producerVersion: version }), metadata });
  const underTest = { ensemble, pipeline, plan, inputs, output, form };
  const check = await checkExport({ ...underTest, model: encode({}) }, sample, signal ? { signal } : {});
  const metadata = { ...describe(options, inputs, check), ...options.metadata };
  const model = encode(metadata);
  await writeAtomically(path, (temporary) => writeFile(temporary, model));
  const snippet = { file: basename(path), inputs, output, form, outputCount: ensemble.outputCount };
  await writeText(`${path}.py`, [pythonSnippet(snippet)]);
  await writeText(`${path}.cpp`, [cppSnippet(snippet)]);
  return { ...check, inputs, files: [path, `${path}.py`, `${path}.cpp`] };
}

/** At most `count` rows, evenly spread. */
function spread(table: Table, count: number): Table {
  if (table.rowCount <= count) return table;
  return selectRows(
    table,
    Array.from({ length: count }, (_, i) => Math.floor((i * table.rowCount) / count)),
  );
}

/** What the file says about itself. */
function describe(
  { ensemble, pipeline, plan, inputs: form = "columns" }: ExportOnnxOptions,
  inputs: readonly ExportedInput[],
  check: ExportCheck,
): Record<string, string> {
  const { members } = ensemble;
  const [first] = members;
  const { continuous, categorical, scaler, steps } = pipeline;
  const texts: Record<string, unknown> = {
    task: first!.model instanceof TreeModel ? { kind: first!.model.trees.task } : ensemble.builder.task,
    inputs: { form, type: "float64", columns: inputs },
    features: { continuous, categorical },
    scaling: scaler ?? "none",
    steps,
    augmentation: { variants: plan?.count ?? 1 },
    members: members.map(({ model: _, ...member }) => member),
    unseenCategories: "a vector of zeros in place of the embedding",
    check,
  };
  return {
    "lumin.largestDifference": String(check.largestDifference),
    ...Object.fromEntries(
      Object.entries(texts).map(([name, value]) => [`lumin.${name}`, JSON.stringify(value)]),
    ),
  };
}
