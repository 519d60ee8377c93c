/** Cross-validation: one ensemble for each outer fold, every event scored by networks that never saw it. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Column, columnOf, splitByModulo, type Table } from "../data/index.ts";
import { ConfigurationError, InterruptedError, unknownName } from "../errors/index.ts";
import { type ReportedMeasurement, rocAuc } from "../metrics/index.ts";
import { softwareVersions } from "../train/index.ts";
import { type AnalysisFile, friendFiles } from "./analysis-file.ts";
import { count } from "./count.ts";
import { evaluateSets, type Metrics } from "./evaluation.ts";
import { labelled, selectEvents } from "./labelled-events.ts";
import { type IdentifiedSet, identifiersOf, writePredictions } from "./predictions-file.ts";
import { readEvents } from "./prepare-events.ts";
import { augmentationOf, prepareTraining } from "./prepare-training.ts";
import { beginRun, completeRun, runPaths } from "./run-folder.ts";
import { fingerprintFiles } from "./run-record.ts";
import { scoreEvents } from "./score-events.ts";
import { adviseOnInterrupt } from "./supervise.ts";
import { type RunOptions, resumedText } from "./train-analysis.ts";
import { trainEnsemble } from "./train-ensemble.ts";

/** How the outer folds are made. */
export interface OuterFolds {
  readonly count: number;
  /** A column of whole numbers: its value modulo `count` is the outer fold. */
  readonly by: string;
}

/** The content of crossvalidation.json. */
export interface CrossValidation {
  readonly outer: OuterFolds;
  readonly seed: number;
  /** All events together, each scored by the ensemble of the other outer folds. */
  readonly metrics: Metrics;
  /** For each outer fold: its events and, for two classes, their weighted AUC. */
  readonly folds: readonly {
    readonly fold: number;
    readonly eventCount: number;
    readonly auc: number | null;
  }[];
  /** Mean and standard deviation of the folds' AUC. */
  readonly aucOfFolds: ReportedMeasurement;
}

/** Trains and scores the outer folds, one after the other, in sub-folders of `out`. */
export async function crossValidate(
  file: AnalysisFile,
  outer: OuterFolds,
  out: string,
  options: RunOptions & { readonly folderIsNew?: boolean },
): Promise<CrossValidation> {
  const { reporter, signal } = options;
  const { analysis, directory, inputFiles } = file;
  const files = await fingerprintFiles([...inputFiles, ...friendFiles(analysis)], signal);
  const paths = { ...runPaths(out), record: join(out, "crossvalidation.json") };
  const { files: _, ...input } = analysis.input;
  const identity = { versions: softwareVersions(), analysis: { ...analysis, input }, files, outer };
  let isResumed = false;
  if (options.folderIsNew !== true) {
    isResumed = await beginRun(paths, identity);
    if (isResumed) reporter.note(`going on with the unfinished cross-validation in ${out}`);
    adviseOnInterrupt(
      `interrupted. Run the same command again to go on with the cross-validation in "${out}".`,
    );
  }
  const reading = reporter.phase("reading events");
  const events = labelled(
    analysis,
    await readEvents(analysis, inputFiles, analysis.input.select, [outer.by]),
  );
  reading(`read ${count(events.table.rowCount)} events`);
  const parts = outerParts(events.table, outer);

  const outputs: Float64Array[] = [];
  let outputCount = 1;
  for (const [fold, rows] of parts.entries()) {
    if (signal?.aborted === true) throw new InterruptedError("interrupted.");
    reporter.note(`outer fold ${fold + 1} of ${outer.count}: ${count(rows.length)} events to score`);
    const folder = join(out, `outer_${fold}`);
    await mkdir(folder, { recursive: true });
    const own = runPaths(folder);
    const training = selectEvents(events, othersOf(parts, fold));
    const prepared = await prepareTraining(analysis, training, directory);
    const folds = await prepared.write(own);
    try {
      const { training: trained } = await trainEnsemble(analysis, folds, own, {
        directory,
        workers: options.workers,
        signal,
        resume: isResumed,
        trainingBegins: () => reporter.trainingBegins(analysis.training.members),
        trainingEnds: () => reporter.trainingEnds(),
        onProgress: (event) => reporter.member(event),
        onEvent: (event) => {
          if (event.kind === "memberKept") reporter.memberKept(event.member);
          if (event.kind === "memberResumed") reporter.note(resumedText(event));
          if (event.kind === "workerLost" || event.kind === "notResumable") reporter.note(event.message);
        },
      });
      const { ensemble } = trained;
      outputCount = ensemble.outputCount;
      const scorer = { ensemble, pipeline: prepared.pipeline, plan: augmentationOf(folds), directory };
      outputs.push(await scoreEvents(scorer, selectEvents(events, rows).table, { signal }));
      await ensemble.release();
    } finally {
      folds.close();
    }
  }

  const set = together(parts, outputs, outputCount, {
    targets: events.targets,
    targetCount: events.targetCount,
    weights: events.weights,
    renormalise: true,
    id: identifiersOf(events.table, analysis.input.id),
  });
  const metrics = evaluateSets(analysis, { crossvalidation: set });
  const result = {
    outer,
    seed: analysis.seed,
    metrics,
    ...perFold(analysis.target.task === "binary", parts, outputs, set),
  };
  if (options.folderIsNew !== true) {
    await mkdir(paths.predictions, { recursive: true });
    await writePredictions(paths.predictions, "crossvalidation", set);
    await completeRun(paths, result);
  }
  return result;
}

