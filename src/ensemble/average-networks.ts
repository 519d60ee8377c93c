/** Uniform and weighted soups: one network whose weights are the mean of several networks' weights. */
import { join } from "node:path";
import { ConfigurationError, counted } from "../errors/index.ts";
import { Model, type ModelWeights } from "../model/index.ts";
import { type Callback, refreshNetwork, type TrainingFolds } from "../train/index.ts";
import type { TrainedResult } from "./choose-members.ts";
import { foldsKnown } from "./member.ts";
import { chooseSnapshots, type SnapshotOptions } from "./snapshot-members.ts";
import { sharedLoader, storedTrainings } from "./stored-trainings.ts";

/**
 * The mean Σ wᵢ θᵢ / Σ wᵢ of the weights of networks of one builder, summed in float64 (Izmailov et al., arXiv
 * 1803.05407; Wortsman et al., arXiv 2203.05482). It predicts as fast as one network.
 *
 * The networks must have grown from the same start, as the snapshots of one training did: hidden neurons of networks
 * that were drawn apart do not correspond, and their mean has learnt nothing. Running statistics are averaged too, but
 * belong to no network so; `refreshNetwork` makes those that fit.
 *
 * @throws ConfigurationError for networks that differ in kind, or weights without a positive sum.
 */
export function averageNetworks(
  models: readonly Model[],
  weights: readonly number[] = models.map(() => 1),
): Model {
  const [first] = models;
  const sum = weights.reduce((total, weight) => total + weight, 0);
  if (first === undefined || weights.length !== models.length || !(sum > 0 && Number.isFinite(sum))) {
    throw new ConfigurationError(
      `averageNetworks: ${counted(models.length, "network")} and ${counted(weights.length, "weight")} of the sum ${sum}; give at least one network, a weight for each and a positive sum.`,
    );
  }
  for (const model of models) {
    if (!isSameNetwork(model, first)) {
      throw new ConfigurationError(
        "averageNetworks: the networks are not of one builder; their weights have no mean.",
      );
    }
    if (model.usedFeatures.join() !== first.usedFeatures.join()) {
      throw new ConfigurationError(
        "averageNetworks: the networks see different features (their input masks differ); their weights have no mean.",
      );
    }
  }
  const mean = (part: keyof ModelWeights): Float32Array =>
    Float32Array.from(first[part], (_, at) =>
      models.reduce((total, model, i) => total + (weights[i]! / sum) * model[part][at]!, 0),
    );
  return new Model(first.builder, { parameters: mean("parameters"), buffers: mean("buffers") });
}

function isSameNetwork({ builder: one }: Model, { builder: other }: Model): boolean {
  return one === other || JSON.stringify(one.toSpec()) === JSON.stringify(other.toSpec());
}

/** How the snapshots of each training are averaged. */
export interface AverageOptions extends SnapshotOptions {
  /** The folds that were trained on, for running statistics and the validation loss. */
  readonly folds: TrainingFolds;
  readonly batchSize: number;
  readonly seed: number;
  readonly callbacks?: readonly Callback[];
  readonly signal?: AbortSignal | undefined;
}

/**
 * For each training in a folder one network: the mean of its chosen snapshots, with running statistics from its
 * training folds and its own validation loss.
 */
export async function averagedTrainings(
  directory: string,
  options: AverageOptions,
): Promise<(TrainedResult & { readonly model: Model })[]> {
  const load = sharedLoader();
  const results: (TrainedResult & { readonly model: Model })[] = [];
  for (const training of await storedTrainings(directory, options.trainings)) {
    const { member, validationFold, trainingFolds } = training.result;
    const chosen = chooseSnapshots(training, options);
    const models: Model[] = [];
    for (const { snapshot } of chosen) models.push(await load(join(training.folder, snapshot?.name ?? ".")));
    const { builder, parameters, buffers } = averageNetworks(
      models,
      chosen.map(({ weight }) => weight),
    );
    const { weights, validationLoss } = await refreshNetwork(
      builder,
      { parameters, buffers },
      options.folds,
      { ...options, member, ...(trainingFolds && { memberFolds: { validationFold, trainingFolds } }) },
    );
    results.push({
      member,
      snapshot: "average",
      ...foldsKnown(training.result),
      validationLoss,
      model: new Model(builder, weights),
    });
  }
  return results;
}
