/** Matrices of the objects of events: from columns with any number of values an event, and from a table's columns. */
import { ConfigurationError, counted, DataError } from "../errors/index.ts";
import { type MatrixInputs, matrixLayout } from "./matrix-inputs.ts";
import type { RaggedColumn } from "./root/ragged.ts";
import { numbersOf, type Table } from "./table.ts";

/** Matrices of events, ready for a fold file. */
export interface ObjectMatrices {
  readonly matrix: MatrixInputs;
  /** `[events, …matrix.shape]`, NaN where an object is not there. */
  readonly values: Float32Array;
  /** `[events, objects]`, 1 where an object is there. */
  readonly present: Uint8Array;
}

/** What {@link raggedMatrix} makes. */
export interface RaggedMatrixOptions {
  /** Name of the objects: "Muon" gives Muon[0], Muon[1], …. */
  readonly name: string;
  /** Objects of an event: further ones are left out, absent ones are NaN. */
  readonly count: number;
  /** An object's features lie together (default), or a feature's objects. */
  readonly rowWise?: boolean | undefined;
}

/**
 * The first objects of every event as matrices, padded with NaN where an event has fewer.
 *
 * @param features the values of each feature, all with as many an event: `{ pt: await events.read("Muon_pt"), … }`.
 * @throws ConfigurationError without features or for a count below 1; DataError where two features have different
 * numbers of values in an event.
 * @example
 * const pt = { offsets: Uint32Array.of(0, 2, 2), values: Float32Array.of(30, 20) };
 * raggedMatrix({ pt }, { name: "Muon", count: 3 }).values // Float32Array [30, 20, NaN, NaN, NaN, NaN]
 */
export function raggedMatrix(
  features: Readonly<Record<string, RaggedColumn>>,
  { name, count, rowWise = true }: RaggedMatrixOptions,
): ObjectMatrices {
  if (!Number.isInteger(count) || count < 1) {
    throw new ConfigurationError(`raggedMatrix: expected a number of objects from 1, got ${count}.`);
  }
  const entries = Object.entries(features);
  const objects = Array.from({ length: count }, (_, i) => `${name}[${i}]`);
  const matrix = matrixLayout({ objects, features: entries.map(([feature]) => feature), rowWise });
  const offsets = commonOffsets(name, entries);
  const eventCount = offsets.length - 1;
  const width = entries.length;
  const values = new Float32Array(eventCount * count * width).fill(Number.NaN);
  const present = new Uint8Array(eventCount * count);
  for (let i = 0; i < eventCount; i++) {
    const begin = offsets[i]!;
    const there = Math.min(count, offsets[i + 1]! - begin);
    present.fill(1, i * count, i * count + there);
    for (const [f, [, column]] of entries.entries()) {
      for (let k = 0; k < there; k++) {
        const place = rowWise ? k * width + f : f * count + k;
        values[i * count * width + place] = Number(column.values[begin + k]!);
      }
    }
  }
  return { matrix, values, present };
}

/** Where each event's values begin, which all features share. */
function commonOffsets(name: string, entries: readonly (readonly [string, RaggedColumn])[]): Uint32Array {
  const [first, ...others] = entries;
  const { offsets } = first![1];
  for (const [feature, column] of others) {
    if (column.offsets.length !== offsets.length) {
      throw new DataError(
        `raggedMatrix: ${name}: "${first![0]}" has ${counted(offsets.length - 1, "event")}, but "${feature}" ${column.offsets.length - 1}.`,
      );
    }
    const event = column.offsets.findIndex((offset, i) => offset !== offsets[i]) - 1;
    if (event >= 0) {
      const counts = [offsets, column.offsets].map((each) => each[event + 1]! - each[event]!);
      throw new DataError(
        `raggedMatrix: ${name}: event ${event + 1} has ${counted(counts[0]!, "value")} of "${first![0]}", but ${counts[1]} of "${feature}".`,
      );
    }
  }
  return offsets;
}

/**
 * Matrices `[events, …matrix.shape]` from the columns that the layout names; NaN in entries that it has as absent.
 *
 * @throws UnknownNameError for a column that the table does not have; DataError for text.
 */
export function matrixOfTable(table: Table, { names }: MatrixInputs): Float32Array {
  const values = new Float32Array(table.rowCount * names.length).fill(Number.NaN);
  for (const [place, name] of names.entries()) {
    if (name === undefined) continue;
    const column = numbersOf(table, name);
    for (let i = 0; i < table.rowCount; i++) values[i * names.length + place] = column[i]!;
  }
  return values;
}
