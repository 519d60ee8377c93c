/** The event transform of LUMIN's `proc_event`: missing values, common orientation, Cartesian vectors. */
import { ConfigurationError, unknownName } from "../errors/index.ts";
import { type Numbers, wrapAngle } from "./angles.ts";
import { type Component, findVectors, type VectorColumns } from "./vector-names.ts";
import { toCartesian } from "./vectors.ts";

/** A column of an event table. */
export type EventColumn = Float32Array | Float64Array | Int32Array | BigInt64Array | readonly string[];

/** Named columns of events; the order of the keys is the order of the columns. */
export type EventColumns = Readonly<Record<string, EventColumn>>;

/** What {@link processEvent} does to the events. */
export interface ProcessEventOptions {
  /** Values that stand for "missing" (−999 in the Higgs challenge), replaced by NaN, as ±∞ is. */
  readonly missing?: readonly number[];
  /** pT, η, φ of every vector become px, py, pz (default true). */
  readonly cartesian?: boolean;
  /** The vectors to transform (default: all in the table, see `vectorNames`). */
  readonly vectors?: readonly string[];
  /** Columns that stay although their vector becomes Cartesian. */
  readonly keep?: readonly string[];
  /** Rotate each event about the beam so that the first reference vector has φ = 0; its φ (or py) is dropped. */
  readonly fixPhi?: boolean;
  /** Reflect in y so that the second reference vector has φ ≥ 0. Acts only together with `fixPhi`. */
  readonly fixY?: boolean;
  /** Reflect in z so that the first reference vector has η ≥ 0. */
  readonly fixZ?: boolean;
  /** The first and the second reference vector. */
  readonly references?: readonly [first: string, second?: string];
}

/**
 * New columns with missing values as NaN, the events brought into one orientation if asked, and vectors in
 * Cartesian coordinates. New components stand where the vector's first column stood: the order depends on the
 * input alone (LUMIN's changes with Python's hash seed). Columns that are not touched are shared, not copied.
 */
export function processEvent(columns: EventColumns, options: ProcessEventOptions = {}): EventColumns {
  return processCleaned(missingToNaN(columns, options.missing ?? []), options);
}

/** {@link processEvent} of columns in which ±∞ and missing values are NaN already. */
export function processCleaned(
  cleaned: EventColumns,
  options: Omit<ProcessEventOptions, "missing"> = {},
): EventColumns {
  const { cartesian = true, keep = [], fixPhi = false, fixY = false, fixZ = false } = options;
  const names = Object.keys(cleaned);
  for (const name of keep) if (!(name in cleaned)) throw unknownName("column", name, names);
  const vectors = chosenVectors(names, options.vectors);
  const [first, second] = referenceVectors(vectors, options, fixPhi || fixZ, fixPhi && fixY);

  const working: Record<string, EventColumn> = { ...cleaned };
  if (fixPhi) rotateToReference(working, vectors, first!);
  if (fixPhi && fixY) reflectBySign(working, vectors, second!, ["phi", "py"], first!);
  if (fixZ) reflectBySign(working, vectors, first!, ["eta", "pz"]);

  const replaced = new Map<string, Readonly<Record<string, EventColumn>>>();
  const dropped = new Set<string>();
  for (const vector of cartesian ? vectors : []) {
    const { pt, eta, phi } = vector.columns;
    if (!pt || !phi) continue;
    const made = toCartesian({
      pt: numbers(working, pt),
      eta: eta === undefined ? undefined : numbers(working, eta),
      phi: numbers(working, phi),
    });
    const added: Record<string, EventColumn> = {};
    for (const [component, values] of Object.entries(made)) added[`${vector.name}_${component}`] = values;
    const own = [pt, eta, phi].filter((name) => name !== undefined);
    replaced.set(
      own.reduce((a, b) => (names.indexOf(a) <= names.indexOf(b) ? a : b)),
      added,
    );
    for (const name of own) dropped.add(name);
  }
  if (fixPhi) {
    // The reference's φ is 0 in every event: nothing to learn from.
    const gone = first!.columns;
    if (gone.phi) dropped.add(gone.phi);
    if (gone.py) dropped.add(gone.py);
    if (cartesian) dropped.add(`${first!.name}_py`);
  }

  const result: Record<string, EventColumn> = {};
  for (const name of names) {
    for (const [added, values] of Object.entries(replaced.get(name) ?? {})) {
      if (!dropped.has(added)) result[added] = values;
    }
    if (keep.includes(name)) result[name] = cleaned[name]!;
    else if (!dropped.has(name)) result[name] = working[name]!;
  }
  return result;
}

/**
 * Columns in which ±∞ and the given values are NaN. Integer columns that hold such a value become doubles.
 *
 * @param inPlace whether columns of floating-point numbers may be changed, not copied.
 */
export function missingToNaN(
  columns: EventColumns,
  missing: readonly number[],
  inPlace: boolean = false,
): EventColumns {
  const result: Record<string, EventColumn> = {};
  for (const [name, column] of Object.entries(columns)) result[name] = withNaN(column, missing, inPlace);
  return result;
}

