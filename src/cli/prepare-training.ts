/** Preprocessing and folds of an analysis, before anything is trained; loads neither networks nor the engine. */
import {
  type AugmentationPlan,
  DiskStore,
  FoldYielder,
  type FoldYielderOptions,
  HEPAugFoldYielder,
  type Pipeline,
} from "../data/index.ts";
import { ConfigurationError } from "../errors/index.ts";
import { type Analysis, isTrees } from "./analysis.ts";
import { planFolds } from "./fold-events.ts";
import { type LabelledEvents, type LabelledSource, sourceOf } from "./labelled-events.ts";
import { canReadAhead, checkFoldFits, type MemoryPlan } from "./memory-plan.ts";
import type { RunPaths } from "./run-folder.ts";
import { writeJson } from "./run-folder.ts";

/** Preprocessing and folds, before anything is trained. */
export interface PreparedTraining {
  readonly pipeline: Pipeline;
  /** For each fold the rows of the training events in it. */
  readonly foldRows: readonly Int32Array[];
  /**
   * Writes pipeline.json and the fold file, and opens it.
   *
   * @param folder an existing folder, in which the prepared events are put aside; default: in memory.
   * @param dealt called when all that is left to do may be done by a thread.
   */
  write(paths: RunPaths, folder?: string, dealt?: () => void): Promise<FoldYielder>;
}

/** Fits the preprocessing on the training events and deals them into folds; checks all that can be checked early. */
export async function prepareTraining(
  analysis: Analysis,
  events: LabelledEvents | LabelledSource,
  directory: string,
  memory?: MemoryPlan,
): Promise<PreparedTraining> {
  const source = "table" in events ? sourceOf(events) : events;
  const plan = await planFolds(analysis, source, directory, memory && 0);
  const { pipeline, foldRows } = plan;
  checkFolds(analysis, foldRows);
  const largest = Math.max(...foldRows.map((rows) => rows.length));
  const featureCount = pipeline.continuous.length + pipeline.categorical.length;
  if (memory) checkFoldFits(memory, largest, featureCount, foldRows.length);
  return {
    pipeline,
    foldRows,
    async write(paths, folder, dealt) {
      await writeJson(paths.pipeline, pipeline);
      const store = folder === undefined ? undefined : await DiskStore.create(folder);
      try {
        await plan.write(paths.folds, store, dealt);
      } finally {
        await store?.remove();
      }
      return openFolds(
        analysis,
        paths.folds,
        directory,
        memory && { cacheBytes: memory.fold, readAhead: canReadAhead(memory, largest, featureCount) },
      );
    },
  };
}

/** Opens the fold file of a run, with the augmentation of its analysis. */
export function openFolds(
  analysis: Analysis,
  path: string,
  directory: string,
  memory: Pick<FoldYielderOptions, "cacheBytes" | "readAhead"> = {},
): Promise<FoldYielder> {
  const { augmentation, training } = analysis;
  const options = { directory, transforms: training.foldTransforms, ...memory };
  return augmentation === "off"
    ? FoldYielder.open(path, options)
    : HEPAugFoldYielder.open(path, { ...options, ...augmentationSettings(analysis), augmentation });
}

/** What augmentation needs to know of an analysis. */
export function augmentationSettings({ seed, features }: Analysis): {
  readonly seed: number;
  readonly scaler: "required" | "none";
} {
  return { seed, scaler: features.scaling === "none" ? "none" : "required" };
}

/** How prediction augments the events of an analysis; undefined when it does not. */
export function augmentationOf(folds: FoldYielder): AugmentationPlan | undefined {
  return folds instanceof HEPAugFoldYielder ? folds.plan : undefined;
}

/** A fold smaller than the batch would give no training step. */
function checkFolds({ training, folds, model }: Analysis, foldRows: readonly Int32Array[]): void {
  if (isTrees(model)) return;
  const smallest = Math.min(...foldRows.map((rows) => rows.length));
  if (smallest < training.batchSize) {
    const fold = foldRows.findIndex((rows) => rows.length === smallest);
    throw new ConfigurationError(
      `training.batchSize: fold ${fold} has ${smallest} events, fewer than the batch size ${training.batchSize}. ` +
        `Use a batch size of at most ${smallest}, or fewer than ${folds.count} folds.`,
    );
  }
}
