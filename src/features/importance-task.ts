/** The job of a worker process: the permutation importance on one fold, with an ensemble from its folder. */
import { Ensemble } from "../ensemble/index.ts";
import { makeMetric, type NamedMetric } from "../metrics/index.ts";
import type { LabelledFold } from "./labelled-folds.ts";
import { type FoldImportance, type FoldSettings, permuteFold } from "./permuted-fold.ts";

/** An ensemble that lies in a folder, for worker processes to load. */
export interface SavedEnsemble {
  /** Folder of `Ensemble.save`, or of a run. */
  readonly directory: string;
  /** Ask only members that did not train on the fold. Default false: all members. */
  readonly outOfFold?: boolean;
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

/** Permutes one fold, and tells how far it is. */
export async function importanceTask(
  { saved, events, metric, ...settings }: ImportancePayload,
  emit: (share: number) => void,
): Promise<FoldImportance> {
  const ensemble = await ensembleOf(saved);
  const predictor = saved.outOfFold === true ? ensemble.outOfFold(settings.fold) : ensemble;
  return permuteFold(predictor, events, makeMetric(metric), settings, { onProgress: emit });
}
