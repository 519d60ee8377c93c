/** Folds that are put together of rows of the pieces that events come in. */
import type { FoldEvents } from "./fold-file.ts";
import { concatenateTables, selectRows, type Table, tableOf } from "./table.ts";

/** Values of an event in a fold. */
export interface FoldWidths {
  readonly features: number;
  readonly targets: number;
}

/** One fold. */
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
