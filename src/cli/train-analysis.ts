/** A whole run: from the analysis file to the folder with networks, predictions, metrics and report. */
import { existsSync, rmSync } from "node:fs";
import { writeText } from "../data/index.ts";
import { ConfigurationError, InterruptedError, TrainingError } from "../errors/index.ts";
import { reportHtml, type TimingRow } from "../plot/index.ts";
import { softwareVersions, type TrainingEvent } from "../train/index.ts";
import { type AnalysisFile, friendFiles } from "./analysis-file.ts";
import { count } from "./count.ts";
import { evaluateSets, type Metrics } from "./evaluation.ts";
import { type LabelledEvents, labelled } from "./labelled-events.ts";
import { memberTable } from "./member-table.ts";
import { memoryPlan } from "./memory-plan.ts";
import { type IdentifiedSet, onlyScored } from "./predictions-file.ts";
import { readEvents, readSplitSources, type SplitSources } from "./prepare-events.ts";
import { augmentationOf, prepareTraining } from "./prepare-training.ts";
import type { Reporter } from "./reporter.ts";
import { type RunIdentity, type RunState, resumeRun, withoutFiles } from "./resume-run.ts";
import {
  beginRun,
  completeRun,
  type RunPaths,
  readMetrics,
  readRun,
  runPaths,
  writeJson,
} from "./run-folder.ts";
import { fingerprintFiles, type RunRecord, userModules } from "./run-record.ts";
import { type RunTimings, runReport } from "./run-report.ts";
import { type Scorer, scoreFairly } from "./score-events.ts";
import {
  describedSet,
  type KeptScores,
  keepScores,
  outOfFoldCount,
  outOfFoldScores,
  validationScores,
} from "./score-run.ts";
import { adviseOnInterrupt } from "./supervise.ts";
import { checkTrainingParts, type TrainedAnalysis, trainEnsemble } from "./train-ensemble.ts";

/** How a run is done; nothing here changes its results. */
export interface RunOptions {
  readonly workers: number;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal | undefined;
  /** Go on with an unfinished run, or add members to a finished one. */
  readonly resume?: boolean;
  /** Least time between two checkpoints of a member; 0: at the end of every fold. */
  readonly checkpointSeconds?: number | undefined;
  /** What all processes together may use, in bytes; default: events are held in memory. */
  readonly memory?: number | undefined;
  /** Puts finished members into the new folder, which are then not trained. */
  takeMembers?(folder: string): void;
}

/** What a run comes to. */
export interface RunResult {
  readonly paths: RunPaths;
  readonly record: RunRecord;
  readonly metrics: Metrics;
}

/**
 * Trains the analysis into the folder `out` and evaluates it. An unfinished run of the same analysis is gone on with.
 *
 * @throws ConfigurationError when the folder holds anything else; whatever reading, training and evaluating throw.
 */
