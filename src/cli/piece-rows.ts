/** Errors about rows of a piece of a table, told with the rows of the whole. */
import { DataError } from "../errors/index.ts";

/**
 * Runs `work` on a piece; where it complains about a row of it, the row is counted from the start of the whole.
 *
 * @param firstRow how many rows lie before the piece.
 */
export async function onPiece<T>(firstRow: number, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof DataError) || firstRow === 0) throw error;
    // What stands in quotes is a name or a value.
    const message = error.message.replace(/"[^"]*"|\brow (\d+)\b/g, (found, row?: string) =>
      row === undefined ? found : `row ${firstRow + Number(row)}`,
    );
    throw new DataError(message);
  }
}
