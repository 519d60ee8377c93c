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
  type Table,
  tableOf,
} from "../data/index.ts";
import type { Analysis } from "./analysis.ts";
import type { LabelledEvents } from "./labelled-events.ts";
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

/** Some rows of a piece. */
export interface PieceRows {
  readonly piece: PreparedPiece;
  readonly rows: Int32Array;
}

/** Rows of pieces, one piece behind the other, as a fold holds them. */
export function foldOfRows(parts: readonly PieceRows[]): FoldEvents {
  const [{ piece }] = parts as readonly [PieceRows, ...PieceRows[]];
  const rowsOf = (width: number, values: (piece: PreparedPiece) => Float32Array): Float32Array =>
    joinedRows(
      parts.map(({ piece, rows }) => [values(piece), rows]),
      width,
    );
  const columns = parts.map(({ piece, rows }) => selectRows(tableOf(piece.columns), rows));
  return {
    features: rowsOf(piece.featureCount, ({ features }) => features),
    targets: rowsOf(piece.targetCount, ({ targets }) => targets),
    weights: piece.weights && rowsOf(1, ({ weights }) => weights!),
    columns: concatenateTables(columns).columns,
  };
}

/** Chosen rows of matrices `[rows, width]`, one below the other. */
function joinedRows(
  parts: readonly (readonly [values: Float32Array, rows: Int32Array])[],
  width: number,
): Float32Array {
  const rowCount = parts.reduce((sum, [, rows]) => sum + rows.length, 0);
  const joined = new Float32Array(rowCount * width);
  let at = 0;
  for (const [values, rows] of parts) {
    for (let i = 0; i < rows.length; i++) {
      const from = rows[i]! * width;
      for (let j = from; j < from + width; j++) joined[at++] = values[j]!;
    }
  }
  return joined;
}

/** Parts of a fold, one behind the other. */
export function joinedFold(parts: readonly FoldEvents[]): FoldEvents {
  const [first] = parts;
  if (first === undefined || parts.length === 1) return first!;
  const joined = (values: (part: FoldEvents) => Float32Array): Float32Array =>
    concatenated(parts.map(values));
  return {
    features: joined(({ features }) => features),
    targets: joined(({ targets }) => targets),
    weights: first.weights && joined(({ weights }) => weights!),
    columns: concatenateTables(parts.map(({ columns }) => tableOf(columns))).columns,
  };
}

function concatenated(parts: readonly Float32Array[]): Float32Array {
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
