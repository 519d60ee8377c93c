/** Means and deviations of columns that come in pieces. */
import type { FittingEvents } from "./fitted-steps.ts";
import { Moments } from "./scaler.ts";
import { numbersOf } from "./table.ts";
import type { TableSource } from "./table-source.ts";

/**
 * Mean and deviation of each column, as `meanAndDeviation` gives them for the whole: two passes over the events.
 *
 * @throws DataError as `meanAndDeviation`.
 */
export async function meansAndDeviations(
  source: TableSource,
  names: readonly string[],
  { rows, weights }: FittingEvents = {},
): Promise<{ readonly mean: number; readonly deviation: number }[]> {
  if (names.length === 0) return [];
  const moments = names.map((name) => new Moments(name, weights !== undefined));
  const pass = async (
    add: (moment: Moments, values: Float32Array | Float64Array, weights: Weights) => void,
  ): Promise<void> => {
    let first = 0;
    for await (const piece of source.pieces()) {
      const own = weights?.subarray(first, first + piece.rowCount);
      for (const [i, name] of names.entries()) add(moments[i]!, numbersOf(piece, name), own);
      first += piece.rowCount;
    }
  };
  await pass((moment, values, own) => moment.addToMean(values, rows, own));
  await pass((moment, values, own) => moment.addToDeviation(values, rows, own));
  return moments.map((moment) => moment.result());
}

type Weights = FittingEvents["weights"];
