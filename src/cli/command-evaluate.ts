/** `lumin evaluate`: the metrics of a run, on its own held-out events or on those of a file. */
import { ConfigurationError } from "../errors/index.ts";
import type { CommandContext } from "./command-context.ts";
import { compareRuns, comparisonText } from "./compare-runs.ts";
import { count } from "./count.ts";
import { evaluateSets, type Metrics } from "./evaluation.ts";
import { labelled } from "./labelled-events.ts";
import { loadRun } from "./load-run.ts";
import { memberTableText, readMemberTable } from "./member-table.ts";
import { metricsText } from "./metrics-text.ts";
import { onlyScored } from "./predictions-file.ts";
import { readEvents } from "./prepare-events.ts";
import { openFolds } from "./prepare-training.ts";
import { readMetrics, readRun } from "./run-folder.ts";
import type { RunRecord } from "./run-record.ts";
import { scoreFairly } from "./score-events.ts";
import { describedSet } from "./score-run.ts";

export interface EvaluateOptions {
  readonly against?: readonly string[];
  readonly members?: boolean;
  readonly input?: readonly string[];
  readonly augment: boolean;
  readonly json?: boolean;
}

export async function evaluateCommand(
  run: string,
  options: EvaluateOptions,
  context: CommandContext,
): Promise<void> {
  if (options.members === true) {
    writeMemberTable(run, options);
    return;
  }
  if (options.against !== undefined) {
    await writeComparison([run, ...options.against], options);
    return;
  }
  let result: { readonly metrics: Metrics; readonly record: RunRecord };
  if (options.input === undefined) {
    const { paths, record } = readRun(run);
    result = { metrics: readMetrics(paths), record };
  } else {
    result = await evaluateFile(run, options.input, options.augment, context);
  }
  const { metrics, record } = result;
  process.stdout.write(
    options.json === true ? `${JSON.stringify(metrics, null, 2)}\n` : metricsText(metrics, record.analysis),
  );
}

/** The table of members, as it was made with the run. */
function writeMemberTable(run: string, { input, json }: EvaluateOptions): void {
  if (input !== undefined) {
    throw new ConfigurationError(
      "evaluate: --members shows the run's own validation events; leave --input out.",
    );
  }
  const table = readMemberTable(readRun(run).paths);
  if (table === undefined) {
    throw new ConfigurationError(
      `run "${run}": there is no comparison of its members; what they predict is not what the target holds.`,
    );
  }
  process.stdout.write(json === true ? `${JSON.stringify(table, null, 2)}\n` : memberTableText(table));
}

/** The run against others on the events that all have scored. */
async function writeComparison(runs: readonly string[], { input, json }: EvaluateOptions): Promise<void> {
  if (input !== undefined) {
    throw new ConfigurationError(
      "evaluate: --against compares on the events that the runs have scored; leave --input out.",
    );
  }
  const comparisons = await compareRuns(runs);
  process.stdout.write(
    json === true ? `${JSON.stringify(comparisons, null, 2)}\n` : comparisons.map(comparisonText).join("\n"),
  );
}

/** Metrics on the events of files, at the cut that the run has chosen. */
async function evaluateFile(
  run: string,
  files: readonly string[],
  augment: boolean,
  { reporter, signal }: CommandContext,
): Promise<{ readonly metrics: Metrics; readonly record: RunRecord }> {
  const { paths, record, scorer } = await loadRun(run, { augment });
  const { analysis } = record;
  const reading = reporter.phase("reading events");
  const events = labelled(analysis, await readEvents(analysis, files, undefined));
  reading(`read ${count(events.table.rowCount)} events`);
  const predicting = reporter.phase("predicting");
  const folds = await openFolds(analysis, paths.folds, scorer.directory);
  const fair = await scoreFairly(scorer, folds, events.table, {
    signal,
    onProgress: (share) => reporter.share(share),
  });
  folds.close();
  predicting(`predicted ${count(events.table.rowCount)} events`);
  if (fair.trainingCount > 0) {
    const unscored =
      fair.unscoredCount > 0
        ? `, ${count(fair.unscoredCount)} of them left out because every member trained on them`
        : "";
    reporter.note(
      `${count(fair.trainingCount)} of the events are training events of this run; they are scored out of fold${unscored}`,
    );
  }
  const { outputCount } = scorer.ensemble;
  const set = onlyScored(describedSet(analysis, events, fair.predictions, outputCount, true));
  await scorer.ensemble.release();
  return { metrics: evaluateSets(analysis, { [setName(files)]: set }, readMetrics(paths).cut), record };
}

function setName(files: readonly string[]): string {
  return files.length === 1 ? files[0]! : `${files.length} files`;
}
