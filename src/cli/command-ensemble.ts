/** `lumin ensemble`: another ensemble from the trainings of a finished run, without training again. */
import { cpSync, existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { ConfigurationError } from "../errors/index.ts";
import { finishedMembers, memberDirectory } from "../train/index.ts";
import type { Analysis, EnsembleConfiguration } from "./analysis.ts";
import { type AnalysisFile, reopenedAnalysis } from "./analysis-file.ts";
import { pathText, problemsOf } from "./analysis-problems.ts";
import { ensemble } from "./analysis-schema-training.ts";
import type { CommandContext } from "./command-context.ts";
import { memberTableText, readMemberTable } from "./member-table.ts";
import { metricsText } from "./metrics-text.ts";
import { readRun } from "./run-folder.ts";
import { trainAnalysis } from "./train-analysis.ts";

export interface EnsembleCommandOptions {
  readonly out: string;
  readonly kind: "members" | "snapshots" | "geometric" | "average";
  readonly size?: number;
  readonly weighting?: "reciprocal" | "uniform" | "rank";
  readonly power?: number;
  readonly choose?: "latest" | "best";
  readonly patience?: number;
  readonly cyclesOnly?: boolean;
  readonly input?: readonly string[];
}

export async function ensembleCommand(
  run: string,
  { out, input, ...recipe }: EnsembleCommandOptions,
  context: CommandContext,
): Promise<void> {
  const { record, paths: from } = readRun(run);
  if (existsSync(out) && resolve(out) === resolve(run)) {
    throw new ConfigurationError(`--out "${out}": this is the run itself. Choose another name.`);
  }
  const analysis = withEnsemble(record.analysis, recipe);
  if (analysis.training.ensemble.kind !== "members") await checkSnapshots(run);
  const file: AnalysisFile = reopenedAnalysis(analysis, record.analysisFile, input);
  const { metrics, paths } = await trainAnalysis(file, out, {
    workers: 0,
    reporter: context.reporter,
    signal: context.signal,
    takeMembers: (folder) =>
      cpSync(join(from.folder, "members"), join(folder, "members"), { recursive: true }),
  });
  const table = readMemberTable(paths);
  process.stdout.write(
    `\n${metricsText(metrics, analysis)}\n${table === undefined ? "" : `${memberTableText(table)}\n`}report: ${paths.report}\n`,
  );
}

/**
 * The analysis with another ensemble. The trainings stay the same ones: what saved snapshots then is still among the
 * callbacks.
 */
function withEnsemble(before: Analysis, recipe: Omit<EnsembleCommandOptions, "out" | "input">): Analysis {
  const { training } = before;
  const saves = training.ensemble.kind !== "members" || isSaving(before);
  const callbacks =
    saves && !isSaving(before) ? [...training.callbacks, snapshotsCallback] : training.callbacks;
  return { ...before, training: { ...training, callbacks, ensemble: checked(recipe) } };
}

/** @throws ConfigurationError for options that do not belong together. */
function checked(recipe: object): EnsembleConfiguration {
  const parsed = ensemble.safeParse(recipe, { reportInput: true });
  if (parsed.success) return parsed.data;
  const problems = problemsOf(parsed.error, ensemble, recipe);
  throw new ConfigurationError(
    problems.map(({ path, message }) => `ensemble: --${pathText(path)}: ${message}`).join("\n"),
  );
}

const snapshotsCallback = { callback: "Snapshots", options: {} };

function isSaving({ training }: Analysis): boolean {
  return training.callbacks.some((each) => "callback" in each && each.callback === "Snapshots");
}

/** @throws ConfigurationError when the run's trainings have not saved what they were at the ends of their cycles. */
async function checkSnapshots(run: string): Promise<void> {
  const members = await finishedMembers(run);
  if (members.every((member) => existsSync(join(memberDirectory(run, member), "cycles.jsonl")))) return;
  throw new ConfigurationError(
    `run "${run}": its trainings saved no snapshots. Train with training.ensemble.kind: snapshots, or with the callback Snapshots, and a cyclic schedule.`,
  );
}
