/** `exportTreesOnnx`: a forest or boosted trees alone as an ONNX file, checked before it exists. */
import { writeFile } from "node:fs/promises";
import { writeAtomically } from "../../data/atomic-file.ts";
import { valueInfo } from "../../engine/graph-writer.ts";
import { Session } from "../../engine/index.ts";
import { encodeModel, type GraphMessage } from "../../engine/onnx-messages.ts";
import { DataError } from "../../errors/index.ts";
import type { Columns, TreeEnsemble } from "../../trees/index.ts";
import { exportTolerance } from "./check-export.ts";
import { NodeBuilder } from "./node-builder.ts";
import { traceTreeOperator } from "./trace-tree-operator.ts";

/** Options of `exportTreesOnnx`. */
export interface ExportTreesOptions {
  /** Events on which the file must agree with the trees, a column a feature; NaN is missing. */
  readonly columns: Columns;
  /** Texts to store beside the features' names and the largest difference. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/** What was compared. */
export interface ExportedTrees {
  readonly eventCount: number;
  /** |difference| / max(1, |prediction|), the largest of all events and outputs. */
  readonly largestDifference: number;
}

/**
 * Writes trees as one ONNX file with the operator for trees (TreeEnsembleRegressor, ai.onnx.ml 3, beside operator set
 * 17): input `inputs`, single precision, `[events, features]`, NaN where missing; output `prediction`, `[events, outputs]`.
 * The file appears only when it agrees with the trees' own predictions to 1e-5 · max(1, |prediction|).
 *
 * The operator compares in single precision: the values are rounded to it first, here and there.
 *
 * @throws DataError without events, or if the predictions differ.
 */
export async function exportTreesOnnx(
  path: string,
  trees: TreeEnsemble,
  { columns, metadata = {} }: ExportTreesOptions,
): Promise<ExportedTrees> {
  const single = columns.map((column) => Float32Array.from(column));
  const eventCount = single[0]?.length ?? 0;
  if (eventCount === 0) throw new DataError("export: there is no event to check the file on.");
  const graph = treeGraph(trees);
  const found = await predictionOf(encodeModel(graph), single);
  const expected = trees.predict(single);
  let largestDifference = 0;
  for (const [i, ours] of expected.entries()) {
    const difference = Math.abs(ours - found[i]!) / Math.max(1, Math.abs(ours));
    if (!(difference <= exportTolerance)) {
      throw new DataError(
        `export: for event ${Math.floor(i / trees.outputs) + 1} the file would give ${found[i]}, the trees give ${ours}; that is more than ${exportTolerance} apart, so nothing was written.`,
      );
    }
    largestDifference = Math.max(largestDifference, difference);
  }
  const notes = {
    "lumin.features": JSON.stringify(trees.featureNames ?? columns.map((_, f) => String(f))),
    "lumin.task": trees.task,
    "lumin.largestDifference": String(largestDifference),
    ...metadata,
  };
  const model = encodeModel(graph, { metadata: notes });
  await writeAtomically(path, (temporary) => writeFile(temporary, model));
  return { eventCount, largestDifference };
}

function treeGraph(trees: TreeEnsemble): GraphMessage {
  const builder = new NodeBuilder(new Map(), new Map());
  const prediction = traceTreeOperator(builder, trees, "inputs");
  builder.nodeInto(["prediction"], "Identity", [prediction]);
  return {
    name: "trees",
    node: builder.nodes,
    initializer: builder.names.initializers,
    input: [valueInfo("inputs", ["events", trees.featureCount], "float32")],
    output: [valueInfo("prediction", ["events", trees.outputs], "float32")],
  };
}

/** The file's prediction for all events. */
async function predictionOf(model: Uint8Array, columns: readonly Float32Array[]): Promise<ArrayLike<number>> {
  const session = await Session.create(model);
  try {
    const [width, eventCount] = [columns.length, columns[0]!.length];
    const rows = new Float32Array(eventCount * width);
    for (const [f, column] of columns.entries()) {
      for (let i = 0; i < eventCount; i++) rows[i * width + f] = column[i]!;
    }
    const results = await session.run({ inputs: { data: rows, shape: [eventCount, width] } });
    return results.prediction!.data as Float32Array;
  } finally {
    await session.release();
  }
}
