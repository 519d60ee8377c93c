/** Columns with any number of values an event, as ROOT files have them. */
import type { Column, NumberColumn } from "../table.ts";

/** Several values an event: those of event i are `values[offsets[i]]` to `values[offsets[i + 1] - 1]`. */
export interface RaggedColumn {
  /** `[events + 1]`, ascending; from 0, but in a part of a column. */
  readonly offsets: Uint32Array;
  readonly values: NumberColumn;
}

/** What one branch holds: one value an event, or several. */
export type BranchColumn = Column | RaggedColumn;

/** Whether a branch holds several values an event. */
export function isRagged(column: BranchColumn): column is RaggedColumn {
  return !Array.isArray(column) && !ArrayBuffer.isView(column);
}

/**
 * The value at one position of every event, such as the transverse momentum of the leading muon; NaN where an event
 * has fewer. Whole numbers become doubles.
 *
 * @throws RangeError for a negative or fractional index.
 */
export function elementOf(column: RaggedColumn, index: number): Float32Array | Float64Array {
  if (!Number.isInteger(index) || index < 0) {
    throw new RangeError(`elementOf: the index must be a whole number from 0, got ${index}.`);
  }
  const { offsets, values } = column;
  const count = offsets.length - 1;
  const element = values instanceof Float32Array ? new Float32Array(count) : new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const at = offsets[i]! + index;
    element[i] = at < offsets[i + 1]! ? Number(values[at]!) : Number.NaN;
  }
  return element;
}

/** How many values each event has. */
export function countsOf(column: RaggedColumn): Int32Array {
  const counts = new Int32Array(column.offsets.length - 1);
  for (let i = 0; i < counts.length; i++) counts[i] = column.offsets[i + 1]! - column.offsets[i]!;
  return counts;
}