function outerParts(table: Table, { count: folds, by }: OuterFolds): Int32Array[] {
  const names = Object.keys(table.columns);
  if (!names.includes(by)) throw unknownName("--by: column", by, names);
  const column: Column = columnOf(table, by);
  const parts = splitByModulo(column, folds, by);
  const empty = parts.findIndex((rows) => rows.length === 0);
  if (empty >= 0) {
    throw new ConfigurationError(
      `--outer ${folds} --by ${by}: outer fold ${empty} has no events; use fewer folds or another column.`,
    );
  }
  return parts;
}

/** The rows of all other parts, in the order of the file. */
function othersOf(parts: readonly Int32Array[], fold: number): Int32Array {
  return Int32Array.from(parts.flatMap((rows, i) => (i === fold ? [] : [...rows]))).sort();
}

function together(
  parts: readonly Int32Array[],
  outputs: readonly Float64Array[],
  outputCount: number,
  rest: Omit<IdentifiedSet, "predictions" | "outputCount">,
): IdentifiedSet {
  const eventCount = rest.targets.length / rest.targetCount;
  const predictions = new Float64Array(eventCount * outputCount);
  const folds = new Int32Array(eventCount);
  for (const [fold, rows] of parts.entries()) {
    for (const [i, row] of rows.entries()) {
      folds[row] = fold;
      for (let o = 0; o < outputCount; o++)
        predictions[row * outputCount + o] = outputs[fold]![i * outputCount + o]!;
    }
  }
  return { ...rest, predictions, outputCount, folds };
}

function perFold(
  isBinary: boolean,
  parts: readonly Int32Array[],
  outputs: readonly Float64Array[],
  { targets, weights }: IdentifiedSet,
): Pick<CrossValidation, "folds" | "aucOfFolds"> {
  const folds = parts.map((rows, fold) => {
    const own = Float32Array.from(rows, (row) => targets[row]!);
    const auc =
      isBinary && new Set(own).size === 2
        ? rocAuc(outputs[fold]!, own, weights && Float64Array.from(rows, (row) => weights[row]!))
        : null;
    return { fold, eventCount: rows.length, auc };
  });
  const values = folds.flatMap(({ auc }) => (auc === null ? [] : [auc]));
  if (values.length === 0) return { folds, aucOfFolds: { value: null, uncertainty: null } };
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance =
    values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length - 1);
  return { folds, aucOfFolds: { value: mean, uncertainty: Math.sqrt(variance) } };
}
