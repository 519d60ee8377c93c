/** Principal components of weighted events: fitted, applied, and back. */
import { ConfigurationError, counted, DataError } from "../errors/index.ts";
import { meanAndDeviation } from "./scaler.ts";

/** Fitted principal components; component j = Σᵢ components[j][i] · (xᵢ − meanᵢ) / deviationᵢ. */
export interface PrincipalComponents {
  readonly means: readonly number[];
  readonly deviations: readonly number[];
  /** One row a component, the largest variance first. */
  readonly components: readonly (readonly number[])[];
}

/** Settings of {@link fitPrincipalComponents}. */
export interface PrincipalComponentsOptions {
  /** How many are kept (default: all). */
  readonly count?: number | undefined;
  /** Give every component the variance 1. */
  readonly whiten?: boolean | undefined;
  /** Divide by the deviations first, as columns of different units need (default true). */
  readonly standardise?: boolean | undefined;
  readonly rows?: ArrayLike<number> | undefined;
  readonly weights?: Float32Array | Float64Array | undefined;
}

/**
 * The eigenvectors of the (weighted) covariance of the events that miss none of the columns; the entry of largest
 * size of each is positive.
 *
 * @throws DataError where no event has all columns, the weights do not sum to something positive, or a component that
 * is to be whitened has no variance; ConfigurationError for more components than columns.
 */
export function fitPrincipalComponents(
  names: readonly string[],
  columns: readonly (Float32Array | Float64Array)[],
  {
    count = names.length,
    whiten = false,
    standardise = true,
    rows,
    weights,
  }: PrincipalComponentsOptions = {},
): PrincipalComponents {
  const size = names.length;
  if (!Number.isInteger(count) || count < 1 || count > size) {
    throw new ConfigurationError(
      `principal components: ${count} were asked for, but ${counted(size, "column")} have 1 to ${size}.`,
    );
  }
  const total = rows?.length ?? columns[0]!.length;
  const complete: number[] = [];
  for (let i = 0; i < total; i++) {
    const row = rows ? rows[i]! : i;
    if (columns.every((column) => Number.isFinite(column[row]!))) complete.push(row);
  }
  if (complete.length === 0) {
    throw new DataError(
      `principal components of ${names.join(", ")}: no event has all of them. Fill them first.`,
    );
  }
  const fitted = names.map((name, c) => meanAndDeviation(name, columns[c]!, complete, weights));
  const means = fitted.map(({ mean }) => mean);
  const deviations = fitted.map(({ deviation }) => (standardise ? deviation : 1));
  const covariance = new Float64Array(size * size);
  const scaled = new Float64Array(size);
  let sum = 0;
  for (const row of complete) {
    const weight = weights ? weights[row]! : 1;
    sum += weight;
    for (let a = 0; a < size; a++) scaled[a] = (columns[a]![row]! - means[a]!) / deviations[a]!;
    for (let a = 0; a < size; a++)
      for (let b = 0; b <= a; b++) covariance[a * size + b]! += weight * scaled[a]! * scaled[b]!;
  }
  for (let a = 0; a < size; a++) {
    for (let b = 0; b <= a; b++) {
      covariance[a * size + b]! /= sum;
      covariance[b * size + a] = covariance[a * size + b]!;
    }
  }
  const { values, vectors } = symmetricEigen(covariance, size);
  const order = Array.from(values.keys()).sort((a, b) => values[b]! - values[a]! || a - b);
  const largest = values[order[0]!]!;
  const components = order.slice(0, count).map((j, place) => {
    const vector = Array.from({ length: size }, (_, i) => vectors[i * size + j]!);
    const peak = vector.reduce((best, value) => (Math.abs(value) > Math.abs(best) + 1e-12 ? value : best), 0);
    const variance = values[j]!;
    if (whiten && !(variance > 1e-12 * largest)) {
      throw new DataError(
        `principal components of ${names.join(", ")}: component ${place} has no variance, for the columns depend on each other; keep at most ${place} (components: ${place}).`,
      );
    }
    const factor = Math.sign(peak) / (whiten ? Math.sqrt(variance) : 1);
    return vector.map((value) => value * factor);
  });
  return { means, deviations, components };
}

/** The components of every event, one array each; a missing value counts as the mean. */
export function principalComponents(
  { means, deviations, components }: PrincipalComponents,
  columns: readonly (Float32Array | Float64Array)[],
): Float64Array[] {
  const eventCount = columns[0]!.length;
  const results = components.map(() => new Float64Array(eventCount));
  for (let c = 0; c < columns.length; c++) {
    const column = columns[c]!;
    for (let i = 0; i < eventCount; i++) {
      const scaled = (column[i]! - means[c]!) / deviations[c]!;
      if (scaled - scaled !== 0) continue;
      for (let j = 0; j < results.length; j++) results[j]![i]! += components[j]![c]! * scaled;
    }
  }
  return results;
}

/** The columns that the components come from; of fewer components than columns, their projection. */
export function fromPrincipalComponents(
  { means, deviations, components }: PrincipalComponents,
  values: readonly (Float32Array | Float64Array)[],
): Float64Array[] {
  const squares = components.map((component) => component.reduce((sum, each) => sum + each * each, 0));
  return means.map((mean, c) =>
    Float64Array.from({ length: values[0]!.length }, (_, i) => {
      let sum = 0;
      for (let j = 0; j < components.length; j++) sum += (values[j]![i]! * components[j]![c]!) / squares[j]!;
      return mean + deviations[c]! * sum;
    }),
  );
}

/**
 * Eigenvalues and eigenvectors (columns of `vectors`) of a symmetric matrix by cyclic Jacobi rotations (Golub and
 * Van Loan, Matrix Computations, §8.5): slow for hundreds of columns, exact to the last digits for any.
 */
function symmetricEigen(matrix: Float64Array, size: number): { values: Float64Array; vectors: Float64Array } {
  const a = matrix.slice();
  const vectors = new Float64Array(size * size);
  for (let i = 0; i < size; i++) vectors[i * size + i] = 1;
  for (let sweep = 0; sweep < 60; sweep++) {
    let off = 0;
    let whole = 0;
    for (let p = 0; p < size; p++)
      for (let q = 0; q < size; q++) {
        whole += a[p * size + q]! ** 2;
        if (p !== q) off += a[p * size + q]! ** 2;
      }
    if (off <= 1e-30 * whole) break;
    for (let p = 0; p < size; p++) {
      for (let q = p + 1; q < size; q++) {
        const apq = a[p * size + q]!;
        if (apq === 0) continue;
        const tau = (a[q * size + q]! - a[p * size + p]!) / (2 * apq);
        const tangent = (tau < 0 ? -1 : 1) / (Math.abs(tau) + Math.sqrt(1 + tau * tau));
        const cosine = 1 / Math.sqrt(1 + tangent * tangent);
        const sine = tangent * cosine;
        const turn = (array: Float64Array, first: number, second: number): void => {
          const [x, y] = [array[first]!, array[second]!];
          array[first] = cosine * x - sine * y;
          array[second] = sine * x + cosine * y;
        };
        for (let k = 0; k < size; k++) turn(a, k * size + p, k * size + q);
        for (let k = 0; k < size; k++) turn(a, p * size + k, q * size + k);
        for (let k = 0; k < size; k++) turn(vectors, k * size + p, k * size + q);
      }
    }
  }
  return { values: Float64Array.from({ length: size }, (_, i) => a[i * size + i]!), vectors };
}
