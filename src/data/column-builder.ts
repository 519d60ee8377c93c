/** Collects the chunks of one column of a query into a typed array. */
import { type ColumnKind, emptyColumn, exactDoubles } from "./column-kind.ts";
import type { ChunkColumn } from "./duckdb.ts";
import type { Column } from "./table.ts";

/** What a column of an SQL type becomes; undefined for lists, structures and the like. */
export function columnKind(type: string): ColumnKind | undefined {
  if (type === "FLOAT") return "float32";
  if (type === "DOUBLE" || type.startsWith("DECIMAL")) return "float64";
  if (/^(BOOLEAN|U?TINYINT|U?SMALLINT|INTEGER)$/.test(type)) return "int32";
  if (/^(U?BIGINT|U?HUGEINT|UINTEGER)$/.test(type)) return "int64";
  if (/^(VARCHAR|DATE|TIME.*|UUID|ENUM.*)$/.test(type) && !/\[\]$|STRUCT|MAP/.test(type)) return "text";
  return undefined;
}

// An empty cell of a whole-number column travels as the lowest integer.
const missingInt32 = -(2 ** 31);
const missingInt64 = -(2n ** 63n);

const lowestInt32 = -(2n ** 31n);
const highestInt32 = 2n ** 31n - 1n;

/** The SQL of a value in the type wanted, without NULL. */
export function withoutNull(kind: ColumnKind, value: string): string {
  switch (kind) {
    case "float32":
      return `coalesce(${value}, 'nan'::FLOAT)`;
    case "float64":
      return `coalesce(CAST(${value} AS DOUBLE), 'nan'::DOUBLE)`;
    case "int32":
      return `coalesce(CAST(${value} AS INTEGER), (${missingInt32 + 1}::INTEGER - 1))`;
    case "int64":
      return `coalesce(CAST(${value} AS BIGINT), (${missingInt64 + 1n}::BIGINT - 1))`;
    case "text":
      return `coalesce(CAST(${value} AS VARCHAR), '')`;
  }
}

/**
 * The kind of the finished column of whole numbers, by the extremes of its values (null where it has none).
 *
 * @param narrow as for the builder.
 */
export function finishedKind(
  kind: "int32" | "int64",
  narrow: boolean,
  least: number | bigint | null,
  greatest: number | bigint | null,
): ColumnKind {
  const missing = kind === "int32" ? missingInt32 : missingInt64;
  if (least === null || greatest === null) return narrow ? "int32" : kind;
  if (least === missing) return "float64";
  return narrow && least >= lowestInt32 && greatest <= highestInt32 ? "int32" : kind;
}

/** The growing column. */
export class ColumnBuilder {
  readonly #kind: ColumnKind;
  readonly #narrow: boolean;
  readonly #isComplete: boolean;
  #numbers: Float32Array | Float64Array | Int32Array | BigInt64Array | undefined;
  readonly #texts: string[] = [];
  readonly #known = new Map<string, string>();
  readonly #short = new Map<number, string>();
  #count = 0;

  /**
   * @param narrow whether 64-bit integers that all fit 32 bits become an `Int32Array`.
   * @param isComplete whether 32-bit integers are known to have no empty cell among them.
   * @param capacity how many values are expected.
   */
  constructor(kind: ColumnKind, narrow: boolean, isComplete: boolean = false, capacity: number = 1 << 14) {
    this.#kind = kind;
    this.#narrow = narrow;
    this.#isComplete = isComplete;
    if (kind !== "text") this.#numbers = emptyColumn(kind, capacity);
  }

  /** Takes `count` values of a chunk's column from `from` on. */
  append(column: ChunkColumn, from: number, count: number): void {
    if (this.#kind === "text") {
      this.#appendTexts(column, from, count);
      return;
    }
    let numbers = this.#numbers!;
    if (this.#count + count > numbers.length) {
      const grown = emptyColumn(this.#kind, Math.max(numbers.length * 2, this.#count + count));
      grown.set(numbers as never);
      this.#numbers = numbers = grown;
    }
    const { BYTES_PER_ELEMENT: width, constructor: Numbers } = numbers;
    const { buffer, byteOffset } = column.bytes(width);
    const values = new (Numbers as Float64ArrayConstructor)(buffer, byteOffset + from * width, count);
    numbers.set(values as never, this.#count);
    this.#count += count;
  }

  /**
   * The column, of the narrowest kind that holds it.
   *
   * @param firstRow the row of its first value, for the error message.
   */
  finish(name: string, firstRow: number = 0): Column {
    if (this.#kind === "text") return this.#texts;
    const numbers = this.#numbers!;
    const values = this.#count === numbers.length ? numbers : numbers.slice(0, this.#count);
    this.#numbers = undefined;
    if (values instanceof Int32Array) {
      return !this.#isComplete && values.includes(missingInt32) ? withGaps(values) : values;
    }
    if (!(values instanceof BigInt64Array)) return values;
    if (values.includes(missingInt64)) {
      const present = values.map((value) => (value === missingInt64 ? 0n : value));
      const doubles = exactDoubles(present, name, firstRow);
      for (let i = 0; i < doubles.length; i++) if (values[i] === missingInt64) doubles[i] = Number.NaN;
      return doubles;
    }
    if (this.#narrow && values.every((value) => value >= lowestInt32 && value <= highestInt32)) {
      const narrow = new Int32Array(values.length);
      for (let i = 0; i < narrow.length; i++) narrow[i] = Number(values[i]!);
      return narrow;
    }
    return values;
  }

  #appendTexts(column: ChunkColumn, from: number, count: number): void {
    // DuckDB's own record of a text, 16 bytes that begin with its length; up to 12 bytes of text follow, zeros behind them.
    const { buffer, byteOffset, byteLength } = column.bytes(16);
    const records = new DataView(buffer, byteOffset, byteLength);
    for (let i = from; i < from + count; i++) {
      const length = records.getUint32(16 * i, true);
      if (length > 4) {
        this.#texts.push(this.#shared(column.text(i)));
        continue;
      }
      const key = records.getUint32(16 * i + 4, true) * 8 + length;
      let text = this.#short.get(key);
      if (text === undefined) {
        text = this.#shared(column.text(i));
        if (this.#short.size < 4096) this.#short.set(key, text);
      }
      this.#texts.push(text);
    }
  }

  /** One string object for equal texts: a label column of a million events holds two. */
  #shared(text: string): string {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    if (this.#known.size < 4096) this.#known.set(text, text);
    return text;
  }
}

function withGaps(values: Int32Array): Float64Array {
  return Float64Array.from(values, (value) => (value === missingInt32 ? Number.NaN : value));
}