export async function trainAnalysis(
  file: AnalysisFile,
  out: string,
  options: RunOptions,
): Promise<RunResult> {
  const { reporter, signal } = options;
  const { analysis, directory, inputFiles } = file;
  const startedAt = new Date().toISOString();
  const clock = new PhaseClock(reporter);
  const paths = runPaths(out);
  // Before anything is read: a wrong folder should not cost the time of reading.
  const identity: RunIdentity = {
    versions: softwareVersions(),
    analysis: withoutFiles(analysis),
    files: await fingerprintFiles([...inputFiles, ...friendFiles(analysis)], signal),
    modules: await fingerprintFiles(userModules(analysis, directory), signal),
  };
  const wasThere = existsSync(out);
  const state = await openRun(paths, identity, options.resume === true);
  if (state === "finished") {
    reporter.note(`the run in ${out} is finished, there is nothing left to do`);
    return { paths, record: readRun(out).record, metrics: readMetrics(paths) };
  }
  const isResumed = state !== "new";
  const cleaner = new Cleaner(paths, wasThere);
  try {
    if (state === "unfinished") reporter.note(`going on with the unfinished run in ${out}`);
    if (state === "extended") reporter.note(`adding members to the run in ${out}`);
    adviseOnInterrupt(`interrupted. Run the same command again to go on with the run in "${out}".`);

    await checkTrainingParts(analysis, directory);
    const memory = memoryPlan(options.memory, options.workers);
    const reading = clock.phase("reading events");
    const split = await readSplitSources(analysis, inputFiles, {
      bytes: memory?.reading,
      folder: memory && out,
    });
    const [trainingCount, validationCount] = [split.training, split.validation].map(
      ({ source }) => source.rowCount,
    ) as [number, number];
    reading(
      `read ${count(trainingCount + validationCount)} events: ${count(trainingCount)} for training, ${count(validationCount)} for validation`,
    );
    const sets = await readSets(file, clock);
    stopIfAborted(signal);

    const preparing = clock.phase("writing folds");
    const prepared = await prepareTraining(analysis, split.training, directory, memory);
    const folds = await prepared.write(paths, memory && out);
    preparing(`wrote ${folds.foldCount} folds of ${folds.featureCount} features`);
    try {
      if (state === "new") options.takeMembers?.(out);
      const training = clock.silentPhase("training");
      const { parameterCount, training: trained } = await trainEnsemble(analysis, folds, paths, {
        directory,
        workers: memory?.workers ?? options.workers,
        resume: isResumed,
        checkpointSeconds: options.checkpointSeconds,
        signal,
        trainingBegins: () => reporter.trainingBegins(analysis.training.members),
        trainingEnds: () => reporter.trainingEnds(),
        onProgress: (event) => reporter.member(event),
        onEvent: (event) => {
          if (event.kind === "memberKept") reporter.memberKept(event.member);
          if (event.kind === "memberResumed") reporter.note(resumedText(event));
          if (event.kind === "workerLost" || event.kind === "notResumable") reporter.note(event.message);
          if (event.kind === "memberFinished") cleaner.keep();
          if (event.kind === "memberFinished" || event.kind === "memberKept")
            adviseFinished(out, ++cleaner.finished, analysis.training.members);
        },
      });
      training();
      const ready: TrainedAnalysis = {
        pipeline: prepared.pipeline,
        folds,
        parameterCount,
        training: trained,
      };
      const scores = await scoreAll(file, ready, split, sets, paths, options, clock);

      const evaluating = clock.phase("evaluating");
      const scored = Object.fromEntries(Object.entries(scores).map(([name, { kept }]) => [name, kept]));
      const metrics = evaluateSets(analysis, scored);
      const validation = scores.validation!.kept;
      const comparison = memberTable(analysis, trained.ensemble, validation, validation.members ?? []);
      evaluating("evaluated");
      stopIfAborted(signal);

      const record = recordOf(file, identity, ready, split, sets);
      const writing = clock.phase("writing the run");
      await writeJson(paths.metrics, metrics);
      if (comparison !== undefined) await writeJson(paths.members, comparison);
      const timings: RunTimings = {
        startedAt,
        finishedAt: new Date().toISOString(),
        workers: options.workers,
        phases: clock.rows(),
        members: trained.timings.map(({ member, seconds, firstStep }) => ({
          member,
          seconds: seconds ?? null,
          ...(firstStep > 0 ? { firstStep } : {}),
        })),
      };
      await writeJson(paths.timings, timings);
      const report = await runReport(paths, record, { cacheBytes: memory?.fold });
      await writeText(paths.report, [
        await reportHtml(report.report, {
          timings: report.timings,
          ...(analysis.plots ? { plots: analysis.plots } : {}),
        }),
      ]);
      await completeRun(paths, record);
      writing(`wrote ${out}`);
      await trained.ensemble.release();
      return { paths, record, metrics };
    } finally {
      folds.close();
      await split.remove();
    }
  } catch (error) {
    throw cleaner.after(error);
  }
}

/** Times of the phases, told to the reporter as they go by. */
class PhaseClock {
  readonly #reporter: Reporter;
  readonly #rows: TimingRow[] = [];

  constructor(reporter: Reporter) {
    this.#reporter = reporter;
  }

  phase(label: string): (result?: string) => void {
    const done = this.#reporter.phase(label);
    const timed = this.silentPhase(label);
    return (result) => {
      timed();
      done(result);
    };
  }

  /** Only timed. */
  silentPhase(label: string): () => void {
    const started = performance.now();
    return () => this.#rows.push({ label, seconds: (performance.now() - started) / 1000 });
  }

  rows(): readonly TimingRow[] {
    return this.#rows;
  }
}

/** What stays of a run that fails: everything once a member is finished, else nothing. */
class Cleaner {
  finished = 0;
  readonly #paths: RunPaths;
  #removes: boolean;

  constructor(paths: RunPaths, wasThere: boolean) {
    this.#paths = paths;
    this.#removes = !wasThere;
  }

  keep(): void {
    this.#removes = false;
  }

