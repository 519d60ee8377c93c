/** `lumin lr-find`: the loss against the learning rate for an analysis, and the rate it suggests. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeText } from "../data/index.ts";
import { ConfigurationError } from "../errors/index.ts";
import { plotLearningRates, savePlot } from "../plot/index.ts";
import { plotWriter } from "../plot/save-plot.ts";
import { type CallbackSpec, findLearningRate, type LearningRates } from "../train/index.ts";
import { type AnalysisFile, readAnalysisFile } from "./analysis-file.ts";
import type { CommandContext } from "./command-context.ts";
import { settingsOf } from "./command-train.ts";
import { count } from "./count.ts";
import { builderFor } from "./network-of-analysis.ts";
import { readAndSplit } from "./prepare-events.ts";
import { prepareTraining } from "./prepare-training.ts";
import { runPaths } from "./run-folder.ts";

export interface LrFindOptions {
  readonly low: number;
  readonly high: number;
  readonly epochs: number;
  readonly sweeps?: number;
  readonly out?: string;
  readonly workers: number;
  readonly seed?: number;
  readonly set: readonly string[];
}

export async function lrFindCommand(
  path: string,
  options: LrFindOptions,
  context: CommandContext,
): Promise<void> {
  const { out } = options;
  if (out !== undefined) plotWriter(out);
  if (options.low >= options.high) {
    throw new ConfigurationError(
      `lr-find: the lowest rate is ${options.low} and the highest ${options.high}; expected --low below --high.`,
    );
  }
  const found = await sweep(readAnalysisFile(path, settingsOf(options)), options, context);
  process.stdout.write(`\n${learningRatesText(found)}\n`);
  if (out === undefined) return;
  if (/\.json$/i.test(out)) await writeText(out, [`${JSON.stringify(found, null, 2)}\n`]);
  else await savePlot(plotLearningRates(found), out);
  process.stdout.write(`\nwritten: ${out}\n`);
}

async function sweep(
  { analysis, directory, inputFiles }: AnalysisFile,
  options: LrFindOptions,
  { reporter, signal }: CommandContext,
): Promise<LearningRates> {
  const reading = reporter.phase("reading events");
  const { training } = await readAndSplit(analysis, inputFiles);
  reading(`read ${count(training.table.rowCount)} training events`);
  const folder = mkdtempSync(join(tmpdir(), "lumin-lr-find-"));
  try {
    const prepared = await prepareTraining(analysis, training, directory);
    const folds = await prepared.write(runPaths(folder));
    const sweeps = options.sweeps ?? folds.foldCount;
    reporter.trainingBegins(sweeps);
    try {
      return await findLearningRate(folds, await builderFor(analysis, folds, directory), {
        batchSize: analysis.training.batchSize,
        seed: analysis.seed,
        device: analysis.training.device,
        epochs: options.epochs,
        rates: [options.low, options.high],
        sweeps,
        workers: Math.min(options.workers, sweeps),
        callbacks: (analysis.training.callbacks as readonly CallbackSpec[]).filter(changesTheStep),
        baseDirectory: directory,
        signal,
        onProgress: (event) => reporter.member(event),
      });
    } finally {
      reporter.trainingEnds();
      folds.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Callbacks that belong to the problem and not to the course of its training. */
function changesTheStep(spec: CallbackSpec): boolean {
  const kept = ["GradClip", "LabelSmoothing", "Bootstrap", "TargetReplacement", "WeightFunction", "LsuvInit"];
  return "module" in spec || kept.includes(spec.callback);
}

/** About a dozen rows of the curve, and what follows from it. */
export function learningRatesText(found: LearningRates): string {
  const { rates, mean, deviation, sweeps, steepest, belowLowest, suggested } = found;
  const rows = ["learning rate       loss    ± over sweeps"];
  const every = Math.max(1, Math.ceil(rates.length / 12));
  for (let i = 0; i < rates.length; i += every) {
    const cells = [
      rates[i]!.toExponential(2).padStart(13),
      mean[i]!.toPrecision(4).padStart(10),
      deviation[i]!.toPrecision(2).padStart(16),
    ];
    rows.push(cells.join(" "));
  }
  const diverged = sweeps.filter((one) => one.hasDiverged).length;
  return [
    ...rows,
    "",
    `${sweeps.length} ${sweeps.length === 1 ? "sweep" : "sweeps"}, ${diverged} ended by a diverging loss`,
    `steepest descent at ${shown(steepest)}; a tenth of the rate with the lowest loss: ${shown(belowLowest)}`,
    `suggested learning rate: ${shown(suggested)}`,
  ].join("\n");
}

function shown(rate: number): string {
  return rate.toExponential(1);
}
