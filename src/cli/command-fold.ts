/** `lumin fold`: raw events to fold files. */
import { existsSync, rmSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { loadHdf5 } from "../data/hdf5.ts";
import { ConfigurationError } from "../errors/index.ts";
import { softwareVersions } from "../train/software-versions.ts";
import { readAnalysisFile } from "./analysis-file.ts";
import type { CommandContext } from "./command-context.ts";
import { count } from "./count.ts";
import { writeFurtherFolds } from "./fold-events.ts";
import { memoryPlan } from "./memory-plan.ts";
import { readSplitSources } from "./prepare-events.ts";
import { prepareTraining } from "./prepare-training.ts";
import { withoutFiles } from "./resume-run.ts";
import { runPaths, writeJson } from "./run-folder.ts";
import { fingerprintFiles, userModules } from "./run-record.ts";
import { adviseOnInterrupt } from "./supervise.ts";

export interface FoldOptions {
  readonly out: string;
  readonly set: readonly string[];
  /** Bytes. */
  readonly memory?: number;
}

/** Writes folds.h5, validation.h5, pipeline.json and fold.json into a new folder. */
export async function foldCommand(
  path: string,
  { out, set, memory: ceiling }: FoldOptions,
  { reporter, signal }: CommandContext,
): Promise<void> {
  const { analysis, directory, inputFiles } = readAnalysisFile(path, set);
  const memory = memoryPlan(ceiling, 1);
  if (existsSync(out)) {
    throw new ConfigurationError(`--out "${out}": this already exists. Choose another name, or delete it.`);
  }
  const fingerprints = fingerprintFiles(inputFiles, signal);
  // Mostly DuckDB is still at work on the files then. What fails here fails below, where it is awaited.
  fingerprints.then(loadHdf5).catch(() => {});
  const modules = await fingerprintFiles(userModules(analysis, directory), signal);
  adviseOnInterrupt("interrupted.", out);
  await mkdir(out, { recursive: true });
  try {
    const temporary = memory && out;
    const reading = reporter.phase("reading events");
    const split = await readSplitSources(analysis, inputFiles, {
      bytes: memory?.reading,
      folder: temporary,
      early: memory === undefined,
    });
    try {
      const { training, validation } = split;
      reading(
        `read ${count(training.source.rowCount + validation.source.rowCount)} events: ${count(training.source.rowCount)} for training, ${count(validation.source.rowCount)} for validation`,
      );
      const paths = runPaths(out);
      const writing = reporter.phase("writing folds");
      const prepared = await prepareTraining(analysis, training, directory, memory);
      let whenDealt = (): void => {};
      const dealt = new Promise<void>((resolve) => {
        whenDealt = resolve;
      });
      const written = prepared.write(paths, temporary, whenDealt);
      // A thread may be writing from then on.
      await Promise.race([dealt, written]);
      const further = writeFurtherFolds(
        join(out, "validation.h5"),
        analysis,
        prepared.pipeline,
        validation,
        directory,
      );
      // What fails is told when nothing is written any more.
      await Promise.allSettled([written, further]);
      await further;
      const folds = await written;
      const { foldSizes, features, categorySizes } = folds;
      folds.close();
      await writeJson(join(out, "fold.json"), {
        format: "lumin-folds",
        formatVersion: 1,
        versions: softwareVersions(),
        analysis: withoutFiles(analysis),
        files: await fingerprints,
        modules,
        foldSizes,
        validationCount: validation.source.rowCount,
        features,
        categorySizes,
      });
      writing(`wrote ${foldSizes.length} folds of ${features.length} features into ${out}`);
    } finally {
      await split.remove();
    }
  } catch (error) {
    rmSync(out, { recursive: true, force: true });
    throw error;
  }
  adviseOnInterrupt("interrupted.");
}
