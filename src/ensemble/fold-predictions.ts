/** Predictions as columns of a fold file, beside the events (LUMIN's bulk prediction). */
import type { FoldYielder } from "../data/fold-yielder.ts";
import type { Ensemble, PredictionOptions } from "./ensemble.ts";

/** How predictions are stored. */
export interface FoldPredictionOptions extends PredictionOptions {
  /** Name of the column. Default `pred`; with several outputs `pred_0`, `pred_1`, … */
  readonly name?: string;
  /** Each fold only by the members that did not train on it; NaN where all did. Default false. */
  readonly outOfFold?: boolean;
}

/**
 * Predicts all folds of a file and stores the predictions in it, in double precision; columns of that name are
 * replaced. Nothing is written before every fold is predicted. Gives the names of the columns.
 */
export async function predictIntoFolds(
  ensemble: Ensemble,
  folds: FoldYielder,
  { name = "pred", outOfFold = false, ...options }: FoldPredictionOptions = {},
): Promise<string[]> {
  const predictions = outOfFold
    ? await ensemble.predictOutOfFold(folds, options)
    : await allFolds(ensemble, folds, options);
  const { outputCount } = ensemble;
  const names = outputCount === 1 ? [name] : Array.from({ length: outputCount }, (_, i) => `${name}_${i}`);
  for (const [fold, values] of predictions.entries()) {
    for (const [output, column] of names.entries()) {
      const own = values.filter((_, at) => at % outputCount === output);
      await folds.saveFoldColumn(column, fold, own);
    }
  }
  return names;
}

async function allFolds(
  ensemble: Ensemble,
  folds: FoldYielder,
  { onProgress, ...options }: PredictionOptions,
): Promise<Float64Array[]> {
  const predictions: Float64Array[] = [];
  for (let fold = 0; fold < folds.foldCount; fold++) {
    predictions.push(await ensemble.predictFold(folds, fold, options));
    onProgress?.((fold + 1) / folds.foldCount);
  }
  return predictions;
}
