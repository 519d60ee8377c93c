/** The job of a worker process: the permutation importance on one fold, with an ensemble from its folder. */
import { Ensemble } from "../ensemble/index.ts";
import { makeMetric, type NamedMetric } from "../metrics/index.ts";
import type { LabelledFold } from "./labelled-folds.ts";
import { type FoldImportance, type FoldSettings, permuteFold } from "./permuted-fold.ts";

/** An ensemble that lies in a folder, for worker processes to load. */
export interface SavedEnsemble {
  /** Folder of `Ensemble.save`, or of a run. */
  readonly directory: string;
  /**
   * Ask only members that did not train on the fold: `true` where the data are the folds of the training, or the
   * number that each fold of the data has there. Default false: all members.
   */
  readonly outOfFold?: boolean | readonly number[];
}

/** All that a worker process needs. */
export interface ImportancePayload extends FoldSettings {
  readonly saved: SavedEnsemble;
  readonly events: LabelledFold;
  readonly metric: string | NamedMetric;
}

const loaded = new Map<string, Promise<Ensemble>>();

/** The ensemble of a folder, once for all jobs of this process. */
export function ensembleOf({ directory }: SavedEnsemble): Promise<Ensemble> {
  const ensemble = loaded.get(directory) ?? Ensemble.load(directory);
  loaded.set(directory, ensemble);
  return ensemble;
}

/** What predicts a fold: all members, or those that did not train on it. */
export function predictorOf(
  ensemble: Ensemble,
  { outOfFold = false }: SavedEnsemble,
  fold: number,
): Ensemble {
  if (outOfFold === false) return ensemble;
  return ensemble.outOfFold(outOfFold === true ? fold : outOfFold[fold]!);
}

/** Permutes one fold, and tells how far it is. */
export async function importanceTask(
  { saved, events, metric, ...settings }: ImportancePayload,
  emit: (share: number) => void,
): Promise<FoldImportance> {
  const predictor = predictorOf(await ensembleOf(saved), saved, settings.fold);
  return permuteFold(predictor, events, makeMetric(metric), settings, { onProgress: emit });
}
