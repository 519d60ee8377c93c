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
  selectValues,
  type Table,
} from "../data/index.ts";
import type { Analysis } from "./analysis.ts";
import { type LabelledEvents, rowsOfMatrix } from "./labelled-events.ts";
import { identifiersOf } from "./predictions-file.ts";
import type { TrainingWeightScale } from "./training-weight-scale.ts";

/** A piece of the events, ready to be dealt into folds. */
export interface PreparedPiece {
  /** `[events, features]`. */
  readonly features: Float32Array;
  readonly featureCount: number;
  /** `[events, targets]`. */
  readonly targets: Float32Array;
  readonly targetCount: number;
  readonly weights: Float32Array | undefined;
  /** Carried along: ids, weights as they were, shifted values. */
  readonly columns: Readonly<Record<string, Column>>;
}

/** @param scale of the weights; default: they stay as they are. */
export async function preparedPiece(
  analysis: Analysis,
  pipeline: Pipeline,
  events: LabelledEvents,
  scale: TrainingWeightScale | undefined,
  options: ApplyPipelineOptions,
): Promise<PreparedPiece> {
  const { table, targets, targetCount, weights } = events;
  const { features, featureCount, table: transformed } = await applyPipeline(pipeline, table, options);
  const scaled = scale === undefined ? weights : scale.scaled(events);
  return {
    features,
    featureCount,
    targets,
    targetCount,
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

/** Some rows of a piece as a fold holds them. */
export function foldOfPiece(piece: PreparedPiece, rows: Int32Array): FoldEvents {
  const { features, featureCount, targets, targetCount, weights, columns } = piece;
  const chosen = Object.entries(columns).map(([name, column]) => [name, selectValues(column, rows)]);
  return {
    features: rowsOfMatrix(features, rows, featureCount),
    targets: rowsOfMatrix(targets, rows, targetCount),
    weights: weights && selectValues(weights, rows),
    columns: Object.fromEntries(chosen),
  };
}

/** Parts of a fold, one behind the other. */
export function joinedFold(parts: readonly FoldEvents[]): FoldEvents {
  const [first] = parts;
  if (first === undefined || parts.length === 1) return first!;
  const columns = parts.map((part) => ({ rowCount: part.targets.length, columns: part.columns }));
  return {
    features: joined(parts.map(({ features }) => features)),
    targets: joined(parts.map(({ targets }) => targets)),
    weights: first.weights && joined(parts.map(({ weights }) => weights!)),
    columns: concatenateTables(columns).columns,
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
