/** Which folds a member trains and validates on, and how many steps that makes. */
import { counted, DataError } from "../errors/index.ts";

/** Which folds member `member` trains on and which it validates on. */
export function foldsOfMember(
  member: number,
  foldCount: number,
): { readonly validationFold: number; readonly trainingFolds: readonly number[] } {
  if (foldCount < 2) {
    throw new DataError(
      `fit: the data have ${foldCount} fold; training needs at least 2, one of them to validate on. Write the fold file with more folds.`,
    );
  }
  const validationFold = member % foldCount;
  const trainingFolds = Array.from({ length: foldCount }, (_, fold) => fold).filter(
    (fold) => fold !== validationFold,
  );
  return { validationFold, trainingFolds };
}

/** Steps of one epoch: whole batches of each fold. */
export function stepsPerEpoch(
  foldSizes: readonly number[],
  trainingFolds: readonly number[],
  batchSize: number,
): number {
  let steps = 0;
  for (const fold of trainingFolds) {
    const size = foldSizes[fold]!;
    if (size < batchSize) {
      throw new DataError(
        `fit: fold ${fold} has ${counted(size, "event")}, fewer than the batch size ${batchSize}. Use a batch size of at most ${Math.min(...trainingFolds.map((index) => foldSizes[index]!))}, or fewer folds.`,
      );
    }
    steps += Math.floor(size / batchSize);
  }
  return steps;
}
