/** The record of one training: a row for each epoch, written as one JSON object a line. */

/** What is known at the end of an epoch. Epochs are counted from 1. */
export interface HistoryRow {
  readonly epoch: number;
  /** Training steps done since the start of the run. */
  readonly step: number;
  /** Mean of the losses of the epoch's steps, each at the weights of its time. */
  readonly trainingLoss: number;
  /** Weighted mean loss of the validation fold at the epoch's end. */
  readonly validationLoss: number;
  /** Validation losses of the callbacks' own weights, by callback, where there are any: averages. */
  readonly alternatives?: Readonly<Record<string, number>>;
  /** What callbacks measured, by name, where there is anything. */
  readonly metrics?: Readonly<Record<string, number>>;
  /** Learning rate after the epoch's last step. */
  readonly learningRate: number;
  /** Momentum after the epoch's last step. */
  readonly momentum: number;
}

/** All epochs of one member. */
export type History = readonly HistoryRow[];

/** JSON Lines: one row a line, no clock times. */
export function formatHistory(history: History): string {
  return history.map((row) => `${JSON.stringify(row)}\n`).join("");
}

/** Reads what `formatHistory` wrote; JSON has no NaN (an epoch without a step), it comes back from null. */
export function parseHistory(text: string): HistoryRow[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line, (_, value: unknown) => value ?? NaN) as HistoryRow);
}