  after(error: unknown): unknown {
    if (error instanceof InterruptedError) return error;
    if (this.#removes) {
      rmSync(this.#paths.folder, { recursive: true, force: true });
      return error;
    }
    if (error instanceof TrainingError && this.finished > 0) {
      return new TrainingError(
        `${error.message}\n${this.finished} finished ${this.finished === 1 ? "member is" : "members are"} kept in "${this.#paths.folder}"; the same command goes on from there.`,
        { cause: error },
      );
    }
    return error;
  }
}

function adviseFinished(out: string, finished: number, members: number): void {
  adviseOnInterrupt(
    `interrupted. ${finished} of ${members} members are finished and kept in "${out}"; run the same command again to go on.`,
  );
}

/** What was in the folder; with `--resume` more may be. */
async function openRun(paths: RunPaths, identity: RunIdentity, resume: boolean): Promise<RunState> {
  if (resume) return resumeRun(paths, identity);
  return (await beginRun(paths, identity)) ? "unfinished" : "new";
}

/** Where a member goes on. */
export function resumedText({
  member,
  epoch,
  step,
  stepCount,
}: Extract<TrainingEvent, { readonly kind: "memberResumed" }>): string {
  return `member ${member} goes on from its checkpoint in epoch ${epoch}, ${count(step)} of ${count(stepCount)} steps are done`;
}

async function readSets(
  file: AnalysisFile,
  clock: PhaseClock,
): Promise<Readonly<Record<string, LabelledEvents>>> {
  const { analysis, inputFiles } = file;
  const sets: Record<string, LabelledEvents> = {};
  for (const [name, { select }] of Object.entries(analysis.evaluation.sets)) {
    if (name === "validation" || name === "outOfFold") {
      throw new ConfigurationError(`evaluation.sets.${name}: this name is taken; choose another.`);
    }
    const done = clock.phase(`reading the ${name} events`);
    sets[name] = labelled(analysis, await readEvents(analysis, inputFiles, select));
    done(`read ${count(sets[name].table.rowCount)} ${name} events`);
  }
  return sets;
}

/** Predictions for validation (each member's too), training out of fold, and the further sets, into their files. */
async function scoreAll(
  { analysis, directory }: AnalysisFile,
  { training: { ensemble }, folds, pipeline }: TrainedAnalysis,
  { validation }: SplitSources,
  sets: Readonly<Record<string, LabelledEvents>>,
  { predictions: folder }: RunPaths,
  { reporter, signal }: RunOptions,
  clock: PhaseClock,
): Promise<Readonly<Record<string, KeptScores>>> {
  const { events: atMost } = analysis.evaluation;
  const scorer: Scorer = { ensemble, pipeline, plan: augmentationOf(folds), directory };
  const settings = { signal, onProgress: (share: number) => reporter.share(share) };
  const done = clock.phase("predicting");
  const scores: Record<string, KeptScores> = {};
  const keep = async (name: string, pieces: AsyncIterable<IdentifiedSet>, eventCount: number) => {
    scores[name] = await keepScores(folder, name, pieces, eventCount, atMost);
    if (eventCount > atMost) {
      reporter.note(
        `${name}: evaluated on ${count(atMost)} of its ${count(eventCount)} events (evaluation.events)`,
      );
    }
  };
  await keep(
    "validation",
    validationScores(scorer, analysis, validation, settings),
    validation.source.rowCount,
  );
  await keep(
    "outOfFold",
    outOfFoldScores(ensemble, analysis, folds, settings),
    outOfFoldCount(ensemble, folds),
  );
  for (const [name, events] of Object.entries(sets)) {
    const fair = await scoreFairly(scorer, folds, events.table, settings);
    if (fair.trainingCount > 0) {
      reporter.note(
        `evaluation.sets.${name}: ${count(fair.trainingCount)} of its events are training events; they are scored out of fold`,
      );
    }
    const { renormalise } = analysis.evaluation.sets[name]!;
    const { outputCount } = ensemble;
    const set = onlyScored(describedSet(analysis, events, fair.predictions, outputCount, renormalise));
    await keep(name, alone(set), set.predictions.length / outputCount);
  }
  done(
    `predicted ${count(Object.values(scores).reduce((sum, { eventCount }) => sum + eventCount, 0))} events`,
  );
  return scores;
}

async function* alone<T>(value: T): AsyncGenerator<T> {
  yield value;
}

function recordOf(
  { analysis, path }: AnalysisFile,
  { versions, files, modules }: RunIdentity,
  { folds, parameterCount, training }: TrainedAnalysis,
  split: SplitSources,
  sets: Readonly<Record<string, LabelledEvents>>,
): RunRecord {
  const { augmentation } = analysis;
  // Snapshots of one training count together.
  const weights = new Map<number, number>();
  for (const { member, weight } of training.ensemble.members)
    weights.set(member, (weights.get(member) ?? 0) + weight);
  const trainingCount = split.training.source.rowCount;
  const validationCount = split.validation.source.rowCount;
  return {
    format: "lumin-run",
    formatVersion: 1,
    seed: analysis.seed,
    analysis,
    analysisFile: path,
    versions,
    data: {
      files,
      eventCount: trainingCount + validationCount,
      trainingCount,
      validationCount,
      setCounts: Object.fromEntries(Object.entries(sets).map(([name, set]) => [name, set.table.rowCount])),
      foldSizes: folds.foldSizes,
    },
    modules,
    features: {
      continuous: folds.continuousFeatures,
      categorical: folds.categoricalFeatures,
      categorySizes: folds.categorySizes,
    },
    network: { parameterCount, outputCount: training.ensemble.outputCount },
    augmentation: {
      isOn: augmentation !== "off",
      viewCount: folds.augmentationCount,
      ...augmentationRecord(augmentation),
    },
    training: {
      stepCount: training.results.reduce((sum, { stepCount }) => sum + stepCount, 0),
      members: training.results.map(({ stopReason, ...result }) => ({
        ...result,
        parameterCount,
        weight: weights.get(result.member) ?? 0,
        ...(stopReason === null ? {} : { stopReason }),
      })),
    },
  };
}

function augmentationRecord(
  augmentation: AnalysisFile["analysis"]["augmentation"],
): Partial<RunRecord["augmentation"]> {
  if (augmentation === "off") return {};
  return "length" in augmentation ? { transforms: augmentation.map(({ kind }) => kind) } : augmentation;
}

function stopIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new InterruptedError("interrupted.");
}
