/** The losses of an epoch's steps, and what is said when a loss is not finite. */
import { TrainingError } from "../errors/index.ts";

/** A record as plain data. */
export interface SavedLosses {
  readonly sum: number;
  readonly count: number;
  readonly lastFinite?: number | undefined;
}

/** Mean of the losses of an epoch so far, and the last loss before one that is not finite. */
export class LossRecord {
  #sum = 0;
  #count = 0;
  #lastFinite: number | undefined;

  /** Mean over the steps of this epoch; NaN before the first. */
  get mean(): number {
    return this.#sum / this.#count;
  }

  get lastFinite(): number | undefined {
    return this.#lastFinite;
  }

  /** All of it as plain data, for `restore`. */
  saved(): SavedLosses {
    return { sum: this.#sum, count: this.#count, lastFinite: this.#lastFinite };
  }

  restore({ sum, count, lastFinite }: SavedLosses): void {
    this.#sum = sum;
    this.#count = count;
    this.#lastFinite = lastFinite;
  }

  beginEpoch(): void {
    this.#sum = 0;
    this.#count = 0;
  }

  /** Takes the losses of some steps; gives the number of the first that is not finite, if there is one. */
  add(losses: Float32Array): number | undefined {
    let diverged: number | undefined;
    for (let i = 0; i < losses.length; i++) {
      const loss = losses[i]!;
      this.#sum += loss;
      if (diverged !== undefined) continue;
      if (Number.isFinite(loss)) this.#lastFinite = loss;
      else diverged = i;
    }
    this.#count += losses.length;
    return diverged;
  }
}

/** The error for the loss of a step that is not finite. */
export function trainingDiverged(at: {
  readonly loss: number;
  readonly lastFinite: number | undefined;
  readonly learningRate: number;
  readonly member: number;
  readonly epoch: number;
  readonly fold: number;
  readonly step: number;
}): TrainingError {
  return new TrainingError(
    `fit: the loss became ${nameOf(at.loss)} at epoch ${at.epoch}, step ${at.step}. The last finite loss was ${shown(at.lastFinite)}. Lower the learning rate (it was ${shown(at.learningRate)}), clip the gradients, or look for extreme inputs or weights; member ${at.member}, fold ${at.fold}.`,
  );
}

/** The error for a validation loss that is not finite. */
export function validationDiverged(at: {
  readonly loss: number;
  readonly lastFinite: number | undefined;
  readonly member: number;
  readonly epoch: number;
  readonly fold: number;
}): TrainingError {
  return new TrainingError(
    `fit: the validation loss became ${nameOf(at.loss)} at the end of epoch ${at.epoch}, member ${at.member}. The last finite loss was ${shown(at.lastFinite)}. Lower the learning rate, or look for extreme inputs in fold ${at.fold}.`,
  );
}

function nameOf(loss: number): string {
  return Number.isNaN(loss) ? "NaN" : "infinite";
}

/** Four significant digits at most, without trailing zeros. */
function shown(value: number | undefined): string {
  return value === undefined ? "none" : String(Number(value.toPrecision(4)));
}
