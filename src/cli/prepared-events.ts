/** Events as fold files hold them: prepared piece by piece, dealt into folds, joined. */
import {
  type ApplyPipelineOptions,
  applyPipeline,
  type Block,
  type Column,
  columnOf,
  concatenateTables,
  expandNames,
  type FoldEvents,
  type Pipeline,
  type ShiftedColumn,
  selectRows,
  selectValues,
  type Table,
  tableOf,
} from "../data/index.ts";
import type { Analysis } from "./analysis.ts";
import { type LabelledEvents, rowsOfMatrix } from "./labelled-events.ts";
import { identifiersOf } from "./predictions-file.ts";
import type { TrainingWeightScale } from "./training-weight-scale.ts";

/**
 * Events of a piece as folds hold them.
 *
 * @param scale of the weights; default: they stay as they are.
 */
export async function preparedEvents(
  analysis: Analysis,
  pipeline: Pipeline,
  events: LabelledEvents,
  scale: TrainingWeightScale | undefined,
  options: ApplyPipelineOptions,
): Promise<FoldEvents> {
  const { table, targets, weights } = events;
  const { features, table: transformed } = await applyPipeline(pipeline, table, options);
  const scaled = scale === undefined ? weights : scale.scaled(events);
  return {
    features,
    targets,
    weights: scaled && Float32Array.from(scaled),
    columns: { ...carriedColumns(analysis, table, weights), ...variedColumns(analysis, transformed) },
  };
}

/** Events dealt into folds. @param rowsOfFold for each fold the rows of its events. */
export async function dealtEvents(
  analysis: Analysis,
  pipeline: Pipeline,
  events: LabelledEvents,
  scale: TrainingWeightScale,
  rowsOfFold: readonly Int32Array[],
  options: ApplyPipelineOptions,
): Promise<FoldEvents[]> {
  const { features, targets, weights, columns } = await preparedEvents(
    analysis,
    pipeline,
    events,
    scale,
    options,
  );
  const featureCount = pipeline.continuous.length + pipeline.categorical.length;
  return rowsOfFold.map((rows) => ({
    features: rowsOfMatrix(features, rows, featureCount),
    targets: rowsOfMatrix(targets, rows, events.targetCount),
    weights: weights && selectValues(weights, rows),
    columns: selectRows(tableOf(columns), rows).columns,
  }));
}

/** The columns that systematic variations take shifted values from. */
function variedColumns({ augmentation }: Analysis, table: Table): Record<string, Column> {
  if (augmentation === "off" || !("length" in augmentation)) return {};
  const shifts = augmentation.flatMap((transform) =>
    transform.kind === "variation"
      ? Object.values(transform.nuisances).flatMap(Object.values<ShiftedColumn>)
      : [],
  );
  const names = shifts.flatMap(({ up, down }) => [up, down]).filter((value) => typeof value === "string");
  return Object.fromEntries(
    expandNames(names, Object.keys(table.columns), "augmentation: column").map((name) => [
      name,
      columnOf(table, name),
    ]),
  );
}

function carriedColumns(
  { folds, input }: Analysis,
  table: Table,
  weights: Float64Array | undefined,
): Record<string, Column> {
  const carried = expandNames(folds.columns, Object.keys(table.columns), "folds.columns: column");
  return {
    ...identifiersOf(table, input.id),
    ...(weights === undefined ? {} : { original_weight: weights }),
    ...Object.fromEntries(carried.map((name) => [name, columnOf(table, name)])),
  };
}

/** Parts of a fold, one behind the other. */
export function joinedFold(parts: readonly FoldEvents[]): FoldEvents {
  const [first] = parts;
  const floats = (values: (part: FoldEvents) => Float32Array): Float32Array => joined(parts.map(values));
  return {
    features: floats(({ features }) => features),
    targets: floats(({ targets }) => targets),
    weights: first?.weights && floats(({ weights }) => weights!),
    columns: concatenateTables(parts.map(({ columns }) => tableOf(columns))).columns,
  };
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

// No column of a fold file has a name with "/".
const [featuresKey, targetsKey, weightsKey] = ["/features", "/targets", "/weights"] as const;

/** Events of a fold, to be put aside. */
export function blockOfFold({ features, targets, weights, columns }: FoldEvents): Block {
  return {
    [featuresKey]: features,
    [targetsKey]: targets,
    ...(weights === undefined ? {} : { [weightsKey]: weights }),
    ...columns,
  };
}

/** The events that were put aside. */
export function foldOfBlock(block: Block): FoldEvents {
  const { [featuresKey]: features, [targetsKey]: targets, [weightsKey]: weights, ...columns } = block;
  return {
    features: features as Float32Array,
    targets: targets as Float32Array,
    weights: weights as Float32Array | undefined,
    columns,
  };
}
