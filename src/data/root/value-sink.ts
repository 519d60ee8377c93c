/** Collects the values of a branch, of which the number is not known ahead, into the narrowest exact column. */
import { DataError } from "../../errors/index.ts";
import type { NumberColumn } from "../table.ts";

/** How the numbers of a branch are kept: single or double precision, or whole numbers, exact. */
export type NumberKind = "float32" | "float64" | "integer";

/** Grows while values are added. */
export class ValueSink {
  readonly kind: NumberKind;
  readonly #where: string;
  #numbers: Float32Array | Float64Array;
  /** Filled instead of `#numbers` from the first whole number on that a double does not hold exactly. */
  #exact: bigint[] | undefined;
  #length = 0;

  /** @param where names the branch in error messages. */
  constructor(kind: NumberKind, where: string) {
    this.kind = kind;
    this.#where = where;
    this.#numbers = kind === "float32" ? new Float32Array(1024) : new Float64Array(1024);
  }

  get length(): number {
    return this.#length;
  }

  add(value: number | bigint): void {
    if (this.#exact) {
      this.#exact.push(BigInt(value));
    } else if (typeof value === "bigint" && !Number.isSafeInteger(Number(value))) {
      this.#exact = Array.from(this.#numbers.subarray(0, this.#length), BigInt);
      this.#exact.push(value);
    } else {
      if (this.#length === this.#numbers.length) this.#grow();
      this.#numbers[this.#length] = Number(value);
    }
    this.#length++;
  }

  #grow(): void {
    const wider =
      this.kind === "float32" ? new Float32Array(2 * this.#length) : new Float64Array(2 * this.#length);
    wider.set(this.#numbers);
    this.#numbers = wider;
  }

  /** The column: whole numbers as `Int32Array` where all fit, else `BigInt64Array`. */
  finish(): NumberColumn {
    if (this.#exact) {
      const wide = this.#exact.find((value) => BigInt.asIntN(64, value) !== value);
      if (wide !== undefined) {
        throw new DataError(`${this.#where}: the value ${wide} does not fit a signed 64-bit integer.`);
      }
      return BigInt64Array.from(this.#exact);
    }
    const values = this.#numbers.slice(0, this.#length);
    if (this.kind !== "integer") return values;
    const fits = values.every((value) => value === (value | 0));
    return fits ? Int32Array.from(values) : BigInt64Array.from(values as Float64Array, BigInt);
  }
}