/** The column itself where nothing in it is missing. */
function withNaN(column: EventColumn, missing: readonly number[], inPlace: boolean): EventColumn {
  if (!ArrayBuffer.isView(column)) return column;
  if (column instanceof Float32Array) return floatsWithNaN(column, missing.map(Math.fround), inPlace);
  if (column instanceof Float64Array) return floatsWithNaN(column, missing, inPlace);
  if (column instanceof Int32Array) {
    return missing.some((value) => holds(column, value))
      ? floatsWithNaN(new Float64Array(column), missing, true)
      : column;
  }
  const wanted = missing.filter(Number.isSafeInteger).map(BigInt);
  return wanted.some((value) => column.includes(value))
    ? floatsWithNaN(Float64Array.from(column, Number), missing, true)
    : column;
}

/** As `includes`, which takes eight times as long. */
function holds(column: Int32Array, value: number): boolean {
  for (let i = 0; i < column.length; i++) if (column[i] === value) return true;
  return false;
}

/** @param missing as the column holds them, in single or double precision. */
function floatsWithNaN<T extends Float32Array | Float64Array>(
  column: T,
  missing: readonly number[],
  inPlace: boolean,
): T {
  const [first = Number.POSITIVE_INFINITY, ...others] = missing;
  return others.reduce(
    (values, value) => withoutValue(values, value, inPlace),
    withoutValue(column, first, inPlace),
  );
}

const oneOrNaN = new Float64Array([1, Number.NaN]);

/** NaN instead of a value and of ±∞; the column itself where it has none of them. */
function withoutValue<T extends Float32Array | Float64Array>(
  column: T,
  unwanted: number,
  inPlace: boolean,
): T {
  let i = 0;
  for (; i < column.length; i++) {
    const value = column[i]!;
    if (value === unwanted || value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY) break;
  }
  if (i === column.length) return column;
  const values = inPlace ? column : (column.slice() as T);
  for (; i < values.length; i++) {
    const value = values[i]!;
    // Without a branch, which the processor would guess wrong for every third value.
    values[i] = value * oneOrNaN[Number(value === unwanted) | Number(value - value !== 0)]!;
  }
  return values;
}

function chosenVectors(names: readonly string[], wanted: readonly string[] | undefined): VectorColumns[] {
  const found = findVectors(names);
  if (!wanted) return found;
  return wanted.map((name) => {
    const vector = found.find((candidate) => candidate.name === name);
    if (!vector) {
      throw unknownName(
        "vector",
        name,
        found.map((candidate) => candidate.name),
      );
    }
    return vector;
  });
}

function referenceVectors(
  vectors: readonly VectorColumns[],
  { references }: ProcessEventOptions,
  firstNeeded: boolean,
  secondNeeded: boolean,
): [VectorColumns | undefined, VectorColumns | undefined] {
  const find = (name: string | undefined, needed: boolean, position: string): VectorColumns | undefined => {
    if (!needed) return undefined;
    if (name === undefined) {
      throw new ConfigurationError(
        `processEvent: fixing the orientation needs the ${position} reference vector; give it in "references".`,
      );
    }
    const vector = vectors.find((candidate) => candidate.name === name);
    const known = vectors.map((candidate) => candidate.name);
    if (!vector) throw unknownName("vector", name, known);
    return vector;
  };
  return [find(references?.[0], firstNeeded, "first"), find(references?.[1], secondNeeded, "second")];
}

/** φ of every vector becomes the angle from the reference to it. */
function rotateToReference(
  columns: Record<string, EventColumn>,
  vectors: readonly VectorColumns[],
  reference: VectorColumns,
): void {
  for (const vector of [reference, ...vectors]) {
    if (!vector.columns.phi) {
      throw new ConfigurationError(
        `processEvent: fixPhi needs φ of every vector, but "${vector.name}" has none; fix the orientation before going to Cartesian coordinates.`,
      );
    }
  }
  const zero = numbers(columns, reference.columns.phi!);
  for (const { columns: own } of vectors) {
    const phi = numbers(columns, own.phi!);
    columns[own.phi!] = Float64Array.from(phi, (value, i) => wrapAngle(value - zero[i]!));
  }
}

/** Turns the sign of a component of every vector (but `except`) in the events where the reference's is negative. */
function reflectBySign(
  columns: Record<string, EventColumn>,
  vectors: readonly VectorColumns[],
  reference: VectorColumns,
  components: readonly Component[],
  except?: VectorColumns,
): void {
  const key = components.map((component) => reference.columns[component]).find((name) => name !== undefined);
  if (key === undefined) {
    throw new ConfigurationError(
      `processEvent: the reference vector "${reference.name}" has neither ${components.join(" nor ")}.`,
    );
  }
  const sign = numbers(columns, key);
  for (const vector of vectors) {
    if (vector === except) continue;
    for (const component of components) {
      const name = vector.columns[component];
      if (name === undefined) continue;
      columns[name] = Float64Array.from(numbers(columns, name), (value, i) =>
        sign[i]! < 0 ? -value : value,
      );
    }
  }
}

function numbers(columns: Readonly<Record<string, EventColumn>>, name: string): Numbers {
  const column = columns[name]!;
  if (column instanceof BigInt64Array) return Float64Array.from(column, Number);
  if (isNumeric(column)) return column;
  throw new ConfigurationError(
    `processEvent: the column "${name}" of a vector holds text, numbers are needed.`,
  );
}

function isNumeric(column: EventColumn): column is Float32Array | Float64Array | Int32Array {
  return column instanceof Float32Array || column instanceof Float64Array || column instanceof Int32Array;
}
