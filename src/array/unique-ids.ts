/** One number for a row of whole numbers. */
import { ConfigurationError, DataError } from "../errors/index.ts";
import type { Numbers } from "./numbers.ts";

/**
 * One whole number for each event, different for different rows of whole numbers: Π_j pⱼ^idⱼ with the first primes pⱼ, so
 * that the ids are found again by factoring. Such as numbers of jets and of leptons to one code of the category.
 *
 * @param ids one array a position, all as long as there are events.
 * @throws {DataError} for arrays of unlike length, what is no whole number from 0, and codes above 2⁵³;
 * {ConfigurationError} for no array.
 * @example
 * uniqueIds([[0, 1, 0, 2], [0, 0, 1, 3]]) // Float64Array [1, 2, 3, 108]
 */
export function uniqueIds(ids: readonly Numbers[]): Float64Array {
  const count = ids[0]?.length;
  if (count === undefined) throw new ConfigurationError("uniqueIds: at least one array was expected.");
  const result = new Float64Array(count).fill(1);
  const primes = firstPrimes(ids.length);
  for (const [position, own] of ids.entries()) {
    if (own.length !== count) {
      throw new DataError(`uniqueIds: array ${position} has length ${own.length}, but array 0 has ${count}.`);
    }
    for (let event = 0; event < count; event++) {
      const id = own[event]!;
      if (!(Number.isInteger(id) && id >= 0)) {
        throw new DataError(
          `uniqueIds: id ${position} of event ${event} is ${id}; it must be a whole number from 0.`,
        );
      }
      for (let k = 0; k < id && result[event]! <= Number.MAX_SAFE_INTEGER; k++)
        result[event]! *= primes[position]!;
      if (result[event]! > Number.MAX_SAFE_INTEGER) {
        throw new DataError(
          `uniqueIds: the code of event ${event} is above 2⁵³, where whole numbers are not exact. Use fewer or smaller ids.`,
        );
      }
    }
  }
  return result;
}

function firstPrimes(count: number): number[] {
  const primes: number[] = [];
  for (let n = 2; primes.length < count; n++) if (primes.every((prime) => n % prime !== 0)) primes.push(n);
  return primes;
}
