/** `foldTrainEnsemble`: data and builder in, a weighted ensemble out. */
import type { ModelBuilder } from "../model/index.ts";
import {
  type Callback,
  type CallbackSpec,
  type History,
  isCallbackSpec,
  type MemberResult,
  type MemberTiming,
  type SendableFolds,
  type TrainingOptions,
  trainMembers,
} from "../train/index.ts";
import {
  assembleEnsemble,
  checkRecipe,
  type EnsembleRecipe,
  trainedResult,
  usesSnapshots,
} from "./assemble.ts";
import { Ensemble } from "./ensemble.ts";

/** What comes out of training an ensemble. */
export interface EnsembleTraining {
  readonly results: readonly MemberResult[];
  readonly histories: readonly History[];
  readonly ensemble: Ensemble;
  /** Clock times; all else is the same for the same seed. */
  readonly timings: readonly MemberTiming[];
}

/** How an ensemble is trained and put together. */
export interface EnsembleTrainingOptions extends TrainingOptions {
  /** What its members are. Default: the final networks, weighted by 1/validation loss. */
  readonly ensemble?: EnsembleRecipe;
}

/**
 * Trains `memberCount` networks and makes a weighted ensemble of them. Member m validates on fold
 * m mod foldCount and trains on the others.
 *
 * With an output directory, every member is written when it is finished (`members/<m>/model.safetensors`,
 * `model.json`, `history.jsonl`, `result.json`) and `ensemble.json` comes last. Members that are there
 * already, from the same data, network, seed and options, are kept: an interrupted training goes on.
 *
 * An ensemble of snapshots, or of their averages, saves the weights at the end of every cycle: the callback
 * `Snapshots` is added, and a cyclic schedule must be among the callbacks.
 *
 * The same seed gives the same bytes for any number of workers.
 */
export async function foldTrainEnsemble(
  foldYielder: SendableFolds,
  builder: ModelBuilder,
  { ensemble: recipe = {}, ...options }: EnsembleTrainingOptions,
): Promise<EnsembleTraining> {
  const { outputDirectory } = options;
  checkRecipe(recipe, options);
  const callbacks = usesSnapshots(recipe) ? withSnapshots(options.callbacks) : (options.callbacks ?? []);
  const { outcomes, timings } = await trainMembers(foldYielder, builder, { ...options, callbacks });
  const results = outcomes.map(({ result }) => result);
  const assembled = usesSnapshots(recipe)
    ? await assembleEnsemble(outputDirectory!, recipe, { ...options, callbacks, folds: foldYielder })
    : Ensemble.fromResults(outcomes.map(trainedResult), recipe);
  const ensemble = assembled.onDevice(options.device ?? "cpu");
  if (outputDirectory !== undefined) await ensemble.saveIndex(outputDirectory);
  return { results, histories: outcomes.map(({ history }) => history), ensemble, timings };
}

function withSnapshots(callbacks: readonly (CallbackSpec | Callback)[] = []): (CallbackSpec | Callback)[] {
  const isThere = callbacks.some((each) =>
    isCallbackSpec(each) ? "callback" in each && each.callback === "Snapshots" : each.name === "Snapshots",
  );
  // As an analysis file has it, where it stands among the callbacks.
  return isThere ? [...callbacks] : [...callbacks, { callback: "Snapshots", options: {} }];
}
