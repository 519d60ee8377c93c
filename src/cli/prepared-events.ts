/** Events as fold files hold them: prepared piece by piece, dealt into folds, joined. */
import {
  type ApplyPipelineOptions,
  applyPipeline,
  type Block,
  type Column,
  columnOf,
  expandNames,
  type FoldEvents,
  type Pipeline,
  type ShiftedColumn,
  type Table,
} from "../data/index.ts";
import type { Analysis } from "./analysis.ts";
import type { LabelledEvents } from "./labelled-events.ts";
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
