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

/** Values of an event in a fold. */
export interface FoldWidths {
  readonly features: number;
  readonly targets: number;
}

/** A fold that is put together of rows of pieces. */
export class FoldAssembly {
  readonly #widths: FoldWidths;
  readonly #features: Float32Array;
  readonly #targets: Float32Array;
  readonly #weights: Float32Array;
  readonly #columns: Table[] = [];
  #filled = 0;
  #isWeighted = false;

  /** @param rowCount of the whole fold. */
  constructor(rowCount: number, widths: FoldWidths) {
    this.#widths = widths;
    this.#features = new Float32Array(rowCount * widths.features);
    this.#targets = new Float32Array(rowCount * widths.targets);
    this.#weights = new Float32Array(rowCount);
  }

  /** Copies rows of a piece behind those that are there. */
  add({ features, targets, weights, columns }: FoldEvents, rows: Int32Array): void {
    copyRows(features, rows, this.#widths.features, this.#features, this.#filled);
    copyRows(targets, rows, this.#widths.targets, this.#targets, this.#filled);
    if (weights) copyRows(weights, rows, 1, this.#weights, this.#filled);
    this.#isWeighted = weights !== undefined;
    this.#columns.push(selectRows(tableOf(columns), rows));
    this.#filled += rows.length;
  }

  /** The fold, when all of its rows are there. */
  finish(): FoldEvents {
    return {
      features: this.#features,
      targets: this.#targets,
      weights: this.#isWeighted ? this.#weights : undefined,
      columns: concatenateTables(this.#columns).columns,
    };
  }
}

/** Copies rows of a matrix `[rows, width]` into another one, from row `first` on. */
function copyRows(
  from: Float32Array,
  rows: Int32Array,
  width: number,
  into: Float32Array,
  first: number,
): void {
  let at = first * width;
  for (let i = 0; i < rows.length; i++) {
    const start = rows[i]! * width;
    for (let j = start; j < start + width; j++) into[at++] = from[j]!;
  }
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
