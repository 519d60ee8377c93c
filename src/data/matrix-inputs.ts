/** Matrix inputs of fold files, in Python LUMIN's layout: objects of events, or tensors, beside the flat features. */
import { ConfigurationError, counted, FileFormatError } from "../errors/index.ts";
import { objectColumn } from "../hep/index.ts";
import type { Hdf5File } from "./hdf5.ts";
import { singlePrecision } from "./stored-numbers.ts";

/** How the matrices of a file are laid out. */
export interface MatrixInputs {
  /** Names of an event's entries in the order in which they are stored; undefined: never there. */
  readonly names: readonly (string | undefined)[];
  /** Of one event's matrix: `[objects, features]` or `[features, objects]`; any shape for a tensor. */
  readonly shape: readonly number[];
  readonly objects: readonly string[];
  /** Features of an object; none of a tensor. */
  readonly features: readonly string[];
  /** Whether an object's features lie together; else a feature's objects. */
  readonly rowWise: boolean;
  /** Whether only what is not 0 is stored. */
  readonly isSparse: boolean;
}

/** What the matrices of a new file are to be. */
export interface MatrixLayoutOptions {
  /** Objects of an event, such as "lep", or "Muon[0]" for the first element of vectors. */
  readonly objects: readonly string[];
  readonly features: readonly string[];
  /** An object's features lie together (default), or a feature's objects. */
  readonly rowWise?: boolean | undefined;
  /** Columns that no event has, such as `met_pz`. */
  readonly absent?: readonly string[] | undefined;
  /** Store only what is not 0 (default: false). */
  readonly sparse?: boolean | undefined;
}

/**
 * The layout of matrices of objects: entries are called as their columns are, `lep_px` or `Muon_px[0]`.
 *
 * @throws ConfigurationError without objects or features, or where `absent` names no entry.
 * @example
 * matrixLayout({ objects: ["lep", "met"], features: ["px", "pz"], absent: ["met_pz"] }).names
 * // ["lep_px", "lep_pz", "met_px", undefined]
 */
export function matrixLayout({
  objects,
  features,
  rowWise = true,
  absent = [],
  sparse = false,
}: MatrixLayoutOptions): MatrixInputs {
  if (objects.length === 0 || features.length === 0) {
    throw new ConfigurationError("matrixLayout: name at least one object and one feature.");
  }
  const names = namesOf(objects, features, rowWise);
  const unknown = absent.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new ConfigurationError(
      `matrixLayout: "${unknown}" is to be absent, but is no entry of the matrix.`,
    );
  }
  return {
    names: names.map((name) => (absent.includes(name) ? undefined : name)),
    shape: rowWise ? [objects.length, features.length] : [features.length, objects.length],
    objects,
    features,
    rowWise,
    isSparse: sparse,
  };
}

/**
 * The layout of tensors, such as images, of a shape `[…]` an event: entries are called `name[i][j]`.
 *
 * @throws ConfigurationError for a shape without entries.
 */
export function tensorLayout(
  name: string,
  shape: readonly number[],
  { sparse = false }: { readonly sparse?: boolean } = {},
): MatrixInputs {
  if (shape.length === 0 || !shape.every((size) => Number.isInteger(size) && size > 0)) {
    throw new ConfigurationError(`tensorLayout: expected sizes from 1, got the shape [${shape.join(", ")}].`);
  }
  const names = shape.reduce(
    (stems, size) => stems.flatMap((stem) => Array.from({ length: size }, (_, i) => `${stem}[${i}]`)),
    [name],
  );
  return { names, shape, objects: [name], features: [], rowWise: true, isSparse: sparse };
}

function namesOf(objects: readonly string[], features: readonly string[], rowWise: boolean): string[] {
  return rowWise
    ? objects.flatMap((object) => features.map((feature) => objectColumn(object, feature)))
    : features.flatMap((feature) => objects.map((object) => objectColumn(object, feature)));
}

/** What `meta_data/matrix_feats` says; undefined for a file without matrices. */
export function readMatrixHeader(file: Hdf5File): MatrixInputs | undefined {
  if (!file.has("meta_data/matrix_feats")) return undefined;
  const entry = file.readJson("meta_data/matrix_feats") as {
    readonly present_feats?: readonly string[];
    readonly vecs?: readonly string[];
    readonly feats_per_vec?: readonly string[];
    readonly missing?: readonly (number | boolean)[];
    readonly row_wise?: boolean | null;
    readonly shape?: readonly number[];
    readonly is_sparse?: boolean;
  };
  const { vecs: objects, feats_per_vec: features, missing = [], shape } = entry;
  if (!Array.isArray(objects) || !Array.isArray(features)) {
    throw new FileFormatError(
      `"${file.path}": "meta_data/matrix_feats" does not name the vectors and features of the matrix inputs.`,
    );
  }
  const sparse = entry.is_sparse === true;
  // LUMIN knows a tensor by that it is neither row-wise nor column-wise.
  if (entry.row_wise === null && Array.isArray(shape)) {
    return tensorLayout(entry.present_feats?.[0] ?? "tensor", shape, { sparse });
  }
  const rowWise = entry.row_wise ?? true;
  const layout = matrixLayout({ objects, features, rowWise, sparse });
  return { ...layout, names: layout.names.map((name, i) => (missing[i] ? undefined : name)) };
}

