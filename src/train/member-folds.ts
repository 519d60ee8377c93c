/** Which folds a member trains and validates on, and how many steps that makes. */
import { ConfigurationError, counted, DataError } from "../errors/index.ts";

/** What a member validates on and trains on. */
export interface MemberFolds {
  readonly validationFold: number;
  readonly trainingFolds: readonly number[];
}

/** Which folds an ensemble uses, and who uses which. */
export interface FoldChoice {
  /** Folds that no member trains or validates on. Default: none. */
  readonly excludedFolds?: readonly number[];
  /**
   * Every member has ⌊folds / memberCount⌋ folds of its own, in order; it validates on the first of them and trains on
   * the others. Default false: it trains on all folds but the one that it validates on.
   */
  readonly disjointFolds?: boolean;
}

/** The folds of one member of `memberCount`, where they are chosen; undefined where `foldsOfMember` says them. */
export function chosenFolds(
  member: number,
  foldCount: number,
  { excludedFolds = [], disjointFolds = false, memberCount }: FoldChoice & { readonly memberCount: number },
): MemberFolds | undefined {
  if (excludedFolds.length === 0 && !disjointFolds) return undefined;
  const unknown = excludedFolds.find((fold) => !(Number.isInteger(fold) && fold >= 0 && fold < foldCount));
  if (unknown !== undefined) {
    throw new ConfigurationError(
      `foldTrainEnsemble: excludedFolds has ${unknown}, but there are ${counted(foldCount, "fold")}, counted from 0.`,
    );
  }
  const usable = Array.from({ length: foldCount }, (_, fold) => fold).filter(
    (fold) => !excludedFolds.includes(fold),
  );
  const size = disjointFolds ? Math.floor(usable.length / memberCount) : usable.length;
  if (size < 2) {
    const among = disjointFolds ? ` for ${counted(memberCount, "member")} with folds of their own` : "";
    throw new ConfigurationError(
      `foldTrainEnsemble: the number of folds to use, ${usable.length}, is too small${among}; a member needs at least 2, one of them to validate on.`,
    );
  }
  const own = disjointFolds ? usable.slice(member * size, (member + 1) * size) : usable;
  const validationFold = own[disjointFolds ? 0 : member % size]!;
  return { validationFold, trainingFolds: own.filter((fold) => fold !== validationFold) };
}

/** Which folds member `member` trains on and which it validates on, if nothing else is chosen. */
export function foldsOfMember(member: number, foldCount: number): MemberFolds {
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
