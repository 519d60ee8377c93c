/** From trainings to an ensemble: final networks, snapshots of their cycles, or averages of those. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ConfigurationError } from "../errors/index.ts";
import {
  type Callback,
  type CallbackSpec,
  type MemberOutcome,
  makeCallbacks,
  parseHistory,
  type TrainingFolds,
} from "../train/index.ts";
import { averagedTrainings } from "./average-networks.ts";
import { checkSize, type EnsembleOptions, type TrainedResult } from "./choose-members.ts";
import { Ensemble } from "./ensemble.ts";
import { folderOf } from "./ensemble-file.ts";
import { foldsKnown } from "./member.ts";
import type { SnapshotOptions } from "./snapshot-members.ts";
import { sharedLoader, storedTrainings } from "./stored-trainings.ts";

/**
 * What the members are:
 * `members`: the final network of each training;
 * `snapshots`: the networks at the ends of the cycles (Huang et al., arXiv 1704.00109), by default weighted by 1/rank;
 * `geometric`: the same for short cycles (Garipov et al., arXiv 1802.10026), by default with equal weights;
 * `average`: for each training one network, the mean of those weights (Izmailov et al., arXiv 1803.05407).
 */
export type EnsembleRecipe =
  | ({ readonly kind?: "members" } & EnsembleOptions)
  | ({ readonly kind: "snapshots" | "geometric" | "average" } & SnapshotOptions);

/** What averaging needs to know of the trainings. */
export interface AssemblySettings {
  readonly folds: TrainingFolds;
  readonly batchSize: number;
  readonly seed: number;
  readonly callbacks?: readonly (CallbackSpec | Callback)[];
  /** What paths of user modules are relative to. */
  readonly baseDirectory?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Whether a recipe uses what the callback `Snapshots` saves. */
export function usesSnapshots(
  recipe: EnsembleRecipe,
): recipe is Extract<EnsembleRecipe, { readonly kind: "snapshots" | "geometric" | "average" }> {
  return recipe.kind !== undefined && recipe.kind !== "members";
}

/**
 * The ensemble of a recipe from the trainings in a folder, without training anything. Averages are written into the
 * folder `to`, `members/<number>/average`; the rest is left as it is.
 *
 * @throws ConfigurationError where the folder lacks what the recipe needs.
 */
export async function assembleEnsemble(
  directory: string,
  recipe: EnsembleRecipe,
  settings: AssemblySettings,
  to: string = directory,
): Promise<Ensemble> {
  switch (recipe.kind) {
    case "snapshots":
      return Ensemble.fromSnapshots(directory, { power: -1, ...recipe });
    case "geometric":
      return Ensemble.fromSnapshots(directory, recipe);
    case "average": {
      const callbacks = await makeCallbacks(settings.callbacks ?? [], settings.baseDirectory);
      const averages = await averagedTrainings(directory, { ...recipe, ...settings, callbacks });
      for (const average of averages) await average.model.save(join(to, folderOf(average)));
      return Ensemble.fromResults(averages, { weighting: averages.length === 1 ? "uniform" : "reciprocal" });
    }
    default:
      return Ensemble.fromResults(await finalNetworks(directory), recipe);
  }
}

/** A finished training as a result to choose by; the metrics are those of its best epoch, where a callback logged some. */
export function trainedResult({
  result,
  history,
  model,
}: Pick<MemberOutcome, "result" | "history" | "model">): TrainedResult {
  const { member, validationLoss, bestEpoch } = result;
  const { metrics = {} } = history[bestEpoch - 1] ?? {};
  return { member, validationLoss, ...foldsKnown(result), metrics, model };
}

/** The final networks of all trainings in a folder. */
async function finalNetworks(directory: string): Promise<TrainedResult[]> {
  const load = sharedLoader();
  const results: TrainedResult[] = [];
  for (const { folder, result } of await storedTrainings(directory)) {
    const history = parseHistory(await readFile(join(folder, "history.jsonl"), "utf8"));
    results.push(trainedResult({ result, history, model: await load(folder) }));
  }
  return results;
}

/** @throws ConfigurationError for a training that will leave no snapshots behind, or too few networks. */
export function checkRecipe(
  recipe: EnsembleRecipe,
  { outputDirectory, memberCount }: { readonly outputDirectory?: string; readonly memberCount: number },
): void {
  if (!usesSnapshots(recipe)) {
    if (recipe.size !== undefined) checkSize(recipe.size, memberCount);
    return;
  }
  if (outputDirectory !== undefined) return;
  throw new ConfigurationError(
    `foldTrainEnsemble: an ensemble of the kind "${recipe.kind}" is made of weights that are saved on the way. Give an outputDirectory.`,
  );
}
