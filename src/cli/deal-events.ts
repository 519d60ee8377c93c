/** Which events are set aside for validation, and which fold each of the others is in. */
import { Stream } from "../array/index.ts";
import {
  type Column,
  columnOf,
  contiguousFolds,
  expandNames,
  foldNumbersByHash,
  foldsByColumn,
  isHeldByHash,
  rowsOfFolds,
  StratumCoder,
  stratifiedFolds,
  stratifiedSplit,
  type Table,
  type TableSource,
} from "../data/index.ts";
import { unknownName } from "../errors/index.ts";
import type { Analysis } from "./analysis.ts";

/** 1 for the events that are set aside for validation, in proportion of the classes or by the hash of their id. */
export async function validationMarks(
  analysis: Analysis,
  source: TableSource,
  fraction: number,
): Promise<Uint8Array> {
  const { by } = analysis.folds;
  if (by !== undefined) {
    const marks = new Uint8Array(source.rowCount);
    await gather(source, marks, (piece) => isHeldByHash(idColumns(by, piece), fraction, by.join(", ")));
    return marks;
  }
  const { validation } = stratifiedSplit(
    source.rowCount,
    fraction,
    [await stratumNumbers(analysis, source)],
    new Stream(analysis.seed, "validation split"),
  );
  const marks = new Uint8Array(source.rowCount);
  for (const row of validation) marks[row] = 1;
  return marks;
}

/** The rows of each fold, as the analysis asks for them. */
export async function dealtFolds(analysis: Analysis, source: TableSource): Promise<Int32Array[]> {
  const { folds, seed } = analysis;
  const { rowCount } = source;
  if (folds.by !== undefined) {
    const foldOf = new Int32Array(rowCount);
    let names: readonly string[] = folds.by;
    await gather(source, foldOf, (piece) => {
      names = expandNames(folds.by!, Object.keys(piece.columns), "folds.by: column");
      return foldNumbersByHash(idColumns(names, piece), folds.count, names.join(", "));
    });
    return rowsOfFolds(foldOf, folds.count, names.join(", "));
  }
  if (folds.column !== undefined) {
    const name = folds.column;
    const numbers = new Float64Array(rowCount);
    await gather(source, numbers, (piece) => {
      const known = Object.keys(piece.columns);
      if (!known.includes(name)) throw unknownName("folds.column", name, known);
      return Float64Array.from(columnOf(piece, name) as ArrayLike<string | number | bigint>, foldNumber);
    });
    return foldsByColumn(numbers, name);
  }
  if (folds.order === "contiguous") return contiguousFolds(rowCount, folds.count);
  return stratifiedFolds(
    rowCount,
    folds.count,
    [await stratumNumbers(analysis, source)],
    new Stream(seed, "folds"),
  );
}

function foldNumber(value: string | number | bigint): number {
  return value === "" ? Number.NaN : Number(value);
}

/** A number for each combination of the columns whose proportions folds and splits keep. */
async function stratumNumbers(analysis: Analysis, source: TableSource): Promise<Int32Array> {
  const numbers = new Int32Array(source.rowCount);
  const coder = new StratumCoder();
  await gather(source, numbers, (piece) => {
    const keys = stratificationKeys(analysis, piece);
    return keys.length === 0 ? new Int32Array(piece.rowCount) : coder.codes(keys);
  });
  return numbers;
}

/** The columns whose proportions folds and splits keep. */
function stratificationKeys(analysis: Analysis, table: Table): readonly Column[] {
  const { folds, target, features } = analysis;
  const known = Object.keys(table.columns);
  if (folds.stratify === false) return [];
  if (folds.stratify !== true) {
    return expandNames(folds.stratify, known, "folds.stratify: column").map((name) => columnOf(table, name));
  }
  // Categorical features that only exist after a transform cannot be used here; those of the file can.
  const present = features.categorical.filter((name) => known.includes(name));
  return [...(target.task === "regression" ? [] : target.columns), ...present].map((name) =>
    columnOf(table, name),
  );
}

function idColumns(names: readonly string[], table: Table): Column[] {
  return expandNames(names, Object.keys(table.columns), "folds.by: column").map((name) =>
    columnOf(table, name),
  );
}

/** Fills an array with what is told of each piece. */
async function gather<A extends Uint8Array | Int32Array | Float64Array>(
  source: TableSource,
  into: A,
  valuesOf: (piece: Table) => A,
): Promise<void> {
  let first = 0;
  for await (const piece of source.pieces()) {
    into.set(valuesOf(piece), first);
    first += piece.rowCount;
  }
}
