/** Matrix inputs of Python LUMIN's fold files: objects of events, stored beside the flat features. */
import { FileFormatError } from "../errors/index.ts";
import type { Hdf5File } from "./hdf5.ts";
import { singlePrecision } from "./stored-numbers.ts";

/** How the matrices of a file are laid out. */
export interface MatrixInputs {
  /** Names of the matrix's entries in the order in which they are stored: object_feature; undefined: never there. */
  readonly names: readonly (string | undefined)[];
  readonly objects: readonly string[];
  /** Features of an object. */
  readonly features: readonly string[];
  /** Whether an object's features lie together; else a feature's objects. */
  readonly rowWise: boolean;
  readonly isSparse: boolean;
}

/** What `meta_data/matrix_feats` says; undefined for a file without matrices. */
export function readMatrixHeader(file: Hdf5File): MatrixInputs | undefined {
  if (!file.has("meta_data/matrix_feats")) return undefined;
  const entry = file.readJson("meta_data/matrix_feats") as {
    readonly vecs?: readonly string[];
    readonly feats_per_vec?: readonly string[];
    readonly missing?: readonly (number | boolean)[];
    readonly row_wise?: boolean;
    readonly is_sparse?: boolean;
  };
  const { vecs: objects, feats_per_vec: features, missing = [], row_wise: rowWise = true } = entry;
  if (!Array.isArray(objects) || !Array.isArray(features)) {
    throw new FileFormatError(
      `"${file.path}": "meta_data/matrix_feats" does not name the vectors and features of the matrix inputs.`,
    );
  }
  const names = rowWise
    ? objects.flatMap((object) => features.map((feature) => `${object}_${feature}`))
    : features.flatMap((feature) => objects.map((object) => `${object}_${feature}`));
  return {
    names: names.map((name, i) => (missing[i] ? undefined : name)),
    objects,
    features,
    rowWise,
    isSparse: entry.is_sparse === true,
  };
}

/** Names of the entries that are there: the columns that `withMatrix` adds. */
export function matrixColumns({ names }: MatrixInputs): string[] {
  return names.filter((name) => name !== undefined);
}

/**
 * The flat inputs [events, continuous + categorical] with the matrix's entries as further continuous columns,
 * [events, continuous + entries + categorical].
 */
export function withMatrix(
  file: Hdf5File,
  fold: number,
  flat: Float32Array,
  eventCount: number,
  continuousCount: number,
  matrix: MatrixInputs,
): Float32Array {
  const places = matrix.names.flatMap((name, place) => (name === undefined ? [] : [place]));
  const size = matrix.names.length;
  const values = matrixValues(file, fold, eventCount, matrix);
  const flatWidth = eventCount === 0 ? continuousCount : flat.length / eventCount;
  const width = flatWidth + places.length;
  const result = new Float32Array(eventCount * width);
  for (let i = 0; i < eventCount; i++) {
    const row = flat.subarray(i * flatWidth, (i + 1) * flatWidth);
    const at = i * width;
    result.set(row.subarray(0, continuousCount), at);
    places.forEach((place, p) => {
      result[at + continuousCount + p] = values[i * size + place]!;
    });
    result.set(row.subarray(continuousCount), at + continuousCount + places.length);
  }
  return result;
}

/** The matrices of a fold, row-major, [events, entries]. */
function matrixValues(file: Hdf5File, fold: number, eventCount: number, matrix: MatrixInputs): Float32Array {
  const name = `fold_${fold}/matrix_inputs`;
  const size = matrix.names.length;
  const stored = file.has(name) ? singlePrecision(file.read(name)) : new Float32Array(0);
  if (matrix.isSparse) return dense(stored, file.shape(name), eventCount, matrix);
  if (stored.length !== eventCount * size) {
    throw new FileFormatError(
      `"${file.path}": "${name}" has ${stored.length} numbers, but ${eventCount} events with matrices of ${size} entries ` +
        `need ${eventCount * size}.`,
    );
  }
  return stored;
}

/** From LUMIN's sparse form, [4, entries]: a row of values, then their events, rows and columns. */
function dense(
  stored: Float32Array,
  [, count = 0]: readonly number[],
  eventCount: number,
  { names, objects, features, rowWise }: MatrixInputs,
): Float32Array {
  const size = names.length;
  const columns = rowWise ? features.length : objects.length;
  const result = new Float32Array(eventCount * size);
  for (let k = 0; k < count; k++) {
    const [event, row, column] = [stored[count + k]!, stored[2 * count + k]!, stored[3 * count + k]!];
    result[event * size + row * columns + column] = stored[k]!;
  }
  return result;
}
