/** A finished run, ready to predict. */
import { dirname } from "node:path";
import { augmentationPlan, loadAugmentation, type Pipeline } from "../data/index.ts";
import type { Device } from "../engine/index.ts";
import { Ensemble } from "../ensemble/index.ts";
import { augmentationSettings } from "./prepare-training.ts";
import { type RunPaths, readJson, readRun } from "./run-folder.ts";
import type { RunRecord } from "./run-record.ts";
import type { Scorer } from "./score-events.ts";

export interface LoadedRun {
  readonly paths: RunPaths;
  readonly record: RunRecord;
  readonly scorer: Scorer;
}

/**
 * Reads networks and preprocessing of a run.
 *
 * @param augment average over the fixed views of the augmentation, if the analysis has one.
 * @throws FileFormatError for a folder that is missing, unfinished or damaged.
 */
export async function loadRun(
  folder: string,
  { augment = true }: { augment?: boolean } = {},
): Promise<LoadedRun> {
  const { paths, record } = readRun(folder);
  const pipeline = readJson(paths.pipeline) as Pipeline;
  // A run of another machine predicts where its device is missing, too.
  const devices: readonly Device[] = [record.analysis.training.device, "cpu" as const].flat();
  const ensemble = (await Ensemble.load(folder)).onDevice(devices);
  const { augmentation, target } = record.analysis;
  const features = [...pipeline.continuous, ...pipeline.categorical.map(({ name }) => name)];
  const directory = dirname(record.analysisFile);
  return {
    paths,
    record,
    scorer: {
      ensemble,
      pipeline,
      directory,
      ...(augment && augmentation !== "off"
        ? {
            plan: augmentationPlan(
              features,
              pipeline.scaler,
              await loadAugmentation(augmentation, directory),
              {
                ...augmentationSettings(record.analysis),
                targets: target.columns,
              },
            ),
          }
        : {}),
    },
  };
}