/** Writes `meta_data/matrix_feats`. */
export function writeMatrixHeader(file: Hdf5File, matrix: MatrixInputs): void {
  const { names, objects, features, rowWise, shape, isSparse } = matrix;
  const isTensor = features.length === 0;
  const present = rowWise
    ? objects.flatMap((object) => features.map((feature) => `${object}_${feature}`))
    : features.flatMap((feature) => objects.map((object) => `${object}_${feature}`));
  file.writeJson("meta_data/matrix_feats", {
    present_feats: isTensor ? objects : present.filter((_, i) => names[i] !== undefined),
    vecs: isTensor ? [""] : objects,
    missing: isTensor ? [] : names.map((name) => (name === undefined ? 1 : 0)),
    feats_per_vec: isTensor ? [""] : features,
    row_wise: isTensor ? null : rowWise,
    shape,
    // LUMIN leaves it out of what is not sparse in some versions, and takes that for false.
    ...(isSparse ? { is_sparse: true } : {}),
  });
}

/** @throws RangeError where there are not as many values as the events' matrices have entries. */
export function checkMatrix(values: Float32Array, eventCount: number, { names }: MatrixInputs): void {
  const size = names.length;
  if (values.length === eventCount * size) return;
  throw new RangeError(
    `writeFoldFile: ${counted(eventCount, "event")} with matrices of ${size} entries need ${eventCount * size} values, but ${values.length} came.`,
  );
}

/**
 * The matrices of a fold as the file has them, with the shape there.
 *
 * @param values `[events, …shape]`, NaN where an entry is missing.
 * @throws RangeError for a wrong number of values.
 */
export function encodedMatrix(
  values: Float32Array,
  eventCount: number,
  matrix: MatrixInputs,
): { readonly values: Float32Array | Float64Array; readonly shape: readonly number[] } {
  checkMatrix(values, eventCount, matrix);
  const { shape, isSparse } = matrix;
  if (!isSparse) return { values, shape: [eventCount, ...shape] };
  const places = sparse(values, shape);
  return { values: places, shape: [shape.length + 2, places.length / (shape.length + 2)] };
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
  flat: Float32Array,
  values: Float32Array,
  eventCount: number,
  continuousCount: number,
  { names }: MatrixInputs,
): Float32Array {
  const places = names.flatMap((name, place) => (name === undefined ? [] : [place]));
  const size = names.length;
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

/** The matrices of a fold, `[events, …shape]`, from what the file has; `where` names that in errors. */
export function decodedMatrix(
  stored: ReturnType<Hdf5File["read"]>,
  eventCount: number,
  matrix: MatrixInputs,
  where: string,
): Float32Array {
  const size = matrix.names.length;
  if (matrix.isSparse)
    return dense(Float64Array.from(stored as Float64Array, Number), eventCount, matrix, where);
  if (stored.length !== eventCount * size) {
    throw new FileFormatError(
      `${where} has ${stored.length} numbers, but ${eventCount} events with matrices of ${size} entries ` +
        `need ${eventCount * size}.`,
    );
  }
  return singlePrecision(stored);
}

/** LUMIN's sparse form, [dimensions + 2, entries]: a row of values, then their events and places along each dimension. */
function sparse(values: Float32Array, shape: readonly number[]): Float64Array {
  const places: number[] = [];
  for (let k = 0; k < values.length; k++) if (values[k] !== 0) places.push(k);
  const count = places.length;
  const result = new Float64Array(count * (shape.length + 2));
  for (const [i, place] of places.entries()) {
    result[i] = values[place]!;
    let rest = place;
    for (let d = shape.length - 1; d >= 0; d--) {
      result[(d + 2) * count + i] = rest % shape[d]!;
      rest = Math.floor(rest / shape[d]!);
    }
    result[count + i] = rest;
  }
  return result;
}

function dense(
  stored: Float64Array,
  eventCount: number,
  { names, shape }: MatrixInputs,
  where: string,
): Float32Array {
  const rows = shape.length + 2;
  const count = stored.length / rows;
  if (!Number.isInteger(count)) {
    throw new FileFormatError(`${where} has ${stored.length} numbers, which are no places of ${rows} rows.`);
  }
  const result = new Float32Array(eventCount * names.length);
  const sizes = [eventCount, ...shape];
  for (let k = 0; k < count; k++) {
    let place = 0;
    for (const [d, size] of sizes.entries()) {
      const along = stored[(d + 1) * count + k]!;
      if (!(Number.isInteger(along) && along >= 0 && along < size)) {
        throw new FileFormatError(`${where} places a value at ${along} of ${size}.`);
      }
      place = place * size + along;
    }
    result[place] = stored[k]!;
  }
  return result;
}
